/* Questions to the configuration in force. Private to the checker. */
#ifndef CHECKER_LOOKUP_H
#define CHECKER_LOOKUP_H

#include "base/hash.h"
#include "checker/state.h"

const struct model_config *config_at(const struct model *model, uint32_t revision, uint32_t node);
const struct model_config *config_now(const struct state *state, uint32_t node);
/* The node with that address on an interface, else of the pod with it; MODEL_NONE. */
uint32_t owner_of(const struct state *state, struct ip_addr addr);
struct ip_addr node_address(const struct state *state, uint32_t node); /* its first */
bool node_has_address(const struct model_config *config, struct ip_addr addr);
/* The neighbour of `node` whose address is one of `peer`'s; NULL if there is none. */
const struct model_neighbor *neighbor_towards(const struct state *state, uint32_t node,
					      uint32_t peer);
const struct model_neighbor *neighbor_named(const struct state *state, uint32_t node,
					    const char *name);
bool daemon_running(const struct state *state, uint32_t node);
/* Both stand in the same island of the partition in force, if there is one. */
bool same_island(const struct state *state, uint32_t a, uint32_t b);

/* One BGP session as configured: one side, and the other if the model has it. */
struct session_pair {
	uint32_t node[2];    /* [1] MODEL_NONE: the other side is not in the model, or knows nothing
			      * of this one */
	const char *name[2]; /* the neighbour's name on each side */
	struct ip_addr address; /* the peer's, as node[0] has it */
};
/* Every session of a revision once, in order of node and neighbour. */
struct session_pair *session_pairs(const struct model *model, uint32_t revision,
				   struct arena *arena, uint32_t *count);

#endif
