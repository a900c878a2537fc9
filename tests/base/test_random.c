#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/random.h"

static void test_streams_are_apart(void **state)
{
	(void)state;
	struct random_stream a = random_stream_of(1, "k8s-1", "hold"), again = a;
	struct random_stream other = random_stream_of(1, "k8s-2", "hold");
	struct random_stream purpose = random_stream_of(1, "k8s-1", "keepalive");
	struct random_stream seed = random_stream_of(2, "k8s-1", "hold");
	uint64_t first = random_u64(&a);
	assert_int_equal(first, random_u64(&again));
	assert_int_not_equal(first, random_u64(&other));
	assert_int_not_equal(first, random_u64(&purpose));
	assert_int_not_equal(first, random_u64(&seed));
	assert_int_not_equal(first, random_u64(&a));
}

/* Pinned: another value here means every recorded digest is void. */
static void test_known_values(void **state)
{
	(void)state;
	struct random_stream a = random_stream_of(1, "k8s-1", "hold");
	uint64_t x = random_u64(&a), y = random_u64(&a);
	assert_int_equal(x, UINT64_C(0x8e5927016817f81e));
	assert_int_equal(y, UINT64_C(0x8ca6848868b681e2));
}

static void test_bounds(void **state)
{
	(void)state;
	struct random_stream a = random_stream_of(3, "x", "y");
	int hit[5] = { 0 };
	for (int i = 0; i < 5000; i++) {
		int64_t v = random_between(&a, -2, 2);
		assert_in_range(v + 2, 0, 4);
		hit[v + 2]++;
	}
	for (int i = 0; i < 5; i++)
		assert_in_range(hit[i], 850, 1150);
	assert_int_equal(random_between(&a, 7, 7), 7);
	(void)random_between(&a, INT64_MIN, INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_streams_are_apart),
					    cmocka_unit_test(test_known_values),
					    cmocka_unit_test(test_bounds) };
	return cmocka_run_group_tests_name("base/random", tests, NULL, NULL);
}
