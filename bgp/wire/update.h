/* UPDATE: taking one apart under RFC 7606, and packing one. */
#ifndef BGP_WIRE_UPDATE_H
#define BGP_WIRE_UPDATE_H

#include "bgp/wire/attr.h"
#include "bgp/wire/message.h"

/* Prefixes of one family in wire form. */
struct bgp_nlri {
	const uint8_t *bytes; /* checked: every prefix inside is well-formed */
	uint32_t length;
	uint32_t count;       /* prefixes */
	uint8_t family;       /* BGP_IPV4_UNICAST ...; 0: empty */
	bool add_path;
};
struct bgp_nlri_item {
	struct ip_prefix prefix; /* masked */
	uint32_t path_id;        /* 0 without ADD-PATH */
};
/* Walks; false at the end. Start with *offset = 0. */
bool bgp_nlri_next(const struct bgp_nlri *nlri, uint32_t *offset, struct bgp_nlri_item *item);
/* Appends one prefix. */
void bgp_nlri_put(struct writer *out, const struct bgp_nlri_item *item, bool add_path);
uint32_t bgp_nlri_size(struct ip_prefix prefix, bool add_path);

struct bgp_update {
	/* Up to two of each: classic IPv4 and multiprotocol. */
	struct bgp_nlri withdrawn[2], announced[2];
	/* announced[1]'s next hop (MP_REACH) stands here, the classic one in the attributes. */
	struct ip_addr mp_next_hop, mp_next_hop_link;
	const uint8_t *attr_bytes; /* path attributes as received, MP_* included */
	uint32_t attr_length;
	/* The same bytes with MP_REACH and MP_UNREACH cut out, if there were any (else attr_bytes):
	 * what an attribute set is looked up by before it is parsed. Borrowed from the message or
	 * from the arena. */
	const uint8_t *plain_bytes;
	uint32_t plain_length;
	uint8_t end_of_rib;        /* family of an End-of-RIB marker (RFC 4724 2), else 0 */
	bool passed_over;          /* nothing of what it announces is looked at (profile) */
	enum bgp_outcome outcome;  /* so far: of the message's frame and its MP_* attributes */
	uint8_t bad_attribute;     /* type code for the trace, if outcome is not OK */
	struct bgp_error error;    /* if RESET */
};

/* Step 1, for every UPDATE: lengths, NLRI syntax, MP_REACH/MP_UNREACH. Nothing is copied but what
 * is left of attributes on both sides of an MP_* one, to the arena. Prefixes of a family that was
 * not negotiated are passed over. Returns the outcome; with RESET nothing else may be used; with
 * WITHDRAW announced and withdrawn prefixes alike leave the Adj-RIB-In. */
enum bgp_outcome bgp_update_split(const uint8_t *body, size_t length, const struct bgp_codec *codec,
				  struct arena *arena, struct bgp_update *update);

/* Step 2, only for plain bytes seen for the first time: every attribute checked and decoded,
 * AS4_PATH merged (RFC 6793 4.2.3). `classic`: NLRI in the IPv4 field, so NEXT_HOP is mandatory;
 * `reach`: there is any reachable NLRI (RFC 7606 5.2). NEXT_HOP without `classic` is
 * checked for its length and then ignored (RFC 4760 3); the caller fills in MP_REACH's. The result
 * borrows from plain_bytes and the arena, and is undefined beyond DISCARD. */
enum bgp_outcome bgp_attrs_decode(const uint8_t *plain_bytes, size_t length,
				  const struct bgp_codec *codec, bool classic, bool reach,
				  struct arena *arena, struct bgp_attrs *attrs,
				  uint8_t *bad_attribute, struct bgp_error *error);

/* Packing. Attributes are encoded once; prefixes are then filled in until a message is full.
 *   bgp_update_begin(out, attrs, codec, family)      header, and attributes or MP_REACH's head
 *   bgp_update_add(out, item)                        false: no room, finish this one, begin another
 *   bgp_update_finish(out)                           lengths; 0: nothing to send
 * Withdrawals: attrs NULL. An empty finished withdrawal is the End-of-RIB marker. MP_REACH goes
 * first (RFC 7606 5.1): its attributes wait at the end of the buffer until finish. When not even
 * one prefix fits beside the attributes, add says false at once and finish gives 0 (RFC 8654 4). */
struct bgp_update_writer {
	struct writer out;         /* over the caller's buffer of message_max bytes */
	uint8_t *attr_length_at, *mp_length_at, *withdrawn_length_at;
	uint8_t family;
	bool add_path, withdraw;
	uint32_t count;
	uint32_t tail_length;      /* attributes parked at the end of the buffer */
};
/* attrs->next_hop must be of the family announced, or, with codec->extended_next_hop, IPv6: IPv4
 * prefixes then go in MP_REACH_NLRI (RFC 8950). */
void bgp_update_begin(struct bgp_update_writer *writer, void *buffer, size_t message_max,
		      const struct bgp_attrs *attrs, const struct bgp_codec *codec, uint8_t family);
bool bgp_update_add(struct bgp_update_writer *writer, const struct bgp_nlri_item *item);
size_t bgp_update_finish(struct bgp_update_writer *writer); /* length of the whole message */

#endif
