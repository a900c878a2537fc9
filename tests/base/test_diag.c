#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/diag.h"

static const struct source *read_text(struct diag_list *list, const char *text)
{
	return source_of(list, "a.topo", text, strlen(text));
}

static void test_excerpt(void **state)
{
	(void)state;
	struct diag_list list;
	diag_list_init(&list);
	const struct source *source = read_text(&list, "x: 1\n\t交换机: 172.27.0.208/22\n");
	size_t offset = (size_t)(strstr(source->text, "172") - source->text);
	struct source_pos pos = source_pos_at(source, offset, strlen("172.27.0.208/22"));
	assert_int_equal(pos.line, 2);
	assert_int_equal(pos.column, 7); /* characters, not bytes */
	diag_add(&list, DIAG_ERROR, "E031", pos, "%s is not a network", "172.27.0.208/22");
	diag_note(&list, "did you mean 172.27.208.0/22?");
	struct text out;
	text_init(&out);
	diag_print(&list.items[0], &out, false);
	assert_string_equal(text_string(&out),
			    "a.topo:2:7: error: 172.27.0.208/22 is not a network [E031]\n"
			    "    2 |  交换机: 172.27.0.208/22\n"
			    "      |          ^~~~~~~~~~~~~~~\n" /* wide characters: two columns */
			    "      = did you mean 172.27.208.0/22?\n");
	text_free(&out);
	diag_list_free(&list);
}

static void test_sort_and_repeat(void **state)
{
	(void)state;
	struct diag_list list;
	diag_list_init(&list);
	const struct source *source = read_text(&list, "a\nb\nc\n");
	struct source_pos c = { source, 3, 1, 1 }, a = { source, 1, 1, 1 };
	diag_add(&list, DIAG_ERROR, "E1", c, "late");
	diag_add(&list, DIAG_WARNING, "W1", a, "early");
	diag_add(&list, DIAG_ERROR, "E1", c, "late");
	diag_sort(&list);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.errors, 1);
	assert_int_equal(list.warnings, 1);
	assert_string_equal(list.items[0].text, "early");
	diag_list_free(&list);
}

static void test_flood_is_bounded(void **state)
{
	(void)state;
	struct diag_list list;
	diag_list_init(&list);
	for (unsigned i = 0; i < DIAG_MAX + 10; i++) {
		diag_add(&list, DIAG_ERROR, "E1", (struct source_pos){ 0 }, "number %u", i);
		diag_note(&list, "note");
	}
	assert_int_equal(list.count, DIAG_MAX);
	assert_int_equal(list.errors, DIAG_MAX + 10);
	assert_true(list.full);
	diag_list_free(&list);
}

static void test_unreadable_files(void **state)
{
	(void)state;
	struct diag_list list;
	diag_list_init(&list);
	assert_null(source_read(&list, "/nonexistent/a.topo", 100, NULL));
	assert_null(source_read(&list, "/", 100, NULL));
	assert_null(source_read(&list, "/proc/self/exe", 16, NULL));
	assert_null(source_read(&list, "/proc/self/cmdline", 4096, NULL)); /* NULs */
	assert_int_equal(list.errors, 4);
	assert_non_null(strstr(list.items[0].text, "No such file"));
	assert_non_null(strstr(list.items[2].text, "too large"));
	assert_non_null(strstr(list.items[3].text, "NUL"));
	diag_list_free(&list);
}

static void test_escapes(void **state)
{
	(void)state;
	struct text out;
	text_init(&out);
	text_json(&out, "a\"\\\n\x01\xff\xe4\xb8\xad");
	assert_string_equal(text_string(&out), "\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\xe4\xb8\xad\"");
	text_clear(&out);
	text_xml(&out, "<script>&'\"\x01");
	assert_string_equal(text_string(&out), "&lt;script&gt;&amp;&#39;&quot;");
	text_clear(&out);
	text_seconds(&out, INT64_C(151300999999));
	assert_string_equal(text_string(&out), "151.300s");
	text_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_excerpt), cmocka_unit_test(test_sort_and_repeat),
		cmocka_unit_test(test_flood_is_bounded), cmocka_unit_test(test_unreadable_files),
		cmocka_unit_test(test_escapes)
	};
	return cmocka_run_group_tests_name("base/diag", tests, NULL, NULL);
}
