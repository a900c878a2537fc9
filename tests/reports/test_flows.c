#include "tests/reports/fake_run.h"

#include "reports/flows.h"

enum { FLOWS = 5 };

static void equal_silence_is_one_group(void **state)
{
	static const struct outage outages[] = {
		{ 1, 10, 20, DISPOSITION_LOOP, false },	    { 2, 10, 20, DISPOSITION_NO_ROUTE, false },
		{ 2, 30, 60, DISPOSITION_NO_ROUTE, false }, { 3, 10, 20, DISPOSITION_LOOP, false },
		{ 4, 10, 20, DISPOSITION_LOOP, true },
	};
	struct fake fake;
	struct model_flow flows[FLOWS];
	struct text name;
	uint32_t count;
	(void)state;
	fake_init(&fake);
	struct arena *arena = fake.model.arena;
	for (int i = 0; i < FLOWS; i++) {
		flows[i] = fake.model.flows[0];
		flows[i].name = arena_printf(arena, "f%d", i);
	}
	fake.model.flows = flows;
	fake.model.flow_count = FLOWS;
	fake.run.outages = outages;
	fake.run.outage_count = 5;
	struct flow_group *groups = flow_groups(&fake.run, true, arena, &count);
	assert_int_equal(count, 4); /* longest first; 1 and 3 alike, 4 failed on its way back */
	assert_int_equal(groups[0].flows[0], 2);
	assert_int_equal(groups[0].silent_ns, 40);
	assert_int_equal(groups[0].outage_count, 2);
	assert_int_equal(groups[1].flows[0], 1);
	assert_int_equal(groups[1].flows[1], 3);
	assert_int_equal(groups[1].count, 2);
	assert_int_equal(groups[2].flows[0], 4);
	assert_int_equal(groups[3].flows[0], 0);
	assert_int_equal(groups[3].silent_ns, 0);
	text_init(&name);
	flow_group_name(&fake.run, &groups[1], &name);
	assert_string_equal(text_string(&name), "f1 and 1 more");
	groups = flow_groups(&fake.run, false, arena, &count);
	assert_int_equal(count, FLOWS);
	assert_int_equal(groups[1].flows[0], 1);
	assert_int_equal(groups[2].flows[0], 3);
	assert_int_equal(groups[4].flows[0], 0);
	text_free(&name);
	fake_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(equal_silence_is_one_group) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
