/* The seed's network by hand, and short words for what is seen of it.
 *
 *   client .200   tor .116 AS 7675   k8s-1 .27 reflector   k8s-2 .28 reflector   k8s-3 .29
 *      |              |                   |                     |                   |
 *      +--------------+---------- rack1 --+---------------------+-------------------+
 *
 * Four flows, client to two pods each on k8s-2 and k8s-3. k8s-1 goes off at 60s; the switch keeps
 * one path, as Quagga does, by way of k8s-1. */
#ifndef TESTS_CHECKER_SEED_H
#define TESTS_CHECKER_SEED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "checker/checker.h"
#include "checker/state.h"

#define S(seconds) ((int64_t)((seconds) * 1000.0 + 0.5) * NS_PER_MS)
enum { TOR, K1, K2, K3, CLIENT, NODES };

struct seed {
	struct source source, frr;
	const struct source *sources[2];
	struct model model;
	struct model_node nodes[NODES];
	struct model_interface interfaces[NODES];
	struct model_link_end ends[NODES];
	struct model_link link;
	struct model_address addresses[NODES];
	struct model_route client_route;
	struct model_pod pods[NODES][2];
	struct model_block blocks[NODES];
	struct model_neighbor neighbors[NODES][3];
	struct model_config configs[NODES];
	const struct model_config *current[NODES];
	struct model_revision revisions[3];
	struct model_pool pool;
	struct model_step steps[8];
	uint32_t step_nodes[8];
	struct model_flow flows[4];
	uint32_t flow_numbers[4];
	struct model_expect expects[8];
	uint64_t sequence;
	struct trace_sink *sink; /* what is seen goes there */
};

static inline struct ip_addr ip(const char *text)
{
	struct ip_addr addr = { 0 };
	if (text[0])
		assert_true(ip_addr_parse(text, strlen(text), &addr));
	return addr;
}

static inline struct ip_prefix net(const char *text)
{
	struct ip_prefix prefix;
	assert_true(ip_prefix_parse(text, strlen(text), true, &prefix));
	return prefix;
}

static inline struct source_pos line(struct seed *s, uint32_t number)
{
	return (struct source_pos){ &s->source, number, 3, 4 };
}

static inline void seed_neighbor(struct seed *s, uint32_t node, const char *name,
				 const char *address, uint32_t as, uint32_t at)
{
	struct model_bgp *bgp = &s->configs[node].bgp;
	bgp->neighbors = s->neighbors[node];
	bgp->neighbors[bgp->neighbor_count++] = (struct model_neighbor){
		.name = name, .address = ip(address), .remote_as = as, .ipv4 = true,
		.multihop = node != TOR, .resource = node == TOR ? "neighbor" :
			as == 7675 ? "BGPPeer/rr-peer" : "BGPPeer/peer-with-route-reflectors",
		.pos = line(s, at),
	};
}

static inline void seed_nodes(struct seed *s)
{
	static const char *const names[NODES] = { "tor", "k8s-1", "k8s-2", "k8s-3", "client" };
	static const char *const addresses[NODES] = { "172.31.13.116/24", "172.31.13.27/24",
						      "172.31.13.28/24", "172.31.13.29/24",
						      "172.31.13.200/24" };
	static const char *const blocks[NODES] = { NULL, "172.27.208.0/26", "172.27.209.0/26",
						   "172.27.210.0/26", NULL };
	for (uint32_t i = 0; i < NODES; i++) {
		struct model_config *config = &s->configs[i];
		s->interfaces[i] = (struct model_interface){ "eth0", 0, i };
		s->nodes[i] = (struct model_node){ .name = names[i],
						   .interfaces = &s->interfaces[i],
						   .interface_count = 1,
						   .pos = line(s, 5 + i) };
		s->ends[i] = (struct model_link_end){ i, 0, line(s, 40) };
		s->addresses[i] = (struct model_address){ 0, net(addresses[i]), line(s, 12) };
		config->addresses = &s->addresses[i];
		config->address_count = 1;
		config->ip_forward = true;
		s->current[i] = config;
		if (!blocks[i])
			continue;
		s->blocks[i] = (struct model_block){ net(blocks[i]), true, line(s, 30 + i) };
		config->blocks = &s->blocks[i];
		config->block_count = 1;
		for (uint32_t pod = 0; pod < 2; pod++) {
			s->pods[i][pod].address = s->blocks[i].prefix.addr;
			s->pods[i][pod].address.bytes[3] = (uint8_t)(5 + pod);
			s->pods[i][pod].pos = line(s, 30 + i);
		}
		config->pods = s->pods[i];
		config->pod_count = 2;
	}
	s->client_route = (struct model_route){ net("172.27.208.0/22"), ip("172.31.13.116"),
						MODEL_NONE, false, 0, line(s, 35) };
	s->configs[CLIENT].routes = &s->client_route;
	s->configs[CLIENT].route_count = 1;
}

static inline void seed_bgp(struct seed *s)
{
	for (uint32_t i = TOR; i <= K3; i++) {
		struct model_bgp *bgp = &s->configs[i].bgp;
		*bgp = (struct model_bgp){ .enabled = true, .process = i == TOR ? "bgpd" : "bird",
					   .profile = i == TOR ? "quagga" : "calico-bird",
					   .local_as = i == TOR ? 7675 : 64512 };
		s->configs[i].reflector = i == K1 || i == K2;
	}
	seed_neighbor(s, TOR, "172.31.13.27", "172.31.13.27", 64512, 16);
	seed_neighbor(s, TOR, "172.31.13.28", "172.31.13.28", 64512, 17);
	s->neighbors[TOR][0].hold_s = s->neighbors[TOR][1].hold_s = 180;
	seed_neighbor(s, K1, "Node_172_31_13_116", "172.31.13.116", 7675, 120);
	seed_neighbor(s, K1, "Node_172_31_13_28", "172.31.13.28", 64512, 140);
	seed_neighbor(s, K1, "Node_172_31_13_29", "172.31.13.29", 64512, 140);
	seed_neighbor(s, K2, "Node_172_31_13_116", "172.31.13.116", 7675, 120);
	seed_neighbor(s, K2, "Node_172_31_13_27", "172.31.13.27", 64512, 140);
	seed_neighbor(s, K2, "Node_172_31_13_29", "172.31.13.29", 64512, 140);
	seed_neighbor(s, K3, "Node_172_31_13_27", "172.31.13.27", 64512, 140);
	seed_neighbor(s, K3, "Node_172_31_13_28", "172.31.13.28", 64512, 140);
	s->neighbors[K1][0].next_hop_pos = s->neighbors[K2][0].next_hop_pos = line(s, 125);
	s->neighbors[K1][0].hold_s = s->neighbors[K2][0].hold_s = 240;
}

static inline struct seed *seed_new(void)
{
	static const char *const names[4] = {
		"client \xe2\x86\x92 k8s-2/172.27.209.5", "client \xe2\x86\x92 k8s-2/172.27.209.6",
		"client \xe2\x86\x92 k8s-3/172.27.210.5", "client \xe2\x86\x92 k8s-3/172.27.210.6",
	};
	struct seed *s = memory_zalloc(sizeof(*s));
	s->source.path = "scenarios/seed-as-written.topo";
	s->frr.path = "tor/frr.conf";
	s->sources[0] = &s->source;
	s->sources[1] = &s->frr;
	seed_nodes(s);
	seed_bgp(s);
	for (uint32_t i = 0; i < 4; i++) {
		s->flows[i] = (struct model_flow){ .name = names[i], .from_node = CLIENT,
						   .to_node = i < 2 ? K2 : K3, .protocol = 6,
						   .to = s->pods[i < 2 ? K2 : K3][i % 2].address,
						   .port = 80 };
		s->flow_numbers[i] = i;
	}
	s->link = (struct model_link){ .name = "rack1", .ends = s->ends, .end_count = NODES };
	s->step_nodes[0] = K1;
	s->steps[0] = (struct model_step){ .at_ns = S(60), .name = "rr1-crash", .text = "k8s-1 off",
					   .kind = MODEL_STEP_CRASH, .nodes = &s->step_nodes[0],
					   .node_count = 1, .pos = line(s, 45) };
	s->steps[1] = (struct model_step){ .at_ns = S(300), .name = "end", .kind = MODEL_STEP_END };
	for (uint32_t i = 0; i < 3; i++)
		s->revisions[i] = (struct model_revision){ s->current, &s->pool, 1 };
	s->pool = (struct model_pool){ .name = "default-pool", .cidr = net("172.27.208.0/22"),
				       .nat_pos = line(s, 97) };
	s->model = (struct model){
		.name = "seed", .path = s->source.path, .sources = s->sources, .source_count = 2,
		.nodes = s->nodes, .node_count = NODES, .links = &s->link, .link_count = 1,
		.revisions = s->revisions, .revision_count = 1, .steps = s->steps, .step_count = 2,
		.flows = s->flows, .flow_count = 4, .expects = s->expects, .end_ns = S(300),
	};
	return s;
}

static inline int seed_set_up(void **state)
{
	*state = seed_new();
	return 0;
}

static inline int seed_tear_down(void **state)
{
	free(*state);
	return 0;
}

/* A new expectation with no time words. */
static inline struct model_expect *seed_expect(struct seed *s, enum model_expect_kind kind)
{
	struct model_expect *expect = &s->expects[s->model.expect_count++];
	*expect = (struct model_expect){
		.name = "it", .kind = kind, .at_ns = MODEL_NO_TIME, .within_ns = MODEL_NO_TIME,
		.after_ns = MODEL_NO_TIME, .from_ns = MODEL_NO_TIME, .until_ns = MODEL_NO_TIME,
		.max_outage_ns = MODEL_NO_TIME, .flows = s->flow_numbers, .flow_count = 4,
		.node = MODEL_NONE, .pos = line(s, 77),
	};
	return expect;
}

/* ---- what is seen --------------------------------------------------------------------------- */

static inline void see(struct seed *s, double at, uint32_t node, struct observation o)
{
	o.at_ns = S(at);
	o.node = node;
	o.sequence = ++s->sequence;
	s->sink->observe(s->sink, &o);
}

static inline void see_step(struct seed *s, double at, uint32_t step)
{
	see(s, at, MODEL_NONE, (struct observation){ .kind = OBSERVE_STEP,
						     .step = { .index = step, .name = "",
							       .text = "" } });
}

static inline void see_power(struct seed *s, double at, uint32_t node, bool up)
{
	see(s, at, node, (struct observation){ .kind = OBSERVE_NODE, .node_state = { up } });
}

static inline void see_session(struct seed *s, double at, uint32_t node, const char *neighbor,
			       const char *from, const char *to, const char *error)
{
	struct observation o = { .kind = OBSERVE_SESSION };
	const struct model_bgp *bgp = &s->configs[node].bgp;
	o.session.neighbor = neighbor;
	for (uint32_t i = 0; i < bgp->neighbor_count; i++)
		if (strcmp(bgp->neighbors[i].name, neighbor) == 0)
			o.session.peer = bgp->neighbors[i].address;
	o.session.old_state = from;
	o.session.new_state = to;
	o.session.reason = "";
	o.session.error = error;
	o.session.last_error = "";
	o.session.hold_s = strcmp(to, "Established") == 0 ? 180 : 0;
	see(s, at, node, o);
}

/* Every configured session, both sides, a little apart: the last at `at`. */
static inline void see_all_sessions(struct seed *s, double at)
{
	for (uint32_t node = TOR; node <= K3; node++) {
		const struct model_bgp *bgp = &s->configs[node].bgp;
		for (uint32_t i = 0; i < bgp->neighbor_count; i++)
			see_session(s, node == K3 ? at : at - 0.1, node, bgp->neighbors[i].name,
				    "OpenConfirm", "Established", "");
	}
}

static inline void see_fib(struct seed *s, double at, uint32_t node, const char *prefix,
			   enum route_source source, const char *via)
{
	struct observed_next_hop hop = { ip(via), "eth0" };
	see(s, at, node, (struct observation){ .kind = OBSERVE_FIB,
					       .fib = { .prefix = net(prefix), .source = source,
							.next_hops = &hop, .next_hop_count = 1 } });
}

static inline void see_path(struct seed *s, double at, uint32_t node, const char *prefix,
			    const char *neighbor, bool best, const char *rule)
{
	see(s, at, node,
	    (struct observation){ .kind = best ? OBSERVE_BEST : OBSERVE_PATH,
				  .path = { .neighbor = neighbor, .prefix = net(prefix),
					    .rule = rule,
					    .attrs = { .id = 1, .as_path = "64512",
						       .next_hop = ip(neighbor),
						       .cluster_list = "", .communities = "" } } });
}

static inline void see_arp(struct seed *s, double at, uint32_t node, const char *address,
			   const char *entry_state)
{
	see(s, at, node, (struct observation){ .kind = OBSERVE_NEIGHBOR,
					       .neighbor = { "eth0", ip(address), entry_state,
							     { { 2 } } } });
}

static inline void see_heard(struct seed *s, double at, uint32_t node, const char *neighbor)
{
	see(s, at, node, (struct observation){ .kind = OBSERVE_MESSAGE,
					       .message = { .neighbor = neighbor, .type = 4,
							    .length = 19 } });
}

static inline struct observed_hop hop(uint32_t node, const char *prefix, enum route_source source,
				      const char *via)
{
	return (struct observed_hop){ node, true, net(prefix), source,
				      { ip(via), source == ROUTE_BLACKHOLE_BLOCK ? "" : "eth0" },
				      1, "" };
}

/* One way of a flow: by tor and `via`, or (via NULL) only as far as tor. */
static inline void see_flow(struct seed *s, double at, uint32_t flow, bool back,
			    enum disposition disposition, const struct observed_hop *hops,
			    uint32_t count, const char *detail)
{
	struct ip_addr source = back ? s->flows[flow].to : ip("172.31.13.200");
	see(s, at, MODEL_NONE,
	    (struct observation){
		    .kind = OBSERVE_FLOW,
		    .flow = { flow, back, disposition, source, hops, count, detail } });
}

static inline const char *block_of(const struct seed *s, uint32_t flow)
{
	return s->flows[flow].to_node == K2 ? "172.27.209.0/26" : "172.27.210.0/26";
}

static inline void see_flow_good(struct seed *s, double at, uint32_t flow, uint32_t via)
{
	char pod[IP_TEXT_MAX];
	ip_addr_format(s->flows[flow].to, pod);
	struct observed_hop hops[] = {
		hop(CLIENT, "172.27.208.0/22", ROUTE_STATIC, "172.31.13.116"),
		hop(TOR, block_of(s, flow), ROUTE_BGP, via == K1 ? "172.31.13.27" : "172.31.13.28"),
		hop(via, block_of(s, flow), ROUTE_BGP, "172.31.13.29"),
		hop(s->flows[flow].to_node, pod, ROUTE_POD, ""),
	};
	see_flow(s, at, flow, false, DISPOSITION_ACCEPTED, hops, 4, "");
}

static inline void see_back_good(struct seed *s, double at, uint32_t flow)
{
	struct observed_hop back[] = {
		hop(s->flows[flow].to_node, "172.31.13.0/24", ROUTE_CONNECTED, ""),
	};
	see_flow(s, at, flow, true, DISPOSITION_ACCEPTED, back, 1, "");
}

static inline void see_flow_dead(struct seed *s, double at, uint32_t flow, bool arp_failed)
{
	struct observed_hop hops[] = {
		hop(CLIENT, "172.27.208.0/22", ROUTE_STATIC, "172.31.13.116"),
		hop(TOR, block_of(s, flow), ROUTE_BGP, "172.31.13.27"),
		{ .node = K1, .neighbor_state = "" },
	};
	if (arp_failed)
		see_flow(s, at, flow, false, DISPOSITION_NEIGHBOR_UNREACHABLE, hops, 2,
			 "ARP for 172.31.13.27 FAILED");
	else
		see_flow(s, at, flow, false, DISPOSITION_NODE_DOWN, hops, 3, "");
}

/* From the start until all is well: sessions at 2.214s, flows at 2.310s. */
static inline void see_start(struct seed *s)
{
	for (uint32_t node = 0; node < NODES; node++)
		see_power(s, 0, node, true);
	for (uint32_t flow = 0; flow < 4; flow++) {
		see_flow(s, 0, flow, false, DISPOSITION_NO_ROUTE, NULL, 0, "");
		see_back_good(s, 0, flow);
	}
	see_all_sessions(s, 2.214);
	for (int i = 0; i < 3; i++) {
		static const char *const blocks[] = { "172.27.208.0/26", "172.27.209.0/26",
						      "172.27.210.0/26" };
		see_path(s, 2.310, TOR, blocks[i], "172.31.13.27", false, "");
		see_path(s, 2.310, TOR, blocks[i], "172.31.13.28", false, "");
		see_path(s, 2.310, TOR, blocks[i], "172.31.13.27", true, "Router ID");
		see_fib(s, 2.310, TOR, blocks[i], ROUTE_BGP, "172.31.13.27");
	}
	for (uint32_t flow = 0; flow < 4; flow++)
		see_flow_good(s, 2.310, flow, K1);
	see_arp(s, 2.310, TOR, "172.31.13.27", "REACHABLE");
}

/* k8s-1 goes off, and nobody gets a FIN. */
static inline void see_crash(struct seed *s)
{
	see_heard(s, 31.3, TOR, "172.31.13.27");
	see_step(s, 60, 0);
	see_power(s, 60, K1, false);
	for (uint32_t flow = 0; flow < 4; flow++)
		see_flow_dead(s, 60, flow, false);
	see_arp(s, 68.4, TOR, "172.31.13.27", "FAILED");
	for (uint32_t flow = 0; flow < 4; flow++)
		see_flow_dead(s, 68.4, flow, true);
}

/* The hold timer runs out, and the switch takes the other path. */
static inline void see_recovery(struct seed *s)
{
	see_session(s, 211.3, TOR, "172.31.13.27", "Established", "Idle",
		    "Hold Timer Expired");
	for (int i = 1; i < 3; i++) {
		const char *block = i == 1 ? "172.27.209.0/26" : "172.27.210.0/26";
		see(s, 211.3, TOR, (struct observation){ .kind = OBSERVE_PATH,
							 .path = { .neighbor = "172.31.13.27",
								   .prefix = net(block),
								   .gone = true } });
		see_path(s, 211.3, TOR, block, "172.31.13.28", true, "only path");
		see_fib(s, 211.3, TOR, block, ROUTE_BGP, "172.31.13.28");
	}
	for (uint32_t flow = 0; flow < 4; flow++)
		see_flow_good(s, 211.3, flow, K2);
}

/* ---- judging -------------------------------------------------------------------------------- */

static inline struct checker *seed_checker(struct seed *s)
{
	struct checker *checker = checker_new(&s->model, NULL);
	s->sink = checker_sink(checker);
	s->sequence = 0;
	return checker;
}

static inline void assert_verdict(const struct verdict *verdict, enum verdict_result result,
				  const char *measured)
{
	if (verdict->result != result || strcmp(verdict->measured, measured) != 0)
		fail_msg("%s, \"%s\" instead of %s, \"%s\"; why:\n%s",
			 verdict_result_name(verdict->result), verdict->measured,
			 verdict_result_name(result), measured, verdict->why);
}

#define SEED_TEST(name) cmocka_unit_test_setup_teardown(name, seed_set_up, seed_tear_down)

#endif
