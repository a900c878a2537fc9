#include "base/heap.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"

void heap_init(struct heap *heap) { *heap = (struct heap){ 0 }; }

void heap_free(struct heap *heap)
{
	free(heap->entries);
	heap_init(heap);
}

static inline bool entry_before(const struct heap_entry *a, const struct heap_entry *b)
{
	return a->key != b->key ? a->key < b->key : a->sequence < b->sequence;
}

void heap_push(struct heap *heap, int64_t key, uint64_t value)
{
	if (heap->count == heap->capacity)
		heap->entries = memory_grow(heap->entries, &heap->capacity, heap->count + 1,
					    sizeof(*heap->entries));
	struct heap_entry entry = { key, heap->next_sequence++, value };
	size_t at = heap->count++;
	while (at > 0) {
		size_t parent = (at - 1) / 4;
		if (!entry_before(&entry, &heap->entries[parent]))
			break;
		heap->entries[at] = heap->entries[parent];
		at = parent;
	}
	heap->entries[at] = entry;
}

struct heap_entry heap_pop(struct heap *heap)
{
	ASSERT(heap->count > 0);
	struct heap_entry top = heap->entries[0];
	struct heap_entry last = heap->entries[--heap->count];
	size_t at = 0;
	for (;;) {
		size_t first = at * 4 + 1;
		if (first >= heap->count)
			break;
		size_t end = first + 4 < heap->count ? first + 4 : heap->count;
		size_t least = first;
		for (size_t child = first + 1; child < end; child++)
			if (entry_before(&heap->entries[child], &heap->entries[least]))
				least = child;
		if (!entry_before(&heap->entries[least], &last))
			break;
		heap->entries[at] = heap->entries[least];
		at = least;
	}
	if (heap->count > 0)
		heap->entries[at] = last;
	return top;
}
