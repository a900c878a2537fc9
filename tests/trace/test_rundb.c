/* The run database: all that goes in comes out, whatever happens to the writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "trace/rundb.h"

struct fixture {
	struct arena arena;
	const char *folder, *path, *error;
};

static int set_up(void **state)
{
	struct fixture *f = memory_zalloc(sizeof(*f));
	arena_init(&f->arena);
	const char *base = getenv("TMPDIR");
	char *folder = arena_printf(&f->arena, "%s/simrun-rundb-XXXXXX", base ? base : "/tmp");
	if (!mkdtemp(folder))
		return -1;
	f->folder = folder;
	f->path = arena_printf(&f->arena, "%s/run #1 50%%?.db", folder);
	*state = f;
	return 0;
}

static const char *beside(struct fixture *f, const char *suffix)
{
	return arena_printf(&f->arena, "%s%s", f->path, suffix);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
	chmod(f->folder, 0700);
	for (size_t i = 0; i < 4; i++)
		unlink(beside(f, suffixes[i]));
	int left = rmdir(f->folder);
	arena_free(&f->arena);
	free(f);
	return left;
}

static void observe_note(struct trace *trace, int64_t at_ns)
{
	struct observation o = { .at_ns = at_ns, .kind = OBSERVE_NOTE, .node = UINT32_MAX,
				 .note = { "something a person should see" } };
	trace_observe(trace, &o);
}

static void observe_all(struct trace *trace)
{
	struct observation o = { .at_ns = 0, .kind = OBSERVE_STEP, .node = UINT32_MAX,
				 .step = { 0, "start", "everything on", false } };
	trace_observe(trace, &o);
	o = (struct observation){ .at_ns = 1500000000, .kind = OBSERVE_SESSION, .node = 0,
				  .session = { .neighbor = "172.31.13.27",
					       .peer = ip_addr_v4(0xac1f0d1b),
					       .old_state = "OpenConfirm",
					       .new_state = "Established", .hold_s = 180 } };
	trace_observe(trace, &o);
	struct observed_next_hop hop = { ip_addr_v4(0xac1f0d1b), "eth0" };
	o = (struct observation){ .at_ns = 1600000000, .kind = OBSERVE_FIB, .node = 0,
				  .fib = { .prefix = { ip_addr_v4(0xac1bd200), 26 },
					   .source = ROUTE_BGP, .metric = 20, .next_hops = &hop,
					   .next_hop_count = 1 } };
	trace_observe(trace, &o);
	o = (struct observation){ .at_ns = 1600000000, .kind = OBSERVE_BEST, .node = 0,
				  .path = { .neighbor = "172.31.13.27", .rule = "only path",
					    .prefix = { ip_addr_v4(0xac1bd200), 26 },
					    .attrs = { .as_path = "64512", .has_med = true } } };
	trace_observe(trace, &o);
	struct observed_hop hops[2] = { { .node = 0, .has_route = true }, { .node = 1 } };
	for (int i = 0; i < 3; i++) {
		o = (struct observation){ .at_ns = (i + 2) * INT64_C(1000000000),
					  .kind = OBSERVE_FLOW, .node = UINT32_MAX,
					  .flow = { .flow = 0,
						    .disposition = i == 1 ? DISPOSITION_NODE_DOWN :
									    DISPOSITION_ACCEPTED,
						    .hops = hops, .hop_count = 2 } };
		trace_observe(trace, &o);
	}
	for (uint32_t type = 2; type <= 4; type += 2) {
		o = (struct observation){ .at_ns = 4100000000, .kind = OBSERVE_MESSAGE, .node = 1,
					  .message = { .neighbor = "tor", .sent = true,
						       .type = type, .length = 19 } };
		trace_observe(trace, &o);
		trace_observe(trace, &o);
	}
	o = (struct observation){ .at_ns = 4200000000, .kind = OBSERVE_NEIGHBOR, .node = 0,
				  .neighbor = { .interface = "eth0", .state = "REACHABLE",
						.address = ip_addr_v4(0xac1f0d1b) } };
	trace_observe(trace, &o);
	o = (struct observation){ .at_ns = 4300000000, .kind = OBSERVE_PROBE, .node = 0,
				  .probe = { .flow = 0, .number = 1, .answered = true,
					     .answer = "echo reply" } };
	trace_observe(trace, &o);
}

static struct rundb *create(struct fixture *f, struct trace *trace)
{
	struct rundb *db = rundb_create(f->path, &f->arena, &f->error);
	if (!db)
		fail_msg("%s", f->error);
	trace_init(trace);
	trace_add_sink(trace, rundb_sink(db));
	return db;
}

static void close_well(struct fixture *f, struct rundb *db)
{
	if (rundb_close(db, &f->arena, &f->error) != 0)
		fail_msg("%s", f->error);
}

static struct rundb *open_well(struct fixture *f)
{
	struct rundb *db = rundb_open(f->path, &f->arena, &f->error);
	if (!db)
		fail_msg("%s", f->error);
	return db;
}

/* Rows of a query, columns by "|", rows by newline. */
static const char *query(struct fixture *f, const char *sql)
{
	sqlite3 *handle;
	sqlite3_stmt *row;
	struct text out;
	text_init(&out);
	assert_int_equal(sqlite3_open_v2(f->path, &handle, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(handle, sql, -1, &row, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(handle));
	while (sqlite3_step(row) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(row); i++) {
			const void *value = sqlite3_column_text(row, i);
			text_printf(&out, "%s%s", i ? "|" : "", value ? (const char *)value : "-");
		}
		text_char(&out, '\n');
	}
	sqlite3_finalize(row);
	sqlite3_close(handle);
	const char *copy = arena_strdup(&f->arena, text_string(&out));
	text_free(&out);
	return copy;
}

struct forwarder {
	struct trace_sink sink;
	struct trace *trace;
};
static void forward_observe(struct trace_sink *sink, const struct observation *o)
{
	struct observation copy = *o;
	trace_observe(((struct forwarder *)sink)->trace, &copy);
}

static void what_goes_in_comes_out(void **state)
{
	struct fixture *f = *state;
	struct trace trace, again;
	struct rundb *db = create(f, &trace);
	rundb_put(db, "name", "seed");
	rundb_put(db, "state", "running");
	rundb_put_name(db, "node", 0, "tor");
	rundb_put_name(db, "node", 1, "k8s-1");
	rundb_put_name(db, "flow", 0, "client \xe2\x86\x92 pod");
	rundb_put_source(db, "a.topo", "simrun: 1\n", 10);
	rundb_put_source(db, "b.yaml", "", 0);
	observe_all(&trace);
	struct rundb_verdict verdict = { "sessions", "fail", "4 of 5", "\xe2\x89\xa4 30s", "a\nb",
					 "a.topo", 7, 30000000000 };
	rundb_put_verdict(db, &verdict);
	verdict.first_failing_ns = INT64_MIN;
	verdict.result = "pass";
	rundb_put_verdict(db, &verdict);
	rundb_put(db, "state", "complete");
	rundb_put(db, "end_ns", "5000000000");
	uint64_t digest = trace_digest(&trace);
	close_well(f, db);
	assert_int_equal(access(beside(f, "-wal"), F_OK), -1);
	assert_int_equal(access(beside(f, "-shm"), F_OK), -1);
	assert_int_equal(access(beside(f, "-journal"), F_OK), -1);

	db = open_well(f);
	assert_string_equal(rundb_get(db, "state", &f->arena), "complete");
	assert_null(rundb_get(db, "weather", &f->arena));
	assert_string_equal(rundb_get_name(db, "node", 1, &f->arena), "k8s-1");
	assert_null(rundb_get_name(db, "link", 0, &f->arena));
	assert_string_equal(rundb_source_at(db, 1, &f->arena), "b.yaml");
	assert_null(rundb_source_at(db, 2, &f->arena));
	size_t length;
	assert_string_equal(rundb_get_source(db, "a.topo", &f->arena, &length), "simrun: 1\n");
	assert_int_equal(length, 10);
	assert_string_equal(rundb_get_source(db, "b.yaml", &f->arena, &length), "");
	assert_null(rundb_get_source(db, "c.yaml", &f->arena, &length));
	assert_true(rundb_verdict_at(db, 0, &f->arena, &verdict));
	assert_string_equal(verdict.why, "a\nb");
	assert_int_equal(verdict.first_failing_ns, 30000000000);
	assert_true(rundb_verdict_at(db, 1, &f->arena, &verdict));
	assert_true(verdict.first_failing_ns == INT64_MIN);
	assert_false(rundb_verdict_at(db, 2, &f->arena, &verdict));
	/* Replayed through a trace of its own, the digest is the same: nothing was lost. */
	trace_free(&trace);
	trace_init(&again);
	struct forwarder forward = { { forward_observe }, &again };
	assert_int_equal(rundb_replay(db, INT64_MAX, &forward.sink), 0);
	assert_true(trace_digest(&again) == digest);
	trace_free(&again);
	trace_init(&again);
	assert_int_equal(rundb_replay(db, 1600000000, &forward.sink), 0);
	assert_int_equal(again.count, 4);
	trace_free(&again);
	close_well(f, db);
}

static void views_say_what_was_seen(void **state)
{
	struct fixture *f = *state;
	struct trace trace;
	struct rundb *db = create(f, &trace);
	rundb_put_name(db, "node", 0, "tor");
	rundb_put_name(db, "node", 1, "k8s-1");
	rundb_put_name(db, "flow", 0, "f");
	rundb_put(db, "end_ns", "9000000000");
	observe_all(&trace);
	struct rundb_verdict verdict = { "v", "pass", "", "", "", "", 0, INT64_MIN };
	rundb_put_verdict(db, &verdict);
	trace_free(&trace);
	close_well(f, db);
	assert_string_equal(query(f, "SELECT at_ns, name, text, undone FROM v_steps"),
			    "0|start|everything on|0\n");
	assert_string_equal(query(f, "SELECT at_s, node, neighbor, old_state, new_state, hold_s"
				     " FROM v_sessions"),
			    "1.5|tor|172.31.13.27|OpenConfirm|Established|180\n");
	assert_string_equal(
		query(f, "SELECT node, prefix, removed, source, next_hops FROM v_routes"),
		"tor|172.27.210.0/26|0|bgp|via 172.31.13.27 dev eth0\n");
	assert_string_equal(query(f, "SELECT kind, node, prefix, as_path, med, local_pref, rule"
				     " FROM v_paths"),
			    "best|tor|172.27.210.0/26|64512|0|-|only path\n");
	assert_string_equal(query(f,
				  "SELECT flow, way, from_ns, until_ns, disposition, success, hops"
				  " FROM v_flows"),
			    "f|there|2000000000|3000000000|ACCEPTED|1|tor > k8s-1\n"
			    "f|there|3000000000|4000000000|NODE_DOWN|0|tor > k8s-1\n"
			    "f|there|4000000000|9000000000|ACCEPTED|1|tor > k8s-1\n");
	assert_string_equal(query(f, "SELECT second, node, type, direction, messages, bytes"
				     " FROM v_messages_per_second"),
			    "4|k8s-1|KEEPALIVE|sent|2|38\n4|k8s-1|UPDATE|sent|2|38\n");
	assert_string_equal(query(f, "SELECT node, interface, address, state FROM v_neighbors"),
			    "tor|eth0|172.31.13.27|REACHABLE\n");
	assert_string_equal(query(f, "SELECT flow, number, answered, answer FROM v_probes"),
			    "f|1|1|echo reply\n");
	assert_string_equal(query(f, "SELECT name, result, first_failing_ns FROM v_verdicts"),
			    "v|pass|-\n");
	assert_string_equal(query(f, "SELECT count(*) > 0 FROM sqlite_stat1"), "1\n");
	assert_string_equal(query(f, "PRAGMA journal_mode"), "delete\n");
}

static void killed_writer_keeps_what_it_committed(void **state)
{
	struct fixture *f = *state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct trace trace;
		struct rundb *db = create(f, &trace);
		rundb_put(db, "state", "running");
		for (uint32_t i = 0; i < 2 * RUNDB_COMMIT_ROWS + 500; i++)
			observe_note(&trace, i);
		raise(SIGKILL);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(access(beside(f, "-wal"), F_OK), 0);

	struct rundb *db = open_well(f);
	assert_string_equal(rundb_get(db, "state", &f->arena), "running");
	struct trace again;
	trace_init(&again);
	struct forwarder forward = { { forward_observe }, &again };
	assert_int_equal(rundb_replay(db, INT64_MAX, &forward.sink), 0);
	assert_int_equal(again.count, 2 * RUNDB_COMMIT_ROWS);
	trace_free(&again);
	close_well(f, db);
}

static void commit_shows_at_once(void **state)
{
	struct fixture *f = *state;
	struct trace trace;
	struct rundb *db = create(f, &trace);
	observe_note(&trace, 1);
	assert_string_equal(query(f, "SELECT count(*) FROM observation"), "0\n");
	rundb_commit(db);
	assert_string_equal(query(f, "SELECT count(*) FROM observation"), "1\n");
	trace_free(&trace);
	close_well(f, db);
}

static void a_reader_does_not_spoil_the_end(void **state)
{
	struct fixture *f = *state;
	struct trace trace;
	struct rundb *db = create(f, &trace);
	sqlite3 *reader;
	sqlite3_stmt *row;
	observe_note(&trace, 1);
	rundb_commit(db);
	assert_int_equal(sqlite3_open(f->path, &reader), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(reader, "SELECT * FROM observation", -1, &row, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW); /* in the middle of reading */
	observe_note(&trace, 2);
	trace_free(&trace);
	close_well(f, db);
	sqlite3_finalize(row);
	sqlite3_close(reader);
	assert_string_equal(query(f, "SELECT count(*) FROM observation"), "2\n");
	db = open_well(f);
	close_well(f, db);
}

/* A file size limit stands in for a full disk: the write fails in the middle of the run. */
static int write_past_limit(struct fixture *f)
{
	struct trace trace;
	signal(SIGXFSZ, SIG_IGN);
	struct rundb *db = create(f, &trace);
	rundb_commit(db);
	struct rlimit limit = { 1 << 20, 1 << 20 };
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 10;
	uint32_t written = 0;
	while (!rundb_failed(db) && written < 10 * RUNDB_COMMIT_ROWS)
		observe_note(&trace, written++);
	if (!rundb_failed(db) || !strstr(rundb_failed(db), f->path))
		return 11;
	for (int i = 0; i < 10; i++) /* goes on, harmlessly */
		observe_note(&trace, 1);
	rundb_put(db, "state", "complete");
	const char *error = NULL;
	if (rundb_close(db, &f->arena, &error) >= 0 || !error)
		return 12;
	trace_free(&trace);
	return 0;
}

static void full_disk_is_said(void **state)
{
	struct fixture *f = *state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(write_past_limit(f));
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	struct rundb *db = open_well(f); /* and the file is whole up to there */
	close_well(f, db);
	assert_string_equal(query(f, "PRAGMA integrity_check"), "ok\n");
}

static void refuse(struct fixture *f, const char *words)
{
	f->error = NULL;
	assert_null(rundb_open(f->path, &f->arena, &f->error));
	assert_non_null(f->error);
	if (!strstr(f->error, words))
		fail_msg("'%s' does not say '%s'", f->error, words);
}

static void execute(struct fixture *f, const char *sql)
{
	sqlite3 *handle;
	assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
}

static void foreign_files_are_refused(void **state)
{
	struct fixture *f = *state;
	refuse(f, "No such file");
	FILE *file = fopen(f->path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is no database at all\n", file);
	fclose(file);
	refuse(f, "not a simrun run database");
	assert_null(rundb_create(f->path, &f->arena, &f->error)); /* nor is it overwritten */
	assert_non_null(strstr(f->error, "exists"));
	unlink(f->path);
	execute(f, "CREATE TABLE t(x)");
	refuse(f, "not a simrun run database");
	unlink(f->path);

	struct trace trace;
	struct rundb *db = create(f, &trace);
	observe_all(&trace);
	trace_free(&trace);
	close_well(f, db);
	execute(f, "PRAGMA user_version = 99");
	refuse(f, "written by a newer simrun (schema 99");
	execute(f,
		"PRAGMA user_version = 1; UPDATE observation SET data = '{}' WHERE sequence = 2");
	db = open_well(f);
	struct trace again;
	trace_init(&again);
	struct forwarder forward = { { forward_observe }, &again };
	assert_int_equal(rundb_replay(db, INT64_MAX, &forward.sink), -EBADMSG);
	assert_int_equal(again.count, 1);
	trace_free(&again);
	close_well(f, db);
}

static void folder_that_is_not_there(void **state)
{
	struct fixture *f = *state;
	const char *path = arena_printf(&f->arena, "%s/none/run.db", f->folder);
	assert_null(rundb_create(path, &f->arena, &f->error));
	assert_non_null(strstr(f->error, "No such file"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_goes_in_comes_out), TEST(views_say_what_was_seen),
		TEST(killed_writer_keeps_what_it_committed), TEST(commit_shows_at_once),
		TEST(a_reader_does_not_spoil_the_end),
		TEST(full_disk_is_said), TEST(foreign_files_are_refused),
		TEST(folder_that_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
