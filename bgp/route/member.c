/* One member of an update group: what it is still to be sent, in which order.
 *
 * What stands in `out` goes first. Then the group's journal from the member's position; pending
 * prefixes are put there before anything else is looked at, so the table behind is up to date. Then
 * single prefixes owed to this member alone; then its dump, page by page; at last End-of-RIB.
 *
 * In its first dump a member skips what the journal says of pages it has not reached: they will be
 * dumped as they are then. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "bgp/route/rib_inside.h"
#include "bgp/wire/message.h"

#define JOURNAL_MAX 4096u /* messages kept for a slow member */
#define OWED_BATCH 256u   /* prefixes */

static const struct rib_update_counts no_counts;

static void out_push(struct peer *peer, struct bgp_slice *slice, struct rib_update_counts counts)
{
	struct outgoing outgoing = { slice, counts };
	ARRAY_PUSH(peer->out, peer->out_count, peer->out_capacity, outgoing);
}

static void out_clear(struct peer *peer)
{
	for (; peer->out_head < peer->out_count; peer->out_head++)
		bgp_slice_unref(peer->out[peer->out_head].slice);
	peer->out_head = peer->out_count = 0;
}

static bool owes(const struct peer *peer) { return peer->owed_head < peer->owed_count; }

bool member_pending(const struct rib *rib, const struct peer *peer)
{
	const struct group *group = peer->group;
	if (!peer->up || rib->held)
		return false;
	return peer->out_head < peer->out_count || peer->position < group->end ||
	       journal_pending(group) || owes(peer) || peer->dumping || peer->end_of_rib ||
	       peer->refresh_begin || peer->refresh_end;
}

/* ---- what a member is not told -------------------------------------------------------------- */

static bool sees(const struct rib *rib, const struct peer *peer, uint16_t source, uint32_t next_hop)
{
	if (source == PEER_NONE)
		return false;
	if (source == peer->index && !rib->profile->reflect_to_source)
		return false;
	return !rib->profile->suppress_next_hop_of_peer || next_hop != peer->remote_id;
}

/* The first dump will come to the prefix later. */
static bool not_yet(const struct peer *peer, uint32_t prefix_id)
{
	return peer->dumping && peer->fresh && prefix_id / COLUMN_PAGE >= peer->dump_page;
}

/* The prefix is owed to the member: it will be told how things stand then, and knows from before
 * something else than the group does. `sorted`: how many of the entries are in order. */
static bool is_owed(const struct peer *peer, size_t sorted, uint32_t prefix_id)
{
	size_t low = peer->owed_head, high = sorted;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (peer->owed[middle].prefix_id == prefix_id)
			return true;
		if (peer->owed[middle].prefix_id < prefix_id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool may_differ(const struct rib *rib, const struct peer *peer,
		       const struct message *message)
{
	if ((peer->dumping && peer->fresh) || owes(peer))
		return true;
	if (!rib->profile->reflect_to_source &&
	    message->sources & UINT64_C(1) << peer->index % 64)
		return true;
	return (rib->profile->suppress_next_hop_of_peer ||
		rib->profile->next_hop_self_for_owner) &&
	       message->next_hops & UINT64_C(1) << peer->remote_id % 64;
}

/* The set as this member is told it, +1 reference; 0 stays 0. */
static uint32_t attrs_for(struct rib *rib, const struct peer *peer, uint32_t attrs)
{
	if (attrs == 0)
		return 0;
	if (!rib->profile->next_hop_self_for_owner ||
	    attr_set_at(rib->table, attrs)->facts.next_hop_id != peer->remote_id) {
		bgp_attrs_ref(rib->table, attrs);
		return attrs;
	}
	struct bgp_attrs own = *bgp_attrs_of(rib->table, attrs);
	own.next_hop = peer->about.local;
	return bgp_attrs_intern(rib->table, &own);
}

static void emit_own(void *context, uint32_t attrs, uint8_t family, const struct item *items,
		     uint32_t count, struct bgp_slice *slice)
{
	(void)family;
	(void)items;
	struct rib_update_counts counts = { .announced = attrs ? count : 0,
					    .withdrawn = attrs ? 0 : count };
	out_push(context, slice, counts);
}

static void take_shared(struct peer *peer, const struct message *message)
{
	emit_own(peer, message->attrs, message->family, message->items, message->count,
		 bgp_slice_ref(message->slice));
}

/* Splits a message into what the member is told of it and what it must forget. */
static void take(struct rib *rib, struct peer *peer, const struct message *message)
{
	if (!may_differ(rib, peer, message)) {
		take_shared(peer, message);
		return;
	}
	arena_rewind(&rib->table->scratch);
	struct arena *arena = &rib->table->scratch;
	struct item *told = arena_alloc(arena, message->count * sizeof(*told));
	struct item *gone = arena_alloc(arena, message->count * sizeof(*gone));
	uint32_t told_count = 0, gone_count = 0;
	uint32_t next_hop = message->attrs ?
				    attr_set_at(rib->table, message->attrs)->facts.next_hop_id : 0;
	for (uint32_t i = 0; i < message->count; i++) {
		const struct item *item = &message->items[i];
		if (not_yet(peer, item->prefix_id) ||
		    is_owed(peer, peer->owed_count, item->prefix_id))
			continue;
		if (message->attrs && sees(rib, peer, item->source, next_hop))
			told[told_count++] = *item;
		else if (sees(rib, peer, item->old_source, item->old_next_hop))
			gone[gone_count++] = *item;
	}
	uint32_t whole = message->attrs ? told_count : gone_count;
	uint32_t attrs = attrs_for(rib, peer, message->attrs);
	if (whole == message->count && attrs == message->attrs) {
		take_shared(peer, message);
	} else {
		const struct group_key *key = &peer->group->key;
		pack_items(rib, key, 0, message->family, gone, gone_count, emit_own, peer);
		pack_items(rib, key, attrs, message->family, told, told_count, emit_own, peer);
	}
	if (attrs)
		bgp_attrs_unref(rib->table, attrs);
}

/* ---- single prefixes owed ------------------------------------------------------------------- */

static int compare_owed(const void *a_, const void *b_)
{
	const struct owed *a = a_, *b = b_;
	if (a->prefix_id != b->prefix_id)
		return a->prefix_id < b->prefix_id ? -1 : 1;
	if (a->path_id != b->path_id)
		return a->path_id < b->path_id ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void owe(struct peer *peer, uint32_t prefix_id, uint32_t path_id, bool had)
{
	struct owed owed = { prefix_id, path_id, (uint32_t)peer->owed_count, had };
	ARRAY_PUSH(peer->owed, peer->owed_count, peer->owed_capacity, owed);
}

/* Sorts; of several entries for the same, the first made knows what the peer really holds. */
static void owed_settle(struct peer *peer)
{
	size_t kept = 0;
	if (!owes(peer))
		return;
	memmove(peer->owed, peer->owed + peer->owed_head,
		(peer->owed_count - peer->owed_head) * sizeof(*peer->owed));
	peer->owed_count -= peer->owed_head;
	peer->owed_head = 0;
	for (size_t i = 0; i < peer->owed_count; i++)
		peer->owed[i].order = (uint32_t)i;
	qsort(peer->owed, peer->owed_count, sizeof(*peer->owed), compare_owed);
	for (size_t i = 0; i < peer->owed_count; i++) {
		if (kept && peer->owed[kept - 1].prefix_id == peer->owed[i].prefix_id &&
		    peer->owed[kept - 1].path_id == peer->owed[i].path_id)
			continue;
		peer->owed[kept++] = peer->owed[i];
	}
	peer->owed_count = kept;
}

/* Moves the member to the journal's end, and notes what it skipped. */
static void skip_to_end(struct peer *peer, const struct rib *rib)
{
	struct group *group = peer->group;
	size_t sorted = peer->owed_count;
	if (peer->position == group->end)
		return;
	for (uint64_t number = peer->position; number < group->end; number++) {
		const struct message *message = journal_at(group, number);
		for (uint32_t i = 0; i < message->count; i++) {
			const struct item *item = &message->items[i];
			if (!not_yet(peer, item->prefix_id) &&
			    !is_owed(peer, sorted, item->prefix_id))
				owe(peer, item->prefix_id, item->path_id,
				    sees(rib, peer, item->old_source, item->old_next_hop));
		}
	}
	journal_at(group, peer->position)->waiting--;
	group->end_waiting++;
	peer->position = group->end;
}

void member_compact(struct rib *rib, struct group *group)
{
	if (group->journal.count - group->journal_head <= JOURNAL_MAX)
		return;
	for (size_t i = 0; i < group->member_count; i++) {
		struct peer *peer = rib->peers[group->members[i]];
		if (group->end - peer->position <= JOURNAL_MAX / 2)
			continue;
		skip_to_end(peer, rib);
		owed_settle(peer);
	}
	journal_trim(rib, group);
}

static void owed_prefix(struct rib *rib, struct peer *peer, const struct owed *run, size_t length,
			struct drafts *drafts)
{
	uint32_t count;
	const struct path *paths = path_list_of(
		rib->table, column_get(&peer->group->out, run->prefix_id) & ~OUT_PENDING, &count);
	uint8_t family = prefix_family(rib, run->prefix_id);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t next_hop = attr_set_at(rib->table, paths[i].attrs)->facts.next_hop_id;
		if (!sees(rib, peer, paths[i].peer, next_hop))
			continue;
		struct draft draft = { .item = { run->prefix_id, paths[i].path_id, 0,
						 paths[i].peer, PEER_NONE },
				       .attrs = attrs_for(rib, peer, paths[i].attrs),
				       .family = family };
		ARRAY_PUSH(drafts->items, drafts->count, drafts->capacity, draft);
	}
	for (size_t i = 0; i < length; i++) {
		bool told = false;
		for (uint32_t j = 0; j < count; j++)
			told |= paths[j].path_id == run[i].path_id &&
				sees(rib, peer, paths[j].peer,
				     attr_set_at(rib->table, paths[j].attrs)->facts.next_hop_id);
		if (told || !run[i].had)
			continue;
		struct draft draft = { .item = { run->prefix_id, run[i].path_id, 0, PEER_NONE,
						 PEER_NONE },
				       .family = family };
		ARRAY_PUSH(drafts->items, drafts->count, drafts->capacity, draft);
	}
}

static void pay(struct rib *rib, struct peer *peer)
{
	struct drafts drafts = { 0 };
	arena_rewind(&rib->table->scratch);
	for (uint32_t n = 0; n < OWED_BATCH && owes(peer); n++) {
		const struct owed *run = &peer->owed[peer->owed_head];
		size_t length = 1;
		while (peer->owed_head + length < peer->owed_count &&
		       run[length].prefix_id == run->prefix_id)
			length++;
		owed_prefix(rib, peer, run, length, &drafts);
		peer->owed_head += length;
	}
	if (!owes(peer)) {
		free(peer->owed);
		peer->owed = NULL;
		peer->owed_head = peer->owed_count = peer->owed_capacity = 0;
	}
	pack_drafts(rib, &peer->group->key, &drafts, emit_own, peer);
	for (size_t i = 0; i < drafts.count; i++)
		if (drafts.items[i].attrs)
			bgp_attrs_unref(rib->table, drafts.items[i].attrs);
	free(drafts.items);
}

/* ---- dump ----------------------------------------------------------------------------------- */

static void listen(struct peer *peer)
{
	peer->group->listeners += !peer->listening;
	peer->listening = true;
}

static void dump_start(struct peer *peer, uint8_t families)
{
	peer->group->dumping += !peer->dumping;
	peer->dumping |= families;
	peer->dump_page = 0;
}

static void dump_end(struct rib *rib, struct peer *peer)
{
	struct group *group = peer->group;
	if (!peer->dumping)
		return;
	peer->dumping = 0;
	peer->fresh = false;
	if (--group->dumping)
		return;
	for (size_t i = 0; i < group->page_count; i++)
		messages_free(rib, &group->pages[i]);
}

static void dump_page(struct rib *rib, struct peer *peer)
{
	struct group *group = peer->group;
	listen(peer);
	while (peer->dump_page < group->out.page_count && !group->out.pages[peer->dump_page])
		peer->dump_page++;
	if (peer->dump_page >= group->out.page_count) {
		dump_end(rib, peer);
		return;
	}
	const struct messages *page = journal_page(rib, group, peer->dump_page);
	peer->dump_page++; /* before the messages are taken: they are no longer "not yet" */
	for (size_t i = 0; i < page->count; i++)
		if (page->items[i]->family & peer->dumping)
			take(rib, peer, page->items[i]);
}

/* Takes the lowest family out of a set of them. */
static uint8_t lowest(uint8_t *families)
{
	uint8_t family = (uint8_t)(*families & -*families);
	*families &= (uint8_t)~family;
	return family;
}

static struct bgp_slice *slice_of(const void *bytes, size_t length)
{
	struct bgp_slice *slice = memory_alloc(sizeof(*slice) + length);
	slice->references = 1;
	slice->length = (uint32_t)length;
	memcpy(slice->bytes, bytes, length);
	return slice;
}

/* RFC 7313 section 4: BoRR and EoRR frame the answer to a refresh. */
static void push_refresh(struct peer *peer, uint8_t family, uint8_t subtype)
{
	uint8_t room[BGP_HEADER_BYTES + 4];
	struct writer out = writer_of(room, sizeof(room));
	struct bgp_route_refresh refresh = { .subtype = subtype, .family = family };
	bgp_family_codes(family, &refresh.afi, &refresh.safi);
	bgp_route_refresh_encode(&refresh, &out);
	out_push(peer, slice_of(room, writer_used(&out)), no_counts);
}

static void push_end_of_rib(struct rib *rib, struct peer *peer, uint8_t family)
{
	struct bgp_update_writer writer;
	bgp_update_begin(&writer, rib->table->buffer, peer->group->key.message_max, NULL,
			 &peer->group->key.codec, family);
	struct rib_update_counts counts = { .end_of_rib = family };
	out_push(peer, slice_of(rib->table->buffer, bgp_update_finish(&writer)), counts);
}

/* ---- in order ------------------------------------------------------------------------------- */

static void take_journal(struct rib *rib, struct peer *peer)
{
	struct group *group = peer->group;
	struct message *message = journal_at(group, peer->position);
	take(rib, peer, message);
	message->waiting--;
	peer->position++;
	if (peer->position == group->end)
		group->end_waiting++;
	else
		journal_at(group, peer->position)->waiting++;
	journal_trim(rib, group);
}

/* One step on; false when the member is up to date. */
static bool advance(struct rib *rib, struct peer *peer)
{
	struct group *group = peer->group;
	if (peer->position < group->end)
		take_journal(rib, peer);
	else if (journal_pending(group))
		journal_fill(rib, group);
	else if (owes(peer))
		pay(rib, peer);
	else if (peer->refresh_begin)
		push_refresh(peer, lowest(&peer->refresh_begin), BGP_REFRESH_BEGIN);
	else if (peer->dumping)
		dump_page(rib, peer);
	else if (peer->refresh_end)
		push_refresh(peer, lowest(&peer->refresh_end), BGP_REFRESH_END);
	else if (peer->end_of_rib)
		push_end_of_rib(rib, peer, lowest(&peer->end_of_rib));
	else
		return false;
	return true;
}

/* Something to send stands in `out`. */
static bool filled(struct rib *rib, struct peer *peer)
{
	while (peer->out_head == peer->out_count) {
		peer->out_head = peer->out_count = 0;
		if (!advance(rib, peer))
			return false;
	}
	return true;
}

/* The withdrawals taken from `out` and what follows them as one UPDATE, where both are of the
 * classic form and fit; else the withdrawals alone. What follows are more withdrawals, made for
 * this member alone (others share theirs), or an announcement if the profile has it so. */
static struct outgoing ride_along(struct rib *rib, struct peer *peer, struct outgoing gone)
{
	if (gone.counts.announced || !gone.counts.withdrawn ||
	    rib->profile->one_prefix_per_update || !filled(rib, peer))
		return gone;
	const struct outgoing *next = &peer->out[peer->out_head];
	bool wanted = next->counts.announced ? rib->profile->withdraws_along :
					       next->slice->references == 1;
	if (!wanted)
		return gone;
	struct bgp_slice *whole = pack_joined(gone.slice, next->slice,
					      peer->group->key.message_max);
	if (!whole)
		return gone;
	struct outgoing both = { whole, next->counts };
	both.counts.withdrawn += gone.counts.withdrawn;
	bgp_slice_unref(gone.slice);
	bgp_slice_unref(next->slice);
	peer->out_head++;
	return both;
}

struct bgp_slice *rib_send_next(struct rib *rib, uint32_t index, struct rib_update_counts *counts)
{
	struct peer *peer = rib_peer_at(rib, index);
	*counts = no_counts;
	if (!peer || !peer->up || rib->held)
		return NULL;
	if (!filled(rib, peer))
		return NULL;
	struct outgoing outgoing = peer->out[peer->out_head++];
	for (struct bgp_slice *before = NULL; before != outgoing.slice;) {
		before = outgoing.slice;
		outgoing = ride_along(rib, peer, outgoing);
	}
	*counts = outgoing.counts;
	return outgoing.slice;
}

bool rib_send_pending(const struct rib *rib, uint32_t index)
{
	const struct peer *peer = rib_peer_at(rib, index);
	return peer && member_pending(rib, peer);
}

/* ---- coming and going ----------------------------------------------------------------------- */

void member_started(struct rib *rib, struct peer *peer)
{
	struct group_key key = group_key_of(rib, peer);
	group_join(rib, group_get(rib, &key), peer);
	peer->fresh = true;
	dump_start(peer, key.codec.families);
	peer->end_of_rib = key.codec.families;
	member_tell(rib, peer);
}

void member_stop(struct rib *rib, struct peer *peer)
{
	dump_end(rib, peer);
	group_leave(rib, peer);
	out_clear(peer);
	free(peer->out);
	free(peer->owed);
	peer->out = NULL;
	peer->owed = NULL;
	peer->out_capacity = peer->owed_head = peer->owed_count = peer->owed_capacity = 0;
	peer->listening = peer->fresh = false;
	peer->end_of_rib = peer->refresh_begin = peer->refresh_end = 0;
}

/* Everything the peer may hold from the old group's table; what was owed already is known. */
static void owe_table(struct rib *rib, struct peer *peer, size_t sorted)
{
	const struct column *out = &peer->group->out;
	for (uint32_t id = 0; column_next(out, &id); id++) {
		uint32_t count;
		const struct path *paths =
			path_list_of(rib->table, column_get(out, id) & ~OUT_PENDING, &count);
		if (not_yet(peer, id) || is_owed(peer, sorted, id))
			continue;
		for (uint32_t i = 0; i < count; i++)
			owe(peer, id, paths[i].path_id,
			    sees(rib, peer, paths[i].peer,
				 attr_set_at(rib->table, paths[i].attrs)->facts.next_hop_id));
	}
}

void member_regroup(struct rib *rib, struct peer *peer)
{
	struct group_key key = group_key_of(rib, peer);
	if (group_key_equal(&key, &peer->group->key)) {
		peer->group->key.policy = key.policy; /* the same, in newer memory */
		return;
	}
	bool told = peer->listening, fresh = peer->fresh;
	uint8_t families = peer->dumping;
	if (told) {
		size_t sorted = peer->owed_count;
		skip_to_end(peer, rib);
		owe_table(rib, peer, sorted);
	}
	dump_end(rib, peer);
	group_leave(rib, peer);
	peer->listening = false;
	struct group *group = group_get(rib, &key);
	while (told && !group->listeners && journal_pending(group))
		journal_fill(rib, group);
	group_join(rib, group, peer);
	if (told) {
		for (uint32_t id = 0; column_next(&rib->routes, &id); id++)
			owe(peer, id, 0, false);
		owed_settle(peer);
		listen(peer);
	} else {
		peer->fresh = fresh;
		dump_start(peer, families);
	}
	member_tell(rib, peer);
}

void rib_refresh(struct rib *rib, uint32_t index, uint8_t families, bool enhanced)
{
	struct peer *peer = rib_peer_at(rib, index);
	ASSERT(peer && peer->up);
	families &= peer->about.codec.families;
	if (!families)
		return;
	/* What the first dump has told so far may not be forgotten by starting over. */
	if (peer->listening)
		peer->fresh = false;
	dump_start(peer, families);
	if (enhanced)
		peer->refresh_begin = peer->refresh_end = families;
	member_tell(rib, peer);
}
