/* A reader of MRT archives (RFC 6396, RFC 8050): what collectors keep of the tables and messages
 * they saw. Sans-IO: bytes in, values out, one record at a time; nothing is copied.
 *
 *      while (mrt_record_next(bytes + at, length - at, &record, &why) == MRT_READY) {
 *              at += record.total_length;
 *              if (mrt_decode(&record, &content, &why) && content.kind == MRT_RIB)
 *                      while (mrt_entry_next(&content, &entry))
 *                              mrt_entry_attrs(&entry, &arena, &attrs, &bad_attribute);
 *      }
 *
 * A record of a kind that is not ours (a VPN table, OSPF, geography) is MRT_OTHER, no error. A
 * record that contradicts itself is refused with a reason, and the next one can still be read; when
 * the boundaries themselves are in doubt mrt_record_next says MRT_BAD, and reading ends. */
#ifndef BGP_MRT_MRT_H
#define BGP_MRT_MRT_H

#include "bgp/wire/update.h"

enum mrt_type {
	MRT_BGP = 5, /* of MRTd, up to 2000: RFC 6396 appendix B.2 */
	MRT_TABLE_DUMP = 12,
	MRT_TABLE_DUMP_V2 = 13,
	MRT_BGP4MP = 16,
	MRT_BGP4MP_ET = 17,
};

#define MRT_HEADER_BYTES 12u
/* A table's record holds one route of each peer: a thousand peers stay far below this. */
#define MRT_RECORD_MAX (1u << 24)

struct mrt_record {
	uint32_t time_s;         /* since 1970, UTC */
	uint32_t time_us;        /* with _ET, else 0 */
	uint16_t type, subtype;
	const uint8_t *body;     /* after the header, and after _ET's microseconds; borrowed */
	size_t body_length;
	size_t total_length;     /* to step over it */
};

/* Finds the first record of the bytes. MORE: it is not all there yet; at the end of a file with
 * bytes left the file was cut off. BAD: *why, static, says what no archive can hold. */
enum mrt_result { MRT_MORE, MRT_READY, MRT_BAD };
enum mrt_result mrt_record_next(const uint8_t *bytes, size_t length, struct mrt_record *record,
				const char **why);

struct mrt_peer {
	struct ip_addr addr;
	uint32_t as_number;
	uint32_t router_id; /* host order; 0 where the archive does not say */
};

enum mrt_kind {
	MRT_OTHER,   /* well known or not, nothing for us */
	MRT_PEERS,   /* TABLE_DUMP_V2's index of peers: mrt_peer_next */
	MRT_RIB,     /* routes of a table: mrt_entry_next */
	MRT_MESSAGE, /* one BGP message */
	MRT_STATE,   /* a session's state changed */
};

struct mrt_content {
	enum mrt_kind kind;
	/* MESSAGE, STATE */
	struct mrt_peer peer;
	uint32_t local_as;
	struct ip_addr local;
	uint16_t interface_index;
	bool as4;                /* AS numbers of four octets in the message, and of RIB entries */
	bool add_path;           /* RFC 8050 */
	bool sent;               /* _LOCAL: the collector's own message */
	uint16_t old_state, new_state; /* RFC 4271's numbers, 1 Idle to 6 Established; or others */
	uint8_t message_type;
	const uint8_t *body;     /* the message's, header not included; borrowed */
	size_t body_length;
	/* PEERS, RIB */
	uint32_t collector_id;   /* PEERS */
	uint32_t sequence;       /* RIB */
	uint32_t count;          /* peers, or entries */
	/* for the walks below */
	struct reader rest;
	uint16_t type, subtype;
	struct ip_prefix prefix; /* RIB of TABLE_DUMP_V2 */
};

/* False: *why, static, says what is wrong with the record. All lengths inside what is taken were
 * checked; the message and the attributes as such were not. */
bool mrt_decode(const struct mrt_record *record, struct mrt_content *content, const char **why);

/* Walks MRT_PEERS; false at the end. */
bool mrt_peer_next(struct mrt_content *content, struct mrt_peer *peer);

struct mrt_entry {
	struct ip_prefix prefix;  /* masked */
	uint32_t path_id;         /* 0 without ADD-PATH */
	uint32_t originated_s;    /* since 1970 */
	bool has_peer;            /* TABLE_DUMP names the peer itself, _V2 by its place in PEERS */
	struct mrt_peer peer;
	uint16_t peer_index;
	bool as4;
	const uint8_t *attrs;     /* borrowed */
	uint16_t attr_length;
};
/* Walks MRT_RIB; false at the end. */
bool mrt_entry_next(struct mrt_content *content, struct mrt_entry *entry);

/* The attributes of an entry: MP_REACH in the short form of RFC 6396 4.3.4 or in full, the rest as
 * bgp_attrs_decode has it. The archive does not say on what kind of session the route came:
 * LOCAL_PREF tells. Some archives have IPv6 routes without MP_REACH: then there is no next hop. The
 * result borrows from the entry and the arena, and is undefined beyond DISCARD. */
enum bgp_outcome mrt_entry_attrs(const struct mrt_entry *entry, struct arena *arena,
				 struct bgp_attrs *attrs, uint8_t *bad_attribute);

/* How the message in hand is to be taken apart. */
struct bgp_codec mrt_codec(const struct mrt_content *content);

#endif
