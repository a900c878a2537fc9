/* The reading half of the run database: of a finished run, of one that was killed and left its
 * -wal behind, and of one that is still being written. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "trace/rundb.h"
#include "trace/rundb_file.h"
#include "trace/schema.h"

static int64_t pragma(struct rundb *db, const char *sql)
{
	sqlite3_stmt *row = NULL;
	int64_t value = -1;
	if (sqlite3_prepare_v2(db->handle, sql, -1, &row, NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW)
		value = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return value;
}

static bool wal_holds_rows(const char *path)
{
	struct text wal;
	text_init(&wal);
	text_printf(&wal, "%s-wal", path);
	bool there = access(text_string(&wal), F_OK) == 0;
	text_free(&wal);
	return there;
}

/* A file in a folder one may not write to, in WAL mode but without a -wal, cannot be locked; it
 * cannot change under us either, so it is opened as it stands. */
static int open_as_it_stands(struct rundb *db)
{
	struct text uri;
	text_init(&uri);
	text_put(&uri, "file:");
	for (const unsigned char *p = (const unsigned char *)db->path; *p; p++) {
		if (*p == '?' || *p == '#' || *p == '%')
			text_printf(&uri, "%%%02x", *p);
		else
			text_char(&uri, (char)*p);
	}
	text_put(&uri, "?immutable=1");
	sqlite3_close(db->handle);
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
	int code = sqlite3_open_v2(text_string(&uri), &db->handle, flags, NULL);
	text_free(&uri);
	return code;
}

static const char *check(struct rundb *db, struct arena *arena)
{
	int64_t application = pragma(db, "PRAGMA application_id");
	if (application < 0) {
		int code = sqlite3_errcode(db->handle);
		if (code == SQLITE_CANTOPEN && !wal_holds_rows(db->path) &&
		    open_as_it_stands(db) == SQLITE_OK)
			application = pragma(db, "PRAGMA application_id");
		else if (code == SQLITE_CANTOPEN && wal_holds_rows(db->path))
			return arena_printf(arena,
					    "%s: its run was interrupted and its folder cannot "
					    "be written to: copy it, and the -wal file beside "
					    "it, elsewhere",
					    db->path);
	}
	if (application != RUNDB_APPLICATION_ID) {
		int code = sqlite3_errcode(db->handle);
		if (application < 0 && code != SQLITE_NOTADB)
			return arena_printf(arena, "%s: cannot read: %s", db->path,
					    sqlite3_errmsg(db->handle));
		return arena_printf(arena, "%s: not a simrun run database", db->path);
	}
	int64_t version = pragma(db, "PRAGMA user_version");
	if (version > RUNDB_VERSION)
		return arena_printf(arena,
				    "%s: written by a newer simrun (schema %lld; this one reads "
				    "up to %d)",
				    db->path, (long long)version, RUNDB_VERSION);
	return NULL;
}

/* SQLite's file format: the application id stands at 68, big-endian. */
bool rundb_is_one(const char *path)
{
	unsigned char head[72];
	FILE *file = fopen(path, "rb");
	bool whole = file && fread(head, 1, sizeof(head), file) == sizeof(head);
	if (file)
		fclose(file);
	return whole && memcmp(head, "SQLite format 3", 16) == 0 &&
	       ((uint32_t)head[68] << 24 | (uint32_t)head[69] << 16 | (uint32_t)head[70] << 8 |
		head[71]) == RUNDB_APPLICATION_ID;
}

struct rundb *rundb_open(const char *path, struct arena *arena, const char **error)
{
	if (access(path, R_OK) != 0) {
		*error = arena_printf(arena, "%s: %s", path, strerror(errno));
		return NULL;
	}
	struct rundb *db = rundb_alloc(path);
	db->read_only = true;
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
	if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK)
		*error = arena_printf(arena, "%s: cannot open: %s", path,
				      sqlite3_errmsg(db->handle));
	else
		*error = check(db, arena);
	if (!*error) {
		sqlite3_busy_timeout(db->handle, 5000);
		return db;
	}
	rundb_free(db);
	return NULL;
}

static const char *column_string(sqlite3_stmt *row, int column, struct arena *arena)
{
	const void *text = sqlite3_column_text(row, column);
	return text ? arena_strdup(arena, text) : "";
}

/* The single value a query yields, NULL if it yields none. */
static const char *take_string(struct rundb *db, sqlite3_stmt *row, struct arena *arena)
{
	const char *value = NULL;
	int code = row ? sqlite3_step(row) : SQLITE_ERROR;
	if (code == SQLITE_ROW)
		value = column_string(row, 0, arena);
	else if (code != SQLITE_DONE)
		rundb_fail(db, "cannot read");
	sqlite3_finalize(row);
	return value;
}

const char *rundb_get(struct rundb *db, const char *key, struct arena *arena)
{
	sqlite3_stmt *row = rundb_prepare(db, "SELECT value FROM fact WHERE key = ?1");
	sqlite3_bind_text(row, 1, key, -1, SQLITE_STATIC);
	return take_string(db, row, arena);
}

const char *rundb_get_name(struct rundb *db, const char *kind, uint32_t index, struct arena *arena)
{
	sqlite3_stmt *row =
		rundb_prepare(db, "SELECT name FROM name WHERE kind = ?1 AND number = ?2");
	sqlite3_bind_text(row, 1, kind, -1, SQLITE_STATIC);
	sqlite3_bind_int64(row, 2, index);
	return take_string(db, row, arena);
}

const char *rundb_source_at(struct rundb *db, uint32_t index, struct arena *arena)
{
	sqlite3_stmt *row = rundb_prepare(db, "SELECT path FROM source WHERE number = ?1");
	sqlite3_bind_int64(row, 1, index);
	return take_string(db, row, arena);
}

const char *rundb_get_source(struct rundb *db, const char *path, struct arena *arena,
			     size_t *length)
{
	sqlite3_stmt *row = rundb_prepare(db, "SELECT text FROM source WHERE path = ?1");
	const char *text = NULL;
	sqlite3_bind_text(row, 1, path, -1, SQLITE_STATIC);
	if (row && sqlite3_step(row) == SQLITE_ROW) {
		const char *bytes = sqlite3_column_blob(row, 0);
		*length = (size_t)sqlite3_column_bytes(row, 0);
		text = arena_strndup(arena, *length ? bytes : "", *length);
	}
	sqlite3_finalize(row);
	return text;
}

bool rundb_verdict_at(struct rundb *db, uint32_t index, struct arena *arena,
		      struct rundb_verdict *verdict)
{
	sqlite3_stmt *row = rundb_prepare(
		db, "SELECT name, result, measured, \"limit\", why, file, line, first_failing_ns"
		    " FROM verdict WHERE number = ?1");
	sqlite3_bind_int64(row, 1, index);
	bool found = row && sqlite3_step(row) == SQLITE_ROW;
	if (found) {
		*verdict = (struct rundb_verdict){
			.name = column_string(row, 0, arena),
			.result = column_string(row, 1, arena),
			.measured = column_string(row, 2, arena),
			.limit = column_string(row, 3, arena),
			.why = column_string(row, 4, arena),
			.file = column_string(row, 5, arena),
			.line = (uint32_t)sqlite3_column_int64(row, 6),
			.first_failing_ns = sqlite3_column_type(row, 7) == SQLITE_NULL ?
				INT64_MIN : sqlite3_column_int64(row, 7),
		};
	}
	sqlite3_finalize(row);
	return found;
}

static bool kind_of(const char *name, enum observation_kind *kind)
{
	for (unsigned i = 0; name && i < OBSERVE_KINDS; i++) {
		if (strcmp(observation_kind_name(i), name) == 0) {
			*kind = i;
			return true;
		}
	}
	return false;
}

static bool read_row(sqlite3_stmt *row, struct arena *scratch, struct observation *observation)
{
	*observation = (struct observation){
		.sequence = (uint64_t)sqlite3_column_int64(row, 0),
		.at_ns = sqlite3_column_int64(row, 1),
		.node = sqlite3_column_type(row, 3) == SQLITE_NULL ?
			UINT32_MAX : (uint32_t)sqlite3_column_int64(row, 3),
		.json = (const char *)sqlite3_column_text(row, 4),
		.json_length = (size_t)sqlite3_column_bytes(row, 4),
	};
	return kind_of((const char *)sqlite3_column_text(row, 2), &observation->kind) &&
	       observation->json &&
	       observation_read_data(observation->json, observation->json_length, scratch,
				     observation);
}

int rundb_replay(struct rundb *db, int64_t until_ns, struct trace_sink *sink)
{
	sqlite3_stmt *row = rundb_prepare(
		db, "SELECT sequence, at_ns, kind, node, data FROM observation ORDER BY sequence");
	if (!row)
		return db->failed_errno;
	struct arena scratch;
	arena_init(&scratch);
	int result = 0, code = SQLITE_DONE;
	while (result == 0 && (code = sqlite3_step(row)) == SQLITE_ROW) {
		struct observation observation;
		if (sqlite3_column_int64(row, 1) > until_ns) {
			code = SQLITE_DONE;
			break;
		}
		arena_rewind(&scratch);
		if (read_row(row, &scratch, &observation))
			sink->observe(sink, &observation);
		else
			result = -EBADMSG;
	}
	if (result == 0 && code != SQLITE_DONE) {
		rundb_fail(db, "cannot read");
		result = db->failed_errno;
	}
	sqlite3_finalize(row);
	arena_free(&scratch);
	return result;
}
