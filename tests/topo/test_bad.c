/* tests/topo/bad: broken scenarios, X.topo beside the diagnostics it must give, X.expected.
 * SIMRUN_UPDATE=1 writes the latter anew; read the difference before keeping it. */
#include <dirent.h>
#include <unistd.h>

#include "tests/topo/topo_test.h"

#define FOLDER SIMRUN_SOURCE "/tests/topo/bad"

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return NULL;
	static char buffer[1 << 16];
	size_t length = fread(buffer, 1, sizeof(buffer) - 1, file);
	fclose(file);
	buffer[length] = '\0';
	return buffer;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int judge(const char *name)
{
	char expected_path[300];
	struct diag_list diags;
	struct text out = { 0 };
	diag_list_init(&diags);
	const struct model *model = topo_load(&diags, name);
	diag_sort(&diags);
	for (size_t i = 0; i < diags.count; i++)
		diag_print(&diags.items[i], &out, false);
	text_printf(&out, "%zu errors, %zu warnings\n", diags.errors, diags.warnings);
	snprintf(expected_path, sizeof(expected_path), "%.*s.expected", (int)(strlen(name) - 5),
		 name);
	if (getenv("SIMRUN_UPDATE"))
		write_file(expected_path, text_string(&out));
	const char *expected = read_file(expected_path);
	int failed = !expected || strcmp(expected, text_string(&out)) != 0 ||
		     (model != NULL) != (diags.errors == 0);
	if (failed)
		print_message("%s: got\n%s", name, text_string(&out));
	text_free(&out);
	diag_list_free(&diags);
	return failed;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void broken_scenarios(void **state)
{
	char *names[500];
	size_t count = 0;
	int failed = 0;
	(void)state;
	assert_int_equal(chdir(FOLDER), 0);
	DIR *folder = opendir(".");
	assert_non_null(folder);
	for (struct dirent *entry; (entry = readdir(folder)) && count < 500;) {
		size_t length = strlen(entry->d_name);
		if (length > 5 && strcmp(entry->d_name + length - 5, ".topo") == 0)
			names[count++] = strdup(entry->d_name);
	}
	closedir(folder);
	qsort(names, count, sizeof(names[0]), by_name);
	for (size_t i = 0; i < count; i++) {
		failed += judge(names[i]);
		free(names[i]);
	}
	print_message("%zu broken scenarios\n", count);
	assert_true(count >= 20);
	assert_int_equal(failed, 0);
}

/* Whatever a file says, its code is in the registry. */
static void codes_are_known(void **state)
{
	(void)state;
	size_t count = 0;
	for (; topo_code_at(count); count++) {
		const struct topo_code *code = topo_code_at(count);
		assert_int_equal(strlen(code->code), 4);
		assert_true(strlen(code->title) > 0 && strlen(code->text) > 0);
		for (size_t i = 0; i < count; i++)
			assert_string_not_equal(topo_code_at(i)->code, code->code);
	}
	assert_true(count > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_scenarios),
		cmocka_unit_test(codes_are_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
