#include "topo/frr/config.h"

#include "base/hash.h"

void frr_bgp_init(struct frr_bgp *bgp, const struct frr_config *config)
{
	bool frr = config->kind == MODEL_FRR;
	*bgp = (struct frr_bgp){
		.requires_policy = frr && !config->datacenter, /* RFC 8212; Quagga knows it not */
		.default_ipv4 = true,
		.keepalive_s = frr && config->datacenter ? 3 : -1,
		.hold_s = frr && config->datacenter ? 9 : -1,
	};
}

void frr_config_init(struct frr_config *config, enum model_kind kind)
{
	*config = (struct frr_config){ .kind = kind };
	frr_bgp_init(&config->bgp, config);
}

static void *copied(struct arena *arena, const void *items, size_t count, size_t size)
{
	if (count == 0)
		return NULL;
	void *copy = arena_alloc(arena, count * size);
	memcpy(copy, items, count * size);
	return copy;
}

#define COPY(arena, to, field, n, room)                                                            \
	((to).field = copied((arena), (to).field, (to).n, sizeof(*(to).field)), (to).room = (to).n)

struct frr_config *frr_config_copy(struct arena *arena, const struct frr_config *config)
{
	struct frr_config *copy = arena_alloc(arena, sizeof(*copy));
	*copy = *config;
	COPY(arena, copy->bgp, peers, peer_count, peer_capacity);
	COPY(arena, copy->bgp, peer_tags, peer_count, peer_capacity);
	COPY(arena, copy->bgp, networks, network_count, network_capacity);
	COPY(arena, *copy, interfaces, interface_count, interface_capacity);
	COPY(arena, *copy, routes, route_count, route_capacity);
	COPY(arena, *copy, prefix_rules, prefix_rule_count, prefix_rule_capacity);
	COPY(arena, *copy, map_entries, map_entry_count, map_entry_capacity);
	for (uint32_t i = 0; i < copy->interface_count; i++)
		COPY(arena, copy->interfaces[i], addresses, count, capacity);
	return copy;
}

static uint32_t tag_of(const char *name) { return (uint32_t)hash_bytes(name, strlen(name)); }

struct frr_peer *frr_peer_find(const struct frr_bgp *bgp, const char *name)
{
	uint32_t tag = tag_of(name);
	for (uint32_t i = 0; i < bgp->peer_count; i++)
		if (bgp->peer_tags[i] == tag && strcmp(bgp->peers[i].name, name) == 0)
			return &bgp->peers[i];
	return NULL;
}

struct frr_peer *frr_peer_add(struct arena *arena, struct frr_bgp *bgp,
			      const struct frr_peer *peer)
{
	uint32_t count = bgp->peer_count, capacity = bgp->peer_capacity;
	uint32_t tag = tag_of(peer->name);
	FRR_PUSH(arena, bgp->peer_tags, count, capacity, tag);
	FRR_PUSH(arena, bgp->peers, bgp->peer_count, bgp->peer_capacity, *peer);
	return &bgp->peers[bgp->peer_count - 1];
}

void frr_peer_remove(struct frr_bgp *bgp, const struct frr_peer *peer)
{
	uint32_t at = (uint32_t)(peer - bgp->peers), after = bgp->peer_count - at - 1;
	memmove(&bgp->peers[at], &bgp->peers[at + 1], after * sizeof(bgp->peers[0]));
	memmove(&bgp->peer_tags[at], &bgp->peer_tags[at + 1], after * sizeof(bgp->peer_tags[0]));
	bgp->peer_count--;
}

struct frr_interface *frr_interface_get(struct arena *arena, struct frr_config *config,
					const char *name, struct source_pos pos)
{
	for (uint32_t i = 0; i < config->interface_count; i++)
		if (strcmp(config->interfaces[i].name, name) == 0)
			return &config->interfaces[i];
	struct frr_interface interface = { .name = arena_strdup(arena, name), .pos = pos };
	FRR_PUSH(arena, config->interfaces, config->interface_count, config->interface_capacity,
		 interface);
	return &config->interfaces[config->interface_count - 1];
}

struct frr_setting *frr_setting_of(struct frr_peer *peer, enum frr_family family,
				   enum frr_setting_id id)
{
	return id < FRR_FIRST_OF_FAMILY ? &peer->session[id]
					: &peer->family[family][id - FRR_FIRST_OF_FAMILY];
}

static const struct frr_setting *own_setting(const struct frr_peer *peer, enum frr_family family,
					     enum frr_setting_id id)
{
	const struct frr_setting *setting = id < FRR_FIRST_OF_FAMILY
		? &peer->session[id]
		: &peer->family[family][id - FRR_FIRST_OF_FAMILY];
	return setting->set ? setting : NULL;
}

const struct frr_setting *frr_peer_setting(const struct frr_bgp *bgp, const struct frr_peer *peer,
					   enum frr_family family, enum frr_setting_id id)
{
	const struct frr_setting *setting = own_setting(peer, family, id);
	if (!setting && peer->group) {
		const struct frr_peer *group = frr_peer_find(bgp, peer->group);
		setting = group ? own_setting(group, family, id) : NULL;
	}
	return setting && !setting->off ? setting : NULL;
}
