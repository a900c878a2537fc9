/* report.html: one file, no script, no request to anywhere; readable with styles refused. */
#ifndef REPORTS_HTML_H
#define REPORTS_HTML_H

#include "base/text.h"
#include "reports/run.h"

/* `state`: at the end of the run. `reach_svg`: the picture to put inline, NULL if there is none. */
void html_write(const struct run *run, const struct state *state, const char *reach_svg,
		struct text *out);

#endif
