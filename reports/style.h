/* What a terminal, a pipe or a log can show: decided once, from the environment, by simrun/. */
#ifndef REPORTS_STYLE_H
#define REPORTS_STYLE_H

#include <stdbool.h>

struct style {
	bool colour;   /* TTY, no NO_COLOR, TERM not dumb; or forced */
	bool unicode;  /* the locale is UTF-8 */
	int columns;   /* of the terminal; 0: unknown */
};

/* The sign before a verdict: a tick and a cross, or words where they cannot be shown. */
const char *style_mark(const struct style *style, bool good);
const char *style_on(const struct style *style, const char *colour); /* "red" "green" "yellow" "dim" "bold" */
const char *style_off(const struct style *style);

#endif
