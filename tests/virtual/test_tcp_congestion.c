/* The two leaves that decide how much and how long: windows and timeouts, by themselves. */
#include "sim/virtual/tcp_congestion.h"
#include "sim/virtual/tcp_rto.h"
#include "tests/virtual/tcp_pair.h"

#define MSS 1000u

static void test_slow_start(void **state)
{
	(void)state;
	struct tcp_congestion c;
	tcp_congestion_init(&c, MSS, 0);
	assert_int_equal(tcp_congestion_window(&c), 10 * MSS);
	tcp_congestion_acked(&c, 2 * MSS, 2 * MSS, 10 * MSS, 10 * MSS);
	assert_int_equal(c.window, 12 * MSS);
	/* A window that is not used does not grow. */
	tcp_congestion_acked(&c, 3 * MSS, MSS, 5 * MSS, 10 * MSS);
	assert_int_equal(c.window, 12 * MSS);
}

static void test_avoidance(void **state)
{
	(void)state;
	struct tcp_congestion c;
	tcp_congestion_init(&c, MSS, 0);
	c.threshold = c.window;
	for (uint32_t i = 1; i <= 10; i++) { /* one more segment in a round trip */
		assert_int_equal(c.window, 10 * MSS);
		tcp_congestion_acked(&c, i * MSS, MSS, 10 * MSS, (10 + i) * MSS);
	}
	assert_int_equal(c.window, 11 * MSS);
	tcp_congestion_acked(&c, 11 * MSS, 11 * MSS, 4 * MSS, 20 * MSS); /* not in use */
	assert_int_equal(c.avoided, 0);
}

static void test_recovery(void **state)
{
	(void)state;
	struct tcp_congestion c;
	tcp_congestion_init(&c, MSS, 0);
	uint32_t max = 10 * MSS;
	assert_false(tcp_congestion_duplicate(&c, 0, max, max));
	assert_int_equal(tcp_congestion_window(&c), 11 * MSS); /* limited transmit */
	assert_false(tcp_congestion_duplicate(&c, 0, max, max));
	assert_int_equal(tcp_congestion_window(&c), 12 * MSS);
	assert_true(tcp_congestion_duplicate(&c, 0, max, max));
	assert_int_equal(c.threshold, 5 * MSS);
	assert_int_equal(tcp_congestion_window(&c), 8 * MSS);
	assert_false(tcp_congestion_duplicate(&c, 0, max, max));
	assert_int_equal(tcp_congestion_window(&c), 9 * MSS);
	assert_true(tcp_congestion_acked(&c, 4 * MSS, 4 * MSS, max, max)); /* partial */
	assert_int_equal(tcp_congestion_window(&c), 6 * MSS);
	assert_false(tcp_congestion_acked(&c, max, 6 * MSS, 6 * MSS, max + 3 * MSS));
	assert_false(c.recovering);
	assert_int_equal(tcp_congestion_window(&c), 4 * MSS); /* what is in flight, plus one */
}

static void test_timeout(void **state)
{
	(void)state;
	struct tcp_congestion c;
	tcp_congestion_init(&c, MSS, 0);
	tcp_congestion_timeout(&c, 10 * MSS, 10 * MSS, true);
	assert_int_equal(c.threshold, 5 * MSS);
	assert_int_equal(c.window, MSS);
	tcp_congestion_timeout(&c, 2 * MSS, 10 * MSS, false);
	assert_int_equal(c.threshold, 5 * MSS); /* one loss, one halving */
	for (int i = 0; i < 3; i++) /* of what is sent again: no second recovery */
		assert_false(tcp_congestion_duplicate(&c, 5 * MSS, 2 * MSS, 10 * MSS));
}

static void test_idle(void **state)
{
	(void)state;
	struct tcp_congestion c;
	tcp_congestion_init(&c, MSS, 0);
	c.window = 80 * MSS;
	tcp_congestion_idle(&c, 200 * MS, 200 * MS);
	assert_int_equal(c.window, 80 * MSS);
	tcp_congestion_idle(&c, 450 * MS, 200 * MS); /* two and a quarter timeouts */
	assert_int_equal(c.window, 20 * MSS);
	tcp_congestion_idle(&c, 3600 * S, 200 * MS);
	assert_int_equal(c.window, 10 * MSS);
}

static void test_rto(void **state)
{
	(void)state;
	struct tcp_rto rto;
	tcp_rto_init(&rto);
	assert_int_equal(tcp_rto_now(&rto), 1 * S);
	tcp_rto_measured(&rto, 10 * MS);
	assert_int_equal(tcp_rto_now(&rto), 210 * MS); /* 4 * 5 ms is below the minimum */
	tcp_rto_init(&rto);
	tcp_rto_measured(&rto, 400 * MS);
	assert_int_equal(tcp_rto_now(&rto), 1200 * MS); /* R + 4 * R/2 */
	tcp_rto_measured(&rto, 480 * MS); /* RFC 6298 (2.3): 0.75 * 200 + 0.25 * 80; 400 + 80/8 */
	assert_int_equal(rto.variation_ns, 170 * MS);
	assert_int_equal(tcp_rto_now(&rto), 410 * MS + 680 * MS);
	for (int i = 0; i < 100; i++)
		tcp_rto_back_off(&rto);
	assert_int_equal(tcp_rto_now(&rto), 120 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_start),
		cmocka_unit_test(test_avoidance),
		cmocka_unit_test(test_recovery),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_rto),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
