#include "reports/summary.h"

#include <string.h>

static void key(struct text *out, const char *indent, const char *name)
{
	text_put(out, indent);
	text_json(out, name);
	text_put(out, ": ");
}

static void string_member(struct text *out, const char *indent, const char *name,
			  const char *value, const char *end)
{
	key(out, indent, name);
	text_json(out, value);
	text_put(out, end);
}

static void verdict_json(const struct verdict *verdict, struct text *out)
{
	const char *in = "      ";
	text_put(out, "    {\n");
	string_member(out, in, "name", verdict->expect->name, ",\n");
	string_member(out, in, "result", verdict_result_name(verdict->result), ",\n");
	string_member(out, in, "measured", verdict->measured, ",\n");
	string_member(out, in, "limit", verdict->limit, ",\n");
	if (verdict->first_failing_ns != MODEL_NO_TIME)
		text_printf(out, "%s\"first_failing_ns\": %lld,\n", in,
			    (long long)verdict->first_failing_ns);
	if (verdict->expect->pos.source) {
		string_member(out, in, "file", verdict->expect->pos.source->path, ",\n");
		text_printf(out, "%s\"line\": %u,\n", in, verdict->expect->pos.line);
	}
	text_printf(out, "%s\"evidence\": [", in);
	for (uint32_t i = 0; i < verdict->evidence_count; i++)
		text_printf(out, "%s%llu", i ? ", " : "", (unsigned long long)verdict->evidence[i]);
	text_put(out, "],\n");
	string_member(out, in, "why", verdict->why, "\n    }");
}

static const char *result_of(const struct run *run)
{
	if (run->interrupted)
		return "interrupted";
	return run->exit_code == 0 ? "pass" : run->exit_code == 5 ? "nothing judged" : "fail";
}

void summary_json(const struct run *run, struct text *out)
{
	text_put(out, "{\n");
	string_member(out, "  ", "name", run->model->name, ",\n");
	string_member(out, "  ", "file", run->model->path, ",\n");
	string_member(out, "  ", "version", run->version, ",\n");
	string_member(out, "  ", "world", run->world, ",\n");
	string_member(out, "  ", "result", result_of(run), ",\n");
	text_printf(out, "  \"exit_code\": %d,\n", run->exit_code);
	text_printf(out, "  \"seed\": %llu,\n", (unsigned long long)run->seed);
	text_printf(out, "  \"digest\": \"%016llx\",\n", (unsigned long long)run->digest);
	text_printf(out, "  \"simulated_ns\": %lld,\n", (long long)run->end_ns);
	text_printf(out, "  \"wall_ns\": %lld,\n", (long long)run->wall_ns);
	text_printf(out, "  \"events\": %llu,\n", (unsigned long long)run->events);
	text_printf(out, "  \"frames\": %llu,\n", (unsigned long long)run->frames);
	text_put(out, "  \"expectations\": [\n");
	for (uint32_t i = 0; i < run->verdict_count; i++) {
		verdict_json(&run->verdicts[i], out);
		text_put(out, i + 1 < run->verdict_count ? ",\n" : "\n");
	}
	text_put(out, "  ],\n  \"outages\": [\n");
	for (uint32_t i = 0; i < run->outage_count; i++) {
		const struct outage *outage = &run->outages[i];
		text_put(out, "    { \"flow\": ");
		text_json(out, run->model->flows[outage->flow].name);
		text_printf(out, ", \"from_ns\": %lld, \"until_ns\": %lld, \"disposition\": \"%s\" }%s\n",
			    (long long)outage->from_ns, (long long)outage->until_ns,
			    disposition_name(outage->disposition),
			    i + 1 < run->outage_count ? "," : "");
	}
	text_put(out, "  ]\n}\n");
}

/* Workflow commands end at a line break; properties also at ':' and ','. */
static void escaped(struct text *out, const char *string, bool property)
{
	for (; *string; string++) {
		if (*string == '%' || *string == '\r' || *string == '\n' ||
		    (property && (*string == ':' || *string == ',')))
			text_printf(out, "%%%02X", (unsigned char)*string);
		else
			text_char(out, *string);
	}
}

static void annotation(struct text *out, const char *level, const struct source_pos *pos,
		       const char *title, const char *message)
{
	text_printf(out, "::%s ", level);
	if (pos->source) {
		text_put(out, "file=");
		escaped(out, pos->source->path, true);
		if (pos->line)
			text_printf(out, ",line=%u", pos->line);
		if (pos->line && pos->column)
			text_printf(out, ",col=%u", pos->column);
		text_char(out, ',');
	}
	text_put(out, "title=");
	escaped(out, title, true);
	text_put(out, "::");
	escaped(out, message, false);
	text_char(out, '\n');
}

#define ANNOTATIONS_SHOWN 10 /* GitHub shows no more of a kind in one step */

/* One kind's: the reason at the expectation, then the places reasons point at while there is room. */
static void annotate(const struct run *run, enum verdict_result result, const char *level,
		     struct text *out)
{
	int left = ANNOTATIONS_SHOWN;
	for (uint32_t i = 0; i < run->verdict_count && left > 0; i++) {
		const struct verdict *verdict = &run->verdicts[i];
		if (verdict->result != result)
			continue;
		struct text message;
		text_init(&message);
		text_printf(&message, "%s %s\n%s", verdict->measured, verdict->limit, verdict->why);
		annotation(out, level, &verdict->expect->pos, verdict->expect->name,
			   text_string(&message));
		text_free(&message);
		left--;
	}
	for (uint32_t i = 0; i < run->verdict_count; i++) {
		const struct verdict *verdict = &run->verdicts[i];
		for (uint32_t j = 0; verdict->result == result && j < verdict->place_count; j++)
			if (left-- > 0)
				annotation(out, level, &verdict->places[j], verdict->expect->name,
					   verdict->place_texts[j]);
	}
}

void github_annotations(const struct run *run, struct text *out)
{
	annotate(run, VERDICT_FAIL, "error", out);
	annotate(run, VERDICT_WARN, "warning", out);
}

void github_diagnostics(const struct diag_list *diags, struct text *out)
{
	static const struct {
		enum diag_severity severity;
		const char *level;
	} kinds[] = { { DIAG_ERROR, "error" }, { DIAG_WARNING, "warning" }, { DIAG_NOTE, "notice" } };
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		int left = ANNOTATIONS_SHOWN;
		for (size_t i = 0; i < diags->count && left > 0; i++) {
			const struct diag *diag = &diags->items[i];
			struct text message;
			if (diag->severity != kinds[k].severity)
				continue;
			text_init(&message);
			text_put(&message, diag->text);
			for (const struct diag_note *note = diag->notes; note; note = note->next)
				text_printf(&message, "\n%s", note->text);
			annotation(out, kinds[k].level, &diag->pos, diag->code,
				   text_string(&message));
			text_free(&message);
			left--;
		}
	}
}

#define MERMAID_NODES 40 /* GitHub draws no graph of more than 50 000 characters */
#define SUMMARY_ROWS 200 /* and takes no summary of more than 1 MiB */

/* A cell of a Markdown table: '|' would end it, and so would a line break. */
static void markdown_cell(struct text *out, const char *string)
{
	struct text plain;
	text_init(&plain);
	text_xml(&plain, string);
	for (const char *p = text_string(&plain); *p; p++) {
		if (strchr("|\\`*_[]", *p))
			text_char(out, '\\');
		text_char(out, *p == '\n' || *p == '\r' || *p == '\t' ? ' ' : *p);
	}
	text_free(&plain);
}

static void mermaid(const struct run *run, struct text *out)
{
	const struct model *model = run->model;
	if (model->node_count > MERMAID_NODES)
		return;
	text_put(out, "```mermaid\ngraph TD\n");
	for (uint32_t i = 0; i < model->node_count; i++) {
		const struct model_config *config = model->revisions[0].nodes[i];
		text_printf(out, "  n%u%s\"", i, config->reflector ? "{{" : "[");
		text_xml(out, model->nodes[i].name);
		if (config->bgp.enabled)
			text_printf(out, "<br/>AS %u", config->bgp.local_as);
		text_printf(out, "\"%s\n", config->reflector ? "}}" : "]");
	}
	for (uint32_t i = 0; i < model->link_count; i++) {
		const struct model_link *link = &model->links[i];
		text_printf(out, "  l%u((\"", i);
		text_xml(out, link->name);
		text_put(out, "\"))\n");
		for (uint32_t j = 0; j < link->end_count; j++)
			text_printf(out, "  n%u --- l%u\n", link->ends[j].node, i);
	}
	text_put(out, "```\n");
}

void github_step_summary(const struct run *run, struct text *out)
{
	text_put(out, "### simrun ");
	markdown_cell(out, run->model->name);
	text_printf(out, ": %s\n\n| | expectation | measured | limit |\n|---|---|---|---|\n",
		    result_of(run));
	for (uint32_t i = 0; i < run->verdict_count && i < SUMMARY_ROWS; i++) {
		const struct verdict *verdict = &run->verdicts[i];
		text_printf(out, "| %s | ", verdict_result_name(verdict->result));
		markdown_cell(out, verdict->expect->name);
		text_put(out, " | ");
		markdown_cell(out, verdict->measured);
		text_put(out, " | ");
		markdown_cell(out, verdict->limit);
		text_put(out, " |\n");
	}
	if (run->verdict_count > SUMMARY_ROWS)
		text_printf(out, "\nand %u more\n", run->verdict_count - SUMMARY_ROWS);
	text_char(out, '\n');
	mermaid(run, out);
}
