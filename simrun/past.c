/* simrun show, simrun why: an earlier run, from its database alone. The model is read again from the
 * files the database keeps, and the trace is folded up to the instant asked for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "checker/checker.h"
#include "reports/show.h"
#include "reports/terminal.h"
#include "simrun/load.h"
#include "simrun/verbs.h"
#include "trace/rundb.h"

struct past {
	struct arena arena;
	struct diag_list diags;
	struct rundb *db;
	const struct model *model;
	struct state *state;
	int64_t at_ns;
};

static const char *kept_file(void *context, const char *path, size_t *length)
{
	struct past *past = context;
	return rundb_get_source(past->db, path, &past->arena, length);
}

static void past_close(struct past *past)
{
	const char *ignored;
	if (past->state)
		state_free(past->state);
	if (past->db)
		rundb_close(past->db, &past->arena, &ignored);
	diag_list_free(&past->diags);
	arena_free(&past->arena);
}

/* RUN is an output folder or the database itself. */
static int open_database(struct past *past, const char *run)
{
	struct stat status;
	const char *path = run, *trouble = "";
	if (stat(run, &status) == 0 && S_ISDIR(status.st_mode))
		path = arena_printf(&past->arena, "%s/run.db", run);
	past->db = rundb_open(path, &past->arena, &trouble);
	if (past->db)
		return EXIT_HOLDS;
	fprintf(stderr, "simrun: %s\n", trouble);
	return EXIT_UNREADABLE;
}

static int past_open(struct past *past, const struct options *options, const char *run)
{
	*past = (struct past){ 0 };
	arena_init(&past->arena);
	diag_list_init(&past->diags);
	int code = open_database(past, run);
	if (code != EXIT_HOLDS)
		return code;
	past->diags.lookup = kept_file;
	past->diags.lookup_context = past;
	const char *path = rundb_get(past->db, "path", &past->arena);
	past->model = path ? topo_load(&past->diags, path) : NULL;
	if (!past->model) {
		load_print(&past->diags, options, false);
		fprintf(stderr, "simrun: %s: the scenario kept in it cannot be read again\n", run);
		return EXIT_UNREADABLE;
	}
	const char *end = rundb_get(past->db, "end_ns", &past->arena);
	past->at_ns = options->at_ns != INT64_MIN ? options->at_ns
		      : end			  ? strtoll(end, NULL, 10)
						  : INT64_MAX;
	past->state = state_new(past->model);
	int result = rundb_replay(past->db, past->at_ns, state_sink(past->state));
	if (result < 0) {
		fprintf(stderr, "simrun: %s: %s\n", run, strerror(-result));
		return EXIT_ENVIRONMENT;
	}
	return EXIT_HOLDS;
}

static int show(const struct past *past, const struct options *options)
{
	uint32_t node = model_node_find(past->model, options->files[1]);
	if (node == MODEL_NONE) {
		fprintf(stderr, "simrun: there is no node %s; there are:", options->files[1]);
		for (uint32_t i = 0; i < past->model->node_count; i++)
			fprintf(stderr, " %s", past->model->nodes[i].name);
		fputc('\n', stderr);
		return EXIT_UNREADABLE;
	}
	struct text command, out;
	text_init(&command);
	text_init(&out);
	for (int i = 2; i < options->file_count; i++)
		text_printf(&command, "%s%s", i > 2 ? " " : "", options->files[i]);
	bool known = show_command(past->state, node, text_string(&command), &out);
	fputs(text_string(&out), known ? stdout : stderr);
	text_free(&command);
	text_free(&out);
	return known ? EXIT_HOLDS : EXIT_UNREADABLE;
}

int verb_show(const struct options *options)
{
	if (options->file_count < 3) {
		fputs("simrun: show needs a run, a node and a command\n"
		      "  simrun show simrun-rr-failover k8s-1 'calicoctl node status' --at 50s\n",
		      stderr);
		return EXIT_UNREADABLE;
	}
	struct past past;
	int code = past_open(&past, options, options->files[0]);
	if (code == EXIT_HOLDS)
		code = show(&past, options);
	past_close(&past);
	return code;
}

static void print_plain(const struct options *options, const char *string)
{
	struct text out;
	text_init(&out);
	terminal_plain(&options->style, string, &out);
	fputs(text_string(&out), stdout);
	text_free(&out);
}

/* A verdict of the run, by name. False: no expectation is called so. */
static bool why_expectation(struct past *past, const struct options *options, const char *name)
{
	struct rundb_verdict verdict;
	for (uint32_t i = 0; rundb_verdict_at(past->db, i, &past->arena, &verdict); i++) {
		if (strcmp(verdict.name, name) != 0)
			continue;
		struct text out;
		text_init(&out);
		text_printf(&out, "%s: %s, %s", verdict.name, verdict.result, verdict.measured);
		if (verdict.limit[0])
			text_printf(&out, " (wanted %s)", verdict.limit);
		text_char(&out, '\n');
		if (verdict.why[0])
			text_printf(&out, "%s%s", verdict.why,
				    verdict.why[strlen(verdict.why) - 1] == '\n' ? "" : "\n");
		print_plain(options, text_string(&out));
		text_free(&out);
		return true;
	}
	return false;
}

/* A flow matches by its whole name, or by what stands in it, arrows read as "->" too. */
static bool flow_matches(const struct past *past, uint32_t flow, const char *wanted)
{
	static const struct style ascii = { .unicode = false };
	struct text name, plain;
	text_init(&name);
	text_init(&plain);
	terminal_plain(&ascii, past->model->flows[flow].name, &name);
	terminal_plain(&ascii, wanted, &plain);
	bool match = strcmp(text_string(&name), text_string(&plain)) == 0;
	const char *arrow = strstr(text_string(&plain), " -> ");
	if (!match && arrow) { /* "client -> 172.27.210.5": the address alone will do */
		size_t head = (size_t)(arrow - text_string(&plain));
		size_t tail = strlen(arrow + 4), length = name.length;
		match = strncmp(text_string(&name), text_string(&plain), head + 4) == 0 &&
			length > tail &&
			strcmp(text_string(&name) + length - tail, arrow + 4) == 0;
	}
	text_free(&name);
	text_free(&plain);
	return match;
}

static int why_flow(const struct past *past, const struct options *options, const char *wanted)
{
	struct text out;
	text_init(&out);
	uint32_t found = 0;
	for (uint32_t i = 0; i < past->model->flow_count; i++) {
		if (!flow_matches(past, i, wanted))
			continue;
		found++;
		explain_flow(past->state, i, &out);
	}
	if (found) {
		print_plain(options, text_string(&out));
	} else {
		text_printf(&out, "simrun: '%s' is neither an expectation nor a flow of this run.\n",
			    wanted);
		text_put(&out, "Expectations:\n");
		for (uint32_t i = 0; i < past->model->expect_count; i++)
			text_printf(&out, "  %s\n", past->model->expects[i].name);
		text_put(&out, "Flows:\n");
		for (uint32_t i = 0; i < past->model->flow_count && i < 20; i++)
			text_printf(&out, "  %s\n", past->model->flows[i].name);
		fputs(text_string(&out), stderr);
	}
	text_free(&out);
	return found ? EXIT_HOLDS : EXIT_UNREADABLE;
}

int verb_why(const struct options *options)
{
	if (options->file_count < 2) {
		fputs("simrun: why needs a run, and an expectation or a flow\n"
		      "  simrun why simrun-seed-as-written rr1-crash-harmless\n"
		      "  simrun why simrun-seed-as-written 'client -> 172.27.210.5' --at 100s\n",
		      stderr);
		return EXIT_UNREADABLE;
	}
	struct past past;
	int code = past_open(&past, options, options->files[0]);
	if (code == EXIT_HOLDS && !why_expectation(&past, options, options->files[1]))
		code = why_flow(&past, options, options->files[1]);
	past_close(&past);
	return code;
}
