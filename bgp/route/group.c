/* Update groups: peers to whom the same is told in the same words. */
#include <stdlib.h>

#include "base/assert.h"
#include "bgp/route/rib_inside.h"

struct group_key group_key_of(const struct rib *rib, const struct peer *peer)
{
	const struct bgp_peer_config *config = peer->about.config;
	return (struct group_key){
		.external = peer->about.external,
		.client = peer->client,
		.role = peer->role,
		.multihop = config->multihop,
		.next_hop = config->next_hop,
		.local = peer->about.local,
		.local_as = peer->about.local_as,
		.long_lived = rib->long_lived && peer->about.long_lived,
		.own_as_too = config->local_as_and_own,
		.cluster_id = peer->client ? peer->cluster_id : 0,
		.codec = peer->about.codec,
		.message_max = peer->about.message_max,
		.policy = config->export,
	};
}

/* add_path_in says how the peer's messages are read and does not matter here. */
static bool codec_equal(const struct bgp_codec *a, const struct bgp_codec *b)
{
	return a->as4 == b->as4 && a->external == b->external &&
	       a->add_path_out == b->add_path_out && a->families == b->families &&
	       a->unknown_sets_partial == b->unknown_sets_partial &&
	       a->as_path_extended_length == b->as_path_extended_length &&
	       a->extended_next_hop == b->extended_next_hop;
}

bool group_key_equal(const struct group_key *a, const struct group_key *b)
{
	return a->external == b->external && a->client == b->client && a->role == b->role &&
	       a->multihop == b->multihop && a->next_hop == b->next_hop &&
	       ip_addr_equal(a->local, b->local) && a->local_as == b->local_as &&
	       a->own_as_too == b->own_as_too && a->long_lived == b->long_lived &&
	       a->cluster_id == b->cluster_id && codec_equal(&a->codec, &b->codec) &&
	       a->message_max == b->message_max && policy_equal(a->policy, b->policy);
}

/* ---- what is pending ------------------------------------------------------------------------ */

static void group_pend(struct group *group, uint32_t prefix_id)
{
	uint32_t value = column_get(&group->out, prefix_id);
	if (value & OUT_PENDING)
		return;
	column_set(&group->out, prefix_id, value | OUT_PENDING);
	ARRAY_PUSH(group->pending, group->pending_count, group->pending_capacity, prefix_id);
	group->tell_left = (uint32_t)group->member_count;
}

static bool best_unchanged(const struct path *before, const struct path *after)
{
	if (!before || !after)
		return before == after;
	return before->attrs == after->attrs && before->peer == after->peer &&
	       !((before->flags ^ after->flags) & PATH_UNREACHABLE);
}

/* Something of the list would be told to the group, as far as can be seen without working it
 * out. */
static bool anything_for(const struct rib *rib, const struct group *group, uint32_t prefix_id,
			 uint32_t list, bool all_paths)
{
	if (!all_paths) {
		const struct path *best = select_best(rib, list);
		return best && export_allowed(rib, group, prefix_id, best);
	}
	uint32_t count;
	const struct path *paths = path_list_of(rib->table, list, &count);
	for (uint32_t i = 0; i < count; i++)
		if (export_allowed(rib, group, prefix_id, &paths[i]))
			return true;
	return false;
}

void group_consider(struct rib *rib, struct group *group, uint32_t prefix_id, uint32_t old,
		    uint32_t new, bool force)
{
	uint8_t family = prefix_family(rib, prefix_id);
	if (!(group->key.codec.families & family))
		return;
	bool all_paths = group->key.codec.add_path_out & family;
	if (!force && !all_paths && best_unchanged(select_best(rib, old), select_best(rib, new)))
		return;
	/* The common case between internal peers that are no clients: nothing said, nothing to
	 * say; then the column must not grow a page. */
	if (column_get(&group->out, prefix_id) == 0 &&
	    !anything_for(rib, group, prefix_id, new, all_paths))
		return;
	group_pend(group, prefix_id);
}

/* ---- life ----------------------------------------------------------------------------------- */

struct group *group_get(struct rib *rib, const struct group_key *key)
{
	for (size_t i = 0; i < rib->group_count; i++)
		if (group_key_equal(&rib->groups[i]->key, key))
			return rib->groups[i];
	struct group *group = memory_zalloc(sizeof(*group));
	group->key = *key;
	ARRAY_PUSH(rib->groups, rib->group_count, rib->group_capacity, group);
	if (rib->held)
		return group;
	for (uint32_t id = 0; column_next(&rib->routes, &id); id++)
		group_consider(rib, group, id, 0, select_published(rib, id), true);
	return group;
}

void group_free(struct rib *rib, struct group *group)
{
	export_memos_clear(rib, group);
	for (uint32_t id = 0; column_next(&group->out, &id); id++)
		path_list_unref(rib->table, column_get(&group->out, id) & ~OUT_PENDING);
	column_free(&group->out);
	for (size_t i = 0; i < group->journal_head; i++)
		group->journal.items[i] = NULL;
	messages_free(rib, &group->journal);
	for (size_t i = 0; i < group->page_count; i++)
		messages_free(rib, &group->pages[i]);
	free(group->pages);
	free(group->pending);
	free(group->members);
	free(group);
}

void group_join(struct rib *rib, struct group *group, struct peer *peer)
{
	(void)rib;
	ASSERT(!peer->group);
	ARRAY_PUSH(group->members, group->member_count, group->member_capacity, peer->index);
	size_t at = group->member_count - 1;
	for (; at > 0 && group->members[at - 1] > peer->index; at--)
		group->members[at] = group->members[at - 1];
	group->members[at] = peer->index;
	group->tell_left = (uint32_t)group->member_count;
	peer->group = group;
	peer->position = group->end;
	group->end_waiting++;
}

void group_leave(struct rib *rib, struct peer *peer)
{
	struct group *group = peer->group;
	if (peer->position == group->end)
		group->end_waiting--;
	else
		journal_at(group, peer->position)->waiting--;
	if (peer->listening)
		group->listeners--;
	if (peer->dumping)
		group->dumping--;
	size_t at = 0;
	while (group->members[at] != peer->index)
		at++;
	group->member_count--;
	memmove(&group->members[at], &group->members[at + 1],
		(group->member_count - at) * sizeof(*group->members));
	peer->group = NULL;
	if (group->member_count) {
		group->tell_left = (uint32_t)group->member_count;
		journal_trim(rib, group);
		return;
	}
	size_t i = 0;
	while (rib->groups[i] != group)
		i++;
	rib->group_count--;
	memmove(&rib->groups[i], &rib->groups[i + 1],
		(rib->group_count - i) * sizeof(struct group *));
	group_free(rib, group);
}

/* ---- whom to serve -------------------------------------------------------------------------- */

void member_tell(struct rib *rib, struct peer *peer)
{
	if (peer->listed)
		return;
	peer->listed = true;
	ARRAY_PUSH(rib->told, rib->told_count, rib->told_capacity, peer->index);
}

static uint32_t told_next(struct rib *rib)
{
	while (rib->told_head < rib->told_count) {
		struct peer *peer = rib->peers[rib->told[rib->told_head++]];
		peer->listed = false;
		if (member_pending(rib, peer))
			return peer->index;
	}
	rib->told_head = rib->told_count = 0;
	return UINT32_MAX;
}

uint32_t rib_pending_peer(struct rib *rib)
{
	if (rib->held)
		return UINT32_MAX;
	uint32_t index = told_next(rib);
	for (size_t i = 0; index == UINT32_MAX && i < rib->group_count; i++) {
		struct group *group = rib->groups[i];
		while (index == UINT32_MAX && group->tell_left) {
			group->tell_left--;
			group->tell_cursor = (group->tell_cursor + 1) %
					     (uint32_t)group->member_count;
			const struct peer *peer = rib->peers[group->members[group->tell_cursor]];
			if (member_pending(rib, peer))
				index = peer->index;
		}
	}
	return index;
}
