#include "sim/virtual/stack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "sim/virtual/walk.h"

static void frame_received(struct link_receiver *receiver, struct instant now,
			   const struct packet *packet)
{
	(void)now;
	struct interface *interface = (struct interface *)receiver;
	struct stack *stack = interface->stack;
	if (!stack->up)
		return;
	if (packet->ethertype == ETHERTYPE_ARP)
		arp_received(stack, interface, packet);
	else if (mac_addr_equal(packet->mac_destination, interface->mac))
		ip_received(stack, interface, packet);
}

static void carrier_changed(struct link_receiver *receiver, struct instant now, bool up)
{
	struct interface *interface = (struct interface *)receiver;
	struct stack *stack = interface->stack;
	interface->carrier = up;
	if (!stack->up)
		return;
	if (!up)
		arp_flush(stack, interface->index); /* neigh_carrier_down */
	watch_node_changed(stack->network->watch, stack->node);
	if (stack->host)
		stack->host->carrier_changed(stack->host, now, interface->index, up);
}

/* ---- what became of a route ------------------------------------------------------------------ */

const char *stack_interface_name(const struct stack *stack, const struct fib_hop *hop,
				 struct ip_addr destination)
{
	if (hop->interface < stack->interface_count)
		return stack->interfaces[hop->interface].name;
	const struct stack_pod *pod = stack_pod_find(stack, destination);
	return pod ? pod->interface : "";
}

static void observe_route(struct stack *stack, struct ip_prefix prefix,
			  const struct fib_route *former, const struct fib_route *route)
{
	struct network *network = stack->network;
	const struct fib_route *shown = route ? route : former;
	if (!network->observer || (shown->source == ROUTE_BGP && !network->observe_routes))
		return;
	struct observed_next_hop hops[FIB_HOPS_MAX];
	uint32_t count = route ? route->hop_count : 0;
	for (uint32_t i = 0; i < count; i++)
		hops[i] = (struct observed_next_hop){
			route->hops[i].via,
			stack_interface_name(stack, &route->hops[i], prefix.addr),
		};
	struct observation seen = {
		.at_ns = network->engine.now.ns,
		.kind = OBSERVE_FIB,
		.node = stack->node,
		.fib = { .prefix = prefix, .removed = !route, .source = shown->source,
			 .metric = shown->metric, .next_hops = hops, .next_hop_count = count },
	};
	network->observer->observed(network->observer, &seen);
}

static void route_changed(struct fib_listener *listener, uint32_t prefix_id,
			  const struct fib_route *former, const struct fib_route *route)
{
	struct stack *stack = (struct stack *)listener;
	struct network *network = stack->network;
	struct ip_prefix prefix = bgp_prefix_of(network->table, prefix_id);
	observe_route(stack, prefix, former, route);
	watch_route_changed(network->watch, stack->node, prefix);
	if (stack->up && stack->host)
		stack->host->route_changed(stack->host, network->engine.now, prefix_id, former,
					   route);
}

/* ---- life ------------------------------------------------------------------------------------ */

/* Locally administered, and the same in every run and on every machine. */
static struct mac_addr interface_mac(const char *node, const char *interface)
{
	struct random_stream stream = random_stream_of(0, node, interface);
	uint64_t number = random_u64(&stream);
	struct mac_addr mac = { { 0x02 } };
	for (unsigned i = 1; i < 6; i++)
		mac.bytes[i] = (uint8_t)(number >> (8 * i));
	return mac;
}

static void loopback_fired(struct event_handler *handler, struct instant now, uint64_t argument);

static void interface_init(struct stack *stack, uint32_t index)
{
	struct network *network = stack->network;
	const struct model_interface *model =
		&network->model->nodes[stack->node].interfaces[index];
	struct interface *interface = &stack->interfaces[index];
	*interface = (struct interface){
		.receiver = { frame_received, carrier_changed },
		.stack = stack,
		.index = index,
		.name = model->name,
		.mac = interface_mac(stack->name, model->name),
		.reachable_period = -1,
	};
	char text[32];
	interface->random = random_stream_of(network->link_world.seed,
					     mac_addr_format(interface->mac, text), "arp");
	if (model->link == MODEL_NONE)
		return;
	interface->link = &network->links[model->link];
	interface->link_end = model->link_end;
	interface->carrier = link_carrier(interface->link, model->link_end);
	link_plug(interface->link, model->link_end, &interface->receiver, interface->mac);
}

void stack_init(struct stack *stack, struct network *network, uint32_t node,
		struct stack_host *host)
{
	const struct model_node *model = &network->model->nodes[node];
	*stack = (struct stack){
		.fib_listener = { route_changed },
		.arp_timer = { arp_timer_fired },
		.loopback = { loopback_fired },
		.network = network,
		.host = host,
		.node = node,
		.name = model->name,
		.interface_count = model->interface_count,
		.interfaces = memory_zalloc(model->interface_count * sizeof(struct interface)),
	};
	fib_init(&stack->fib, network->table, &stack->fib_listener);
	hash_index_init(&stack->locals);
	hash_index_init(&stack->pods_by_address);
	hash_index_init(&stack->neighbors_by_address);
	struct random_stream random =
		random_stream_of(network->link_world.seed, model->name, "multipath");
	stack->flow_salt = (uint32_t)random_u64(&random);
	for (uint32_t i = 0; i < stack->interface_count; i++)
		interface_init(stack, i);
}

void stack_free(struct stack *stack)
{
	arp_free(stack);
	for (uint32_t i = 0; i < stack->interface_count; i++)
		free(stack->interfaces[i].addresses);
	free(stack->interfaces);
	free(stack->pods);
	fib_free(&stack->fib);
	hash_index_free(&stack->locals);
	hash_index_free(&stack->pods_by_address);
	track_clear(stack);
}

void stack_power_on(struct stack *stack, const struct model_config *config,
		    const struct model_pool *pools, uint32_t pool_count)
{
	ASSERT(!stack->up);
	stack->up = true;
	watch_node_changed(stack->network->watch, stack->node);
	stack_configured(stack, config, pools, pool_count);
}

void stack_power_off(struct stack *stack)
{
	ASSERT(stack->up);
	stack->up = false;
	watch_node_changed(stack->network->watch, stack->node);
	arp_flush(stack, FIB_NO_INTERFACE);
	fib_clear(&stack->fib);
	track_clear(stack);
}

/* ---- loopback -------------------------------------------------------------------------------- */

static void loopback_fired(struct event_handler *handler, struct instant now, uint64_t argument)
{
	(void)now;
	struct stack *stack =
		(struct stack *)(void *)((char *)handler - offsetof(struct stack, loopback));
	struct frame *frame = (struct frame *)(uintptr_t)argument;
	struct packet packet;
	if (stack->up && packet_read(frame, &packet) && stack_is_local(stack, packet.destination))
		ip_deliver(stack, &packet);
	frame_unref(frame);
}

void stack_loop_back(struct stack *stack, struct frame *frame)
{
	engine_after(&stack->network->engine, 0, &stack->loopback, (uint64_t)(uintptr_t)frame);
}

/* ---- addresses ------------------------------------------------------------------------------- */

bool stack_is_local(const struct stack *stack, struct ip_addr address)
{
	return stack_interface_of(stack, address) != FIB_NO_INTERFACE;
}

uint32_t stack_interface_of(const struct stack *stack, struct ip_addr local)
{
	uint32_t cursor = HASH_NONE, at;
	while ((at = hash_index_next(&stack->locals, ip_addr_hash(local), &cursor)) != HASH_NONE) {
		const struct interface *interface = &stack->interfaces[at >> 8];
		if (ip_addr_equal(interface->addresses[at & 255].addr, local))
			return at >> 8;
	}
	return FIB_NO_INTERFACE;
}

const struct stack_pod *stack_pod_find(const struct stack *stack, struct ip_addr address)
{
	uint32_t cursor = HASH_NONE, at;
	if (stack->pod_count == 0)
		return NULL;
	while ((at = hash_index_next(&stack->pods_by_address, ip_addr_hash(address), &cursor)) !=
	       HASH_NONE)
		if (ip_addr_equal(stack->pods[at].address, address))
			return &stack->pods[at];
	return NULL;
}

/* inet_select_addr: the interface's first address on the target's subnet, else its first, else the
 * node's first. */
struct ip_addr stack_address_toward(const struct stack *stack, uint32_t interface,
				    struct ip_addr target)
{
	if (interface < stack->interface_count) {
		const struct interface *out = &stack->interfaces[interface];
		for (uint32_t i = 0; i < out->address_count; i++)
			if (ip_prefix_contains(out->addresses[i], target))
				return out->addresses[i].addr;
		if (out->address_count)
			return out->addresses[0].addr;
	}
	for (uint32_t i = 0; i < stack->interface_count; i++)
		if (stack->interfaces[i].address_count)
			return stack->interfaces[i].addresses[0].addr;
	return (struct ip_addr){ 0 };
}

struct ip_addr stack_choose_source(const struct stack *stack, struct ip_addr destination)
{
	if (stack_is_local(stack, destination))
		return destination;
	const struct fib_route *route = fib_lookup(&stack->fib, destination, false, NULL);
	if (!route || route->hop_count == 0)
		return (struct ip_addr){ 0 };
	if (!ip_addr_is_zero(route->preferred_source))
		return route->preferred_source;
	const struct fib_hop *hop = &route->hops[0];
	return stack_address_toward(stack, hop->interface,
				    ip_addr_is_zero(hop->via) ? destination : hop->via);
}

#define RESOLVE_DEPTH 8
struct stack_next_hop stack_resolve(const struct stack *stack, struct ip_addr next_hop)
{
	struct stack_next_hop answer = { 0 };
	struct ip_addr target = next_hop;
	if (stack_is_local(stack, next_hop))
		return answer; /* our own address is nobody's next hop */
	for (int depth = 0; depth < RESOLVE_DEPTH; depth++) {
		const struct fib_route *route = fib_lookup(&stack->fib, target, true, NULL);
		if (!route || route->hop_count == 0 || route->source == ROUTE_POD)
			return answer;
		const struct fib_hop *hop = &route->hops[0];
		if (depth == 0) {
			answer.metric = route->metric;
			answer.connected = ip_addr_is_zero(hop->via);
		}
		if (ip_addr_is_zero(hop->via)) {
			answer.hop = (struct fib_hop){ target, hop->interface };
			answer.reachable = true;
			return answer;
		}
		if (ip_addr_equal(hop->via, target))
			return answer;
		target = hop->via;
	}
	return answer;
}
