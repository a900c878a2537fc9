/* Document 1 of a .topo: what each entry becomes in the model. */
#include <signal.h>

#include "tests/topo/topo_test.h"

#define S INT64_C(1000000000)
#define MS INT64_C(1000000)

static const char network[] =
	"simrun: 1\n"
	"name: net-1\n"
	"topology:\n"
	"  nodes:\n"
	"    r1:\n"
	"      kind: frr\n"
	"      config: |\n"
	"        interface eth0\n"
	"         ip address 10.0.0.1/24\n"
	"        router bgp 65001\n"
	"         bgp router-id 10.0.0.1\n"
	"         no bgp ebgp-requires-policy\n"
	"         neighbor 10.0.0.2 remote-as 65002\n"
	"         neighbor 10.0.0.2 password secret\n"
	"    r2:\n"
	"      kind: quagga\n"
	"      exec: sysctl -w net.ipv4.ip_forward=0\n"
	"      config: |\n"
	"        interface eth0\n"
	"         ip address 10.0.0.2/24\n"
	"        router bgp 65002\n"
	"         bgp router-id 10.0.0.2\n"
	"         neighbor 10.0.0.1 remote-as 65001\n"
	"         neighbor 10.0.0.1 password secret\n"
	"    h: { kind: host, exec: [ip addr add 10.0.0.3/24 dev eth0] }\n"
	"  links:\n"
	"    - name: wire\n"
	"      endpoints: [\"r1:eth0\", \"r2:eth0\", \"h:eth0\"]\n"
	"      delay: 1.5ms\n"
	"      jitter: 100us\n"
	"      loss: 0.5%\n"
	"      rate: 10mbit\n"
	"      limit: 20\n";

static struct loaded load_more(const char *more)
{
	struct text text = { 0 };
	text_printf(&text, "%s%s", network, more);
	struct loaded loaded = load_good(text_string(&text));
	text_free(&text);
	return loaded;
}

static void topology(void **state)
{
	(void)state;
	struct loaded l = load_more("expect: { up: { established: all } }\n");
	const struct model *m = l.model;
	assert_string_equal(m->name, "net-1");
	assert_int_equal(m->node_count, 3);
	assert_int_equal(model_node_find(m, "h"), 2);
	assert_int_equal(m->nodes[1].kind, MODEL_QUAGGA);
	assert_int_equal(m->nodes[1].pos.line, 15);
	const struct model_link *link = &m->links[0];
	assert_int_equal(link->end_count, 3);
	assert_int_equal(link->ends[2].node, 2);
	assert_int_equal(link->impairment.delay_ns, 1500000);
	assert_int_equal(link->impairment.jitter_ns, 100000);
	assert_int_equal(link->impairment.loss_ppm, 5000);
	assert_int_equal(link->impairment.rate_bps, 10000000);
	assert_int_equal(link->impairment.queue_frames, 20);
	assert_true(m->revisions[0].nodes[0]->ip_forward);
	assert_false(m->revisions[0].nodes[1]->ip_forward);
	assert_int_equal(m->revisions[0].nodes[1]->ip_forward_pos.line, 17);
	assert_false(m->revisions[0].nodes[2]->ip_forward);
	assert_non_null(find_code(&l.diags, "W030"));
	assert_int_equal(m->end_ns, 60 * S);
	assert_int_equal(m->source_count, 1);
	unload(&l);
}

static void sessions(void **state)
{
	(void)state;
	struct loaded l = load_more(
		"timeline:\n  - { at: 5s, vtysh: { r2: \"no router bgp 65002\" } }\n"
		"expect:\n  up: { established: { node: r1, neighbor: 10.0.0.2 }, within: 30s }\n");
	uint32_t count;
	struct topo_session *s = topo_sessions(l.model, 0, &l.diags.arena, &count);
	assert_int_equal(count, 2);
	assert_int_equal(s[0].status, TOPO_SESSION_UNIQUE_MATCH);
	assert_int_equal(s[0].peer_node, 1);
	assert_int_equal(s[1].peer_node, 0);
	assert_null(s[0].why);
	assert_null(find_code(&l.diags, "W010")); /* the timeline breaks it on purpose */
	s = topo_sessions(l.model, 1, &l.diags.arena, &count);
	assert_int_equal(count, 1);
	assert_int_equal(s[0].status, TOPO_SESSION_HALF_OPEN);
	assert_string_equal(topo_session_status_name(s[0].status), "HALF_OPEN");
	unload(&l);
}

static void every_verb(void **state)
{
	(void)state;
	struct loaded l = load_more(
		"timeline:\n"
		"  - { at: 1s, name: off, crash: [r1, h] }\n"
		"  - { at: off + 2s, boot: r1 }\n"
		"  - { at: 4s, kill: r1 }\n"
		"  - { at: 5s, kill: { node: r2, process: bgpd, signal: TERM } }\n"
		"  - { at: 6s, stop: r1 }\n"
		"  - { at: 7s, start: r1 }\n"
		"  - { at: 8s, restart: r1 }\n"
		"  - { at: 9s, hang: r1 }\n"
		"  - { at: 10s, continue: r1 }\n"
		"  - { at: 11s, cut: \"r2:eth0\", for: 500ms }\n"
		"  - { at: 12s, cut: { link: \"r1:eth0\", direction: send } }\n"
		"  - { at: 13s, mend: wire }\n"
		"  - { at: 14s, impair: { link: wire, loss: 10% } }\n"
		"  - { at: 15s, partition: [[r1], [r2]] }\n"
		"  - { at: 16s, heal: true }\n"
		"  - { at: 17s, exec: { h: ip addr add 10.0.0.4/24 dev eth0 } }\n"
		"  - { at: 18s, name: last, end: true }\n"
		"expect: { x: { never: loop } }\n");
	const struct model_step *s = l.model->steps;
	static const enum model_step_kind kinds[] = {
		MODEL_STEP_CRASH,    MODEL_STEP_BOOT,	   MODEL_STEP_KILL,    MODEL_STEP_KILL,
		MODEL_STEP_STOP,     MODEL_STEP_START,	   MODEL_STEP_RESTART, MODEL_STEP_HANG,
		MODEL_STEP_CONTINUE, MODEL_STEP_CUT,	   MODEL_STEP_CUT,     MODEL_STEP_MEND,
		MODEL_STEP_IMPAIR,   MODEL_STEP_PARTITION, MODEL_STEP_HEAL,    MODEL_STEP_CONFIGURE,
		MODEL_STEP_END,
	};
	assert_int_equal(l.model->step_count, 17);
	for (size_t i = 0; i < 17; i++)
		assert_int_equal(s[i].kind, kinds[i]);
	assert_string_equal(s[0].text, "r1 and h off");
	assert_int_equal(s[0].node_count, 2);
	assert_int_equal(s[1].at_ns, 3 * S);
	assert_string_equal(s[1].name, "step-2");
	assert_int_equal(s[2].signal, SIGKILL);
	assert_int_equal(s[3].signal, SIGTERM);
	assert_string_equal(s[3].text, "bgpd killed on r2");
	assert_int_equal(s[9].for_ns, 500 * MS);
	assert_int_equal(s[9].link_end, 1);
	assert_int_equal(s[10].direction, MODEL_SEND_ONLY);
	assert_int_equal(s[11].link_end, MODEL_NONE);
	assert_int_equal(s[12].impairment.loss_ppm, 100000);
	assert_int_equal(s[12].impairment.delay_ns, 1500000); /* as the link was made */
	assert_int_equal(s[13].group_of[0], 1);
	assert_int_equal(s[13].group_of[1], 2);
	assert_int_equal(s[13].group_of[2], 0);
	assert_int_equal(s[15].revision, 1);
	assert_int_equal(l.model->end_ns, 18 * S);
	unload(&l);
}

static void expectations(void **state)
{
	(void)state;
	struct loaded l = load_more(
		"timeline:\n  - { at: 10s, name: a, crash: r2 }\n  - { at: 20s, name: b, boot: r2 "
		"}\n"
		"  - { at: 60s, end: true }\n"
		"expect:\n"
		"  up: { description: all up, established: all, within: 30s, level: warning }\n"
		"  ping: { reachable: { from: h, to: [r1, r2] }, during: a .. b, max-outage: 1s }\n"
		"  web: { reachable: { from: h, to: 10.0.0.1, port: 80 }, after: b + 1s, within: "
		"5s }\n"
		"  again: { reachable: { from: h, to: r1 }, at: end }\n"
		"  source: { source-preserved: { from: r1, to: h, protocol: tcp } }\n"
		"  clean: { never: [loop, blackhole], after: 35s }\n"
		"  calm: { converged: true, within: 50s }\n"
		"  rib:\n    node: r1\n    routes:\n"
		"      - { prefix: 10.1.0.0/16, via: [10.0.0.2, 10.0.0.3], originator: 10.0.0.9, "
		"cluster-list: [1.1.1.1, 2.2.2.2], as-path: \"65002 3\", med: 0, local-pref: 100 "
		"}\n"
		"      - { prefix: 10.2.0.0/16, absent: true }\n"
		"      - 10.3.0.0/16\n"
		"    exact: true\n"
		"  fib:\n    node: r1\n    show ip route bgp: |\n"
		"      B>* 10.1.0.0/16 [20/0] via 10.0.0.2, eth0, weight 1, 00:00:10\n"
		"        *                    via 10.0.0.3, eth0, weight 1, 00:00:10\n"
		"      C>* 10.0.0.0/24 is directly connected, eth0, 00:01:00\n");
	const struct model_expect *e = l.model->expects;
	assert_int_equal(l.model->expect_count, 9);
	assert_true(e[0].warning);
	assert_int_equal(e[0].node, MODEL_NONE);
	assert_int_equal(e[0].within_ns, 30 * S);
	assert_int_equal(e[0].at_ns, MODEL_NO_TIME);
	assert_int_equal(e[1].from_ns, 10 * S);
	assert_int_equal(e[1].until_ns, 20 * S);
	assert_string_equal(e[1].window, "a .. b");
	assert_int_equal(e[1].max_outage_ns, S);
	assert_int_equal(e[1].flow_count, 2);
	assert_int_equal(e[2].after_ns, 21 * S);
	assert_int_equal(e[2].within_ns, 5 * S);
	assert_int_equal(e[3].at_ns, 60 * S);
	assert_int_equal(e[3].flow_count, 1);
	assert_int_equal(e[3].flows[0], e[1].flows[0]); /* watched once */
	assert_int_equal(l.model->flow_count, 4);
	const struct model_flow *web = &l.model->flows[e[2].flows[0]];
	assert_int_equal(web->protocol, 6);
	assert_int_equal(web->port, 80);
	assert_int_equal(web->to_node, 0);
	assert_string_equal(l.model->flows[0].name, "h \xe2\x86\x92 r1");
	assert_int_equal(l.model->flows[e[4].flows[0]].port, 80);
	assert_int_equal(e[5].never, MODEL_NEVER_LOOP | MODEL_NEVER_BLACKHOLE);
	assert_int_equal(e[7].route_count, 3);
	assert_false(e[7].fib);
	assert_true(e[7].exact);
	assert_int_equal(e[7].routes[0].via_count, 2);
	assert_int_equal(e[7].routes[0].clusters[1], 0x02020202);
	assert_string_equal(e[7].routes[0].as_path, "65002 3");
	assert_true(e[7].routes[0].has_med && e[7].routes[0].has_local_pref);
	assert_true(e[7].routes[1].absent);
	assert_false(e[7].routes[2].has_as_path);
	assert_true(e[8].fib);
	assert_int_equal(e[8].route_count, 2);
	assert_int_equal(e[8].routes[0].via_count, 2);
	assert_string_equal(e[8].routes[0].interface, "eth0");
	assert_int_equal(e[8].routes[0].pos.column, 11);
	assert_int_equal(e[8].routes[1].via_count, 0);
	unload(&l);
}

/* A scenario of another folder finds its files beside it. */
static void files_are_beside_the_topo(void **state)
{
	(void)state;
	char folder[] = "/tmp/simrun-topo-XXXXXX", path[64], command[128];
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/r.conf", folder);
	FILE *file = fopen(path, "w");
	fputs("interface eth0\n ip address 10.0.0.1/24\n wrong line\n", file);
	fclose(file);
	snprintf(path, sizeof(path), "%s/x.topo", folder);
	file = fopen(path, "w");
	fputs("simrun: 1\ntopology:\n  nodes:\n    r: { kind: frr, config: r.conf }\n"
	      "    h: { kind: host }\n  links: [{ endpoints: [\"r:eth0\", \"h:eth0\"] }]\n", file);
	fclose(file);
	struct diag_list diags;
	diag_list_init(&diags);
	assert_null(topo_load(&diags, path));
	const struct diag *diag = NULL;
	for (size_t i = 0; i < diags.count; i++)
		if (diags.items[i].severity == DIAG_ERROR)
			diag = &diags.items[i];
	assert_non_null(diag);
	assert_non_null(strstr(diag->pos.source->path, "/r.conf"));
	assert_int_equal(diag->pos.line, 3);
	diag_list_free(&diags);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(topology),
		cmocka_unit_test(sessions),
		cmocka_unit_test(every_verb),
		cmocka_unit_test(expectations),
		cmocka_unit_test(files_are_beside_the_topo),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
