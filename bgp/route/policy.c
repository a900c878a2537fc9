#include "bgp/route/policy.h"

#include <string.h>

static bool rule_matches(const struct bgp_policy_rule *rule, struct ip_prefix prefix, uint8_t from,
			 const struct bgp_attrs *attrs)
{
	if (rule->from && !(rule->from & from))
		return false;
	if (rule->prefix.addr.family != IP_NONE && !ip_prefix_covers(rule->prefix, prefix))
		return false;
	if (rule->match_community && !bgp_has_community(attrs, rule->community))
		return false;
	if (rule->length_min == 0 && rule->length_max == 0)
		return true;
	return prefix.length >= rule->length_min && prefix.length <= rule->length_max;
}

static bool rule_changes(const struct bgp_policy_rule *rule)
{
	return rule->set_local_pref || rule->add_community_count;
}

struct policy_verdict policy_judge(const struct bgp_policy *policy, struct ip_prefix prefix,
				   uint8_t from, const struct bgp_attrs *attrs)
{
	struct policy_verdict verdict = { .accept = true };
	if (!policy)
		return verdict;
	for (size_t i = 0; i < policy->count; i++) {
		const struct bgp_policy_rule *rule = &policy->rules[i];
		if (!rule_matches(rule, prefix, from, attrs))
			continue;
		if (rule->verdict == BGP_RULE_REJECT)
			return (struct policy_verdict){ .accept = false };
		if (rule_changes(rule)) {
			if (i < 64)
				verdict.changing |= UINT64_C(1) << i;
			else
				verdict.beyond = true;
		}
		if (rule->verdict == BGP_RULE_ACCEPT)
			return verdict;
	}
	verdict.accept = policy->accept_rest;
	return verdict;
}

static void add_communities(struct bgp_attrs *attrs, const struct bgp_policy_rule *rule,
			    struct arena *arena)
{
	size_t old = (size_t)attrs->community_count * 4;
	uint8_t *all = arena_alloc(arena, old + rule->add_community_count * 4);
	if (old)
		memcpy(all, attrs->communities, old);
	attrs->communities = all;
	for (size_t i = 0; i < rule->add_community_count; i++) {
		if (bgp_has(attrs, BGP_ATTR_COMMUNITIES) &&
		    bgp_has_community(attrs, rule->add_communities[i]))
			continue;
		if (attrs->community_count >= UINT16_MAX / 4)
			return;
		put_u32(all + (size_t)attrs->community_count * 4, rule->add_communities[i]);
		attrs->community_count++;
		attrs->present |= UINT64_C(1) << BGP_ATTR_COMMUNITIES;
	}
}

void policy_apply(const struct bgp_policy *policy, struct ip_prefix prefix, uint8_t from,
		  struct bgp_attrs *attrs, struct arena *arena)
{
	const struct bgp_attrs came = *attrs; /* rules match what came, not what others made of it */
	for (size_t i = 0; policy && i < policy->count; i++) {
		const struct bgp_policy_rule *rule = &policy->rules[i];
		if (!rule_matches(rule, prefix, from, &came))
			continue;
		if (rule->add_community_count)
			add_communities(attrs, rule, arena);
		if (rule->set_local_pref) {
			attrs->present |= UINT64_C(1) << BGP_ATTR_LOCAL_PREF;
			attrs->local_pref = rule->local_pref;
		}
		if (rule->verdict != BGP_RULE_NEXT)
			return;
	}
}

static bool rule_equal(const struct bgp_policy_rule *a, const struct bgp_policy_rule *b)
{
	return ip_prefix_equal(a->prefix, b->prefix) && a->length_min == b->length_min &&
	       a->length_max == b->length_max && a->from == b->from && a->verdict == b->verdict &&
	       a->match_community == b->match_community && a->community == b->community &&
	       a->add_community_count == b->add_community_count &&
	       (a->add_community_count == 0 ||
		memcmp(a->add_communities, b->add_communities,
		       a->add_community_count * sizeof(*a->add_communities)) == 0) &&
	       a->set_local_pref == b->set_local_pref && a->local_pref == b->local_pref;
}

bool policy_equal(const struct bgp_policy *a, const struct bgp_policy *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->count != b->count || a->accept_rest != b->accept_rest)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!rule_equal(&a->rules[i], &b->rules[i]))
			return false;
	return true;
}
