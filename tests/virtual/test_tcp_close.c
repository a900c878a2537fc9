/* How connections end: FIN, RST, TIME-WAIT, a process that dies; and what must not end them. */
#include "base/buf.h"
#include "tests/virtual/tcp_pair.h"

static void test_fin(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	tcp_id here = p.connection[0], there = p.connection[1];
	int64_t start = p.now.ns;
	tcp_send(p.host[0], here, "bye", 3);
	tcp_close(p.host[0], p.now, here);
	assert_false(tcp_send(p.host[0], here, "more", 4)); /* it is not ours any more */
	pair_run(&p, start + 20 * MS);
	assert_int_equal(p.seen[0].flags, TCP_FIN | TCP_ACK | TCP_PSH); /* rides on the data */
	assert_got(&p, 1, "bye", 3);
	assert_int_equal(p.fins[1], 1);
	assert_int_equal(p.closed[1], 0);
	assert_int_equal(tcp_connection_state(p.host[1], there), TCP_CLOSE_WAIT);
	pair_run(&p, start + 100 * MS);
	assert_int_equal(tcp_connection_state(p.host[0], here), TCP_FIN_WAIT_2);
	p.seen_count = 0;
	tcp_close(p.host[1], p.now, there);
	pair_run(&p, start + 200 * MS);
	assert_int_equal(p.seen_count, 2);
	assert_int_equal(p.seen[0].flags, TCP_FIN | TCP_ACK);
	assert_int_equal(p.seen[1].flags, TCP_ACK);
	assert_int_equal(tcp_connection_state(p.host[0], here), TCP_TIME_WAIT);
	assert_int_equal(tcp_connection_count(p.host[1]), 0);
	assert_true(tcp_quiet(p.host[0]) && tcp_quiet(p.host[1]));
	int64_t over = start + 100 * MS + 5 * MS + 60 * S;
	assert_int_equal(tcp_next_wakeup(p.host[0]).ns, over);
	pair_run(&p, over);
	assert_int_equal(tcp_connection_count(p.host[0]), 0);
	assert_int_equal(p.closed[0] + p.closed[1], 0); /* both had closed: nobody to tell */
	pair_free(&p);
}

/* The daemon answers a FIN with its own in the same instant: three segments, not four. */
static void close_on_fin(struct pair *p, int side, const struct tcp_event *event)
{
	if (event->kind == TCP_EVENT_PEER_FIN)
		tcp_close(p->host[side], p->now, event->connection);
}

static void test_fin_answered(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	p.on_event = close_on_fin;
	tcp_close(p.host[0], p.now, p.connection[0]);
	pair_run(&p, 1 * S);
	assert_int_equal(p.seen_count, 3);
	assert_int_equal(p.seen[1].flags, TCP_FIN | TCP_ACK);
	assert_int_equal(tcp_connection_count(p.host[1]), 0);
	pair_free(&p);
}

static void test_half_close(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	tcp_shutdown(p.host[0], p.now, p.connection[0]);
	pair_run(&p, 100 * MS);
	assert_int_equal(p.fins[1], 1);
	assert_false(tcp_send(p.host[0], p.connection[0], "no", 2));
	uint8_t *bytes = pattern_new(50000, 1);
	tcp_send(p.host[1], p.connection[1], bytes, 50000);
	pair_run(&p, 100 * S); /* FIN-WAIT-2 has no limit while somebody reads */
	assert_got(&p, 0, bytes, 50000);
	tcp_shutdown(p.host[1], p.now, p.connection[1]);
	pair_run(&p, 101 * S);
	assert_int_equal(p.fins[0], 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p.closed[i], 1);
		assert_int_equal(p.reason[i], TCP_CLOSE_FIN);
	}
	assert_int_equal(tcp_connection_count(p.host[0]), 1);
	assert_int_equal(tcp_connection_count(p.host[1]), 0);
	pair_run(&p, 200 * S);
	assert_int_equal(tcp_connection_count(p.host[0]), 0);
	free(bytes);
	pair_free(&p);
}

static void test_both_close(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	for (int i = 0; i < 2; i++)
		tcp_close(p.host[i], p.now, p.connection[i]);
	pair_run(&p, 5 * MS + p.now.ns);
	assert_int_equal(tcp_connection_state(p.host[0], p.connection[0]), TCP_CLOSING);
	pair_run(&p, 1 * S);
	for (int i = 0; i < 2; i++)
		assert_int_equal(tcp_connection_state(p.host[i], p.connection[i]), TCP_TIME_WAIT);
	pair_run(&p, 62 * S);
	assert_int_equal(tcp_connection_count(p.host[0]) + tcp_connection_count(p.host[1]), 0);
	pair_free(&p);
}

static void test_lost_fins(void **state)
{
	(void)state;
	for (uint32_t mask = 0; mask < 64; mask++) {
		struct pair p;
		pair_init(&p);
		pair_connect(&p, NULL);
		p.on_event = close_on_fin;
		p.drop_mask[0] = mask & 7;
		p.drop_mask[1] = mask >> 3;
		tcp_send(p.host[0], p.connection[0], "bye", 3);
		tcp_close(p.host[0], p.now, p.connection[0]);
		pair_run(&p, 200 * S);
		assert_got(&p, 1, "bye", 3);
		assert_int_equal(p.fins[1], 1);
		assert_int_equal(tcp_connection_count(p.host[0]), 0);
		assert_int_equal(tcp_connection_count(p.host[1]), 0);
		pair_free(&p);
	}
}

static void test_orphan_limits(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	int64_t start = p.now.ns;
	tcp_close(p.host[0], p.now, p.connection[0]); /* the other side never closes */
	pair_run(&p, start + 60 * S);
	assert_int_equal(tcp_connection_state(p.host[0], p.connection[0]), TCP_FIN_WAIT_2);
	pair_run(&p, start + 61 * S);
	assert_int_equal(tcp_connection_count(p.host[0]), 0);
	tcp_close(p.host[1], p.now, p.connection[1]); /* its FIN finds nobody */
	pair_run(&p, start + 62 * S);
	assert_int_equal(seen_count(&p, 0, TCP_RST), 1);
	assert_int_equal(tcp_connection_count(p.host[1]), 0);
	pair_free(&p);

	pair_init(&p);
	pair_connect(&p, NULL);
	start = p.now.ns;
	p.cut[0] = true;
	tcp_close(p.host[0], p.now, p.connection[0]);
	pair_run(&p, start + 100 * S);
	assert_int_equal(tcp_connection_count(p.host[0]), 1);
	pair_run(&p, start + 120 * S); /* 0.21 s * (2^9 - 1) = 107.3 s */
	assert_int_equal(tcp_connection_count(p.host[0]), 0);
	pair_free(&p);
}

static void test_data_after_close(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	tcp_close(p.host[0], p.now, p.connection[0]);
	pair_run(&p, 1 * S);
	tcp_send(p.host[1], p.connection[1], "too late", 8);
	pair_run(&p, 2 * S);
	assert_int_equal(seen_count(&p, 0, TCP_RST), 1);
	assert_int_equal(p.reason[1], TCP_CLOSE_RESET);
	assert_int_equal(tcp_connection_count(p.host[0]) + tcp_connection_count(p.host[1]), 0);
	pair_free(&p);
}

static void test_abort(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	tcp_send(p.host[0], p.connection[0], "last words", 10);
	pair_poll(&p);
	tcp_send(p.host[0], p.connection[0], "never sent", 10);
	tcp_abort(p.host[0], p.now, p.connection[0]);
	pair_run(&p, 1 * S);
	assert_got(&p, 1, "last words", 10); /* read before the reset is told */
	assert_int_equal(p.closed[1], 1);
	assert_int_equal(p.reason[1], TCP_CLOSE_RESET);
	assert_false(tcp_send(p.host[1], p.connection[1], "x", 1));
	tcp_close(p.host[1], p.now, p.connection[1]); /* a number that is over: nothing */
	assert_int_equal(tcp_connection_count(p.host[0]) + tcp_connection_count(p.host[1]), 0);
	pair_free(&p);
}

/* SIGKILL: FIN for what was read, RST for what was not, the port is free again at once. */
static void test_process_killed(void **state)
{
	(void)state;
	for (int unread = 0; unread < 2; unread++) {
		struct pair p;
		pair_init(&p);
		pair_connect(&p, NULL);
		tcp_host_set_reading(p.host[1], p.now, !unread);
		tcp_send(p.host[0], p.connection[0], "words", 5);
		pair_run(&p, 1 * S);
		tcp_host_close_all(p.host[1], p.now);
		pair_run(&p, 2 * S);
		assert_int_equal(p.fins[0], !unread);
		assert_int_equal(p.closed[0], unread);
		assert_int_equal(seen_count(&p, 1, TCP_FIN), !unread);
		assert_int_equal(seen_count(&p, 1, TCP_RST), unread);
		pair_dial(&p, 0, NULL);
		pair_run(&p, 3 * S);
		assert_int_equal(p.reason[0], TCP_CLOSE_REFUSED);
		assert_int_not_equal(pair_listen(&p, 1, 8), 0);
		pair_dial(&p, 0, NULL);
		pair_run(&p, 4 * S);
		assert_int_equal(p.opened[0], 2);
		assert_int_equal(p.accepted[1], 2);
		pair_free(&p);
	}
}

/* A machine that lost its memory answers with RST when it is back; until then, silence. */
static void test_crash(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	tcp_host_free(p.host[1]);
	struct tcp_host_config config = { .random = random_stream_of(9, "b", "tcp") };
	p.host[1] = tcp_host_new(&config);
	p.cut[0] = true;
	tcp_send(p.host[0], p.connection[0], "anyone?", 7);
	pair_run(&p, 20 * S);
	assert_int_equal(p.closed[0], 0);
	p.cut[0] = false;
	pair_run(&p, 60 * S);
	assert_int_equal(p.closed[0], 1);
	assert_int_equal(p.reason[0], TCP_CLOSE_RESET);
	pair_free(&p);
}

/* ---- forged and stray segments --------------------------------------------------------------- */

static void forge(struct pair *p, uint8_t flags, uint32_t sequence, uint32_t acknowledgment,
		  uint16_t source_port, uint32_t payload)
{
	struct tcp_header h = { .source_port = PORT, .destination_port = source_port,
				.sequence = sequence, .acknowledgment = acknowledgment,
				.flags = flags, .window = 502, .shift = TCP_NO_SHIFT };
	uint8_t bytes[TCP_HEADER_BYTES_MAX + 100] = { 0 };
	size_t unused, length = tcp_header_write(&h, false, bytes, &unused) + payload;
	put_u16(bytes + 16, tcp_checksum(p->address[1], p->address[0], bytes, length));
	tcp_segment_arrived(p->host[0], p->now, p->address[1], p->address[0], 64, bytes, length);
	pair_run(p, p->now.ns + 1 * MS);
}

static void test_forged(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_connect(&p, NULL);
	tcp_send(p.host[1], p.connection[1], "x", 1);
	pair_run(&p, 1 * S);
	uint32_t next = p.seen[0].sequence + 1, ours = p.seen[0].acknowledgment;
	uint16_t port = p.seen[1].source_port;
	const struct tcp_counters *counters = tcp_counters(p.host[0]);

	forge(&p, TCP_RST, next - 1, 0, port, 0); /* outside the window: nothing */
	forge(&p, TCP_RST, next + 70000, 0, port, 0);
	assert_int_equal(counters->challenges_sent, 0);
	forge(&p, TCP_RST, next + 10, 0, port, 0); /* inside, not exact: a challenge */
	assert_int_equal(counters->challenges_sent, 1);
	forge(&p, TCP_RST, next + 11, 0, port, 0); /* at most two a second */
	assert_int_equal(counters->challenges_sent, 1);
	pair_run(&p, 2 * S);
	forge(&p, TCP_SYN, next, 0, port, 0);
	assert_int_equal(counters->challenges_sent, 2);
	pair_run(&p, 3 * S);
	forge(&p, TCP_ACK, next, ours + 1, port, 5); /* acknowledges what was never sent */
	assert_int_equal(counters->challenges_sent, 3);
	assert_int_equal(p.got[0].length, 1);
	assert_int_equal(tcp_connection_state(p.host[0], p.connection[0]), TCP_ESTABLISHED);
	forge(&p, TCP_RST, next, 0, port, 0); /* exact */
	assert_int_equal(p.closed[0], 1);
	assert_int_equal(p.reason[0], TCP_CLOSE_RESET);
	/* Strays: each but a RST is answered by one that the sender will believe. */
	p.seen_count = 0;
	forge(&p, TCP_RST, next, 0, port, 0);
	assert_int_equal(p.seen_count, 0);
	forge(&p, TCP_ACK, next, 777, port, 5);
	assert_int_equal(p.seen[0].flags, TCP_RST);
	assert_int_equal(p.seen[0].sequence, 777);
	forge(&p, TCP_FIN, next, 0, port, 5);
	assert_int_equal(p.seen[1].flags, TCP_RST | TCP_ACK);
	assert_int_equal(p.seen[1].acknowledgment, next + 6);
	pair_free(&p);
}

static void test_time_wait_reuse(void **state)
{
	(void)state;
	for (int older = 0; older < 2; older++) {
		struct pair p;
		pair_init(&p);
		p.on_event = close_on_fin;
		pair_listen(&p, 0, 8);
		struct tcp_connect_options options = {
			.local = p.address[1], .local_port = 4000,
			.remote = p.address[0], .remote_port = PORT,
		};
		p.connection[1] = tcp_connect(p.host[1], p.now, &options);
		pair_run(&p, 1 * S);
		tcp_id accepted = p.connection[0];
		tcp_close(p.host[0], p.now, accepted);
		pair_run(&p, 2 * S);
		assert_int_equal(tcp_connection_state(p.host[0], accepted), TCP_TIME_WAIT);
		uint32_t last = p.seen[0].sequence; /* of the dialler's SYN */
		p.seen_count = 0;
		struct tcp_header h = { .source_port = 4000, .destination_port = PORT,
					.sequence = older ? last - 100 : last + 100000,
					.flags = TCP_SYN, .window = 1000, .shift = TCP_NO_SHIFT };
		uint8_t bytes[TCP_HEADER_BYTES_MAX];
		size_t unused, length = tcp_header_write(&h, false, bytes, &unused);
		put_u16(bytes + 16, tcp_checksum(p.address[1], p.address[0], bytes, length));
		p.cut[0] = true;
		tcp_segment_arrived(p.host[0], p.now, p.address[1], p.address[0], 64, bytes,
				    length);
		pair_poll(&p);
		assert_int_equal(p.seen_count, 1);
		assert_int_equal(p.seen[0].flags, older ? TCP_ACK : TCP_SYN | TCP_ACK);
		pair_free(&p);
	}
}

static void test_bad_checksum(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	uint8_t bytes[TCP_HEADER_BYTES] = { 0, 1, 0, 2, [12] = 0x50, [13] = TCP_SYN };
	tcp_segment_arrived(p.host[0], p.now, p.address[1], p.address[0], 64, bytes,
			    sizeof(bytes));
	tcp_segment_arrived(p.host[0], p.now, p.address[1], p.address[0], 64, bytes, 7);
	assert_int_equal(tcp_counters(p.host[0])->bad_segments, 2);
	pair_poll(&p);
	assert_int_equal(p.seen_count, 0);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fin),
		cmocka_unit_test(test_fin_answered),
		cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_both_close),
		cmocka_unit_test(test_lost_fins),
		cmocka_unit_test(test_orphan_limits),
		cmocka_unit_test(test_data_after_close),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_process_killed),
		cmocka_unit_test(test_crash),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_time_wait_reuse),
		cmocka_unit_test(test_bad_checksum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
