/* Policy as data: struct bgp_policy, rule by rule, the first match decides. */
#ifndef BGP_ROUTE_POLICY_H
#define BGP_ROUTE_POLICY_H

#include "base/memory.h"
#include "bgp/config.h"
#include "bgp/wire/attr.h"

struct policy_verdict {
	bool accept;
	uint64_t changing; /* which rules change attributes, by index; two routes with the same bits
			    * set are changed alike */
	bool beyond;       /* a rule of index 64 or more changes something */
};

/* `from`: one of BGP_FROM_*. A policy of NULL accepts. */
struct policy_verdict policy_judge(const struct bgp_policy *policy, struct ip_prefix prefix,
				   uint8_t from, const struct bgp_attrs *attrs);
/* Carries out what the matching rules change; new memory comes from the arena. All rules look at
 * the route as it came: a community that one rule adds is not seen by the next. */
void policy_apply(const struct bgp_policy *policy, struct ip_prefix prefix, uint8_t from,
		  struct bgp_attrs *attrs, struct arena *arena);
bool policy_equal(const struct bgp_policy *a, const struct bgp_policy *b);

static inline bool policy_changes(const struct policy_verdict *verdict)
{
	return verdict->changing || verdict->beyond;
}

#endif
