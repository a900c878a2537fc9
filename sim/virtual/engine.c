#include "sim/virtual/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define CHUNK_EVENTS 21u
struct engine_chunk {
	struct engine_chunk *next;
	size_t count;
	struct engine_event events[CHUNK_EVENTS];
};

void engine_init(struct engine *engine)
{
	memset(engine, 0, sizeof(*engine));
	engine->run_last_ns = INT64_MIN;
	heap_init(&engine->early);
	slab_init(&engine->bodies, sizeof(struct engine_event));
}

static void chunks_free(struct engine_chunk *chunk)
{
	while (chunk) {
		struct engine_chunk *next = chunk->next;
		free(chunk);
		chunk = next;
	}
}

void engine_free(struct engine *engine)
{
	for (size_t level = 0; level < ENGINE_LEVELS; level++)
		for (size_t i = 0; i < ENGINE_LEVEL_SLOTS; i++)
			chunks_free(engine->slots[level][i].first);
	chunks_free(engine->spare);
	free(engine->run);
	free(engine->scratch);
	heap_free(&engine->early);
	slab_free(&engine->bodies);
	engine_init(engine);
}

/* ---- the wheel ------------------------------------------------------------------------------ */

static void run_append(struct engine *engine, const struct engine_event *event)
{
	if (engine->run_count == engine->run_capacity)
		engine->run = memory_grow(engine->run, &engine->run_capacity,
					  engine->run_count + 1, sizeof(*engine->run));
	engine->run[engine->run_count++] = *event;
}

/* Into the current slot. What comes after everything put into the run so far may go to its end; the
 * rest is earlier than something in the run, so a tie between heap and run can only be between an
 * older run entry and a younger heap entry: the run goes first. */
static void place_current(struct engine *engine, const struct engine_event *event)
{
	if (event->when.ns >= engine->run_last_ns) {
		if (engine->run_at == engine->run_count)
			engine->run_at = engine->run_count = 0;
		engine->run_last_ns = event->when.ns;
		run_append(engine, event);
		return;
	}
	uint32_t body = slab_take(&engine->bodies);
	*(struct engine_event *)slab_at(&engine->bodies, body) = *event;
	heap_push(&engine->early, event->when.ns, body);
}

/* Into the slot it belongs to, seen from the current position: the level of the highest digit in
 * which the two slot numbers differ. */
static void place_later(struct engine *engine, const struct engine_event *event, uint64_t slot)
{
	uint64_t differs = slot ^ engine->position;
	unsigned level = (63u - (unsigned)__builtin_clzll(differs)) / ENGINE_LEVEL_BITS;
	unsigned index = (unsigned)(slot >> (level * ENGINE_LEVEL_BITS)) & (ENGINE_LEVEL_SLOTS - 1);
	struct engine_slot *place = &engine->slots[level][index];
	struct engine_chunk *chunk = place->last;
	if (!chunk || chunk->count == CHUNK_EVENTS) {
		struct engine_chunk *fresh = engine->spare;
		if (fresh)
			engine->spare = fresh->next;
		else
			fresh = memory_alloc(sizeof(*fresh));
		fresh->next = NULL;
		fresh->count = 0;
		if (chunk)
			chunk->next = fresh;
		else
			place->first = fresh;
		place->last = fresh;
		engine->filled[level][index / 64] |= UINT64_C(1) << (index % 64);
		chunk = fresh;
	}
	chunk->events[chunk->count++] = *event;
}

void engine_at(struct engine *engine, struct instant when, struct event_handler *handler,
	       uint64_t argument)
{
	if (instant_is_never(when))
		return;
	ASSERT(when.ns >= engine->now.ns);
	struct engine_event event = { when, handler, argument };
	uint64_t slot = (uint64_t)when.ns >> ENGINE_SLOT_SHIFT;
	engine->pending++;
	if (slot <= engine->position)
		place_current(engine, &event);
	else
		place_later(engine, &event, slot);
}

/* ---- a stable sort -------------------------------------------------------------------------- */

#define SORTED_PIECE 24u

static void sort_piece(struct engine_event *events, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct engine_event event = events[i];
		size_t at = i;
		while (at > 0 && events[at - 1].when.ns > event.when.ns) {
			events[at] = events[at - 1];
			at--;
		}
		events[at] = event;
	}
}

static void merge(const struct engine_event *a, size_t a_count, const struct engine_event *b,
		  size_t b_count, struct engine_event *out)
{
	while (a_count && b_count) {
		if (a->when.ns <= b->when.ns) {
			*out++ = *a++;
			a_count--;
		} else {
			*out++ = *b++;
			b_count--;
		}
	}
	memcpy(out, a_count ? a : b, (a_count + b_count) * sizeof(*out));
}

static void run_sort(struct engine *engine)
{
	size_t count = engine->run_count, sorted = 1;
	while (sorted < count &&
	       engine->run[sorted - 1].when.ns <= engine->run[sorted].when.ns)
		sorted++;
	if (sorted >= count)
		return;
	for (size_t at = 0; at < count; at += SORTED_PIECE)
		sort_piece(engine->run + at,
			   count - at < SORTED_PIECE ? count - at : SORTED_PIECE);
	if (count <= SORTED_PIECE)
		return;
	if (engine->scratch_capacity < engine->run_capacity) {
		free(engine->scratch);
		engine->scratch = memory_alloc(engine->run_capacity * sizeof(*engine->scratch));
		engine->scratch_capacity = engine->run_capacity;
	}
	for (size_t width = SORTED_PIECE; width < count; width *= 2) {
		for (size_t at = 0; at < count; at += 2 * width) {
			size_t middle = at + width < count ? at + width : count;
			size_t end = at + 2 * width < count ? at + 2 * width : count;
			merge(engine->run + at, middle - at, engine->run + middle, end - middle,
			      engine->scratch + at);
		}
		struct engine_event *events = engine->run;
		size_t capacity = engine->run_capacity;
		engine->run = engine->scratch;
		engine->run_capacity = engine->scratch_capacity;
		engine->scratch = events;
		engine->scratch_capacity = capacity;
	}
}

/* ---- moving on ------------------------------------------------------------------------------ */

/* The first filled slot of a level at or behind `from`; ENGINE_LEVEL_SLOTS if none. */
static unsigned next_filled(const struct engine *engine, unsigned level, unsigned from)
{
	for (unsigned word = from / 64; word < ENGINE_LEVEL_SLOTS / 64; word++) {
		uint64_t bits = engine->filled[level][word];
		if (word == from / 64)
			bits &= ~UINT64_C(0) << (from % 64);
		if (bits)
			return word * 64 + (unsigned)__builtin_ctzll(bits);
	}
	return ENGINE_LEVEL_SLOTS;
}

/* Empties a slot whose start the position has just reached: its events belong to the current slot or
 * to finer levels. */
static void open_slot(struct engine *engine, unsigned level, unsigned index)
{
	struct engine_slot *slot = &engine->slots[level][index];
	struct engine_chunk *chunk = slot->first;
	*slot = (struct engine_slot){ 0 };
	engine->filled[level][index / 64] &= ~(UINT64_C(1) << (index % 64));
	while (chunk) {
		struct engine_chunk *next = chunk->next;
		for (size_t i = 0; i < chunk->count; i++) {
			struct engine_event *event = &chunk->events[i];
			uint64_t number = (uint64_t)event->when.ns >> ENGINE_SLOT_SHIFT;
			if (number == engine->position)
				run_append(engine, event);
			else
				place_later(engine, event, number);
		}
		chunk->next = engine->spare;
		engine->spare = chunk;
		chunk = next;
	}
}

/* Where the next events wait, the current slot being used up: the finest level that has any behind the
 * position. False: nowhere. */
static bool find_slot(const struct engine *engine, unsigned *level, unsigned *index)
{
	for (*level = 0; *level < ENGINE_LEVELS; ++*level) {
		unsigned shift = *level * ENGINE_LEVEL_BITS;
		unsigned here = (unsigned)(engine->position >> shift) & (ENGINE_LEVEL_SLOTS - 1);
		if (here + 1 == ENGINE_LEVEL_SLOTS)
			continue;
		*index = next_filled(engine, *level, here + 1);
		if (*index < ENGINE_LEVEL_SLOTS)
			return true;
	}
	return false;
}

/* Moves to the next slot that holds events, unless it begins after `until`: to open it early would send
 * what is scheduled before it through the heap. False: there is none by then. */
static bool advance(struct engine *engine, struct instant until)
{
	engine->run_at = engine->run_count = 0;
	for (unsigned level, index; find_slot(engine, &level, &index);) {
		unsigned shift = level * ENGINE_LEVEL_BITS;
		uint64_t above = engine->position >> (shift + ENGINE_LEVEL_BITS);
		uint64_t position = (above << ENGINE_LEVEL_BITS | index) << shift;
		if (position > (uint64_t)until.ns >> ENGINE_SLOT_SHIFT)
			return false;
		engine->position = position;
		open_slot(engine, level, index);
		if (engine->run_count) {
			run_sort(engine);
			engine->run_last_ns = engine->run[engine->run_count - 1].when.ns;
			return true;
		}
	}
	return false;
}

/* The earliest of the current slot; NEVER if that is used up. */
static struct instant current_next(const struct engine *engine)
{
	const struct heap_entry *early = heap_top(&engine->early);
	struct instant next = early ? (struct instant){ early->key } : INSTANT_NEVER;
	if (engine->run_at < engine->run_count)
		next = instant_min(next, engine->run[engine->run_at].when);
	return next;
}

struct instant engine_next(const struct engine *engine)
{
	struct instant next = current_next(engine);
	unsigned level, index;
	if (!instant_is_never(next) || !find_slot(engine, &level, &index))
		return next;
	for (const struct engine_chunk *chunk = engine->slots[level][index].first; chunk;
	     chunk = chunk->next)
		for (size_t i = 0; i < chunk->count; i++)
			next = instant_min(next, chunk->events[i].when);
	return next;
}

bool engine_step(struct engine *engine, struct instant until)
{
	struct instant next = current_next(engine);
	if (instant_is_never(next) && advance(engine, until))
		next = engine->run[engine->run_at].when;
	if (instant_is_never(next) || next.ns > until.ns)
		return false;
	struct engine_event event;
	if (engine->run_at < engine->run_count && engine->run[engine->run_at].when.ns == next.ns) {
		event = engine->run[engine->run_at++];
	} else {
		uint32_t body = (uint32_t)heap_pop(&engine->early).value;
		event = *(struct engine_event *)slab_at(&engine->bodies, body);
		slab_give(&engine->bodies, body);
	}
	engine->now = next;
	engine->pending--;
	engine->fired++;
	event.handler->fire(event.handler, next, event.argument);
	return true;
}

void engine_run_until(struct engine *engine, struct instant until)
{
	ASSERT(until.ns >= engine->now.ns && !instant_is_never(until));
	while (engine_step(engine, until))
		;
	engine->now = until;
}

/* ---- lazy timers ---------------------------------------------------------------------------- */

static void timer_arm(struct lazy_timer *timer, struct instant when)
{
	timer->armed = when;
	engine_at(timer->engine, when, &timer->handler, ++timer->generation);
}

static void timer_fired(struct event_handler *handler, struct instant now, uint64_t argument)
{
	struct lazy_timer *timer = (struct lazy_timer *)handler;
	if (argument != timer->generation)
		return; /* another event stands for the timer since */
	timer->armed = INSTANT_NEVER;
	if (instant_is_never(timer->deadline))
		return;
	if (instant_before(now, timer->deadline)) {
		timer_arm(timer, timer->deadline);
		return;
	}
	timer->deadline = INSTANT_NEVER;
	timer->expired(timer, now);
}

void lazy_timer_init(struct lazy_timer *timer, struct engine *engine,
		     void (*expired)(struct lazy_timer *timer, struct instant now))
{
	*timer = (struct lazy_timer){
		.handler = { timer_fired },
		.engine = engine,
		.deadline = INSTANT_NEVER,
		.armed = INSTANT_NEVER,
		.expired = expired,
	};
}

void lazy_timer_set(struct lazy_timer *timer, struct instant deadline)
{
	timer->deadline = deadline;
	if (instant_before(deadline, timer->armed))
		timer_arm(timer, deadline);
}
