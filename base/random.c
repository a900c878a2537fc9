#include "base/random.h"

#include <Random123/philox.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"

struct random_stream random_stream_of(uint64_t seed, const char *entity, const char *purpose)
{
	uint64_t who = hash_bytes(entity, strlen(entity));
	uint64_t what = hash_bytes(purpose, strlen(purpose));
	uint64_t key = hash_u64(seed) ^ what;
	return (struct random_stream){ .key = { (uint32_t)key, (uint32_t)(key >> 32) },
				       .entity = { (uint32_t)who, (uint32_t)(who >> 32) } };
}

struct random_stream random_stream_part(const struct random_stream *stream, uint64_t part)
{
	uint64_t who = (uint64_t)stream->entity[1] << 32 | stream->entity[0];
	who = hash_u64(hash_u64(who) + part); /* not symmetric: a of b is not b of a */
	return (struct random_stream){ .key = { stream->key[0], stream->key[1] },
				       .entity = { (uint32_t)who, (uint32_t)(who >> 32) } };
}

uint64_t random_u64(struct random_stream *stream)
{
	philox4x32_ctr_t counter = { { (uint32_t)stream->counter, (uint32_t)(stream->counter >> 32),
				       stream->entity[0], stream->entity[1] } };
	philox4x32_key_t key = { { stream->key[0], stream->key[1] } };
	philox4x32_ctr_t out = philox4x32(counter, key);
	stream->counter++;
	return (uint64_t)out.v[0] << 32 | out.v[1];
}

uint64_t random_below(struct random_stream *stream, uint64_t bound)
{
	ASSERT(bound > 0);
	uint64_t reject = (UINT64_MAX - bound + 1) % bound; /* leaves a whole number of bounds */
	for (;;) {
		uint64_t draw = random_u64(stream);
		if (draw <= UINT64_MAX - reject)
			return draw % bound;
	}
}

int64_t random_between(struct random_stream *stream, int64_t low, int64_t high)
{
	ASSERT(low <= high);
	uint64_t width = (uint64_t)high - (uint64_t)low;
	uint64_t draw = width == UINT64_MAX ? random_u64(stream) : random_below(stream, width + 1);
	return (int64_t)((uint64_t)low + draw);
}
