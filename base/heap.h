/* A 4-ary min-heap of (key, sequence): ties leave in the order they came. The sequence is given by
 * the heap, so two runs that push in the same order pop in the same order. */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_entry {
	int64_t key;       /* nanoseconds, usually */
	uint64_t sequence; /* order of pushing */
	uint64_t value;    /* the caller's: a number or a pointer */
};

struct heap {
	struct heap_entry *entries; /* owned */
	size_t count, capacity;
	uint64_t next_sequence;
};

void heap_init(struct heap *heap);
void heap_free(struct heap *heap);
void heap_push(struct heap *heap, int64_t key, uint64_t value);
/* The smallest entry, or NULL when empty; valid until the next push or pop. */
static inline const struct heap_entry *heap_top(const struct heap *heap)
{
	return heap->count ? &heap->entries[0] : NULL;
}
struct heap_entry heap_pop(struct heap *heap); /* must not be empty */

#endif
