/* A finished run as every report sees it: values only. */
#ifndef REPORTS_RUN_H
#define REPORTS_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "checker/checker.h"
#include "checker/state.h"
#include "topo/model.h"

struct run_event { /* a line of the timeline: a step, or something worth telling that followed */
	int64_t at_ns;
	const char *name; /* step name, "start", "end", or who: "tor: 172.31.13.27" */
	const char *text;
};

struct run {
	const struct model *model;
	const char *version;      /* of simrun: "0.1.0" */
	const char *command;      /* the command line, for captures and the page */
	const char *world;        /* "simulated" */
	uint64_t seed, events, frames, messages, digest;
	bool captured;   /* there is a run.pcapng */
	int64_t end_ns;           /* simulated */
	int64_t wall_ns;
	bool interrupted;
	const struct verdict *verdicts;
	uint32_t verdict_count;
	const struct outage *outages;
	uint32_t outage_count;
	const struct run_event *timeline;
	uint32_t timeline_count;
	uint32_t session_count, pod_count; /* of the scenario as it starts */
	int exit_code;
};

#endif
