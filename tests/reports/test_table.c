/* The table of `calicoctl node status` against worked examples of the library that prints it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <glob.h>
#include <jansson.h>
#include <cmocka.h>

#include "reports/table.h"

static const char *const headers[] = { "PEER ADDRESS", "PEER TYPE", "STATE", "SINCE", "INFO" };

/* The table the seed document prints for k8s-1. */
static void test_seed_table(void **state)
{
	(void)state;
	static const char *const cells[] = {
		"172.31.13.116", "node specific", "up", "07:52:37", "Established",
		"172.31.13.28",	 "node specific", "up", "07:54:35", "Established",
		"172.31.13.29",	 "node specific", "up", "07:54:35", "Established",
	};
	struct text out;
	text_init(&out);
	table_print(headers, 5, cells, 3, &out);
	assert_string_equal(
		text_string(&out),
		"+---------------+---------------+-------+----------+-------------+\n"
		"| PEER ADDRESS  |   PEER TYPE   | STATE |  SINCE   |    INFO     |\n"
		"+---------------+---------------+-------+----------+-------------+\n"
		"| 172.31.13.116 | node specific | up    | 07:52:37 | Established |\n"
		"| 172.31.13.28  | node specific | up    | 07:54:35 | Established |\n"
		"| 172.31.13.29  | node specific | up    | 07:54:35 | Established |\n"
		"+---------------+---------------+-------+----------+-------------+\n");
	text_free(&out);
}

static void test_wrapping(void **state)
{
	(void)state;
	static const char *const cells[] = { "172.31.13.28", "node specific", "start", "08:10:02",
					     "Connect Received: Administrative shutdown" };
	struct text out;
	text_init(&out);
	table_print(headers, 5, cells, 1, &out);
	assert_non_null(strstr(text_string(&out),
			       "| Connect Received:              |\n"
			       "|              |               |       |          | "
			       "Administrative shutdown        |\n"));
	text_free(&out);
}

static char *whole_file(const char *path)
{
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	char *text = calloc(1, 65536);
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

static void one_example(const char *rows_path)
{
	json_t *rows = json_load_file(rows_path, 0, NULL);
	assert_non_null(rows);
	size_t count = json_array_size(rows);
	const char **cells = calloc(count * 5 + 1, sizeof(*cells));
	for (size_t i = 0; i < count * 5; i++)
		cells[i] = json_string_value(json_array_get(json_array_get(rows, i / 5), i % 5));
	struct text out;
	text_init(&out);
	if (count)
		table_print(headers, 5, cells, count, &out);
	else
		text_put(&out, "No IPv4 peers found.\n");
	char path[4096];
	snprintf(path, sizeof(path), "%.*s.tablewriter.txt",
		 (int)(strlen(rows_path) - strlen(".rows.json")), rows_path);
	char *expected = whole_file(path);
	char *body = strstr(expected, "BGP status\n");
	assert_non_null(body);
	assert_string_equal(text_string(&out), body + strlen("BGP status\n"));
	free(expected);
	free(cells);
	text_free(&out);
	json_decref(rows);
}

static void test_worked_examples(void **state)
{
	(void)state;
	glob_t found;
	if (glob(SIMRUN_SHARED "/calico/data/node-status/*.rows.json", 0, NULL, &found) != 0) {
		print_message("shared data not here: worked examples not compared\n");
		skip();
	}
	assert_true(found.gl_pathc > 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		one_example(found.gl_pathv[i]);
	print_message("%zu worked examples\n", found.gl_pathc);
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_seed_table),
					    cmocka_unit_test(test_wrapping),
					    cmocka_unit_test(test_worked_examples) };
	return cmocka_run_group_tests_name("reports/table", tests, NULL, NULL);
}
