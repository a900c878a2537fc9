/* Progress on stderr (a rewritten line on a terminal, one every ten seconds elsewhere), and the
 * signals that interrupt a run. The only place of simrun that reads a clock. */
#ifndef SIMRUN_PROGRESS_H
#define SIMRUN_PROGRESS_H

#include "reports/timeline.h"
#include "simrun/options.h"
#include "sim/world.h"
#include "trace/rundb.h"

struct progress {
	const struct options *options;
	const struct model *model;
	const struct timeline *timeline;
	struct world *world;
	struct rundb *db; /* NULL: none. Made safe from kill -9 now and then */
	int64_t started_ns, shown_ns, committed_ns, end_ns;
	bool terminal, shown;
};

void progress_begin(struct progress *progress);
/* For the conductor; false once a signal came, or nothing can be written any more. */
bool progress_look(void *context, struct instant now, const struct model_step *step);
void progress_clear(struct progress *progress); /* before something else is printed */
int64_t progress_wall_ns(const struct progress *progress);

void signals_catch(void); /* SIGINT, SIGTERM, SIGHUP interrupt; SIGPIPE is a write error */
bool signals_came(void);

#endif
