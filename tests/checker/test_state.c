/* What is so, folded from what was seen. */
#include "tests/checker/seed.h"

struct folded {
	struct seed *seed;
	struct state *state;
};

static int set_up(void **state)
{
	struct folded *f = memory_zalloc(sizeof(*f));
	f->seed = seed_new();
	f->state = state_new(&f->seed->model);
	f->seed->sink = state_sink(f->state);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct folded *f = *state;
	state_free(f->state);
	free(f->seed);
	free(f);
	return 0;
}

static void sessions_remember(void **state)
{
	struct folded *f = *state;
	struct seed *s = f->seed;
	see_session(s, 1, TOR, "172.31.13.28", "Idle", "Connect", "");
	const struct state_session *it = state_session_find(f->state, TOR, "172.31.13.28");
	assert_non_null(it);
	assert_string_equal(it->state, "Connect");
	assert_false(it->ever_established);
	assert_true(it->last_established_ns == MODEL_NO_TIME && it->last_heard_ns == MODEL_NO_TIME);
	assert_int_equal(it->protocol_since_ns, S(1));
	see_session(s, 2, TOR, "172.31.13.28", "Connect", "Established", "");
	see_heard(s, 5, TOR, "172.31.13.28");
	assert_int_equal(it->since_ns, S(2));
	assert_int_equal(it->protocol_since_ns, S(2));
	assert_int_equal(it->last_heard_ns, S(5));
	assert_int_equal(it->messages_received, 1);
	assert_int_equal(it->hold_s, 180);
	assert_int_equal(it->sequence, 2);
	see_session(s, 9, TOR, "172.31.13.28", "Established", "Idle", "Hold Timer Expired");
	see_session(s, 10, TOR, "172.31.13.28", "Idle", "Active", "Hold Timer Expired");
	assert_int_equal(it->since_ns, S(10));
	assert_int_equal(it->protocol_since_ns, S(9));
	assert_int_equal(it->last_established_ns, S(2));
	assert_true(it->ever_established);
	assert_null(state_session_find(f->state, TOR, "nobody"));
	assert_null(state_session_find(f->state, K1, "172.31.13.28"));
}

static void sessions_come_in_the_daemons_order(void **state)
{
	struct folded *f = *state;
	struct seed *s = f->seed;
	static const char *const wanted[] = { "Node_172_31_13_116", "Node_172_31_13_28",
					      "Node_172_31_13_29", "a-stranger" };
	see_session(s, 1, K1, "a-stranger", "Idle", "Active", "");
	for (int i = 2; i >= 0; i--)
		see_session(s, 1, K1, wanted[i], "Idle", "Active", "");
	uint32_t cursor = 0;
	for (int i = 0; i < 4; i++)
		assert_string_equal(state_session_next(f->state, K1, &cursor)->neighbor, wanted[i]);
	assert_null(state_session_next(f->state, K1, &cursor));
	assert_null(state_session_next(f->state, K1, &cursor));
}

static void paths_and_the_best_of_them(void **state)
{
	struct folded *f = *state;
	struct seed *s = f->seed;
	static const char block[] = "172.27.210.0/26";
	see_path(s, 1, TOR, block, "172.31.13.27", false, "");
	see_path(s, 1, TOR, block, "172.31.13.28", false, "");
	see_path(s, 1, TOR, "10.0.0.0/8", "172.31.13.28", false, "");
	assert_null(state_best_find(f->state, TOR, net(block)));
	see_path(s, 2, TOR, block, "172.31.13.28", true, "Router ID");
	uint32_t cursor = 0;
	const struct state_path *path = state_path_next(f->state, TOR, &cursor);
	assert_true(ip_prefix_equal(path->prefix, net("10.0.0.0/8")));
	path = state_path_next(f->state, TOR, &cursor);
	assert_string_equal(path->neighbor, "172.31.13.28"); /* best first */
	assert_true(path->best);
	assert_string_equal(path->rule, "Router ID");
	path = state_path_next(f->state, TOR, &cursor);
	assert_string_equal(path->neighbor, "172.31.13.27");
	assert_false(path->best);
	assert_null(state_path_next(f->state, TOR, &cursor));
	assert_int_equal(state_session_find(f->state, TOR, "172.31.13.28")->prefixes_received, 2);

	see_path(s, 3, TOR, block, "172.31.13.27", true, "Local preference");
	assert_string_equal(state_best_find(f->state, TOR, net(block))->neighbor, "172.31.13.27");
	see_path(s, 3, TOR, "9.0.0.0/8", "", true,
		 "only path"); /* a local route: best, never held */
	assert_string_equal(state_best_find(f->state, TOR, net("9.0.0.0/8"))->neighbor, "");
	struct observation gone = { .kind = OBSERVE_BEST,
				    .path = { .neighbor = "", .prefix = net("9.0.0.0/8"),
					      .gone = true } };
	see(s, 4, TOR, gone);
	assert_null(state_best_find(f->state, TOR, net("9.0.0.0/8")));
	gone.kind = OBSERVE_PATH;
	gone.path.prefix = net(block);
	gone.path.neighbor = "172.31.13.27";
	see(s, 5, TOR, gone);
	assert_null(state_best_find(f->state, TOR, net(block)));
	assert_int_equal(state_session_find(f->state, TOR, "172.31.13.27")->prefixes_received, 0);
	see_path(s, 5, TOR, block, "172.31.13.28", true, "only path");
	assert_string_equal(state_best_find(f->state, TOR, net(block))->neighbor, "172.31.13.28");
	cursor = 0;
	uint32_t count = 0;
	while (state_path_next(f->state, TOR, &cursor))
		count++;
	assert_int_equal(count, 2);
}

static void kernel_routes_and_arp(void **state)
{
	struct folded *f = *state;
	struct seed *s = f->seed;
	see_fib(s, 1, TOR, "172.31.13.0/24", ROUTE_CONNECTED, "");
	see_fib(s, 1, TOR, "172.27.210.0/26", ROUTE_BGP, "172.31.13.27");
	see_fib(s, 1, TOR, "10.0.0.0/8", ROUTE_STATIC, "172.31.13.1");
	see_fib(s, 2, TOR, "172.27.210.0/26", ROUTE_BGP, "172.31.13.28");
	uint32_t cursor = 0;
	assert_true(ip_prefix_equal(state_route_next(f->state, TOR, &cursor)->prefix,
				    net("10.0.0.0/8")));
	const struct state_route *route = state_route_next(f->state, TOR, &cursor);
	assert_true(ip_addr_equal(route->next_hops[0].via, ip("172.31.13.28")));
	assert_int_equal(route->since_ns, S(2));
	assert_ptr_equal(route, state_route_find(f->state, TOR, net("172.27.210.0/26")));
	assert_non_null(state_route_next(f->state, TOR, &cursor));
	assert_null(state_route_next(f->state, TOR, &cursor));
	struct observation o = { .kind = OBSERVE_FIB, .fib = { .prefix = net("172.27.210.0/26"),
							       .source = ROUTE_BGP,
							       .removed = true } };
	see(s, 3, TOR, o);
	see(s, 3, TOR, o); /* once more does no harm */
	assert_null(state_route_find(f->state, TOR, net("172.27.210.0/26")));
	see_arp(s, 1, TOR, "172.31.13.28", "REACHABLE");
	see_arp(s, 4, TOR, "172.31.13.27", "STALE");
	see_arp(s, 5, TOR, "172.31.13.27", "STALE");
	cursor = 0;
	const struct state_neighbor *entry = state_neighbor_next(f->state, TOR, &cursor);
	assert_true(ip_addr_equal(entry->address, ip("172.31.13.27")));
	assert_int_equal(entry->since_ns, S(4));
	see_arp(s, 6, TOR, "172.31.13.27", "NONE");
	cursor = 0;
	assert_true(ip_addr_equal(state_neighbor_next(f->state, TOR, &cursor)->address,
				  ip("172.31.13.28")));
}

static void what_a_dead_daemon_and_a_dead_node_forget(void **state)
{
	struct folded *f = *state;
	struct seed *s = f->seed;
	uint32_t cursor = 0;
	int64_t since_ns;
	see_start(s);
	assert_int_equal(state_now_ns(f->state), S(2.31));
	see(s, 90, TOR, (struct observation){ .kind = OBSERVE_PROCESS,
					      .process = { "bgpd", "hung" } });
	assert_string_equal(state_session_find(f->state, TOR, "172.31.13.27")->state,
			    "Established");
	see(s, 91, TOR, (struct observation){ .kind = OBSERVE_PROCESS,
					      .process = { "bgpd", "killed" } });
	assert_string_equal(state_session_find(f->state, TOR, "172.31.13.27")->state, "Idle");
	assert_null(state_path_next(f->state, TOR, &cursor));
	assert_non_null(state_route_find(f->state, TOR, net("172.27.210.0/26")));
	assert_true(state_node_alive(f->state, TOR, &since_ns));
	see_power(s, 92, TOR, false);
	assert_null(state_route_find(f->state, TOR, net("172.27.210.0/26")));
	cursor = 0;
	assert_null(state_neighbor_next(f->state, TOR, &cursor));
	assert_false(state_node_alive(f->state, TOR, &since_ns));
	see_power(s, 99, TOR, true);
	assert_true(state_node_alive(f->state, TOR, &since_ns));
	assert_int_equal(since_ns, S(99));
}

static void flows_links_and_steps(void **state)
{
	struct folded *f = *state;
	struct seed *s = f->seed;
	int64_t since_ns;
	assert_false(state_flow_at(f->state, 0)->known[0]);
	see_start(s);
	see_crash(s);
	const struct state_flow *flow = state_flow_at(f->state, 0);
	assert_int_equal(flow->disposition[0], DISPOSITION_NEIGHBOR_UNREACHABLE);
	assert_int_equal(flow->since_ns[0], S(68.4));
	assert_int_equal(flow->since_ns[1], 0);
	assert_int_equal(flow->hop_count[0], 2);
	assert_string_equal(flow->hops[0][1].next_hop.interface, "eth0");
	assert_int_equal(state_node_at(f->state, K1)->last_step, 0);
	assert_int_equal(state_node_at(f->state, K2)->last_step, MODEL_NONE);
	assert_int_equal(state_last_step(f->state), 0);
	see(s, 100, MODEL_NONE, (struct observation){ .kind = OBSERVE_LINK,
						      .link = { 0, K3, false, "" } });
	assert_false(state_link_at(f->state, 0, K3)->up);
	assert_true(state_link_at(f->state, 0, MODEL_NONE)->up);
	assert_false(state_node_alive(f->state, K3, &since_ns));
	see(s, 110, MODEL_NONE, (struct observation){ .kind = OBSERVE_LINK,
						      .link = { 0, K3, true, "delay 5ms" } });
	assert_true(state_node_alive(f->state, K3, &since_ns));
	assert_int_equal(since_ns, S(110));
	/* Of another model's trace: nothing happens. */
	see_power(s, 120, 77, false);
	see_step(s, 120, 77);
	see_flow(s, 120, 77, false, DISPOSITION_LOOP, NULL, 0, "");
	see(s, 120, MODEL_NONE,
	    (struct observation){ .kind = OBSERVE_LINK, .link = { 9, 9, 0, "" } });
}

/* Many rows come and go; walks stay sorted and whole. */
static void tables_under_load(void **state)
{
	struct folded *f = *state;
	struct seed *s = f->seed;
	uint32_t random = 1, there[512] = { 0 };
	for (int i = 0; i < 20000; i++) {
		random = random * 1664525 + 1013904223;
		uint32_t number = random >> 23;
		struct observed_next_hop next = { ip_addr_v4(number), "eth0" };
		struct observation o = { .kind = OBSERVE_FIB,
					 .fib = { .prefix = { ip_addr_v4(number << 8), 24 },
						  .source = ROUTE_BGP, .removed = there[number],
						  .next_hops = &next, .next_hop_count = 1 } };
		see(s, 1, TOR, o);
		there[number] = !there[number];
		if (i % 1000)
			continue;
		uint32_t cursor = 0;
		for (uint32_t n = 0; n < 512; n++) {
			if (!there[n])
				continue;
			const struct state_route *route = state_route_next(f->state, TOR, &cursor);
			assert_non_null(route);
			assert_int_equal(ip_addr_to_v4(route->prefix.addr), n << 8);
			assert_int_equal(ip_addr_to_v4(route->next_hops[0].via), n);
		}
		assert_null(state_route_next(f->state, TOR, &cursor));
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sessions_remember), TEST(sessions_come_in_the_daemons_order),
		TEST(paths_and_the_best_of_them), TEST(kernel_routes_and_arp),
		TEST(what_a_dead_daemon_and_a_dead_node_forget), TEST(flows_links_and_steps),
		TEST(tables_under_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
