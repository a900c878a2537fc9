/* A group's journal: pending prefixes become messages, which every member takes in turn.
 *
 * A prefix that changes ten times before anybody has room is worked out once. The column `out`
 * holds what the journal said last, so what comes out as it was is not said again. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "bgp/route/rib_inside.h"

#define JOURNAL_BATCH 256u

/* ---- messages ------------------------------------------------------------------------------- */

static struct message *message_new(struct rib *rib, uint32_t attrs, uint8_t family,
				   const struct item *items, uint32_t count,
				   struct bgp_slice *slice)
{
	struct message *message = memory_alloc(sizeof(*message) + count * sizeof(*items));
	*message = (struct message){ .attrs = attrs, .count = count, .family = family,
				     .slice = slice };
	memcpy(message->items, items, count * sizeof(*items));
	if (attrs) {
		bgp_attrs_ref(rib->table, attrs);
		uint32_t next_hop = attr_set_at(rib->table, attrs)->facts.next_hop_id;
		message->next_hops |= UINT64_C(1) << next_hop % 64;
	}
	for (uint32_t i = 0; i < count; i++) {
		message->sources |= UINT64_C(1) << items[i].source % 64;
		message->sources |= UINT64_C(1) << items[i].old_source % 64;
		message->next_hops |= UINT64_C(1) << items[i].old_next_hop % 64;
	}
	return message;
}

static void message_free(struct rib *rib, struct message *message)
{
	if (!message)
		return;
	if (message->attrs)
		bgp_attrs_unref(rib->table, message->attrs);
	bgp_slice_unref(message->slice);
	free(message);
}

void messages_free(struct rib *rib, struct messages *messages)
{
	for (size_t i = 0; i < messages->count; i++)
		message_free(rib, messages->items[i]);
	free(messages->items);
	*messages = (struct messages){ 0 };
}

/* ---- the queue ------------------------------------------------------------------------------ */

/* The first one alive stands at journal_head and has the number end - (count - journal_head). */
struct message *journal_at(const struct group *group, uint64_t number)
{
	uint64_t alive = group->journal.count - group->journal_head;
	ASSERT(number < group->end && number >= group->end - alive);
	return group->journal.items[group->journal.count - (size_t)(group->end - number)];
}

struct sink {
	struct rib *rib;
	struct group *group;
	struct messages *page;
};

static void emit_journal(void *context, uint32_t attrs, uint8_t family, const struct item *items,
			 uint32_t count, struct bgp_slice *slice)
{
	const struct sink *sink = context;
	struct group *group = sink->group;
	struct message *message = message_new(sink->rib, attrs, family, items, count, slice);
	message->waiting = group->end_waiting;
	group->end_waiting = 0;
	group->end++;
	ARRAY_PUSH(group->journal.items, group->journal.count, group->journal.capacity, message);
}

void journal_trim(struct rib *rib, struct group *group)
{
	struct messages *all = &group->journal;
	while (group->journal_head < all->count &&
	       all->items[group->journal_head]->waiting == 0) {
		message_free(rib, all->items[group->journal_head]);
		all->items[group->journal_head++] = NULL;
	}
	if (group->journal_head == all->count) {
		all->count = group->journal_head = 0;
	} else if (group->journal_head > 1024 && group->journal_head * 2 > all->count) {
		all->count -= group->journal_head;
		memmove(all->items, all->items + group->journal_head,
			all->count * sizeof(struct message *));
		group->journal_head = 0;
	}
}

/* ---- what changed --------------------------------------------------------------------------- */

/* GoBGP: the group of non-clients was told of a client's route, and a non-client's took its place:
 * no word of that. The list with the route marked as such, +1 reference; 0: does not apply. */
static uint32_t overtaken(struct rib *rib, const struct group *group, uint32_t prefix_id,
			  uint32_t old)
{
	uint32_t count;
	const struct path *told = path_list_of(rib->table, old, &count);
	if (!rib->profile->overtaken_not_withdrawn || count != 1 || group->key.external ||
	    group->key.client || told->peer == PEER_LOCAL)
		return 0;
	const struct path *best = select_best(rib, select_published(rib, prefix_id));
	const struct peer *from = rib->peers[told->peer];
	bool by_internal = best && best->peer != PEER_LOCAL &&
			   !rib->peers[best->peer]->about.external;
	if (from->about.external || !from->client ||
	    !(by_internal || told->flags & PATH_OVERTAKEN))
		return 0;
	struct path stuck = *told;
	stuck.flags |= PATH_OVERTAKEN;
	return path_list_intern(rib->table, prefix_id, &stuck, 1);
}

/* What the group shall hold for the prefix, as a list of its own, +1 reference. */
static uint32_t export_prefix(struct rib *rib, struct group *group, uint32_t prefix_id,
			      uint32_t old)
{
	uint32_t count, n = 0;
	const struct path *paths =
		path_list_of(rib->table, select_published(rib, prefix_id), &count);
	bool all_paths = group->key.codec.add_path_out & prefix_family(rib, prefix_id);
	if (!all_paths)
		count = count && paths[0].flags & PATH_BEST ? 1 : 0;
	struct path *out = table_work(rib->table, count);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t attrs = export_path(rib, group, prefix_id, &paths[i]);
		if (!attrs)
			continue;
		struct path path = { .attrs = attrs, .peer = paths[i].peer,
				     .path_id = all_paths ? paths[i].slot : 0 };
		if (rib->profile->repeats_unchanged) {
			path.raw = paths[i].attrs;
			path.flags = PATH_OUT;
		}
		uint32_t at = n++;
		for (; at > 0 && out[at - 1].path_id > path.path_id; at--)
			out[at] = out[at - 1];
		out[at] = path;
	}
	uint32_t list = n ? path_list_intern(rib->table, prefix_id, out, n) :
			    overtaken(rib, group, prefix_id, old);
	for (uint32_t i = 0; i < n; i++)
		bgp_attrs_unref(rib->table, out[i].attrs);
	return list;
}

static struct draft draft_of(const struct rib *rib, uint32_t prefix_id, const struct path *old,
			     const struct path *new)
{
	const struct path *any = new ? new : old;
	struct draft draft = {
		.item = { .prefix_id = prefix_id, .path_id = any->path_id,
			  .source = new ? new->peer : PEER_NONE,
			  .old_source = old ? old->peer : PEER_NONE },
		.attrs = new ? new->attrs : 0,
		.family = prefix_family(rib, prefix_id),
	};
	if (old)
		draft.item.old_next_hop = attr_set_at(rib->table, old->attrs)->facts.next_hop_id;
	return draft;
}

/* Both lists stand in order of path id. */
static void diff(struct rib *rib, uint32_t prefix_id, uint32_t old_list, uint32_t new_list,
		 struct drafts *drafts)
{
	uint32_t old_count, new_count, i = 0, j = 0;
	const struct path *old = path_list_of(rib->table, old_list, &old_count);
	const struct path *new = path_list_of(rib->table, new_list, &new_count);
	while (i < old_count || j < new_count) {
		const struct path *gone = i < old_count ? &old[i] : NULL;
		const struct path *here = j < new_count ? &new[j] : NULL;
		if (gone && here && gone->path_id != here->path_id) {
			if (gone->path_id < here->path_id)
				here = NULL;
			else
				gone = NULL;
		}
		i += gone != NULL;
		j += here != NULL;
		if (gone && here && gone->attrs == here->attrs && gone->peer == here->peer &&
		    gone->raw == here->raw)
			continue;
		if (!gone && here->flags & PATH_OVERTAKEN)
			continue; /* known to those who were told, and to nobody else */
		struct draft draft = draft_of(rib, prefix_id, gone, here);
		ARRAY_PUSH(drafts->items, drafts->count, drafts->capacity, draft);
	}
}

static void fill_one(struct rib *rib, struct group *group, uint32_t prefix_id,
		     struct drafts *drafts)
{
	uint32_t value = column_get(&group->out, prefix_id);
	ASSERT(value & OUT_PENDING);
	uint32_t old = value & ~OUT_PENDING;
	uint32_t new = export_prefix(rib, group, prefix_id, old);
	column_set(&group->out, prefix_id, new);
	if (new != old) {
		journal_page_changed(rib, group, prefix_id / COLUMN_PAGE);
		if (group->listeners)
			diff(rib, prefix_id, old, new, drafts);
	}
	/* The drafts name attribute sets of the new list, which the column holds, and next hops of
	 * the old one, which are never forgotten. */
	path_list_unref(rib->table, old);
}

void journal_fill(struct rib *rib, struct group *group)
{
	struct drafts drafts = { 0 };
	arena_rewind(&rib->table->scratch);
	for (uint32_t n = 0; n < JOURNAL_BATCH && journal_pending(group); n++)
		fill_one(rib, group, group->pending[group->pending_head++], &drafts);
	if (!journal_pending(group))
		group->pending_head = group->pending_count = 0;
	export_memos_clear(rib, group);
	struct sink sink = { rib, group, NULL };
	pack_drafts(rib, &group->key, &drafts, emit_journal, &sink);
	free(drafts.items);
	member_compact(rib, group);
}

/* ---- pages of the table, for those who join ------------------------------------------------- */

void journal_page_changed(struct rib *rib, struct group *group, uint32_t page)
{
	if (page < group->page_count)
		messages_free(rib, &group->pages[page]);
}

static void emit_page(void *context, uint32_t attrs, uint8_t family, const struct item *items,
		      uint32_t count, struct bgp_slice *slice)
{
	const struct sink *sink = context;
	if (!attrs) {
		bgp_slice_unref(slice); /* a route too large for a message: nothing to tell */
		return;
	}
	struct message *message = message_new(sink->rib, attrs, family, items, count, slice);
	ARRAY_PUSH(sink->page->items, sink->page->count, sink->page->capacity, message);
}

const struct messages *journal_page(struct rib *rib, struct group *group, uint32_t page)
{
	if (page >= group->page_count) {
		size_t capacity = group->page_count;
		group->pages = memory_grow(group->pages, &capacity, (size_t)page + 1,
					   sizeof(*group->pages));
		memset(group->pages + group->page_count, 0,
		       (capacity - group->page_count) * sizeof(*group->pages));
		group->page_count = capacity;
	}
	struct sink sink = { rib, group, &group->pages[page] };
	if (sink.page->count)
		return sink.page;
	struct drafts drafts = { 0 };
	arena_rewind(&rib->table->scratch);
	uint32_t end = (page + 1) * COLUMN_PAGE;
	for (uint32_t id = page * COLUMN_PAGE; id < end && column_next(&group->out, &id); id++) {
		if (id < end)
			diff(rib, id, 0, column_get(&group->out, id) & ~OUT_PENDING, &drafts);
	}
	pack_drafts(rib, &group->key, &drafts, emit_page, &sink);
	free(drafts.items);
	return sink.page;
}
