/* report.html: one file, no script, no request to anywhere; readable with styles refused. */
#ifndef REPORTS_HTML_H
#define REPORTS_HTML_H

#include "base/text.h"
#include "reports/run.h"

/* Pictures gnuplot has drawn, as SVG text; NULL: none. */
struct html_pictures {
	const char *reach, *sessions;
};

/* `state`: at the end of the run. */
void html_write(const struct run *run, const struct state *state,
		const struct html_pictures *pictures, struct text *out);

#endif
