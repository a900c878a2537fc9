/* From the model to what a speaker is told. */
#ifndef SIM_SETUP_H
#define SIM_SETUP_H

#include "base/memory.h"
#include "bgp/bgp.h"
#include "topo/model.h"

/* Fills *config for a node at a revision. Everything it points to lives in the arena or the model.
 * False: the node runs no BGP daemon. Neighbours of a family the node has no address in are left out
 * as Calico's templates do. */
bool setup_speaker(const struct model *model, uint32_t revision, uint32_t node, struct arena *arena,
		   struct bgp_config *config);
/* The same of one configuration, outside any model; `families` of the neighbours' addresses that can be
 * reached (BGP_IPV4_UNICAST | BGP_IPV6_UNICAST). */
bool setup_speaker_of(const struct model_config *from, const char *name, uint8_t families,
		      struct arena *arena, struct bgp_config *config);

/* What that speaker originates by itself: Calico's blocks, `network` lines and redistributed routes,
 * in order of prefix. */
struct bgp_local_route *setup_local_routes(const struct model *model, uint32_t revision,
					   uint32_t node, struct arena *arena, uint32_t *count);
struct bgp_local_route *setup_local_routes_of(const struct model_config *config, struct arena *arena,
					      uint32_t *count);

#endif
