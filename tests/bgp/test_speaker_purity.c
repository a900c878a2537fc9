/* The speaker reads no clock, opens no socket, writes no file: what its library leaves undefined is
 * on a short list, or defined by itself, base or xxHash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const allowed[] = {
	"malloc", "calloc", "realloc", "free", "memcpy", "memmove", "memset", "memcmp", "memchr", "bcmp",
	"strlen", "strcmp", "strncmp", "snprintf", "qsort", "qsort_r", "bsearch", "assert_failed",
	"_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail",
	/* what hardening turns the above into */
	"__memcpy_chk", "__memset_chk", "__memmove_chk", "__snprintf_chk",
};

/* What sanitizers and coverage add. */
static const char *const instruments[] = { "__asan_", "__ubsan_", "__sanitizer_", "__sancov_",
					   "__gcov_", "__llvm_", "__tsan_" };

#define SYMBOLS_MAX 8192
struct symbols {
	char names[SYMBOLS_MAX][96];
	size_t count;
};

static bool holds(const struct symbols *symbols, const char *name)
{
	for (size_t i = 0; i < symbols->count; i++)
		if (strcmp(symbols->names[i], name) == 0)
			return true;
	return false;
}

/* nm's table of one archive: the defined names to one list, the undefined ones to the other. */
static bool read_archive(const char *archive, struct symbols *defined, struct symbols *undefined)
{
	char command[1200], line[512], name[256], type;
	snprintf(command, sizeof(command), "nm -P '%s' 2>/dev/null", archive);
	FILE *pipe = popen(command, "r");
	bool any = false;
	if (!pipe)
		return false;
	while (fgets(line, sizeof(line), pipe)) {
		if (sscanf(line, "%255s %c", name, &type) != 2 || strchr(name, ':') ||
		    strchr(name, '['))
			continue;
		any = true;
		struct symbols *to = strchr("Uvw", type) ? undefined : defined;
		if (!to || holds(to, name))
			continue;
		assert_true(to->count < SYMBOLS_MAX);
		snprintf(to->names[to->count++], 96, "%.95s", name);
	}
	pclose(pipe);
	return any;
}

static bool is_instrument(const char *name)
{
	for (size_t i = 0; i < sizeof(instruments) / sizeof(instruments[0]); i++)
		if (strncmp(name, instruments[i], strlen(instruments[i])) == 0)
			return true;
	return false;
}

static void only_the_list(void **state)
{
	(void)state;
	static struct symbols bgp, base, wanted, unused;
	char folder[900], path[1000];
	ssize_t length = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	assert_true(length > 0);
	folder[length] = '\0';
	for (int up = 0; up < 2; up++) /* build/tests/this -> build */
		*strrchr(folder, '/') = '\0';
	snprintf(path, sizeof(path), "%s/libsimrun_bgp.a", folder);
	bool read = read_archive(path, &bgp, &wanted);
	snprintf(path, sizeof(path), "%s/libsimrun_base.a", folder);
	if (!read || !read_archive(path, &base, &unused)) {
		print_message("no archives or no nm here: %s\n", path);
		skip();
	}
	int judged = 0, bad = 0;
	for (size_t i = 0; i < wanted.count; i++) {
		const char *name = wanted.names[i];
		bool fine = holds(&bgp, name) || holds(&base, name) || is_instrument(name);
		for (size_t n = 0; n < sizeof(allowed) / sizeof(allowed[0]); n++)
			fine |= strcmp(allowed[n], name) == 0;
		if (!fine)
			print_error("bgp calls %s\n", name);
		bad += !fine;
		judged++;
	}
	assert_true(judged > 10);
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(only_the_list) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
