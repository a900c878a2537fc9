/* The writing half of the run database. One connection, one prepared insert, a transaction every
 * RUNDB_COMMIT_ROWS observations; in WAL mode while it runs, so that others can read meanwhile and
 * a killed run keeps what was committed. */
#include "trace/rundb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "trace/rundb_file.h"
#include "trace/schema.h"

#define BUSY_MS 200
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

struct rundb *rundb_alloc(const char *path)
{
	struct rundb *db = memory_zalloc(sizeof(*db));
	db->path = memory_strdup(path);
	text_init(&db->line);
	return db;
}

void rundb_free(struct rundb *db)
{
	sqlite3_finalize(db->insert);
	sqlite3_close(db->handle);
	text_free(&db->line);
	free(db->failed);
	free(db->path);
	free(db);
}

int rundb_errno(int sqlite_code)
{
	switch (sqlite_code & 0xff) {
	case SQLITE_OK: return 0;
	case SQLITE_FULL: return -ENOSPC;
	case SQLITE_READONLY: return -EROFS;
	case SQLITE_CANTOPEN: return -EACCES;
	case SQLITE_BUSY: case SQLITE_LOCKED: return -EBUSY;
	case SQLITE_CORRUPT: case SQLITE_NOTADB: return -EBADMSG;
	default: return -EIO;
	}
}

/* The first failure is kept: those after it are only its echoes. */
void rundb_fail(struct rundb *db, const char *doing)
{
	if (db->failed)
		return;
	struct text text;
	text_init(&text);
	int code = sqlite3_extended_errcode(db->handle), os = sqlite3_system_errno(db->handle);
	text_printf(&text, "%s: %s: %s", db->path, doing, sqlite3_errmsg(db->handle));
	if ((code & 0xff) == SQLITE_IOERR && os)
		text_printf(&text, " (%s)", strerror(os));
	db->failed_errno = rundb_errno(code);
	db->failed = memory_strdup(text_string(&text));
	text_free(&text);
}

sqlite3_stmt *rundb_prepare(struct rundb *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v3(db->handle, sql, -1, 0, &statement, NULL) != SQLITE_OK)
		rundb_fail(db, db->read_only ? "cannot read" : "cannot write");
	return statement;
}

static bool run_sql(struct rundb *db, const char *sql)
{
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK)
		return true;
	rundb_fail(db, "cannot write");
	return false;
}

static bool begin(struct rundb *db)
{
	if (db->failed)
		return false;
	if (!db->in_transaction)
		db->in_transaction = run_sql(db, "BEGIN");
	return db->in_transaction;
}

void rundb_commit(struct rundb *db)
{
	ASSERT(!db->read_only);
	if (db->in_transaction && !db->failed && run_sql(db, "COMMIT")) {
		db->in_transaction = false;
		db->uncommitted = 0;
	}
}

static void insert(struct rundb *db, const struct observation *observation)
{
	const char *json = observation->json, *kind = observation_kind_name(observation->kind);
	size_t length = observation->json_length;
	if (!json) {
		text_clear(&db->line);
		observation_write_data(observation, &db->line);
		json = text_string(&db->line);
		length = db->line.length;
	}
	sqlite3_bind_int64(db->insert, 1, (sqlite3_int64)observation->sequence);
	sqlite3_bind_int64(db->insert, 2, observation->at_ns);
	sqlite3_bind_text(db->insert, 3, kind, -1, SQLITE_STATIC);
	if (observation->node == UINT32_MAX)
		sqlite3_bind_null(db->insert, 4);
	else
		sqlite3_bind_int64(db->insert, 4, observation->node);
	sqlite3_bind_text64(db->insert, 5, json, length, SQLITE_STATIC, SQLITE_UTF8);
	if (sqlite3_step(db->insert) != SQLITE_DONE)
		rundb_fail(db, "cannot write");
	sqlite3_reset(db->insert);
	sqlite3_clear_bindings(db->insert);
}

static void sink_observe(struct trace_sink *sink, const struct observation *observation)
{
	struct rundb *db = ((struct rundb_writer *)sink)->db;
	if (!begin(db))
		return;
	insert(db, observation);
	if (++db->uncommitted >= RUNDB_COMMIT_ROWS)
		rundb_commit(db);
}

struct trace_sink *rundb_sink(struct rundb *db)
{
	ASSERT(!db->read_only);
	return &db->writer.sink;
}

const char *rundb_failed(const struct rundb *db) { return db->failed; }

static bool set_up(struct rundb *db)
{
	return run_sql(db, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL;"
			   "PRAGMA synchronous = NORMAL;") &&
	       run_sql(db, "BEGIN") && run_sql(db, rundb_schema) &&
	       run_sql(db, "PRAGMA application_id = " TEXT(RUNDB_APPLICATION_ID) ";"
			   "PRAGMA user_version = " TEXT(RUNDB_VERSION) "; COMMIT");
}

struct rundb *rundb_create(const char *path, struct arena *arena, const char **error)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
	if (fd < 0) {
		*error = arena_printf(arena, "%s: %s", path, strerror(errno));
		return NULL;
	}
	close(fd);
	struct rundb *db = rundb_alloc(path);
	db->writer = (struct rundb_writer){ { sink_observe }, db };
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK) {
		rundb_fail(db, "cannot open");
	} else if (set_up(db)) {
		static const char sql[] = "INSERT INTO observation VALUES(?1, ?2, ?3, ?4, ?5)";
		if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &db->insert,
				       NULL) != SQLITE_OK)
			rundb_fail(db, "cannot write");
	}
	if (!db->failed)
		return db;
	*error = arena_strdup(arena, db->failed);
	rundb_free(db);
	return NULL;
}

/* Until the last step the file is a whole database in WAL mode with its -wal beside it; SQLite
 * makes that step itself atomic. After a failure what was committed is still folded in. */
static void finish(struct rundb *db)
{
	rundb_commit(db);
	if (db->in_transaction)
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	db->in_transaction = false;
	sqlite3_finalize(db->insert);
	db->insert = NULL;
	if (!db->failed)
		run_sql(db, rundb_indexes);
	/* Somebody who still reads keeps the file in WAL mode. It is whole all the same. */
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	int code = sqlite3_exec(db->handle, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	if (code != SQLITE_OK && code != SQLITE_BUSY)
		rundb_fail(db, "cannot write");
}

int rundb_close(struct rundb *db, struct arena *arena, const char **error)
{
	if (!db->read_only)
		finish(db);
	int result = db->failed ? db->failed_errno : 0;
	if (result && error)
		*error = arena_strdup(arena, db->failed);
	rundb_free(db);
	return result;
}

/* Runs one statement whose values were bound. */
static void write_row(struct rundb *db, sqlite3_stmt *statement)
{
	if (statement && sqlite3_step(statement) != SQLITE_DONE)
		rundb_fail(db, "cannot write");
	sqlite3_finalize(statement);
}

static sqlite3_stmt *start_row(struct rundb *db, const char *sql)
{
	ASSERT(!db->read_only);
	return begin(db) ? rundb_prepare(db, sql) : NULL;
}

static void bind_string(sqlite3_stmt *statement, int column, const char *value)
{
	sqlite3_bind_text(statement, column, value ? value : "", -1, SQLITE_TRANSIENT);
}

void rundb_put(struct rundb *db, const char *key, const char *value)
{
	sqlite3_stmt *row = start_row(db, "INSERT OR REPLACE INTO fact VALUES(?1, ?2)");
	bind_string(row, 1, key);
	bind_string(row, 2, value);
	write_row(db, row);
}

void rundb_put_name(struct rundb *db, const char *kind, uint32_t index, const char *name)
{
	sqlite3_stmt *row = start_row(db, "INSERT OR REPLACE INTO name VALUES(?1, ?2, ?3)");
	bind_string(row, 1, kind);
	sqlite3_bind_int64(row, 2, index);
	bind_string(row, 3, name);
	write_row(db, row);
}

void rundb_put_source(struct rundb *db, const char *path, const char *text, size_t length)
{
	sqlite3_stmt *row = start_row(db, "INSERT OR IGNORE INTO source VALUES(?1, ?2, ?3)");
	sqlite3_bind_int64(row, 1, db->sources);
	bind_string(row, 2, path);
	sqlite3_bind_blob64(row, 3, length ? text : "", length, SQLITE_TRANSIENT);
	write_row(db, row);
	if (!db->failed)
		db->sources += (uint32_t)sqlite3_changes(db->handle);
}

void rundb_put_verdict(struct rundb *db, const struct rundb_verdict *verdict)
{
	sqlite3_stmt *row =
		start_row(db, "INSERT INTO verdict VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
	sqlite3_bind_int64(row, 1, db->verdicts++);
	bind_string(row, 2, verdict->name);
	bind_string(row, 3, verdict->result);
	bind_string(row, 4, verdict->measured);
	bind_string(row, 5, verdict->limit);
	bind_string(row, 6, verdict->why);
	bind_string(row, 7, verdict->file);
	sqlite3_bind_int64(row, 8, verdict->line);
	if (verdict->first_failing_ns != INT64_MIN)
		sqlite3_bind_int64(row, 9, verdict->first_failing_ns);
	write_row(db, row);
}
