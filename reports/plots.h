/* Pictures by gnuplot: reachability of flows, states of sessions, BGP messages a second. The data and
 * the scripts stay in plots/, so that people can change them and run gnuplot again. */
#ifndef REPORTS_PLOTS_H
#define REPORTS_PLOTS_H

#include "base/text.h"
#include "reports/run.h"
#include "trace/trace.h"

struct plots;

struct plots *plots_new(const struct model *model);
void plots_free(struct plots *plots);
/* Gathers session states and message counts while the run goes on. */
struct trace_sink *plots_sink(struct plots *plots);

enum plots_result {
	PLOTS_DRAWN,
	PLOTS_NO_GNUPLOT,   /* data and scripts were written, pictures were not */
	PLOTS_FAILED,       /* see *error */
};
/* Writes folder/plots/{reach,sessions,messages}.{dat,gp,svg,png}. */
enum plots_result plots_write(struct plots *plots, const struct run *run, const char *folder,
			      struct text *error);

#endif
