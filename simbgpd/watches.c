#include "simbgpd/watches.h"

#include <stdlib.h>

#include "base/memory.h"

static uint64_t hash_of(const void *context, uint32_t place)
{
	const struct watches *hops = context;
	return ip_addr_hash(hops->items[place].next_hop);
}

static struct next_hop_watch *find(const struct watches *hops, struct ip_addr next_hop)
{
	uint32_t cursor = HASH_NONE, place;
	uint64_t hash = ip_addr_hash(next_hop);
	while ((place = hash_index_next(&hops->by_address, hash, &cursor)) != HASH_NONE)
		if (ip_addr_equal(hops->items[place].next_hop, next_hop))
			return &hops->items[place];
	return NULL;
}

void watches_init(struct watches *hops)
{
	*hops = (struct watches){ 0 };
	hash_index_init(&hops->by_address);
}

void watches_free(struct watches *hops)
{
	hash_index_free(&hops->by_address);
	free(hops->items);
}

static bool look(struct next_hop_watch *watch, const struct kernel *kernel)
{
	struct kernel_hop hops[KERNEL_HOPS_MAX];
	uint32_t ways = kernel->options.detached ? 0 : kernel_hops(kernel, watch->next_hop, hops);
	struct kernel_hop first = ways ? hops[0] : (struct kernel_hop){ 0 };
	bool other = ways != watch->ways || first.link != watch->first.link ||
		     !ip_addr_equal(first.via, watch->first.via);
	watch->ways = ways;
	watch->first = first;
	return other;
}

void watches_add(struct watches *hops, struct kernel *kernel, struct bgp_speaker *speaker,
		     struct instant now, struct ip_addr next_hop)
{
	struct next_hop_watch *watch = find(hops, next_hop);
	if (!watch) {
		struct next_hop_watch fresh = { .next_hop = next_hop };
		ARRAY_PUSH(hops->items, hops->count, hops->capacity, fresh);
		hash_index_add(&hops->by_address, ip_addr_hash(next_hop), hops->count - 1, hash_of,
			       hops);
		watch = &hops->items[hops->count - 1];
	}
	watch->used = true;
	watch->state = kernel_resolve(kernel, next_hop);
	look(watch, kernel);
	bgp_next_hop_changed(speaker, now, next_hop, watch->state);
}

void watches_remove(struct watches *hops, struct ip_addr next_hop)
{
	struct next_hop_watch *watch = find(hops, next_hop);
	if (watch)
		watch->used = false;
}

static bool same_state(struct bgp_next_hop_state a, struct bgp_next_hop_state b)
{
	return a.reachable == b.reachable && a.connected == b.connected && a.metric == b.metric &&
	       ip_addr_equal(a.local, b.local);
}

void watches_changed(struct watches *hops, struct kernel *kernel, struct bgp_speaker *speaker,
		       struct instant now)
{
	for (uint32_t i = 0; i < hops->count; i++) {
		struct next_hop_watch *watch = &hops->items[i];
		if (!watch->used)
			continue;
		struct bgp_next_hop_state state = kernel_resolve(kernel, watch->next_hop);
		if (look(watch, kernel))
			kernel_refresh(kernel, watch->next_hop);
		if (same_state(state, watch->state))
			continue;
		watch->state = state;
		bgp_next_hop_changed(speaker, now, watch->next_hop, state);
	}
}
