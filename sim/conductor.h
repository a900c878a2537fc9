/* Plays a model's timeline on a world, from instant 0 to its end. */
#ifndef SIM_CONDUCTOR_H
#define SIM_CONDUCTOR_H

#include "sim/world.h"

struct conductor_options {
	int64_t probe_interval_ns;   /* a probe on each flow that often; 0: none */
	int64_t until_ns;            /* stop earlier than the scenario says; 0: its own end */
	/* Called now and then, and at every step; returning false interrupts the run. */
	bool (*progress)(void *context, struct instant now, const struct model_step *step);
	void *context;
	int64_t progress_interval_ns; /* simulated time between calls */
};

enum conductor_result { CONDUCTOR_COMPLETE, CONDUCTOR_INTERRUPTED, CONDUCTOR_FAILED };

/* *end is how far it came. On FAILED *error is the negative errno. */
enum conductor_result conductor_play(const struct model *model, struct world *world,
				     struct trace *trace, const struct conductor_options *options,
				     struct instant *end, int *error);

#endif
