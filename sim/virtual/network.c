/* What all stacks of a world share. */
#include <stddef.h>
#include <string.h>

#include "sim/virtual/stack.h"
#include "sim/virtual/walk.h"

static void link_changed(struct link_world *world, const struct link *link)
{
	struct network *network =
		(struct network *)(void *)((char *)world - offsetof(struct network, link_world));
	watch_link_changed(network->watch, link->index);
}

void network_init(struct network *network, uint64_t seed, struct frame_sink *sink)
{
	memset(network, 0, sizeof(*network));
	engine_init(&network->engine);
	frame_pool_init(&network->pool);
	network->link_world = (struct link_world){
		.engine = &network->engine,
		.seed = seed,
		.sink = sink,
		.changed = link_changed,
	};
}

void network_free(struct network *network)
{
	engine_free(&network->engine);
	frame_pool_free(&network->pool);
}

void network_partition(struct network *network, const uint32_t *island_of)
{
	network->link_world.island_of = island_of;
	watch_all_changed(network->watch);
}
