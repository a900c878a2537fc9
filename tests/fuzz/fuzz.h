/* What the fuzzers share: an input that is drawn from byte by byte, and the ways to break bytes.
 * An input that has run out gives zeros, so that every prefix of an input is an input too. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/buf.h"

#define FUZZ __attribute__((unused)) static

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* libFuzzer's own mutations, for a custom mutator to fall back to. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

struct feed {
	const uint8_t *at, *end;
};

FUZZ struct feed feed_of(const uint8_t *data, size_t size)
{
	return (struct feed){ data, data + size };
}
FUZZ bool feed_left(const struct feed *feed) { return feed->at < feed->end; }
FUZZ uint8_t feed_u8(struct feed *feed) { return feed->at < feed->end ? *feed->at++ : 0; }
FUZZ uint16_t feed_u16(struct feed *feed)
{
	unsigned high = feed_u8(feed);
	return (uint16_t)(high << 8 | feed_u8(feed));
}
FUZZ uint32_t feed_u32(struct feed *feed)
{
	uint32_t high = feed_u16(feed);
	return high << 16 | feed_u16(feed);
}
FUZZ uint32_t feed_below(struct feed *feed, uint32_t bound) { return feed_u8(feed) % bound; }

/* A small stream of numbers for custom mutators, from libFuzzer's seed. */
struct dice {
	uint32_t state;
};
FUZZ uint32_t dice_next(struct dice *dice)
{
	dice->state = dice->state * 1664525u + 1013904223u;
	return dice->state >> 8;
}
FUZZ uint32_t dice_below(struct dice *dice, uint32_t bound)
{
	return bound ? dice_next(dice) % bound : 0;
}

/* A copy of exactly that size, so that an overrun is seen. Never NULL; free it. */
FUZZ uint8_t *exact_copy(const uint8_t *bytes, size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);
	ASSERT(copy);
	if (length)
		memcpy(copy, bytes, length);
	return copy;
}

#endif
