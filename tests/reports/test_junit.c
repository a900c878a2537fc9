#include "tests/reports/fake_run.h"

#include "reports/junit.h"

#define SCHEMA SIMRUN_SOURCE "/tests/reports/junit.xsd"

static void holds(const struct text *out, const char *string)
{
	if (!strstr(text_string(out), string))
		fail_msg("lacks %s in:\n%s", string, text_string(out));
}

static void every_result_is_valid(void **state)
{
	struct fake fake;
	struct text out;
	(void)state;
	fake_init(&fake);
	text_init(&out);
	junit_write(&fake.run, &out);
	assert_int_equal(xmllint("--schema", SCHEMA, &out), 0);
	holds(&out, "tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"1\" time=\"0.040\"");
	holds(&out, "<failure message=\"1 of 2, wanted \xe2\x89\xa4 5s\" type=\"expectation\">because\n"
		    "  of that</failure>");
	holds(&out, "<skipped message=\"1 of 2\"/>");
	holds(&out, "warning, wanted \xe2\x89\xa4 5s:\nbecause");
	holds(&out, "classname=\"fake\" name=\"one\" file=\"fake.topo\" line=\"");
	text_free(&out);
	fake_free(&fake);
}

static void trouble_is_an_error(void **state)
{
	struct text out;
	(void)state;
	text_init(&out);
	junit_write_error("fake", "out: No space left on device\nmore", &out);
	assert_int_equal(xmllint("--schema", SCHEMA, &out), 0);
	holds(&out, "errors=\"1\"");
	holds(&out, "<error message=\"out: No space left on device\" type=\"environment\">");
	text_clear(&out);
	junit_write_error(HOSTILE, HOSTILE, &out);
	assert_int_equal(xmllint("--schema", SCHEMA, &out), 0);
	text_free(&out);
}

/* Names that are equal once XML has dropped its forbidden characters get numbers: the schema, like
 * GitLab, wants each case once. */
static void hostile_names(void **state)
{
	struct fake fake;
	struct text out;
	(void)state;
	fake_init(&fake);
	fake_make_hostile(&fake);
	text_init(&out);
	junit_write(&fake.run, &out);
	assert_int_equal(xmllint("--schema", SCHEMA, &out), 0);
	assert_null(strstr(text_string(&out), "<script"));
	assert_null(strstr(text_string(&out), "\x01"));
	assert_null(strstr(text_string(&out), "]]>"));
	holds(&out, " (2)\"");
	holds(&out, " (4)\"");
	text_free(&out);
	fake_free(&fake);
}

/* The schema itself can refuse. */
static void schema_refuses(void **state)
{
	static const char *const bad[] = {
		"<testsuites/>",
		"<testsuites><testsuite name=\"a\" tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"0\" "
		"time=\"0\"><testcase classname=\"a\" name=\"b\" time=\"0\"/><testcase classname=\"a\" "
		"name=\"b\" time=\"0\"/></testsuite></testsuites>",
		"<testsuites><testsuite name=\"a\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"0\" "
		"time=\"1e3\"/></testsuites>",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct text out;
		text_init(&out);
		text_put(&out, bad[i]);
		assert_int_not_equal(xmllint("--schema", SCHEMA, &out), 0);
		text_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_result_is_valid),
		cmocka_unit_test(trouble_is_an_error),
		cmocka_unit_test(hostile_names),
		cmocka_unit_test(schema_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
