#include "tests/reports/fake_run.h"

#include <jansson.h>

#include "reports/summary.h"

static void json_round_trip(void **state)
{
	(void)state;
	for (int hostile = 0; hostile < 2; hostile++) {
		struct fake fake;
		struct text out;
		fake_init(&fake);
		struct outage outage = { 0, 5, 9, DISPOSITION_LOOP, false };
		fake.run.outages = &outage;
		fake.run.outage_count = 1;
		if (hostile)
			fake_make_hostile(&fake);
		text_init(&out);
		summary_json(&fake.run, &out);
		json_error_t error;
		json_t *root = json_loads(text_string(&out), JSON_REJECT_DUPLICATES, &error);
		if (!root)
			fail_msg("%s at %d:%d", error.text, error.line, error.column);
		assert_string_equal(json_string_value(json_object_get(root, "name")),
				    hostile ? HOSTILE : "fake");
		assert_string_equal(json_string_value(json_object_get(root, "result")), "fail");
		assert_string_equal(json_string_value(json_object_get(root, "digest")),
				    "0000000000000abc");
		assert_int_equal(json_integer_value(json_object_get(root, "seed")), 7);
		const json_t *expects = json_object_get(root, "expectations");
		static const char *const results[] = { "pass", "fail", "warn", "not judged" };
		assert_int_equal(json_array_size(expects), 4);
		for (size_t i = 0; i < 4; i++)
			assert_string_equal(json_string_value(json_object_get(
						    json_array_get(expects, i), "result")),
					    results[i]);
		const json_t *row = json_array_get(json_object_get(root, "outages"), 0);
		assert_int_equal(json_integer_value(json_object_get(row, "until_ns")), 9);
		json_decref(root);
		text_free(&out);
		fake_free(&fake);
	}
}

static void annotations_are_escaped(void **state)
{
	struct fake fake;
	struct text out;
	(void)state;
	fake_init(&fake);
	fake.expects[1].name = "a:b,c%";
	fake.verdicts[1].measured = "50%:,";
	fake.verdicts[1].limit = "x";
	fake.verdicts[1].why = "one\r\ntwo";
	fake.expects[1].pos.line = 5;
	fake.expects[1].pos.column = 3;
	fake.run.verdicts = &fake.verdicts[1];
	fake.run.verdict_count = 1;
	text_init(&out);
	github_annotations(&fake.run, &out);
	assert_string_equal(text_string(&out),
			    "::error file=fake.topo,line=5,col=3,title=a%3Ab%2Cc%25::50%25:, x%0A"
			    "one%0D%0Atwo\n");
	text_free(&out);
	fake_free(&fake);
}

/* Ten of a kind, expectations before the places their reasons point at, failures before warnings. */
static void ten_annotations_of_a_kind(void **state)
{
	struct fake fake;
	struct verdict many[40];
	struct text out;
	struct source_pos place;
	const char *place_text = "PLACE";
	(void)state;
	fake_init(&fake);
	place = fake.expects[0].pos;
	for (int i = 0; i < 40; i++) {
		many[i] = fake.verdicts[i % 2 ? 1 : 2];
		many[i].places = &place;
		many[i].place_texts = &place_text;
		many[i].place_count = 1;
	}
	fake.run.verdicts = many;
	fake.run.verdict_count = 40;
	text_init(&out);
	github_annotations(&fake.run, &out);
	int errors = 0, warnings = 0;
	for (const char *p = text_string(&out); *p; p = strchr(p, '\n') + 1) {
		assert_true(strncmp(p, "::error ", 8) == 0 || strncmp(p, "::warning ", 10) == 0);
		assert_false(p[2] == 'e' && warnings > 0);
		*(p[2] == 'e' ? &errors : &warnings) += 1;
	}
	assert_int_equal(errors, 10);
	assert_int_equal(warnings, 10);
	assert_null(strstr(text_string(&out), "PLACE"));
	text_clear(&out);
	fake.run.verdict_count = 4;
	github_annotations(&fake.run, &out);
	assert_non_null(strstr(text_string(&out), "PLACE"));
	text_free(&out);
	fake_free(&fake);
}

static void step_summary_keeps_its_table(void **state)
{
	struct fake fake;
	struct text out;
	(void)state;
	fake_init(&fake);
	fake_make_hostile(&fake);
	text_init(&out);
	github_step_summary(&fake.run, &out);
	int rows = 0;
	for (const char *p = text_string(&out); *p; p = strchr(p, '\n') + 1) {
		int bars = 0;
		if (*p != '|')
			continue;
		for (const char *q = p; *q != '\n'; q++)
			bars += *q == '|' && (q == p || q[-1] != '\\');
		assert_int_equal(bars, 5);
		rows++;
	}
	assert_int_equal(rows, 2 + 4);
	assert_null(strstr(text_string(&out), "<script"));
	assert_non_null(strstr(text_string(&out), "```mermaid\ngraph TD\n"));
	text_free(&out);
	fake_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_round_trip),
		cmocka_unit_test(annotations_are_escaped),
		cmocka_unit_test(ten_annotations_of_a_kind),
		cmocka_unit_test(step_summary_keeps_its_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
