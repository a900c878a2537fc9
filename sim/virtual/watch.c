/* Which flows to walk again, and telling what changed. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "sim/virtual/probe.h"
#include "sim/virtual/walk.h"

/* A flow is listed at every node its walks touched; each listing knows its place in the node's list,
 * so that it can be taken out without a search. */
struct listing {
	uint32_t node, place;
};

struct watched {
	struct listing *listings;
	uint32_t listing_count, listing_capacity;
	struct ip_addr addresses[3]; /* to, the source as it left, as it arrived */
	uint64_t digests[2];         /* of the last walk there, and back */
	bool delivered[2], walked, marked;
};

struct node_entry {
	uint32_t flow, listing;
};

struct node_list {
	struct node_entry *entries;
	uint32_t count, capacity;
};

struct watch {
	struct event_handler end_of_instant; /* first */
	struct network *network;             /* borrowed */
	struct watched *flows;
	uint32_t flow_count;
	struct node_list *nodes;
	uint32_t *marked; /* flows, in order of marking */
	uint32_t marked_count;
	bool *link_marked;
	uint32_t *links;
	uint32_t link_count;
	bool all_marked, scheduled;
	uint64_t walks;
	struct walk forth, back; /* scratch */
};

static void flush_fired(struct event_handler *handler, struct instant now, uint64_t argument)
{
	(void)now;
	(void)argument;
	struct watch *watch = (struct watch *)handler;
	watch->scheduled = false;
	watch_flush(watch);
}

struct watch *watch_new(struct network *network)
{
	const struct model *model = network->model;
	struct watch *watch = memory_zalloc(sizeof(*watch));
	watch->end_of_instant.fire = flush_fired;
	watch->network = network;
	watch->flow_count = model->flow_count;
	watch->flows = memory_zalloc(model->flow_count * sizeof(*watch->flows));
	watch->nodes = memory_zalloc(model->node_count * sizeof(*watch->nodes));
	watch->marked = memory_zalloc(model->flow_count * sizeof(*watch->marked));
	watch->link_marked = memory_zalloc(model->link_count * sizeof(*watch->link_marked));
	watch->links = memory_zalloc(model->link_count * sizeof(*watch->links));
	network->watch = watch;
	watch_all_changed(watch);
	return watch;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	for (uint32_t i = 0; i < watch->flow_count; i++)
		free(watch->flows[i].listings);
	for (uint32_t i = 0; i < watch->network->model->node_count; i++)
		free(watch->nodes[i].entries);
	watch->network->watch = NULL;
	free(watch->flows);
	free(watch->nodes);
	free(watch->marked);
	free(watch->link_marked);
	free(watch->links);
	free(watch);
}

/* ---- listings -------------------------------------------------------------------------------- */

static void unlist(struct watch *watch, uint32_t flow)
{
	struct watched *watched = &watch->flows[flow];
	for (uint32_t i = 0; i < watched->listing_count; i++) {
		struct listing *listing = &watched->listings[i];
		struct node_list *list = &watch->nodes[listing->node];
		struct node_entry moved = list->entries[--list->count];
		if (listing->place == list->count)
			continue;
		list->entries[listing->place] = moved;
		watch->flows[moved.flow].listings[moved.listing].place = listing->place;
	}
	watched->listing_count = 0;
}

static void list_at(struct watch *watch, uint32_t flow, uint32_t node)
{
	struct watched *watched = &watch->flows[flow];
	for (uint32_t i = 0; i < watched->listing_count; i++)
		if (watched->listings[i].node == node)
			return;
	struct node_list *list = &watch->nodes[node];
	struct listing listing = { node, list->count };
	struct node_entry entry = { flow, watched->listing_count };
	ARRAY_PUSH(list->entries, list->count, list->capacity, entry);
	ARRAY_PUSH(watched->listings, watched->listing_count, watched->listing_capacity, listing);
}

/* ---- marking --------------------------------------------------------------------------------- */

static void schedule(struct watch *watch)
{
	if (watch->scheduled)
		return;
	watch->scheduled = true;
	engine_after(&watch->network->engine, 0, &watch->end_of_instant, 0);
}

static void mark(struct watch *watch, uint32_t flow)
{
	if (watch->flows[flow].marked)
		return;
	watch->flows[flow].marked = true;
	watch->marked[watch->marked_count++] = flow;
	schedule(watch);
}

void watch_node_changed(struct watch *watch, uint32_t node)
{
	if (!watch || watch->all_marked)
		return;
	for (uint32_t i = 0; i < watch->nodes[node].count; i++)
		mark(watch, watch->nodes[node].entries[i].flow);
}

void watch_route_changed(struct watch *watch, uint32_t node, struct ip_prefix prefix)
{
	if (!watch || watch->all_marked)
		return;
	for (uint32_t i = 0; i < watch->nodes[node].count; i++) {
		uint32_t flow = watch->nodes[node].entries[i].flow;
		const struct watched *watched = &watch->flows[flow];
		for (uint32_t j = 0; j < 3; j++)
			if (ip_addr_is_zero(watched->addresses[j]) ||
			    ip_prefix_contains(prefix, watched->addresses[j]))
				mark(watch, flow);
	}
}

void watch_link_changed(struct watch *watch, uint32_t link)
{
	if (!watch || watch->all_marked || watch->link_marked[link])
		return;
	watch->link_marked[link] = true;
	watch->links[watch->link_count++] = link;
	schedule(watch);
}

void watch_all_changed(struct watch *watch)
{
	if (!watch || watch->all_marked)
		return;
	watch->all_marked = true;
	schedule(watch);
}

/* ---- walking --------------------------------------------------------------------------------- */

void watch_query(const struct watch *watch, uint32_t flow, bool back, struct walk_query *query)
{
	const struct model_flow *model = &watch->network->model->flows[flow];
	uint16_t source_port, destination_port;
	probe_ports(model, flow, &source_port, &destination_port);
	*query = (struct walk_query){
		.node = back ? model->to_node : model->from_node,
		.source = back ? model->to : model->from,
		.destination = back ? model->from : model->to,
		.protocol = model->protocol,
		.source_port = back ? destination_port : source_port,
		.destination_port = back ? source_port : destination_port,
	};
}

/* What makes a walk another walk: where it led, by which routes, and how it ended. ARP states and the
 * detail's words do not count as long as they change nothing of that. */
static uint64_t digest_of(const struct walk *walk)
{
	uint64_t digest = hash_u64((uint64_t)walk->disposition << 32 | walk->end_node);
	digest = hash_u64(digest ^ ip_addr_hash(walk->source));
	for (uint32_t i = 0; i < walk->hop_count; i++) {
		const struct observed_hop *hop = &walk->hops[i];
		digest = hash_u64(digest ^ hop->node);
		digest = hash_u64(digest ^ ip_addr_hash(hop->next_hop.via));
		digest = hash_u64(digest ^ hash_bytes(hop->next_hop.interface,
						      strlen(hop->next_hop.interface)));
		if (!hop->has_route)
			continue;
		digest = hash_u64(digest ^ ip_addr_hash(hop->prefix.addr));
		digest = hash_u64(digest ^ (uint64_t)hop->prefix.length << 40 ^
				  (uint64_t)hop->source << 32 ^ hop->next_hop_count);
	}
	return digest;
}

static void observe(struct watch *watch, uint32_t flow, bool back, const struct walk *walk)
{
	struct watched *watched = &watch->flows[flow];
	uint64_t digest = digest_of(walk);
	watched->delivered[back] = disposition_success(walk->disposition);
	if (watched->walked && watched->digests[back] == digest)
		return;
	watched->digests[back] = digest;
	struct network *network = watch->network;
	if (!network->observer)
		return;
	struct observation seen = {
		.at_ns = network->engine.now.ns,
		.kind = OBSERVE_FLOW,
		.node = walk->end_node,
		.flow = { .flow = flow, .back = back, .disposition = walk->disposition,
			  .source = walk->source, .hops = walk->hops,
			  .hop_count = walk->hop_count, .detail = walk->detail },
	};
	network->observer->observed(network->observer, &seen);
}

static void walk_again(struct watch *watch, uint32_t flow)
{
	struct watched *watched = &watch->flows[flow];
	struct walk_query query;
	watched->marked = false;
	watch_query(watch, flow, false, &query);
	walk_flow(watch->network, &query, &watch->forth);
	watched->addresses[0] = query.destination;
	watched->addresses[1] = watch->forth.first_source;
	watched->addresses[2] = watch->forth.source;

	/* The answer goes to whom the packet says it is from. */
	watch_query(watch, flow, true, &query);
	query.destination = watch->forth.source;
	query.forth = &watch->forth;
	walk_flow(watch->network, &query, &watch->back);
	watch->walks += 2;

	unlist(watch, flow);
	for (uint32_t i = 0; i < watch->forth.touched_count; i++)
		list_at(watch, flow, watch->forth.touched[i]);
	for (uint32_t i = 0; i < watch->back.touched_count; i++)
		list_at(watch, flow, watch->back.touched[i]);
	observe(watch, flow, false, &watch->forth);
	observe(watch, flow, true, &watch->back);
	watched->walked = true;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

void watch_flush(struct watch *watch)
{
	for (uint32_t i = 0; i < watch->link_count; i++) {
		const struct link *link = &watch->network->links[watch->links[i]];
		watch->link_marked[watch->links[i]] = false;
		for (uint32_t end = 0; end < link->end_count; end++)
			watch_node_changed(watch, link->ends[end].node);
	}
	watch->link_count = 0;
	if (watch->all_marked) {
		watch->all_marked = false;
		for (uint32_t i = 0; i < watch->flow_count; i++)
			mark(watch, i);
	}
	/* By number, whatever marked them first. */
	uint32_t count = watch->marked_count;
	watch->marked_count = 0;
	qsort(watch->marked, count, sizeof(*watch->marked), by_number);
	for (uint32_t i = 0; i < count; i++)
		walk_again(watch, watch->marked[i]);
}

bool watch_delivered(const struct watch *watch, uint32_t flow, bool back)
{
	return watch->flows[flow].delivered[back];
}

uint64_t watch_walks(const struct watch *watch) { return watch->walks; }
