/* The model's words, translated into the speaker's: names stay, positions go. */
#include "sim/setup.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "bgp/profile.h"

static const struct bgp_policy *policy_of(const struct model_policy *from, struct arena *arena)
{
	if (!from)
		return NULL;
	struct bgp_policy_rule *rules = arena_alloc(arena, from->count * sizeof(*rules));
	for (uint32_t i = 0; i < from->count; i++) {
		const struct model_policy_rule *rule = &from->rules[i];
		rules[i] = (struct bgp_policy_rule){
			.prefix = rule->prefix,
			.length_min = rule->length_min,
			.length_max = rule->length_max,
			.verdict = rule->verdict == MODEL_RULE_ACCEPT   ? BGP_RULE_ACCEPT
				   : rule->verdict == MODEL_RULE_REJECT ? BGP_RULE_REJECT
									: BGP_RULE_NEXT,
			.add_communities = rule->add_communities,
			.add_community_count = rule->add_community_count,
			.set_local_pref = rule->set_local_pref,
			.local_pref = rule->local_pref,
		};
	}
	struct bgp_policy *policy = arena_alloc(arena, sizeof(*policy));
	*policy = (struct bgp_policy){ rules, from->count, from->accept_rest };
	return policy;
}

static enum bgp_next_hop_mode next_hop_of(enum model_next_hop mode)
{
	switch (mode) {
	case MODEL_NEXT_HOP_SELF: return BGP_NEXT_HOP_SELF;
	case MODEL_NEXT_HOP_KEEP: return BGP_NEXT_HOP_KEEP;
	case MODEL_NEXT_HOP_AUTO: break;
	}
	return BGP_NEXT_HOP_AUTO;
}

/* BIRD runs one of several protocols to the same address and port, the first of its file; the others
 * wait, Idle (semantics of its lock). When the first is configured away the next one runs. */
struct address_holders {
	const struct model_bgp *bgp;
	struct hash_index index; /* neighbour numbers by address */
};

static uint64_t holder_hash(const void *context, uint32_t neighbor)
{
	const struct address_holders *holders = context;
	return ip_addr_hash(holders->bgp->neighbors[neighbor].address);
}

static bool takes_address(struct address_holders *holders, uint32_t neighbor)
{
	const struct model_neighbor *all = holders->bgp->neighbors, *one = &all[neighbor];
	uint64_t hash = ip_addr_hash(one->address);
	uint32_t cursor = HASH_NONE, other;
	while ((other = hash_index_next(&holders->index, hash, &cursor)) != HASH_NONE)
		if (ip_addr_equal(all[other].address, one->address) && all[other].port == one->port)
			return false;
	hash_index_add(&holders->index, hash, neighbor, holder_hash, holders);
	return true;
}

static struct bgp_peer_config peer_of(const struct model_neighbor *from, struct arena *arena)
{
	struct bgp_peer_config peer = {
		.name = from->name,
		.remote = from->address,
		.remote_port = from->port,
		.local = from->source,
		.remote_as = from->remote_as,
		.local_as = from->local_as,
		.families = (uint8_t)((from->ipv4 ? BGP_IPV4_UNICAST : 0) |
				      (from->ipv6 ? BGP_IPV6_UNICAST : 0)),
		.passive = from->passive,
		.rr_client = from->rr_client,
		.cluster_id = from->cluster_id,
		.next_hop = next_hop_of(from->next_hop),
		.multihop = from->multihop,
		.password = from->password,
		.hold_time_s = from->hold_s,
		.keepalive_s = from->keepalive_s,
		.connect_retry_s = from->connect_retry_s,
		.graceful_restart = from->graceful_restart,
		.restart_time_s = from->restart_time_s,
		.add_path_send = from->add_path,
		.add_path_receive = from->add_path,
		.allow_as_in = from->allow_as_in,
		.max_prefixes = from->max_prefixes,
		.shutdown = from->shutdown,
		.import = policy_of(from->import, arena),
		.export = policy_of(from->export, arena),
	};
	if (from->ttl_security) {
		peer.ttl = 255;
		peer.ttl_min = (uint8_t)(256 - (from->ttl_hops ? from->ttl_hops : 1));
	} else {
		peer.ttl = from->ttl_hops;
	}
	return peer;
}

bool setup_speaker_of(const struct model_config *from, const char *name, uint8_t families,
		      struct arena *arena, struct bgp_config *config)
{
	const struct model_bgp *bgp = &from->bgp;
	if (!bgp->enabled)
		return false;
	struct bgp_peer_config *peers = arena_alloc(arena, bgp->neighbor_count * sizeof(*peers));
	struct address_holders holders = { .bgp = bgp };
	size_t count = 0;
	for (uint32_t i = 0; i < bgp->neighbor_count; i++) {
		bool ipv6 = bgp->neighbors[i].address.family == IP_V6;
		if (!(families & (ipv6 ? BGP_IPV6_UNICAST : BGP_IPV4_UNICAST)))
			continue;
		peers[count] = peer_of(&bgp->neighbors[i], arena);
		peers[count++].shutdown |= !takes_address(&holders, i);
	}
	hash_index_free(&holders.index);
	*config = (struct bgp_config){
		.name = name,
		.profile = bgp_profile_by_name(bgp->profile),
		.router_id = bgp->router_id,
		.local_as = bgp->local_as,
		.cluster_id = bgp->cluster_id,
		.listen_port = bgp->listen_port,
		.maximum_paths_external = bgp->maximum_paths,
		.maximum_paths_internal = bgp->maximum_paths_ibgp,
		.ebgp_requires_policy = bgp->ebgp_requires_policy,
		.peers = peers,
		.peer_count = count,
	};
	ASSERT(config->profile);
	return true;
}

/* The virtual wires carry IPv4 only. */
bool setup_speaker(const struct model *model, uint32_t revision, uint32_t node, struct arena *arena,
		   struct bgp_config *config)
{
	ASSERT(revision < model->revision_count && node < model->node_count);
	return setup_speaker_of(model->revisions[revision].nodes[node], model->nodes[node].name,
				BGP_IPV4_UNICAST, arena, config);
}

struct local_list {
	struct bgp_local_route *routes;
	uint32_t count, capacity;
	struct arena *arena;
};

static void list_add(struct local_list *list, struct ip_prefix prefix, uint8_t origin)
{
	ASSERT(list->count < list->capacity);
	list->routes[list->count++] =
		(struct bgp_local_route){ .prefix = ip_prefix_masked(prefix), .origin = origin };
}

static int by_prefix(const void *left, const void *right)
{
	const struct bgp_local_route *a = left, *b = right;
	int order = ip_prefix_compare(a->prefix, b->prefix);
	return order ? order : (int)a->origin - (int)b->origin;
}

#define ORIGIN_IGP 0
#define ORIGIN_INCOMPLETE 2

/* Redistribution: INCOMPLETE, and with the next hop left to the speaker. */
static void add_redistributed(struct local_list *list, const struct model_config *config)
{
	const struct model_bgp *bgp = &config->bgp;
	if (bgp->redistribute_connected)
		for (uint32_t i = 0; i < config->address_count; i++)
			list_add(list, config->addresses[i].address, ORIGIN_INCOMPLETE);
	if (bgp->redistribute_static || bgp->redistribute_kernel)
		for (uint32_t i = 0; i < config->route_count; i++)
			list_add(list, config->routes[i].prefix, ORIGIN_INCOMPLETE);
}

struct bgp_local_route *setup_local_routes_of(const struct model_config *config, struct arena *arena,
					      uint32_t *count)
{
	const struct model_bgp *bgp = &config->bgp;
	uint32_t capacity = config->block_count + bgp->network_count + config->address_count +
			    config->route_count;
	struct local_list list = { .arena = arena, .capacity = capacity };
	list.routes = arena_alloc(arena, capacity * sizeof(*list.routes));
	*count = 0;
	if (!bgp->enabled)
		return list.routes;
	for (uint32_t i = 0; i < config->block_count; i++)
		list_add(&list, config->blocks[i].prefix, ORIGIN_IGP);
	for (uint32_t i = 0; i < bgp->network_count; i++)
		list_add(&list, bgp->networks[i].prefix, ORIGIN_IGP);
	add_redistributed(&list, config);
	qsort(list.routes, list.count, sizeof(*list.routes), by_prefix);
	for (uint32_t i = 0; i < list.count; i++)
		if (i == 0 || !ip_prefix_equal(list.routes[i].prefix, list.routes[i - 1].prefix))
			list.routes[(*count)++] = list.routes[i];
	return list.routes;
}

struct bgp_local_route *setup_local_routes(const struct model *model, uint32_t revision,
					   uint32_t node, struct arena *arena, uint32_t *count)
{
	return setup_local_routes_of(model->revisions[revision].nodes[node], arena, count);
}
