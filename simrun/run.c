/* simrun run: load, build, play, check, report. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checker/checker.h"
#include "reports/capture.h"
#include "reports/html.h"
#include "reports/junit.h"
#include "reports/plots.h"
#include "reports/summary.h"
#include "reports/terminal.h"
#include "reports/timeline.h"
#include "sim/conductor.h"
#include "sim/virtual/virtual.h"
#include "simrun/folder.h"
#include "simrun/load.h"
#include "simrun/progress.h"
#include "simrun/verbs.h"
#include "trace/rundb.h"

struct player { /* everything one run holds */
	const struct options *options;
	const struct model *model;
	struct arena arena;
	struct folder folder;
	bool writing;
	struct trace trace;
	struct rundb *db;
	struct capture *capture;
	struct plots *plots;
	struct timeline *timeline;
	struct checker *checker;
	struct world *world;
	struct progress progress;
	struct run run;
	size_t warnings;   /* of the files */
	struct text error; /* the machine's trouble; empty: none */
};

static void print(const struct text *text) { fputs(text_string(text), stdout); }

static bool chatty(const struct player *p)
{
	return !p->options->quiet && p->options->format == FORMAT_TEXT;
}

static void told(void *context, const struct run_event *event)
{
	struct player *p = context;
	struct text line;
	if (!chatty(p))
		return;
	text_init(&line);
	terminal_event(event, &p->options->style, &line);
	progress_clear(&p->progress);
	print(&line);
	text_free(&line);
}

/* ---- build ----------------------------------------------------------------------------------- */

static bool open_database(struct player *p)
{
	const char *trouble = NULL;
	const char *path = arena_printf(&p->arena, "%s/run.db", p->folder.work);
	p->db = rundb_create(path, &p->arena, &trouble);
	if (!p->db) {
		text_printf(&p->error, "%s", trouble);
		return false;
	}
	const struct model *model = p->model;
	rundb_put(p->db, "name", model->name);
	rundb_put(p->db, "path", model->path);
	rundb_put(p->db, "version", SIMRUN_VERSION);
	rundb_put(p->db, "state", "running");
	rundb_put(p->db, "seed",
		  arena_printf(&p->arena, "%llu", (unsigned long long)p->options->seed));
	for (uint32_t i = 0; i < model->source_count; i++)
		rundb_put_source(p->db, model->sources[i]->path, model->sources[i]->text,
				 model->sources[i]->length);
	for (uint32_t i = 0; i < model->node_count; i++)
		rundb_put_name(p->db, "node", i, model->nodes[i].name);
	for (uint32_t i = 0; i < model->link_count; i++)
		rundb_put_name(p->db, "link", i, model->links[i].name);
	for (uint32_t i = 0; i < model->flow_count; i++)
		rundb_put_name(p->db, "flow", i, model->flows[i].name);
	rundb_commit(p->db); /* so that even what is killed at once can be looked at */
	trace_add_sink(&p->trace, rundb_sink(p->db));
	return true;
}

static bool open_capture(struct player *p)
{
	const char *what = p->options->pcap;
	struct capture_options options = {
		.folder = p->folder.work,
		.what = strcmp(what, "all") == 0 ? CAPTURE_ALL : CAPTURE_LINK,
		.link = what,
		.version = SIMRUN_VERSION,
		.seed = p->options->seed,
	};
	const char *trouble = NULL;
	if (strcmp(what, "none") == 0)
		return true;
	p->capture = capture_new(p->model, &options, &trouble);
	if (!p->capture) {
		text_printf(&p->error, "%s: %s", p->folder.work, trouble);
		return false;
	}
	trace_add_sink(&p->trace, capture_trace(p->capture));
	return true;
}

static bool open_output(struct player *p)
{
	if (p->options->no_write)
		return true;
	const char *path = p->options->out;
	if (!path)
		path = arena_printf(&p->arena, "simrun-%s", p->model->name);
	if (!folder_open(&p->folder, path, &p->error)) {
		folder_abandon(&p->folder);
		return false;
	}
	p->writing = true;
	return open_database(p) && open_capture(p);
}

static bool build(struct player *p)
{
	trace_init(&p->trace);
	p->timeline = timeline_new(p->model, told, p);
	p->plots = plots_new(p->model);
	p->checker = checker_new(p->model, p->options->only);
	if (!open_output(p))
		return false;
	trace_add_sink(&p->trace, checker_sink(p->checker));
	trace_add_sink(&p->trace, plots_sink(p->plots));
	trace_add_sink(&p->trace, timeline_sink(p->timeline));
	const struct world_options options = {
		.seed = p->options->seed,
		.trace = &p->trace,
		.frames = p->capture ? capture_frames(p->capture) : NULL,
		.trace_messages = true,
		.trace_routes = true,
	};
	p->world = virtual_new(p->model, &options);
	return true;
}

/* ---- play ------------------------------------------------------------------------------------ */

#define FLOWS_PROBED_EACH_SECOND 200

/* Probes keep the ARP entries of watched flows alive; with very many flows they come less often. */
static int64_t probe_interval(const struct player *p)
{
	int64_t rounds = 1 + p->model->flow_count / FLOWS_PROBED_EACH_SECOND;
	return p->options->probe_interval_ns * rounds;
}

static bool play(struct player *p)
{
	struct text head;
	text_init(&head);
	load_count(p->model, &p->run.session_count, &p->run.pod_count);
	terminal_head(&p->run, &p->options->style, &head);
	if (chatty(p))
		print(&head);
	text_free(&head);
	p->progress = (struct progress){ .options = p->options,
					 .model = p->model,
					 .timeline = p->timeline,
					 .world = p->world,
					 .db = p->db,
					 .end_ns = p->model->end_ns };
	progress_begin(&p->progress);
	timeline_add(p->timeline, 0, "start",
		     arena_printf(&p->arena, "%u resource%s applied", p->model->resource_count,
				  p->model->resource_count == 1 ? "" : "s"));
	const struct conductor_options options = {
		.probe_interval_ns = probe_interval(p),
		.until_ns = p->options->until_ns,
		.progress = progress_look,
		.context = &p->progress,
		.progress_interval_ns = NS_PER_S,
	};
	struct instant end;
	int error;
	enum conductor_result result =
		conductor_play(p->model, p->world, &p->trace, &options, &end, &error);
	progress_clear(&p->progress);
	if (p->db && rundb_failed(p->db)) {
		text_printf(&p->error, "%s", rundb_failed(p->db));
		return false;
	}
	if (result == CONDUCTOR_FAILED) {
		text_printf(&p->error, "the world stopped: %s", strerror(-error));
		return false;
	}
	p->run.interrupted = result == CONDUCTOR_INTERRUPTED;
	p->run.end_ns = end.ns;
	timeline_add(p->timeline, end.ns, p->run.interrupted ? "interrupted" : "end", "");
	return true;
}

/* ---- check ----------------------------------------------------------------------------------- */

static void judge(struct player *p)
{
	struct run *run = &p->run;
	run->verdicts = checker_finish(p->checker, run->end_ns, &run->verdict_count);
	run->outages = checker_outages(p->checker, &run->outage_count);
	run->timeline = timeline_events(p->timeline, &run->timeline_count);
	run->exit_code =
		checker_exit_code(run->verdicts, run->verdict_count, p->options->strict);
	if (run->exit_code == EXIT_HOLDS && p->options->strict && p->warnings > 0)
		run->exit_code = EXIT_FAILED;
	if (run->interrupted)
		run->exit_code = EXIT_INTERRUPTED;
	struct world_counts counts = p->world->ops->counts(p->world);
	run->events = counts.events;
	run->messages = counts.messages;
	run->frames = p->capture ? capture_count(p->capture) : counts.frames;
	run->captured = p->capture != NULL;
	run->digest = trace_digest(&p->trace);
	run->wall_ns = progress_wall_ns(&p->progress);
}

/* ---- report ---------------------------------------------------------------------------------- */

static bool close_database(struct player *p)
{
	const struct run *run = &p->run;
	for (uint32_t i = 0; i < run->verdict_count; i++) {
		const struct verdict *verdict = &run->verdicts[i];
		const struct source_pos *pos = &verdict->expect->pos;
		const struct rundb_verdict row = {
			.name = verdict->expect->name,
			.result = verdict_result_name(verdict->result),
			.measured = verdict->measured,
			.limit = verdict->limit,
			.why = verdict->why,
			.file = pos->source ? pos->source->path : "",
			.line = pos->line,
			.first_failing_ns = verdict->first_failing_ns,
		};
		rundb_put_verdict(p->db, &row);
	}
	rundb_put(p->db, "state", run->interrupted ? "interrupted" : "complete");
	rundb_put(p->db, "end_ns", arena_printf(&p->arena, "%lld", (long long)run->end_ns));
	rundb_put(p->db, "events",
		  arena_printf(&p->arena, "%llu", (unsigned long long)run->events));
	rundb_put(p->db, "digest",
		  arena_printf(&p->arena, "%016llx", (unsigned long long)run->digest));
	const char *trouble = NULL;
	int result = rundb_close(p->db, &p->arena, &trouble);
	p->db = NULL;
	if (result != 0)
		text_printf(&p->error, "%s", trouble);
	return result == 0;
}

static bool close_capture(struct player *p)
{
	if (!p->capture)
		return true;
	const char *trouble = capture_close(p->capture);
	p->capture = NULL;
	if (trouble)
		text_printf(&p->error, "%s/run.pcapng: %s", p->folder.work, trouble);
	return trouble == NULL;
}

static char *read_picture(const struct player *p, const char *name)
{
	char *path = NULL, *svg = NULL;
	size_t size = 0;
	if (asprintf(&path, "%s/plots/%s.svg", p->folder.work, name) < 0)
		return NULL;
	FILE *file = fopen(path, "rb");
	if (file) {
		ssize_t length = getdelim(&svg, &size, '\0', file);
		if (length < 0) {
			free(svg);
			svg = NULL;
		}
		fclose(file);
	}
	free(path);
	return svg;
}

static bool write_reports(struct player *p)
{
	struct text out;
	text_init(&out);
	enum plots_result drawn = plots_write(p->plots, &p->run, p->folder.work, &p->error);
	if (drawn == PLOTS_NO_GNUPLOT)
		fputs("simrun: no gnuplot here: plots/ holds scripts and data, no pictures "
		      "(apt-get install gnuplot-nox)\n",
		      stderr);
	bool good = drawn != PLOTS_FAILED;
	char *reach = read_picture(p, "reach"), *sessions = read_picture(p, "sessions");
	const struct html_pictures pictures = { reach, sessions };
	html_write(&p->run, checker_state(p->checker), &pictures, &out);
	free(reach);
	free(sessions);
	good = good && folder_write(&p->folder, "report.html", &out, &p->error);
	text_clear(&out);
	junit_write(&p->run, &out);
	good = good && folder_write(&p->folder, "junit.xml", &out, &p->error);
	text_clear(&out);
	summary_json(&p->run, &out);
	good = good && folder_write(&p->folder, "summary.json", &out, &p->error);
	text_free(&out);
	return good;
}

static bool report(struct player *p)
{
	struct text out;
	text_init(&out);
	char *place = p->writing ? memory_strdup(p->folder.path) : NULL;
	bool good = true;
	if (p->writing) {
		good = close_database(p) && close_capture(p) && write_reports(p) &&
		       folder_commit(&p->folder, &p->error);
		p->writing = !good;
	}
	if (good && p->options->junit) {
		junit_write(&p->run, &out);
		good = file_write(p->options->junit, &out, &p->error);
		text_clear(&out);
	}
	if (!good) { /* a verdict nobody can look into is none */
		text_free(&out);
		free(place);
		return false;
	}
	if (p->options->format == FORMAT_JSON) {
		summary_json(&p->run, &out);
	} else {
		if (!p->options->quiet)
			terminal_verdicts(&p->run, &p->options->style, &out);
		terminal_result(&p->run, place, &p->options->style, &out);
	}
	if (p->options->github)
		github_annotations(&p->run, &out);
	print(&out);
	const char *summary = getenv("GITHUB_STEP_SUMMARY");
	if (p->options->github && summary) {
		text_clear(&out);
		github_step_summary(&p->run, &out);
		FILE *file = fopen(summary, "ab");
		if (file) {
			fputs(text_string(&out), file);
			fclose(file);
		}
	}
	text_free(&out);
	free(place);
	return true;
}

/* ---- one run --------------------------------------------------------------------------------- */

static void tear_down(struct player *p)
{
	const char *ignored;
	if (p->world)
		p->world->ops->free(p->world);
	if (p->db)
		rundb_close(p->db, &p->arena, &ignored);
	if (p->capture)
		capture_close(p->capture);
	if (p->writing)
		folder_abandon(&p->folder);
	if (p->checker)
		checker_free(p->checker);
	if (p->timeline)
		timeline_free(p->timeline);
	if (p->plots)
		plots_free(p->plots);
	trace_free(&p->trace);
	arena_free(&p->arena);
}

/* The machine's trouble: said plainly, and as <error> where a JUnit file was asked for. */
static int environment_trouble(struct player *p)
{
	fprintf(stderr, "simrun: %s\n", text_string(&p->error));
	if (p->options->junit) {
		struct text out, ignored;
		text_init(&out);
		text_init(&ignored);
		junit_write_error(p->model->name, text_string(&p->error), &out);
		file_write(p->options->junit, &out, &ignored);
		text_free(&out);
		text_free(&ignored);
	}
	return EXIT_ENVIRONMENT;
}

static int play_model(const struct options *options, const struct model *model, size_t warnings)
{
	struct player player = { .options = options, .model = model, .warnings = warnings };
	struct player *p = &player;
	arena_init(&p->arena);
	text_init(&p->error);
	p->run = (struct run){ .model = model,
			       .version = SIMRUN_VERSION,
			       .command = options->command_line,
			       .world = "simulated",
			       .seed = options->seed };
	int code = EXIT_ENVIRONMENT;
	if (build(p) && play(p)) {
		judge(p);
		if (report(p))
			code = p->run.exit_code;
	}
	if (p->error.length)
		code = environment_trouble(p);
	tear_down(p);
	text_free(&p->error);
	return code;
}

static bool known_link(const struct options *options, const struct model *model)
{
	if (strcmp(options->pcap, "all") == 0 || strcmp(options->pcap, "none") == 0)
		return true;
	for (uint32_t i = 0; i < model->link_count; i++)
		if (strcmp(options->pcap, model->links[i].name) == 0)
			return true;
	fprintf(stderr, "simrun: --pcap %s: there is no such link; there are:", options->pcap);
	for (uint32_t i = 0; i < model->link_count; i++)
		fprintf(stderr, " %s", model->links[i].name);
	fputc('\n', stderr);
	return false;
}

static int run_file(const struct options *options, const char *path)
{
	struct diag_list diags;
	diag_list_init(&diags);
	const struct model *model = topo_load(&diags, path);
	load_print(&diags, options, options->verbose);
	int code;
	if (!model || !known_link(options, model))
		code = EXIT_UNREADABLE;
	else
		code = play_model(options, model, diags.warnings);
	if (code == EXIT_FAILED && options->strict && diags.warnings > 0)
		fprintf(stderr, "simrun: %zu warning%s, which --strict makes a failure\n",
			diags.warnings, diags.warnings == 1 ? "" : "s");
	diag_list_free(&diags);
	return code;
}

/* Of several files: what was found in one counts more than what could not be found out in another. */
static int worse(int a, int b)
{
	static const int order[] = { EXIT_HOLDS,      EXIT_NOT_JUDGED, EXIT_ENVIRONMENT,
				     EXIT_UNREADABLE, EXIT_FAILED,     EXIT_BROKEN,
				     EXIT_INTERRUPTED };
	int worst = EXIT_HOLDS;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		if (order[i] == a || order[i] == b)
			worst = order[i];
	return worst;
}

int verb_run(const struct options *options)
{
	if (options->file_count == 0) {
		fputs("simrun: which file? (simrun FILE.topo)\n", stderr);
		return EXIT_UNREADABLE;
	}
	if (options->file_count > 1 && (options->out || options->junit)) {
		fputs("simrun: --out and --junit name one place, but there are several files\n",
		      stderr);
		return EXIT_UNREADABLE;
	}
	signals_catch();
	int worst = EXIT_HOLDS;
	for (int i = 0; i < options->file_count && !signals_came(); i++) {
		worst = worse(worst, run_file(options, options->files[i]));
	}
	return worst;
}
