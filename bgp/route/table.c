/* Prefixes and next hops by number, and the table's life. Attribute sets: attrs.c; path lists:
 * paths.c. */
#include "bgp/route/table.h"

#include <stdlib.h>

#include "base/assert.h"
#include "bgp/route/table_inside.h"
#include "bgp/wire/message.h"

struct bgp_table *bgp_table_new(void)
{
	struct bgp_table *table = memory_zalloc(sizeof(*table));
	hash_index_init(&table->prefix_index);
	trie_init(&table->prefix_trie);
	hash_index_init(&table->next_hop_index);
	hash_index_init(&table->pair_index);
	ARRAY_PUSH(table->next_hops, table->next_hop_count, table->next_hop_capacity,
		   (struct next_hop_entry){ 0 });
	ARRAY_PUSH(table->pairs, table->pair_count, table->pair_capacity,
		   (struct next_hop_pair){ 0 });
	table_attrs_init(table);
	table_paths_init(table);
	arena_init(&table->scratch);
	table->buffer = memory_alloc(BGP_MESSAGE_MAX_EXTENDED);
	return table;
}

void bgp_table_free(struct bgp_table *table)
{
	if (!table)
		return;
	table_paths_free(table);
	table_attrs_free(table);
	free(table->prefixes);
	hash_index_free(&table->prefix_index);
	trie_free(&table->prefix_trie);
	free(table->next_hops);
	hash_index_free(&table->next_hop_index);
	free(table->pairs);
	hash_index_free(&table->pair_index);
	arena_free(&table->scratch);
	free(table->work);
	free(table->candidates);
	free(table->buffer);
	free(table);
}

struct path *table_work(struct bgp_table *table, size_t count)
{
	if (count > table->work_capacity)
		table->work = memory_grow(table->work, &table->work_capacity, count,
					  sizeof(*table->work));
	return table->work;
}

struct candidate *table_candidates(struct bgp_table *table, size_t count)
{
	if (count > table->candidate_capacity)
		table->candidates = memory_grow(table->candidates, &table->candidate_capacity,
						count, sizeof(*table->candidates));
	return table->candidates;
}

/* ---- prefixes ------------------------------------------------------------------------------- */

/* struct ip_prefix is bytes only, without padding, and unused bytes are zero. */
static uint64_t prefix_hash(struct ip_prefix prefix) { return hash_bytes(&prefix, sizeof(prefix)); }

static uint64_t prefix_rehash(const void *context, uint32_t prefix_id)
{
	const struct bgp_table *table = context;
	return prefix_hash(table->prefixes[prefix_id]);
}

static uint32_t prefix_lookup(const struct bgp_table *table, uint64_t hash,
			      struct ip_prefix prefix)
{
	uint32_t cursor = HASH_NONE;
	for (;;) {
		uint32_t id = hash_index_next(&table->prefix_index, hash, &cursor);
		if (id == HASH_NONE)
			return UINT32_MAX;
		if (memcmp(&table->prefixes[id], &prefix, sizeof(prefix)) == 0)
			return id;
	}
}

uint32_t bgp_prefix_id(struct bgp_table *table, struct ip_prefix prefix)
{
	uint64_t hash = prefix_hash(prefix);
	uint32_t id = prefix_lookup(table, hash, prefix);
	if (id != UINT32_MAX)
		return id;
	ASSERT(ip_prefix_is_network(prefix));
	id = (uint32_t)table->prefix_count;
	ARRAY_PUSH(table->prefixes, table->prefix_count, table->prefix_capacity, prefix);
	hash_index_add(&table->prefix_index, hash, id, prefix_rehash, table);
	trie_set(&table->prefix_trie, prefix, id);
	return id;
}

struct ip_prefix bgp_prefix_of(const struct bgp_table *table, uint32_t prefix_id)
{
	ASSERT(prefix_id < table->prefix_count);
	return table->prefixes[prefix_id];
}

uint32_t bgp_prefix_count(const struct bgp_table *table) { return (uint32_t)table->prefix_count; }

uint32_t bgp_prefix_find(const struct bgp_table *table, struct ip_prefix prefix)
{
	return prefix_lookup(table, prefix_hash(prefix), prefix);
}

int bgp_prefixes_containing(const struct bgp_table *table, struct ip_addr addr, uint32_t ids[129])
{
	return trie_containing(&table->prefix_trie, addr, ids);
}

/* ---- next hops ------------------------------------------------------------------------------ */

static uint64_t next_hop_rehash(const void *context, uint32_t next_hop_id)
{
	const struct bgp_table *table = context;
	return ip_addr_hash(table->next_hops[next_hop_id].addr);
}

uint32_t bgp_next_hop_find(const struct bgp_table *table, struct ip_addr addr)
{
	if (addr.family == IP_NONE)
		return 0;
	uint32_t cursor = HASH_NONE;
	for (;;) {
		uint32_t id = hash_index_next(&table->next_hop_index, ip_addr_hash(addr), &cursor);
		if (id == HASH_NONE)
			return 0;
		if (ip_addr_equal(table->next_hops[id].addr, addr))
			return id;
	}
}

uint32_t bgp_next_hop_id(struct bgp_table *table, struct ip_addr addr)
{
	uint32_t id = bgp_next_hop_find(table, addr);
	if (id || addr.family == IP_NONE)
		return id;
	id = (uint32_t)table->next_hop_count;
	ARRAY_PUSH(table->next_hops, table->next_hop_count, table->next_hop_capacity,
		   ((struct next_hop_entry){ .addr = addr }));
	hash_index_add(&table->next_hop_index, ip_addr_hash(addr), id, next_hop_rehash, table);
	return id;
}

struct ip_addr bgp_next_hop_of(const struct bgp_table *table, uint32_t next_hop_id)
{
	ASSERT(next_hop_id < table->next_hop_count);
	return table->next_hops[next_hop_id].addr;
}

static uint64_t pair_hash(uint32_t next_hop_id, uint32_t prefix_id)
{
	return hash_u64((uint64_t)next_hop_id << 32 | prefix_id);
}

static uint64_t pair_rehash(const void *context, uint32_t pair)
{
	const struct bgp_table *table = context;
	return pair_hash(table->pairs[pair].next_hop_id, table->pairs[pair].prefix_id);
}

void table_pair_add(struct bgp_table *table, uint32_t next_hop_id, uint32_t prefix_id)
{
	uint64_t hash = pair_hash(next_hop_id, prefix_id);
	uint32_t cursor = HASH_NONE;
	for (;;) {
		uint32_t known = hash_index_next(&table->pair_index, hash, &cursor);
		if (known == HASH_NONE)
			break;
		if (table->pairs[known].next_hop_id == next_hop_id &&
		    table->pairs[known].prefix_id == prefix_id)
			return;
	}
	uint32_t number = (uint32_t)table->pair_count;
	ARRAY_PUSH(table->pairs, table->pair_count, table->pair_capacity,
		   ((struct next_hop_pair){ next_hop_id, prefix_id, 0 }));
	hash_index_add(&table->pair_index, hash, number, pair_rehash, table);
	struct next_hop_entry *entry = &table->next_hops[next_hop_id];
	if (entry->last_pair)
		table->pairs[entry->last_pair].next = number;
	else
		entry->first_pair = number;
	entry->last_pair = number;
}

uint32_t bgp_next_hop_prefix(const struct bgp_table *table, uint32_t next_hop_id, uint32_t *cursor)
{
	ASSERT(next_hop_id < table->next_hop_count);
	*cursor = *cursor ? table->pairs[*cursor].next : table->next_hops[next_hop_id].first_pair;
	return *cursor ? table->pairs[*cursor].prefix_id : UINT32_MAX;
}
