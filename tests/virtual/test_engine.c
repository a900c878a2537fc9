/* The engine against base/heap.h, whose order is the rule: (time, order of scheduling). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"
#include "sim/virtual/engine.h"

struct twin {
	struct event_handler handler; /* first */
	struct engine *engine;
	struct heap heap; /* the same events: value is the argument */
	struct random_stream random;
	uint64_t next_argument, left, fired;
	int64_t last_ns;
};

static int64_t some_delay(struct twin *twin)
{
	switch (random_below(&twin->random, 8)) {
	case 0: return 0;
	case 1: return 1;
	case 2: return 100 * NS_PER_US; /* a link of constant delay */
	case 3: return (int64_t)random_below(&twin->random, 16384);
	case 4: return (int64_t)random_below(&twin->random, 1 << 22);
	case 5: return (int64_t)random_below(&twin->random, 40 * (uint64_t)NS_PER_S);
	case 6: return 180 * NS_PER_S;
	default: return (int64_t)random_below(&twin->random, UINT64_C(1) << 50);
	}
}

static void schedule(struct twin *twin)
{
	int64_t when = twin->engine->now.ns + some_delay(twin);
	engine_at(twin->engine, (struct instant){ when }, &twin->handler, twin->next_argument);
	heap_push(&twin->heap, when, twin->next_argument++);
	twin->left--;
}

static void fire(struct event_handler *handler, struct instant now, uint64_t argument)
{
	struct twin *twin = (struct twin *)handler;
	struct heap_entry expected = heap_pop(&twin->heap);
	assert_int_equal(expected.key, now.ns);
	assert_int_equal(expected.value, argument);
	assert_int_equal(twin->engine->now.ns, now.ns);
	assert_true(now.ns >= twin->last_ns);
	twin->last_ns = now.ns;
	twin->fired++;
	for (uint64_t i = random_below(&twin->random, 3); i > 0 && twin->left > 0; i--)
		schedule(twin);
}

static struct twin *twin_new(uint64_t seed, uint64_t events)
{
	struct twin *twin = calloc(1, sizeof(*twin));
	twin->handler.fire = fire;
	twin->engine = malloc(sizeof(*twin->engine));
	engine_init(twin->engine);
	heap_init(&twin->heap);
	twin->random = random_stream_of(seed, "twin", "test");
	twin->left = events;
	return twin;
}

static void twin_free(struct twin *twin)
{
	engine_free(twin->engine);
	heap_free(&twin->heap);
	free(twin->engine);
	free(twin);
}

static void test_order_is_the_heaps(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		struct twin *twin = twin_new(seed, 3000);
		while (twin->left > 0 || twin->engine->pending > 0) {
			for (int i = 0; i < 50 && twin->left > 0; i++)
				schedule(twin);
			/* Looking ahead must not change what comes later. */
			struct instant next = engine_next(twin->engine);
			assert_int_equal(next.ns, heap_top(&twin->heap)->key);
			engine_run_until(twin->engine,
					 (struct instant){ next.ns + some_delay(twin) });
			const struct heap_entry *top = heap_top(&twin->heap);
			assert_true(!top || top->key > twin->engine->now.ns);
		}
		assert_int_equal(twin->fired, 3000);
		assert_int_equal(twin->engine->fired, 3000);
		twin_free(twin);
	}
}

static void test_many_at_one_instant(void **state)
{
	(void)state;
	struct twin *twin = twin_new(1, 0);
	for (uint64_t i = 0; i < 1000; i++) {
		int64_t when = (int64_t)(i % 7) * NS_PER_S;
		engine_at(twin->engine, (struct instant){ when }, &twin->handler, i);
		heap_push(&twin->heap, when, i);
	}
	engine_run_until(twin->engine, (struct instant){ 3 * NS_PER_S });
	assert_int_equal(twin->fired, 143 * 3 + 143);
	engine_run_until(twin->engine, (struct instant){ 7 * NS_PER_S });
	assert_int_equal(twin->fired, 1000);
	assert_true(instant_is_never(engine_next(twin->engine)));
	assert_int_equal(twin->engine->now.ns, 7 * NS_PER_S);
	engine_at(twin->engine, INSTANT_NEVER, &twin->handler, 0);
	assert_int_equal(twin->engine->pending, 0);
	twin_free(twin);
}

struct alarm {
	struct lazy_timer timer; /* first */
	int rang;
	struct instant at;
};

static void rang(struct lazy_timer *timer, struct instant now)
{
	struct alarm *alarm = (struct alarm *)timer;
	alarm->rang++;
	alarm->at = now;
}

static void test_lazy_timer(void **state)
{
	(void)state;
	struct engine *engine = malloc(sizeof(*engine));
	struct alarm alarm = { .rang = 0 };
	engine_init(engine);
	lazy_timer_init(&alarm.timer, engine, rang);

	/* Pushed back a thousand times: one event waits, and it rings once, at the last deadline. */
	for (int i = 1; i <= 1000; i++)
		lazy_timer_set(&alarm.timer, (struct instant){ i * NS_PER_S });
	assert_int_equal(engine->pending, 1);
	engine_run_until(engine, (struct instant){ 1000 * NS_PER_S - 1 });
	assert_int_equal(alarm.rang, 0);
	engine_run_until(engine, (struct instant){ 1000 * NS_PER_S });
	assert_int_equal(alarm.rang, 1);
	assert_int_equal(alarm.at.ns, 1000 * NS_PER_S);

	/* Earlier than the event that waits. */
	lazy_timer_set(&alarm.timer, (struct instant){ 2000 * NS_PER_S });
	lazy_timer_set(&alarm.timer, (struct instant){ 1500 * NS_PER_S });
	engine_run_until(engine, (struct instant){ 3000 * NS_PER_S });
	assert_int_equal(alarm.rang, 2);
	assert_int_equal(alarm.at.ns, 1500 * NS_PER_S);

	lazy_timer_set(&alarm.timer, (struct instant){ 4000 * NS_PER_S });
	lazy_timer_stop(&alarm.timer);
	engine_run_until(engine, (struct instant){ 5000 * NS_PER_S });
	assert_int_equal(alarm.rang, 2);
	engine_free(engine);
	free(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_is_the_heaps),
		cmocka_unit_test(test_many_at_one_instant),
		cmocka_unit_test(test_lazy_timer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
