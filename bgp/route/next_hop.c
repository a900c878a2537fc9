/* What a speaker knows of next hops: who is watched (as long as a path uses it), and the answer. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "bgp/route/rib_inside.h"

void next_hops_free(struct next_hops *next_hops)
{
	for (size_t i = 0; i < next_hops->page_count; i++)
		free(next_hops->pages[i]);
	free(next_hops->pages);
	*next_hops = (struct next_hops){ 0 };
}

static struct next_hop_page *page_find(const struct rib *rib, uint32_t next_hop_id)
{
	uint32_t page = next_hop_id / NEXT_HOP_PAGE;
	return page < rib->next_hops.page_count ? rib->next_hops.pages[page] : NULL;
}

static struct next_hop_page *page_get(struct rib *rib, uint32_t next_hop_id)
{
	struct next_hops *all = &rib->next_hops;
	uint32_t page = next_hop_id / NEXT_HOP_PAGE;
	if (page >= all->page_count) {
		size_t capacity = all->page_count;
		all->pages = memory_grow(all->pages, &capacity, (size_t)page + 1,
					 sizeof(*all->pages));
		memset(all->pages + all->page_count, 0,
		       (capacity - all->page_count) * sizeof(*all->pages));
		all->page_count = capacity;
	}
	if (!all->pages[page])
		all->pages[page] = memory_zalloc(sizeof(*all->pages[page]));
	return all->pages[page];
}

void next_hop_use(struct rib *rib, uint32_t next_hop_id)
{
	if (!next_hop_id)
		return;
	struct next_hop_page *page = page_get(rib, next_hop_id);
	if (page->uses[next_hop_id % NEXT_HOP_PAGE]++)
		return;
	change_push(rib, &(struct queued){ .kind = RIB_WATCH, .next_hop = next_hop_id });
}

void next_hop_drop(struct rib *rib, uint32_t next_hop_id)
{
	if (!next_hop_id)
		return;
	struct next_hop_page *page = page_find(rib, next_hop_id);
	uint32_t at = next_hop_id % NEXT_HOP_PAGE;
	ASSERT(page && page->uses[at] > 0);
	if (--page->uses[at])
		return;
	page->flags[at] = 0;
	change_push(rib, &(struct queued){ .kind = RIB_UNWATCH, .next_hop = next_hop_id });
}

static uint8_t flags_of(const struct rib *rib, uint32_t next_hop_id)
{
	const struct next_hop_page *page = page_find(rib, next_hop_id);
	return page ? page->flags[next_hop_id % NEXT_HOP_PAGE] : 0;
}

uint16_t next_hop_path_flags(const struct rib *rib, uint32_t next_hop_id)
{
	if (!next_hop_id)
		return 0;
	uint8_t flags = flags_of(rib, next_hop_id);
	if (!(flags & NEXT_HOP_ANSWERED))
		return PATH_WAITING;
	return flags & NEXT_HOP_REACHABLE ? 0 : PATH_UNREACHABLE;
}

uint32_t next_hop_metric(const struct rib *rib, uint32_t next_hop_id)
{
	const struct next_hop_page *page = next_hop_id ? page_find(rib, next_hop_id) : NULL;
	return page ? page->metric[next_hop_id % NEXT_HOP_PAGE] : 0;
}

bool next_hop_shared(const struct rib *rib, uint32_t next_hop_id, struct ip_addr local)
{
	if (!next_hop_id || !(flags_of(rib, next_hop_id) & NEXT_HOP_CONNECTED))
		return false;
	uint8_t at = page_find(rib, next_hop_id)->local[next_hop_id % NEXT_HOP_PAGE];
	return at == 0 || local.family == IP_NONE ||
	       ip_addr_equal(rib->next_hops.locals[at], local);
}

/* Index of one of our addresses; 0, "not told", should there be more than the room allows. */
static uint8_t local_index(struct next_hops *all, struct ip_addr local)
{
	const uint32_t room = sizeof(all->locals) / sizeof(all->locals[0]);
	if (local.family == IP_NONE)
		return 0;
	for (uint32_t i = 1; i <= all->local_count; i++)
		if (ip_addr_equal(all->locals[i], local))
			return (uint8_t)i;
	if (all->local_count + 1 >= room)
		return 0;
	all->locals[++all->local_count] = local;
	return (uint8_t)all->local_count;
}

/* A path of the prefix has that next hop. */
static bool prefix_uses(const struct rib *rib, uint32_t prefix_id, uint32_t next_hop_id)
{
	uint32_t count;
	const struct path *paths =
		path_list_of(rib->table, column_get(&rib->routes, prefix_id), &count);
	for (uint32_t i = 0; i < count; i++)
		if (attr_set_at(rib->table, paths[i].attrs)->facts.next_hop_id == next_hop_id)
			return true;
	return false;
}

void rib_next_hop_changed(struct rib *rib, struct ip_addr next_hop, struct bgp_next_hop_state state,
			  struct instant now)
{
	(void)now;
	uint32_t id = bgp_next_hop_find(rib->table, next_hop);
	struct next_hop_page *page = id ? page_find(rib, id) : NULL;
	uint32_t at = id % NEXT_HOP_PAGE;
	if (!page || !page->uses[at])
		return; /* an answer that crossed our UNWATCH */
	uint8_t flags = NEXT_HOP_ANSWERED;
	flags |= state.reachable ? NEXT_HOP_REACHABLE : 0;
	flags |= state.reachable && state.connected ? NEXT_HOP_CONNECTED : 0;
	uint8_t local = state.connected ? local_index(&rib->next_hops, state.local) : 0;
	if (page->flags[at] == flags && page->metric[at] == state.metric &&
	    page->local[at] == local)
		return;
	page->flags[at] = flags;
	page->metric[at] = state.metric;
	page->local[at] = local;
	uint32_t cursor = 0;
	for (;;) {
		uint32_t prefix_id = bgp_next_hop_prefix(rib->table, id, &cursor);
		if (prefix_id == UINT32_MAX)
			break;
		if (prefix_uses(rib, prefix_id, id))
			select_again(rib, prefix_id, true);
	}
}
