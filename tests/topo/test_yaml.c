/* Trees, positions and limits of the YAML loader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "topo/yaml.h"

struct loaded {
	struct diag_list diags;
	const struct source *source;
	const struct yaml_node *const *documents;
	size_t count;
	bool good;
};

static struct loaded load(const char *text)
{
	struct loaded l;
	diag_list_init(&l.diags);
	l.source = source_of(&l.diags, "t.yaml", text, strlen(text));
	l.good = yaml_documents(&l.diags, l.source, &l.documents, &l.count);
	return l;
}

static void assert_diag(const struct loaded *l, const char *code, uint32_t line, uint32_t column)
{
	assert_true(l->diags.count >= 1);
	assert_string_equal(l->diags.items[0].code, code);
	assert_int_equal(l->diags.items[0].pos.line, line);
	assert_int_equal(l->diags.items[0].pos.column, column);
}

static void positions_count_characters(void **state)
{
	(void)state;
	struct loaded l = load("# 交换机\n\"名\": [甲, 乙]\n---\nx:\n  y: z\n");
	assert_true(l.good);
	assert_int_equal(l.count, 2);
	const struct yaml_node *list = yaml_get(l.documents[0], "名");
	assert_int_equal(list->pos.line, 2);
	assert_int_equal(list->items[1]->pos.column, 10);
	assert_int_equal(list->items[1]->pos.length, 1);
	const struct yaml_node *y = yaml_key(yaml_get(l.documents[1], "x"), "y");
	assert_int_equal(y->pos.line, 5);
	assert_int_equal(y->pos.column, 3);
	diag_list_free(&l.diags);
}

static void crlf_keeps_lines(void **state)
{
	(void)state;
	struct loaded l = load("a: 1\r\nb: |\r\n  x\r\n  y\r\nc: 2\r\n");
	assert_true(l.good);
	struct yaml_text text;
	assert_true(yaml_text_of(&l.diags, yaml_get(l.documents[0], "b"), "b", &text));
	assert_string_equal(text.text, "x\ny\n");
	struct source_pos pos = yaml_text_pos(&text, 2, 1, 1);
	assert_int_equal(pos.line, 4);
	assert_int_equal(pos.column, 3);
	diag_list_free(&l.diags);
}

struct broken_row {
	const char *text, *code;
	uint32_t line, column;
};

static void broken_yaml_is_located(void **state)
{
	(void)state;
	static const struct broken_row rows[] = {
		{ "a: 1\n  b: 2\n", "E101", 2, 4 },
		{ "a: [1, 2\nb: 3\n", "E101", 2, 2 },
		{ "a:\n\t- x\n", "E101", 2, 1 },
		{ "a: \x01\n", "E101", 1, 4 },
		{ "a: \xff\n", "E101", 1, 4 },
		{ "a: 1\nb: 2\na: 3\n", "E106", 3, 1 },
		{ "? [x]\n: 1\n", "E107", 1, 3 },
		{ "a: *nobody\n", "E105", 1, 4 },
		{ "a: &x [*x]\n", "E105", 1, 8 },
		{ "<<: 5\n", "E108", 1, 5 },
		{ "a: \"x\\0y\"\n", "E102", 1, 4 },
		{ "a: 1\rb: 2\n", "E102", 1, 5 },
		{ "a: \xe2\x80\xa8 b\n", "E102", 1, 4 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loaded l = load(rows[i].text);
		assert_false(l.good);
		assert_diag(&l, rows[i].code, rows[i].line, rows[i].column);
		struct text out = { 0 };
		diag_print(&l.diags.items[0], &out, false);
		text_free(&out);
		diag_list_free(&l.diags);
	}
}

static void merge_keys(void **state)
{
	(void)state;
	struct loaded l = load("base: &b {kind: host, pods: 1}\nother: &o {pods: 2, z: 3}\n"
			       "n:\n  <<: [*b, *o]\n  kind: frr\n\"<<\": plain\n");
	assert_true(l.good);
	const struct yaml_node *n = yaml_get(l.documents[0], "n");
	assert_int_equal(n->count, 3);
	assert_true(yaml_is(yaml_get(n, "kind"), "frr"));
	assert_true(yaml_is(yaml_get(n, "pods"), "1"));
	assert_true(yaml_is(yaml_get(n, "z"), "3"));
	assert_true(yaml_is(yaml_get(l.documents[0], "<<"), "plain"));
	diag_list_free(&l.diags);
}

static void bombs_cost_nothing(void **state)
{
	(void)state;
	struct text text = { 0 };
	text_put(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 12; i++) {
		text_printf(&text, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			text_printf(&text, "%s*a%d", k ? "," : "", i - 1);
		text_put(&text, "]\n");
	}
	struct loaded l = load(text.data);
	assert_false(l.good);
	assert_diag(&l, "E103", 7, 10);
	diag_list_free(&l.diags);

	text_clear(&text);
	for (int i = 0; i < 5000; i++)
		text_char(&text, '[');
	l = load(text.data);
	assert_false(l.good);
	assert_diag(&l, "E104", 1, 64);
	diag_list_free(&l.diags);

	/* Depth by aliases: each level one deeper than the one before. */
	text_clear(&text);
	text_put(&text, "- &a0 x\n");
	for (int i = 1; i < 100; i++)
		text_printf(&text, "- &a%d [*a%d]\n", i, i - 1);
	l = load(text.data);
	assert_false(l.good);
	assert_diag(&l, "E104", 64, 9);
	diag_list_free(&l.diags);
	text_free(&text);
}

static void values(void **state)
{
	(void)state;
	int64_t ns = 0;
	uint64_t bps = 0;
	uint32_t ppm = 0;
	assert_true(duration_parse("1.5s", 4, &ns) && ns == 1500000000);
	assert_true(duration_parse("0.1ms", 5, &ns) && ns == 100000);
	assert_true(duration_parse("2m", 2, &ns) && ns == INT64_C(120000000000));
	assert_true(duration_parse("0", 1, &ns) && ns == 0);
	assert_true(duration_parse("-3s", 3, &ns) && ns == INT64_C(-3000000000));
	assert_false(duration_parse("5", 1, &ns));
	assert_false(duration_parse("1:30", 4, &ns));
	assert_false(duration_parse("0.5ns", 5, &ns));
	assert_false(duration_parse("99999999999999999999s", 21, &ns));
	assert_false(duration_parse("s", 1, &ns));
	assert_false(duration_parse(".5s", 3, &ns));
	assert_true(rate_parse("10gbit", 6, &bps) && bps == UINT64_C(10000000000));
	assert_true(rate_parse("1.5mbit", 7, &bps) && bps == 1500000);
	assert_false(rate_parse("10", 2, &bps));
	assert_true(percent_parse("0.1%", 4, &ppm) && ppm == 1000);
	assert_true(percent_parse("100%", 4, &ppm) && ppm == 1000000);
	assert_false(percent_parse("100.1%", 6, &ppm));
}

static void typed_getters_complain(void **state)
{
	(void)state;
	struct loaded l =
		load("n: 7\nq: \"7\"\nb: yes\nt: 30\nd: 1:30\nz:\nm: {a: 1, b: 2, namme: 3}\n");
	const struct yaml_node *doc = l.documents[0];
	static const char *const known[] = { "name", "kind", "a", NULL };
	int64_t n = 0;
	bool b;
	assert_true(yaml_int(&l.diags, yaml_get(doc, "n"), "n", 0, 10, &n) && n == 7);
	assert_false(yaml_int(&l.diags, yaml_get(doc, "n"), "n", 0, 6, &n));
	assert_false(yaml_int(&l.diags, yaml_get(doc, "q"), "q", 0, 10, &n));
	assert_false(yaml_bool(&l.diags, yaml_get(doc, "b"), "b", &b));
	assert_false(yaml_duration(&l.diags, yaml_get(doc, "t"), "t", &n));
	assert_false(yaml_duration(&l.diags, yaml_get(doc, "d"), "d", &n));
	assert_null(yaml_string(&l.diags, yaml_get(doc, "z"), "z"));
	assert_int_equal(l.diags.count, 6);
	yaml_known_keys(&l.diags, yaml_get(doc, "m"), known, "m");
	assert_int_equal(l.diags.count, 8);
	assert_null(l.diags.items[6].notes); /* "b" is near nothing */
	assert_string_equal(l.diags.items[7].notes->text, "did you mean \"name\"?");
	diag_list_free(&l.diags);
}

static void blocks_map_to_the_file(void **state)
{
	(void)state;
	struct loaded l = load("a: |\n\n    one\n      two 名\nb: >\n  x\nc: plain words\nd: \"in\n  two\"\n"
			       "e: &n !t\n  |-\n  deep\nf: 'q r'\n");
	const struct yaml_node *doc = l.documents[0];
	struct yaml_text text;
	assert_true(l.good);
	assert_true(yaml_text_of(&l.diags, yaml_get(doc, "a"), "a", &text));
	assert_string_equal(text.text, "\none\n  two 名\n");
	struct source_pos pos = yaml_text_at(&text, strstr(text.text, "名"), 3);
	assert_int_equal(pos.line, 4);
	assert_int_equal(pos.column, 11);
	assert_int_equal(pos.length, 1);
	assert_true(yaml_text_of(&l.diags, yaml_get(doc, "c"), "c", &text));
	pos = yaml_text_at(&text, text.text + 6, 5);
	assert_int_equal(pos.line, 7);
	assert_int_equal(pos.column, 10);
	assert_true(yaml_text_of(&l.diags, yaml_get(doc, "e"), "e", &text));
	pos = yaml_text_pos(&text, 1, 1, 4);
	assert_int_equal(pos.line, 12);
	assert_int_equal(pos.column, 3);
	assert_true(yaml_text_of(&l.diags, yaml_get(doc, "f"), "f", &text));
	assert_int_equal(yaml_text_pos(&text, 1, 3, 1).column, 7);
	assert_int_equal(l.diags.count, 0);
	assert_false(yaml_text_of(&l.diags, yaml_get(doc, "b"), "b", &text));
	assert_false(yaml_text_of(&l.diags, yaml_get(doc, "d"), "d", &text));
	assert_string_equal(l.diags.items[0].code, "E116");
	diag_list_free(&l.diags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(positions_count_characters),
		cmocka_unit_test(crlf_keeps_lines),
		cmocka_unit_test(broken_yaml_is_located),
		cmocka_unit_test(merge_keys),
		cmocka_unit_test(bombs_cost_nothing),
		cmocka_unit_test(values),
		cmocka_unit_test(typed_getters_complain),
		cmocka_unit_test(blocks_map_to_the_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
