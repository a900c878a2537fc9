/* Data on its way: segments, acknowledgments, windows, loss. */
#include "tests/virtual/tcp_pair.h"

static void test_segments(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	uint8_t *bytes = pattern_new(4000, 1);
	for (int i = 0; i < 40; i++) /* many writes in one instant share segments */
		assert_true(tcp_send(p.host[0], p.connection[0], bytes + i * 100, 100));
	int64_t start = p.now.ns;
	pair_run(&p, start + 1 * S);
	static const uint32_t lengths[] = { 1460, 1460, 1080 };
	size_t n = 0;
	for (size_t i = 0; i < p.seen_count; i++) {
		if (p.seen[i].from != 0)
			continue;
		assert_true(n < 3);
		assert_int_equal(p.seen[i].length, lengths[n]);
		assert_int_equal(!!(p.seen[i].flags & TCP_PSH), n == 2);
		assert_int_equal(p.seen[i].ns, start);
		n++;
	}
	assert_int_equal(n, 3);
	assert_got(&p, 1, bytes, 4000);
	assert_int_equal(p.sent_bytes[0], 4000);
	assert_int_equal(tcp_unacknowledged(p.host[0], p.connection[0]), 0);
	assert_true(tcp_quiet(p.host[0]) && tcp_quiet(p.host[1]));
	free(bytes);
	pair_free(&p);
}

static void released(void *context) { ++*(int *)context; }

static void test_borrowed(void **state)
{
	(void)state;
	struct pair p;
	int count = 0;
	pair_init(&p);
	pair_connect(&p, NULL);
	uint8_t *bytes = pattern_new(5000, 2);
	assert_true(tcp_send(p.host[0], p.connection[0], "x", 1));
	for (int i = 0; i < 5; i++)
		tcp_send_borrowed(p.host[0], p.connection[0], bytes + i * 1000, 1000, released,
				  &count);
	assert_true(tcp_send(p.host[0], p.connection[0], "y", 1));
	pair_poll(&p);
	assert_int_equal(count, 0);
	pair_run(&p, 1 * S);
	assert_int_equal(count, 5);
	assert_int_equal(p.got[1].length, 5002);
	assert_memory_equal(p.got[1].data + 1, bytes, 5000);
	assert_int_equal(p.got[1].data[5001], 'y');
	/* Nobody left to send it: released all the same, at once or when the host goes. */
	tcp_send_borrowed(p.host[0], p.connection[0], bytes, 10, released, &count);
	tcp_abort(p.host[0], p.now, p.connection[0]);
	assert_int_equal(count, 6);
	assert_false(tcp_send_borrowed(p.host[0], p.connection[0], bytes, 10, released, &count));
	assert_int_equal(count, 7);
	tcp_send_borrowed(p.host[1], p.connection[1], bytes, 10, released, &count);
	pair_free(&p);
	assert_int_equal(count, 8);
	free(bytes);
}

static void nagle_case(bool nodelay, int64_t second_ns)
{
	struct pair p;
	pair_init(&p);
	pair_connect(&p, &(struct tcp_options){ .nodelay = nodelay });
	int64_t start = p.now.ns;
	tcp_send(p.host[0], p.connection[0], "one", 3);
	pair_run(&p, start + 1 * MS);
	tcp_send(p.host[0], p.connection[0], "two", 3);
	pair_run(&p, start + 2 * MS);
	tcp_send(p.host[0], p.connection[0], "three", 5);
	pair_run(&p, start + 1 * S);
	assert_got(&p, 1, "onetwothree", 11);
	size_t n = 0;
	for (size_t i = 0; i < p.seen_count; i++)
		if (p.seen[i].from == 0 && p.seen[i].length > 0 && n++ == 1)
			assert_int_equal(p.seen[i].ns - start, second_ns);
	assert_int_equal(n, nodelay ? 3 : 2);
	pair_free(&p);
}

static void test_nagle(void **state)
{
	(void)state;
	nagle_case(false, 10 * MS); /* with the quick ACK of the first */
	nagle_case(true, 1 * MS);
}

static void test_delayed_ack(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	/* A question and its answer make the connection a conversation: then ACKs wait 40 ms. */
	tcp_send(p.host[0], p.connection[0], "ask", 3);
	pair_run(&p, p.now.ns + 5 * MS);
	tcp_send(p.host[1], p.connection[1], "answer", 6);
	pair_run(&p, p.now.ns + 1 * MS);
	tcp_send(p.host[1], p.connection[1], "!", 1);
	pair_run(&p, 500 * MS);
	tcp_send(p.host[1], p.connection[1], "tick", 4);
	pair_run(&p, 506 * MS);
	tcp_send(p.host[0], p.connection[0], "tock", 4); /* within 40 ms: ping pong */
	pair_run(&p, 800 * MS);
	p.seen_count = 0;
	tcp_send(p.host[1], p.connection[1], "tick", 4);
	pair_run(&p, 2 * S);
	assert_int_equal(p.seen_count, 2);
	assert_int_equal(p.seen[1].from, 0);
	assert_int_equal(p.seen[1].length, 0);
	assert_int_equal(p.seen[1].ns - p.seen[0].ns, 45 * MS);
	/* Having waited in vain, it waits no more: the next is answered at once. */
	pair_run(&p, 2100 * MS);
	p.seen_count = 0;
	tcp_send(p.host[1], p.connection[1], "tick", 4);
	pair_run(&p, 2120 * MS);
	assert_int_equal(p.seen_count, 2);
	assert_int_equal(p.seen[1].ns - p.seen[0].ns, 5 * MS);
	/* Every second full segment is acknowledged at once, even in a conversation. */
	tcp_send(p.host[0], p.connection[0], "tock", 4);
	pair_run(&p, 2600 * MS);
	uint8_t *bytes = pattern_new(1460 * 5, 1);
	p.seen_count = 0;
	tcp_send(p.host[1], p.connection[1], bytes, 1460 * 5);
	pair_run(&p, 2800 * MS);
	assert_int_equal(p.seen_count, 8);
	for (size_t i = 5; i < 8; i++)
		assert_int_equal(p.seen[i].ns - p.seen[0].ns, i < 7 ? 5 * MS : 45 * MS);
	free(bytes);
	pair_free(&p);
}

/* Each expiry doubles; the first is the measured round trip (10 ms) + 200 ms. */
static void test_rto(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	int64_t start = p.now.ns;
	p.cut[0] = true;
	tcp_send(p.host[0], p.connection[0], "lost", 4);
	pair_run(&p, start + 2000 * S);
	int64_t at = start, timeout = 210 * MS;
	assert_int_equal(p.seen_count, 16);
	for (int i = 0; i < 16; i++) {
		assert_int_equal(p.seen[i].ns, at);
		assert_int_equal(p.seen[i].length, 4);
		at += timeout;
		timeout = timeout * 2 > 120 * S ? 120 * S : timeout * 2;
	}
	assert_int_equal(p.closed[0], 1);
	assert_int_equal(p.reason[0], TCP_CLOSE_TIMED_OUT);
	assert_int_equal(p.closed_ns[0], at);
	assert_true(at - start > 924 * S && at - start < 940 * S);
	assert_int_equal(tcp_counters(p.host[0])->retransmitted, 15);
	pair_free(&p);
}

static void test_rto_recovers(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	uint8_t *bytes = pattern_new(20000, 4);
	p.cut[0] = true;
	tcp_send(p.host[0], p.connection[0], bytes, 20000);
	int64_t start = p.now.ns;
	pair_run(&p, start + 20 * S); /* sent at 0.21, 0.63, 1.47, 3.15, 6.51, 13.23 */
	p.cut[0] = false;
	pair_run(&p, start + 26 * S);
	assert_int_equal(p.got[1].length, 0);
	pair_run(&p, start + 28 * S); /* 26.67 */
	assert_got(&p, 1, bytes, 20000);
	/* An answer puts the timeout back to where it was. */
	p.seen_count = 0;
	p.cut[0] = true;
	tcp_send(p.host[0], p.connection[0], "x", 1);
	pair_run(&p, start + 28 * S + 250 * MS);
	assert_int_equal(p.seen_count, 2);
	free(bytes);
	pair_free(&p);
}

/* ARP for a dead neighbour fails every three seconds: the timer does not run away meanwhile. */
static void test_unreachable_later(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	tcp_send(p.host[0], p.connection[0], "lost", 4);
	p.cut[0] = true;
	int64_t start = p.now.ns;
	pair_run(&p, start + 10 * S);
	assert_int_equal(p.seen_count, 6); /* 0, .21, .63, 1.47, 3.15, 6.51; next 13.23 */
	uint32_t sequence = p.seen[0].sequence;
	for (size_t i = 0; i < p.seen_count; i++)
		assert_int_equal(p.seen[i].sequence, sequence);
	/* Last sent at 6.51, one doubling less means 3.36 s later: 9.87, which is past: now. */
	tcp_unreachable(p.host[0], p.now, p.address[0], p.seen[0].source_port, p.address[1], PORT,
			sequence, TCP_UNREACHABLE_HOST);
	assert_int_equal(tcp_next_wakeup(p.host[0]).ns, p.now.ns);
	pair_poll(&p);
	tcp_time_reached(p.host[0], p.now);
	pair_poll(&p);
	assert_int_equal(p.seen_count, 7);
	struct instant next = tcp_next_wakeup(p.host[0]);
	tcp_unreachable(p.host[0], p.now, p.address[0], p.seen[0].source_port, p.address[1], PORT,
			sequence, TCP_UNREACHABLE_HOST); /* no route of our own: nothing changes */
	assert_int_equal(tcp_next_wakeup(p.host[0]).ns, next.ns);
	pair_run(&p, start + 11 * S);
	assert_int_equal(p.seen_count, 7);
	assert_int_equal(p.closed[0], 0);
	pair_run(&p, start + 2000 * S);
	assert_int_equal(p.reason[0], TCP_CLOSE_UNREACHABLE);
	pair_free(&p);
}

static void test_fast_retransmit(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	uint8_t *bytes = pattern_new(1460 * 10, 5);
	p.drop_mask[0] = 1 << 2; /* the third of ten */
	tcp_send(p.host[0], p.connection[0], bytes, 1460 * 10);
	int64_t start = p.now.ns;
	pair_run(&p, start + 5 * S);
	assert_got(&p, 1, bytes, 1460 * 10);
	assert_int_equal(tcp_counters(p.host[0])->fast_retransmits, 1);
	assert_int_equal(tcp_counters(p.host[0])->timeouts, 0);
	assert_int_equal(tcp_counters(p.host[0])->retransmitted, 1);
	size_t last = 0;
	for (size_t i = 0; i < p.seen_count; i++)
		if (p.seen[i].from == 0)
			last = i;
	assert_int_equal(p.seen[last].sequence, p.seen[0].sequence + 2 * 1460);
	assert_int_equal(p.seen[last].ns, start + 10 * MS); /* one round trip, not a timeout */
	free(bytes);
	pair_free(&p);
}

/* Two holes in one window: the partial acknowledgment repairs the second (RFC 6582). */
static void test_new_reno(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	uint8_t *bytes = pattern_new(1460 * 10, 5);
	p.drop_mask[0] = 1 << 1 | 1 << 4;
	tcp_send(p.host[0], p.connection[0], bytes, 1460 * 10);
	int64_t start = p.now.ns;
	pair_run(&p, start + 100 * MS);
	assert_got(&p, 1, bytes, 1460 * 10);
	assert_int_equal(tcp_counters(p.host[0])->fast_retransmits, 1);
	assert_int_equal(tcp_counters(p.host[0])->timeouts, 0);
	assert_int_equal(tcp_counters(p.host[0])->retransmitted, 2);
	free(bytes);
	pair_free(&p);
}

static void test_slow_start(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	uint8_t *bytes = pattern_new(1460 * 30, 5);
	tcp_send(p.host[0], p.connection[0], bytes, 1460 * 30);
	pair_poll(&p);
	assert_int_equal(p.seen_count, 10); /* the initial window */
	pair_run(&p, 1 * S);
	assert_got(&p, 1, bytes, 1460 * 30);
	/* The second round trip carries twenty: done after two. */
	size_t last = 0;
	for (size_t i = 0; i < p.seen_count; i++)
		if (p.seen[i].from == 0)
			last = i;
	assert_int_equal(p.seen[last].ns, p.seen[0].ns + 10 * MS);
	free(bytes);
	pair_free(&p);
}

/* ---- a process that hangs ------------------------------------------------------------------ */

static void hung_case(bool whole_host)
{
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	uint8_t *bytes = pattern_new(200000, 6);
	if (whole_host)
		tcp_host_set_reading(p.host[1], p.now, false);
	else
		tcp_set_reading(p.host[1], p.now, p.connection[1], false);
	tcp_send(p.host[0], p.connection[0], bytes, 200000);
	int64_t start = p.now.ns;
	pair_run(&p, start + 300 * S);
	assert_int_equal(p.got[1].length, 0);
	assert_int_equal(p.closed[0], 0);
	assert_in_range(p.sent_bytes[0], 58000, 64256); /* the kernel took a window's worth */
	size_t probes = 0;
	for (size_t i = 0; i < p.seen_count; i++)
		probes += p.seen[i].from == 0 && p.seen[i].length == 0 &&
			  p.seen[i].ns > start + 100 * MS;
	assert_in_range(probes, 8, 14); /* 0.2, 0.4, ... 102, 120 s apart */
	assert_int_equal(p.seen[p.seen_count - 1].window, 0);
	if (whole_host)
		tcp_host_set_reading(p.host[1], p.now, true);
	else
		tcp_set_reading(p.host[1], p.now, p.connection[1], true);
	/* The window update wakes the sender: no probe has to be waited for. */
	pair_run(&p, start + 301 * S);
	assert_got(&p, 1, bytes, 200000);
	assert_int_equal(tcp_counters(p.host[0])->timeouts, 0);
	free(bytes);
	pair_free(&p);
}

static void test_hung(void **state)
{
	(void)state;
	hung_case(true);
	hung_case(false);
}

/* The update itself is lost: the next probe finds the window open. */
static void test_window_update_lost(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	uint8_t *bytes = pattern_new(100000, 6);
	tcp_host_set_reading(p.host[1], p.now, false);
	tcp_send(p.host[0], p.connection[0], bytes, 100000);
	pair_run(&p, 10 * S);
	p.cut[1] = true;
	tcp_host_set_reading(p.host[1], p.now, true);
	pair_run(&p, 10 * S + 1 * MS);
	p.cut[1] = false;
	assert_true(p.got[1].length < 100000);
	pair_run(&p, 60 * S);
	assert_got(&p, 1, bytes, 100000);
	free(bytes);
	pair_free(&p);
}

static void test_probes_unanswered(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	uint8_t *bytes = pattern_new(100000, 6);
	tcp_host_set_reading(p.host[1], p.now, false);
	tcp_send(p.host[0], p.connection[0], bytes, 100000);
	pair_run(&p, 10 * S);
	p.cut[1] = true;
	pair_run(&p, 3000 * S);
	assert_int_equal(p.closed[0], 1);
	assert_int_equal(p.reason[0], TCP_CLOSE_TIMED_OUT);
	free(bytes);
	pair_free(&p);
}

/* ---- bad weather --------------------------------------------------------------------------- */

static bool drop_tenth(struct pair *p, const struct seen *segment)
{
	(void)segment;
	return random_below(&p->random, 10) == 0;
}

static int64_t delay_any(struct pair *p, const struct seen *segment)
{
	(void)segment;
	return random_between(&p->random, 1 * MS, 8 * MS);
}

static void test_megabyte(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		struct pair p;
		pair_init(&p);
		pair_connect(&p, NULL);
		p.random = random_stream_of(seed, "pipe", "loss");
		p.drop = drop_tenth;
		if (seed % 2)
			p.delay = delay_any; /* and out of order */
		uint8_t *bytes = pattern_new(1 << 20, (uint32_t)seed);
		tcp_send(p.host[0], p.connection[0], bytes, 1 << 20);
		pair_run(&p, 3000 * S);
		assert_got(&p, 1, bytes, 1 << 20);
		assert_int_equal(p.sent_bytes[0], 1 << 20);
		assert_true(tcp_counters(p.host[0])->fast_retransmits > 0);
		assert_true(tcp_quiet(p.host[0]) && tcp_quiet(p.host[1]));
		free(bytes);
		pair_free(&p);
	}
}

static void test_reordering(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	p.delay = delay_any;
	uint8_t *bytes = pattern_new(300000, 9);
	tcp_send(p.host[0], p.connection[0], bytes, 300000);
	pair_run(&p, 100 * S);
	assert_got(&p, 1, bytes, 300000);
	free(bytes);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_borrowed),
		cmocka_unit_test(test_nagle),
		cmocka_unit_test(test_delayed_ack),
		cmocka_unit_test(test_rto),
		cmocka_unit_test(test_rto_recovers),
		cmocka_unit_test(test_unreachable_later),
		cmocka_unit_test(test_fast_retransmit),
		cmocka_unit_test(test_new_reno),
		cmocka_unit_test(test_slow_start),
		cmocka_unit_test(test_hung),
		cmocka_unit_test(test_window_update_lost),
		cmocka_unit_test(test_probes_unanswered),
		cmocka_unit_test(test_megabyte),
		cmocka_unit_test(test_reordering),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
