/* What each verb does; each returns the program's exit code. */
#ifndef SIMRUN_VERBS_H
#define SIMRUN_VERBS_H

#include "simrun/options.h"

int verb_run(const struct options *options);
int verb_check(const struct options *options);
int verb_show(const struct options *options);
int verb_why(const struct options *options);

#endif
