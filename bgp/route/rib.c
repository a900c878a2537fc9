/* The RIB's life: configuration, peers that come up, holding back, and looking in. See rib_inside.h
 * for a route's way through the files of this room. */
#include "bgp/route/rib.h"

#include <stdlib.h>

#include "base/assert.h"
#include "bgp/route/rib_inside.h"

static void take_configuration(struct rib *rib, const struct bgp_config *config)
{
	const struct bgp_profile *profile = config->profile;
	rib->config = config;
	rib->profile = profile;
	rib->router_id = config->router_id;
	rib->local_as = config->local_as;
	rib->cluster_id = config->cluster_id ? config->cluster_id : config->router_id;
	rib->maximum_external = config->maximum_paths_external ?
					config->maximum_paths_external :
					profile->maximum_paths_external;
	rib->maximum_internal = config->maximum_paths_internal ?
					config->maximum_paths_internal :
					profile->maximum_paths_internal;
	rib->requires_policy = config->ebgp_requires_policy;
	rib->clients_are_meshed = config->clients_are_meshed;
	rib->long_lived = config->long_lived;
}

struct rib *rib_new(struct bgp_table *table, const struct bgp_config *config)
{
	struct rib *rib = memory_zalloc(sizeof(*rib));
	rib->table = table;
	take_configuration(rib, config);
	return rib;
}

void rib_free(struct rib *rib)
{
	if (!rib)
		return;
	for (size_t i = 0; i < rib->peer_count; i++)
		if (rib->peers[i] && rib->peers[i]->up)
			member_stop(rib, rib->peers[i]);
	ASSERT(rib->group_count == 0);
	for (uint32_t id = 0; column_next(&rib->routes, &id); id++)
		path_list_unref(rib->table, column_get(&rib->routes, id));
	for (uint32_t id = 0; column_next(&rib->suspended, &id); id++)
		if (column_get(&rib->suspended, id) != SUSPENDED_NONE)
			path_list_unref(rib->table, column_get(&rib->suspended, id));
	column_free(&rib->routes);
	column_free(&rib->suspended);
	next_hops_free(&rib->next_hops);
	changes_free(rib);
	for (size_t i = 0; i < rib->peer_count; i++)
		free(rib->peers[i]);
	free(rib->peers);
	free(rib->groups);
	free(rib->told);
	free(rib);
}

/* ---- peers ---------------------------------------------------------------------------------- */

static struct peer *peer_get(struct rib *rib, uint32_t index)
{
	ASSERT(index < PEER_LOCAL);
	while (rib->peer_count <= index) {
		struct peer *none = NULL;
		ARRAY_PUSH(rib->peers, rib->peer_count, rib->peer_capacity, none);
	}
	if (!rib->peers[index]) {
		rib->peers[index] = memory_zalloc(sizeof(struct peer));
		rib->peers[index]->index = index;
	}
	return rib->peers[index];
}

static void take_peer_config(struct rib *rib, struct peer *peer,
			     const struct bgp_peer_config *config)
{
	peer->about.config = config;
	peer->client = !peer->about.external && config->rr_client;
	peer->role = peer->about.external ? config->role : BGP_ROLE_NONE;
	peer->cluster_id = config->cluster_id ? config->cluster_id : rib->cluster_id;
	peer->remote_id = bgp_next_hop_id(rib->table, config->remote);
}

void rib_peer_up(struct rib *rib, uint32_t index, const struct rib_peer *description,
		 struct instant now)
{
	(void)now;
	struct peer *peer = peer_get(rib, index);
	ASSERT(!peer->up);
	peer->about = *description;
	peer->up = peer->known = true;
	peer->local_id = bgp_next_hop_id(rib->table, description->local);
	take_peer_config(rib, peer, description->config);
	if (peer->paths)
		adj_in_reimport(rib, peer); /* stale ones, under what was negotiated now */
	member_started(rib, peer);
}

static void configure_peer(struct rib *rib, struct peer *peer, const struct bgp_peer_config *config,
			   bool import_changed)
{
	take_peer_config(rib, peer, config);
	if (import_changed && peer->paths)
		adj_in_reimport(rib, peer);
	if (peer->up)
		member_regroup(rib, peer);
}

static bool same_import(const struct bgp_peer_config *a, const struct bgp_peer_config *b)
{
	return a->rr_client == b->rr_client && a->cluster_id == b->cluster_id &&
	       a->allow_as_in == b->allow_as_in && a->role == b->role &&
	       a->local_as_received == b->local_as_received &&
	       policy_equal(a->import, b->import);
}

void rib_peer_configured(struct rib *rib, uint32_t index, const struct bgp_peer_config *config,
			 struct instant now)
{
	(void)now;
	struct peer *peer = rib_peer_at(rib, index);
	if (!peer || !peer->known)
		return;
	configure_peer(rib, peer, config, !same_import(peer->about.config, config));
}

void rib_configured(struct rib *rib, const struct bgp_config *config, struct instant now)
{
	(void)now;
	struct rib old = *rib;
	take_configuration(rib, config);
	if (old.profile == rib->profile && old.router_id == rib->router_id &&
	    old.local_as == rib->local_as && old.cluster_id == rib->cluster_id &&
	    old.maximum_external == rib->maximum_external &&
	    old.maximum_internal == rib->maximum_internal &&
	    old.requires_policy == rib->requires_policy &&
	    old.clients_are_meshed == rib->clients_are_meshed &&
	    old.long_lived == rib->long_lived)
		return;
	for (uint32_t i = 0; i < rib->peer_count; i++)
		if (rib->peers[i] && rib->peers[i]->known)
			configure_peer(rib, rib->peers[i], rib->peers[i]->about.config, true);
	for (uint32_t id = 0; column_next(&rib->routes, &id); id++)
		select_again(rib, id, true);
}

/* ---- holding back --------------------------------------------------------------------------- */

void rib_hold(struct rib *rib, bool hold, struct instant now)
{
	(void)now;
	if (rib->held == hold)
		return;
	rib->held = hold;
	if (hold)
		return;
	for (uint32_t id = 0; column_next(&rib->routes, &id); id++)
		select_publish(rib, id, 0, column_get(&rib->routes, id), true);
	for (size_t i = 0; i < rib->peer_count; i++)
		if (rib->peers[i] && rib->peers[i]->up)
			member_tell(rib, rib->peers[i]);
}

/* ---- looking in ----------------------------------------------------------------------------- */

static int compare_prefixes(const void *a, const void *b, void *context)
{
	const struct bgp_table *table = context;
	return ip_prefix_compare(bgp_prefix_of(table, *(const uint32_t *)a),
				 bgp_prefix_of(table, *(const uint32_t *)b));
}

void rib_each(const struct rib *rib,
	      void (*visit)(void *context, uint32_t prefix_id, uint32_t peer, uint32_t attrs_id,
			    uint32_t path_id, bool best, bool multipath, bool stale, bool usable),
	      void *context)
{
	uint32_t *ids = memory_alloc((rib->routes.used + 1) * sizeof(*ids));
	size_t n = 0;
	for (uint32_t id = 0; column_next(&rib->routes, &id); id++)
		ids[n++] = id;
	qsort_r(ids, n, sizeof(*ids), compare_prefixes, rib->table);
	const uint16_t bad = PATH_INELIGIBLE | PATH_WAITING | PATH_UNREACHABLE;
	for (size_t i = 0; i < n; i++) {
		uint32_t count;
		const struct path *paths =
			path_list_of(rib->table, column_get(&rib->routes, ids[i]), &count);
		for (uint32_t j = 0; j < count; j++)
			visit(context, ids[i],
			      paths[j].peer == PEER_LOCAL ? UINT32_MAX : paths[j].peer,
			      paths[j].attrs, paths[j].path_id, paths[j].flags & PATH_BEST,
			      paths[j].flags & PATH_MULTIPATH, paths[j].flags & PATH_STALE,
			      !(paths[j].flags & bad));
	}
	free(ids);
}
