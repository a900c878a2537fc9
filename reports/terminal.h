/* What `simrun run` prints: the scenario in a line, its timeline, the verdicts with what was measured
 * beside what was allowed, the reasons, and the result. */
#ifndef REPORTS_TERMINAL_H
#define REPORTS_TERMINAL_H

#include "base/text.h"
#include "reports/run.h"
#include "reports/style.h"

/* "rr-failover   5 nodes, 1 segment, 5 BGP sessions, ..." */
void terminal_head(const struct run *run, const struct style *style, struct text *out);
void terminal_event(const struct run_event *event, const struct style *style, struct text *out);
void terminal_verdicts(const struct run *run, const struct style *style, struct text *out);
/* PASS or FAIL, counts, seed, digest, where the files are. `folder` may be NULL: nothing written. */
void terminal_result(const struct run *run, const char *folder, const struct style *style,
		     struct text *out);

/* Replaces the signs outside ASCII that our own texts use by ASCII ones, unless the style has them. */
void terminal_plain(const struct style *style, const char *string, struct text *out);

#endif
