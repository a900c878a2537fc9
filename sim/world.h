/* What any world, virtual or real, must be able to do. The conductor plays a model's timeline on it;
 * everything it does shows as observations. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdint.h>

#include "base/time.h"
#include "topo/model.h"
#include "trace/trace.h"

struct world;

struct world_counts {
	uint64_t events;      /* handled so far */
	uint64_t frames;      /* that left an interface */
	uint64_t messages;    /* BGP messages handed to TCP */
	uint64_t route_deliveries; /* announced and withdrawn prefixes received, over all speakers */
};

struct world_ops {
	/* Powers on every node and starts every daemon, at instant 0. 0 or a negative errno. */
	int (*start)(struct world *world);
	/* Lets everything happen whose time is <= until. 0, or a negative errno. */
	int (*advance)(struct world *world, struct instant until);
	/* Carries out a step of the model's timeline, now. `undo` ends a step that had `for:`. */
	int (*apply)(struct world *world, const struct model_step *step, bool undo);
	/* Sends one probe packet on a watched flow. */
	void (*probe)(struct world *world, uint32_t flow);
	/* Nothing but periodic timers (keepalives, refreshes) is pending. */
	bool (*settled)(const struct world *world);
	struct world_counts (*counts)(const struct world *world);
	void (*free)(struct world *world);
};

struct world { /* embedded first in each world's own struct */
	const struct world_ops *ops;
};

/* What a run may choose about how much is seen. */
struct world_options {
	uint64_t seed;
	struct trace *trace;            /* borrowed */
	struct frame_sink *frames;      /* borrowed; NULL: no capture */
	bool trace_messages;            /* OBSERVE_MESSAGE */
	bool trace_routes;              /* OBSERVE_PATH, _BEST, _FIB for BGP routes, every ARP state */
};

#endif
