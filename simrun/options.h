/* The command line: verbs and flags, one table each, from which help is printed too. */
#ifndef SIMRUN_OPTIONS_H
#define SIMRUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "reports/style.h"

#define SIMRUN_VERSION "0.1.0"

/* Exit codes; see README. */
enum {
	EXIT_HOLDS = 0,        /* every expectation holds */
	EXIT_FAILED = 1,       /* one failed, or `check` found an error of design */
	EXIT_UNREADABLE = 2,   /* usage, syntax, unknown names */
	EXIT_ENVIRONMENT = 3,  /* the machine's trouble: nothing is said about the network */
	EXIT_BROKEN = 4,       /* simrun itself broke */
	EXIT_NOT_JUDGED = 5,   /* nothing was judged */
	EXIT_INTERRUPTED = 130,
};

enum output_format { FORMAT_TEXT, FORMAT_JSON };

struct options {
	const char *verb;
	const char **files; /* what is not a flag; borrowed from argv */
	int file_count;
	uint64_t seed;
	int64_t until_ns, at_ns; /* 0, INT64_MIN: not given */
	const char *only;        /* -k */
	const char *topo;        /* -t; options_read puts it among the files */
	const char *out;         /* NULL: simrun-NAME */
	const char *junit;       /* a second copy of junit.xml */
	const char *pcap;        /* "all", "none" or a link */
	const char *explain;     /* check --explain CODE */
	int64_t probe_interval_ns;
	enum output_format format;
	bool strict, quiet, verbose, no_progress, no_write;
	const char *command_line; /* as typed, joined; owned by the caller's arena */
	struct style style;       /* of stdout */
	bool github;              /* inside GitHub Actions */
};

struct arena;
/* Fills *options. Returns -1 to go on, or an exit code (help and version were printed, or usage was
 * wrong and stderr says how). */
int options_read(int argc, char **argv, struct arena *arena, struct options *options);

#endif
