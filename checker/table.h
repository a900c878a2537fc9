/* Rows that belong to nodes: found by hash, walked node by node in a fixed order. The order is made
 * when a walk asks for it, so that folding a long trace costs no sorting. Private to the checker.
 */
#ifndef CHECKER_TABLE_H
#define CHECKER_TABLE_H

#include "base/addr.h"
#include "base/hash.h"
#include "base/memory.h"

struct row { /* embedded first */
	uint64_t hash;
	uint32_t number, node, slot;
};

struct row_list {
	struct row **rows;
	size_t count, capacity;
	bool sorted;
};

struct table {
	struct slab slab;
	struct hash_index index;
	struct row_list *lists; /* by node */
	uint32_t node_count;
	uint32_t row_size;
	int (*compare)(const void *a, const void *b); /* of struct row *const *, for qsort */
	void (*drop)(struct row *row);                /* frees what a row owns; may be NULL */
};

void table_init(struct table *table, uint32_t node_count, size_t row_size,
		int (*compare)(const void *a, const void *b), void (*drop)(struct row *row));
void table_free(struct table *table);
/* The row with that hash for which match says true, or NULL. */
struct row *table_find(const struct table *table, uint64_t hash,
		       bool (*match)(const struct row *row, const void *key), const void *key);
struct row *table_add(struct table *table, uint32_t node, uint64_t hash); /* cleared */
void table_remove(struct table *table, struct row *row);
void table_clear(struct table *table, uint32_t node);
void table_disorder(struct table *table, uint32_t node); /* what the order depends on changed */
struct row *table_next(const struct table *table, uint32_t node, uint32_t *cursor);

#endif
