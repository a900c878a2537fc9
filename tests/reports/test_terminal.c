#include "tests/reports/fake_run.h"

#include "reports/terminal.h"

static const struct style ascii = { 0 }, utf8 = { .unicode = true },
			  colours = { .unicode = true, .colour = true };

static void verdict_lines(void **state)
{
	struct fake fake;
	struct text out;
	(void)state;
	fake_init(&fake);
	fake.verdicts[2].why = fake.verdicts[3].why = "";
	fake.expects[1].pos.line = 9;
	fake.expects[2].pos.line = 10;
	fake.expects[3].pos.line = 11;
	text_init(&out);
	terminal_verdicts(&fake.run, &utf8, &out);
	assert_string_equal(text_string(&out),
			    "\n  \xe2\x9c\x93 one    1 of 2  \xe2\x89\xa4 5s\n"
			    "  \xe2\x9c\x97 two    1 of 2  \xe2\x89\xa4 5s  fake.topo:9\n"
			    "      because\n        of that\n\n"
			    "  ! three  1 of 2  \xe2\x89\xa4 5s  fake.topo:10\n"
			    "  ? four   1 of 2  \xe2\x89\xa4 5s  fake.topo:11\n");
	text_clear(&out);
	fake.verdicts[1].why = "a \xe2\x86\x92 b \xe2\x86\x94 c \xe2\x9c\x97 \xe2\x80\xa2 \xe2\x80\xa6";
	terminal_verdicts(&fake.run, &ascii, &out);
	assert_string_equal(text_string(&out), "\n  ok   one    1 of 2  <= 5s\n"
					       "  FAIL two    1 of 2  <= 5s  fake.topo:9\n"
					       "      a -> b <-> c x * ..\n\n"
					       "  warn three  1 of 2  <= 5s  fake.topo:10\n"
					       "  ?    four   1 of 2  <= 5s  fake.topo:11\n");
	text_free(&out);
	fake_free(&fake);
}

/* Wide characters count two columns; a very long name does not push the others away. */
static void long_and_wide_names(void **state)
{
	struct fake fake;
	struct text out;
	(void)state;
	fake_init(&fake);
	fake.run.verdict_count = 2;
	fake.verdicts[1].result = VERDICT_PASS;
	fake.expects[0].name = "\xe4\xba\xa4\xe6\x8d\xa2\xe6\x9c\xba"; /* six columns */
	fake.expects[1].name = "abcdefgh";
	text_init(&out);
	terminal_verdicts(&fake.run, &utf8, &out);
	assert_non_null(strstr(text_string(&out), "\xe6\x9c\xba    1 of 2"));
	assert_non_null(strstr(text_string(&out), "abcdefgh  1 of 2"));
	text_clear(&out);
	fake.expects[0].name = "a-name-of-more-than-eighty-columns-a-name-of-more-than-eighty-"
			       "columns-a-name-of-more-than-eighty-columns";
	terminal_verdicts(&fake.run, &utf8, &out);
	const char *second = strstr(text_string(&out), "abcdefgh");
	assert_non_null(second);
	assert_true(strcspn(second, "\n") < 72);
	text_free(&out);
	fake_free(&fake);
}

static void colour_never_stands_alone(void **state)
{
	struct fake fake;
	struct text plain, coloured, stripped;
	(void)state;
	fake_init(&fake);
	text_init(&plain);
	text_init(&coloured);
	text_init(&stripped);
	for (int i = 0; i < 2; i++) {
		struct text *out = i ? &coloured : &plain;
		const struct style *style = i ? &colours : &utf8;
		terminal_head(&fake.run, style, out);
		terminal_verdicts(&fake.run, style, out);
		terminal_result(&fake.run, "folder", style, out);
	}
	assert_null(strchr(text_string(&plain), '\033'));
	assert_non_null(strchr(text_string(&coloured), '\033'));
	for (const char *p = text_string(&coloured); *p; p++) {
		if (*p == '\033')
			p += strcspn(p, "m");
		else
			text_char(&stripped, *p);
	}
	assert_string_equal(text_string(&stripped), text_string(&plain));
	text_free(&plain);
	text_free(&coloured);
	text_free(&stripped);
	fake_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdict_lines),
		cmocka_unit_test(long_and_wide_names),
		cmocka_unit_test(colour_never_stands_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
