/* The decision process, a rule at a time: two paths alike in everything, the rival worse in exactly
 * one thing. The table must have a row for every rule there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bgp/route/decision.h"

static const uint8_t all_rules[BGP_DECISION_STEPS_MAX] = {
	BGP_RULE_USABLE, BGP_RULE_NOT_STALE, BGP_RULE_WEIGHT_LOCAL, BGP_RULE_LOCAL_PREF,
	BGP_RULE_AS_PATH_LENGTH, BGP_RULE_ORIGIN, BGP_RULE_MED, BGP_RULE_EXTERNAL,
	BGP_RULE_IGP_METRIC, BGP_RULE_OLDEST_EXTERNAL, BGP_RULE_ROUTER_ID, BGP_RULE_PEER_ID,
	BGP_RULE_CLUSTER_LIST,
	BGP_RULE_PEER_ADDRESS, BGP_RULE_PATH_ID, BGP_RULE_END,
};

/* Good enough to lose to nobody and to beat nobody. */
static const struct candidate plain = {
	.usable = true, .external = true, .local_pref = 100, .hops = 2, .first_as = 65100,
	.origin = 1, .med = 10, .metric = 10, .router_id = 100, .peer_id = 100, .clusters = 1,
	.address = { IP_V4, { 10, 0, 0, 9 } }, .path_id = 5, .peer = 3,
};

/* Each makes one of two equal paths the better one, by one thing. */
#define DIFFER(name, statement)                                                                    \
	static void name(struct candidate *better, struct candidate *worse)                        \
	{                                                                                          \
		(void)better;                                                                      \
		(void)worse;                                                                       \
		statement;                                                                         \
	}
DIFFER(in_usable, worse->usable = false)
DIFFER(in_stale, worse->stale = true)
DIFFER(in_local, better->local = true)
DIFFER(in_local_pref, better->local_pref = 101)
DIFFER(in_hops, worse->hops = 3)
DIFFER(in_origin, worse->origin = 2)
DIFFER(in_med, worse->med = 11)
DIFFER(in_external, worse->external = false)
DIFFER(in_metric, worse->metric = 11)
DIFFER(in_selected, better->selected = true)
DIFFER(in_router_id, worse->router_id = 101)
DIFFER(in_peer_id, worse->peer_id = 101)
DIFFER(in_clusters, worse->clusters = 2)
DIFFER(in_address, worse->address.bytes[3] = 10)
DIFFER(in_path_id, worse->path_id = 6)
DIFFER(in_peer, worse->peer = 4)

static const struct row {
	enum bgp_decision_rule rule;
	void (*differ)(struct candidate *better, struct candidate *worse);
} rows[] = {
	{ BGP_RULE_USABLE, in_usable },
	{ BGP_RULE_NOT_STALE, in_stale },
	{ BGP_RULE_WEIGHT_LOCAL, in_local },
	{ BGP_RULE_LOCAL_PREF, in_local_pref },
	{ BGP_RULE_AS_PATH_LENGTH, in_hops },
	{ BGP_RULE_ORIGIN, in_origin },
	{ BGP_RULE_MED, in_med },
	{ BGP_RULE_EXTERNAL, in_external },
	{ BGP_RULE_IGP_METRIC, in_metric },
	{ BGP_RULE_OLDEST_EXTERNAL, in_selected },
	{ BGP_RULE_ROUTER_ID, in_router_id },
	{ BGP_RULE_PEER_ID, in_peer_id },
	{ BGP_RULE_CLUSTER_LIST, in_clusters },
	{ BGP_RULE_PEER_ADDRESS, in_address },
	{ BGP_RULE_PATH_ID, in_path_id },
	{ BGP_RULE_END, in_peer },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void each_rule_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct candidate better = plain, worse = plain;
		rows[i].differ(&better, &worse);
		const char *rule;
		assert_true(decision_compare(all_rules, &better, &worse, &rule) < 0);
		assert_string_equal(rule, decision_rule_name(rows[i].rule));
		assert_true(decision_compare(all_rules, &worse, &better, &rule) > 0);
		assert_string_equal(rule, decision_rule_name(rows[i].rule));
	}
	for (unsigned rule = BGP_RULE_END; rule <= BGP_RULE_PATH_ID; rule++) {
		size_t found = 0;
		for (size_t i = 0; i < ROWS; i++)
			found += rows[i].rule == rule;
		assert_int_equal(found, 1);
	}
}

/* Whatever a later rule says, the earlier one decides. */
static void earlier_rules_win(void **state)
{
	(void)state;
	for (size_t i = 0; i + 1 < ROWS; i++) {
		struct candidate good = plain, bad = plain;
		rows[i].differ(&good, &bad);
		good.path_id = 9; /* the last rule speaks for the other */
		bad.path_id = rows[i].rule == BGP_RULE_PATH_ID ? 10 : 1;
		const char *rule;
		assert_true(decision_compare(all_rules, &good, &bad, &rule) < 0);
		assert_string_equal(rule, decision_rule_name(rows[i].rule));
	}
}

static void med_only_within_a_neighbour(void **state)
{
	(void)state;
	struct candidate low = plain, high = plain;
	low.med = 1;
	low.router_id = 2;
	high.router_id = 1;
	high.first_as = 65200;
	const char *rule;
	assert_true(decision_compare(all_rules, &low, &high, &rule) > 0);
	assert_string_equal(rule, "lower router id");
}

static void equal_until(void **state)
{
	(void)state;
	struct candidate a = plain, b = plain;
	b.router_id = 7;
	assert_true(decision_equal(all_rules, BGP_RULE_ROUTER_ID, &a, &b));
	assert_false(decision_equal(all_rules, BGP_RULE_CLUSTER_LIST, &a, &b));
	b.metric = 3;
	assert_false(decision_equal(all_rules, BGP_RULE_ROUTER_ID, &a, &b));
	assert_true(decision_equal(all_rules, BGP_RULE_IGP_METRIC, &a, &b));
}

/* The classic circle: A beats B by MED (same neighbour), B beats C and C beats A by router id and
 * eBGP/iBGP. Deterministic: A and B settle it among themselves first, then A meets C. */
static void med_deterministic_or_fixed_order(void **state)
{
	(void)state;
	struct bgp_profile profile = { .decision = { BGP_RULE_MED, BGP_RULE_ROUTER_ID } };
	struct candidate a = { .first_as = 1, .med = 1, .router_id = 30, .peer = 0 };
	struct candidate c = { .first_as = 2, .med = 5, .router_id = 20, .peer = 1 };
	struct candidate b = { .first_as = 1, .med = 2, .router_id = 10, .peer = 2 };
	struct candidate paths[] = { a, c, b };
	profile.med_deterministic = true;
	assert_int_equal(decision_best(&profile, paths, 3), 1); /* a beats b; c beats a */
	profile.med_deterministic = false;
	/* In order: c beats a by router id, then b beats c by router id. */
	assert_int_equal(decision_best(&profile, paths, 3), 2);
}

static void settled_by_the_nearest_rival(void **state)
{
	(void)state;
	struct bgp_profile profile = { 0 };
	for (size_t i = 0; i < sizeof(all_rules); i++)
		profile.decision[i] = all_rules[i];
	struct candidate paths[] = { plain, plain, plain };
	paths[1].local_pref = 50;
	paths[1].peer = 4;
	paths[2].router_id = 200;
	paths[2].peer = 5;
	assert_int_equal(decision_best(&profile, paths, 3), 0);
	assert_string_equal(decision_settled_by(&profile, paths, 3, 0), "lower router id");
	assert_string_equal(decision_settled_by(&profile, paths, 1, 0), "only path");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_alone),
		cmocka_unit_test(earlier_rules_win),
		cmocka_unit_test(med_only_within_a_neighbour),
		cmocka_unit_test(equal_until),
		cmocka_unit_test(med_deterministic_or_fixed_order),
		cmocka_unit_test(settled_by_the_nearest_rival),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
