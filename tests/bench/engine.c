#include "bench.h"

#include <stdlib.h>

#include "base/heap.h"
#include "base/random.h"
#include "sim/virtual/engine.h"

#define SPREAD_NS (200 * NS_PER_MS)

double bench_heap(uint64_t pending, uint64_t rounds)
{
	struct random_stream random = random_stream_of(1, "bench", "heap");
	struct heap heap;
	heap_init(&heap);
	for (uint64_t i = 0; i < pending; i++)
		heap_push(&heap, (int64_t)random_below(&random, SPREAD_NS), i);
	uint64_t x = random_u64(&random);
	double start = bench_now_s();
	for (uint64_t i = 0; i < rounds; i++) {
		struct heap_entry top = heap_pop(&heap);
		x = x * UINT64_C(6364136223846793005) + 1442695040888963407u;
		heap_push(&heap, top.key + 1 + (int64_t)(x >> 33) % SPREAD_NS, top.value);
	}
	double took = bench_now_s() - start;
	heap_free(&heap);
	return (double)rounds / took;
}

struct holder {
	struct event_handler handler; /* first */
	struct engine *engine;
	uint64_t x;
};

static void fire(struct event_handler *handler, struct instant now, uint64_t argument)
{
	struct holder *holder = (struct holder *)(void *)handler;
	holder->x = holder->x * UINT64_C(6364136223846793005) + 1442695040888963407u;
	engine_at(holder->engine, instant_add(now, 1 + (int64_t)(holder->x >> 33) % SPREAD_NS),
		  handler, argument);
}

double bench_engine(uint64_t pending, uint64_t rounds)
{
	struct random_stream random = random_stream_of(1, "bench", "engine");
	struct engine *engine = calloc(1, sizeof(*engine));
	engine_init(engine);
	struct holder holder = { .handler.fire = fire, .engine = engine,
				 .x = random_u64(&random) };
	for (uint64_t i = 0; i < pending; i++)
		engine_at(engine, (struct instant){ (int64_t)random_below(&random, SPREAD_NS) },
			  &holder.handler, i);
	double start = bench_now_s();
	for (uint64_t i = 0; i < rounds; i++)
		engine_step(engine, INSTANT_NEVER);
	double took = bench_now_s() - start;
	engine_free(engine);
	free(engine);
	return (double)rounds / took;
}
