/* Two speakers back to back:   10.0.0.1 ---- 1 ms ---- 10.0.0.2   */
#include "tests/bgp/pipe.h"

#define A 0x0a000001u
#define B 0x0a000002u

struct pair {
	struct pipe pipe;
	struct bgp_peer_config a_peers[1], b_peers[1];
	struct pipe_speaker *a, *b;
};

static struct bgp_peer_config peer_of(const char *name, uint32_t remote, uint32_t remote_as)
{
	return (struct bgp_peer_config){ .name = name,
					 .remote = ip_addr_v4(remote),
					 .remote_as = remote_as,
					 .families = BGP_IPV4_UNICAST };
}

static struct pair *pair_new(const struct bgp_profile *a, const struct bgp_profile *b,
			     uint32_t a_as, uint32_t b_as)
{
	struct pair *pair = memory_zalloc(sizeof(*pair));
	pipe_init(&pair->pipe);
	pair->a_peers[0] = peer_of("b", B, b_as);
	pair->b_peers[0] = peer_of("a", A, a_as);
	pair->a = pipe_add(&pair->pipe, a, A, a_as, pair->a_peers, 1);
	pair->b = pipe_add(&pair->pipe, b, B, b_as, pair->b_peers, 1);
	return pair;
}

static struct pair *calico_pair(void)
{
	const struct bgp_profile *bird = &bgp_profile_calico_bird;
	return pair_new(bird, bird, 64512, 64512);
}

static void pair_free(struct pair *pair)
{
	pipe_free(&pair->pipe);
	free(pair);
}

static void pair_start(struct pair *pair)
{
	pipe_start(&pair->pipe, pair->a);
	pipe_start(&pair->pipe, pair->b);
}

static void assert_established(const struct pair *pair)
{
	assert_int_equal(bgp_peer_state(pair->a->speaker, "b"), BGP_ESTABLISHED);
	assert_int_equal(bgp_peer_state(pair->b->speaker, "a"), BGP_ESTABLISHED);
}

/* BIRD with Calico's values: connect delay 2 s, not spread. The passive side waits to be called. */
static void comes_up_and_exchanges_routes(void **state)
{
	(void)state;
	struct pair *pair = calico_pair();
	pair->b_peers[0].passive = true;
	pair_start(pair);
	pipe_originate(&pair->pipe, pair->a, "10.1.0.0/16");
	pipe_originate(&pair->pipe, pair->b, "10.2.0.0/16");
	pipe_run(&pair->pipe, (struct instant){ 2 * NS_PER_S - 1 });
	assert_int_equal(bgp_peer_state(pair->a->speaker, "b"), BGP_ACTIVE);
	assert_int_equal(pair->pipe.link_count, 0);
	pipe_run_s(&pair->pipe, 1);
	assert_established(pair);
	const struct pipe_event *up = pipe_state_event(&pair->pipe, pair->a, BGP_ESTABLISHED, 0);
	assert_non_null(up);
	/* SYN, SYN/ACK; OPENs cross; KEEPALIVEs cross: five times 1 ms. */
	assert_in_range(up->at.ns, 2 * NS_PER_S + 4 * NS_PER_MS, 2 * NS_PER_S + 5 * NS_PER_MS);
	assert_int_equal(up->event.hold_time_s, 240);
	assert_int_equal(up->event.keepalive_s, 80);
	assert_non_null(pipe_fib(pair->a, "10.2.0.0/16"));
	assert_non_null(pipe_fib(pair->b, "10.1.0.0/16"));
	assert_int_equal(pair->pipe.link_count, 1);
	pair_free(pair);
}

/* Both dial in the same instant: RFC 4271 6.8 leaves one connection, and it is that of the higher
 * identifier, 10.0.0.2. */
static void collision_leaves_one(const struct bgp_profile *profile, bool same_instant)
{
	struct pair *pair = pair_new(profile, profile, 64512, 64512);
	pair_start(pair);
	pipe_run_s(&pair->pipe, 20);
	assert_established(pair);
	int open = 0;
	for (uint32_t i = 0; i < pair->pipe.link_count; i++) {
		const struct pipe_link *link = &pair->pipe.links[i];
		assert_int_equal(link->open[0], link->open[1]);
		if (link->open[0] && same_instant)
			assert_int_equal(link->speaker[0], pipe_index(&pair->pipe, pair->b));
		open += link->open[0];
	}
	assert_int_equal(open, 1);
	pair_free(pair);
}

static void simultaneous_dialling(void **state)
{
	(void)state;
	collision_leaves_one(&bgp_profile_calico_bird, true);
	collision_leaves_one(&bgp_profile_frr, true);
	collision_leaves_one(&bgp_profile_quagga, false); /* its start timer is spread */
}

/* The other side loses power: nothing arrives, and the hold timer ends it to the nanosecond. */
static void hold_timer_is_exact(void **state)
{
	(void)state;
	struct bgp_profile profile = bgp_profile_frr;
	struct pair *pair = pair_new(&profile, &profile, 64512, 64512);
	pair->a_peers[0].hold_time_s = 9;
	pair->b_peers[0].passive = true;
	pair_start(pair);
	pipe_run_s(&pair->pipe, 30);
	assert_established(pair);
	/* The last message of B to arrive. */
	pair->b->silent = true;
	int64_t last = 0;
	for (uint32_t i = 0; i < pair->pipe.event_count; i++) {
		const struct pipe_event *at = &pair->pipe.events[i];
		if (at->speaker == 0 && at->event.kind == BGP_EVENT_MESSAGE && !at->event.sent)
			last = at->at.ns;
	}
	pipe_run(&pair->pipe, (struct instant){ last + 9 * NS_PER_S - 1 });
	assert_int_equal(bgp_peer_state(pair->a->speaker, "b"), BGP_ESTABLISHED);
	pipe_run(&pair->pipe, (struct instant){ last + 9 * NS_PER_S });
	assert_int_equal(bgp_peer_state(pair->a->speaker, "b"), BGP_IDLE);
	const struct pipe_event *down = pipe_state_event(&pair->pipe, pair->a, BGP_IDLE, 0);
	assert_int_equal(down->at.ns, last + 9 * NS_PER_S);
	assert_int_equal(down->event.error_code, 4);
	assert_true(down->event.error_sent);
	assert_false(down->event.graceful);
	pair_free(pair);
}

static void keepalives_keep_their_period(void **state)
{
	(void)state;
	struct pair *pair = pair_new(&bgp_profile_frr, &bgp_profile_frr, 64512, 64512);
	pair->a_peers[0].hold_time_s = 9;
	pair->b_peers[0].passive = true;
	pair_start(pair);
	pipe_run_s(&pair->pipe, 60);
	int64_t before = 0;
	int judged = 0;
	for (uint32_t i = 0; i < pair->pipe.event_count; i++) {
		const struct pipe_event *at = &pair->pipe.events[i];
		if (at->speaker != 0 || at->event.kind != BGP_EVENT_MESSAGE || !at->event.sent ||
		    at->event.message_type != 4)
			continue;
		if (before) {
			assert_int_equal(at->at.ns - before, 3 * NS_PER_S);
			judged++;
		}
		before = at->at.ns;
	}
	assert_true(judged > 15);
	pair_free(pair);
}

/* RFC 8654: a route whose attributes fill more than 4096 octets goes to who takes such messages. */
static void as_long_as_agreed(void **state)
{
	(void)state;
	static uint32_t communities[1100];
	static const struct bgp_policy_rule rules[] = {
		{ .verdict = BGP_RULE_ACCEPT, .add_communities = communities,
		  .add_community_count = 1100 },
	};
	static const struct bgp_policy policy = { rules, 1, true };
	for (uint32_t i = 0; i < 1100; i++)
		communities[i] = 64512u << 16 | i;
	for (int agreed = 0; agreed < 2; agreed++) {
		struct pair *pair = pair_new(&bgp_profile_frr, agreed ? &bgp_profile_frr
								      : &bgp_profile_calico_bird,
					     64512, 64512);
		pair->a_peers[0].export = &policy;
		pair_start(pair);
		pipe_originate(&pair->pipe, pair->a, "10.1.0.0/16");
		pipe_run_s(&pair->pipe, 20);
		assert_established(pair);
		assert_int_equal(pipe_fib(pair->b, "10.1.0.0/16") != NULL, agreed);
		uint32_t longest = 0;
		for (uint32_t i = 0; i < pair->pipe.event_count; i++) {
			const struct bgp_event *event = &pair->pipe.events[i].event;
			if (event->kind == BGP_EVENT_MESSAGE && event->message_length > longest)
				longest = event->message_length;
		}
		assert_int_equal(longest > 4096, agreed);
		pair_free(pair);
	}
}

/* An orderly stop: Cease 6/2, the peer drops the routes at once, BIRD's kernel keeps its own. */
static void stop_is_told(void **state)
{
	(void)state;
	struct pair *pair = calico_pair();
	pair->a_peers[0].graceful_restart = pair->b_peers[0].graceful_restart = true;
	pair_start(pair);
	pipe_originate(&pair->pipe, pair->a, "10.1.0.0/16");
	pipe_originate(&pair->pipe, pair->b, "10.2.0.0/16");
	pipe_run_s(&pair->pipe, 60);
	assert_established(pair);
	bgp_stopped(pair->a->speaker, pair->pipe.now);
	pipe_poll(&pair->pipe, pair->a);
	pipe_run(&pair->pipe, instant_add(pair->pipe.now, 10 * NS_PER_MS));
	assert_null(pipe_fib(pair->b, "10.1.0.0/16"));
	assert_non_null(pipe_fib(pair->a, "10.2.0.0/16"));
	assert_int_equal(bgp_peer_state(pair->a->speaker, "b"), BGP_IDLE);
	const struct pipe_event *down = NULL, *at;
	for (int i = 0; (at = pipe_state_event(&pair->pipe, pair->b, BGP_IDLE, i)); i++)
		down = at;
	assert_int_equal(down->event.error_code, 6);
	assert_int_equal(down->event.error_subcode, 2);
	assert_false(down->event.error_sent);
	pair_free(pair);
}

/* SIGKILL and a quick new start with -R: the peer keeps the routes all the while (RFC 4724). */
static void killed_and_back(void **state)
{
	(void)state;
	struct pair *pair = calico_pair();
	pair->a_peers[0].graceful_restart = pair->b_peers[0].graceful_restart = true;
	pair_start(pair);
	pipe_originate(&pair->pipe, pair->a, "10.1.0.0/16");
	pipe_originate(&pair->pipe, pair->a, "10.3.0.0/16");
	pipe_originate(&pair->pipe, pair->b, "10.2.0.0/16");
	pipe_run_s(&pair->pipe, 60);
	assert_established(pair);
	pipe_kill(&pair->pipe, pair->a);
	pipe_run_s(&pair->pipe, 10);
	assert_int_not_equal(bgp_peer_state(pair->b->speaker, "a"), BGP_ESTABLISHED);
	assert_non_null(pipe_fib(pair->b, "10.1.0.0/16"));
	pair->a->config.restarting = true;
	memset(pair->a->fib, 0, sizeof(pair->a->fib));
	pipe_start(&pair->pipe, pair->a);
	pipe_originate(&pair->pipe, pair->a, "10.1.0.0/16"); /* 10.3.0.0/16 is no more */
	pipe_run_s(&pair->pipe, 30);
	assert_established(pair);
	assert_non_null(pipe_fib(pair->a, "10.2.0.0/16"));
	assert_non_null(pipe_fib(pair->b, "10.1.0.0/16"));
	assert_null(pipe_fib(pair->b, "10.3.0.0/16")); /* gone with End-of-RIB */
	assert_true(pair->a->recovered_at.ns < pair->pipe.now.ns);
	pair_free(pair);
}

/* Killed for good: the routes go when the Restart Time (120 s) is over, not before. */
static void killed_for_good(void **state)
{
	(void)state;
	struct pair *pair = calico_pair();
	pair->a_peers[0].graceful_restart = pair->b_peers[0].graceful_restart = true;
	pair_start(pair);
	pipe_originate(&pair->pipe, pair->a, "10.1.0.0/16");
	pipe_run_s(&pair->pipe, 60);
	assert_established(pair);
	pipe_kill(&pair->pipe, pair->a);
	struct instant lost = instant_add(pair->pipe.now, pair->pipe.delay_ns);
	pipe_run(&pair->pipe, instant_add(lost, 120 * NS_PER_S - 1));
	assert_non_null(pipe_fib(pair->b, "10.1.0.0/16"));
	pipe_run(&pair->pipe, instant_add(lost, 120 * NS_PER_S));
	assert_null(pipe_fib(pair->b, "10.1.0.0/16"));
	pair_free(pair);
}

/* A restarting speaker waits for every configured peer, or 240 s (as measured with BIRD -R). */
static void restarting_waits_for_absent_peers(void **state)
{
	(void)state;
	struct pair *pair = calico_pair();
	struct bgp_peer_config a_peers[2] = { pair->a_peers[0] };
	a_peers[1] = peer_of("nobody", 0x0a000009, 64512);
	a_peers[0].graceful_restart = a_peers[1].graceful_restart = true;
	pair->b_peers[0].graceful_restart = true;
	pair->a->config.peers = a_peers;
	pair->a->config.peer_count = 2;
	pair->a->config.restarting = true;
	pair_start(pair);
	pipe_originate(&pair->pipe, pair->a, "10.1.0.0/16");
	pipe_originate(&pair->pipe, pair->b, "10.2.0.0/16");
	pipe_run(&pair->pipe, (struct instant){ 240 * NS_PER_S - 1 });
	assert_established(pair);
	assert_null(pipe_fib(pair->a, "10.2.0.0/16"));
	assert_true(pipe_state_event(&pair->pipe, pair->a, BGP_ESTABLISHED, 0)->event.waiting);
	assert_true(instant_is_never(pair->a->recovered_at));
	assert_null(pipe_fib(pair->b, "10.1.0.0/16"));
	pipe_run(&pair->pipe, (struct instant){ 241 * NS_PER_S });
	assert_int_equal(pair->a->recovered_at.ns, 240 * NS_PER_S);
	assert_non_null(pipe_fib(pair->a, "10.2.0.0/16"));
	assert_non_null(pipe_fib(pair->b, "10.1.0.0/16"));
	pair_free(pair);
}

/* A peer that stops reading gets at most BGP_UNSENT_MAX and a message more. */
static void window_is_kept(void **state)
{
	(void)state;
	struct pair *pair = calico_pair();
	pair->b_peers[0].passive = true;
	pair_start(pair);
	pipe_run_s(&pair->pipe, 5);
	assert_established(pair);
	pair->a->slow = true;
	pair->pipe.event_count = 0;
	uint32_t before = pair->a->bytes_sent;
	for (uint32_t i = 0; i < 20000; i++) {
		struct bgp_local_route route = { 0 };
		route.prefix.addr = ip_addr_v4(0x0b000000u + (i << 8));
		route.prefix.length = 24;
		route.has_med = true;
		route.med = i % 5000; /* few share their attributes */
		bgp_route_originated(pair->a->speaker, pair->pipe.now, &route);
	}
	pipe_poll(&pair->pipe, pair->a);
	uint32_t sent = pair->a->bytes_sent - before;
	assert_in_range(sent, BGP_UNSENT_MAX, BGP_UNSENT_MAX + 4096);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_up_and_exchanges_routes),
		cmocka_unit_test(simultaneous_dialling),
		cmocka_unit_test(hold_timer_is_exact),
		cmocka_unit_test(keepalives_keep_their_period),
		cmocka_unit_test(as_long_as_agreed),
		cmocka_unit_test(stop_is_told),
		cmocka_unit_test(killed_and_back),
		cmocka_unit_test(killed_for_good),
		cmocka_unit_test(restarting_waits_for_absent_peers),
		cmocka_unit_test(window_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
