/* The selector language: Calico's own tables, and the key facts restated for when they are not
 * here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "topo/calico/selector.h"

#define LABELS_MAX 32

static int by_key(const void *left, const void *right)
{
	const struct selector_label *a = left, *b = right;
	return strcmp(a->key, b->key);
}

/* "true", "false" or "invalid". */
static const char *judge(const char *text, size_t length, const struct selector_label *labels,
			 size_t count)
{
	struct arena arena;
	struct selector selector;
	struct selector_error error = { 0 };
	const char *verdict;
	arena_init(&arena);
	if (selector_parse(&arena, text, length, &selector, &error)) {
		verdict = selector_matches(&selector, labels, count) ? "true" : "false";
	} else {
		assert_non_null(error.text);
		assert_true(error.offset + error.length <= length);
		verdict = "invalid";
	}
	arena_free(&arena);
	return verdict;
}

static void test_key_facts(void **state)
{
	(void)state;
	static const struct selector_label labels[] = { { "a", "b" },
							{ "empty", "" },
							{ "in", "x" } };
	static const struct {
		const char *selector, *expected;
	} rows[] = {
		{ "", "true" },
		{ " \t", "true" },
		{ "all()", "true" },
		{ "global()", "true" },
		{ "a == 'b'", "true" },
		{ "a=='c'", "false" },
		{ "a != 'b'", "false" },
		{ "none != 'x'", "true" },
		{ "none == 'x'", "false" },
		{ "none in {'x'}", "false" },
		{ "none not in {'x'}", "true" },
		{ "none notin {}", "true" },
		{ "a in {}", "false" },
		{ "a in {'x','b',}", "true" },
		{ "has( empty )", "true" },
		{ "empty == \"\"", "true" },
		{ "in in {'x'}", "true" },
		{ "!a == 'b'", "false" },
		{ "!!has(a)", "true" },
		{ "has(x) && has(y) || has(a)", "true" },
		{ "has(a) || has(x) && has(y)", "true" },
		{ "(has(a) || has(x)) && has(y)", "false" },
		{ "!has(x) && has(a)", "true" },
		{ "!(has(x) && has(a))", "true" },
		{ "a starts  with 'b'", "true" },
		{ "a startswith 'x'", "false" },
		{ "a ends with 'B'", "false" },
		{ "a contains ''", "true" },
		{ "none contains ''", "false" },
		{ "a == b", "invalid" },
		{ "a = 'b'", "invalid" },
		{ "has (a)", "invalid" },
		{ "all ()", "invalid" },
		{ "a == 'b'\n", "invalid" },
		{ "a in {'b' 'c'}", "invalid" },
		{ "(a == 'b'", "invalid" },
		{ "a == 'b')", "invalid" },
		{ "()", "invalid" },
		{ "a == 'b' &&", "invalid" },
		{ "a == 'b", "invalid" },
		{ "!", "invalid" },
		{ "a inx {'b'}", "invalid" },
		{ "!= 'b'", "invalid" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = judge(rows[i].selector, strlen(rows[i].selector), labels, 3);
		if (strcmp(got, rows[i].expected) != 0)
			fail_msg("%s: %s, should be %s", rows[i].selector, got, rows[i].expected);
	}
}

static void test_errors_point_at_the_spot(void **state)
{
	(void)state;
	static const struct {
		const char *selector;
		size_t offset;
	} rows[] = {
		{ "route-reflector = 'true'", 16 }, { "route-reflector == true", 19 },
		{ "has(a) has(b)", 7 }, { "a == 'b' && ", 12 }, { "a in {'b' 'c'}", 10 },
		{ "(a == 'b'", 9 }, { "a == 'open", 5 },
	};
	struct arena arena;
	arena_init(&arena);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct selector selector;
		struct selector_error error = { 0 };
		assert_false(selector_parse(&arena, rows[i].selector, strlen(rows[i].selector),
					    &selector, &error));
		assert_int_equal(error.offset, rows[i].offset);
	}
	arena_free(&arena);
}

/* Deep nesting is refused, long chains are not: neither costs stack. */
static void test_bounds(void **state)
{
	(void)state;
	size_t length = 40000;
	char *text = malloc(length + 1);
	assert_non_null(text);
	memset(text, '(', length);
	assert_string_equal(judge(text, length, NULL, 0), "invalid");
	for (size_t i = 0; i + 10 <= length; i += 10)
		memcpy(text + i, "has(a) || ", 10);
	memcpy(text + length - 10, "all()     ", 10);
	assert_string_equal(judge(text, length, NULL, 0), "true");
	memset(text, 'a', length);
	memcpy(text + 513, "=='b'", 5);
	assert_string_equal(judge(text, 518, NULL, 0), "invalid");
	memcpy(text + 512, "=='b'", 5);
	assert_string_equal(judge(text, 517, NULL, 0), "false");
	free(text);
}

static size_t judge_row(char *line)
{
	char *labels_text = strchr(line, '\t');
	assert_non_null(labels_text);
	*labels_text++ = '\0';
	char *expected = strchr(labels_text, '\t');
	assert_non_null(expected);
	*expected++ = '\0';
	expected[strcspn(expected, "\t\n")] = '\0';
	json_t *text = json_loads(line, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	json_t *map = json_loads(labels_text, JSON_DECODE_ANY, NULL);
	assert_true(json_is_string(text) && json_is_object(map));
	struct selector_label labels[LABELS_MAX];
	size_t count = 0;
	const char *key;
	json_t *value;
	json_object_foreach(map, key, value) {
		assert_true(count < LABELS_MAX);
		labels[count++] = (struct selector_label){ key, json_string_value(value) };
	}
	qsort(labels, count, sizeof(labels[0]), by_key);
	const char *got = judge(json_string_value(text), json_string_length(text), labels, count);
	if (strcmp(got, expected) != 0)
		fail_msg("%s %s: %s, should be %s", line, labels_text, got, expected);
	json_decref(text);
	json_decref(map);
	return 1;
}

static void test_calico_table(void **state)
{
	(void)state;
	FILE *file = fopen(SIMRUN_SHARED "/calico/data/selectors.tsv", "r");
	if (!file) {
		print_message("shared data not here: " SIMRUN_SHARED
			      "/calico/data/selectors.tsv\n");
		skip();
	}
	char line[8192];
	size_t judged = 0;
	assert_non_null(fgets(line, sizeof(line), file));
	while (fgets(line, sizeof(line), file))
		judged += judge_row(line);
	fclose(file);
	print_message("%zu rows of selectors.tsv hold\n", judged);
	assert_true(judged > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_facts),
		cmocka_unit_test(test_errors_point_at_the_spot),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_calico_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
