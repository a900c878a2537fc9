/* A stack made to be what a configuration says: addresses and their connected routes, static routes,
 * pods and their /32 routes. Only differences change anything. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "sim/virtual/stack.h"
#include "sim/virtual/walk.h"

static const struct model_config nothing = { 0 };

/* ---- addresses ------------------------------------------------------------------------------- */

static bool addresses_equal(const struct model_config *a, const struct model_config *b)
{
	if (a->address_count != b->address_count)
		return false;
	for (uint32_t i = 0; i < a->address_count; i++)
		if (a->addresses[i].interface != b->addresses[i].interface ||
		    !ip_prefix_equal(a->addresses[i].address, b->addresses[i].address))
			return false;
	return true;
}

static uint64_t rehash_local(const void *context, uint32_t at)
{
	const struct stack *stack = context;
	return ip_addr_hash(stack->interfaces[at >> 8].addresses[at & 255].addr);
}

/* Linux answers ARP for any of its addresses on any interface (arp_ignore 0). */
static void register_owners(struct stack *stack, bool add)
{
	for (uint32_t i = 0; i < stack->interface_count; i++) {
		const struct interface *interface = &stack->interfaces[i];
		for (uint32_t j = 0; j < stack->interface_count; j++) {
			struct link *link = stack->interfaces[j].link;
			uint32_t end = stack->interfaces[j].link_end;
			for (uint32_t k = 0; link && k < interface->address_count; k++)
				(add ? link_owner_add : link_owner_remove)(
					link, interface->addresses[k].addr, end);
			if (link)
				watch_link_changed(stack->network->watch, link->index);
		}
	}
}

static void set_addresses(struct stack *stack, const struct model_config *config)
{
	register_owners(stack, false);
	hash_index_free(&stack->locals);
	for (uint32_t i = 0; i < stack->interface_count; i++) {
		free(stack->interfaces[i].addresses);
		stack->interfaces[i].addresses = NULL;
		stack->interfaces[i].address_count = 0;
	}
	for (uint32_t i = 0; i < config->address_count; i++) {
		const struct model_address *address = &config->addresses[i];
		ASSERT(address->interface < stack->interface_count);
		struct interface *interface = &stack->interfaces[address->interface];
		uint32_t at = interface->address_count++;
		ASSERT(at < 256);
		interface->addresses = memory_resize(interface->addresses,
						     (at + 1) * sizeof(*interface->addresses));
		interface->addresses[at] = address->address;
		hash_index_add(&stack->locals, ip_addr_hash(address->address.addr),
			       address->interface << 8 | at, rehash_local, stack);
	}
	register_owners(stack, true);
	watch_node_changed(stack->network->watch, stack->node);
}

/* The first address of a subnet makes its connected route, as the kernel keeps the first one. */
static const struct model_address *address_in(const struct model_config *config,
					      struct ip_prefix subnet)
{
	for (uint32_t i = 0; i < config->address_count; i++)
		if (ip_prefix_equal(ip_prefix_masked(config->addresses[i].address), subnet))
			return &config->addresses[i];
	return NULL;
}

static bool has_subnet(struct ip_prefix address)
{
	return address.length < ip_addr_bits(address.addr);
}

static void set_connected(struct stack *stack, const struct model_config *former,
			  const struct model_config *config)
{
	struct bgp_table *table = stack->network->table;
	for (uint32_t i = 0; i < former->address_count; i++) {
		struct ip_prefix subnet = ip_prefix_masked(former->addresses[i].address);
		if (has_subnet(subnet) && !address_in(config, subnet))
			fib_remove(&stack->fib, bgp_prefix_id(table, subnet), ROUTE_CONNECTED, 0);
	}
	for (uint32_t i = 0; i < config->address_count; i++) {
		const struct model_address *address = &config->addresses[i];
		struct ip_prefix subnet = ip_prefix_masked(address->address);
		if (!has_subnet(subnet) || address_in(config, subnet) != address)
			continue;
		struct fib_hop hop = { .interface = address->interface };
		struct fib_spec spec = {
			.source = ROUTE_CONNECTED,
			.preferred_source = address->address.addr,
			.hops = &hop,
			.hop_count = 1,
		};
		fib_set(&stack->fib, bgp_prefix_id(table, subnet), &spec);
	}
}

/* ---- static routes --------------------------------------------------------------------------- */

static bool same_slot(const struct model_route *a, const struct model_route *b)
{
	return a->metric == b->metric && ip_prefix_equal(a->prefix, b->prefix);
}

static bool route_kept(const struct model_config *config, const struct model_route *route)
{
	for (uint32_t i = 0; i < config->route_count; i++)
		if (same_slot(&config->routes[i], route))
			return true;
	return false;
}

/* The interface on whose subnet a gateway is; the kernel takes no other gateways. */
static uint32_t gateway_interface(const struct stack *stack, struct ip_addr via)
{
	for (uint32_t i = 0; i < stack->interface_count; i++)
		for (uint32_t j = 0; j < stack->interfaces[i].address_count; j++)
			if (ip_prefix_contains(stack->interfaces[i].addresses[j], via))
				return i;
	return FIB_NO_INTERFACE;
}

/* Routes of the same prefix and metric are one route with several next hops. */
static void set_static(struct stack *stack, const struct model_config *config, uint32_t first)
{
	const struct model_route *route = &config->routes[first];
	struct fib_hop hops[FIB_HOPS_MAX];
	uint32_t count = 0;
	bool blackhole = false;
	for (uint32_t i = first; i < config->route_count; i++) {
		const struct model_route *member = &config->routes[i];
		if (!same_slot(member, route))
			continue;
		blackhole = blackhole || member->blackhole;
		uint32_t interface = member->interface;
		if (interface == MODEL_NONE && !member->blackhole)
			interface = gateway_interface(stack, member->via);
		if (member->blackhole || interface == FIB_NO_INTERFACE || count == FIB_HOPS_MAX)
			continue;
		hops[count++] = (struct fib_hop){ member->via, interface };
	}
	uint32_t id = bgp_prefix_id(stack->network->table, route->prefix);
	struct fib_spec spec = {
		.source = ROUTE_STATIC,
		.metric = route->metric,
		.nexthop_object =
			stack->network->model->nodes[stack->node].kind == MODEL_FRR,
		.hops = hops,
		.hop_count = blackhole ? 0 : count,
	};
	if (blackhole || count)
		fib_set(&stack->fib, id, &spec);
	else
		fib_remove(&stack->fib, id, ROUTE_STATIC, route->metric);
}

static void set_routes(struct stack *stack, const struct model_config *former,
		       const struct model_config *config)
{
	for (uint32_t i = 0; i < former->route_count; i++)
		if (!route_kept(config, &former->routes[i]))
			fib_remove(&stack->fib,
				   bgp_prefix_id(stack->network->table, former->routes[i].prefix),
				   ROUTE_STATIC, former->routes[i].metric);
	for (uint32_t i = 0; i < config->route_count; i++) {
		bool first = true;
		for (uint32_t j = 0; j < i && first; j++)
			first = !same_slot(&config->routes[j], &config->routes[i]);
		if (first)
			set_static(stack, config, i);
	}
}

/* ---- pods ------------------------------------------------------------------------------------ */

static uint64_t rehash_pod(const void *context, uint32_t at)
{
	const struct stack *stack = context;
	return ip_addr_hash(stack->pods[at].address);
}

static void set_pods(struct stack *stack, const struct model_config *config)
{
	struct bgp_table *table = stack->network->table;
	struct stack_pod *former = stack->pods;
	uint32_t former_count = stack->pod_count;
	stack->pods = memory_zalloc(config->pod_count * sizeof(*stack->pods));
	stack->pod_count = config->pod_count;
	hash_index_free(&stack->pods_by_address);
	for (uint32_t i = 0; i < config->pod_count; i++) {
		struct stack_pod *pod = &stack->pods[i];
		pod->address = config->pods[i].address;
		snprintf(pod->interface, sizeof(pod->interface), "cali%011llx",
			 (unsigned long long)(hash_bytes(config->pods[i].name,
							 strlen(config->pods[i].name)) >>
					      20));
		hash_index_add(&stack->pods_by_address, ip_addr_hash(pod->address), i, rehash_pod,
			       stack);
	}
	for (uint32_t i = 0; i < former_count; i++) {
		struct ip_addr address = former[i].address;
		if (stack_pod_find(stack, address))
			continue;
		struct ip_prefix prefix = { address, ip_addr_bits(address) };
		fib_remove(&stack->fib, bgp_prefix_id(table, prefix), ROUTE_POD, 0);
	}
	free(former);
	for (uint32_t i = 0; i < config->pod_count; i++) {
		struct ip_addr address = stack->pods[i].address;
		struct ip_prefix prefix = { address, ip_addr_bits(address) };
		struct fib_hop hop = { .interface = FIB_NO_INTERFACE };
		struct fib_spec spec = { .source = ROUTE_POD, .hops = &hop, .hop_count = 1 };
		fib_set(&stack->fib, bgp_prefix_id(table, prefix), &spec);
	}
}

/* ---- all of it ------------------------------------------------------------------------------- */

void stack_configured(struct stack *stack, const struct model_config *config,
		      const struct model_pool *pools, uint32_t pool_count)
{
	ASSERT(stack->up && config);
	/* Addresses outlive a power cut on paper: links go on knowing whose they are. Routes do not. */
	const struct model_config *former = stack->config ? stack->config : &nothing;
	if (!addresses_equal(former, config))
		set_addresses(stack, config);
	stack->config = config;
	stack->pools = pools;
	stack->pool_count = pool_count;
	set_connected(stack, former, config);
	set_routes(stack, former, config);
	set_pods(stack, config);
	if (!track_needed(config))
		track_clear(stack);
	watch_node_changed(stack->network->watch, stack->node);
}
