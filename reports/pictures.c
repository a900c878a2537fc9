/* Each picture is a row of a table: a name, and who writes its data and script. The scripts share a
 * head (size, margins, names of steps above the drawing, dashed lines below them) and differ in the
 * `plot` lines. Everything is placed here in pixels, by estimated widths, so that the same run gives
 * the same script. Colours differ in lightness too, and trouble is hatched: nobody needs to tell red
 * from green. */
#include "reports/pictures.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "reports/flows.h"

#define WIDTH 1000
#define RIGHT_MARGIN 28
#define CHARACTER 7   /* pixels, about */
#define LABEL_ROW 14
#define LABEL_ROWS 5
#define ROW 22
#define BOTTOM 84     /* tics, axis, key */

#define GREEN "#2a9d52"
#define RED "#c0343f"
#define ORANGE "#e69f00"
#define BLUE "#2f6db3"
#define GREY "#9a9a9a"

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

/* At most that many columns; what is cut ends in an ellipsis. */
static void shortened(struct text *out, const char *string, size_t columns)
{
	const char *p = string, *end = string + strlen(string), *cut = string;
	if (text_width(string, strlen(string)) <= columns) {
		text_put(out, string);
		return;
	}
	while (p < end && text_width(string, (size_t)(p - string)) < columns) {
		uint32_t code;
		cut = p;
		p += text_utf8(p, end, &code);
	}
	text_add(out, string, (size_t)(cut - string));
	text_put(out, "\xe2\x80\xa6");
}

static void box(struct text *data, int64_t from_ns, int64_t until_ns, size_t row, int kind)
{
	double from = (double)from_ns / 1e9, until = (double)until_ns / 1e9;
	if (until_ns > from_ns)
		text_printf(data, "%.6f %zu %.6f %.6f %.2f %.2f %d\n", from, row, from, until,
			    (double)row - 0.36, (double)row + 0.36, kind);
}

/* ---- the frame ------------------------------------------------------------------------------- */

struct frame {
	const char *name;     /* of the files */
	const char *title;
	size_t drawing;       /* height of the drawing itself, pixels */
	size_t label_columns; /* longest name at the left */
};

struct layout {
	double left, span; /* pixels */
	size_t top, height, label_rows;
	uint32_t *row_of;  /* by step: row of its name, LABEL_ROWS: none fits */
	bool *leftward;    /* its name ends at the line */
};

static bool step_drawn(const struct run *run, const struct model_step *step)
{
	return step->kind != MODEL_STEP_END && step->at_ns <= run->end_ns;
}

/* Names of steps in rows above the drawing. From the right: each stands above whatever begins under
 * it, so that neither names nor the lines below names cross a name. */
static struct layout lay_out(const struct run *run, const struct frame *frame, struct arena *arena)
{
	const struct model *model = run->model;
	struct layout layout = { .left = 24.0 + CHARACTER * (double)frame->label_columns };
	layout.span = WIDTH - RIGHT_MARGIN - layout.left;
	layout.row_of = arena_alloc(arena, (model->step_count + 1) * sizeof(*layout.row_of));
	layout.leftward = arena_alloc(arena, (model->step_count + 1) * sizeof(bool));
	double begins[LABEL_ROWS]; /* leftmost name or line of a row so far */
	for (uint32_t row = 0; row < LABEL_ROWS; row++)
		begins[row] = 2.0 * WIDTH;
	for (uint32_t i = model->step_count; i-- > 0;) {
		const struct model_step *step = &model->steps[i];
		layout.row_of[i] = LABEL_ROWS;
		if (!step_drawn(run, step))
			continue;
		double wide = CHARACTER * (double)text_width(step->name, strlen(step->name)) + 8;
		double line = layout.left +
			      layout.span * (double)step->at_ns / (double)(run->end_ns + 1);
		layout.leftward[i] = line + wide > WIDTH;
		uint32_t row = 0;
		for (uint32_t other = 0; other < LABEL_ROWS; other++)
			if (begins[other] < (layout.leftward[i] ? line : line + wide))
				row = other + 1;
		if (row == LABEL_ROWS)
			continue;
		begins[row] = layout.leftward[i] ? line - wide : line;
		layout.row_of[i] = row;
		if (row >= layout.label_rows)
			layout.label_rows = row + 1;
	}
	layout.top = 34 + layout.label_rows * LABEL_ROW;
	layout.height = layout.top + frame->drawing + BOTTOM;
	return layout;
}

static double screen_y(const struct layout *layout, size_t pixels_from_top)
{
	return 1.0 - (double)pixels_from_top / (double)layout->height;
}

static void write_steps(const struct run *run, const struct layout *layout, struct text *script)
{
	for (uint32_t i = 0; i < run->model->step_count; i++) {
		const struct model_step *step = &run->model->steps[i];
		double at = (double)step->at_ns / 1e9;
		if (!step_drawn(run, step))
			continue;
		bool named = layout->row_of[i] < LABEL_ROWS;
		size_t line = layout->top - 3 - (named ? layout->row_of[i] * LABEL_ROW : 0);
		text_printf(script,
			    "set arrow from first %.3f, graph 0 to first %.3f, screen %.5f nohead "
			    "front dt 2 lw 1 lc rgb '#444444'\n",
			    at, at, screen_y(layout, named ? line - 10 : line));
		if (!named)
			continue;
		text_put(script, "set label ");
		quoted(script, step->name);
		text_printf(script, " at first %.3f, screen %.5f %s offset %s,0 font ',9' noenhanced\n",
			    at, screen_y(layout, line - 5), layout->leftward[i] ? "right" : "left",
			    layout->leftward[i] ? "-0.4" : "0.4");
	}
}

static void script_head(const struct run *run, const struct frame *frame, struct text *script)
{
	struct arena arena;
	arena_init(&arena);
	struct layout layout = lay_out(run, frame, &arena);
	const char *name = frame->name;
	text_printf(script,
		    "# gnuplot %s.gp draws %s.svg from %s.dat; gnuplot -e png=1 %s.gp draws %s.png\n"
		    "set encoding utf8\n"
		    "if (!exists(\"png\")) png = 0\n"
		    "if (png) { set term pngcairo size %d,%zu font 'sans,10'; set output '%s.png' }\n"
		    "else { set term svg size %d,%zu dynamic background 'white' font 'sans,12' "
		    "name '%s'; set output '%s.svg' }\n",
		    name, name, name, name, name, WIDTH, layout.height, name, WIDTH, layout.height,
		    name, name);
	text_put(script, "set label ");
	quoted(script, frame->title);
	text_printf(script, " at screen 0.5, screen %.5f center noenhanced\n",
		    screen_y(&layout, 14));
	text_printf(script,
		    "set lmargin at screen %.5f\nset rmargin at screen %.5f\n"
		    "set tmargin at screen %.5f\nset bmargin at screen %.5f\n"
		    "set xlabel 'seconds since start'\nset xrange [0:%.6f]\n"
		    "set key at screen 0.5, screen %.5f center center horizontal Left reverse "
		    "samplen 2 width 1 maxrows 1\nset tics out nomirror\nset border 3\n",
		    layout.left / WIDTH, (WIDTH - RIGHT_MARGIN) / (double)WIDTH,
		    screen_y(&layout, layout.top), screen_y(&layout, layout.height - BOTTOM),
		    (double)(run->end_ns > NS_PER_S ? run->end_ns : NS_PER_S) / 1e9,
		    screen_y(&layout, layout.height - 16));
	write_steps(run, &layout, script);
	arena_free(&arena);
}

#define LABEL_COLUMNS 44

/* Row names at the left, first row on top. */
static void script_rows(struct text *script, const char *const *labels, size_t rows)
{
	text_printf(script,
		    "set yrange [%zu.5:0.5]\nset style fill solid 1.0 noborder\nset ytics (",
		    rows ? rows : 1);
	for (size_t i = 0; i < rows; i++) {
		text_put(script, i ? ", " : "");
		quoted(script, labels[i]);
		text_printf(script, " %zu", i + 1);
	}
	text_put(script, rows ? ") noenhanced\n" : ")\nunset ytics\n");
}

static size_t longest(const char *const *labels, size_t rows)
{
	size_t most = 0;
	for (size_t i = 0; i < rows; i++) {
		size_t columns = text_width(labels[i], strlen(labels[i]));
		most = columns > most ? columns : most;
	}
	return most;
}

struct kind { /* of boxes: how they look and what the key says */
	const char *colour, *name;
	bool hatched;
};

static void script_kinds(struct text *script, const char *file, const struct kind *kinds,
			 int kind_count)
{
	for (int i = 0; i < kind_count; i++) {
		if (i == 0)
			text_printf(script, "plot '%s.dat'", file);
		else
			text_put(script, "     ''");
		text_printf(script, " using 1:($7==%d?$2:1/0):3:4:5:6 with boxxyerror lc rgb '%s' ",
			    i, kinds[i].colour);
		if (kinds[i].hatched)
			text_printf(script, "fs pattern 5 border lc rgb '%s' ", kinds[i].colour);
		text_printf(script, "title '%s'%s", kinds[i].name,
			    i + 1 < kind_count ? ", \\\n" : "\n");
	}
}

/* ---- reach: which flows were answered -------------------------------------------------------- */

#define FLOWS_DRAWN 40
#define FLOWS_UNFOLDED 30

static void draw_flow(struct text *data, const struct flow_group *group, size_t row, int64_t end_ns)
{
	int64_t at = 0;
	for (uint32_t i = 0; i < group->outage_count; i++) {
		const struct outage *outage = &group->outages[i];
		box(data, at, outage->from_ns, row, 0);
		box(data, outage->from_ns, outage->until_ns, row,
		    outage->disposition == DISPOSITION_LOOP ? 2 : 1);
		at = outage->until_ns;
	}
	box(data, at, end_ns, row, 0);
}

static void draw_reach(const struct gathered *gathered, const struct run *run,
		       struct picture *picture)
{
	static const struct kind kinds[] = { { GREEN, "answered", false },
					     { RED, "silent", true },
					     { ORANGE, "loop", false } };
	const char *labels[FLOWS_DRAWN];
	struct arena arena;
	arena_init(&arena);
	uint32_t count;
	bool fold = run->model->flow_count > FLOWS_UNFOLDED;
	struct flow_group *groups = flow_groups(run, fold, &arena, &count);
	size_t rows = count < FLOWS_DRAWN ? count : FLOWS_DRAWN;
	(void)gathered;
	text_put(&picture->data, "# from row from until low high kind (0 answered, 1 silent, 2 loop)\n"
				 "0 0 0 0 0 0 -1\n");
	for (size_t i = 0; i < rows; i++) {
		struct text name, label;
		text_init(&name);
		text_init(&label);
		flow_group_name(run, &groups[i], &name);
		shortened(&label, text_string(&name), LABEL_COLUMNS);
		labels[i] = arena_strdup(&arena, text_string(&label));
		text_free(&name);
		text_free(&label);
		draw_flow(&picture->data, &groups[i], i + 1, run->end_ns);
	}
	const char *title = arena_printf(&arena, "%s: which flows were answered", run->model->name);
	if (rows < count)
		title = arena_printf(&arena, "%s (the %zu worst rows of %u)", title, rows, count);
	const struct frame frame = { "reach", title, (rows ? rows : 1) * ROW,
				     longest(labels, rows) };
	script_head(run, &frame, &picture->script);
	script_rows(&picture->script, labels, rows);
	script_kinds(&picture->script, "reach", kinds, 3);
	arena_free(&arena);
}

/* ---- sessions -------------------------------------------------------------------------------- */

static void draw_spans(const struct gathered *gathered, const struct run *run, struct text *data)
{
	int64_t *until = memory_alloc((gathered->session_count + 1) * sizeof(*until));
	int64_t *ends = memory_alloc((gathered->span_count + 1) * sizeof(*ends));
	for (size_t i = 0; i < gathered->session_count; i++)
		until[i] = run->end_ns;
	for (size_t i = gathered->span_count; i-- > 0;) {
		const struct session_span *span = &gathered->spans[i];
		ends[i] = until[span->session];
		until[span->session] = span->from_ns;
	}
	for (size_t i = 0; i < gathered->session_count; i++)
		box(data, 0, until[i], i + 1, 0); /* nothing was seen of it yet: Idle */
	for (size_t i = 0; i < gathered->span_count; i++) {
		const struct session_span *span = &gathered->spans[i];
		box(data, span->from_ns, ends[i], span->session + 1, span->state);
	}
	free(until);
	free(ends);
}

static void draw_sessions(const struct gathered *gathered, const struct run *run,
			  struct picture *picture)
{
	static const struct kind kinds[SESSION_STATES] = {
		{ RED, "Idle", true },		  { "#d98200", "Connect", false },
		{ "#f2b53a", "Active", false },	  { "#f7dd72", "OpenSent", false },
		{ "#a8d5a2", "OpenConfirm", false }, { GREEN, "Established", false },
		{ GREY, "no power", true },
	};
	struct arena arena;
	arena_init(&arena);
	size_t rows = gathered->session_count;
	const char **labels = arena_alloc(&arena, (rows + 1) * sizeof(*labels));
	for (size_t i = 0; i < rows; i++) {
		struct text label;
		text_init(&label);
		shortened(&label, gathered->sessions[i].label, LABEL_COLUMNS);
		labels[i] = arena_strdup(&arena, text_string(&label));
		text_free(&label);
	}
	const char *title = arena_printf(&arena, "%s: BGP sessions, seen from each end",
					 run->model->name);
	if (gathered->sessions_left_out)
		title = arena_printf(&arena, "%s (the first %zu)", title, rows);
	const struct frame frame = { "sessions", title, (rows ? rows : 1) * ROW,
				     longest(labels, rows) };
	script_head(run, &frame, &picture->script);
	script_rows(&picture->script, labels, rows);
	text_put(&picture->data, "# from row from until low high state (0 Idle ... 5 Established, "
				 "6 no power)\n0 0 0 0 0 0 -1\n");
	draw_spans(gathered, run, &picture->data);
	script_kinds(&picture->script, "sessions", kinds, SESSION_STATES);
	arena_free(&arena);
}

/* ---- messages -------------------------------------------------------------------------------- */

#define BARS 240 /* about as many as can be told apart */

static void draw_messages(const struct gathered *gathered, const struct run *run,
			  struct picture *picture)
{
	static const struct kind kinds[MESSAGE_TYPES] = {
		{ BLUE, "OPEN", false },	{ GREEN, "UPDATE", false },
		{ RED, "NOTIFICATION", false }, { "#c8c8c8", "KEEPALIVE", false },
		{ ORANGE, "ROUTE-REFRESH", false },
	};
	int64_t bin = run->end_ns / NS_PER_S / BARS + 1; /* seconds */
	struct text title;
	text_init(&title);
	text_printf(&title, "%s: BGP messages sent a second", run->model->name);
	if (bin > 1)
		text_printf(&title, ", mean of %lld s", (long long)bin);
	const struct frame frame = { "messages", text_string(&title), 180, 6 };
	script_head(run, &frame, &picture->script);
	text_free(&title);
	text_put(&picture->data, "# second OPEN UPDATE NOTIFICATION KEEPALIVE ROUTE-REFRESH, "
				 "as many as were sent in the bar\n0 0 0 0 0 0\n");
	for (size_t i = 0; i < gathered->second_count; i += (size_t)bin) {
		uint32_t sum[MESSAGE_TYPES] = { 0 }, all = 0;
		for (size_t j = i; j < i + (size_t)bin && j < gathered->second_count; j++)
			for (int type = 0; type < MESSAGE_TYPES; type++) {
				sum[type] += gathered->seconds[j][type];
				all += gathered->seconds[j][type];
			}
		if (all)
			text_printf(&picture->data, "%zu %u %u %u %u %u\n", i, sum[0], sum[1],
				    sum[2], sum[3], sum[4]);
	}
	text_printf(&picture->script,
		    "set yrange [0:*]\nset ylabel 'messages/s'\nset style fill solid 1.0 noborder\n"
		    "bin = %lld.0\nset boxwidth bin * 0.9\n",
		    (long long)bin);
	for (int i = MESSAGE_TYPES - 1; i >= 0; i--) { /* tallest first: stacked by sums */
		text_printf(&picture->script, "%s using ($1+bin/2):((",
			    i == MESSAGE_TYPES - 1 ? "plot 'messages.dat'" : "     ''");
		for (int j = 0; j <= i; j++)
			text_printf(&picture->script, "%s$%d", j ? "+" : "", j + 2);
		text_printf(&picture->script, ")/bin) with boxes lc rgb '%s' title '%s'%s",
			    kinds[i].colour, kinds[i].name, i ? ", \\\n" : "\n");
	}
}

const struct picture_row *picture_at(size_t index)
{
	static const struct picture_row pictures[] = {
		{ "reach", draw_reach },
		{ "sessions", draw_sessions },
		{ "messages", draw_messages },
	};
	return index < sizeof(pictures) / sizeof(pictures[0]) ? &pictures[index] : NULL;
}
