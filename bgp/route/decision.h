/* The decision process (RFC 4271 section 9.1.2.2) as an array of named rules, over plain values.
 *
 * A profile lists the rules in its order. Each rule compares two paths in one thing only; the first
 * that sees a difference decides, and says so. After the profile's rules one more always decides.
 *
 * MED is only compared between paths of the same neighbouring AS, so "better than" is not
 * transitive and the outcome could depend on the order of arrival, as it does in BIRD and FRR. Here
 * it never does. With `med_deterministic` the paths of each neighbouring AS are compared first
 * among themselves, then the winners; without, every path in a fixed order (own routes, then by
 * peer index and path id) meets the best so far. Only BGP_RULE_OLDEST_EXTERNAL looks at history. */
#ifndef BGP_ROUTE_DECISION_H
#define BGP_ROUTE_DECISION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "bgp/profile.h"

/* What the rules see of a path. */
struct candidate {
	bool usable, stale, local, external;
	bool long_stale;     /* RFC 9494: behind all that are not, whatever the rules say */
	bool selected;       /* it is the best path at present */
	uint8_t origin;
	uint32_t local_pref; /* 100 if the path has none */
	uint32_t hops;       /* of AS_PATH */
	uint32_t first_as;   /* neighbouring AS; 0: none */
	uint32_t med;        /* of one without: 0, or the worst (profile) */
	uint32_t metric;     /* to the next hop */
	uint32_t router_id;  /* ORIGINATOR_ID, or the peer's identifier */
	uint32_t peer_id;    /* the peer's identifier */
	uint32_t clusters;   /* in CLUSTER_LIST */
	struct ip_addr address; /* the peer's */
	uint32_t path_id;
	uint16_t peer;
	uint32_t number; /* the caller's */
};

/* Negative: a is better; positive: b. Never 0 for two different paths. *name: the rule's. */
int decision_compare(const uint8_t *rules, const struct candidate *a, const struct candidate *b,
		     const char **name);
/* No rule before `stop` tells them apart. */
bool decision_equal(const uint8_t *rules, uint8_t stop, const struct candidate *a,
		    const struct candidate *b);
/* The best of the candidates, which stand in their fixed order. count > 0. */
uint32_t decision_best(const struct bgp_profile *profile, const struct candidate *candidates,
		       uint32_t count);
/* By which rule it beat the one that came nearest; "only path" if there is no other. */
const char *decision_settled_by(const struct bgp_profile *profile,
				const struct candidate *candidates, uint32_t count, uint32_t best);
/* "shorter AS_PATH", ...; static. */
const char *decision_rule_name(enum bgp_decision_rule rule);

#endif
