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
	 * what an attribute set is looked up by before it is parsed. Borrowed from the message or from
	 * the arena. */
	const uint8_t *plain_bytes;
	uint32_t plain_length;
	uint8_t end_of_rib;        /* family of an End-of-RIB marker (RFC 4724 2), else 0 */
	enum bgp_outcome outcome;  /* so far: of the message's frame and its MP_* attributes */
	uint8_t bad_attribute;     /* type code for the trace, if outcome is not OK */
	struct bgp_error error;    /* if RESET */
};

/* Step 1, for every UPDATE: lengths, NLRI syntax, MP_REACH/MP_UNREACH (only cutting them out costs an
 * arena copy). Returns the outcome; with RESET nothing else may be used. */
enum bgp_outcome bgp_update_split(const uint8_t *body, size_t length, const struct bgp_codec *codec,
				  struct arena *arena, struct bgp_update *update);

/* Step 2, only for plain bytes seen for the first time: every attribute checked and decoded, AS4_PATH
 * merged (RFC 6793 4.2.3). `classic`: NLRI in the IPv4 field, so NEXT_HOP is mandatory; `reach`:
 * there is any reachable NLRI (RFC 7606 5.2). The result borrows from plain_bytes and the arena. */
enum bgp_outcome bgp_attrs_decode(const uint8_t *plain_bytes, size_t length,
				  const struct bgp_codec *codec, bool classic, bool reach,
				  struct arena *arena, struct bgp_attrs *attrs, uint8_t *bad_attribute,
				  struct bgp_error *error);

/* Packing. Attributes are encoded once; prefixes are then filled in until a message is full.
 *   bgp_update_begin(out, attrs, codec, family)      header, attributes, MP_REACH head if IPv6
 *   bgp_update_add(out, item)                        false: no room, finish this one, begin another
 *   bgp_update_finish(out)                           lengths
 * Withdrawals: attrs NULL. An empty finished withdrawal is the End-of-RIB marker. */
struct bgp_update_writer {
	struct writer out;         /* over the caller's buffer of message_max bytes */
	uint8_t *attr_length_at, *mp_length_at, *withdrawn_length_at;
	uint8_t family;
	bool add_path, withdraw;
	uint32_t count;
};
void bgp_update_begin(struct bgp_update_writer *writer, void *buffer, size_t message_max,
		      const struct bgp_attrs *attrs, const struct bgp_codec *codec, uint8_t family);
bool bgp_update_add(struct bgp_update_writer *writer, const struct bgp_nlri_item *item);
size_t bgp_update_finish(struct bgp_update_writer *writer); /* length of the whole message */

#endif
