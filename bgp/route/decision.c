#include "bgp/route/decision.h"

#include "base/assert.h"

static int smaller(uint64_t a, uint64_t b) { return (a > b) - (a < b); }
static int first_if(bool a, bool b) { return (int)b - (int)a; }

static int rule_usable(const struct candidate *a, const struct candidate *b)
{
	return first_if(a->usable, b->usable);
}
static int rule_not_stale(const struct candidate *a, const struct candidate *b)
{
	return first_if(!a->stale, !b->stale);
}
static int rule_local(const struct candidate *a, const struct candidate *b)
{
	return first_if(a->local, b->local);
}
static int rule_local_pref(const struct candidate *a, const struct candidate *b)
{
	return smaller(b->local_pref, a->local_pref);
}
static int rule_as_path_length(const struct candidate *a, const struct candidate *b)
{
	return smaller(a->hops, b->hops);
}
static int rule_origin(const struct candidate *a, const struct candidate *b)
{
	return smaller(a->origin, b->origin);
}
/* RFC 4271 9.1.2.2 c. Paths that begin nowhere (our own AS's) count as one neighbour. */
static int rule_med(const struct candidate *a, const struct candidate *b)
{
	return a->first_as == b->first_as ? smaller(a->med, b->med) : 0;
}
static int rule_external(const struct candidate *a, const struct candidate *b)
{
	return first_if(a->external || a->local, b->external || b->local);
}
static int rule_igp_metric(const struct candidate *a, const struct candidate *b)
{
	return smaller(a->metric, b->metric);
}
static int rule_oldest_external(const struct candidate *a, const struct candidate *b)
{
	return a->external && b->external ? first_if(a->selected, b->selected) : 0;
}
static int rule_router_id(const struct candidate *a, const struct candidate *b)
{
	return smaller(a->router_id, b->router_id);
}
static int rule_peer_id(const struct candidate *a, const struct candidate *b)
{
	return smaller(a->peer_id, b->peer_id);
}
static int rule_cluster_list(const struct candidate *a, const struct candidate *b)
{
	return smaller(a->clusters, b->clusters);
}
static int rule_peer_address(const struct candidate *a, const struct candidate *b)
{
	return ip_addr_compare(a->address, b->address);
}
static int rule_path_id(const struct candidate *a, const struct candidate *b)
{
	return smaller(a->path_id, b->path_id);
}

static const struct rule {
	const char *name;
	int (*compare)(const struct candidate *a, const struct candidate *b);
} rules_known[] = {
	[BGP_RULE_END] = { "order of configuration", NULL },
	[BGP_RULE_USABLE] = { "next hop resolves", rule_usable },
	[BGP_RULE_NOT_STALE] = { "not stale", rule_not_stale },
	[BGP_RULE_WEIGHT_LOCAL] = { "locally originated", rule_local },
	[BGP_RULE_LOCAL_PREF] = { "higher LOCAL_PREF", rule_local_pref },
	[BGP_RULE_AS_PATH_LENGTH] = { "shorter AS_PATH", rule_as_path_length },
	[BGP_RULE_ORIGIN] = { "lower ORIGIN", rule_origin },
	[BGP_RULE_MED] = { "lower MED", rule_med },
	[BGP_RULE_EXTERNAL] = { "eBGP over iBGP", rule_external },
	[BGP_RULE_IGP_METRIC] = { "lower metric to next hop", rule_igp_metric },
	[BGP_RULE_OLDEST_EXTERNAL] = { "older eBGP path", rule_oldest_external },
	[BGP_RULE_ROUTER_ID] = { "lower router id", rule_router_id },
	[BGP_RULE_PEER_ID] = { "lower peer identifier", rule_peer_id },
	[BGP_RULE_CLUSTER_LIST] = { "shorter CLUSTER_LIST", rule_cluster_list },
	[BGP_RULE_PEER_ADDRESS] = { "lower peer address", rule_peer_address },
	[BGP_RULE_PATH_ID] = { "lower path id", rule_path_id },
};
#define RULES_KNOWN (sizeof(rules_known) / sizeof(rules_known[0]))

const char *decision_rule_name(enum bgp_decision_rule rule)
{
	ASSERT((size_t)rule < RULES_KNOWN);
	return rules_known[rule].name;
}

/* RFC 9494 4.3: long-lived stale paths lose to all others before any rule is asked. */
#define BEFORE_ALL (-1)

/* Index into the profile's array of the rule that decides; of END if only the last one does. */
static int compare_at(const uint8_t *rules, const struct candidate *a, const struct candidate *b,
		      int *step)
{
	int i = 0;
	*step = BEFORE_ALL;
	if (a->long_stale != b->long_stale)
		return first_if(b->long_stale, a->long_stale);
	for (; i < BGP_DECISION_STEPS_MAX && rules[i] != BGP_RULE_END; i++) {
		ASSERT(rules[i] < RULES_KNOWN);
		int result = rules_known[rules[i]].compare(a, b);
		if (result) {
			*step = i;
			return result;
		}
	}
	*step = i;
	int result = first_if(a->local, b->local);
	if (!result)
		result = smaller(a->peer, b->peer);
	return result ? result : smaller(a->path_id, b->path_id);
}

static const char *step_name(const uint8_t *rules, int step)
{
	if (step == BEFORE_ALL)
		return "not long-lived stale";
	return rules_known[step < BGP_DECISION_STEPS_MAX ? rules[step] : BGP_RULE_END].name;
}

int decision_compare(const uint8_t *rules, const struct candidate *a, const struct candidate *b,
		     const char **name)
{
	int step;
	int result = compare_at(rules, a, b, &step);
	*name = step_name(rules, step);
	return result;
}

bool decision_equal(const uint8_t *rules, uint8_t stop, const struct candidate *a,
		    const struct candidate *b)
{
	if (a->long_stale != b->long_stale)
		return false;
	for (int i = 0; i < BGP_DECISION_STEPS_MAX; i++) {
		if (rules[i] == BGP_RULE_END || rules[i] == stop)
			return true;
		if (rules_known[rules[i]].compare(a, b))
			return false;
	}
	return true;
}

static bool better(const struct bgp_profile *profile, const struct candidate *a,
		   const struct candidate *b)
{
	int step;
	return compare_at(profile->decision, a, b, &step) < 0;
}

/* Some earlier candidate has the same neighbouring AS, so its group was looked at already. */
static bool group_seen(const struct candidate *candidates, uint32_t at)
{
	for (uint32_t i = 0; i < at; i++)
		if (candidates[i].first_as == candidates[at].first_as)
			return true;
	return false;
}

uint32_t decision_best(const struct bgp_profile *profile, const struct candidate *candidates,
		       uint32_t count)
{
	uint32_t best = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t champion = i;
		if (profile->med_deterministic) {
			if (group_seen(candidates, i))
				continue;
			for (uint32_t j = i + 1; j < count; j++)
				if (candidates[j].first_as == candidates[i].first_as &&
				    better(profile, &candidates[j], &candidates[champion]))
					champion = j;
		}
		if (champion != best && (i == 0 || better(profile, &candidates[champion],
							  &candidates[best])))
			best = champion;
	}
	return best;
}

const char *decision_settled_by(const struct bgp_profile *profile,
				const struct candidate *candidates, uint32_t count, uint32_t best)
{
	if (count < 2)
		return "only path";
	int last = BEFORE_ALL;
	for (uint32_t i = 0; i < count; i++) {
		int step;
		if (i == best)
			continue;
		compare_at(profile->decision, &candidates[best], &candidates[i], &step);
		if (step > last)
			last = step;
	}
	return step_name(profile->decision, last);
}
