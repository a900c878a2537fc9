/* The discrete-event world: every node, cable and segment of a model in virtual time. */
#ifndef SIM_VIRTUAL_VIRTUAL_H
#define SIM_VIRTUAL_VIRTUAL_H

#include "sim/virtual/node.h"
#include "sim/world.h"

/* The model and what the options point to are borrowed. Free with world->ops->free. */
struct world *virtual_new(const struct model *model, const struct world_options *options);

/* Looking in, for benchmarks and tests of this room. */
const struct node *virtual_node(const struct world *world, uint32_t index);

#endif
