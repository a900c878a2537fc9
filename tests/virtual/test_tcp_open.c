/* How connections begin, and how they fail to. */
#include "tests/virtual/tcp_pair.h"

static void test_handshake(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_listen(&p, 1, 8);
	tcp_id id = pair_dial(&p, 0, NULL);
	assert_int_equal(tcp_connection_state(p.host[0], id), TCP_SYN_SENT);
	assert_false(tcp_quiet(p.host[0]));
	pair_run(&p, 1 * S);
	assert_int_equal(p.seen_count, 3);
	const struct seen *syn = &p.seen[0], *answer = &p.seen[1], *ack = &p.seen[2];
	assert_int_equal(syn->flags, TCP_SYN);
	assert_int_equal(syn->mss, 1460);
	assert_int_equal(syn->shift, 7);
	assert_int_equal(syn->window, 64240);
	assert_int_equal(syn->acknowledgment, 0);
	assert_int_equal(syn->ttl, 64);
	assert_int_equal(answer->flags, TCP_SYN | TCP_ACK);
	assert_int_equal(answer->mss, 1460);
	assert_int_equal(answer->shift, 7);
	assert_int_equal(answer->acknowledgment, syn->sequence + 1);
	assert_int_equal(ack->flags, TCP_ACK);
	assert_int_equal(ack->window, 502);
	assert_int_equal(ack->sequence, syn->sequence + 1);
	assert_int_equal(ack->acknowledgment, answer->sequence + 1);
	assert_int_equal(p.opened_ns[0], 10 * MS);
	assert_int_equal(p.accepted[1], 1);
	assert_true(tcp_quiet(p.host[0]) && tcp_quiet(p.host[1]));
	assert_int_equal(tcp_connection_state(p.host[1], p.connection[1]), TCP_ESTABLISHED);
	pair_free(&p);
}

static void greet(struct pair *p, int side, const struct tcp_event *event)
{
	if (event->kind == TCP_EVENT_OPENED)
		tcp_send(p->host[side], event->connection, "OPEN", 4);
}

/* What a daemon says at once leaves behind the third segment, not in it: Linux has acknowledged
 * before the daemon wakes up. */
static void test_third_segment(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	p.on_event = greet;
	pair_listen(&p, 1, 8);
	pair_dial(&p, 0, NULL);
	pair_run(&p, 10 * MS);
	assert_int_equal(p.seen_count, 4);
	assert_int_equal(p.seen[2].length, 0);
	assert_int_equal(p.seen[3].length, 4);
	pair_free(&p);
}

static void test_stale_number(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	tcp_id first = pair_dial(&p, 0, NULL);
	tcp_close(p.host[0], p.now, first);
	tcp_id second = pair_dial(&p, 0, NULL);
	assert_int_not_equal(first, second);
	tcp_abort(p.host[0], p.now, first);
	assert_false(tcp_send(p.host[0], first, "x", 1));
	assert_int_equal(tcp_connection_state(p.host[0], first), TCP_CLOSED);
	assert_int_equal(tcp_connection_state(p.host[0], second), TCP_SYN_SENT);
	tcp_close(p.host[0], p.now, 0);
	tcp_close(p.host[0], p.now, UINT32_MAX);
	pair_free(&p);
}

static void check_syn_times(int8_t linear, const int64_t *seconds, size_t count, int64_t end)
{
	struct pair p;
	pair_init(&p);
	tcp_host_free(p.host[0]);
	struct tcp_host_config config = { .random = random_stream_of(1, "a", "tcp"),
					  .syn_linear_timeouts = linear };
	p.host[0] = tcp_host_new(&config);
	p.cut[0] = true;
	pair_dial(&p, 0, NULL);
	pair_run(&p, 1000 * S);
	assert_int_equal(p.seen_count, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(p.seen[i].ns, seconds[i] * S);
		assert_int_equal(p.seen[i].flags, TCP_SYN);
		assert_int_equal(p.seen[i].sequence, p.seen[0].sequence);
	}
	assert_int_equal(p.closed[0], 1);
	assert_int_equal(p.closed_ns[0], end * S);
	assert_int_equal(p.reason[0], TCP_CLOSE_TIMED_OUT);
	assert_int_equal(tcp_connection_count(p.host[0]), 0);
	pair_free(&p);
}

static void test_syn_times(void **state)
{
	(void)state;
	static const int64_t now[] = { 0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67 };
	static const int64_t older[] = { 0, 1, 3, 7, 15, 31, 63 };
	check_syn_times(0, now, 11, 131);
	check_syn_times(-1, older, 7, 127);
}

static void test_syn_ack_times(void **state)
{
	(void)state;
	static const int64_t seconds[] = { 0, 1, 3, 7, 15, 31 };
	struct pair p;
	pair_init(&p);
	p.cut[1] = true;
	p.drop_mask[0] = ~UINT64_C(1); /* one SYN gets through */
	pair_listen(&p, 1, 8);
	pair_dial(&p, 0, NULL);
	pair_run(&p, 40 * S);
	size_t n = 0;
	for (size_t i = 0; i < p.seen_count; i++)
		if (p.seen[i].from == 1)
			assert_int_equal(p.seen[i].ns, seconds[n++] * S + 5 * MS);
	assert_int_equal(n, 6);
	assert_int_equal(tcp_connection_count(p.host[1]), 1);
	pair_run(&p, 63 * S + 5 * MS - 1);
	assert_int_equal(tcp_connection_count(p.host[1]), 1);
	pair_run(&p, 63 * S + 5 * MS);
	assert_int_equal(tcp_connection_count(p.host[1]), 0);
	assert_int_equal(p.accepted[1], 0);
	pair_free(&p);
}

static void test_refused(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_dial(&p, 0, NULL);
	pair_run(&p, 10 * S);
	assert_int_equal(p.seen_count, 2);
	assert_int_equal(p.seen[1].flags, TCP_RST | TCP_ACK);
	assert_int_equal(p.seen[1].sequence, 0);
	assert_int_equal(p.seen[1].acknowledgment, p.seen[0].sequence + 1);
	assert_int_equal(p.reason[0], TCP_CLOSE_REFUSED);
	assert_int_equal(p.closed_ns[0], 10 * MS);
	assert_int_equal(p.closed[0], 1);
	assert_int_equal(p.opened[0], 0);
	pair_free(&p);
}

static void test_unreachable(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	p.cut[0] = true;
	pair_dial(&p, 0, NULL);
	struct tcp_segment segment;
	assert_true(tcp_output_next(p.host[0], p.now, &segment));
	struct tcp_header h;
	assert_true(tcp_header_parse(segment.bytes, segment.length, &h));
	p.now = AT(3 * S);
	/* Not ours: another sequence number. */
	tcp_unreachable(p.host[0], p.now, p.address[0], h.source_port, p.address[1], PORT,
			h.sequence + 7, TCP_UNREACHABLE_HOST);
	pair_poll(&p);
	assert_int_equal(p.closed[0], 0);
	tcp_unreachable(p.host[0], p.now, p.address[0], h.source_port, p.address[1], PORT,
			h.sequence, TCP_UNREACHABLE_HOST);
	pair_poll(&p);
	assert_int_equal(p.closed[0], 1);
	assert_int_equal(p.reason[0], TCP_CLOSE_UNREACHABLE);
	pair_free(&p);
}

static struct ip_addr no_route(void *context, struct ip_addr remote)
{
	(void)remote;
	return *(struct ip_addr *)context;
}

static void test_local_address(void **state)
{
	(void)state;
	struct ip_addr chosen = { 0 };
	struct tcp_host_config config = { .random = random_stream_of(1, "a", "tcp"),
					  .choose_local = no_route, .context = &chosen };
	struct tcp_host *host = tcp_host_new(&config);
	struct tcp_connect_options options = { .remote = ip_addr_v4(5), .remote_port = PORT };
	assert_int_equal(tcp_connect(host, INSTANT_ZERO, &options), 0);
	chosen = ip_addr_v4(4);
	assert_int_not_equal(tcp_connect(host, INSTANT_ZERO, &options), 0);
	struct tcp_segment segment;
	assert_true(tcp_output_next(host, INSTANT_ZERO, &segment));
	assert_true(ip_addr_equal(segment.source, chosen));
	struct tcp_header h;
	tcp_header_parse(segment.bytes, segment.length, &h);
	assert_in_range(h.source_port, 32768, 60999);
	options.local_port = h.source_port; /* taken */
	assert_int_equal(tcp_connect(host, INSTANT_ZERO, &options), 0);
	options.local_port = 1000;
	assert_int_not_equal(tcp_connect(host, INSTANT_ZERO, &options), 0);
	tcp_host_free(host);
}

static void test_listen_taken(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	tcp_id any = pair_listen(&p, 0, 8);
	assert_int_not_equal(any, 0);
	assert_int_equal(pair_listen(&p, 0, 8), 0);
	struct tcp_listen_options one = { .local = p.address[0], .port = PORT };
	assert_int_equal(tcp_listen(p.host[0], &one), 0);
	tcp_listen_close(p.host[0], p.now, any);
	assert_int_not_equal(tcp_listen(p.host[0], &one), 0);
	pair_free(&p);
}

/* Twenty clients at once, backlog 8, nobody accepts for half a second: nine get in, the others'
 * SYNs or final ACKs are dropped and they come a second later. */
static void test_backlog(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_listen(&p, 1, 8);
	tcp_host_set_reading(p.host[1], p.now, false);
	for (int i = 0; i < 12; i++)
		pair_dial(&p, 0, NULL);
	pair_run(&p, 500 * MS);
	/* All SYNs came before the first ACK, so all were answered; three final ACKs fell. */
	assert_int_equal(p.opened[0], 12);
	assert_int_equal(tcp_counters(p.host[1])->listen_overflows, 3);
	for (int i = 0; i < 8; i++)
		pair_dial(&p, 0, NULL);
	pair_run(&p, 900 * MS);
	assert_int_equal(p.opened[0], 12);
	assert_int_equal(tcp_counters(p.host[1])->listen_overflows, 11);
	tcp_host_set_reading(p.host[1], p.now, true);
	pair_run(&p, 1000 * MS);
	assert_int_equal(p.accepted[1], 9);
	pair_run(&p, 3 * S);
	assert_int_equal(p.opened[0], 20);
	assert_int_equal(p.accepted[1], 20);
	assert_int_equal(seen_count(&p, 1, TCP_RST), 0);
	pair_free(&p);
}

static void test_manual_accept(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	tcp_id listener = tcp_listen(p.host[1], &(struct tcp_listen_options){
		.port = PORT, .backlog = 8, .manual_accept = true });
	tcp_id first = pair_dial(&p, 0, NULL);
	pair_run(&p, 50 * MS);
	pair_dial(&p, 0, NULL);
	tcp_send(p.host[0], first, "early", 5);
	pair_run(&p, 1 * S);
	assert_int_equal(p.accepted[1], 0);
	assert_int_equal(p.got[1].length, 0);
	struct tcp_event event;
	assert_true(tcp_accept(p.host[1], listener, &event));
	assert_int_equal(event.kind, TCP_EVENT_ACCEPTED);
	assert_int_equal(event.listener, listener);
	tcp_id accepted = event.connection;
	assert_true(tcp_event_next(p.host[1], p.now, &event));
	assert_int_equal(event.kind, TCP_EVENT_RECEIVED);
	assert_int_equal(event.connection, accepted);
	assert_memory_equal(event.bytes, "early", 5);
	assert_false(tcp_event_next(p.host[1], p.now, &event));
	assert_true(tcp_accept(p.host[1], listener, &event));
	assert_false(tcp_accept(p.host[1], listener, &event));
	pair_free(&p);
}

static void test_accept_refused(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	pair_listen(&p, 1, 8);
	pair_dial(&p, 0, NULL);
	pair_run(&p, 12 * MS);
	struct tcp_segment segment;
	while (tcp_output_next(p.host[0], p.now, &segment))
		pair_transmit(&p, 0, &segment);
	pair_run(&p, 20 * MS);
	tcp_abort(p.host[1], p.now, p.connection[1]);
	pair_run(&p, 1 * S);
	assert_int_equal(p.closed[0], 1);
	assert_int_equal(p.reason[0], TCP_CLOSE_RESET);
	assert_int_equal(tcp_connection_count(p.host[1]), 0);
	pair_free(&p);
}

static void test_listener_closed(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	tcp_id listener = pair_listen(&p, 1, 8);
	tcp_host_set_reading(p.host[1], p.now, false);
	pair_dial(&p, 0, NULL);
	pair_run(&p, 100 * MS);
	assert_int_equal(p.opened[0], 1);
	tcp_listen_close(p.host[1], p.now, listener);
	pair_run(&p, 1 * S);
	assert_int_equal(p.reason[0], TCP_CLOSE_RESET);
	assert_int_equal(p.closed[0], 1);
	assert_int_equal(tcp_connection_count(p.host[1]), 0);
	pair_free(&p);
}

static void test_simultaneous_open(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	for (int i = 0; i < 2; i++) {
		struct tcp_connect_options options = { .local = p.address[i], .local_port = 5000,
						       .remote = p.address[!i],
						       .remote_port = 5000 };
		p.connection[i] = tcp_connect(p.host[i], p.now, &options);
	}
	pair_run(&p, 5 * MS);
	assert_int_equal(tcp_connection_state(p.host[0], p.connection[0]), TCP_SYN_RECEIVED);
	pair_run(&p, 100 * MS);
	assert_int_equal(p.opened[0], 1);
	assert_int_equal(p.opened[1], 1);
	tcp_send(p.host[0], p.connection[0], "ping", 4);
	tcp_send(p.host[1], p.connection[1], "pong", 4);
	pair_run(&p, 1 * S);
	assert_got(&p, 1, "ping", 4);
	assert_got(&p, 0, "pong", 4);
	assert_int_equal(seen_count(&p, 0, TCP_RST) + seen_count(&p, 1, TCP_RST), 0);
	pair_free(&p);
}

/* The SYN-ACK is lost: SYN and SYN-ACK both come again; the third segment is lost: data does. */
static void test_lost_handshake(void **state)
{
	(void)state;
	struct pair p;
	pair_init(&p);
	p.drop_mask[1] = 1;
	pair_listen(&p, 1, 8);
	pair_dial(&p, 0, NULL);
	pair_run(&p, 3 * S);
	assert_int_equal(p.opened[0], 1);
	assert_int_equal(p.accepted[1], 1);
	assert_int_equal(p.opened_ns[0], 1 * S + 10 * MS);
	pair_free(&p);

	pair_init(&p);
	p.drop_mask[0] = 2;
	pair_listen(&p, 1, 8);
	pair_dial(&p, 0, NULL);
	pair_run(&p, 100 * MS);
	assert_int_equal(p.opened[0], 1);
	assert_int_equal(p.accepted[1], 0);
	tcp_send(p.host[0], p.connection[0], "data", 4);
	pair_run(&p, 200 * MS);
	assert_int_equal(p.accepted[1], 1);
	assert_got(&p, 1, "data", 4);
	pair_free(&p);
}

/* ---- MD5 and TTL --------------------------------------------------------------------------- */

static const struct tcp_md5_key key_good = { 6, "secret" };
static const struct tcp_md5_key key_bad = { 6, "Secret" };

static bool peer_signed(void *context, struct ip_addr remote, struct tcp_options *options)
{
	struct pair *p = context;
	if (!ip_addr_equal(remote, p->address[0]))
		return false;
	options->md5 = &key_good;
	return true;
}

static void md5_attempt(const struct tcp_md5_key *dialler, bool listener, bool works)
{
	struct pair p;
	pair_init(&p);
	tcp_listen(p.host[1], &(struct tcp_listen_options){
		.port = PORT, .backlog = 8, .peer = listener ? peer_signed : NULL,
		.context = &p });
	pair_dial(&p, 0, &(struct tcp_options){ .md5 = dialler });
	pair_run(&p, 200 * S);
	assert_int_equal(p.opened[0], works);
	assert_int_equal(p.accepted[1], works);
	if (!works) { /* silence, not a RST */
		assert_int_equal(p.sent[1], 0);
		assert_int_equal(p.reason[0], TCP_CLOSE_TIMED_OUT);
		assert_int_equal(tcp_counters(p.host[1])->md5_dropped, 11);
	} else {
		uint8_t *bytes = pattern_new(10000, 3);
		tcp_send(p.host[0], p.connection[0], bytes, 10000);
		pair_run(&p, 210 * S);
		assert_got(&p, 1, bytes, 10000);
		for (size_t i = 0; i < p.seen_count; i++) {
			assert_true(p.seen[i].signature);
			assert_true(p.seen[i].length <= 1440);
		}
		tcp_abort(p.host[1], p.now, p.connection[1]); /* the RST is signed as well */
		pair_run(&p, 220 * S);
		assert_int_equal(p.reason[0], TCP_CLOSE_RESET);
		free(bytes);
	}
	pair_free(&p);
}

static void test_md5(void **state)
{
	(void)state;
	md5_attempt(&key_good, true, true);
	md5_attempt(&key_bad, true, false);
	md5_attempt(NULL, true, false);
	md5_attempt(&key_good, false, false);
}

/* A peer that came back: before its daemon listens its RSTs are unsigned and ignored; afterwards
 * they carry the listener's key and end the old connection. */
static void test_md5_after_crash(void **state)
{
	(void)state;
	for (int listens = 0; listens < 2; listens++) {
		struct pair p;
		pair_init(&p);
		struct tcp_listen_options options = { .port = PORT, .backlog = 8,
						      .peer = peer_signed, .context = &p };
		tcp_listen(p.host[1], &options);
		pair_dial(&p, 0, &(struct tcp_options){ .md5 = &key_good });
		pair_run(&p, 1 * S);
		assert_int_equal(p.opened[0], 1);
		tcp_host_free(p.host[1]);
		struct tcp_host_config config = { .random = random_stream_of(2, "b", "tcp") };
		p.host[1] = tcp_host_new(&config);
		if (listens)
			tcp_listen(p.host[1], &options);
		tcp_send(p.host[0], p.connection[0], "hello", 5);
		pair_run(&p, 10 * S);
		assert_true(seen_count(&p, 1, TCP_RST) > 0);
		assert_int_equal(p.closed[0], listens);
		pair_free(&p);
	}
}

static bool peer_far(void *context, struct ip_addr remote, struct tcp_options *options)
{
	(void)remote;
	options->ttl = 255;
	options->min_ttl = *(uint8_t *)context;
	return true;
}

static void test_ttl(void **state)
{
	(void)state;
	for (uint8_t least = 254; least != 0; least++) {
		struct pair p;
		pair_init(&p);
		tcp_listen(p.host[1], &(struct tcp_listen_options){
			.port = PORT, .backlog = 8, .peer = peer_far, .context = &least });
		pair_dial(&p, 0, &(struct tcp_options){ .ttl = 254 });
		pair_run(&p, 1 * S);
		assert_int_equal(p.seen[0].ttl, 254);
		assert_int_equal(p.accepted[1], least == 254);
		if (least == 255) {
			assert_int_equal(p.sent[1], 0); /* not even a RST */
			assert_true(tcp_counters(p.host[1])->ttl_dropped > 0);
		} else {
			assert_int_equal(p.seen[1].ttl, 255);
			tcp_set_options(p.host[0], p.connection[0],
					&(struct tcp_options){ .ttl = 253 });
			tcp_send(p.host[0], p.connection[0], "far", 3);
			pair_run(&p, 2 * S);
			assert_int_equal(p.got[1].length, 0);
			assert_true(tcp_counters(p.host[1])->ttl_dropped > 0);
		}
		pair_free(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_third_segment),
		cmocka_unit_test(test_stale_number),
		cmocka_unit_test(test_syn_times),
		cmocka_unit_test(test_syn_ack_times),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_local_address),
		cmocka_unit_test(test_listen_taken),
		cmocka_unit_test(test_backlog),
		cmocka_unit_test(test_manual_accept),
		cmocka_unit_test(test_accept_refused),
		cmocka_unit_test(test_listener_closed),
		cmocka_unit_test(test_simultaneous_open),
		cmocka_unit_test(test_lost_handshake),
		cmocka_unit_test(test_md5),
		cmocka_unit_test(test_md5_after_crash),
		cmocka_unit_test(test_ttl),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
