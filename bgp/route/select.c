/* From the paths of a prefix to the one that is used: the decision process at work, and what
 * changes for the FIB, the trace and the update groups. */
#include <stdlib.h>

#include "base/assert.h"
#include "bgp/route/rib_inside.h"

#define DEFAULT_LOCAL_PREF 100u /* RFC 4271 leaves it open; all implementations at hand agree */

/* ---- candidates ----------------------------------------------------------------------------- */

static struct candidate candidate_of(const struct rib *rib, const struct path *path,
				     uint32_t number)
{
	const struct attr_set *set = attr_set_at(rib->table, path->attrs);
	const struct bgp_attrs *attrs = &set->attrs;
	struct candidate c = {
		.usable = !(path->flags & PATH_UNREACHABLE),
		.stale = path->flags & PATH_STALE,
		.long_stale = rib->long_lived && set->facts.long_stale,
		.local = path->peer == PEER_LOCAL,
		.selected = path->flags & PATH_BEST,
		.origin = attrs->origin,
		.local_pref = bgp_has(attrs, BGP_ATTR_LOCAL_PREF) ? attrs->local_pref :
								    DEFAULT_LOCAL_PREF,
		.hops = set->facts.hops,
		.first_as = set->facts.first_as,
		.med = bgp_has(attrs, BGP_ATTR_MED)	? attrs->med :
		       rib->profile->med_missing_worst	? UINT32_MAX :
							  0,
		.metric = next_hop_metric(rib, set->facts.next_hop_id),
		.router_id = rib->router_id,
		.peer_id = rib->router_id,
		.clusters = attrs->cluster_count,
		.path_id = path->path_id,
		.peer = path->peer,
		.number = number,
	};
	if (!c.local) {
		const struct peer *peer = rib->peers[path->peer];
		c.external = peer->about.external;
		c.router_id = c.peer_id = peer->about.router_id;
		c.address = peer->about.config->remote;
	}
	if (bgp_has(attrs, BGP_ATTR_ORIGINATOR_ID))
		c.router_id = attrs->originator_id;
	return c;
}

/* RFC 4271 9.1.2: only feasible paths take part. */
static uint32_t candidates_of(const struct rib *rib, const struct path *paths, uint32_t count,
			      struct candidate *candidates)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < count; i++)
		if (!(paths[i].flags & (PATH_INELIGIBLE | PATH_WAITING)))
			candidates[n++] = candidate_of(rib, &paths[i], i);
	return n;
}

/* ---- the decision --------------------------------------------------------------------------- */

static bool path_before(const struct path *a, const struct path *b)
{
	uint32_t peer_a = a->peer == PEER_LOCAL ? 0 : a->peer + 1u;
	uint32_t peer_b = b->peer == PEER_LOCAL ? 0 : b->peer + 1u;
	return peer_a != peer_b ? peer_a < peer_b : a->path_id < b->path_id;
}

/* The fixed order; nearly there already, since a list has few paths taken out to its front. */
static void paths_sort(struct path *paths, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		struct path path = paths[i];
		uint32_t at = i;
		for (; at > 0 && path_before(&path, &paths[at - 1]); at--)
			paths[at] = paths[at - 1];
		paths[at] = path;
	}
}

static uint32_t maximum_paths(const struct rib *rib, const struct candidate *best)
{
	uint32_t maximum = best->external ? rib->maximum_external : rib->maximum_internal;
	if (best->local || maximum < 1)
		return 1;
	return maximum < BGP_NEXT_HOPS_MAX ? maximum : BGP_NEXT_HOPS_MAX;
}

static uint32_t next_hop_of(const struct rib *rib, const struct path *path)
{
	return attr_set_at(rib->table, path->attrs)->facts.next_hop_id;
}

static bool chosen_has(const struct rib *rib, const struct path *paths, const uint32_t *chosen,
		       uint32_t count, uint32_t next_hop)
{
	for (uint32_t i = 0; i < count; i++)
		if (next_hop_of(rib, &paths[chosen[i]]) == next_hop)
			return true;
	return false;
}

/* Fills chosen[] with the paths to forward over, the best first, each with a next hop of its own;
 * the others in the order the whole decision process would put them. */
static uint32_t choose_multipath(const struct rib *rib, const struct path *paths,
				 const struct candidate *candidates, uint32_t count,
				 const struct candidate *best, uint32_t chosen[BGP_NEXT_HOPS_MAX])
{
	const struct bgp_profile *profile = rib->profile;
	uint32_t maximum = maximum_paths(rib, best), n = 0;
	chosen[n++] = best->number;
	while (n < maximum) {
		const struct candidate *next = NULL;
		const char *rule;
		for (uint32_t i = 0; i < count; i++) {
			const struct candidate *c = &candidates[i];
			if (chosen_has(rib, paths, chosen, n, next_hop_of(rib, &paths[c->number])))
				continue;
			if (!decision_equal(profile->decision, profile->multipath_stop, best, c))
				continue;
			if (!next || decision_compare(profile->decision, c, next, &rule) < 0)
				next = c;
		}
		if (!next)
			break;
		chosen[n++] = next->number;
	}
	return n;
}

/* Moves the chosen ones to the front. paths has room for twice as many. */
static void arrange(struct path *paths, uint32_t count, const uint32_t *chosen,
		    uint32_t chosen_count)
{
	struct path *copy = paths + count;
	uint32_t at = 0;
	memcpy(copy, paths, count * sizeof(*paths));
	for (uint32_t i = 0; i < chosen_count; i++)
		paths[at++] = copy[chosen[i]];
	for (uint32_t i = 0; i < count; i++) {
		bool taken = false;
		for (uint32_t j = 0; j < chosen_count; j++)
			taken |= chosen[j] == i;
		if (!taken)
			paths[at++] = copy[i];
	}
}

static bool selectable(const struct rib *rib, const struct path *path)
{
	return !(path->flags & (PATH_INELIGIBLE | PATH_WAITING)) &&
	       (!(path->flags & PATH_UNREACHABLE) || rib->profile->unreachable_reflected);
}

static void mark(struct rib *rib, struct path *paths, uint32_t count, uint32_t chosen)
{
	for (uint32_t i = 0; i < count; i++)
		paths[i].flags &= (uint16_t)~PATH_DECIDED;
	if (count == 0 || !selectable(rib, &paths[0]))
		return;
	paths[0].flags |= PATH_BEST;
	if (paths[0].flags & PATH_UNREACHABLE)
		return;
	for (uint32_t i = 0; i < chosen; i++)
		paths[i].flags |= PATH_MULTIPATH;
}

static bool any_waits(const struct rib *rib, const struct path *paths, uint32_t count)
{
	if (rib->profile->new_next_hop_unusable)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (paths[i].flags & PATH_WAITING)
			return true;
	return false;
}

/* While a path waits for word of its next hop the decision waits too, marks and all: else a path
 * that is replaced would lose its seniority (BGP_RULE_OLDEST_EXTERNAL) to a moment of not
 * knowing. */
static void decide(struct rib *rib, struct path *paths, uint32_t count)
{
	if (any_waits(rib, paths, count))
		return;
	uint32_t chosen[BGP_NEXT_HOPS_MAX], chosen_count = 1;
	if (count > 1) {
		paths_sort(paths, count);
		struct candidate *candidates = table_candidates(rib->table, count);
		uint32_t n = candidates_of(rib, paths, count, candidates);
		if (n) {
			uint32_t best = decision_best(rib->profile, candidates, n);
			chosen_count = choose_multipath(rib, paths, candidates, n,
							&candidates[best], chosen);
			arrange(paths, count, chosen, chosen_count);
		}
	}
	mark(rib, paths, count, chosen_count);
}

/* ---- looking at a list ---------------------------------------------------------------------- */

const struct path *select_best(const struct rib *rib, uint32_t list)
{
	uint32_t count;
	const struct path *paths = path_list_of(rib->table, list, &count);
	return count && paths[0].flags & PATH_BEST ? paths : NULL;
}

uint32_t select_next_hops(const struct rib *rib, uint32_t list, uint32_t ids[BGP_NEXT_HOPS_MAX],
			  bool *external)
{
	uint32_t count, n = 0;
	const struct path *paths = path_list_of(rib->table, list, &count);
	*external = false;
	for (uint32_t i = 0; i < count && paths[i].flags & PATH_MULTIPATH; i++) {
		if (paths[i].peer == PEER_LOCAL)
			return 0; /* whoever gave us the route forwards by it already */
		uint32_t next_hop = next_hop_of(rib, &paths[i]);
		if (next_hop && n < BGP_NEXT_HOPS_MAX)
			ids[n++] = next_hop;
	}
	if (n)
		*external = rib->peers[paths[0].peer]->about.external;
	return n;
}

static bool list_waits(const struct rib *rib, uint32_t list)
{
	uint32_t count;
	const struct path *paths = path_list_of(rib->table, list, &count);
	return any_waits(rib, paths, count);
}

/* ---- publishing ----------------------------------------------------------------------------- */

static void publish_fib(struct rib *rib, uint32_t prefix_id, uint32_t old, uint32_t new)
{
	uint32_t before[BGP_NEXT_HOPS_MAX], after[BGP_NEXT_HOPS_MAX];
	bool was_external, is_external;
	uint32_t had = select_next_hops(rib, old, before, &was_external);
	uint32_t has = select_next_hops(rib, new, after, &is_external);
	if (had == has && was_external == is_external &&
	    memcmp(before, after, has * sizeof(*after)) == 0)
		return;
	struct queued change = { .kind = has ? RIB_FIB_SET : RIB_FIB_REMOVE,
				 .prefix_id = prefix_id, .peer = PEER_NONE,
				 .list = has ? new : 0 };
	change_push(rib, &change);
}

static uint32_t multipath_count(const struct rib *rib, uint32_t list)
{
	uint32_t count, n = 0;
	const struct path *paths = path_list_of(rib->table, list, &count);
	while (n < count && paths[n].flags & PATH_MULTIPATH)
		n++;
	return n;
}

static const char *settled_by(struct rib *rib, uint32_t list)
{
	uint32_t count;
	const struct path *paths = path_list_of(rib->table, list, &count);
	struct candidate *candidates = table_candidates(rib->table, count);
	uint32_t n = candidates_of(rib, paths, count, candidates);
	return decision_settled_by(rib->profile, candidates, n, 0);
}

static void publish_best(struct rib *rib, uint32_t prefix_id, uint32_t old, uint32_t new)
{
	const struct path *before = select_best(rib, old), *after = select_best(rib, new);
	uint32_t count = multipath_count(rib, new);
	if (!before && !after)
		return;
	if (before && after && before->attrs == after->attrs && before->peer == after->peer &&
	    before->path_id == after->path_id &&
	    !((before->flags ^ after->flags) & PATH_STALE) && multipath_count(rib, old) == count)
		return;
	struct queued change = { .kind = RIB_BEST, .prefix_id = prefix_id, .peer = PEER_LOCAL,
				 .count = count, .rule = "no path" };
	if (after) {
		change.attrs = after->attrs;
		change.peer = after->peer;
		change.path_id = after->path_id;
		change.stale = after->flags & PATH_STALE;
		change.rule = settled_by(rib, new);
	}
	change_push(rib, &change);
}

void select_publish(struct rib *rib, uint32_t prefix_id, uint32_t old, uint32_t new, bool force)
{
	if (rib->held)
		return;
	uint32_t kept = column_get(&rib->suspended, prefix_id);
	if (list_waits(rib, new)) {
		if (!kept) {
			path_list_ref(rib->table, old);
			column_set(&rib->suspended, prefix_id, old ? old : SUSPENDED_NONE);
		}
		return;
	}
	if (kept) {
		column_set(&rib->suspended, prefix_id, 0);
		old = kept == SUSPENDED_NONE ? 0 : kept;
	}
	publish_fib(rib, prefix_id, old, new);
	if (change_wanted(rib, BGP_EVENT_BEST))
		publish_best(rib, prefix_id, old, new);
	for (size_t i = 0; i < rib->group_count; i++)
		group_consider(rib, rib->groups[i], prefix_id, old, new, force);
	if (kept)
		path_list_unref(rib->table, old);
}

/* ---- storing -------------------------------------------------------------------------------- */

uint32_t select_published(const struct rib *rib, uint32_t prefix_id)
{
	uint32_t kept = column_get(&rib->suspended, prefix_id);
	if (!kept)
		return column_get(&rib->routes, prefix_id);
	return kept == SUSPENDED_NONE ? 0 : kept;
}

struct path *select_load(struct rib *rib, uint32_t prefix_id, uint32_t *count)
{
	const struct path *old =
		path_list_of(rib->table, column_get(&rib->routes, prefix_id), count);
	struct path *paths = table_work(rib->table, 2 * (size_t)*count + 2);
	if (*count)
		memcpy(paths, old, *count * sizeof(*paths));
	return paths;
}

void select_paths(struct rib *rib, uint32_t prefix_id, struct path *paths, uint32_t count,
		  bool force)
{
	uint32_t old = column_get(&rib->routes, prefix_id);
	decide(rib, paths, count);
	uint32_t new = path_list_intern(rib->table, prefix_id, paths, count);
	if (new != old)
		column_set(&rib->routes, prefix_id, new);
	if (new != old || force)
		select_publish(rib, prefix_id, old, new, force);
	path_list_unref(rib->table, old);
}

void select_again(struct rib *rib, uint32_t prefix_id, bool force)
{
	uint32_t count;
	struct path *paths = select_load(rib, prefix_id, &count);
	for (uint32_t i = 0; i < count; i++) {
		if (paths[i].flags & PATH_INELIGIBLE)
			continue;
		paths[i].flags &= (uint16_t)~(PATH_WAITING | PATH_UNREACHABLE);
		paths[i].flags |= next_hop_path_flags(rib, next_hop_of(rib, &paths[i]));
	}
	select_paths(rib, prefix_id, paths, count, force);
}
