/* Interned path lists: see paths.h. */
#include "bgp/route/paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "bgp/route/table_inside.h"

void table_paths_init(struct bgp_table *table)
{
	_Static_assert(sizeof(struct path) == 20, "a path is hashed byte by byte");
	slab_init(&table->lists, sizeof(struct path_list));
	hash_index_init(&table->list_index);
}

void table_paths_free(struct bgp_table *table)
{
	for (uint32_t i = 1; i < table->lists.next; i++) {
		struct path_list *list = slab_at(&table->lists, i);
		if (list->references && list->count > PATHS_INLINE)
			free(list->paths.many);
	}
	slab_free(&table->lists);
	hash_index_free(&table->list_index);
}

static const struct path *list_paths(const struct path_list *list)
{
	return list->count > PATHS_INLINE ? list->paths.many : list->paths.few;
}

static uint64_t list_hash(uint32_t prefix_id, const struct path *paths, uint32_t count)
{
	return hash_u64(hash_bytes(paths, count * sizeof(*paths)) ^
			(uint64_t)prefix_id * UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t list_rehash(const void *context, uint32_t number)
{
	const struct bgp_table *table = context;
	const struct path_list *list = slab_at(&table->lists, number);
	return list_hash(list->prefix_id, list_paths(list), list->count);
}

static uint32_t list_add(struct bgp_table *table, uint64_t hash, uint32_t prefix_id,
			 const struct path *paths, uint32_t count)
{
	uint32_t number = slab_take(&table->lists);
	struct path_list *list = slab_at(&table->lists, number);
	*list = (struct path_list){ .references = 1, .prefix_id = prefix_id, .count = count };
	struct path *room = list->paths.few;
	if (count > PATHS_INLINE)
		room = list->paths.many = memory_alloc(count * sizeof(*paths));
	memcpy(room, paths, count * sizeof(*paths));
	hash_index_add(&table->list_index, hash, number, list_rehash, table);
	for (uint32_t i = 0; i < count; i++) {
		bgp_attrs_ref(table, paths[i].attrs);
		if (!paths[i].raw)
			continue; /* an Adj-RIB-Out: nobody watches its next hops */
		bgp_attrs_ref(table, paths[i].raw);
		if (paths[i].flags & PATH_OUT)
			continue;
		uint32_t next_hop = attr_set_at(table, paths[i].attrs)->facts.next_hop_id;
		if (next_hop)
			table_pair_add(table, next_hop, prefix_id);
	}
	return number;
}

uint32_t path_list_intern(struct bgp_table *table, uint32_t prefix_id, const struct path *paths,
			  uint32_t count)
{
	if (count == 0)
		return 0;
	uint64_t hash = list_hash(prefix_id, paths, count);
	uint32_t cursor = HASH_NONE;
	for (;;) {
		uint32_t number = hash_index_next(&table->list_index, hash, &cursor);
		if (number == HASH_NONE)
			return list_add(table, hash, prefix_id, paths, count);
		struct path_list *list = slab_at(&table->lists, number);
		if (list->prefix_id == prefix_id && list->count == count &&
		    memcmp(list_paths(list), paths, count * sizeof(*paths)) == 0) {
			list->references++;
			return number;
		}
	}
}

const struct path *path_list_of(const struct bgp_table *table, uint32_t list, uint32_t *count)
{
	if (list == 0) {
		*count = 0;
		return NULL;
	}
	const struct path_list *item = slab_at(&table->lists, list);
	*count = item->count;
	return list_paths(item);
}

void path_list_ref(struct bgp_table *table, uint32_t list)
{
	if (list)
		((struct path_list *)slab_at(&table->lists, list))->references++;
}

void path_list_unref(struct bgp_table *table, uint32_t list)
{
	if (list == 0)
		return;
	struct path_list *item = slab_at(&table->lists, list);
	ASSERT(item->references > 0);
	if (--item->references)
		return;
	const struct path *paths = list_paths(item);
	ASSERT(hash_index_remove(&table->list_index,
				 list_hash(item->prefix_id, paths, item->count), list));
	for (uint32_t i = 0; i < item->count; i++) {
		bgp_attrs_unref(table, paths[i].attrs);
		if (paths[i].raw)
			bgp_attrs_unref(table, paths[i].raw);
	}
	if (item->count > PATHS_INLINE)
		free(item->paths.many);
	slab_give(&table->lists, list);
}

uint32_t path_lists_live(const struct bgp_table *table) { return table->lists.live; }
