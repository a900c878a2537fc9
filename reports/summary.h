/* summary.json: the verdict for programs, and the lines GitHub turns into annotations. */
#ifndef REPORTS_SUMMARY_H
#define REPORTS_SUMMARY_H

#include "base/diag.h"
#include "base/text.h"
#include "reports/run.h"

void summary_json(const struct run *run, struct text *out);
/* `::error file=...` lines: the worst ten verdicts with the places their reasons point at. */
void github_annotations(const struct run *run, struct text *out);
void github_diagnostics(const struct diag_list *diags, struct text *out);
/* Markdown for $GITHUB_STEP_SUMMARY, with the topology as a Mermaid graph. */
void github_step_summary(const struct run *run, struct text *out);

#endif
