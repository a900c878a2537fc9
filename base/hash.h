/* Mixing functions and one open-addressing table for the hot side. Values do not depend on the
 * machine, and nothing in simrun takes an order from them. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	return x;
}

/* XXH3 of a byte string. */
uint64_t hash_bytes(const void *bytes, size_t length);

/* A hash index: maps a 64-bit hash to a 32-bit number the caller chose. Equal hashes may stand in
 * it several times; the caller decides which one it meant by looking at its own table. The index
 * owns its slots, frees them in hash_index_free, and never shrinks. */
struct hash_slot {
	uint32_t tag;   /* high half of the hash */
	uint32_t value; /* UINT32_MAX: empty, UINT32_MAX - 1: removed */
};

struct hash_index {
	struct hash_slot *slots;
	uint32_t capacity; /* a power of two, or 0 */
	uint32_t used;     /* live entries */
	uint32_t filled;   /* live and removed entries */
};

#define HASH_NONE UINT32_MAX

void hash_index_init(struct hash_index *index);
void hash_index_free(struct hash_index *index);
/* Adds a value below UINT32_MAX - 1. `rehash` gives back the hash of a value when the table grows. */
void hash_index_add(struct hash_index *index, uint64_t hash, uint32_t value,
		    uint64_t (*rehash)(const void *context, uint32_t value), const void *context);
/* Walks the candidates for a hash: start with *cursor = HASH_NONE; HASH_NONE ends the walk. */
uint32_t hash_index_next(const struct hash_index *index, uint64_t hash, uint32_t *cursor);
/* Removes that value. False if it was not there. */
bool hash_index_remove(struct hash_index *index, uint64_t hash, uint32_t value);

#endif
