/* JUnit XML as GitLab, Jenkins and the usual GitHub actions read it: one case per expectation. */
#ifndef REPORTS_JUNIT_H
#define REPORTS_JUNIT_H

#include "base/text.h"
#include "reports/run.h"

void junit_write(const struct run *run, struct text *out);
/* A run that never got to judging: one case with <error>. */
void junit_write_error(const char *name, const char *message, struct text *out);

#endif
