#include "checker/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

void table_init(struct table *table, uint32_t node_count, size_t row_size,
		int (*compare)(const void *a, const void *b), void (*drop)(struct row *row))
{
	*table = (struct table){ .node_count = node_count, .row_size = (uint32_t)row_size,
				 .compare = compare, .drop = drop };
	slab_init(&table->slab, row_size);
	hash_index_init(&table->index);
	table->lists = memory_zalloc((node_count + 1) * sizeof(*table->lists));
}

void table_free(struct table *table)
{
	for (uint32_t node = 0; node < table->node_count; node++) {
		struct row_list *list = &table->lists[node];
		for (size_t i = 0; table->drop && i < list->count; i++)
			table->drop(list->rows[i]);
		free(list->rows);
	}
	free(table->lists);
	hash_index_free(&table->index);
	slab_free(&table->slab);
}

struct row *table_find(const struct table *table, uint64_t hash,
		       bool (*match)(const struct row *row, const void *key), const void *key)
{
	uint32_t cursor = HASH_NONE, number;
	while ((number = hash_index_next(&table->index, hash, &cursor)) != HASH_NONE) {
		struct row *row = slab_at(&table->slab, number);
		if (row->hash == hash && match(row, key))
			return row;
	}
	return NULL;
}

static uint64_t row_hash(const void *context, uint32_t value)
{
	const struct row *row = slab_at(context, value);
	return row->hash;
}

struct row *table_add(struct table *table, uint32_t node, uint64_t hash)
{
	ASSERT(node < table->node_count);
	uint32_t number = slab_take(&table->slab);
	struct row *row = slab_at(&table->slab, number);
	struct row_list *list = &table->lists[node];
	memset(row, 0, table->row_size);
	*row = (struct row){ hash, number, node, (uint32_t)list->count };
	hash_index_add(&table->index, hash, number, row_hash, &table->slab);
	ARRAY_PUSH(list->rows, list->count, list->capacity, row);
	list->sorted = false;
	return row;
}

static void forget(struct table *table, struct row *row)
{
	bool found = hash_index_remove(&table->index, row->hash, row->number);
	ASSERT(found);
	if (table->drop)
		table->drop(row);
	slab_give(&table->slab, row->number);
}

void table_remove(struct table *table, struct row *row)
{
	struct row_list *list = &table->lists[row->node];
	struct row *last = list->rows[--list->count];
	list->rows[row->slot] = last;
	last->slot = row->slot;
	list->sorted = false;
	forget(table, row);
}

void table_clear(struct table *table, uint32_t node)
{
	struct row_list *list = &table->lists[node];
	for (size_t i = 0; i < list->count; i++)
		forget(table, list->rows[i]);
	list->count = 0;
}

void table_disorder(struct table *table, uint32_t node) { table->lists[node].sorted = false; }

struct row *table_next(const struct table *table, uint32_t node, uint32_t *cursor)
{
	ASSERT(node < table->node_count);
	struct row_list *list = &table->lists[node];
	if (!list->sorted && list->count) {
		qsort(list->rows, list->count, sizeof(*list->rows), table->compare);
		for (size_t i = 0; i < list->count; i++)
			list->rows[i]->slot = (uint32_t)i;
		list->sorted = true;
	}
	return *cursor < list->count ? list->rows[(*cursor)++] : NULL;
}
