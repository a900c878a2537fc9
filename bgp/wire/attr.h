/* Path attributes: one table, a row each (name, code, flags, decode, encode, what RFC 7606 says of
 * a malformed one), and the value they make together. */
#ifndef BGP_WIRE_ATTR_H
#define BGP_WIRE_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/memory.h"
#include "base/text.h"

enum bgp_attr_code {
	BGP_ATTR_ORIGIN = 1,
	BGP_ATTR_AS_PATH = 2,
	BGP_ATTR_NEXT_HOP = 3,
	BGP_ATTR_MED = 4,
	BGP_ATTR_LOCAL_PREF = 5,
	BGP_ATTR_ATOMIC_AGGREGATE = 6,
	BGP_ATTR_AGGREGATOR = 7,
	BGP_ATTR_COMMUNITIES = 8,
	BGP_ATTR_ORIGINATOR_ID = 9,
	BGP_ATTR_CLUSTER_LIST = 10,
	BGP_ATTR_MP_REACH = 14,
	BGP_ATTR_MP_UNREACH = 15,
	BGP_ATTR_EXTENDED_COMMUNITIES = 16,
	BGP_ATTR_AS4_PATH = 17,
	BGP_ATTR_AS4_AGGREGATOR = 18,
	BGP_ATTR_LARGE_COMMUNITIES = 32,
	BGP_ATTR_OTC = 35,
};

#define BGP_FLAG_OPTIONAL 0x80u
#define BGP_FLAG_TRANSITIVE 0x40u
#define BGP_FLAG_PARTIAL 0x20u
#define BGP_FLAG_EXTENDED 0x10u

/* RFC 7606 section 2, weakest first: the strongest of an UPDATE counts. */
enum bgp_outcome {
	BGP_OUTCOME_OK,
	BGP_OUTCOME_DISCARD,  /* attribute discard */
	BGP_OUTCOME_WITHDRAW, /* treat-as-withdraw */
	BGP_OUTCOME_RESET,    /* session reset */
};
const char *bgp_outcome_name(enum bgp_outcome outcome); /* "treat-as-withdraw", ... */

#define BGP_AS_TRANS 23456u /* RFC 6793: stands for a number two octets cannot hold */

enum bgp_segment {
	BGP_AS_SET = 1,
	BGP_AS_SEQUENCE = 2,
	BGP_CONFED_SEQUENCE = 3,
	BGP_CONFED_SET = 4,
};

/* A full attribute set of one route. All pointers are borrowed from the bytes it was decoded from,
 * or from the arena given; an interned set owns a copy of its own (bgp/route/table.h). Numbers are
 * in host order unless said otherwise. AS numbers are always four octets here. */
struct bgp_attrs {
	uint64_t present;             /* 1u << code, for codes below 64 */
	uint64_t partial;             /* the same bits: recognised optional transitive ones that
				       * came with the Partial bit, which stays (RFC 4271 5) */
	uint8_t origin;
	uint32_t as_path_length;      /* bytes of as_path */
	const uint8_t *as_path;       /* wire form with four-octet numbers, checked */
	struct ip_addr next_hop;      /* NEXT_HOP, or MP_REACH's global next hop */
	struct ip_addr next_hop_link; /* MP_REACH's link-local next hop, if any */
	uint32_t med, local_pref;
	bool atomic_aggregate;
	uint32_t aggregator_as, aggregator_id;
	uint32_t originator_id;
	uint16_t cluster_count;
	const uint8_t *cluster_list;  /* cluster_count * 4 bytes, network order */
	uint16_t community_count;
	const uint8_t *communities;   /* * 4 bytes, network order */
	uint16_t extended_count;
	const uint8_t *extended_communities; /* * 8 */
	uint16_t large_count;
	const uint8_t *large_communities;    /* * 12 */
	uint32_t otc;
	uint32_t odd;                 /* a digest of what was odd about the bytes, for profiles
				       * that remember (reaction.h); never encoded */
	uint16_t unknown_length;      /* unrecognised optional transitive ones, whole, by code */
	const uint8_t *unknown;
};

/* How the session they came on, or go out on, looks to the codec. */
struct bgp_codec {
	bool as4;                     /* both sides have RFC 6793 */
	bool external;                /* eBGP */
	uint8_t add_path_in, add_path_out; /* families whose NLRI carry path ids */
	uint8_t families;             /* negotiated */
	bool extended_next_hop;       /* RFC 8950: IPv4 in MP_REACH_NLRI with an IPv6 next hop */
	bool unknown_sets_partial;    /* profile */
	bool as_path_extended_length; /* profile */
	const struct bgp_reactions *reactions; /* profile: on malformed UPDATEs; NULL: RFC 7606 */
};

/* AS_PATH arithmetic. */
uint32_t bgp_as_path_hops(const struct bgp_attrs *attrs);      /* a SET counts one, confed none */
uint32_t bgp_as_path_first(const struct bgp_attrs *attrs);     /* neighbouring AS; 0: none, a SET */
uint32_t bgp_as_path_count(const struct bgp_attrs *attrs, uint32_t as_number); /* occurrences */
/* Prepends in memory from the arena. */
void bgp_as_path_prepend(struct bgp_attrs *attrs, uint32_t as_number, struct arena *arena);
static inline bool bgp_has(const struct bgp_attrs *attrs, enum bgp_attr_code code)
{
	return attrs->present >> code & 1;
}

/* Well-known communities (RFC 1997, 8326). */
#define BGP_NO_EXPORT UINT32_C(0xffffff01)
#define BGP_NO_ADVERTISE UINT32_C(0xffffff02)
#define BGP_NO_EXPORT_SUBCONFED UINT32_C(0xffffff03)
#define BGP_GRACEFUL_SHUTDOWN UINT32_C(0xffff0000)
#define BGP_LLGR_STALE UINT32_C(0xffff0006) /* RFC 9494 */
#define BGP_NO_LLGR UINT32_C(0xffff0007)
bool bgp_has_community(const struct bgp_attrs *attrs, uint32_t community);

/* Encodes the attributes in order of type code, without MP_REACH and MP_UNREACH. NEXT_HOP is
 * written only if it is IPv4 and present has it. With codec->as4 false also AS4_PATH and
 * AS4_AGGREGATOR where RFC 6793 wants them. What is present is written, whatever the kind
 * of session: leaving out LOCAL_PREF and the like is the export's work. Without room out->failed
 * is set. */
void bgp_attrs_encode(const struct bgp_attrs *attrs, const struct bgp_codec *codec,
		      struct writer *out);

/* "64512 7675" with sets in braces; "" when empty. */
void bgp_as_path_print(const struct bgp_attrs *attrs, struct text *out);
/* One line for people: "origin IGP, as-path 64512, next-hop 172.31.13.29, local-pref 100, ..." */
void bgp_attrs_print(const struct bgp_attrs *attrs, struct text *out);

/* One row a known attribute: walked by tests so that a new row without a test fails. */
struct bgp_attr_row {
	uint8_t code;
	uint8_t flags;     /* OPTIONAL, TRANSITIVE as defined */
	const char *name;  /* as the IANA registry has it: "ORIGIN" */
};
const struct bgp_attr_row *bgp_attr_row(uint8_t code); /* NULL: unknown */
const struct bgp_attr_row *bgp_attr_row_at(size_t index); /* NULL ends the walk */

#endif
