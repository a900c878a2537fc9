/* The run database: the trace's one durable form, a single SQLite file. Schema and views:
 * docs/run-db.md. Readable after kill -9 at any instant; after rundb_close one file is left (no
 * -wal, no -shm). */
#ifndef TRACE_RUNDB_H
#define TRACE_RUNDB_H

#include "base/memory.h"
#include "base/text.h"
#include "trace/trace.h"

struct rundb;

/* Creates the file (it must not exist). NULL and *error (owned by the caller's arena) on
 * trouble. */
struct rundb *rundb_create(const char *path, struct arena *arena, const char **error);
struct rundb *rundb_open(const char *path, struct arena *arena, const char **error); /* read only */
bool rundb_is_one(const char *path); /* by its header alone */
/* Makes indexes, leaves WAL mode, closes. 0, or a negative errno with *error. */
int rundb_close(struct rundb *db, struct arena *arena, const char **error);

/* A sink writing every observation. After a write failure (full disk) it stops writing and
 * rundb_failed says why; the run can go on or end. */
struct trace_sink *rundb_sink(struct rundb *db);
const char *rundb_failed(const struct rundb *db); /* NULL: fine */
/* Makes what was written so far readable by others and safe from kill -9. Happens by itself every
 * RUNDB_COMMIT_ROWS observations and at rundb_close. */
void rundb_commit(struct rundb *db);
#define RUNDB_COMMIT_ROWS 10000u
#define RUNDB_VERSION 1 /* of the schema; a file of a newer one is refused by name */

/* Plain facts of the run, by key: "name", "seed", "version", "path", "state" ("running",
 * "complete", "interrupted"), "end_ns", "digest", "events", ... */
void rundb_put(struct rundb *db, const char *key, const char *value);
const char *rundb_get(struct rundb *db, const char *key, struct arena *arena); /* NULL if none */
/* Names of nodes, links and flows, by model index: table `name`. kind: "node", "link", "flow". */
void rundb_put_name(struct rundb *db, const char *kind, uint32_t index, const char *name);
const char *rundb_get_name(struct rundb *db, const char *kind, uint32_t index,
			   struct arena *arena); /* NULL if none */
/* Every file the run was made from, whole. */
void rundb_put_source(struct rundb *db, const char *path, const char *text, size_t length);
const char *rundb_get_source(struct rundb *db, const char *path, struct arena *arena,
			     size_t *length);
/* The path of the file put as number `index`; NULL ends the walk. */
const char *rundb_source_at(struct rundb *db, uint32_t index, struct arena *arena);
/* Verdicts, as the checker gave them. */
struct rundb_verdict {
	const char *name, *result; /* "pass", "fail", "warn", "not judged" */
	const char *measured, *limit, *why, *file;
	uint32_t line;
	int64_t first_failing_ns;  /* INT64_MIN: none */
};
void rundb_put_verdict(struct rundb *db, const struct rundb_verdict *verdict);
bool rundb_verdict_at(struct rundb *db, uint32_t index, struct arena *arena,
		      struct rundb_verdict *verdict);

/* Replays stored observations with at_ns <= until_ns, in order, into a sink. 0 or negative
 * errno. */
int rundb_replay(struct rundb *db, int64_t until_ns, struct trace_sink *sink);

#endif
