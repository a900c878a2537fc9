/* From a path to the attributes one update group is told: who may hear of it (RFC 4271 9.1.3,
 * RFC 4456), export policy, and what each kind of session adds, changes and takes away. */
#include <stdlib.h>
#include <string.h>

#include "bgp/route/leak.h"
#include "bgp/route/rib_inside.h"

#define DEFAULT_LOCAL_PREF 100u

static const struct peer *source_of_path(const struct rib *rib, const struct path *path)
{
	return path->peer == PEER_LOCAL ? NULL : rib->peers[path->peer];
}

static bool from_internal(const struct peer *source) { return source && !source->about.external; }

static bool cluster_list_has(const struct bgp_attrs *attrs, uint32_t cluster_id)
{
	uint8_t wire[4];
	put_u32(wire, cluster_id);
	for (uint32_t i = 0; i < attrs->cluster_count; i++)
		if (memcmp(attrs->cluster_list + (size_t)i * 4, wire, sizeof(wire)) == 0)
			return true;
	return false;
}

bool export_allowed(const struct rib *rib, const struct group *group, uint32_t prefix_id,
		    const struct path *path)
{
	const struct attr_set *set = attr_set_at(rib->table, path->attrs);
	if (path->flags & (PATH_INELIGIBLE | PATH_WAITING))
		return false;
	if (path->flags & PATH_UNREACHABLE && !rib->profile->unreachable_reflected)
		return false;
	if (!(prefix_family(rib, prefix_id) & group->key.codec.families))
		return false;
	/* RFC 1997 */
	if (!rib->profile->ignores_well_known &&
	    (set->facts.no_advertise || (set->facts.no_export && group->key.external)))
		return false;
	if (rib->long_lived && set->facts.long_stale && !group->key.long_lived)
		return false; /* RFC 9494 4.3 */
	if (leak_forbidden(group->key.role, &set->attrs))
		return false;
	if (group->key.external)
		return group->key.policy || !rib->requires_policy; /* RFC 8212 */
	const struct peer *source = source_of_path(rib, path);
	if (!from_internal(source))
		return true;
	/* RFC 4456 section 6: between internal peers only from a client, or to one; and not to
	 * clients whose cluster it has been through. */
	if (!source->client && !group->key.client)
		return false;
	if (source->client && group->key.client && rib->clients_are_meshed)
		return false;
	return !group->key.client || !cluster_list_has(&set->attrs, group->key.cluster_id);
}

static uint8_t from_bit(const struct peer *source)
{
	if (!source)
		return BGP_FROM_LOCAL;
	return source->about.external ? BGP_FROM_EXTERNAL : BGP_FROM_INTERNAL;
}

/* Somebody but the route's source is told. */
static bool has_audience(const struct group *group, const struct path *path)
{
	return group->member_count > 1 ||
	       (group->member_count == 1 && group->members[0] != path->peer);
}

/* RFC 4271 5.1.3's subnet shared with the next hop; for FRR it must be of use to somebody. */
static bool hop_is_shared(const struct rib *rib, const struct group *group,
			  const struct path *path)
{
	if (rib->profile->ebgp_next_hop == BGP_EBGP_NEXT_HOP_SELF)
		return false;
	if (rib->profile->ebgp_next_hop == BGP_EBGP_NEXT_HOP_THIRD_PARTY_OTHER &&
	    !has_audience(group, path))
		return false;
	return next_hop_shared(rib, attr_set_at(rib->table, path->attrs)->facts.next_hop_id,
			       group->key.local);
}

static void attr_drop(struct bgp_attrs *attrs, enum bgp_attr_code code)
{
	attrs->present &= ~(UINT64_C(1) << code);
}

/* ---- next hop ------------------------------------------------------------------------------- */

/* RFC 4271 5.1.3. False: there is no address of the prefix's family to give. */
static bool set_next_hop(const struct rib *rib, const struct group_key *key,
			 struct bgp_attrs *attrs, uint8_t family, bool shared)
{
	struct ip_addr original = attrs->next_hop;
	bool keep = original.family != IP_NONE;
	if (key->next_hop == BGP_NEXT_HOP_SELF)
		keep = false;
	else if (key->next_hop == BGP_NEXT_HOP_AUTO && key->external)
		keep = keep && shared &&
		       !(key->multihop && rib->profile->ebgp_next_hop ==
						  BGP_EBGP_NEXT_HOP_SELF_IF_MULTIHOP);
	attrs->next_hop = keep ? original : key->local;
	attrs->next_hop_link = (struct ip_addr){ 0 };
	attr_drop(attrs, BGP_ATTR_NEXT_HOP);
	if (attrs->next_hop.family == IP_V6)
		return family == BGP_IPV6_UNICAST || key->codec.extended_next_hop;
	attrs->present |= UINT64_C(1) << BGP_ATTR_NEXT_HOP;
	return family == BGP_IPV4_UNICAST && attrs->next_hop.family == IP_V4;
}

/* ---- reflection ----------------------------------------------------------------------------- */

static int compare_clusters(const void *a, const void *b) { return memcmp(a, b, 4); }

/* RFC 4456 section 8. A session has its own cluster id; a route that goes from a client of one
 * cluster to a client of another has been through both. */
static void reflect(const struct rib *rib, const struct group_key *key, const struct peer *source,
		    struct bgp_attrs *attrs, struct arena *arena)
{
	uint32_t added[2];
	size_t count = 0;
	if (key->client && (!source->client || source->cluster_id != key->cluster_id))
		added[count++] = key->cluster_id;
	if (source->client)
		added[count++] = source->cluster_id;
	size_t old = (size_t)attrs->cluster_count * 4;
	uint8_t *list = arena_alloc(arena, old + count * 4);
	for (size_t i = 0; i < count; i++)
		put_u32(list + i * 4, added[i]);
	if (old)
		memcpy(list + count * 4, attrs->cluster_list, old);
	attrs->cluster_list = list;
	attrs->cluster_count = (uint16_t)(attrs->cluster_count + count);
	if (rib->profile->cluster_list_sorted)
		qsort(list, attrs->cluster_count, 4, compare_clusters);
	attrs->present |= UINT64_C(1) << BGP_ATTR_CLUSTER_LIST;
	if (bgp_has(attrs, BGP_ATTR_ORIGINATOR_ID))
		return;
	attrs->present |= UINT64_C(1) << BGP_ATTR_ORIGINATOR_ID;
	attrs->originator_id = source->about.router_id;
	if (rib->profile->med_zero_reflected && !bgp_has(attrs, BGP_ATTR_MED)) {
		attrs->present |= UINT64_C(1) << BGP_ATTR_MED;
		attrs->med = 0;
	}
}

static void marks_drop(struct bgp_attrs *attrs)
{
	attr_drop(attrs, BGP_ATTR_ORIGINATOR_ID);
	attr_drop(attrs, BGP_ATTR_CLUSTER_LIST);
	attrs->cluster_count = 0;
}

/* ---- both kinds of session ------------------------------------------------------------------ */

static void to_internal(const struct rib *rib, const struct group_key *key,
			const struct peer *source, struct bgp_attrs *attrs, struct arena *arena)
{
	if (!bgp_has(attrs, BGP_ATTR_LOCAL_PREF)) {
		attrs->present |= UINT64_C(1) << BGP_ATTR_LOCAL_PREF;
		attrs->local_pref = DEFAULT_LOCAL_PREF;
	}
	const struct bgp_profile *profile = rib->profile;
	if (profile->marks_to_clients_only && !key->client)
		marks_drop(attrs);
	else if (from_internal(source) ||
		 (source && key->client &&
		  profile->external_marks == BGP_EXTERNAL_MARKED_TO_CLIENTS))
		reflect(rib, key, source, attrs, arena);
}

/* RFC 4360 6: those that are not transitive stay inside the AS. */
static void drop_non_transitive(struct bgp_attrs *attrs, struct arena *arena)
{
	const uint8_t *from = attrs->extended_communities;
	uint16_t kept = 0, count = attrs->extended_count;
	uint8_t *list = arena_alloc(arena, (size_t)count * 8);
	for (uint16_t i = 0; i < count; i++)
		if (!(from[i * 8u] & 0x40))
			memcpy(list + 8u * kept++, from + i * 8u, 8);
	attrs->extended_communities = list;
	attrs->extended_count = kept;
	if (kept == 0)
		attr_drop(attrs, BGP_ATTR_EXTENDED_COMMUNITIES);
}

static void to_external(const struct rib *rib, const struct group_key *key,
			const struct peer *source, struct bgp_attrs *attrs, struct arena *arena)
{
	attr_drop(attrs, BGP_ATTR_LOCAL_PREF);
	marks_drop(attrs);
	/* RFC 4271 5.1.4: a neighbour's MED goes no further; our own does. */
	if (source && bgp_has(attrs, BGP_ATTR_MED)) {
		attrs->med = 0;
		if (!rib->profile->med_zero_to_external)
			attr_drop(attrs, BGP_ATTR_MED);
	}
	if (bgp_has(attrs, BGP_ATTR_EXTENDED_COMMUNITIES))
		drop_non_transitive(attrs, arena);
	leak_mark_sent(key->role, key->local_as, attrs);
	if (key->own_as_too && key->local_as != rib->local_as)
		bgp_as_path_prepend(attrs, rib->local_as, arena);
	bgp_as_path_prepend(attrs, key->local_as, arena);
}

static uint32_t build(struct rib *rib, const struct group *group, uint32_t prefix_id,
		      const struct path *path, bool shared)
{
	struct arena *arena = &rib->table->scratch;
	const struct peer *source = source_of_path(rib, path);
	struct bgp_attrs attrs = *bgp_attrs_of(rib->table, path->attrs);
	attrs.odd = 0;
	policy_apply(group->key.policy, bgp_prefix_of(rib->table, prefix_id), from_bit(source),
		     &attrs, arena);
	if (!set_next_hop(rib, &group->key, &attrs, prefix_family(rib, prefix_id), shared))
		return 0;
	if (group->key.external)
		to_external(rib, &group->key, source, &attrs, arena);
	else
		to_internal(rib, &group->key, source, &attrs, arena);
	return bgp_attrs_intern(rib->table, &attrs);
}

/* ---- what was worked out a moment ago ------------------------------------------------------- */

void export_memos_clear(struct rib *rib, struct group *group)
{
	for (uint32_t i = 0; i < EXPORT_MEMOS; i++)
		if (group->memos[i].result)
			bgp_attrs_unref(rib->table, group->memos[i].result);
	memset(group->memos, 0, sizeof(group->memos));
}

uint32_t export_path(struct rib *rib, struct group *group, uint32_t prefix_id,
		     const struct path *path)
{
	if (!export_allowed(rib, group, prefix_id, path))
		return 0;
	struct policy_verdict verdict =
		policy_judge(group->key.policy, bgp_prefix_of(rib->table, prefix_id),
			     from_bit(source_of_path(rib, path)),
			     bgp_attrs_of(rib->table, path->attrs));
	if (!verdict.accept)
		return 0;
	struct export_memo now = {
		.attrs = path->attrs, .peer = path->peer,
		.family = prefix_family(rib, prefix_id), .changing = verdict.changing,
		.shared = hop_is_shared(rib, group, path),
	};
	struct export_memo *memo = &group->memos[(path->attrs * 31u + path->peer) % EXPORT_MEMOS];
	if (memo->result && !verdict.beyond && memo->attrs == now.attrs &&
	    memo->peer == now.peer && memo->family == now.family &&
	    memo->shared == now.shared && memo->changing == now.changing) {
		bgp_attrs_ref(rib->table, memo->result);
		return memo->result;
	}
	now.result = build(rib, group, prefix_id, path, now.shared);
	if (!now.result || verdict.beyond)
		return now.result;
	if (memo->result)
		bgp_attrs_unref(rib->table, memo->result);
	*memo = now;
	bgp_attrs_ref(rib->table, now.result);
	return now.result;
}
