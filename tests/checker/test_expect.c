/* Every kind of expectation passes, fails, and says when it had nothing to judge. */
#include "tests/checker/seed.h"

static void assert_has(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no \"%s\" in:\n%s", words, text);
}

/* Judges the whole story of the crash; end in seconds. */
static void judge_crash(struct seed *s, double end, enum verdict_result result,
			const char *measured)
{
	struct checker *checker = seed_checker(s);
	uint32_t count;
	see_start(s);
	if (end >= 60)
		see_crash(s);
	if (end >= 212)
		see_recovery(s);
	const struct verdict *verdict = checker_finish(checker, S(end), &count);
	assert_int_equal(count, 1);
	assert_verdict(verdict, result, measured);
	assert_int_equal(verdict->why[0] == '\0', result == VERDICT_PASS);
	if (result == VERDICT_FAIL)
		assert_true(verdict->first_failing_ns != MODEL_NO_TIME && verdict->evidence_count);
	checker_free(checker);
}

/* ---- established ---------------------------------------------------------------------------- */

static void established_within(void **state)
{
	struct seed *s = *state;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_ESTABLISHED);
	expect->within_ns = S(30);
	judge_crash(s, 300, VERDICT_PASS, "5 of 5 in 2.214s");
	expect->within_ns = S(2.15); /* the last came at 2.214s */
	judge_crash(s, 300, VERDICT_FAIL, "3 of 5 at 2.150s");
	expect->within_ns = S(30); /* the run never got there */
	judge_crash(s, 29, VERDICT_NOT_JUDGED, "not judged");
	expect->within_ns = S(60); /* until just before the crash */
	judge_crash(s, 300, VERDICT_PASS, "5 of 5 in 2.214s");
	expect->after_ns = S(1);
	expect->within_ns = S(20);
	judge_crash(s, 300, VERDICT_PASS, "5 of 5 in 1.214s");
}

static void established_must_go_on(void **state)
{
	struct seed *s = *state;
	uint32_t count;
	seed_expect(s, MODEL_EXPECT_ESTABLISHED)->within_ns = S(30);
	struct checker *checker = seed_checker(s);
	see_start(s);
	see_session(s, 35, K3, "Node_172_31_13_28", "Established", "Idle", "Cease");
	see_session(s, 40, K3, "Node_172_31_13_28", "OpenConfirm", "Established", "");
	assert_verdict(checker_finish(checker, S(300), &count), VERDICT_FAIL, "4 of 5 at 35.000s");
	checker_free(checker);
}

static void established_at_and_during(void **state)
{
	struct seed *s = *state;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_ESTABLISHED);
	expect->at_ns = S(50);
	judge_crash(s, 300, VERDICT_PASS, "5 of 5 sessions at 50.000s");
	expect->at_ns = S(61); /* k8s-1 has lost its three */
	judge_crash(s, 300, VERDICT_FAIL, "2 of 5 sessions at 61.000s");
	expect->at_ns = S(301);
	judge_crash(s, 300, VERDICT_NOT_JUDGED, "not judged");
	expect->at_ns = MODEL_NO_TIME; /* nothing said: in the end */
	judge_crash(s, 300, VERDICT_FAIL, "2 of 5 sessions");
	expect->from_ns = S(10);
	expect->until_ns = S(50);
	judge_crash(s, 300, VERDICT_PASS, "5 of 5 throughout");
	expect->until_ns = S(70);
	judge_crash(s, 300, VERDICT_FAIL, "2 of 5 throughout");
	expect->max_outage_ns = S(10);
	judge_crash(s, 300, VERDICT_PASS, "longest outage 10.000s");
	expect->from_ns = expect->until_ns = expect->max_outage_ns = MODEL_NO_TIME;
	expect->after_ns = S(10);
	judge_crash(s, 59, VERDICT_PASS, "5 of 5 throughout");
	judge_crash(s, 300, VERDICT_FAIL, "2 of 5 throughout");
}

static void established_of_one(void **state)
{
	struct seed *s = *state;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_ESTABLISHED);
	expect->at_ns = S(250);
	expect->node = TOR;
	judge_crash(s, 300, VERDICT_FAIL, "1 of 2 sessions at 250.000s");
	expect->neighbor = "172.31.13.28";
	judge_crash(s, 300, VERDICT_PASS, "1 of 1 session at 250.000s");
	expect->neighbor = "k8s-1";
	judge_crash(s, 300, VERDICT_FAIL, "0 of 1 session at 250.000s");
	expect->neighbor = "nobody";
	judge_crash(s, 300, VERDICT_NOT_JUDGED, "not judged");
	expect->node = CLIENT;
	expect->neighbor = NULL;
	judge_crash(s, 300, VERDICT_NOT_JUDGED, "not judged");
}

/* A configuration that drops sessions changes how many there are to be. */
static void established_follows_the_configuration(void **state)
{
	struct seed *s = *state;
	uint32_t count;
	struct model_config slim = s->configs[K2], tor = s->configs[TOR];
	const struct model_config *nodes[NODES];
	memcpy(nodes, s->current, sizeof(nodes));
	slim.bgp.neighbor_count = 0;
	tor.bgp.neighbor_count = 1;
	struct model_config k3 = s->configs[K3], k1 = s->configs[K1];
	struct model_neighbor k1_left[2] = { s->neighbors[K1][0], s->neighbors[K1][2] };
	k3.bgp.neighbor_count = 1;
	k1.bgp.neighbors = k1_left;
	k1.bgp.neighbor_count = 2;
	nodes[K1] = &k1;
	nodes[K2] = &slim;
	nodes[K3] = &k3;
	nodes[TOR] = &tor;
	s->revisions[1].nodes = nodes;
	s->model.revision_count = 2;
	s->steps[0] = (struct model_step){ .at_ns = S(60), .name = "demote", .text = "",
					   .kind = MODEL_STEP_CONFIGURE, .revision = 1 };
	seed_expect(s, MODEL_EXPECT_ESTABLISHED)->at_ns = S(50);
	seed_expect(s, MODEL_EXPECT_ESTABLISHED)->at_ns = S(200);
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_ESTABLISHED);
	expect->from_ns = S(10);
	expect->until_ns = S(200);
	struct checker *checker = seed_checker(s);
	see_start(s);
	see_step(s, 60, 0);
	see_session(s, 60, TOR, "172.31.13.28", "Established", "Idle", "Cease");
	const struct verdict *verdicts = checker_finish(checker, S(300), &count);
	assert_verdict(&verdicts[0], VERDICT_PASS, "5 of 5 sessions at 50.000s");
	assert_verdict(&verdicts[1], VERDICT_PASS, "2 of 2 sessions at 200.000s");
	assert_verdict(&verdicts[2], VERDICT_PASS, "5 of 5 throughout");
	checker_free(checker);
}

/* ---- routes --------------------------------------------------------------------------------- */

static const char *routes_verdict(struct seed *s, enum verdict_result result, const char *measured)
{
	static char why[4096]; /* outlives the checker, for the words in it */
	struct checker *checker = seed_checker(s);
	uint32_t count;
	see_start(s);
	see_crash(s);
	see_recovery(s);
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	assert_verdict(verdict, result, measured);
	strncpy(why, verdict->why, sizeof(why) - 1);
	checker_free(checker);
	return why;
}

/* No world plays a session between IPv6 addresses: it neither fails nor counts. */
static void established_over_ipv6_is_not_judged(void **state)
{
	struct seed *s = *state;
	uint32_t count;
	seed_expect(s, MODEL_EXPECT_ESTABLISHED);
	s->configs[TOR].bgp.neighbors[0].address = ip("fd00::27");
	s->configs[K1].bgp.neighbors[0].address = ip("fd00::116");
	struct checker *checker = seed_checker(s);
	see_start(s);
	assert_verdict(checker_finish(checker, S(300), &count), VERDICT_PASS, "4 of 4 sessions");
	checker_free(checker);
	for (uint32_t i = TOR; i <= K3; i++)
		for (uint32_t n = 0; n < s->configs[i].bgp.neighbor_count; n++)
			s->configs[i].bgp.neighbors[n].address = ip("fd00::1");
	checker = seed_checker(s);
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	assert_verdict(verdict, VERDICT_NOT_JUDGED, "not judged");
	assert_string_equal(verdict->why, "there are no sessions between IPv4 addresses");
	checker_free(checker);
}

static void routes_of_either_table(void **state)
{
	struct seed *s = *state;
	struct ip_addr k1 = ip("172.31.13.27"), k2 = ip("172.31.13.28");
	struct model_expect_route wanted[] = {
		{ .prefix = net("172.27.209.0/26"),
		  .vias = &k1,
		  .via_count = 1,
		  .pos = line(s, 81) },
		{ .prefix = net("172.27.210.0/26"),
		  .vias = &k1,
		  .via_count = 1,
		  .interface = "eth0" },
		{ .prefix = net("172.27.211.0/26"), .absent = true },
	};
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_ROUTES);
	expect->node = TOR;
	expect->routes = wanted;
	expect->route_count = 3;
	expect->at_ns = S(50);
	expect->fib = true;
	routes_verdict(s, VERDICT_PASS, "3 of 3 routes at 50.000s");
	expect->at_ns = S(300);
	const char *why = routes_verdict(s, VERDICT_FAIL, "1 of 3 routes");
	assert_has(why, "2 of 3 routes:  172.27.209.0/26, 172.27.210.0/26\n");
	assert_has(why, "  172.27.209.0/26     line 81\n"
			"    expected via 172.31.13.27\n"
			"    seen     via 172.31.13.28 dev eth0\n");
	wanted[0].vias = wanted[1].vias = &k2;
	routes_verdict(s, VERDICT_PASS, "3 of 3 routes");
	wanted[1].interface = "eth1";
	routes_verdict(s, VERDICT_FAIL, "2 of 3 routes");
	expect->fib = false; /* BGP's table knows no interface */
	routes_verdict(s, VERDICT_PASS, "3 of 3 routes");
	wanted[0].vias = &k1;
	routes_verdict(s, VERDICT_FAIL, "2 of 3 routes");
	wanted[0].vias = &k2;
	wanted[0].absent = true;
	why = routes_verdict(s, VERDICT_FAIL, "2 of 3 routes");
	assert_has(why, "expected no route");
	wanted[0].absent = false;
	wanted[2].absent = false;
	why = routes_verdict(s, VERDICT_FAIL, "2 of 3 routes");
	assert_has(why, "seen     no route\nbecause\n");
	assert_has(why, "tor's session with k8s-1 (172.31.13.27) is down: Idle since 211.300s, "
			"Hold Timer Expired");
	expect->at_ns = S(400);
	routes_verdict(s, VERDICT_NOT_JUDGED, "not judged");
}

static void routes_exactly(void **state)
{
	struct seed *s = *state;
	struct model_expect_route wanted[] = { { .prefix = net("172.27.209.0/26") },
					       { .prefix = net("172.27.210.0/26") },
					       { .prefix = net("172.27.208.0/26") } };
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_ROUTES);
	expect->node = TOR;
	expect->routes = wanted;
	expect->route_count = 3;
	expect->exact = true;
	for (int fib = 0; fib < 2; fib++) {
		expect->fib = fib;
		expect->route_count = 3;
		routes_verdict(s, VERDICT_PASS, "4 of 4 routes");
		expect->route_count = 2;
		assert_has(routes_verdict(s, VERDICT_FAIL, "2 of 3 routes"),
			   "not expected: 172.27.208.0/26");
	}
	expect->route_count = 0;
	expect->exact = false;
	routes_verdict(s, VERDICT_NOT_JUDGED, "not judged");
}

static void routes_by_attribute(void **state)
{
	struct seed *s = *state;
	static const uint32_t clusters[2] = { 0xac1f0d1b, 0xac1f0d1c };
	const struct model_expect_route good = {
		.prefix = net("10.0.0.0/8"), .has_originator = true, .originator_id = 0xac1f0d1d,
		.has_clusters = true, .clusters = clusters, .cluster_count = 2,
		.has_as_path = true, .as_path = "64512", .has_local_pref = true, .local_pref = 100,
		.has_med = true, .med = 0,
	};
	struct model_expect_route wanted[6];
	for (int i = 0; i < 6; i++)
		wanted[i] = good;
	wanted[1].originator_id++; /* each wrong in exactly one thing */
	wanted[2].cluster_count = 1;
	wanted[3].as_path = "64513";
	wanted[4].local_pref = 200;
	wanted[5].med = 1;
	for (int i = 0; i < 6; i++) {
		s->model.expect_count = 0;
		struct model_expect *expect = seed_expect(s, MODEL_EXPECT_ROUTES);
		uint32_t count;
		expect->node = K3;
		expect->routes = &wanted[i];
		expect->route_count = 1;
		struct checker *checker = seed_checker(s);
		struct observation o = { .kind = OBSERVE_PATH,
					 .path = { .neighbor = "Node_172_31_13_27",
						   .prefix = good.prefix,
						   .rule = "",
						   .attrs = { .id = 3,
							      .as_path = "64512",
							      .has_local_pref = true,
							      .local_pref = 100,
							      .has_med = true,
							      .has_originator = true,
							      .originator_id = 0xac1f0d1d,
							      .cluster_list =
								      "172.31.13.27 172.31.13.28",
							      .communities = "" } } };
		see(s, 1, K3, o);
		o.kind = OBSERVE_BEST;
		see(s, 1, K3, o);
		assert_verdict(checker_finish(checker, S(300), &count),
			       i ? VERDICT_FAIL : VERDICT_PASS,
			       i ? "0 of 1 route" : "1 of 1 route");
		checker_free(checker);
	}
}

/* ---- reachable ------------------------------------------------------------------------------ */

static void reachable_in_time(void **state)
{
	struct seed *s = *state;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_REACHABLE);
	expect->within_ns = S(35);
	judge_crash(s, 300, VERDICT_PASS, "4 of 4 in 2.310s");
	expect->within_ns = S(2);
	judge_crash(s, 300, VERDICT_FAIL, "0 of 4 at 2.000s");
	expect->within_ns = MODEL_NO_TIME;
	expect->at_ns = S(100);
	judge_crash(s, 300, VERDICT_FAIL, "0 of 4 flows at 100.000s");
	expect->at_ns = S(211.3);
	judge_crash(s, 300, VERDICT_PASS, "4 of 4 flows at 211.300s");
	expect->at_ns = S(300);
	judge_crash(s, 300, VERDICT_PASS, "4 of 4 flows");
	judge_crash(s, 250, VERDICT_NOT_JUDGED, "not judged");
	expect->flow_count = 0;
	judge_crash(s, 300, VERDICT_NOT_JUDGED, "not judged");
}

static void reachable_but_for_outages(void **state)
{
	struct seed *s = *state;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_REACHABLE);
	expect->from_ns = S(60);
	expect->until_ns = S(300);
	expect->max_outage_ns = S(151.3);
	judge_crash(s, 300, VERDICT_PASS, "longest outage 151.300s");
	expect->max_outage_ns -= 1;
	judge_crash(s, 300, VERDICT_FAIL, "longest outage 151.300s");
	expect->until_ns = S(100); /* only what lies in the window counts */
	judge_crash(s, 300, VERDICT_PASS, "longest outage 40.000s");
	judge_crash(s, 80, VERDICT_NOT_JUDGED, "not judged");
	expect->max_outage_ns = S(1); /* failed already, whatever would have come */
	judge_crash(s, 80, VERDICT_FAIL, "longest outage 20.000s");
	expect->from_ns = S(250);
	expect->until_ns = S(300);
	judge_crash(s, 300, VERDICT_PASS, "longest outage 0.000s");
	expect->from_ns = expect->until_ns = MODEL_NO_TIME;
	expect->after_ns = S(250);
	expect->max_outage_ns = MODEL_NO_TIME;
	judge_crash(s, 300, VERDICT_PASS, "4 of 4 throughout");
	judge_crash(s, 250, VERDICT_NOT_JUDGED, "not judged");
	expect->after_ns = S(100);
	judge_crash(s, 300, VERDICT_FAIL, "0 of 4 throughout");
}

static void reachable_needs_the_answer(void **state)
{
	struct seed *s = *state;
	uint32_t count, outages;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_REACHABLE);
	expect->from_ns = S(10);
	expect->until_ns = S(300);
	expect->max_outage_ns = S(1);
	struct checker *checker = seed_checker(s);
	see_start(s);
	see_flow(s, 100, 3, true, DISPOSITION_NO_ROUTE, NULL, 0, "");
	see_back_good(s, 101.5, 3);
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	assert_verdict(verdict, VERDICT_FAIL, "longest outage 1.500s");
	assert_has(verdict->why, "1 of 4 flows:  client \xe2\x86\x92 k8s-3/172.27.210.6     "
				 "100.000s \xe2\x80\xa6 101.500s     NO_ROUTE on the way back\n");
	assert_has(verdict->why, "k8s-3/172.27.210.6, the answer's way, at 100.000s");
	const struct outage *list = checker_outages(checker, &outages);
	assert_int_equal(outages, 5); /* each flow's start, and this one */
	assert_int_equal(list[4].flow, 3);
	assert_int_equal(list[4].from_ns, S(100));
	assert_int_equal(list[4].until_ns, S(101.5));
	assert_int_equal(list[4].disposition, DISPOSITION_NO_ROUTE);
	assert_true(list[4].back);
	assert_int_equal(list[0].from_ns, 0);
	assert_int_equal(list[0].until_ns, S(2.31));
	checker_free(checker);
}

static void reachable_unseen_is_not_judged(void **state)
{
	struct seed *s = *state;
	uint32_t count;
	seed_expect(s, MODEL_EXPECT_REACHABLE)->within_ns = S(10);
	struct checker *checker = seed_checker(s);
	see_power(s, 0, TOR, true);
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	assert_verdict(verdict, VERDICT_NOT_JUDGED, "not judged");
	assert_string_equal(verdict->why, "none of its flows was ever observed");
	checker_free(checker);
}

/* Flows whose outages differ are told apart, and the worst is explained. */
static void reachable_folds_what_is_the_same(void **state)
{
	struct seed *s = *state;
	uint32_t count;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_REACHABLE);
	expect->after_ns = S(10);
	struct checker *checker = seed_checker(s);
	see_start(s);
	for (uint32_t flow = 0; flow < 2; flow++)
		see_flow_dead(s, 20, flow, false);
	see_flow_dead(s, 22, 2, false);
	for (uint32_t flow = 0; flow < 2; flow++)
		see_flow_good(s, 25, flow, K1);
	see_flow_good(s, 50, 2, K1);
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	assert_verdict(verdict, VERDICT_FAIL, "1 of 4 throughout");
	assert_has(verdict->why, "2 of 4 flows:  client \xe2\x86\x92 k8s-2/172.27.209.5 .6     "
				 "20.000s \xe2\x80\xa6 25.000s     NODE_DOWN\n"
				 "1 of 4 flows:  client \xe2\x86\x92 k8s-3/172.27.210.5     "
				 "22.000s \xe2\x80\xa6 50.000s     NODE_DOWN\n");
	assert_has(verdict->why, "why, for client \xe2\x86\x92 k8s-3/172.27.210.5 at 25.000s");
	assert_int_equal(verdict->first_failing_ns, S(20));
	checker_free(checker);
}

/* A short outage that comes after a long one does not take its place in the story. */
static void reachable_tells_of_the_longest(void **state)
{
	struct seed *s = *state;
	uint32_t count;
	seed_expect(s, MODEL_EXPECT_REACHABLE)->after_ns = S(10);
	struct checker *checker = seed_checker(s);
	see_start(s);
	for (uint32_t flow = 0; flow < 2; flow++) {
		see_flow_dead(s, 20 + 80 * flow, flow, false);
		see_flow_good(s, 60 + 41 * flow, flow, K1);
	}
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	assert_verdict(verdict, VERDICT_FAIL, "2 of 4 throughout");
	assert_has(verdict->why, "why, for client \xe2\x86\x92 k8s-2/172.27.209.5 at 20.000s");
	assert_int_equal(verdict->evidence_count, 4);
	checker_free(checker);
}

/* ---- source-preserved ----------------------------------------------------------------------- */

static void source_preserved(void **state)
{
	struct seed *s = *state;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_SOURCE_PRESERVED);
	judge_crash(s, 300, VERDICT_PASS, "4 of 4 flows, no NAT");
	expect->at_ns = S(250);
	judge_crash(s, 300, VERDICT_PASS, "4 of 4 flows, no NAT");
	expect->at_ns = MODEL_NO_TIME;
	expect->flow_count = 0;
	judge_crash(s, 300, VERDICT_NOT_JUDGED, "not judged");
}

static void source_rewritten(void **state)
{
	struct seed *s = *state;
	uint32_t count;
	struct observed_hop hops[] = { hop(K3, "172.31.13.0/24", ROUTE_CONNECTED, "") };
	struct observation o = { .kind = OBSERVE_FLOW,
				 .flow = { .flow = 0, .disposition = DISPOSITION_ACCEPTED,
					   .source = ip("172.31.13.29"), .hops = hops,
					   .hop_count = 1, .detail = "" } };
	s->flows[0] = (struct model_flow){ .name = "k8s-3/172.27.210.5 \xe2\x86\x92 client",
					   .from_node = K3, .to_node = CLIENT,
					   .from = ip("172.27.210.5"), .to = ip("172.31.13.200") };
	s->configs[K3].nat_outgoing = 1;
	s->pool.nat_outgoing = true;
	seed_expect(s, MODEL_EXPECT_SOURCE_PRESERVED);
	struct checker *checker = seed_checker(s);
	see(s, 5, MODEL_NONE, o);
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	assert_verdict(verdict, VERDICT_FAIL, "0 of 1 flows, 1 rewritten, 3 never delivered");
	assert_has(verdict->why, "  sent from 172.27.210.5, arrives from 172.31.13.29\nbecause\n");
	assert_has(verdict->why, "natOutgoing of IPPool/default-pool rewrites what");
	assert_has(verdict->why, "line 97");
	assert_int_equal(verdict->places[1].line, 97);
	checker_free(checker);

	o.flow.source = ip("172.27.210.5");
	checker = seed_checker(s);
	see(s, 5, MODEL_NONE, o);
	assert_verdict(checker_finish(checker, S(300), &count), VERDICT_PASS,
		       "1 of 1 flows, no NAT, 3 never delivered");
	checker_free(checker);

	o.flow.disposition = DISPOSITION_NO_ROUTE;
	checker = seed_checker(s);
	see(s, 5, MODEL_NONE, o);
	assert_verdict(checker_finish(checker, S(300), &count), VERDICT_NOT_JUDGED, "not judged");
	checker_free(checker);

	/* A way back is walked even while nobody gets there; what would answer is then not masked as
	 * an answer is, and is nobody's answer. */
	struct observation back = o;
	back.flow.back = true;
	back.flow.disposition = DISPOSITION_ACCEPTED;
	back.flow.source = ip("172.31.13.29");
	checker = seed_checker(s);
	see(s, 5, MODEL_NONE, o);
	see(s, 5, MODEL_NONE, back);
	o.flow.disposition = back.flow.disposition = DISPOSITION_ACCEPTED;
	back.flow.source = ip("172.31.13.200");
	see(s, 6, MODEL_NONE, back);
	see(s, 6, MODEL_NONE, o);
	assert_verdict(checker_finish(checker, S(300), &count), VERDICT_PASS,
		       "1 of 1 flows, no NAT, 3 never delivered");
	checker_free(checker);
}

/* ---- never ---------------------------------------------------------------------------------- */

static void never_blackhole(void **state)
{
	struct seed *s = *state;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_NEVER);
	expect->never = MODEL_NEVER_BLACKHOLE;
	expect->after_ns = S(35);
	judge_crash(s, 59, VERDICT_PASS, "0 blackholes");
	judge_crash(s, 300, VERDICT_FAIL, "4 blackholes");
	expect->after_ns = MODEL_NO_TIME; /* nothing was reached yet before 2.310s */
	judge_crash(s, 59, VERDICT_PASS, "0 blackholes");
	expect->never |= MODEL_NEVER_LOOP;
	judge_crash(s, 59, VERDICT_PASS, "0 loops, 0 blackholes");
	s->model.flow_count = 0;
	struct checker *checker = seed_checker(s);
	uint32_t count;
	assert_verdict(checker_finish(checker, S(300), &count), VERDICT_NOT_JUDGED, "not judged");
	checker_free(checker);
}

static void never_loop(void **state)
{
	struct seed *s = *state;
	uint32_t count;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_NEVER);
	expect->never = MODEL_NEVER_LOOP;
	struct checker *checker = seed_checker(s);
	see_start(s);
	struct observed_hop hops[] = { hop(TOR, "172.27.209.0/26", ROUTE_BGP, "172.31.13.27"),
				       hop(K1, "172.27.209.0/26", ROUTE_BGP, "172.31.13.116") };
	see_flow(s, 90, 1, false, DISPOSITION_LOOP, hops, 2, "");
	see_flow_dead(s, 90.001, 1, false); /* a millisecond only, and then it vanished */
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	assert_verdict(verdict, VERDICT_FAIL, "1 loop");
	assert_has(verdict->why, "1 way:  client \xe2\x86\x92 k8s-2/172.27.209.6     90.000s "
				 "\xe2\x80\xa6 90.001s     LOOP\n");
	checker_free(checker);

	checker = seed_checker(s); /* gone within its own instant: it never was */
	see_start(s);
	see_flow(s, 90, 1, false, DISPOSITION_LOOP, hops, 2, "");
	see_flow_good(s, 90, 1, K2);
	assert_verdict(checker_finish(checker, S(300), &count), VERDICT_PASS, "0 loops");
	checker_free(checker);
}

static double blackholes(struct seed *s, double node_off, double node_on, double reached)
{
	struct checker *checker = seed_checker(s);
	uint32_t count;
	see_start(s);
	see_power(s, node_off, K2, false);
	for (uint32_t flow = 0; flow < 2; flow++)
		see_flow_dead(s, node_off, flow, false);
	see_power(s, node_on, K2, true);
	for (uint32_t flow = 0; flow < 2 && reached > 0; flow++)
		see_flow_good(s, reached, flow, K1);
	const struct verdict *verdict = checker_finish(checker, S(300), &count);
	double first = verdict->result == VERDICT_PASS ? -1 :
		(double)verdict->first_failing_ns / 1e9;
	checker_free(checker);
	return first;
}

static void never_counts_the_living_only(void **state)
{
	struct seed *s = *state;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_NEVER);
	expect->never = MODEL_NEVER_BLACKHOLE | MODEL_NEVER_LOOP;
	expect->after_ns = S(35);
	assert_true(blackholes(s, 60, 100, 104) == -1);
	assert_true(blackholes(s, 60, 100, 170) == 160); /* a minute after it came back */
	assert_true(blackholes(s, 60, 100, 0) == 160);

	uint32_t islands[NODES] = { 0, 0, 0, 1, 0 }; /* nor is who is in another island */
	s->steps[2] = (struct model_step){ .at_ns = S(100), .name = "split", .group_of = islands,
					   .kind = MODEL_STEP_PARTITION };
	s->steps[3] = (struct model_step){ .at_ns = S(120), .name = "heal",
					   .kind = MODEL_STEP_HEAL };
	s->model.step_count = 4;
	struct checker *checker = seed_checker(s); /* unplugged is not alive either */
	uint32_t count;
	see_start(s);
	struct observation o = { .kind = OBSERVE_LINK, .link = { 0, K3, false, "" } };
	see(s, 70, MODEL_NONE, o);
	for (uint32_t flow = 2; flow < 4; flow++)
		see_flow_dead(s, 70, flow, true);
	o.link.up = true;
	see(s, 90, MODEL_NONE, o);
	for (uint32_t flow = 2; flow < 4; flow++)
		see_flow_good(s, 95, flow, K2);
	see_step(s, 100, 2);
	see_flow_dead(s, 101, 2, true);
	see_step(s, 120, 3);
	see_flow_good(s, 125, 2, K2);
	assert_verdict(checker_finish(checker, S(300), &count), VERDICT_PASS,
		       "0 loops, 0 blackholes");
	checker_free(checker);
}

/* ---- converged ------------------------------------------------------------------------------ */

static void converged(void **state)
{
	struct seed *s = *state;
	uint32_t count;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_CONVERGED);
	expect->within_ns = S(151.3); /* after the last step, the crash at 60s */
	judge_crash(s, 300, VERDICT_PASS, "at rest in 151.300s");
	expect->within_ns = S(151.2);
	judge_crash(s, 300, VERDICT_FAIL, "5 changes too late, the last at 211.300s");
	expect->after_ns = 0;
	expect->within_ns = S(30);
	judge_crash(s, 300, VERDICT_PASS, "at rest in 2.310s");
	expect->within_ns = MODEL_NO_TIME;
	expect->after_ns = MODEL_NO_TIME;
	expect->at_ns = S(212);
	judge_crash(s, 300, VERDICT_PASS, "at rest in 0.000s");
	expect->at_ns = S(100);
	judge_crash(s, 300, VERDICT_FAIL, "5 changes too late, the last at 211.300s");
	expect->at_ns = S(400);
	judge_crash(s, 300, VERDICT_NOT_JUDGED, "not judged");
	expect->at_ns = MODEL_NO_TIME;
	expect->within_ns = S(30);
	struct checker *checker = seed_checker(s);
	assert_verdict(checker_finish(checker, S(300), &count), VERDICT_NOT_JUDGED, "not judged");
	checker_free(checker);
}

static void converged_ignores_retries(void **state)
{
	struct seed *s = *state;
	uint32_t count;
	seed_expect(s, MODEL_EXPECT_CONVERGED)->within_ns = S(160);
	struct checker *checker = seed_checker(s);
	see_start(s);
	see_crash(s);
	see_recovery(s);
	see_session(s, 260, TOR, "172.31.13.27", "Active", "Connect", "");
	see_session(s, 265, TOR, "172.31.13.27", "Connect", "Active", "");
	assert_verdict(checker_finish(checker, S(300), &count), VERDICT_PASS,
		       "at rest in 151.300s");
	checker_free(checker);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void exit_codes_and_names(void **state)
{
	struct seed *s = *state;
	uint32_t count;
	struct model_expect *expect = seed_expect(s, MODEL_EXPECT_REACHABLE);
	expect->name = "early";
	expect->within_ns = S(35);
	expect = seed_expect(s, MODEL_EXPECT_REACHABLE);
	expect->name = "mild";
	expect->warning = true;
	expect->after_ns = S(35);
	expect = seed_expect(s, MODEL_EXPECT_REACHABLE);
	expect->name = "hard";
	expect->after_ns = S(35);
	static const struct {
		const char *only;
		uint32_t count;
		int code, strict;
	} rows[] = { { "early", 1, 0, 0 }, { "mild", 1, 0, 1 }, { "hard", 1, 1, 1 },
		     { NULL, 3, 1, 1 },	   { "[em]*", 2, 0, 1 }, { "none", 0, 5, 5 } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct checker *checker = checker_new(&s->model, rows[i].only);
		s->sink = checker_sink(checker);
		see_start(s);
		see_crash(s);
		const struct verdict *verdicts = checker_finish(checker, S(300), &count);
		assert_int_equal(count, rows[i].count);
		assert_int_equal(checker_exit_code(verdicts, count, false), rows[i].code);
		assert_int_equal(checker_exit_code(verdicts, count, true), rows[i].strict);
		checker_free(checker);
	}
	struct verdict nothing = { .result = VERDICT_NOT_JUDGED };
	assert_int_equal(checker_exit_code(&nothing, 1, false), 5);
	assert_string_equal(verdict_result_name(VERDICT_WARN), "warn");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEED_TEST(established_within), SEED_TEST(established_must_go_on),
		SEED_TEST(established_at_and_during), SEED_TEST(established_of_one),
		SEED_TEST(established_follows_the_configuration),
		SEED_TEST(established_over_ipv6_is_not_judged),
		SEED_TEST(routes_of_either_table), SEED_TEST(routes_exactly),
		SEED_TEST(routes_by_attribute), SEED_TEST(reachable_in_time),
		SEED_TEST(reachable_but_for_outages), SEED_TEST(reachable_needs_the_answer),
		SEED_TEST(reachable_unseen_is_not_judged),
		SEED_TEST(reachable_folds_what_is_the_same),
		SEED_TEST(reachable_tells_of_the_longest), SEED_TEST(source_preserved),
		SEED_TEST(source_rewritten), SEED_TEST(never_blackhole), SEED_TEST(never_loop),
		SEED_TEST(never_counts_the_living_only), SEED_TEST(converged),
		SEED_TEST(converged_ignores_retries), SEED_TEST(exit_codes_and_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
