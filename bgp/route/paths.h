/* All paths of one prefix in one speaker, as a value: an interned, counted, immutable list. A
 * speaker holds one number a prefix. Speakers of a world that heard the same from the same
 * neighbours hold the same number, so a route costs the same whether ten nodes hold it or ten
 * thousand; and "what was before" is just the former number, which is how changes are told apart.
 *
 * The same kind of list serves as Adj-RIB-Out of an update group: what was last announced for a
 * prefix, by path id. */
#ifndef BGP_ROUTE_PATHS_H
#define BGP_ROUTE_PATHS_H

#include <stdint.h>

#include "bgp/route/table.h"

#define PEER_LOCAL 0xfffeu /* a route of our own */
#define PEER_NONE 0xffffu

/* Why a path is not a candidate ... */
#define PATH_LOOP 1u        /* our AS, router id, cluster or address is in it */
#define PATH_REJECTED 2u    /* by import policy */
/* ... or a poor one. */
#define PATH_WAITING 4u     /* nobody told us yet about its next hop */
#define PATH_UNREACHABLE 8u /* its next hop does not resolve */
#define PATH_STALE 16u      /* RFC 4724: the peer is restarting */
/* What the decision process made of it. */
#define PATH_BEST 32u       /* selected; the first of the list, once the list is decided */
#define PATH_MULTIPATH 64u  /* used for forwarding: these follow, in order of preference */
#define PATH_LONG_STALE 1024u /* RFC 9494: `attrs` has LLGR_STALE added */
/* Nothing to the decision: the peer has yet to repeat it, or it goes at EoRR (RFC 7313). */
#define PATH_UNREPEATED 512u

/* In an Adj-RIB-Out ... */
#define PATH_OUT 128u       /* `raw` is what it was made from; nobody watches its next hop */
#define PATH_OVERTAKEN 256u /* told, gone, and never withdrawn (profile) */

#define PATH_INELIGIBLE (PATH_LOOP | PATH_REJECTED)
#define PATH_DECIDED (PATH_BEST | PATH_MULTIPATH)

struct path {
	uint32_t raw;     /* attribute set as received; in an Adj-RIB-Out 0, or see PATH_OUT */
	uint32_t attrs;   /* after import policy; in an Adj-RIB-Out: as sent */
	uint32_t path_id; /* as received; in an Adj-RIB-Out: as sent */
	uint16_t peer;    /* index, or PEER_LOCAL */
	uint16_t slot;    /* path id it is sent on with: small, from 1, unique within the list */
	uint16_t flags;   /* PATH_* */
	uint16_t zero;    /* a list is compared byte by byte */
};

/* Number of the list with these paths, +1 reference; 0 if there are none. A list takes a
 * reference of its own to every attribute set in it. */
uint32_t path_list_intern(struct bgp_table *table, uint32_t prefix_id, const struct path *paths,
			  uint32_t count);
const struct path *path_list_of(const struct bgp_table *table, uint32_t list, uint32_t *count);
void path_list_ref(struct bgp_table *table, uint32_t list);   /* 0 is allowed */
void path_list_unref(struct bgp_table *table, uint32_t list); /* 0 is allowed */
uint32_t path_lists_live(const struct bgp_table *table);      /* for tests */

#endif
