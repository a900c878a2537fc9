/* The story of the seed as written, to the letter, and one story for each rule of "because". */
#include "tests/checker/seed.h"

#define A "\xe2\x86\x92"
#define X "\xe2\x9c\x97"
#define B "\xe2\x80\xa2"
#define E "\xe2\x80\xa6"

static void assert_text(const char *got, const char *wanted)
{
	if (strcmp(got, wanted) != 0)
		fail_msg("got:\n%s\nwanted:\n%s", got, wanted);
}

static void assert_has(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no \"%s\" in:\n%s", words, text);
}

static void seed_as_written(void **state)
{
	struct seed *s = *state;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_REACHABLE);
	uint32_t count;
	expect->name = "rr1-crash-harmless";
	expect->from_ns = S(60);
	expect->until_ns = S(300);
	expect->max_outage_ns = S(1);
	struct checker *checker = seed_checker(s);
	see_start(s);
	see_crash(s);
	see_recovery(s);
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	assert_verdict(verdict, VERDICT_FAIL, "longest outage 151.300s");
	assert_string_equal(verdict->limit, "\xe2\x89\xa4 1s");
	assert_int_equal(verdict->first_failing_ns, S(60));
	assert_text(verdict->why,
		    "4 of 4 flows:  client " A " k8s-2/172.27.209.5 .6, k8s-3/172.27.210.5 .6     "
		    "60.000s " E " 211.300s     NEIGHBOR_UNREACHABLE\n"
		    "\n"
		    "why, for client " A " k8s-2/172.27.209.5 at 68.400s\n"
		    "   1 client  172.27.208.0/22 via 172.31.13.116 dev eth0   static, line 35\n"
		    "   2 tor     172.27.209.0/26 via 172.31.13.27 dev eth0    "
		    "BGP, from 172.31.13.27, up since 2.114s\n"
		    "   3 k8s-1   " X " NODE_DOWN                                  "
		    "off since 60.000s, rr1-crash, line 45\n"
		    "     (tor: ARP for 172.31.13.27 FAILED since 68.400s)\n"
		    "  the pod's own node, k8s-2 (172.31.13.28), is up\n"
		    "because\n"
		    "  " B " tor sends to the reflector k8s-1, not to the pod's node k8s-2: "
		    "BGPPeer/rr-peer keeps no "
		    "original\n    next hop, so bird on k8s-1 writes its own address (eBGP, "
		    "multihop)     "
		    "line 125\n"
		    "  " B
		    " tor trusts a silent neighbor for 180s: hold time min(tor 180s, k8s-1 240s), "
		    "last heard at\n    31.300s\n"
		    "  " B
		    " another path, via k8s-2 (172.31.13.28), is known since 2.310s; \"Router ID\" "
		    "decided against it");
	assert_int_equal(verdict->place_count, 3);
	assert_int_equal(verdict->places[0].line, 77);
	assert_int_equal(verdict->places[1].line, 45);
	assert_int_equal(verdict->places[2].line, 125);
	assert_true(verdict->evidence_count > 0);
	checker_free(checker);
}

/* What explain_flow says of flow 0 right now. */
static const char *story(struct checker *checker, struct text *out, uint32_t flow)
{
	text_clear(out);
	explain_flow(checker_state(checker), flow, out);
	return text_string(out);
}

/* While packets are sent, a dead neighbour's ARP entry goes to and fro; that is no news. And what
 * was known longest is told, not what the end of an outage looked like. */
static void the_story_is_of_what_lasted(void **state)
{
	struct seed *s = *state;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_REACHABLE);
	uint32_t count;
	expect->from_ns = S(60);
	expect->until_ns = S(300);
	expect->max_outage_ns = S(1);
	struct checker *checker = seed_checker(s);
	see_start(s);
	see_crash(s);
	for (int i = 0; i < 40; i++) {
		see_arp(s, 70 + 3 * i, TOR, "172.31.13.27", i % 2 ? "FAILED" : "INCOMPLETE");
		see_flow_dead(s, 70 + 3 * i, 0, true);
		see_fib(s, 70 + 3 * i, K3, "172.27.209.0/26", ROUTE_BGP, "172.31.13.28");
	}
	see_path(s, 205, TOR, "172.27.209.0/26", "172.31.13.29", false, "");
	see_fib(s, 211, TOR, "172.27.209.0/26", ROUTE_BGP, "172.31.13.28");
	see_recovery(s);
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	assert_verdict(verdict, VERDICT_FAIL, "longest outage 151.300s");
	assert_has(verdict->why, "k8s-2/172.27.209.5 at 68.400s");
	assert_has(verdict->why, "(tor: ARP for 172.31.13.27 FAILED since 68.400s)");
	checker_free(checker);
}

/* A path that came after the best was chosen did not lose to the rule that chose it. */
static void a_rule_is_of_its_time(void **state)
{
	struct seed *s = *state;
	struct checker *checker = seed_checker(s);
	struct text out;
	text_init(&out);
	see_start(s);
	see_path(s, 10, TOR, "172.27.209.0/26", "172.31.13.28", false, "");
	see_crash(s);
	story(checker, &out, 0);
	assert_has(text_string(&out), "via k8s-2 (172.31.13.28), is known since 10.000s\n");
	text_free(&out);
	checker_free(checker);
}

static void a_good_flow_is_shown_both_ways(void **state)
{
	struct seed *s = *state;
	struct checker *checker = seed_checker(s);
	struct text out;
	text_init(&out);
	see_start(s);
	assert_text(story(checker, &out, 2),
		"why, for client " A " k8s-3/172.27.210.5 at 2.310s\n"
		"   1 client  172.27.208.0/22 via 172.31.13.116 dev eth0   static, line 35\n"
		"   2 tor     172.27.210.0/26 via 172.31.13.27 dev eth0    "
		"BGP, from 172.31.13.27, up since 2.114s\n"
		"   3 k8s-1   172.27.210.0/26 via 172.31.13.29 dev eth0    BGP\n"
		"   4 k8s-3   172.27.210.5/32 dev eth0                     pod, line 33\n"
		"   5 k8s-3   \xe2\x9c\x93 ACCEPTED\n"
		"why, for client " A " k8s-3/172.27.210.5, the answer's way, at 2.310s\n"
		"   1 k8s-3   172.31.13.0/24 dev eth0   connected, line 12\n"
		"   2 k8s-3   \xe2\x9c\x93 ACCEPTED\n");
	text_free(&out);
	checker_free(checker);
}

static void each_rule_says_its_fact(void **state)
{
	struct seed *s = *state;
	struct checker *checker = seed_checker(s);
	struct text out;
	text_init(&out);
	see_start(s);
	struct observed_hop hops[] = {
		hop(CLIENT, "172.27.208.0/22", ROUTE_STATIC, "172.31.13.116"),
		hop(TOR, "172.27.209.0/26", ROUTE_BGP, "172.31.13.28"),
		hop(K2, "172.27.209.0/26", ROUTE_BLACKHOLE_BLOCK, ""),
	};
	struct observed_hop bare[] = { hops[0], { .node = TOR, .neighbor_state = "" } };

	see_flow(s, 10, 0, false, DISPOSITION_NULL_ROUTED, hops, 3, "");
	assert_has(
		story(checker, &out, 0),
		"blackhole 172.27.209.0/26                    blackhole of its own block, line 32");
	assert_has(text_string(&out),
		   B " k8s-2 owns the block 172.27.209.0/26, but has no route to a "
		     "pod 172.27.209.5     line 32\n");

	s->configs[TOR].ip_forward = false;
	s->configs[TOR].ip_forward_pos = line(s, 9);
	see_flow(s, 11, 0, false, DISPOSITION_NOT_FORWARDING, bare, 2, "");
	assert_has(story(checker, &out, 0), B " net.ipv4.ip_forward is 0 on tor     line 9\n");

	struct model_filter filters[] = {
		{ .chain = MODEL_FORWARD, .protocol = 17, .verdict = MODEL_DROP,
		  .in_interface = MODEL_NONE, .pos = line(s, 20) },
		{ .chain = MODEL_FORWARD, .protocol = 6, .destination = net("172.27.209.0/24"),
		  .destination_port = 80, .verdict = MODEL_DROP, .in_interface = MODEL_NONE,
		  .pos = { &s->frr, 21, 1, 1 } },
	};
	s->configs[TOR].filters = filters;
	s->configs[TOR].filter_count = 2;
	see_flow(s, 12, 0, false, DISPOSITION_DENIED_IN, bare, 2, "");
	assert_has(story(checker, &out, 0),
		   B " a rule of tor drops it (chain FORWARD)     tor/frr.conf:21\n");

	s->configs[TOR].rp_filter = 1;
	see_flow(s, 13, 0, false, DISPOSITION_RP_FILTERED, bare, 2, "");
	assert_has(story(checker, &out, 0), B " rp_filter is 1 (strict) on tor: its route back");

	see_flow(s, 14, 0, false, DISPOSITION_LOOP, hops, 2, "back at client");
	assert_has(story(checker, &out, 0), X " LOOP");
	assert_has(text_string(&out), "back at client");
	text_free(&out);
	checker_free(checker);
}

static void no_route_names_the_session(void **state)
{
	struct seed *s = *state;
	struct checker *checker = seed_checker(s);
	struct text out;
	text_init(&out);
	s->neighbors[TOR][0].remote_as = 64513;
	s->neighbors[TOR][1].password = "a";
	s->configs[TOR].bgp.ebgp_requires_policy = true;
	see_power(s, 0, TOR, true);
	see_session(s, 5, TOR, "172.31.13.27", "OpenSent", "Idle", "Bad Peer AS");
	struct observed_hop bare[] = {
		hop(CLIENT, "172.27.208.0/22", ROUTE_STATIC, "172.31.13.116"),
		{ .node = TOR, .neighbor_state = "" },
	};
	see_flow(s, 6, 0, false, DISPOSITION_NO_ROUTE, bare, 2, "");
	see_back_good(s, 6, 0);
	story(checker, &out, 0);
	assert_has(text_string(&out),
		   B " tor has no route to 172.27.209.5, and no BGP neighbor offers one\n");
	assert_has(text_string(&out),
		   B " tor takes no routes from eBGP neighbor 172.31.13.28 without a "
		     "policy (bgp ebgp-requires-policy)\n    line 17\n");
	assert_has(text_string(&out),
		   B " tor's session with k8s-1 (172.31.13.27) is down: Idle since "
		     "5.000s, Bad Peer AS; was never up\n    line 16\n");
	assert_has(text_string(&out),
		   B " tor expects AS 64513 of k8s-1, which has AS 64512     line 16\n");
	assert_has(text_string(&out),
		   B " tor has a password for k8s-2, k8s-2 has none for tor     line 17\n");
	text_free(&out);
	checker_free(checker);
}

static void a_cut_link_and_an_island_are_named(void **state)
{
	struct seed *s = *state;
	uint32_t islands[NODES] = { 0, 1, 0, 0, 0 };
	s->steps[2] = (struct model_step){ .at_ns = S(70), .name = "split", .group_of = islands,
					   .kind = MODEL_STEP_PARTITION, .pos = line(s, 50) };
	s->steps[3] = (struct model_step){ .at_ns = S(80),
					   .name = "cut1",
					   .link = 0,
					   .link_end = K1,
					   .kind = MODEL_STEP_CUT,
					   .pos = line(s, 51) };
	s->model.step_count = 4;
	struct checker *checker = seed_checker(s);
	struct text out;
	text_init(&out);
	see_start(s);
	see_step(s, 70, 2);
	see_flow_dead(s, 78, 0, true);
	story(checker, &out, 0);
	assert_has(text_string(&out),
		   B " tor and k8s-1 are in different islands since 70.000s, split, line 50\n");
	see_step(s, 80, 3);
	see(s, 80, MODEL_NONE, (struct observation){ .kind = OBSERVE_LINK,
						     .link = { 0, K1, false, "" } });
	see_flow_dead(s, 80, 0, true);
	story(checker, &out, 0);
	assert_has(text_string(&out), "3 k8s-1   " X " LINK_DOWN");
	assert_has(text_string(&out), "eth0 of rack1 cut since 80.000s, cut1, line 51\n");
	text_free(&out);
	checker_free(checker);
}

static void a_dead_daemon_is_named(void **state)
{
	struct seed *s = *state;
	struct checker *checker = seed_checker(s);
	struct text out;
	text_init(&out);
	see_start(s);
	see(s, 90, TOR, (struct observation){ .kind = OBSERVE_PROCESS,
					      .process = { "bgpd", "killed" } });
	see_power(s, 95, K1, false);
	see_flow_dead(s, 95, 0, false);
	story(checker, &out, 0);
	assert_has(text_string(&out), "BGP, kept by the kernel, its daemon killed since 90.000s");
	assert_has(text_string(&out), B " bgpd on tor is killed since 90.000s");
	text_free(&out);
	checker_free(checker);
}

static void a_session_that_never_came_up(void **state)
{
	struct seed *s = *state;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_ESTABLISHED);
	uint32_t count;
	expect->within_ns = S(30);
	s->neighbors[K1][0].remote_as = 7676;
	struct checker *checker = seed_checker(s);
	see_start(s);
	see_session(s, 3, K1, "Node_172_31_13_116", "Established", "Idle", "Bad Peer AS");
	see_session(s, 3, TOR, "172.31.13.27", "Established", "Active", "");
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	assert_verdict(verdict, VERDICT_FAIL, "4 of 5 at 30.000s");
	assert_text(verdict->why,
		    "1 of 5 sessions:  tor \xe2\x86\x94 k8s-1     since 3.000s\n"
		    "\n"
		    "why, for tor \xe2\x86\x94 k8s-1 at 30.000s\n"
		    "  tor, neighbor 172.31.13.27: Active since 3.000s     line 16\n"
		    "  k8s-1, neighbor Node_172_31_13_116: Idle since 3.000s, Bad Peer AS     line "
		    "120\n"
		    "because\n"
		    "  " B " k8s-1 expects AS 7676 of tor, which has AS 7675     line 120");
	checker_free(checker);
}

/* One-way TCP/179: the side that may call is not let in, and the other does not call. */
static void a_firewall_and_who_may_call_are_named(void **state)
{
	struct seed *s = *state;
	struct model_filter filters[] = {
		{ .chain = MODEL_INPUT, .protocol = 6, .destination_port = 179,
		  .established_only = true, .in_interface = MODEL_NONE, .verdict = MODEL_ACCEPT,
		  .pos = line(s, 60) },
		{ .chain = MODEL_INPUT, .protocol = 6, .destination_port = 179,
		  .in_interface = MODEL_NONE, .verdict = MODEL_DROP, .pos = line(s, 61) },
	};
	uint32_t count;
	s->configs[K2].filters = filters;
	s->configs[K2].filter_count = 2;
	s->neighbors[K1][1].passive = false;
	s->neighbors[K2][1].passive = true;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_ESTABLISHED);
	expect->node = K1;
	expect->neighbor = "k8s-2";
	struct checker *checker = seed_checker(s);
	see_power(s, 0, K1, true);
	see_power(s, 0, K2, true);
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	assert_has(verdict->why,
		   B " a rule of k8s-2 drops calls to k8s-2's TCP port 179 (chain INPUT)     "
		     "line 61\n  " B " only k8s-1 calls: k8s-2 is passive towards it");
	checker_free(checker);

	/* The one that calls may also be kept from it, or from the answer, at home. */
	filters[1].chain = MODEL_OUTPUT;
	s->configs[K2].filter_count = 0;
	s->configs[K1].filters = &filters[1];
	s->configs[K1].filter_count = 1;
	checker = seed_checker(s);
	verdict = checker_finish(checker, S(300), &count);
	assert_has(verdict->why, B " a rule of k8s-1 drops calls to k8s-2's TCP port 179 (chain "
				   "OUTPUT)     line 61");
	checker_free(checker);
	filters[1].chain = MODEL_INPUT;
	filters[1].destination_port = 0;
	filters[1].source_port = 179;
	filters[1].verdict = MODEL_REJECT;
	checker = seed_checker(s);
	verdict = checker_finish(checker, S(300), &count);
	assert_has(verdict->why, B " a rule of k8s-1 rejects the answers to calls to k8s-2's TCP "
				   "port 179 (chain INPUT)");
	checker_free(checker);

	/* A rule that lets it pass is no reason. */
	filters[1].verdict = MODEL_ACCEPT;
	checker = seed_checker(s);
	verdict = checker_finish(checker, S(300), &count);
	assert_null(strstr(verdict->why, "a rule of"));
	assert_null(strstr(verdict->why, "passive"));
	checker_free(checker);
}

static void what_the_matrix_says_is_said(void **state)
{
	struct seed *s = *state;
	uint32_t count;
	s->addresses[K1].address = net("172.31.13.27/32");
	s->neighbors[K1][0].multihop = false;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_ESTABLISHED);
	expect->node = TOR;
	struct checker *checker = seed_checker(s);
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	assert_has(verdict->why, B " tor is not on a subnet of k8s-1, and the eBGP session is not "
				   "multihop     line 16");
	checker_free(checker);
}

/* A path that came without a policy, and a daemon that keeps to itself what it has. */
static void routes_refused_and_held_back(void **state)
{
	struct seed *s = *state;
	struct checker *checker = seed_checker(s);
	struct text out;
	struct observation waiting = { .kind = OBSERVE_SESSION };
	text_init(&out);
	s->configs[TOR].bgp.ebgp_requires_policy = true;
	see_start(s);
	struct observed_hop bare[] = { { .node = TOR, .neighbor_state = "" } };
	see_flow(s, 6, 0, false, DISPOSITION_NO_ROUTE, bare, 1, "");
	story(checker, &out, 0);
	assert_has(text_string(&out), B " tor has no route to 172.27.209.5, though BGP knows a "
					"path that is not usable\n");
	assert_has(text_string(&out), B " tor takes no routes from eBGP neighbor 172.31.13.28 "
					"without a policy (bgp ebgp-requires-policy)\n");
	assert_null(strstr(text_string(&out), "holds its routes back"));
	see(s, 0, K2, (struct observation){ .kind = OBSERVE_PROCESS,
					    .process = { "bird", "running" } });
	waiting.session.neighbor = "Node_172_31_13_27";
	waiting.session.old_state = waiting.session.new_state = "Active";
	waiting.session.reason = waiting.session.error = waiting.session.last_error = "";
	waiting.session.waiting = true;
	see(s, 7, K2, waiting);
	see_flow(s, 7, 0, false, DISPOSITION_NO_ROUTE, bare, 1, "");
	story(checker, &out, 0);
	assert_has(text_string(&out), B " bird on k8s-2 started at 0.000s and holds its routes "
					"back: it waits for all its");
	/* A node whose session is down is not heard for that reason already. */
	see_session(s, 8, TOR, "172.31.13.28", "Established", "Idle", "");
	see_flow(s, 8, 0, false, DISPOSITION_NO_ROUTE, bare, 1, "");
	story(checker, &out, 0);
	assert_null(strstr(text_string(&out), "holds its routes back"));
	text_free(&out);
	checker_free(checker);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEED_TEST(seed_as_written), SEED_TEST(the_story_is_of_what_lasted),
		SEED_TEST(a_rule_is_of_its_time), SEED_TEST(a_good_flow_is_shown_both_ways),
		SEED_TEST(each_rule_says_its_fact), SEED_TEST(no_route_names_the_session),
		SEED_TEST(a_cut_link_and_an_island_are_named), SEED_TEST(a_dead_daemon_is_named),
		SEED_TEST(a_session_that_never_came_up),
		SEED_TEST(a_firewall_and_who_may_call_are_named),
		SEED_TEST(what_the_matrix_says_is_said),
		SEED_TEST(routes_refused_and_held_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
