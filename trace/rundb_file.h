/* What the writing and the reading half of the run database share. Private to the trace room. */
#ifndef TRACE_RUNDB_FILE_H
#define TRACE_RUNDB_FILE_H

#include <sqlite3.h>

#include "trace/rundb.h"

struct rundb_writer { /* the sink, with its way back */
	struct trace_sink sink;
	struct rundb *db;
};

struct rundb {
	sqlite3 *handle;
	char *path;
	bool read_only, in_transaction;
	uint32_t uncommitted;       /* observations */
	uint32_t sources, verdicts; /* put so far */
	sqlite3_stmt *insert;
	struct rundb_writer writer;
	struct text line;           /* for observations that come without their JSON */
	char *failed;               /* owned; NULL: fine */
	int failed_errno;           /* negative */
};

struct rundb *rundb_alloc(const char *path);
void rundb_free(struct rundb *db);
int rundb_errno(int sqlite_code); /* the negative errno nearest to an SQLite result */
/* Prepares or gives NULL after noting the failure. */
sqlite3_stmt *rundb_prepare(struct rundb *db, const char *sql);
void rundb_fail(struct rundb *db, const char *doing);

#endif
