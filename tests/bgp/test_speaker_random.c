/* Random histories of whole speakers (sessions lost, processes killed, neighbours gone silent,
 * routes, policies) against a reference that exchanges all tables until nothing changes. Once all
 * sessions are up again and quiet, every path, every decision and every FIB must be the same. */
#include "tests/bgp/speaker_world.h"

#include "base/random.h"

struct history {
	enum world_shape shape;
	uint32_t kinds;
	bool graceful;
	uint64_t seed;
};

static void step(struct world *world, struct random_stream *random)
{
	uint32_t at = (uint32_t)random_below(random, WORLD_SPEAKERS);
	int prefix = (int)random_below(random, REF_PREFIXES);
	switch (random_below(random, 12)) {
	case 0: world_kill(world, at); break;
	case 1: world_cut(world, at); break;
	case 2: world_silence(world, at, true); break;
	case 3: case 4:
		world_configure(world, at, (uint32_t)random_below(random, WORLD_PEERS),
				(uint32_t)random_below(random, 42),
				(uint32_t)random_below(random, 42),
				random_below(random, 2) ? BGP_NEXT_HOP_SELF : BGP_NEXT_HOP_AUTO);
		break;
	case 5: case 6: world_retract(world, at, prefix); break;
	case 7: world_start(world, at); break;
	default: world_originate(world, at, prefix, (uint32_t)random_below(random, 3)); break;
	}
}

/* Now and then everything is mended and judged. */
static void mend(struct world *world)
{
	for (uint32_t i = 0; i < WORLD_SPEAKERS; i++) {
		world_silence(world, i, false);
		world_start(world, i);
	}
	bool all_up = ref_settle(&world->ref, 1200);
	assert_true(all_up);
	pipe_run_s(&world->pipe, 30);
	ref_judge(&world->ref);
}

static void run(const struct history *history)
{
	static struct world world;
	static const int64_t pauses_ms[] = { 0, 1, 60, 2500, 30000, 200000 };
	struct random_stream random = random_stream_of(history->seed, "history", "speakers");
	world_init(&world, history->shape, history->kinds, history->graceful, history->seed);
	for (uint32_t i = 0; i < WORLD_SPEAKERS; i++)
		world_start(&world, i);
	for (int round = 0; round < 6; round++) {
		for (int i = 0; i < 12; i++) {
			step(&world, &random);
			int64_t pause = pauses_ms[random_below(&random, 6)];
			pipe_run(&world.pipe,
				 instant_add(world.pipe.now, pause * NS_PER_MS));
		}
		mend(&world);
	}
	world_free(&world);
}

static void histories(enum world_shape shape)
{
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct random_stream random = random_stream_of(seed, "history", "kinds");
		struct history history = { .shape = shape, .seed = seed };
		history.kinds = (uint32_t)random_below(&random, 1u << 2 * WORLD_SPEAKERS);
		history.graceful = random_below(&random, 2);
		print_message("shape %d seed %d kinds %x%s\n", (int)shape, (int)seed,
			      history.kinds, history.graceful ? " graceful" : "");
		run(&history);
	}
}

static void one_reflector(void **state)
{
	(void)state;
	histories(WORLD_REFLECTOR);
}
static void a_mesh_and_two_more(void **state)
{
	(void)state;
	histories(WORLD_MESH);
}
static void two_reflectors(void **state)
{
	(void)state;
	histories(WORLD_TWO_REFLECTORS);
}
static void a_ring(void **state)
{
	(void)state;
	histories(WORLD_RING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_reflector),
		cmocka_unit_test(a_mesh_and_two_more),
		cmocka_unit_test(two_reflectors),
		cmocka_unit_test(a_ring),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
