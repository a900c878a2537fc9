#include "reports/html.h"

#include <string.h>

#include "reports/show.h"

static const char style_sheet[] =
	"body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
	"table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;"
	"border-bottom:1px solid #ccc;vertical-align:top}pre{background:#f4f4f2;padding:.8rem;"
	"overflow-x:auto;font-size:13px;line-height:1.4}.pass{color:#1d7a3c}.fail{color:#b3261e}"
	".warn{color:#8a5a00}td.num{white-space:nowrap}h1 small{font-weight:normal;font-size:60%}"
	"svg{max-width:100%;height:auto;background:#fff}:target{background:#fff3c4}"
	"@media(prefers-color-scheme:dark){body{background:#16181c;color:#e6e6e6}pre{background:"
	"#22252b}th,td{border-color:#444}.pass{color:#6fd08c}.fail{color:#ff8a80}.warn{color:#ffcc66}"
	":target{background:#4a4320}a{color:#8ab4f8}}"
	"@media print{details>*{display:block}}";

static const char *result_class(enum verdict_result result)
{
	return result == VERDICT_PASS ? "pass" : result == VERDICT_FAIL ? "fail" : "warn";
}

static void heading(struct text *out, const char *id, const char *title)
{
	text_printf(out, "<h2 id=\"%s\">%s</h2>\n", id, title);
}

static void seconds_cell(struct text *out, int64_t ns)
{
	text_put(out, "<td class=\"num\">");
	text_seconds(out, ns);
	text_put(out, "</td>");
}

static void cell(struct text *out, const char *string)
{
	text_put(out, "<td>");
	text_xml(out, string);
	text_put(out, "</td>");
}

static void head(const struct run *run, struct text *out)
{
	bool good = run->exit_code == 0 && !run->interrupted;
	const char *word = run->interrupted ? "INTERRUPTED"
			   : good	    ? "PASS"
			   : run->exit_code == 5 ? "NOTHING JUDGED"
						 : "FAIL";
	text_put(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src 'unsafe-inline'; img-src data:\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	text_printf(out, "%s ", word);
	text_xml(out, run->model->name);
	text_printf(out, "</title>\n<style>%s</style></head><body>\n<h1>", style_sheet);
	text_xml(out, run->model->name);
	text_printf(out, " <small class=\"%s\">%s</small></h1>\n<p>", good ? "pass" : "fail", word);
	text_printf(out, "%u nodes, %u links, %u BGP sessions, %u pods. %s: ",
		    run->model->node_count, run->model->link_count, run->session_count,
		    run->pod_count, run->world);
	text_seconds(out, run->end_ns);
	text_printf(out, ", %llu events, seed %llu, digest <code>%016llx</code>. simrun %s.</p>\n",
		    (unsigned long long)run->events, (unsigned long long)run->seed,
		    (unsigned long long)run->digest, run->version);
}

static void source_link(struct text *out, const struct run *run, const struct source_pos *pos)
{
	for (uint32_t i = 0; pos->source && i < run->model->source_count; i++) {
		if (run->model->sources[i] != pos->source)
			continue;
		text_printf(out, "<a href=\"#s%u-%u\">", i, pos->line);
		text_xml(out, pos->source->path);
		text_printf(out, ":%u</a>", pos->line);
		return;
	}
}

static void verdicts(const struct run *run, struct text *out)
{
	heading(out, "expectations", "Expectations");
	text_put(out, "<table><thead><tr><th>Result</th><th>Expectation</th><th>Measured</th>"
		      "<th>Limit</th><th>Where</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < run->verdict_count; i++) {
		const struct verdict *verdict = &run->verdicts[i];
		text_printf(out, "<tr><td class=\"%s\">%s</td>", result_class(verdict->result),
			    verdict_result_name(verdict->result));
		text_put(out, "<td><strong>");
		text_xml(out, verdict->expect->name);
		text_put(out, "</strong>");
		if (verdict->expect->description) {
			text_put(out, "<br>");
			text_xml(out, verdict->expect->description);
		}
		text_put(out, "</td>");
		cell(out, verdict->measured);
		cell(out, verdict->limit);
		text_put(out, "<td>");
		source_link(out, run, &verdict->expect->pos);
		text_put(out, "</td></tr>\n");
	}
	text_put(out, "</tbody></table>\n");
	for (uint32_t i = 0; i < run->verdict_count; i++) {
		const struct verdict *verdict = &run->verdicts[i];
		if (verdict->result == VERDICT_PASS || !verdict->why[0])
			continue;
		text_put(out, "<details open><summary>Why ");
		text_xml(out, verdict->expect->name);
		text_put(out, " did not hold</summary><pre>");
		text_xml(out, verdict->why);
		text_put(out, "</pre></details>\n");
	}
}

static void timeline(const struct run *run, struct text *out)
{
	heading(out, "timeline", "Timeline");
	text_put(out, "<table><thead><tr><th>Time</th><th>What</th><th></th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < run->timeline_count; i++) {
		text_put(out, "<tr>");
		seconds_cell(out, run->timeline[i].at_ns);
		cell(out, run->timeline[i].name);
		cell(out, run->timeline[i].text);
		text_put(out, "</tr>\n");
	}
	text_put(out, "</tbody></table>\n");
}

#define OUTAGES_SHOWN 200

static void outages(const struct run *run, struct text *out)
{
	heading(out, "outages", "When flows were silent");
	if (run->outage_count == 0) {
		text_put(out, "<p>Never.</p>\n");
		return;
	}
	text_put(out, "<table><thead><tr><th>Flow</th><th>From</th><th>Until</th><th>Reason</th>"
		      "</tr></thead><tbody>\n");
	for (uint32_t i = 0; i < run->outage_count && i < OUTAGES_SHOWN; i++) {
		const struct outage *outage = &run->outages[i];
		text_put(out, "<tr>");
		cell(out, run->model->flows[outage->flow].name);
		seconds_cell(out, outage->from_ns);
		seconds_cell(out, outage->until_ns);
		cell(out, disposition_name(outage->disposition));
		text_put(out, "</tr>\n");
	}
	text_put(out, "</tbody></table>\n");
	if (run->outage_count > OUTAGES_SHOWN)
		text_printf(out, "<p>%u more are in run.db: <code>SELECT * FROM v_flows</code>.</p>\n",
			    run->outage_count - OUTAGES_SHOWN);
}

#define NODES_SHOWN 32

static void nodes(const struct run *run, const struct state *state, struct text *out)
{
	heading(out, "nodes", "Nodes at the end");
	for (uint32_t i = 0; i < run->model->node_count && i < NODES_SHOWN; i++) {
		static const char *const commands[] = { "calicoctl node status", "ip route",
							"ip neigh" };
		bool calico = run->model->nodes[i].kind == MODEL_CALICO_NODE;
		text_put(out, "<details><summary>");
		text_xml(out, run->model->nodes[i].name);
		text_put(out, "</summary>");
		for (size_t j = calico ? 0 : 1; j < 3; j++) {
			struct text printed;
			text_init(&printed);
			show_command(state, i, commands[j], &printed);
			text_printf(out, "<p><code>%s</code></p><pre>", commands[j]);
			text_xml(out, text_string(&printed));
			text_put(out, "</pre>");
			text_free(&printed);
		}
		text_put(out, "</details>\n");
	}
}

static void sources(const struct run *run, struct text *out)
{
	heading(out, "sources", "What was read");
	for (uint32_t i = 0; i < run->model->source_count; i++) {
		const struct source *source = run->model->sources[i];
		text_put(out, "<details><summary>");
		text_xml(out, source->path);
		text_put(out, "</summary><pre>");
		for (uint32_t line = 1; line <= source->line_count; line++) {
			size_t length;
			const char *start = source_line(source, line, &length);
			struct text copy;
			text_init(&copy);
			text_add(&copy, start, length);
			text_printf(out, "<span id=\"s%u-%u\">%4u  ", i, line, line);
			text_xml(out, text_string(&copy));
			text_put(out, "</span>\n");
			text_free(&copy);
		}
		text_put(out, "</pre></details>\n");
	}
}

void html_write(const struct run *run, const struct state *state, const char *reach_svg,
		struct text *out)
{
	head(run, out);
	verdicts(run, out);
	const char *svg = reach_svg ? strstr(reach_svg, "<svg") : NULL;
	if (svg) {
		heading(out, "reachability", "Reachability");
		text_put(out, svg);
	}
	timeline(run, out);
	outages(run, out);
	nodes(run, state, out);
	sources(run, out);
	text_put(out, "</body></html>\n");
}
