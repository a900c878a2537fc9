/* The discrete-event engine: one clock, one queue.
 *
 * The rule for ties: events leave in order of (time, order of scheduling). Nothing else counts, so a
 * run depends on what was scheduled and when, never on an address or a hash.
 *
 * How: events wait in a hierarchical wheel of unsorted slots (256 slots a level, the finest 16 us
 * wide), so that scheduling is an append and most events are moved only two or three times. When the
 * clock enters a finest slot its events are sorted, stably, into the current run. Since a slot keeps
 * the order of scheduling, a stable sort by time gives the tie rule without a sequence number. What
 * is scheduled into the current slot is appended to the run when it comes last (links of constant
 * delay, "now") and otherwise goes to a small heap. test_engine.c checks this against base/heap.h. */
#ifndef SIM_VIRTUAL_ENGINE_H
#define SIM_VIRTUAL_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/memory.h"
#include "base/time.h"

/* Whoever wants to be called embeds one and finds itself by its place. */
struct event_handler {
	void (*fire)(struct event_handler *handler, struct instant now, uint64_t argument);
};

struct engine_event {
	struct instant when;
	struct event_handler *handler; /* borrowed: must live until the event has fired */
	uint64_t argument;
};

#define ENGINE_SLOT_SHIFT 14 /* finest slot: 2^14 ns */
#define ENGINE_LEVEL_BITS 8
#define ENGINE_LEVEL_SLOTS (1u << ENGINE_LEVEL_BITS)
#define ENGINE_LEVELS 7 /* 14 + 7 * 8 bits: all of int64 */

struct engine_chunk;
struct engine_slot {
	struct engine_chunk *first, *last; /* in order of scheduling */
};

struct engine {
	struct instant now;
	uint64_t fired;   /* events so far */
	uint64_t pending; /* scheduled and not fired */
	/* The rest is engine.c's. */
	uint64_t position; /* finest slot being run: number = time >> ENGINE_SLOT_SHIFT */
	struct engine_event *run;
	size_t run_at, run_count, run_capacity;
	int64_t run_last_ns; /* time of the last event put into this run */
	struct engine_event *scratch;
	size_t scratch_capacity;
	struct heap early;    /* into the current slot, but not behind its run; values number `bodies` */
	struct slab bodies;   /* of struct engine_event */
	struct engine_chunk *spare;
	uint64_t filled[ENGINE_LEVELS][ENGINE_LEVEL_SLOTS / 64]; /* which slots hold events */
	struct engine_slot slots[ENGINE_LEVELS][ENGINE_LEVEL_SLOTS];
};

/* About 30 kB: embed it in something on the heap. */
void engine_init(struct engine *engine);
void engine_free(struct engine *engine); /* events not fired are forgotten */

/* Schedules handler->fire(handler, when, argument). `when` must not be before engine->now; NEVER is
 * allowed and does nothing. There is no way to cancel: timers are lazy. Keep the deadline in a field,
 * and when the event comes too early let it schedule itself again; see struct lazy_timer. */
void engine_at(struct engine *engine, struct instant when, struct event_handler *handler,
	       uint64_t argument);
static inline void engine_after(struct engine *engine, int64_t delay_ns,
				struct event_handler *handler, uint64_t argument)
{
	engine_at(engine, instant_add(engine->now, delay_ns), handler, argument);
}

/* When the next event is due; INSTANT_NEVER if there is none. */
struct instant engine_next(const struct engine *engine);

/* Fires everything due up to and including `until` (also what is scheduled meanwhile), then sets the
 * clock to `until`. Not to be called from a handler. */
void engine_run_until(struct engine *engine, struct instant until);
/* Fires one event if one is due by `until`; false (clock untouched) if not. */
bool engine_step(struct engine *engine, struct instant until);

/* A deadline that may be moved as often as one likes, later or earlier, for the price of a field. At
 * most one live event stands for it at a time; moving it earlier schedules a second one and the
 * former comes to nothing. Zero-initialize, then lazy_timer_init. */
struct lazy_timer {
	struct event_handler handler; /* first */
	struct engine *engine;        /* borrowed */
	struct instant deadline;      /* INSTANT_NEVER: off */
	struct instant armed;         /* when the live event fires; NEVER: none */
	uint32_t generation;
	void (*expired)(struct lazy_timer *timer, struct instant now);
};
void lazy_timer_init(struct lazy_timer *timer, struct engine *engine,
		     void (*expired)(struct lazy_timer *timer, struct instant now));
void lazy_timer_set(struct lazy_timer *timer, struct instant deadline);
static inline void lazy_timer_stop(struct lazy_timer *timer)
{
	timer->deadline = INSTANT_NEVER;
}

#endif
