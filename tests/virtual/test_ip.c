/* IPv4 on the way: TTL, forwarding, blackholes, reverse path, filters, NAT, pods, probes. Packets and
 * walks are asked the same questions, and must give the same answers.
 *
 *     host ──left── router ──right── node   pod 10.9.0.5
 *   10.1.0.2      .1      .1      10.2.0.2
 */
#include "tests/virtual/net_lab.h"

enum { HOST, ROUTER, NODE };

static struct lab *draw(uint8_t protocol)
{
	struct lab *lab = lab_new();
	lab_node(lab, "host", MODEL_HOST);
	lab_node(lab, "router", MODEL_FRR);
	lab_node(lab, "node", MODEL_CALICO_NODE);
	uint32_t left = lab_link(lab, "left", 1 * MS), right = lab_link(lab, "right", 2 * MS);
	lab_plug(lab, left, HOST, "eth0", "10.1.0.2/24");
	lab_plug(lab, left, ROUTER, "eth0", "10.1.0.1/24");
	lab_plug(lab, right, ROUTER, "eth1", "10.2.0.1/24");
	lab_plug(lab, right, NODE, "eth0", "10.2.0.2/24");
	lab_route(lab, HOST, "0.0.0.0/0", "10.1.0.1");
	lab_route(lab, NODE, "0.0.0.0/0", "10.2.0.1");
	lab_route(lab, NODE, "10.9.0.0/26", NULL);
	lab_route(lab, ROUTER, "10.9.0.0/26", "10.2.0.2");
	lab_pod(lab, NODE, "10.9.0.5");
	lab_flow(lab, HOST, NODE, "10.9.0.5", protocol);
	return lab;
}

/* Probes flow 0 and gives the line it ended in, without its time. */
static const char *probe(struct lab *lab)
{
	prober_send(lab->network.prober, 0);
	lab_run(lab, lab->network.engine.now.ns + 4 * S);
	assert_int_equal(prober_waiting(lab->network.prober), 0);
	for (uint32_t i = lab->line_count; i-- > 0;)
		if (strstr(lab->lines[i], "probe 0."))
			return strstr(lab->lines[i], "probe 0.");
	return "";
}

static void configured(struct lab *lab, uint32_t node)
{
	stack_configured(&lab->stacks[node], &lab->configs[node], lab->pools, lab->pool_count);
}

static enum disposition walked(struct lab *lab, bool back)
{
	struct walk *forth = malloc(sizeof(*forth)), *walk = malloc(sizeof(*walk));
	struct walk_query query;
	watch_query(lab->network.watch, 0, false, &query);
	walk_flow(&lab->network, &query, forth);
	watch_query(lab->network.watch, 0, true, &query);
	query.destination = forth->source;
	query.forth = forth;
	walk_flow(&lab->network, &query, walk);
	enum disposition disposition = back ? walk->disposition : forth->disposition;
	free(forth);
	free(walk);
	return disposition;
}

static void test_pings_and_connects(void **state)
{
	(void)state;
	struct lab *lab = draw(IP_PROTOCOL_ICMP);
	lab_build(lab, 1);
	/* Three resolutions on the way there (none back: requests teach), then 1 + 2 ms each way. */
	assert_string_equal(probe(lab), "probe 0.1 echo reply after 12000");
	assert_string_equal(probe(lab), "probe 0.2 echo reply after 6000");
	assert_int_equal(walked(lab, false), DISPOSITION_ACCEPTED);
	assert_int_equal(walked(lab, true), DISPOSITION_ACCEPTED);
	assert_int_equal(lab->network.pool.live, 0);
	lab_free(lab);
	lab = draw(IP_PROTOCOL_TCP);
	lab_build(lab, 1);
	assert_string_equal(probe(lab), "probe 0.1 SYN/ACK after 12000");
	assert_string_equal(probe(lab), "probe 0.2 SYN/ACK after 6000");
	lab_free(lab);
}

static void test_errors_come_back(void **state)
{
	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		struct lab *lab = draw(tcp ? IP_PROTOCOL_TCP : IP_PROTOCOL_ICMP);
		lab_build(lab, 1);
		probe(lab);
		fib_remove(&lab->stacks[ROUTER].fib,
			   bgp_prefix_id(lab->network.table, net("10.9.0.0/26")), ROUTE_STATIC, 0);
		assert_string_equal(probe(lab),
				    "probe 0.2 lost network unreachable from 10.1.0.1 after 2000");
		assert_int_equal(walked(lab, false), DISPOSITION_NO_ROUTE);
		lab->configs[HOST].route_count = 0;
		configured(lab, HOST); /* a changed configuration, seen through another pointer */
		fib_remove_source(&lab->stacks[HOST].fib, ROUTE_STATIC);
		assert_string_equal(probe(lab), "probe 0.3 lost network unreachable after 0");
		lab_free(lab);
	}
}

static void test_silences(void **state)
{
	(void)state;
	struct lab *lab = draw(IP_PROTOCOL_ICMP);
	lab_build(lab, 1);
	probe(lab);
	lab->configs[ROUTER].ip_forward = false;
	assert_string_equal(probe(lab), "probe 0.2 lost  after 1000000");
	assert_int_equal(walked(lab, false), DISPOSITION_NOT_FORWARDING);
	lab->configs[ROUTER].ip_forward = true;

	uint32_t id = bgp_prefix_id(lab->network.table, net("10.9.0.5/32"));
	struct fib_spec blackhole = { .source = ROUTE_STATIC };
	fib_set(&lab->stacks[ROUTER].fib, id, &blackhole);
	assert_string_equal(probe(lab), "probe 0.3 lost  after 1000000");
	assert_int_equal(walked(lab, false), DISPOSITION_NULL_ROUTED);
	fib_remove(&lab->stacks[ROUTER].fib, id, ROUTE_STATIC, 0);
	assert_string_equal(probe(lab), "probe 0.4 echo reply after 6000");

	/* A pod's address that is gone falls into the block's blackhole. */
	lab->configs[NODE].pod_count = 0;
	configured(lab, NODE);
	assert_string_equal(probe(lab), "probe 0.5 lost  after 1000000");
	assert_int_equal(walked(lab, false), DISPOSITION_NULL_ROUTED);
	lab_free(lab);
}

static void test_reverse_path(void **state)
{
	(void)state;
	struct lab *lab = draw(IP_PROTOCOL_ICMP);
	lab_build(lab, 1);
	struct fib_hop away = { ip("10.2.0.2"), 1 };
	struct fib_spec spec = { .source = ROUTE_STATIC, .hops = &away, .hop_count = 1 };
	fib_set(&lab->stacks[ROUTER].fib, bgp_prefix_id(lab->network.table, net("10.1.0.2/32")),
		&spec);
	lab->configs[ROUTER].rp_filter = 1;
	assert_string_equal(probe(lab), "probe 0.1 lost  after 1000000");
	assert_int_equal(walked(lab, false), DISPOSITION_RP_FILTERED);
	lab->configs[ROUTER].rp_filter = 2; /* some route is enough: the answer then goes astray */
	assert_int_equal(walked(lab, false), DISPOSITION_ACCEPTED);
	assert_int_equal(walked(lab, true), DISPOSITION_LOOP);
	lab_free(lab);
}

static void test_filters(void **state)
{
	(void)state;
	struct lab *lab = draw(IP_PROTOCOL_TCP);
	struct model_filter *filter = &lab->filters[ROUTER][0];
	lab_build(lab, 1);
	probe(lab);
	*filter = (struct model_filter){ .chain = MODEL_FORWARD, .protocol = 6,
					 .destination_port = 80, .in_interface = MODEL_NONE,
					 .verdict = MODEL_REJECT };
	lab->configs[ROUTER].filter_count = 1;
	assert_string_equal(probe(lab),
			    "probe 0.2 lost port unreachable from 10.1.0.1 after 2000");
	assert_int_equal(walked(lab, false), DISPOSITION_DENIED_IN);
	filter->verdict = MODEL_DROP;
	assert_string_equal(probe(lab), "probe 0.3 lost  after 1000000");
	filter->in_interface = 1; /* not the way it comes */
	assert_string_equal(probe(lab), "probe 0.4 SYN/ACK after 6000");
	filter->in_interface = MODEL_NONE;
	filter->source = net("10.1.0.3/32");
	assert_string_equal(probe(lab), "probe 0.5 SYN/ACK after 6000");
	lab_free(lab);
}

/* Only answers may come in from the left; then only answers from the right. */
static void test_established_only(void **state)
{
	(void)state;
	for (uint32_t side = 0; side < 2; side++) {
		struct lab *lab = draw(IP_PROTOCOL_TCP);
		lab->filters[ROUTER][0] = (struct model_filter){
			.chain = MODEL_FORWARD, .in_interface = side, .established_only = true,
			.verdict = MODEL_ACCEPT };
		lab->filters[ROUTER][1] = (struct model_filter){
			.chain = MODEL_FORWARD, .in_interface = side, .verdict = MODEL_DROP };
		lab->configs[ROUTER].filter_count = 2;
		lab_build(lab, 1);
		assert_string_equal(probe(lab), side ? "probe 0.1 SYN/ACK after 12000" :
						       "probe 0.1 lost  after 1000000");
		assert_int_equal(walked(lab, false),
				 side ? DISPOSITION_ACCEPTED : DISPOSITION_DENIED_IN);
		if (side)
			assert_int_equal(walked(lab, true), DISPOSITION_ACCEPTED);
		lab_free(lab);
	}
}

static void test_own_packets(void **state)
{
	(void)state;
	struct lab *lab = draw(IP_PROTOCOL_ICMP);
	lab->filters[HOST][0] = (struct model_filter){ .chain = MODEL_OUTPUT, .protocol = 6,
						       .destination = net("10.2.0.9/32"),
						       .in_interface = MODEL_NONE,
						       .verdict = MODEL_DROP };
	lab->configs[HOST].filter_count = 1;
	lab_build(lab, 1);
	assert_int_equal(lab_send(lab, HOST, NULL, "10.2.0.9"), -EPERM);
	assert_int_equal(lab_send(lab, NODE, "10.2.0.2", "10.9.0.6"), -EINVAL);
	assert_int_equal(lab_send(lab, ROUTER, "10.1.0.1", "99.0.0.1"), -ENETUNREACH);
	assert_int_equal(lab_send(lab, HOST, NULL, "10.2.0.2"), 0);
	assert_int_equal(lab_send(lab, HOST, NULL, "10.1.0.2"), 0); /* to itself */
	assert_int_equal(lab->tcp[HOST].segments, 0);
	lab_run(lab, 1 * S);
	assert_int_equal(lab->tcp[HOST].segments, 1);
	assert_int_equal(lab->tcp[NODE].segments, 1);
	/* The router's far address is as good as the near one. */
	lab_send(lab, HOST, NULL, "10.2.0.1");
	lab_run(lab, 2 * S);
	assert_int_equal(lab->tcp[ROUTER].segments, 1);
	/* One hop only. */
	uint8_t bytes[20] = { 0x9c, 0x40, 0, 179, 1, 2, 3, 4 };
	struct stack_packet packet = { .destination = ip("10.2.0.2"), .protocol = IP_PROTOCOL_TCP,
				       .ttl = 1, .bytes = bytes, .length = sizeof(bytes) };
	assert_int_equal(stack_send(&lab->stacks[HOST], &packet), 0);
	lab_run(lab, 2 * S + 100 * MS);
	assert_int_equal(lab->tcp[HOST].errors, 1);
	/* Nobody there: three seconds, then the router says so. */
	lab->configs[HOST].filter_count = 0;
	lab_send(lab, HOST, NULL, "10.2.0.9");
	lab_run(lab, 6 * S);
	assert_int_equal(lab->tcp[HOST].errors, 2);
	assert_int_equal(lab_send(lab, HOST, NULL, "10.2.0.2"), 0);
	lab_off(lab, HOST);
	assert_int_equal(lab_send(lab, HOST, "10.1.0.2", "10.2.0.2"), -ENETDOWN);
	lab_free(lab);
}

/* natOutgoing: a pod's packets to the outside bear the node's address, its answers to outsiders do
 * not; and the answer to the masked one finds the pod. */
static void test_nat_outgoing(void **state)
{
	(void)state;
	struct lab *lab = draw(IP_PROTOCOL_TCP);
	lab->pools[0] = (struct model_pool){ .cidr = net("10.9.0.0/16"), .nat_outgoing = true };
	lab->pool_count = 1;
	lab->configs[NODE].nat_outgoing = true;
	lab_pod(lab, NODE, "10.9.0.6");
	uint32_t out = lab_flow(lab, NODE, HOST, "10.1.0.2", IP_PROTOCOL_ICMP);
	lab->flows[out].from = ip("10.9.0.5");
	lab_build(lab, 1);
	assert_string_equal(probe(lab), "probe 0.1 SYN/ACK after 12000"); /* came from the pod */
	prober_send(lab->network.prober, out);
	lab_run(lab, 10 * S);
	assert_int_equal(lab_lines(lab, "probe 1.1 echo reply"), 1);
	/* Nobody outside knows the way to pods any more. */
	fib_remove(&lab->stacks[ROUTER].fib,
		   bgp_prefix_id(lab->network.table, net("10.9.0.0/26")), ROUTE_STATIC, 0);
	prober_send(lab->network.prober, out); /* an answered connection is masked as before */
	lab_run(lab, 12 * S);
	assert_int_equal(lab_lines(lab, "probe 1.2 echo reply"), 1);

	struct walk *walk = malloc(sizeof(*walk));
	struct walk_query query;
	watch_query(lab->network.watch, out, false, &query);
	walk_flow(&lab->network, &query, walk);
	assert_int_equal(walk->disposition, DISPOSITION_ACCEPTED);
	assert_true(ip_addr_equal(walk->source, ip("10.2.0.2")));
	assert_true(ip_addr_equal(walk->first_source, ip("10.9.0.5")));
	assert_int_equal(lab_lines(lab, "flow 1 back ACCEPTED at node, 3 hops"), 1);
	/* The answer to who came from outside is not masked. */
	struct walk *forth = malloc(sizeof(*forth));
	watch_query(lab->network.watch, 0, false, &query);
	walk_flow(&lab->network, &query, forth);
	watch_query(lab->network.watch, 0, true, &query);
	query.destination = forth->source;
	query.forth = forth;
	forth->touched[0] = NODE; /* as far as it would have come with the route */
	walk_flow(&lab->network, &query, walk);
	assert_true(ip_addr_equal(walk->source, ip("10.9.0.5")));
	free(forth);
	free(walk);
	lab_free(lab);
}

static void test_resolve(void **state)
{
	(void)state;
	struct lab *lab = draw(IP_PROTOCOL_ICMP);
	lab_build(lab, 1);
	struct stack_next_hop found = stack_resolve(&lab->stacks[ROUTER], ip("10.2.0.2"));
	assert_true(found.reachable && found.connected);
	assert_int_equal(found.hop.interface, 1);
	assert_true(ip_addr_equal(found.hop.via, ip("10.2.0.2")));
	found = stack_resolve(&lab->stacks[ROUTER], ip("10.9.0.5")); /* through a static route */
	assert_true(found.reachable && !found.connected);
	assert_true(ip_addr_equal(found.hop.via, ip("10.2.0.2")));
	assert_false(stack_resolve(&lab->stacks[ROUTER], ip("99.0.0.1")).reachable);
	assert_false(stack_resolve(&lab->stacks[ROUTER], ip("10.2.0.1")).reachable); /* ourselves */
	assert_false(stack_resolve(&lab->stacks[NODE], ip("10.9.0.9")).reachable); /* blackhole */
	struct fib_spec bgp = { .source = ROUTE_BGP, .metric = 20, .hops = &found.hop,
				.hop_count = 0 };
	fib_set(&lab->stacks[ROUTER].fib, bgp_prefix_id(lab->network.table, net("99.0.0.0/8")),
		&bgp);
	assert_false(stack_resolve(&lab->stacks[ROUTER], ip("99.0.0.1")).reachable);
	lab_free(lab);
}

/* Two addresses of a subnet, one route; it stays until the last one goes. */
static void test_addresses_come_and_go(void **state)
{
	(void)state;
	struct lab *lab = draw(IP_PROTOCOL_ICMP);
	lab_build(lab, 1);
	struct model_config two = lab->configs[HOST], none = lab->configs[HOST];
	struct model_address addresses[] = { { .interface = 0, .address = net("10.1.0.2/24") },
					     { .interface = 0, .address = net("10.1.0.7/24") } };
	two.addresses = addresses;
	two.address_count = 2;
	none.address_count = none.route_count = 0;
	uint32_t id = bgp_prefix_id(lab->network.table, net("10.1.0.0/24"));
	stack_configured(&lab->stacks[HOST], &two, NULL, 0);
	assert_true(stack_is_local(&lab->stacks[HOST], ip("10.1.0.7")));
	two.addresses = addresses + 1;
	lab_send(lab, ROUTER, NULL, "10.1.0.7");
	lab_run(lab, 1 * S);
	assert_int_equal(lab->tcp[HOST].segments, 1);
	struct model_config one = two;
	one.address_count = 1;
	two.addresses = addresses;
	stack_configured(&lab->stacks[HOST], &one, NULL, 0);
	assert_false(stack_is_local(&lab->stacks[HOST], ip("10.1.0.2")));
	assert_int_equal(fib_best(&lab->stacks[HOST].fib, id)->source, ROUTE_CONNECTED);
	assert_true(ip_addr_equal(stack_choose_source(&lab->stacks[HOST], ip("8.8.8.8")),
				  ip("10.1.0.7")));
	stack_configured(&lab->stacks[HOST], &none, NULL, 0);
	assert_null(fib_best(&lab->stacks[HOST].fib, id));
	assert_int_equal(lab->stacks[HOST].fib.count, 0);
	lab_off(lab, NODE);
	assert_int_equal(lab->stacks[NODE].fib.count, 0);
	assert_int_equal(lab_lines(lab, "fib node 10.9.0.5/32 removed"), 1);
	lab_on(lab, NODE);
	assert_int_equal(lab->stacks[NODE].fib.count, 4);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pings_and_connects),
		cmocka_unit_test(test_errors_come_back),
		cmocka_unit_test(test_silences),
		cmocka_unit_test(test_reverse_path),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_established_only),
		cmocka_unit_test(test_own_packets),
		cmocka_unit_test(test_nat_outgoing),
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_addresses_come_and_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
