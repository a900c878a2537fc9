/* How the kernel would reach a BGP next hop, by the routes that are not BGP's. */
#include "simbgpd/kernel.h"

static bool link_usable(const struct kernel *kernel, int index)
{
	for (uint32_t i = 0; i < kernel->link_count; i++)
		if (kernel->links[i].index == index)
			return kernel->links[i].usable;
	return false;
}

/* Our address on the subnet of a link that holds the other address. */
static const struct kernel_address *neighbour(const struct kernel *kernel, struct ip_addr other,
					      int link)
{
	for (uint32_t i = 0; i < kernel->address_count; i++) {
		const struct kernel_address *at = &kernel->addresses[i];
		if ((link == 0 || at->link == link) && ip_prefix_contains(at->prefix, other))
			return at;
	}
	return NULL;
}

static bool route_usable(const struct kernel *kernel, const struct kernel_route *route)
{
	if (!route->unicast)
		return true; /* it decides, if only to refuse */
	for (uint32_t i = 0; i < route->hop_count; i++)
		if (link_usable(kernel, route->hops[i].link))
			return true;
	return false;
}

static const struct kernel_route *lookup(const struct kernel *kernel, struct ip_addr addr)
{
	uint32_t places[TRIE_DEPTH_MAX];
	int count = trie_containing(&kernel->by_prefix, addr, places);
	for (int i = count - 1; i >= 0; i--)
		for (uint32_t at = places[i]; at != UINT32_MAX; at = kernel->routes[at].next)
			if (route_usable(kernel, &kernel->routes[at]))
				return kernel->routes[at].unicast ? &kernel->routes[at] : NULL;
	return NULL;
}

static struct bgp_next_hop_state connected_state(const struct kernel_address *at)
{
	return (struct bgp_next_hop_state){ .reachable = true, .connected = true,
					    .local = at->prefix.addr };
}

struct bgp_next_hop_state kernel_resolve(const struct kernel *kernel, struct ip_addr next_hop)
{
	const struct kernel_address *at;
	if (kernel->options.detached) {
		at = neighbour(kernel, next_hop, 0);
		return at ? connected_state(at) : (struct bgp_next_hop_state){ .reachable = true };
	}
	const struct kernel_route *route = lookup(kernel, next_hop);
	if (!route)
		return (struct bgp_next_hop_state){ 0 };
	if (route->hop_count == 1 && route->hops[0].via.family == IP_NONE) {
		at = neighbour(kernel, next_hop, route->hops[0].link);
		if (at)
			return connected_state(at);
	}
	return (struct bgp_next_hop_state){ .reachable = true, .metric = route->metric };
}

uint32_t kernel_hops(const struct kernel *kernel, struct ip_addr next_hop,
		     struct kernel_hop hops[KERNEL_HOPS_MAX])
{
	const struct kernel_route *route = lookup(kernel, next_hop);
	uint32_t count = 0;
	for (uint32_t i = 0; route && i < route->hop_count && count < KERNEL_HOPS_MAX; i++) {
		struct kernel_hop hop = route->hops[i];
		if (!link_usable(kernel, hop.link))
			continue;
		if (hop.via.family == IP_NONE)
			hop.via = next_hop;
		hops[count++] = hop;
	}
	return count;
}
