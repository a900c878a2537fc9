/* The queue of what the speaker has to carry out or trace. */
#include <stdlib.h>

#include "base/assert.h"
#include "bgp/route/rib_inside.h"

bool change_wanted(const struct rib *rib, enum bgp_event_kind kind)
{
	return rib->config->event_mask >> kind & 1u;
}

void change_push(struct rib *rib, const struct queued *change)
{
	if (change->attrs)
		bgp_attrs_ref(rib->table, change->attrs);
	path_list_ref(rib->table, change->list);
	ARRAY_PUSH(rib->changes, rib->change_count, rib->change_capacity, *change);
}

static void queued_drop(struct rib *rib, struct queued *change)
{
	if (change->attrs)
		bgp_attrs_unref(rib->table, change->attrs);
	path_list_unref(rib->table, change->list);
	*change = (struct queued){ 0 };
}

void changes_free(struct rib *rib)
{
	for (size_t i = rib->change_head; i < rib->change_count; i++)
		queued_drop(rib, &rib->changes[i]);
	queued_drop(rib, &rib->current);
	free(rib->changes);
	free(rib->fib);
}

static void fill_next_hops(struct rib *rib, struct rib_change *change, uint32_t list)
{
	uint32_t ids[BGP_NEXT_HOPS_MAX];
	if (!rib->fib)
		rib->fib = memory_alloc(BGP_NEXT_HOPS_MAX * sizeof(*rib->fib));
	change->next_hop_count = select_next_hops(rib, list, ids, &change->external);
	for (uint32_t i = 0; i < change->next_hop_count; i++)
		rib->fib[i] = bgp_next_hop_of(rib->table, ids[i]);
	change->next_hops = rib->fib;
}

bool rib_change_next(struct rib *rib, struct rib_change *change)
{
	queued_drop(rib, &rib->current);
	if (rib->change_head == rib->change_count) {
		rib->change_head = rib->change_count = 0;
		return false;
	}
	rib->current = rib->changes[rib->change_head++];
	const struct queued *from = &rib->current;
	*change = (struct rib_change){
		.kind = (enum rib_change_kind)from->kind,
		.prefix_id = from->prefix_id,
		.attrs_id = from->attrs,
		.path_id = from->path_id,
		.peer = from->peer == PEER_LOCAL ? UINT32_MAX : from->peer,
		.stale = from->stale,
		.rule = from->rule,
		.next_hop_count = from->count,
	};
	if (from->next_hop)
		change->next_hop = bgp_next_hop_of(rib->table, from->next_hop);
	if (from->kind == RIB_FIB_SET)
		fill_next_hops(rib, change, from->list);
	return true;
}
