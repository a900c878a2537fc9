/* Counter-based random numbers (Random123's Philox 4x32-10). A stream is named by the run's seed,
 * the entity's name and a purpose, so that adding a node, or drawing once more for one purpose,
 * leaves everybody else's numbers as they were. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

struct random_stream {
	uint32_t key[2];
	uint32_t entity[2];
	uint64_t counter;
};

struct random_stream random_stream_of(uint64_t seed, const char *entity, const char *purpose);
/* A stream of its own for a part of the entity (a session, a remote host), however many other parts
 * there are and draw. Does not touch `stream`. */
struct random_stream random_stream_part(const struct random_stream *stream, uint64_t part);
uint64_t random_u64(struct random_stream *stream);
uint64_t random_below(struct random_stream *stream, uint64_t bound); /* uniform in [0, bound), bound > 0 */
/* Uniform in [low, high], both included; low <= high. */
int64_t random_between(struct random_stream *stream, int64_t low, int64_t high);

#endif
