/* A node's kernel routing table.
 *
 * A column indexed by the prefix numbers of the world's shared bgp_table, four bytes a route: the
 * number of an interned route (source, metric, flags and next hops), or of a short chain where several
 * sources hold the same prefix. A table of 20,000 routes over 10 next hops holds ten interned routes.
 *
 * Of several routes for one prefix the kernel uses the one with the lowest metric; equal metrics are
 * told apart by source: local, connected, pod, static, blackhole block, BGP. */
#ifndef SIM_VIRTUAL_FIB_H
#define SIM_VIRTUAL_FIB_H

#include "base/addr.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/trie.h"
#include "bgp/route/table.h"
#include "trace/observation.h"

#define FIB_NO_INTERFACE UINT32_MAX
#define FIB_NO_PREFIX UINT32_MAX
#define FIB_HOPS_MAX 64u

struct fib_hop {
	struct ip_addr via; /* none: on link */
	uint32_t interface; /* index in the stack; FIB_NO_INTERFACE with a pod route */
};

/* Interned: equal routes are the same pointer, until the table changes. */
struct fib_route {
	enum route_source source;
	uint32_t metric;
	bool nexthop_object; /* installed by way of a nexthop group (FRR's zebra): Linux then skips
			      * members whose neighbour entry is not valid; see ip_decide */
	struct ip_addr preferred_source; /* `src`; none: chosen by interface */
	uint32_t hop_count;  /* 0: blackhole */
	struct fib_hop hops[];
};

struct fib_listener {
	/* What the kernel uses for that prefix is another route now (NULL: none). `former` is valid
	 * for the call. */
	void (*changed)(struct fib_listener *listener, uint32_t prefix_id,
			const struct fib_route *former, const struct fib_route *now);
};

struct fib_interned {
	struct fib_route *route; /* owned; NULL while the number is free */
	uint32_t references;     /* entries that use it; free: the next free number */
};
struct fib {
	struct bgp_table *table;       /* borrowed */
	struct fib_listener *listener; /* borrowed; may be NULL */
	uint32_t **pages;              /* the column; pages are made when first written */
	uint32_t page_count;
	struct fib_interned *routes;   /* by number, from 1 */
	uint32_t route_count, route_capacity;
	uint32_t route_spare;          /* free numbers, chained */
	struct hash_index by_content;
	struct slab chains;
	uint32_t count;                /* prefixes with a route */
	uint64_t generation;           /* moves with every change */
};

void fib_init(struct fib *fib, struct bgp_table *table, struct fib_listener *listener);
void fib_free(struct fib *fib); /* without telling the listener */

struct fib_spec {
	enum route_source source;
	uint32_t metric;
	bool nexthop_object;
	struct ip_addr preferred_source;
	const struct fib_hop *hops; /* borrowed for the call */
	uint32_t hop_count;         /* 0: blackhole */
};

/* Sets the route of that source and metric for a prefix, replacing an earlier one of the same two.
 * Hops keep their order. hop_count 0 is a blackhole. Setting the same again changes nothing. */
void fib_set(struct fib *fib, uint32_t prefix_id, const struct fib_spec *spec);
/* Removes every route of a source for a prefix (metric FIB_ANY_METRIC), or one. False: none there. */
#define FIB_ANY_METRIC UINT32_MAX
bool fib_remove(struct fib *fib, uint32_t prefix_id, enum route_source source, uint32_t metric);
/* Removes all routes of a source, in order of prefix number. */
void fib_remove_source(struct fib *fib, enum route_source source);
void fib_clear(struct fib *fib); /* everything, telling the listener */

/* What the kernel uses for exactly that prefix; NULL if nothing. */
const struct fib_route *fib_best(const struct fib *fib, uint32_t prefix_id);
/* The same, of one source only. */
const struct fib_route *fib_of_source(const struct fib *fib, uint32_t prefix_id,
				      enum route_source source);
/* Longest match. *prefix_id may be NULL. `skip_bgp` leaves BGP routes out of it, as next-hop tracking
 * wants. Valid until the table changes. */
const struct fib_route *fib_lookup(const struct fib *fib, struct ip_addr address, bool skip_bgp,
				   uint32_t *prefix_id);
/* The first prefix number >= from that has a route; FIB_NO_PREFIX at the end. */
uint32_t fib_next(const struct fib *fib, uint32_t from);

/* Linux's hash-threshold over a group of equal weights: which member a 31-bit flow hash falls on,
 * among those `good` says true for (NULL: all); when the one it falls on is not good, the next good
 * one behind it, else the first good one, else the first of all (nexthop_select_path_hthr). */
uint32_t fib_select(uint32_t hash, uint32_t count, bool (*good)(const void *context, uint32_t hop),
		    const void *context);

#endif
