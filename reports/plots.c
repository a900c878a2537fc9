/* Each picture is a row of a table: a name, who writes its data, and its script. The scripts share a
 * head (size, fonts, dashed lines where steps were) and differ in the `plot` line. */
#include "reports/plots.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"

extern char **environ;

#define SESSION_STATES 6
#define MESSAGE_TYPES 5

struct session_span {
	uint32_t session;
	int64_t from_ns;
	uint8_t state;
};

struct session_name {
	uint32_t node;
	const char *neighbor;
	uint32_t last_span; /* index + 1; 0: none */
};

struct plots {
	struct trace_sink sink; /* embedded first */
	const struct model *model;
	struct arena arena;
	struct session_name *sessions; /* few hundred at most are drawn */
	size_t session_count, session_capacity;
	struct session_span *spans;
	size_t span_count, span_capacity;
	uint32_t (*seconds)[MESSAGE_TYPES]; /* messages sent, by second and type */
	size_t second_count;
};

#define SESSIONS_DRAWN 64

static const char *const state_names[SESSION_STATES] = { "Idle",     "Connect",	    "Active",
							 "OpenSent", "OpenConfirm", "Established" };

static uint8_t state_number(const char *name)
{
	for (uint8_t i = 0; i < SESSION_STATES; i++)
		if (strcmp(state_names[i], name) == 0)
			return i;
	return 0;
}

static struct session_name *session_of(struct plots *plots, uint32_t node, const char *neighbor)
{
	for (size_t i = 0; i < plots->session_count; i++)
		if (plots->sessions[i].node == node &&
		    strcmp(plots->sessions[i].neighbor, neighbor) == 0)
			return &plots->sessions[i];
	if (plots->session_count == SESSIONS_DRAWN)
		return NULL;
	struct session_name name = { node, arena_strdup(&plots->arena, neighbor), 0 };
	ARRAY_PUSH(plots->sessions, plots->session_count, plots->session_capacity, name);
	return &plots->sessions[plots->session_count - 1];
}

static void message_seen(struct plots *plots, const struct observation *seen)
{
	size_t second = (size_t)(seen->at_ns / NS_PER_S);
	if (!seen->message.sent || seen->message.type < 1 || seen->message.type > MESSAGE_TYPES)
		return;
	if (second >= plots->second_count) {
		size_t count = second + 256;
		plots->seconds = memory_resize(plots->seconds, count * sizeof(*plots->seconds));
		memset(plots->seconds + plots->second_count, 0,
		       (count - plots->second_count) * sizeof(*plots->seconds));
		plots->second_count = count;
	}
	plots->seconds[second][seen->message.type - 1]++;
}

static void observe(struct trace_sink *sink, const struct observation *seen)
{
	struct plots *plots = (struct plots *)(void *)sink;
	if (seen->kind == OBSERVE_MESSAGE)
		message_seen(plots, seen);
	if (seen->kind != OBSERVE_SESSION)
		return;
	struct session_name *name = session_of(plots, seen->node, seen->session.neighbor);
	if (!name)
		return;
	struct session_span span = { (uint32_t)(name - plots->sessions), seen->at_ns,
				     state_number(seen->session.new_state) };
	ARRAY_PUSH(plots->spans, plots->span_count, plots->span_capacity, span);
}

struct plots *plots_new(const struct model *model)
{
	struct plots *plots = memory_zalloc(sizeof(*plots));
	plots->sink.observe = observe;
	plots->model = model;
	arena_init(&plots->arena);
	return plots;
}

void plots_free(struct plots *plots)
{
	free(plots->sessions);
	free(plots->spans);
	free(plots->seconds);
	arena_free(&plots->arena);
	free(plots);
}

struct trace_sink *plots_sink(struct plots *plots) { return &plots->sink; }

/* ---- data and scripts ------------------------------------------------------------------------ */

static void quoted(struct text *out, const char *string) /* gnuplot's single quotes */
{
	text_char(out, '\'');
	for (; *string; string++) {
		if (*string == '\'')
			text_char(out, '\'');
		text_char(out, (unsigned char)*string < 0x20 ? ' ' : *string);
	}
	text_char(out, '\'');
}

static void box(struct text *data, int64_t from_ns, int64_t until_ns, size_t row, int kind)
{
	double from = (double)from_ns / 1e9, until = (double)until_ns / 1e9;
	text_printf(data, "%.6f %zu %.6f %.6f %.2f %.2f %d\n", from, row, from, until,
		    (double)row - 0.35, (double)row + 0.35, kind);
}

struct picture {
	struct text data, script;
};

static void script_head(const struct run *run, const char *name, const char *title, size_t rows,
			struct text *script)
{
	size_t height = 140 + (rows ? rows : 8) * 22;
	text_printf(script,
		    "# gnuplot %s.gp draws %s.svg and %s.png from %s.dat\n"
		    "set encoding utf8\n"
		    "if (!exists(\"png\")) png = 0\n"
		    "if (png) { set term pngcairo size 1000,%zu font 'sans,10'; set output '%s.png' }\n"
		    "else { set term svg size 1000,%zu dynamic background 'white' font 'sans,12' "
		    "name '%s'; set output '%s.svg' }\n"
		    "set title ",
		    name, name, name, name, height, name, height, name, name);
	quoted(script, title);
	text_printf(script,
		    " noenhanced\nset xlabel 'seconds since start'\nset xrange [0:%.3f]\n"
		    "set key below\nset tics out nomirror\nset border 3\n",
		    (double)(run->end_ns > NS_PER_S ? run->end_ns : NS_PER_S) / 1e9);
	for (uint32_t i = 0; i < run->model->step_count; i++) {
		const struct model_step *step = &run->model->steps[i];
		double at = (double)step->at_ns / 1e9;
		if (step->kind == MODEL_STEP_END || step->at_ns > run->end_ns)
			continue;
		text_printf(script,
			    "set arrow from %.3f, graph 0 to %.3f, graph 1 nohead dt 2 lc '#888888'\n"
			    "set label ",
			    at, at);
		quoted(script, step->name);
		text_printf(script, " at %.3f, graph 1.0 offset 0.3,-0.7 font ',9' noenhanced\n", at);
	}
}

static void script_rows(struct text *script, size_t rows)
{
	text_printf(script, "set yrange [%zu.5:0.5]\nset style fill solid 0.9 noborder\n", rows);
}

#define FLOWS_DRAWN 40

/* Flows with the longest silence first; the rest is said in the title. */
static void draw_reach(const struct plots *plots, const struct run *run, struct picture *picture)
{
	const struct model *model = plots->model;
	size_t rows = model->flow_count < FLOWS_DRAWN ? model->flow_count : FLOWS_DRAWN;
	struct text title;
	text_init(&title);
	text_printf(&title, "%s: which flows were answered", model->name);
	if (rows < model->flow_count)
		text_printf(&title, " (%zu of %u flows)", rows, model->flow_count);
	script_head(run, "reach", text_string(&title), rows, &picture->script);
	text_free(&title);
	script_rows(&picture->script, rows ? rows : 1);
	text_put(&picture->script, "set ytics (");
	for (size_t i = 0; i < rows; i++) {
		text_put(&picture->script, i ? ", " : "");
		quoted(&picture->script, model->flows[i].name);
		text_printf(&picture->script, " %zu", i + 1);
		box(&picture->data, 0, run->end_ns, i + 1, 0);
	}
	text_put(&picture->script, ") noenhanced\n");
	for (uint32_t i = 0; i < run->outage_count; i++) {
		const struct outage *outage = &run->outages[i];
		if (outage->flow < rows)
			box(&picture->data, outage->from_ns, outage->until_ns, outage->flow + 1,
			    outage->disposition == DISPOSITION_LOOP ? 2 : 1);
	}
	text_put(&picture->script,
		 "plot 'reach.dat' using 1:($7==0?$2:1/0):3:4:5:6 with boxxyerror lc '#2a9d52' "
		 "title 'answered', \\\n"
		 "     '' using 1:($7==1?$2:1/0):3:4:5:6 with boxxyerror fs pattern 5 border "
		 "lc '#d1495b' title 'silent', \\\n"
		 "     '' using 1:($7==2?$2:1/0):3:4:5:6 with boxxyerror lc '#e9a23b' title 'loop'\n");
}

static void draw_sessions(const struct plots *plots, const struct run *run, struct picture *picture)
{
	struct text title;
	text_init(&title);
	text_printf(&title, "%s: BGP sessions", plots->model->name);
	script_head(run, "sessions", text_string(&title), plots->session_count, &picture->script);
	text_free(&title);
	script_rows(&picture->script, plots->session_count ? plots->session_count : 1);
	text_put(&picture->script, "set ytics (");
	for (size_t i = 0; i < plots->session_count; i++) {
		struct text name;
		text_init(&name);
		text_printf(&name, "%s: %s", plots->model->nodes[plots->sessions[i].node].name,
			    plots->sessions[i].neighbor);
		text_put(&picture->script, i ? ", " : "");
		quoted(&picture->script, text_string(&name));
		text_printf(&picture->script, " %zu", i + 1);
		text_free(&name);
		box(&picture->data, 0, 0, i + 1, -1);
	}
	text_put(&picture->script, ") noenhanced\n");
	for (size_t i = 0; i < plots->span_count; i++) {
		const struct session_span *span = &plots->spans[i];
		int64_t until = run->end_ns;
		for (size_t j = i + 1; j < plots->span_count; j++)
			if (plots->spans[j].session == span->session) {
				until = plots->spans[j].from_ns;
				break;
			}
		box(&picture->data, span->from_ns, until, span->session + 1, span->state);
	}
	static const char *const colours[SESSION_STATES] = { "#d1495b", "#e9a23b", "#e9a23b",
							     "#f2d16b", "#b5d99c", "#2a9d52" };
	for (int i = 0; i < SESSION_STATES; i++)
		text_printf(&picture->script,
			    "%s using 1:($7==%d?$2:1/0):3:4:5:6 with boxxyerror lc '%s' title '%s'%s",
			    i ? "     ''" : "plot 'sessions.dat'", i, colours[i], state_names[i],
			    i + 1 < SESSION_STATES ? ", \\\n" : "\n");
}

static void draw_messages(const struct plots *plots, const struct run *run, struct picture *picture)
{
	static const char *const names[MESSAGE_TYPES] = { "OPEN", "UPDATE", "NOTIFICATION",
							  "KEEPALIVE", "ROUTE-REFRESH" };
	static const char *const colours[MESSAGE_TYPES] = { "#3b6fb6", "#2a9d52", "#d1495b",
							    "#bbbbbb", "#e9a23b" };
	struct text title;
	text_init(&title);
	text_printf(&title, "%s: BGP messages sent, by second", plots->model->name);
	script_head(run, "messages", text_string(&title), 0, &picture->script);
	text_free(&title);
	text_put(&picture->data, "0 0 0 0 0 0\n");
	for (size_t i = 0; i < plots->second_count; i++) {
		const uint32_t *n = plots->seconds[i];
		if (n[0] + n[1] + n[2] + n[3] + n[4] > 0)
			text_printf(&picture->data, "%zu %u %u %u %u %u\n", i, n[0], n[1], n[2],
				    n[3], n[4]);
	}
	text_put(&picture->script, "set yrange [0:*]\nset ylabel 'messages'\n"
				   "set style fill solid 0.9 noborder\nset boxwidth 0.9\n");
	for (int i = MESSAGE_TYPES - 1; i >= 0; i--) { /* tallest first: stacked by sums */
		text_printf(&picture->script, "%s using ($1+0.5):(",
			    i == MESSAGE_TYPES - 1 ? "plot 'messages.dat'" : "     ''");
		for (int j = 0; j <= i; j++)
			text_printf(&picture->script, "%s$%d", j ? "+" : "", j + 2);
		text_printf(&picture->script, ") with boxes lc '%s' title '%s'%s", colours[i],
			    names[i], i ? ", \\\n" : "\n");
	}
}

struct picture_row {
	const char *name;
	void (*draw)(const struct plots *plots, const struct run *run, struct picture *picture);
};

static const struct picture_row pictures[] = {
	{ "reach", draw_reach },
	{ "sessions", draw_sessions },
	{ "messages", draw_messages },
};

/* ---- files and gnuplot ----------------------------------------------------------------------- */

static bool write_file(const char *folder, const char *name, const char *ending,
		       const struct text *text, struct text *error)
{
	struct text path;
	text_init(&path);
	text_printf(&path, "%s/plots/%s.%s", folder, name, ending);
	FILE *file = fopen(text_string(&path), "wb");
	bool good = file && fwrite(text_string(text), 1, text->length, file) == text->length;
	if (file && fclose(file) != 0)
		good = false;
	if (!good)
		text_printf(error, "%s: %s", text_string(&path), strerror(errno));
	text_free(&path);
	return good;
}

/* Runs gnuplot in folder/plots, without a shell and without the user's ~/.gnuplot. 0, its exit code, or -1 if there is no gnuplot. */
static int run_gnuplot(const char *folder, const char *name, bool png, char *errors_path)
{
	struct text plots, script;
	text_init(&plots);
	text_init(&script);
	text_printf(&plots, "%s/plots", folder);
	text_printf(&script, "%s.gp", name);
	char plain[] = "-d", option[] = "-e", png_on[] = "png=1", png_off[] = "png=0", program[] = "gnuplot";
	char *arguments[] = { program, plain, option, png ? png_on : png_off, script.data, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, errors_path, O_WRONLY, 0);
	posix_spawn_file_actions_addchdir_np(&actions, plots.data);
	pid_t child;
	int result = -1, status = 0;
	if (posix_spawnp(&child, program, &actions, NULL, arguments, environ) == 0) {
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		result = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		if (result == 127)
			result = -1;
	}
	posix_spawn_file_actions_destroy(&actions);
	text_free(&plots);
	text_free(&script);
	return result;
}

/* gnuplot says nothing of a full disk: a picture is whole if it ends as pictures do. */
static bool picture_whole(const char *folder, const char *name, bool png)
{
	static const char *const ends[] = { "</svg>", "IEND" };
	char tail[16] = "";
	struct text path;
	text_init(&path);
	text_printf(&path, "%s/plots/%s.%s", folder, name, png ? "png" : "svg");
	FILE *file = fopen(text_string(&path), "rb");
	text_free(&path);
	bool whole = false;
	if (file && fseek(file, -12, SEEK_END) == 0) {
		size_t length = fread(tail, 1, 12, file);
		size_t wanted = strlen(ends[png]);
		for (size_t i = 0; i + wanted <= length && !whole; i++)
			whole = memcmp(tail + i, ends[png], wanted) == 0;
	}
	if (file)
		fclose(file);
	return whole;
}

static enum plots_result draw_files(const char *folder, struct text *error)
{
	char nowhere[] = "/dev/null";
	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++)
		for (int png = 0; png < 2; png++) {
			int result = run_gnuplot(folder, pictures[i].name, png, nowhere);
			if (result < 0)
				return PLOTS_NO_GNUPLOT;
			if (result > 0 || !picture_whole(folder, pictures[i].name, png)) {
				text_printf(error, "gnuplot failed on %s/plots/%s.gp%s", folder,
					    pictures[i].name,
					    result ? "" : ": the picture is not whole");
				return PLOTS_FAILED;
			}
		}
	return PLOTS_DRAWN;
}

enum plots_result plots_write(struct plots *plots, const struct run *run, const char *folder,
			      struct text *error)
{
	struct text path;
	text_init(&path);
	text_printf(&path, "%s/plots", folder);
	int made = mkdir(text_string(&path), 0777);
	text_free(&path);
	if (made != 0 && errno != EEXIST) {
		text_printf(error, "%s/plots: %s", folder, strerror(errno));
		return PLOTS_FAILED;
	}
	bool good = true;
	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]) && good; i++) {
		struct picture picture;
		text_init(&picture.data);
		text_init(&picture.script);
		pictures[i].draw(plots, run, &picture);
		good = write_file(folder, pictures[i].name, "dat", &picture.data, error) &&
		       write_file(folder, pictures[i].name, "gp", &picture.script, error);
		text_free(&picture.data);
		text_free(&picture.script);
	}
	return good ? draw_files(folder, error) : PLOTS_FAILED;
}
