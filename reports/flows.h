/* Flows that were silent at the same times, as one: pictures and tables of many flows tell little
 * otherwise. */
#ifndef REPORTS_FLOWS_H
#define REPORTS_FLOWS_H

#include "base/memory.h"
#include "base/text.h"
#include "reports/run.h"

struct flow_group {
	const uint32_t *flows; /* in the model's order */
	uint32_t count;
	const struct outage *outages; /* of the first of them; the others' are equal but for `flow` */
	uint32_t outage_count;
	int64_t silent_ns; /* in all, of one flow */
};

/* Longest silence first, then as the model has them. fold false: each flow is a group of its own. */
struct flow_group *flow_groups(const struct run *run, bool fold, struct arena *arena,
			       uint32_t *count);
/* "client -> a" or "client -> a and 3 more". */
void flow_group_name(const struct run *run, const struct flow_group *group, struct text *out);

#endif
