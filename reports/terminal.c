#include "reports/terminal.h"

#include <string.h>

#include "base/memory.h"

void terminal_plain(const struct style *style, const char *string, struct text *out)
{
	static const char *const signs[][2] = {
		{ "\xe2\x86\x92", "->" }, { "\xe2\x9c\x97", "x" },   { "\xe2\x80\xa2", "*" },
		{ "\xe2\x89\xa4", "<=" }, { "\xe2\x80\xa6", ".." },  { "\xc2\xb7", "-" },
		{ "\xe2\x9c\x93", "ok" }, { "\xe2\x86\x94", "<->" },
	};
	if (style->unicode) {
		text_put(out, string);
		return;
	}
	while (*string) {
		size_t i = 0, count = sizeof(signs) / sizeof(signs[0]);
		while (i < count && strncmp(string, signs[i][0], strlen(signs[i][0])) != 0)
			i++;
		if (i < count) {
			text_put(out, signs[i][1]);
			string += strlen(signs[i][0]);
		} else {
			text_char(out, *string++);
		}
	}
}

static void pad(struct text *out, const char *string, size_t width, const struct style *style)
{
	struct text plain;
	text_init(&plain);
	terminal_plain(style, string, &plain);
	text_put(out, text_string(&plain));
	size_t used = text_width(text_string(&plain), plain.length);
	text_free(&plain);
	while (used++ < width)
		text_char(out, ' ');
}

static void counted(struct text *out, uint32_t count, const char *what, const char *separator)
{
	text_printf(out, "%u %s%s%s", count, what, count == 1 ? "" : "s", separator);
}

void terminal_head(const struct run *run, const struct style *style, struct text *out)
{
	const struct model *model = run->model;
	uint32_t cables = 0, segments = 0;
	for (uint32_t i = 0; i < model->link_count; i++)
		*(model->links[i].end_count > 2 ? &segments : &cables) += 1;
	const char *dot = style->unicode ? " \xc2\xb7 " : ", ";
	text_printf(out, "%s%s%s   ", style_on(style, "bold"), model->name, style_off(style));
	counted(out, model->node_count, "node", dot);
	if (cables)
		counted(out, cables, "cable", dot);
	if (segments)
		counted(out, segments, "segment", dot);
	counted(out, run->session_count, "BGP session", dot);
	counted(out, run->pod_count, "pod", dot);
	uint32_t steps = 0;
	for (uint32_t i = 0; i < model->step_count; i++)
		steps += model->steps[i].kind != MODEL_STEP_END;
	counted(out, steps, "step", "");
	text_printf(out, "        %s, seed %llu\n\n", run->world, (unsigned long long)run->seed);
}

void terminal_event(const struct run_event *event, const struct style *style, struct text *out)
{
	struct text at;
	text_init(&at);
	text_seconds(&at, event->at_ns);
	text_printf(out, "%12s  ", text_string(&at));
	text_free(&at);
	pad(out, event->name, 20, style);
	text_put(out, "  ");
	terminal_plain(style, event->text, out);
	while (out->length && out->data[out->length - 1] == ' ')
		out->data[--out->length] = '\0';
	text_char(out, '\n');
}

static void print_why(const char *why, const struct style *style, struct text *out)
{
	while (*why) {
		size_t length = strcspn(why, "\n");
		struct text line;
		text_init(&line);
		text_add(&line, why, length);
		if (length)
			text_put(out, "      ");
		terminal_plain(style, text_string(&line), out);
		text_char(out, '\n');
		text_free(&line);
		why += length + (why[length] == '\n');
	}
}

struct widths { /* of the columns */
	size_t name, measured, limit;
};

static void print_verdict(const struct verdict *verdict, const struct style *style,
			  const struct widths *widths, struct text *out)
{
	bool good = verdict->result == VERDICT_PASS;
	const char *colour = good				  ? "green"
			     : verdict->result == VERDICT_FAIL ? "red"
							       : "yellow";
	const char *mark = style_mark(style, good);
	if (verdict->result == VERDICT_NOT_JUDGED)
		mark = style->unicode ? "?" : "?   ";
	else if (verdict->result == VERDICT_WARN)
		mark = style->unicode ? "!" : "warn";
	text_printf(out, "  %s%s%s ", style_on(style, colour), mark, style_off(style));
	pad(out, verdict->expect->name, widths->name + 2, style);
	bool located = verdict->result != VERDICT_PASS && verdict->expect->pos.source;
	bool more = verdict->limit[0] || located;
	pad(out, verdict->measured, more ? widths->measured : 0, style);
	if (more)
		text_put(out, "  ");
	pad(out, verdict->limit, located ? widths->limit : 0, style);
	if (located)
		text_printf(out, "  %s%s:%u%s", style_on(style, "dim"),
			    verdict->expect->pos.source->path, verdict->expect->pos.line,
			    style_off(style));
	text_char(out, '\n');
	if (verdict->why[0] && verdict->result != VERDICT_PASS) {
		print_why(verdict->why, style, out);
		text_char(out, '\n');
	}
}

static void widen(size_t *width, const char *string, const struct style *style, size_t most)
{
	struct text plain;
	text_init(&plain);
	terminal_plain(style, string, &plain);
	size_t n = text_width(text_string(&plain), plain.length);
	text_free(&plain);
	n = n < most ? n : most;
	*width = n > *width ? n : *width;
}

void terminal_verdicts(const struct run *run, const struct style *style, struct text *out)
{
	struct widths widths = { 0 };
	for (uint32_t i = 0; i < run->verdict_count; i++) {
		widen(&widths.name, run->verdicts[i].expect->name, style, 40);
		widen(&widths.measured, run->verdicts[i].measured, style, 36);
		widen(&widths.limit, run->verdicts[i].limit, style, 12);
	}
	text_char(out, '\n');
	for (uint32_t i = 0; i < run->verdict_count; i++)
		print_verdict(&run->verdicts[i], style, &widths, out);
}

static const char *result_word(const struct run *run)
{
	if (run->interrupted)
		return "INTERRUPTED";
	switch (run->exit_code) {
	case 0: return "PASS";
	case 5: return "NOTHING JUDGED";
	default: return "FAIL";
	}
}

void terminal_result(const struct run *run, const char *folder, const struct style *style,
		     struct text *out)
{
	uint32_t passed = 0, judged = 0;
	for (uint32_t i = 0; i < run->verdict_count; i++) {
		passed += run->verdicts[i].result == VERDICT_PASS;
		judged += run->verdicts[i].result != VERDICT_NOT_JUDGED;
	}
	bool good = run->exit_code == 0 && !run->interrupted;
	text_printf(out, "%s%s%s  ", style_on(style, good ? "green" : "red"), result_word(run),
		    style_off(style));
	if (good || judged == 0)
		text_printf(out, "%u of %u", passed, run->verdict_count);
	else
		text_printf(out, "%u of %u failed", judged - passed, run->verdict_count);
	if (judged > 0 && judged < run->verdict_count)
		text_printf(out, ", %u not judged", run->verdict_count - judged);
	text_put(out, "   ");
	text_seconds(out, run->end_ns);
	text_put(out, " simulated in ");
	text_seconds(out, run->wall_ns);
	text_printf(out, ", %llu events, seed %llu, digest %016llx\n",
		    (unsigned long long)run->events, (unsigned long long)run->seed,
		    (unsigned long long)run->digest);
	if (folder) {
		const char *dot = style->unicode ? " \xc2\xb7 " : ", ";
		text_printf(out, "      %s/report.html", folder);
		if (run->captured)
			text_printf(out, "%srun.pcapng (%llu frames)", dot,
				    (unsigned long long)run->frames);
		text_printf(out, "%srun.db\n", dot);
	}
}
