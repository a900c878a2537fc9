/* Walks and watches on the seed's network: a switch, three Calico nodes and a client on one segment,
 *
 *    client ─┐                              ┌─ k8s-1 .27   (reflector)
 *     .200   ├──────────── rack1 ───────────┼─ k8s-2 .28   (reflector)
 *    tor ────┘                              └─ k8s-3 .29   pod 172.27.210.5
 *     .116
 */
#include "tests/virtual/net_lab.h"

enum { TOR, K1, K2, K3, CLIENT };

static void bgp_route(struct lab *lab, uint32_t node, const char *prefix, const char *via1,
		      const char *via2)
{
	struct fib_hop hops[2] = { { .interface = 0 }, { .interface = 0 } };
	hops[0].via = ip(via1);
	if (via2)
		hops[1].via = ip(via2);
	struct fib_spec spec = { .source = ROUTE_BGP, .metric = 20,
				 .nexthop_object = lab->nodes[node].kind == MODEL_FRR,
				 .hops = hops, .hop_count = via2 ? 2 : 1 };
	fib_set(&lab->stacks[node].fib, bgp_prefix_id(lab->network.table, net(prefix)), &spec);
}

static struct lab *seed_network(enum model_kind tor_kind, uint8_t protocol, int flows)
{
	static const char *const pods[] = { "172.27.210.5", "172.27.210.6", "172.27.210.7",
					    "172.27.210.8" };
	struct lab *lab = lab_new();
	lab_node(lab, "tor", tor_kind);
	lab_node(lab, "k8s-1", MODEL_CALICO_NODE);
	lab_node(lab, "k8s-2", MODEL_CALICO_NODE);
	lab_node(lab, "k8s-3", MODEL_CALICO_NODE);
	lab_node(lab, "client", MODEL_HOST);
	uint32_t rack = lab_link(lab, "rack1", 100 * NS_PER_US);
	lab_plug(lab, rack, TOR, "eth0", "172.31.13.116/24");
	lab_plug(lab, rack, K1, "eth0", "172.31.13.27/24");
	lab_plug(lab, rack, K2, "eth0", "172.31.13.28/24");
	lab_plug(lab, rack, K3, "eth0", "172.31.13.29/24");
	lab_plug(lab, rack, CLIENT, "eth0", "172.31.13.200/24");
	lab_route(lab, CLIENT, "172.27.208.0/22", "172.31.13.116");
	lab_route(lab, K3, "172.27.210.0/26", NULL);
	for (int i = 0; i < flows; i++) {
		lab_pod(lab, K3, pods[i]);
		lab_flow(lab, CLIENT, K3, pods[i], protocol);
	}
	lab_build(lab, 1);
	bgp_route(lab, K1, "172.27.210.0/26", "172.31.13.29", NULL);
	bgp_route(lab, K2, "172.27.210.0/26", "172.31.13.29", NULL);
	return lab;
}

static void test_the_whole_way(void **state)
{
	(void)state;
	struct lab *lab = seed_network(MODEL_QUAGGA, IP_PROTOCOL_ICMP, 1);
	bgp_route(lab, TOR, "172.27.210.0/26", "172.31.13.27", NULL);
	lab_run(lab, 1);
	assert_int_equal(lab_lines(lab, "flow 0 ACCEPTED at k8s-3, 4 hops"), 1);
	assert_int_equal(lab_lines(lab, "flow 0 back ACCEPTED at client, 2 hops"), 1);

	struct walk_query query;
	struct walk *walk = malloc(sizeof(*walk));
	watch_query(lab->network.watch, 0, false, &query);
	walk_flow(&lab->network, &query, walk);
	const struct { uint32_t node; const char *prefix; enum route_source source; } rows[] = {
		{ CLIENT, "172.27.208.0/22", ROUTE_STATIC },
		{ TOR, "172.27.210.0/26", ROUTE_BGP },
		{ K1, "172.27.210.0/26", ROUTE_BGP },
		{ K3, "172.27.210.5/32", ROUTE_POD },
	};
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(walk->hops[i].node, rows[i].node);
		assert_true(ip_prefix_equal(walk->hops[i].prefix, net(rows[i].prefix)));
		assert_int_equal(walk->hops[i].source, rows[i].source);
	}
	assert_true(ip_addr_equal(walk->hops[1].next_hop.via, ip("172.31.13.27")));
	assert_string_equal(walk->hops[1].next_hop.interface, "eth0");
	assert_memory_equal(walk->hops[3].next_hop.interface, "cali", 4);
	assert_int_equal(strlen(walk->hops[3].next_hop.interface), 15);
	assert_true(ip_addr_equal(walk->source, ip("172.31.13.200")));

	/* An address of the block that no pod has: the block's blackhole. */
	query.destination = ip("172.27.210.9");
	walk_flow(&lab->network, &query, walk);
	assert_int_equal(walk->disposition, DISPOSITION_NULL_ROUTED);
	assert_string_equal(walk->detail, "k8s-3 has a blackhole route for 172.27.210.9");
	query.destination = ip("9.9.9.9");
	walk_flow(&lab->network, &query, walk);
	assert_int_equal(walk->disposition, DISPOSITION_NO_ROUTE);
	assert_int_equal(walk->end_node, CLIENT);
	query.destination = ip("172.31.13.77");
	walk_flow(&lab->network, &query, walk);
	assert_int_equal(walk->disposition, DISPOSITION_NEIGHBOR_UNREACHABLE);
	assert_string_equal(walk->detail, "ARP for 172.31.13.77 would not be answered: nobody has it");
	free(walk);
	lab_free(lab);
}

/* Probes twice a second keep ARP as alive as it would be. k8s-1 dies at 60 s: one path waits for BGP,
 * and the walk says NODE_DOWN until the switch's entry fails, then NEIGHBOR_UNREACHABLE. */
static void test_node_down_one_path(void **state)
{
	(void)state;
	struct lab *lab = seed_network(MODEL_QUAGGA, IP_PROTOCOL_ICMP, 1);
	bgp_route(lab, TOR, "172.27.210.0/26", "172.31.13.27", NULL);
	for (int i = 0; i < 120; i++) {
		prober_send(lab->network.prober, 0);
		lab_run(lab, (i + 1) * (S / 2));
	}
	assert_int_equal(lab_lines(lab, "probe 0."), 120);
	assert_int_equal(lab_lines(lab, "echo reply"), 120);
	assert_int_equal(lab_last(lab, "flow 0 "), 0);
	lab_off(lab, K1);
	lab_run(lab, 60 * S);
	assert_int_equal(lab_last(lab, "flow 0 NODE_DOWN at k8s-1, 3 hops"), 60 * S);
	for (int i = 120; i < 300; i++) {
		prober_send(lab->network.prober, 0);
		lab_run(lab, (i + 1) * (S / 2));
	}
	int64_t failed = lab_last(lab, "flow 0 NEIGHBOR_UNREACHABLE at tor, 2 hops");
	assert_in_range(failed, 68 * S, 60 * S + 53 * S + 500 * MS);
	assert_int_equal(lab_lines(lab, "flow 0 NEIGHBOR_UNREACHABLE"), 1); /* not once a probe */
	assert_true(lab_lines(lab, "lost host unreachable from 172.31.13.116") > 10);
	assert_int_equal(lab_lines(lab, "flow 0 back"), 1); /* the way back was never hurt */

	/* Another route heals it at once, and the walk says when. */
	bgp_route(lab, TOR, "172.27.210.0/26", "172.31.13.28", NULL);
	lab_run(lab, 151 * S);
	assert_int_equal(lab_last(lab, "flow 0 ACCEPTED at k8s-3, 4 hops"), 150 * S);
	/* And k8s-1 back on changes nothing. */
	uint32_t lines = lab_lines(lab, "flow");
	lab_on(lab, K1);
	lab_run(lab, 152 * S);
	assert_int_equal(lab_lines(lab, "flow"), lines);
	lab_free(lab);
}

/* FRR's nexthop group over both reflectors: some flows go by k8s-1, and when it dies they are silent
 * until the kernel marks the neighbour FAILED and skips it (measured: 10.2 s). A plain multipath
 * route, as BIRD installs it, does not skip. */
static void test_node_down_two_paths(void **state)
{
	(void)state;
	for (int object = 0; object < 2; object++) {
		struct lab *lab = seed_network(object ? MODEL_FRR : MODEL_QUAGGA,
					       IP_PROTOCOL_TCP, 4);
		bgp_route(lab, TOR, "172.27.210.0/26", "172.31.13.27", "172.31.13.28");
		for (int i = 0; i < 360; i++) {
			if (i == 120)
				lab_off(lab, K1);
			for (uint32_t flow = 0; flow < 4; flow++)
				prober_send(lab->network.prober, flow);
			lab_run(lab, (i + 1) * (S / 2));
		}
		uint32_t hit = 0;
		for (uint32_t flow = 0; flow < 4; flow++) {
			char text[40];
			snprintf(text, sizeof(text), "flow %u NODE_DOWN", flow);
			if (lab_last(lab, text) != 60 * S)
				continue;
			hit++;
			snprintf(text, sizeof(text), "flow %u ACCEPTED", flow);
			if (object)
				assert_in_range(lab_last(lab, text), 68 * S, 114 * S);
			else
				assert_true(lab_last(lab, text) < 60 * S);
			assert_int_equal(watch_delivered(lab->network.watch, flow, false),
					 object);
		}
		assert_in_range(hit, 1, 3); /* the salt of seed 1 splits four flows */
		lab_free(lab);
	}
}

static void test_cuts_and_partitions(void **state)
{
	(void)state;
	struct lab *lab = seed_network(MODEL_QUAGGA, IP_PROTOCOL_ICMP, 1);
	bgp_route(lab, TOR, "172.27.210.0/26", "172.31.13.29", NULL);
	prober_send(lab->network.prober, 0);
	lab_run(lab, 1 * S);
	assert_int_equal(lab_lines(lab, "flow 0 ACCEPTED at k8s-3, 3 hops"), 1);

	link_cut(&lab->links[0], K3, MODEL_BOTH);
	lab_run(lab, 2 * S);
	assert_int_equal(lab_last(lab, "flow 0 LINK_DOWN at tor"), 1 * S); /* entry still valid */
	assert_int_equal(lab_last(lab, "flow 0 back LINK_DOWN at k8s-3"), 1 * S); /* no carrier */
	link_mend(&lab->links[0], K3, MODEL_BOTH);
	lab_run(lab, 3 * S);
	assert_int_equal(lab_last(lab, "flow 0 ACCEPTED"), 2 * S);
	assert_int_equal(lab_last(lab, "flow 0 back ACCEPTED"), 2 * S);

	link_cut(&lab->links[0], K3, MODEL_SEND_ONLY); /* hears, but is not heard */
	lab_run(lab, 4 * S);
	assert_true(watch_delivered(lab->network.watch, 0, false));
	assert_false(watch_delivered(lab->network.watch, 0, true));
	link_mend(&lab->links[0], LINK_ALL_ENDS, MODEL_BOTH);
	lab_run(lab, 5 * S);

	const uint32_t islands[] = { 0, 0, 0, 1, 0 };
	network_partition(&lab->network, islands);
	lab_run(lab, 6 * S);
	assert_int_equal(lab_last(lab, "flow 0 LINK_DOWN"), 5 * S);
	network_partition(&lab->network, NULL);
	lab_run(lab, 7 * S);
	assert_int_equal(lab_last(lab, "flow 0 ACCEPTED"), 6 * S);

	struct model_impairment all_lost = { .loss_ppm = 1000000 };
	link_impair(&lab->links[0], TOR, MODEL_BOTH, &all_lost);
	lab_run(lab, 8 * S);
	assert_int_equal(lab_last(lab, "flow 0 LINK_DOWN at client"), 7 * S);
	lab_free(lab);
}

static void test_loop(void **state)
{
	(void)state;
	struct lab *lab = seed_network(MODEL_QUAGGA, IP_PROTOCOL_ICMP, 1);
	bgp_route(lab, TOR, "172.27.210.0/26", "172.31.13.27", NULL);
	bgp_route(lab, K1, "172.27.210.0/26", "172.31.13.28", NULL);
	bgp_route(lab, K2, "172.27.210.0/26", "172.31.13.27", NULL);
	prober_send(lab->network.prober, 0);
	lab_run(lab, 2 * S);
	/* client, tor, k8s-1 (from tor), k8s-2, k8s-1 (from k8s-2: the same way in, so it is back) */
	assert_int_equal(lab_lines(lab, "flow 0 LOOP at k8s-1, 5 hops"), 1);
	assert_int_equal(lab_lines(lab, "probe 0.1 lost time exceeded from 172.31.13.2"), 1);
	lab_free(lab);
}

static void test_only_touched_flows_are_walked(void **state)
{
	(void)state;
	struct lab *lab = seed_network(MODEL_QUAGGA, IP_PROTOCOL_ICMP, 2);
	bgp_route(lab, TOR, "172.27.210.0/26", "172.31.13.29", NULL);
	lab_run(lab, 1 * S);
	uint64_t walks = watch_walks(lab->network.watch);
	bgp_route(lab, K1, "172.27.211.0/26", "172.31.13.28", NULL); /* k8s-1 has no part in it */
	bgp_route(lab, TOR, "172.27.211.0/26", "172.31.13.28", NULL); /* other addresses */
	lab_off(lab, K1);
	lab_run(lab, 2 * S);
	assert_int_equal(watch_walks(lab->network.watch), walks);
	bgp_route(lab, TOR, "172.27.210.5/32", "172.31.13.28", NULL); /* one flow's */
	lab_run(lab, 3 * S);
	assert_int_equal(watch_walks(lab->network.watch), walks + 2);
	/* Now k8s-2 has a part in that one. */
	lab_off(lab, K2);
	lab_run(lab, 4 * S);
	assert_int_equal(watch_walks(lab->network.watch), walks + 4);
	assert_int_equal(lab_last(lab, "flow 0 NEIGHBOR_UNREACHABLE"), 3 * S);
	lab_on(lab, K2);
	lab_run(lab, 5 * S);
	bgp_route(lab, K2, "172.27.210.0/26", "172.31.13.29", NULL);
	lab_run(lab, 6 * S);
	assert_int_equal(lab_last(lab, "flow 0 ACCEPTED"), 5 * S);
	lab_free(lab);
}

/* A missing entry is as good as its owner, who must hear the question and be heard. */
static void test_missing_entries(void **state)
{
	(void)state;
	struct lab *lab = seed_network(MODEL_QUAGGA, IP_PROTOCOL_ICMP, 1);
	bgp_route(lab, TOR, "172.27.210.0/26", "172.31.13.29", NULL);
	lab_run(lab, 1 * S);
	assert_true(watch_delivered(lab->network.watch, 0, false));
	link_cut(&lab->links[0], K3, MODEL_SEND_ONLY);
	lab_run(lab, 2 * S);
	assert_int_equal(lab_last(lab, "flow 0 NEIGHBOR_UNREACHABLE at tor"), 1 * S);
	link_mend(&lab->links[0], K3, MODEL_SEND_ONLY);
	lab_run(lab, 3 * S);
	assert_int_equal(lab_last(lab, "flow 0 ACCEPTED"), 2 * S);
	lab_off(lab, K3);
	lab_run(lab, 4 * S);
	assert_int_equal(lab_last(lab, "flow 0 NEIGHBOR_UNREACHABLE at tor"), 3 * S);
	lab_free(lab);
}

/* Whatever happens, what the watch believes is what walking everything says. */
static void test_the_watch_misses_nothing(void **state)
{
	(void)state;
	static const char *const nodes[] = { "172.31.13.27", "172.31.13.28", "172.31.13.29",
					     "172.31.13.116" };
	static const char *const prefixes[] = { "172.27.210.0/26", "172.27.210.5/32",
						"172.27.210.6/31", "172.27.208.0/22" };
	struct lab *lab = seed_network(MODEL_FRR, IP_PROTOCOL_ICMP, 4);
	struct random_stream random = random_stream_of(5, "watch", "test");
	struct walk *walk = malloc(sizeof(*walk));
	uint32_t delivered = 0;
	for (int round = 1; round <= 3000; round++) {
		uint32_t node = (uint32_t)random_below(&random, 4);
		uint32_t prefix = (uint32_t)random_below(&random, 4);
		uint32_t via = (uint32_t)random_below(&random, 4);
		switch (random_below(&random, 7)) {
		case 0:
		case 1:
			if (lab->stacks[node].up && via != (node + 3) % 4)
				bgp_route(lab, node, prefixes[prefix], nodes[via], NULL);
			break;
		case 2:
			fib_remove(&lab->stacks[node].fib,
				   bgp_prefix_id(lab->network.table, net(prefixes[prefix])),
				   ROUTE_BGP, FIB_ANY_METRIC);
			break;
		case 3:
			if (lab->stacks[node].up && random_below(&random, 3) == 0)
				lab_off(lab, node);
			else if (!lab->stacks[node].up)
				lab_on(lab, node);
			break;
		case 4: link_cut(&lab->links[0], node, (enum model_direction)(prefix % 3)); break;
		case 5: link_mend(&lab->links[0], LINK_ALL_ENDS, MODEL_BOTH); break;
		default: prober_send(lab->network.prober, prefix); break;
		}
		lab->line_count = 0;
		lab_run(lab, round * (400 * MS));
		for (uint32_t flow = 0; flow < 4; flow++) {
			struct walk_query query;
			watch_query(lab->network.watch, flow, false, &query);
			walk_flow(&lab->network, &query, walk);
			assert_int_equal(watch_delivered(lab->network.watch, flow, false),
					 walk->disposition == DISPOSITION_ACCEPTED);
			delivered += walk->disposition == DISPOSITION_ACCEPTED;
		}
	}
	assert_in_range(delivered, 500, 11500);
	free(walk);
	lab_free(lab);
}

/* An address nobody had gets an owner. */
static void test_an_address_comes(void **state)
{
	(void)state;
	struct lab *lab = seed_network(MODEL_QUAGGA, IP_PROTOCOL_ICMP, 1);
	lab->flows[0].to = ip("172.31.13.77");
	lab_run(lab, 1 * S);
	assert_int_equal(lab_last(lab, "flow 0 NEIGHBOR_UNREACHABLE at client, 1 hops"), 0);
	struct model_config more = lab->configs[K2];
	struct model_address addresses[] = { lab->addresses[K2][0],
					     { .interface = 0, .address = net("172.31.13.77/24") } };
	more.addresses = addresses;
	more.address_count = 2;
	stack_configured(&lab->stacks[K2], &more, NULL, 0);
	lab_run(lab, 2 * S);
	assert_int_equal(lab_last(lab, "flow 0 ACCEPTED at k8s-2, 2 hops"), 1 * S);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_whole_way),
		cmocka_unit_test(test_node_down_one_path),
		cmocka_unit_test(test_node_down_two_paths),
		cmocka_unit_test(test_cuts_and_partitions),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_only_touched_flows_are_walked),
		cmocka_unit_test(test_missing_entries),
		cmocka_unit_test(test_the_watch_misses_nothing),
		cmocka_unit_test(test_an_address_comes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
