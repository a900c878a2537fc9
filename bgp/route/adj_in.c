/* Adj-RIB-In: what arrives from peers and from ourselves, checked for loops, judged by import
 * policy, and put into the path list of its prefix. */
#include <stdlib.h>

#include "base/assert.h"
#include "bgp/route/leak.h"
#include "bgp/route/rib_inside.h"

/* ---- import --------------------------------------------------------------------------------- */

static bool cluster_list_has(const struct bgp_attrs *attrs, uint32_t cluster_id)
{
	for (uint32_t i = 0; i < attrs->cluster_count; i++) {
		struct reader r = reader_of(attrs->cluster_list + (size_t)i * 4, 4);
		if (reader_u32(&r) == cluster_id)
			return true;
	}
	return false;
}

/* RFC 4456 section 8, as far as the profile looks. */
static bool reflection_loop(const struct rib *rib, const struct peer *peer,
			    const struct bgp_attrs *attrs)
{
	if (peer->about.external)
		return false;
	if (bgp_has(attrs, BGP_ATTR_ORIGINATOR_ID) && attrs->originator_id == rib->router_id)
		return true;
	enum bgp_cluster_loop rule = rib->profile->cluster_loop;
	if (rule == BGP_CLUSTER_LOOP_TO_CLIENTS ||
	    (rule == BGP_CLUSTER_LOOP_FROM_CLIENTS && !peer->client))
		return false;
	return cluster_list_has(attrs, peer->cluster_id);
}

static bool has_loop(const struct rib *rib, const struct peer *peer, uint32_t attrs_id)
{
	const struct attr_set *set = attr_set_at(rib->table, attrs_id);
	uint32_t allowed = peer->about.config->allow_as_in;
	/* RFC 4271 9.1.2: our own AS in the path; 5.1.3: our own address as next hop. */
	if (set->facts.hops || set->attrs.as_path_length) {
		uint32_t own = peer->about.local_as;
		if (bgp_as_path_count(&set->attrs, own) > allowed)
			return true;
		if (own != rib->local_as && bgp_as_path_count(&set->attrs, rib->local_as) > allowed)
			return true;
	}
	if (set->facts.next_hop_id && set->facts.next_hop_id == peer->local_id)
		return true;
	return reflection_loop(rib, peer, &set->attrs);
}

static bool is_reflector(const struct rib *rib)
{
	for (size_t i = 0; i < rib->config->peer_count; i++)
		if (rib->config->peers[i].rr_client)
			return true;
	for (size_t i = 0; i < rib->peer_count; i++)
		if (rib->peers[i] && rib->peers[i]->known && rib->peers[i]->client)
			return true;
	return false;
}

/* As if we had reflected a route of our own. `cluster` must live until the set is interned. */
static void mark_as_own(const struct rib *rib, struct bgp_attrs *attrs, uint8_t cluster[4])
{
	put_u32(cluster, rib->cluster_id);
	attrs->present |= UINT64_C(1) << BGP_ATTR_ORIGINATOR_ID |
			  UINT64_C(1) << BGP_ATTR_CLUSTER_LIST;
	attrs->originator_id = rib->router_id;
	attrs->cluster_list = cluster;
	attrs->cluster_count = 1;
}

/* What import makes of one attribute set from one peer, whatever the prefix. */
struct import {
	uint32_t raw, base; /* base: without what a peer of that kind has no say in; referenced */
	uint16_t flags;
};

static struct import import_begin(struct rib *rib, const struct peer *peer, uint32_t raw)
{
	struct import import = { .raw = raw, .base = raw };
	const struct bgp_attrs *attrs = bgp_attrs_of(rib->table, raw);
	struct bgp_attrs base = *attrs;
	uint8_t own_cluster[4];
	bool changed = false;
	if (has_loop(rib, peer, raw))
		import.flags |= PATH_LOOP;
	if (peer->about.external && bgp_has(attrs, BGP_ATTR_LOCAL_PREF)) {
		/* RFC 4271 5.1.5: an external peer's LOCAL_PREF is ignored. */
		base.present &= ~(UINT64_C(1) << BGP_ATTR_LOCAL_PREF);
		changed = true;
	}
	if (peer->about.external &&
	    rib->profile->external_marks == BGP_EXTERNAL_MARKED_RECEIVED && is_reflector(rib)) {
		mark_as_own(rib, &base, own_cluster);
		changed = true;
	}
	/* RFC 7705 3.3: the path shows the AS we seem to be to this neighbour. */
	if (peer->about.external && peer->about.config->local_as_received &&
	    peer->about.local_as != rib->local_as) {
		bgp_as_path_prepend(&base, peer->about.local_as, &rib->table->scratch);
		changed = true;
	}
	changed |= leak_mark_received(peer->role, peer->about.config->remote_as, &base);
	if (leak_received(peer->role, peer->about.config->remote_as, attrs))
		import.flags |= PATH_REJECTED;
	if (changed) {
		import.base = bgp_attrs_intern(rib->table, &base);
	} else {
		bgp_attrs_ref(rib->table, raw);
	}
	/* RFC 8212 */
	if (peer->about.external && rib->requires_policy && !peer->about.config->import)
		import.flags |= PATH_REJECTED;
	return import;
}

/* A path for one prefix; its attrs carry a reference. */
static struct path import_path(struct rib *rib, const struct peer *peer,
			       const struct import *import, uint32_t prefix_id, uint32_t path_id)
{
	const struct bgp_policy *policy = peer->about.config->import;
	struct path path = { .raw = import->raw, .attrs = import->base, .path_id = path_id,
			     .peer = (uint16_t)peer->index, .flags = import->flags };
	bgp_attrs_ref(rib->table, path.attrs);
	if (path.flags & PATH_INELIGIBLE)
		return path;
	if (policy) {
		uint8_t from = peer->about.external ? BGP_FROM_EXTERNAL : BGP_FROM_INTERNAL;
		struct ip_prefix prefix = bgp_prefix_of(rib->table, prefix_id);
		struct policy_verdict verdict = 
			policy_judge(policy, prefix, from, bgp_attrs_of(rib->table, path.attrs));
		if (!verdict.accept) {
			path.flags |= PATH_REJECTED;
			return path;
		}
		if (policy_changes(&verdict)) {
			struct bgp_attrs changed = *bgp_attrs_of(rib->table, path.attrs);
			policy_apply(policy, prefix, from, &changed, &rib->table->scratch);
			bgp_attrs_unref(rib->table, path.attrs);
			path.attrs = bgp_attrs_intern(rib->table, &changed);
		}
	}
	return path;
}

/* ---- one path in, one path out -------------------------------------------------------------- */

static uint32_t watched(const struct rib *rib, const struct path *path)
{
	if (path->flags & PATH_INELIGIBLE)
		return 0;
	return attr_set_at(rib->table, path->attrs)->facts.next_hop_id;
}

static uint32_t find_path(const struct path *paths, uint32_t count, uint16_t peer, uint32_t path_id)
{
	uint32_t i = 0;
	while (i < count && (paths[i].peer != peer || paths[i].path_id != path_id))
		i++;
	return i;
}

/* The smallest number no path of the prefix is sent on with. */
static uint16_t free_slot(const struct path *paths, uint32_t count)
{
	for (uint32_t slot = 1;; slot++) {
		bool taken = false;
		for (uint32_t i = 0; i < count; i++)
			taken |= paths[i].slot == slot;
		if (!taken)
			return (uint16_t)slot;
	}
}

static void trace_path(struct rib *rib, uint32_t prefix_id, const struct path *path, bool gone)
{
	if (!change_wanted(rib, BGP_EVENT_PATH))
		return;
	change_push(rib, &(struct queued){ .kind = RIB_PATH, .peer = path->peer,
					   .prefix_id = prefix_id, .path_id = path->path_id,
					   .attrs = gone ? 0 : path->attrs,
					   .stale = path->flags & PATH_STALE });
}

static void path_put(struct rib *rib, uint32_t prefix_id, struct path path)
{
	uint32_t count;
	struct path *paths = select_load(rib, prefix_id, &count);
	uint32_t at = find_path(paths, count, path.peer, path.path_id);
	bool known = at < count;
	path.flags |= next_hop_path_flags(rib, watched(rib, &path));
	if (known) {
		path.slot = paths[at].slot;
		path.flags |= paths[at].flags & PATH_DECIDED;
		if (memcmp(&paths[at], &path, sizeof(path)) == 0)
			return; /* an exact repeat */
	} else {
		path.slot = free_slot(paths, count);
	}
	uint32_t new_hop = watched(rib, &path);
	uint32_t old_hop = known ? watched(rib, &paths[at]) : 0;
	next_hop_use(rib, new_hop);
	next_hop_drop(rib, old_hop);
	if (path.peer != PEER_LOCAL && !known)
		rib->peers[path.peer]->paths++;
	paths[at] = path;
	trace_path(rib, prefix_id, &path, false);
	select_paths(rib, prefix_id, paths, known ? count : count + 1, false);
}

/* Takes the path at `at` out of the working memory. */
static void path_take_out(struct rib *rib, uint32_t prefix_id, struct path *paths, uint32_t *count,
			  uint32_t at)
{
	trace_path(rib, prefix_id, &paths[at], true);
	next_hop_drop(rib, watched(rib, &paths[at]));
	if (paths[at].peer != PEER_LOCAL)
		rib->peers[paths[at].peer]->paths--;
	memmove(&paths[at], &paths[at + 1], (*count - at - 1) * sizeof(*paths));
	--*count;
}

static void path_drop(struct rib *rib, uint32_t prefix_id, uint16_t peer, uint32_t path_id)
{
	if (!column_get(&rib->routes, prefix_id))
		return;
	uint32_t count;
	struct path *paths = select_load(rib, prefix_id, &count);
	uint32_t at = find_path(paths, count, peer, path_id);
	if (at == count)
		return;
	path_take_out(rib, prefix_id, paths, &count, at);
	select_paths(rib, prefix_id, paths, count, false);
}

/* ---- UPDATE --------------------------------------------------------------------------------- */

struct apply {
	struct rib *rib;
	struct peer *peer;
	uint32_t *counter;
};

static void withdraw_all(struct apply apply, const struct bgp_nlri *nlri)
{
	struct bgp_nlri_item item;
	uint32_t offset = 0;
	if (!(nlri->family & apply.peer->about.codec.families))
		return;
	while (bgp_nlri_next(nlri, &offset, &item)) {
		++*apply.counter;
		uint32_t prefix_id = bgp_prefix_find(apply.rib->table, item.prefix);
		if (prefix_id != UINT32_MAX)
			path_drop(apply.rib, prefix_id, (uint16_t)apply.peer->index, item.path_id);
	}
}

static void announce_all(struct apply apply, const struct bgp_nlri *nlri, uint32_t raw)
{
	struct rib *rib = apply.rib;
	struct bgp_nlri_item item;
	uint32_t offset = 0;
	if (!(nlri->family & apply.peer->about.codec.families))
		return;
	struct import import = import_begin(rib, apply.peer, raw);
	while (bgp_nlri_next(nlri, &offset, &item)) {
		++*apply.counter;
		uint32_t prefix_id = bgp_prefix_id(rib->table, item.prefix);
		struct path path = import_path(rib, apply.peer, &import, prefix_id, item.path_id);
		path_put(rib, prefix_id, path);
		bgp_attrs_unref(rib->table, path.attrs);
	}
	bgp_attrs_unref(rib->table, import.base);
}

/* RFC 4271 6.3, RFC 7606 7.2: a neighbour puts its own AS in front, unless it is a route server. */
static bool first_as_is_wrong(const struct rib *rib, const struct peer *peer, uint32_t attrs_id)
{
	const struct bgp_peer_config *config = peer->about.config;
	return peer->about.external && config->enforce_first_as &&
	       attr_set_at(rib->table, attrs_id)->facts.first_as != config->remote_as;
}

/* Attribute sets of both kinds of NLRI, +1 reference each; the strongest outcome of all. */
static enum bgp_outcome receive_attrs(struct rib *rib, const struct peer *peer,
				      const struct bgp_update *update, uint32_t attrs[2],
				      struct rib_update_counts *counts, struct bgp_error *error)
{
	enum bgp_outcome worst = update->outcome;
	counts->bad_attribute = worst == BGP_OUTCOME_OK ? 0 : update->bad_attribute;
	for (int i = 0; i < 2; i++) {
		enum bgp_outcome outcome = BGP_OUTCOME_OK;
		uint8_t bad = 0;
		if (!update->announced[i].count)
			continue;
		attrs[i] = bgp_attrs_received(rib->table, update, i, &peer->about.codec,
					      &rib->table->scratch, &outcome, &bad, error);
		if (attrs[i] && first_as_is_wrong(rib, peer, attrs[i])) {
			outcome = BGP_OUTCOME_WITHDRAW;
			bad = BGP_ATTR_AS_PATH;
		}
		if (outcome > worst) {
			worst = outcome;
			counts->bad_attribute = bad;
		}
	}
	return worst;
}

enum bgp_outcome rib_update(struct rib *rib, uint32_t index, const uint8_t *body, size_t length,
			    struct instant now, struct rib_update_counts *counts,
			    struct bgp_error *error)
{
	struct peer *peer = rib_peer_at(rib, index);
	ASSERT(peer && peer->up);
	(void)now;
	*counts = (struct rib_update_counts){ 0 };
	arena_rewind(&rib->table->scratch);
	struct bgp_update update;
	enum bgp_outcome outcome = bgp_update_split(body, length, &peer->about.codec,
						    &rib->table->scratch, &update);
	if (outcome == BGP_OUTCOME_RESET) {
		*error = update.error;
		counts->bad_attribute = update.bad_attribute;
		return outcome;
	}
	uint32_t attrs[2] = { 0, 0 };
	outcome = receive_attrs(rib, peer, &update, attrs, counts, error);
	if (outcome != BGP_OUTCOME_RESET) {
		struct apply withdraw = { rib, peer, &counts->withdrawn };
		struct apply announce = { rib, peer, &counts->announced };
		for (int i = 0; i < 2; i++)
			withdraw_all(withdraw, &update.withdrawn[i]);
		for (int i = 0; i < 2; i++) {
			/* RFC 7606 section 2: treat-as-withdraw is for all routes of the UPDATE. */
			if (outcome == BGP_OUTCOME_WITHDRAW)
				withdraw_all(withdraw, &update.announced[i]);
			else if (attrs[i])
				announce_all(announce, &update.announced[i], attrs[i]);
		}
		counts->end_of_rib = update.end_of_rib;
	}
	for (int i = 0; i < 2; i++)
		if (attrs[i])
			bgp_attrs_unref(rib->table, attrs[i]);
	return outcome;
}

/* ---- our own routes ------------------------------------------------------------------------- */

void rib_originate(struct rib *rib, const struct bgp_local_route *route, struct instant now)
{
	(void)now;
	arena_rewind(&rib->table->scratch);
	struct bgp_attrs attrs = {
		.present = UINT64_C(1) << BGP_ATTR_ORIGIN | UINT64_C(1) << BGP_ATTR_AS_PATH,
		.origin = route->origin,
		.next_hop = route->next_hop,
		.med = route->med,
	};
	if (route->has_med)
		attrs.present |= UINT64_C(1) << BGP_ATTR_MED;
	struct ip_prefix prefix = ip_prefix_masked(route->prefix);
	uint32_t id = bgp_attrs_intern(rib->table, &attrs);
	path_put(rib, bgp_prefix_id(rib->table, prefix),
		 (struct path){ .raw = id, .attrs = id, .peer = PEER_LOCAL });
	bgp_attrs_unref(rib->table, id);
}

void rib_retract(struct rib *rib, struct ip_prefix prefix, struct instant now)
{
	(void)now;
	uint32_t prefix_id = bgp_prefix_find(rib->table, ip_prefix_masked(prefix));
	if (prefix_id != UINT32_MAX)
		path_drop(rib, prefix_id, PEER_LOCAL, 0);
}

/* ---- all paths of a peer -------------------------------------------------------------------- */

enum sweep_act { SWEEP_KEEP, SWEEP_CHANGED, SWEEP_REMOVE };
struct sweep {
	uint32_t *held; /* references on attribute sets, given back once the prefix is stored */
	size_t held_count, held_capacity;
	uint8_t families; /* session down: to be kept as stale; flush: to be flushed */
	uint16_t flag;    /* flush: those that have it; await: to be set */
	enum sweep_act (*act)(struct rib *rib, struct peer *peer, struct sweep *sweep,
			      uint32_t prefix_id, struct path *path);
};

/* One walk over this speaker's own pages, ended early when all paths of the peer were seen. */
static void peer_sweep(struct rib *rib, struct peer *peer, struct sweep *sweep)
{
	uint32_t left = peer->paths;
	for (uint32_t id = 0; left && column_next(&rib->routes, &id); id++) {
		uint32_t count;
		const struct path *list =
			path_list_of(rib->table, column_get(&rib->routes, id), &count);
		uint32_t at = 0;
		while (at < count && list[at].peer != peer->index)
			at++;
		if (at == count)
			continue;
		struct path *paths = select_load(rib, id, &count);
		bool changed = false;
		while (at < count) {
			if (paths[at].peer != peer->index) {
				at++;
				continue;
			}
			left--;
			enum sweep_act act = sweep->act(rib, peer, sweep, id, &paths[at]);
			changed |= act != SWEEP_KEEP;
			if (act == SWEEP_REMOVE)
				path_take_out(rib, id, paths, &count, at);
			else
				at++;
		}
		if (changed)
			select_paths(rib, id, paths, count, false);
		while (sweep->held_count)
			bgp_attrs_unref(rib->table, sweep->held[--sweep->held_count]);
	}
	free(sweep->held);
}

static enum sweep_act act_down(struct rib *rib, struct peer *peer, struct sweep *sweep,
			       uint32_t prefix_id, struct path *path)
{
	(void)peer;
	if (!(prefix_family(rib, prefix_id) & sweep->families) || path->flags & PATH_STALE)
		return SWEEP_REMOVE; /* RFC 4724 4.2: stale twice is gone */
	path->flags = (uint16_t)((path->flags & ~PATH_UNREPEATED) | PATH_STALE);
	trace_path(rib, prefix_id, path, false);
	return SWEEP_CHANGED;
}

static enum sweep_act act_flush(struct rib *rib, struct peer *peer, struct sweep *sweep,
				uint32_t prefix_id, struct path *path)
{
	(void)peer;
	return path->flags & sweep->flag && prefix_family(rib, prefix_id) & sweep->families ?
		       SWEEP_REMOVE : SWEEP_KEEP;
}

/* +1 reference: the set with LLGR_STALE added. */
static uint32_t long_stale_attrs(struct rib *rib, uint32_t attrs_id)
{
	static const uint32_t community = BGP_LLGR_STALE;
	static const struct bgp_policy_rule rule = { .add_communities = &community,
						     .add_community_count = 1 };
	static const struct bgp_policy add = { &rule, 1, true };
	struct bgp_attrs attrs = *bgp_attrs_of(rib->table, attrs_id);
	policy_apply(&add, (struct ip_prefix){ 0 }, BGP_FROM_ANY, &attrs, &rib->table->scratch);
	return bgp_attrs_intern(rib->table, &attrs);
}

/* RFC 9494 4.2 */
static enum sweep_act act_long_stale(struct rib *rib, struct peer *peer, struct sweep *sweep,
				     uint32_t prefix_id, struct path *path)
{
	(void)peer;
	if (!(path->flags & PATH_STALE) || path->flags & PATH_LONG_STALE ||
	    !(prefix_family(rib, prefix_id) & sweep->families))
		return SWEEP_KEEP;
	if (bgp_has_community(bgp_attrs_of(rib->table, path->attrs), BGP_NO_LLGR))
		return SWEEP_REMOVE;
	path->attrs = long_stale_attrs(rib, path->attrs);
	path->flags |= PATH_LONG_STALE;
	ARRAY_PUSH(sweep->held, sweep->held_count, sweep->held_capacity, path->attrs);
	trace_path(rib, prefix_id, path, false);
	return SWEEP_CHANGED;
}

static enum sweep_act act_await(struct rib *rib, struct peer *peer, struct sweep *sweep,
				uint32_t prefix_id, struct path *path)
{
	(void)peer;
	if (!(prefix_family(rib, prefix_id) & sweep->families))
		return SWEEP_KEEP;
	path->flags |= sweep->flag;
	return SWEEP_CHANGED;
}

/* New attributes and flags for the path, from what was received. */
static enum sweep_act act_reimport(struct rib *rib, struct peer *peer, struct sweep *sweep,
				   uint32_t prefix_id, struct path *path)
{
	struct import import = import_begin(rib, peer, path->raw);
	struct path fresh = import_path(rib, peer, &import, prefix_id, path->path_id);
	ARRAY_PUSH(sweep->held, sweep->held_count, sweep->held_capacity, fresh.attrs);
	bgp_attrs_unref(rib->table, import.base);
	if (path->flags & PATH_LONG_STALE) {
		fresh.attrs = long_stale_attrs(rib, fresh.attrs);
		ARRAY_PUSH(sweep->held, sweep->held_count, sweep->held_capacity, fresh.attrs);
	}
	fresh.slot = path->slot;
	fresh.flags |= path->flags & (PATH_STALE | PATH_LONG_STALE | PATH_UNREPEATED | PATH_DECIDED);
	fresh.flags |= next_hop_path_flags(rib, watched(rib, &fresh));
	bool same = memcmp(&fresh, path, sizeof(fresh)) == 0;
	if (!same) {
		uint32_t hop = watched(rib, path);
		next_hop_use(rib, watched(rib, &fresh));
		next_hop_drop(rib, hop);
		trace_path(rib, prefix_id, &fresh, false);
		*path = fresh;
	}
	return same ? SWEEP_KEEP : SWEEP_CHANGED;
}

void adj_in_reimport(struct rib *rib, struct peer *peer)
{
	arena_rewind(&rib->table->scratch);
	peer_sweep(rib, peer, &(struct sweep){ .act = act_reimport });
}

void rib_stale_flush(struct rib *rib, uint32_t index, uint8_t families, struct instant now)
{
	(void)now;
	struct peer *peer = rib_peer_at(rib, index);
	if (peer && peer->known)
		peer_sweep(rib, peer, &(struct sweep){ .families = families, .flag = PATH_STALE,
						       .act = act_flush });
}

void rib_long_stale(struct rib *rib, uint32_t index, uint8_t families, struct instant now)
{
	(void)now;
	struct peer *peer = rib_peer_at(rib, index);
	arena_rewind(&rib->table->scratch);
	if (peer && peer->known)
		peer_sweep(rib, peer, &(struct sweep){ .families = families,
						       .act = act_long_stale });
}

void rib_repeat_begin(struct rib *rib, uint32_t index, uint8_t families, struct instant now)
{
	(void)now;
	struct peer *peer = rib_peer_at(rib, index);
	if (peer && peer->up)
		peer_sweep(rib, peer, &(struct sweep){ .families = families,
						       .flag = PATH_UNREPEATED,
						       .act = act_await });
}

void rib_repeat_end(struct rib *rib, uint32_t index, uint8_t families, struct instant now)
{
	(void)now;
	struct peer *peer = rib_peer_at(rib, index);
	if (peer && peer->up)
		peer_sweep(rib, peer, &(struct sweep){ .families = families,
						       .flag = PATH_UNREPEATED,
						       .act = act_flush });
}

void rib_peer_down(struct rib *rib, uint32_t index, uint8_t keep_stale, struct instant now)
{
	(void)now;
	struct peer *peer = rib_peer_at(rib, index);
	ASSERT(peer && peer->up);
	member_stop(rib, peer);
	peer->up = false;
	peer_sweep(rib, peer, &(struct sweep){ .families = keep_stale, .act = act_down });
	peer->known = peer->paths > 0;
}

bool rib_peer_is_up(const struct rib *rib, uint32_t index)
{
	const struct peer *peer = rib_peer_at(rib, index);
	return peer && peer->up;
}

uint32_t rib_peer_prefixes(const struct rib *rib, uint32_t index)
{
	const struct peer *peer = rib_peer_at(rib, index);
	return peer ? peer->paths : 0;
}
