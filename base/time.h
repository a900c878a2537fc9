/* Time as a struct, so that a point in time, a span and a number of seconds cannot be mixed.
 * An instant counts nanoseconds since the start of the run; spans are plain int64_t whose name
 * ends in _ns. Nothing here reads a clock. */
#ifndef BASE_TIME_H
#define BASE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

struct instant {
	int64_t ns;
};

/* Later than every instant a run can reach: "no deadline". */
#define INSTANT_NEVER ((struct instant){ INT64_MAX })
#define INSTANT_ZERO ((struct instant){ 0 })

static inline bool instant_is_never(struct instant a) { return a.ns == INT64_MAX; }
static inline bool instant_before(struct instant a, struct instant b) { return a.ns < b.ns; }
static inline struct instant instant_min(struct instant a, struct instant b)
{
	return a.ns < b.ns ? a : b;
}

/* a + span_ns; NEVER stays NEVER, and a sum too large saturates to NEVER. */
static inline struct instant instant_add(struct instant a, int64_t span_ns)
{
	if (span_ns > 0 && a.ns > INT64_MAX - span_ns)
		return INSTANT_NEVER;
	return (struct instant){ a.ns + span_ns };
}

/* later - earlier, in nanoseconds. Neither may be NEVER. */
static inline int64_t instant_since(struct instant later, struct instant earlier)
{
	return later.ns - earlier.ns;
}

#endif
