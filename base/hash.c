#include "base/hash.h"

#include <stdlib.h>
#include <xxhash.h>

#include "base/assert.h"
#include "base/memory.h"

#define SLOT_EMPTY UINT32_MAX
#define SLOT_REMOVED (UINT32_MAX - 1)

uint64_t hash_bytes(const void *bytes, size_t length) { return XXH3_64bits(bytes, length); }

void hash_index_init(struct hash_index *index) { *index = (struct hash_index){ 0 }; }

void hash_index_free(struct hash_index *index)
{
	free(index->slots);
	hash_index_init(index);
}

static void slot_put(struct hash_index *index, uint64_t hash, uint32_t value)
{
	uint32_t mask = index->capacity - 1;
	uint32_t at = (uint32_t)hash & mask;
	while (index->slots[at].value < SLOT_REMOVED)
		at = (at + 1) & mask;
	if (index->slots[at].value == SLOT_EMPTY)
		index->filled++;
	index->slots[at] = (struct hash_slot){ (uint32_t)(hash >> 32), value };
	index->used++;
}

static void index_grow(struct hash_index *index,
		       uint64_t (*rehash)(const void *context, uint32_t value),
		       const void *context)
{
	struct hash_index old = *index;
	uint32_t capacity = old.capacity ? old.capacity : 16;
	while (capacity < old.used * 2 + 2)
		capacity *= 2;
	index->capacity = capacity;
	index->used = index->filled = 0;
	index->slots = memory_alloc(capacity * sizeof(*index->slots));
	for (uint32_t i = 0; i < capacity; i++)
		index->slots[i] = (struct hash_slot){ 0, SLOT_EMPTY };
	for (uint32_t i = 0; i < old.capacity; i++)
		if (old.slots[i].value < SLOT_REMOVED)
			slot_put(index, rehash(context, old.slots[i].value), old.slots[i].value);
	free(old.slots);
}

void hash_index_add(struct hash_index *index, uint64_t hash, uint32_t value,
		    uint64_t (*rehash)(const void *context, uint32_t value), const void *context)
{
	ASSERT(value < SLOT_REMOVED);
	if ((index->filled + 1) * 4 > index->capacity * 3)
		index_grow(index, rehash, context);
	slot_put(index, hash, value);
}

uint32_t hash_index_next(const struct hash_index *index, uint64_t hash, uint32_t *cursor)
{
	if (index->capacity == 0)
		return HASH_NONE;
	uint32_t mask = index->capacity - 1;
	uint32_t at = *cursor == HASH_NONE ? (uint32_t)hash & mask : (*cursor + 1) & mask;
	for (; index->slots[at].value != SLOT_EMPTY; at = (at + 1) & mask) {
		if (index->slots[at].value == SLOT_REMOVED ||
		    index->slots[at].tag != (uint32_t)(hash >> 32))
			continue;
		*cursor = at;
		return index->slots[at].value;
	}
	return HASH_NONE;
}

bool hash_index_remove(struct hash_index *index, uint64_t hash, uint32_t value)
{
	uint32_t cursor = HASH_NONE;
	for (;;) {
		uint32_t found = hash_index_next(index, hash, &cursor);
		if (found == HASH_NONE)
			return false;
		if (found == value)
			break;
	}
	index->slots[cursor].value = SLOT_REMOVED;
	index->used--;
	return true;
}
