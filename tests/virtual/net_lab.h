/* A small network made in a few lines: nodes, links, addresses, routes, pods, flows; what it observes
 * is kept as lines of text. */
#ifndef TESTS_VIRTUAL_NET_LAB_H
#define TESTS_VIRTUAL_NET_LAB_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "sim/virtual/probe.h"
#include "sim/virtual/stack.h"
#include "sim/virtual/walk.h"

#define LAB_NODES 16
#define LAB_LINKS 8
#define LAB_FLOWS 8
#define LAB_LINES 4096
#define MS NS_PER_MS
#define S NS_PER_S

struct lab_tcp { /* TCP segments and errors a node's TCP would have got */
	struct stack_host host; /* first */
	uint32_t segments, errors, carrier_changes;
	bool port;
};

struct lab {
	struct network network;
	struct network_observer observer;
	struct frame_sink sink;
	struct model model;
	struct model_node nodes[LAB_NODES];
	struct model_interface interfaces[LAB_NODES][4];
	struct model_link model_links[LAB_LINKS];
	struct model_link_end ends[LAB_LINKS][LAB_NODES];
	struct model_config configs[LAB_NODES];
	struct model_address addresses[LAB_NODES][4];
	struct model_route routes[LAB_NODES][8];
	struct model_pod pods[LAB_NODES][4];
	struct model_filter filters[LAB_NODES][4];
	struct model_flow flows[LAB_FLOWS];
	struct model_pool pools[2];
	uint32_t pool_count;
	struct stack stacks[LAB_NODES];
	struct stack *stack_pointers[LAB_NODES];
	struct lab_tcp tcp[LAB_NODES];
	struct link links[LAB_LINKS];
	char lines[LAB_LINES][200];
	uint32_t line_count;
	uint32_t seen_sent, seen_received, seen_dropped;
	bool built;
};

static inline struct ip_addr ip(const char *text)
{
	struct ip_addr addr = { 0 };
	assert_true(ip_addr_parse(text, strlen(text), &addr));
	return addr;
}

static inline struct ip_prefix net(const char *text)
{
	struct ip_prefix prefix;
	assert_true(ip_prefix_parse(text, strlen(text), true, &prefix));
	return prefix;
}

static inline struct lab *lab_of(struct network_observer *observer)
{
	return (struct lab *)(void *)((char *)observer - offsetof(struct lab, observer));
}

static inline void lab_observed(struct network_observer *observer, struct observation *seen)
{
	struct lab *lab = lab_of(observer);
	char a[IP_TEXT_MAX];
	assert_true(lab->line_count < LAB_LINES);
	char *line = lab->lines[lab->line_count++];
	size_t size = sizeof(lab->lines[0]);
	const char *node = seen->node < lab->model.node_count ? lab->nodes[seen->node].name : "";
	int at = snprintf(line, size, "%lld ", (long long)(seen->at_ns / NS_PER_US));
	line += at;
	size -= (size_t)at;
	switch (seen->kind) {
	case OBSERVE_NEIGHBOR:
		snprintf(line, size, "neighbor %s %s %s", node,
			 ip_addr_format(seen->neighbor.address, a), seen->neighbor.state);
		break;
	case OBSERVE_FIB:
		snprintf(line, size, "fib %s %s %s%u", node, ip_prefix_format(seen->fib.prefix, a),
			 seen->fib.removed ? "removed " : "", seen->fib.next_hop_count);
		break;
	case OBSERVE_FLOW:
		snprintf(line, size, "flow %u%s %s at %s, %u hops", seen->flow.flow,
			 seen->flow.back ? " back" : "", disposition_name(seen->flow.disposition),
			 node, seen->flow.hop_count);
		break;
	case OBSERVE_PROBE:
		snprintf(line, size, "probe %u.%u %s%s after %lld", seen->probe.flow,
			 seen->probe.number, seen->probe.answered ? "" : "lost ",
			 seen->probe.answer, (long long)(seen->probe.round_trip_ns / NS_PER_US));
		break;
	default:
		fail();
	}
}

static inline void lab_seen(struct frame_sink *sink, const struct observed_frame *frame)
{
	struct lab *lab = (struct lab *)(void *)((char *)sink - offsetof(struct lab, sink));
	lab->seen_sent += frame->sent;
	lab->seen_received += !frame->sent;
	lab->seen_dropped += frame->dropped;
}

static inline void lab_tcp_arrived(struct stack_host *host, struct instant now,
				   struct ip_addr source, struct ip_addr destination, uint8_t ttl,
				   const uint8_t *bytes, size_t length)
{
	(void)now;
	(void)ttl;
	assert_int_equal(checksum_transport(source, destination, IP_PROTOCOL_TCP, bytes, length),
			 0);
	((struct lab_tcp *)host)->segments++;
}

static inline void lab_unreachable(struct stack_host *host, struct instant now,
				   struct ip_addr local, uint16_t local_port,
				   struct ip_addr remote, uint16_t remote_port, uint32_t sequence,
				   bool port)
{
	(void)now;
	(void)local;
	(void)remote;
	assert_int_equal(local_port, 40000);
	assert_int_equal(remote_port, 179);
	assert_int_equal(sequence, 0x01020304);
	((struct lab_tcp *)host)->errors++;
	((struct lab_tcp *)host)->port = port;
}

static inline void lab_route_changed(struct stack_host *host, struct instant now,
				     uint32_t prefix_id, const struct fib_route *former,
				     const struct fib_route *route)
{
	(void)host;
	(void)now;
	(void)prefix_id;
	(void)former;
	(void)route;
}

static inline void lab_carrier_changed(struct stack_host *host, struct instant now,
				       uint32_t interface, bool up)
{
	(void)now;
	(void)interface;
	(void)up;
	((struct lab_tcp *)host)->carrier_changes++;
}

/* ---- drawing it ------------------------------------------------------------------------------ */

static inline struct lab *lab_new(void)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	lab->observer.observed = lab_observed;
	lab->sink.seen = lab_seen;
	lab->model.nodes = lab->nodes;
	lab->model.links = lab->model_links;
	lab->model.flows = lab->flows;
	return lab;
}

static inline uint32_t lab_node(struct lab *lab, const char *name, enum model_kind kind)
{
	uint32_t node = lab->model.node_count++;
	lab->nodes[node] = (struct model_node){ .name = name, .kind = kind,
						.interfaces = lab->interfaces[node] };
	lab->configs[node] = (struct model_config){
		.addresses = lab->addresses[node], .routes = lab->routes[node],
		.pods = lab->pods[node], .filters = lab->filters[node],
		.ip_forward = kind != MODEL_HOST,
	};
	return node;
}

static inline uint32_t lab_link(struct lab *lab, const char *name, int64_t delay_ns)
{
	uint32_t link = lab->model.link_count++;
	lab->model_links[link] = (struct model_link){ .name = name, .ends = lab->ends[link],
						      .impairment = { .delay_ns = delay_ns } };
	return link;
}

/* Plugs a new interface of the node into the link and gives it an address (NULL: none). */
static inline void lab_plug(struct lab *lab, uint32_t link, uint32_t node, const char *name,
			    const char *address)
{
	uint32_t interface = lab->nodes[node].interface_count++;
	uint32_t end = lab->model_links[link].end_count++;
	lab->interfaces[node][interface] = (struct model_interface){ name, link, end };
	lab->ends[link][end] = (struct model_link_end){ .node = node, .interface = interface };
	if (address)
		lab->addresses[node][lab->configs[node].address_count++] =
			(struct model_address){ .interface = interface, .address = net(address) };
}

/* via NULL: a blackhole. */
static inline void lab_route(struct lab *lab, uint32_t node, const char *prefix, const char *via)
{
	struct model_route route = { .prefix = net(prefix), .interface = MODEL_NONE,
				     .blackhole = !via };
	if (via)
		route.via = ip(via);
	lab->routes[node][lab->configs[node].route_count++] = route;
}

static inline void lab_pod(struct lab *lab, uint32_t node, const char *address)
{
	lab->pods[node][lab->configs[node].pod_count++] =
		(struct model_pod){ .name = address, .address = ip(address) };
}

static inline uint32_t lab_flow(struct lab *lab, uint32_t from, uint32_t to, const char *address,
				uint8_t protocol)
{
	uint32_t flow = lab->model.flow_count++;
	lab->flows[flow] = (struct model_flow){ .name = "flow", .from_node = from, .to_node = to,
						.to = ip(address), .protocol = protocol,
						.port = protocol == IP_PROTOCOL_TCP ? 80 : 0 };
	return flow;
}

static inline void lab_build(struct lab *lab, uint64_t seed)
{
	struct network *network = &lab->network;
	network_init(network, seed, &lab->sink);
	network->table = bgp_table_new();
	network->model = &lab->model;
	network->observer = &lab->observer;
	network->links = lab->links;
	network->stacks = lab->stack_pointers;
	network->stack_count = lab->model.node_count;
	network->observe_neighbors = true;
	for (uint32_t i = 0; i < lab->model.link_count; i++)
		link_init(&lab->links[i], &network->link_world, &lab->model_links[i], i);
	for (uint32_t i = 0; i < lab->model.node_count; i++) {
		lab->tcp[i].host = (struct stack_host){ lab_tcp_arrived, lab_unreachable,
							lab_route_changed, lab_carrier_changed };
		lab->stack_pointers[i] = &lab->stacks[i];
		stack_init(&lab->stacks[i], network, i, &lab->tcp[i].host);
	}
	if (lab->model.flow_count) {
		watch_new(network);
		prober_new(network);
	}
	for (uint32_t i = 0; i < lab->model.node_count; i++)
		stack_power_on(&lab->stacks[i], &lab->configs[i], lab->pools, lab->pool_count);
	lab->built = true;
}

static inline void lab_free(struct lab *lab)
{
	prober_free(lab->network.prober);
	watch_free(lab->network.watch);
	for (uint32_t i = 0; lab->built && i < lab->model.node_count; i++)
		stack_free(&lab->stacks[i]);
	for (uint32_t i = 0; lab->built && i < lab->model.link_count; i++)
		link_free(&lab->links[i]);
	if (lab->built) {
		network_free(&lab->network);
		bgp_table_free(lab->network.table);
	}
	free(lab);
}

/* ---- playing with it ------------------------------------------------------------------------- */

static inline void lab_run(struct lab *lab, int64_t until_ns)
{
	engine_run_until(&lab->network.engine, (struct instant){ until_ns });
}

static inline void lab_off(struct lab *lab, uint32_t node) { stack_power_off(&lab->stacks[node]); }

static inline void lab_on(struct lab *lab, uint32_t node)
{
	stack_power_on(&lab->stacks[node], &lab->configs[node], lab->pools, lab->pool_count);
}

/* How many lines contain the text. */
static inline uint32_t lab_lines(const struct lab *lab, const char *text)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < lab->line_count; i++)
		count += strstr(lab->lines[i], text) != NULL;
	return count;
}

/* When the last such line was written, in ns (microseconds exact); -1: never. */
static inline int64_t lab_last(const struct lab *lab, const char *text)
{
	for (uint32_t i = lab->line_count; i-- > 0;)
		if (strstr(lab->lines[i], text))
			return strtoll(lab->lines[i], NULL, 10) * NS_PER_US;
	return -1;
}

static inline void lab_print(const struct lab *lab)
{
	for (uint32_t i = 0; i < lab->line_count; i++)
		printf("%s\n", lab->lines[i]);
}

static inline const char *lab_arp(const struct lab *lab, uint32_t node, const char *address)
{
	const struct neighbor *neighbor = arp_find(&lab->stacks[node], 0, ip(address));
	return neighbor ? neighbor_state_name(neighbor->state) : "";
}

/* A TCP segment from port 40000 to 179, sequence 0x01020304. */
static inline int lab_send(struct lab *lab, uint32_t node, const char *source, const char *to)
{
	uint8_t bytes[20];
	struct ip_addr from = source ? ip(source) : stack_choose_source(&lab->stacks[node], ip(to));
	tcp_header_fill(bytes, 40000, 179, 0x01020304, 0, 0x02);
	uint16_t sum = checksum_transport(from, ip(to), IP_PROTOCOL_TCP, bytes, 20);
	bytes[16] = (uint8_t)(sum >> 8);
	bytes[17] = (uint8_t)sum;
	struct stack_packet packet = { .source = from, .destination = ip(to),
				       .protocol = IP_PROTOCOL_TCP, .bytes = bytes,
				       .length = sizeof(bytes) };
	return stack_send(&lab->stacks[node], &packet);
}

#endif
