/* When each watched flow was silent, and why for most of that time: for reports and plots.
 * Private to the checker. */
#ifndef CHECKER_OUTAGES_H
#define CHECKER_OUTAGES_H

#include "checker/checker.h"
#include "checker/state.h"

struct outage_watch;
struct outages {
	struct outage *items; /* owned; in order after outages_finish */
	size_t count, capacity;
	struct outage_watch *flows;
	uint32_t *touched, touched_count, flow_count;
};

void outages_init(struct outages *outages, const struct model *model);
void outages_free(struct outages *outages);
void outages_touch(struct outages *outages, uint32_t flow);
/* An instant is over: looks at the flows touched in it. */
void outages_pass(struct outages *outages, const struct state *state);
void outages_finish(struct outages *outages, int64_t end_ns);

#endif
