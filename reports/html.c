#include "reports/html.h"

#include <string.h>

#include "base/memory.h"
#include "reports/flows.h"
#include "reports/show.h"
#include "reports/topology.h"

static const char style_sheet[] =
	"body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
	"table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;"
	"border-bottom:1px solid #ccc;vertical-align:top}pre{background:#f4f4f2;padding:.8rem;"
	"overflow-x:auto;font-size:13px;line-height:1.4}.pass{color:#1d7a3c}.fail{color:#b3261e}"
	".warn{color:#8a5a00}td.num{white-space:nowrap}h1 small{font-weight:normal;font-size:60%}"
	"svg{width:100%;height:auto;background:#fff}pre.why{white-space:pre-wrap}:target{background:#fff3c4}"
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

static const char *plural(uint32_t count) { return count == 1 ? "" : "s"; }

static void head(const struct run *run, struct text *out)
{
	bool good = run->exit_code == 0 && !run->interrupted;
	const char *word = run->interrupted ? "INTERRUPTED"
			   : good	    ? "PASS"
			   : run->exit_code == 5 ? "NOTHING JUDGED"
						 : "FAIL";
	text_put(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		      "style-src 'unsafe-inline'; img-src data:\"/>\n"
		      "<meta name=\"viewport\" content=\"width=device-width\"/>\n<title>");
	text_printf(out, "%s ", word);
	text_xml(out, run->model->name);
	text_printf(out, "</title>\n<style>%s</style></head><body>\n<h1>", style_sheet);
	text_xml(out, run->model->name);
	text_printf(out, " <small class=\"%s\">%s</small></h1>\n<p>", good ? "pass" : "fail", word);
	text_printf(out, "%u node%s, %u link%s, %u BGP session%s, %u pod%s. %s: ",
		    run->model->node_count, plural(run->model->node_count),
		    run->model->link_count, plural(run->model->link_count), run->session_count,
		    plural(run->session_count), run->pod_count, plural(run->pod_count), run->world);
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
			text_put(out, "<br/>");
			text_xml(out, verdict->expect->description);
		}
		text_put(out, "</td>");
		cell(out, verdict->measured);
		text_put(out, "<td class=\"num\">");
		text_xml(out, verdict->limit);
		text_put(out, "</td>");
		text_put(out, "<td>");
		source_link(out, run, &verdict->expect->pos);
		text_put(out, "</td></tr>\n");
	}
	text_put(out, "</tbody></table>\n");
	for (uint32_t i = 0; i < run->verdict_count; i++) {
		const struct verdict *verdict = &run->verdicts[i];
		if (verdict->result == VERDICT_PASS || !verdict->why[0])
			continue;
		text_put(out, "<details open=\"open\"><summary>Why ");
		text_xml(out, verdict->expect->name);
		text_put(out, " did not hold</summary><pre class=\"why\">");
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

static const char *const reasons[DISPOSITIONS] = {
	[DISPOSITION_DENIED_IN] = "a firewall refused it on its way in",
	[DISPOSITION_DENIED_OUT] = "a firewall refused it on its way out",
	[DISPOSITION_LOOP] = "the routes lead in a circle",
	[DISPOSITION_NEIGHBOR_UNREACHABLE] = "the next hop does not answer ARP",
	[DISPOSITION_NO_ROUTE] = "a node on the way has no route",
	[DISPOSITION_NULL_ROUTED] = "a blackhole route throws it away",
	[DISPOSITION_INSUFFICIENT_INFO] = "nobody knows that address",
	[DISPOSITION_NODE_DOWN] = "a machine on the way, or at its end, has no power",
	[DISPOSITION_LINK_DOWN] = "a link on the way is cut",
	[DISPOSITION_TTL_EXPIRED] = "too many hops",
	[DISPOSITION_NOT_FORWARDING] = "a node on the way does not forward (ip_forward is 0)",
	[DISPOSITION_RP_FILTERED] = "a reverse path filter throws it away",
};

static const struct model_step *step_before(const struct model *model, int64_t at_ns)
{
	const struct model_step *found = NULL;
	for (uint32_t i = 0; i < model->step_count && model->steps[i].at_ns <= at_ns; i++)
		if (model->steps[i].kind != MODEL_STEP_END)
			found = &model->steps[i];
	return found;
}

static void outage_row(const struct run *run, const struct flow_group *group,
		       const struct outage *outage, struct text *out)
{
	struct text name;
	text_init(&name);
	flow_group_name(run, group, &name);
	text_put(out, "<tr><td class=\"num\">");
	text_xml(out, text_string(&name));
	text_put(out, "</td>");
	text_free(&name);
	seconds_cell(out, outage->from_ns);
	seconds_cell(out, outage->until_ns);
	seconds_cell(out, outage->until_ns - outage->from_ns);
	text_printf(out, "<td>%s<br/>%s%s", disposition_name(outage->disposition),
		    outage->back ? "on the answer's way: " : "",
		    reasons[outage->disposition] ? reasons[outage->disposition] : "");
	const struct model_step *step = step_before(run->model, outage->from_ns);
	if (step) {
		text_put(out, "; after ");
		text_xml(out, step->name);
		text_put(out, " (");
		source_link(out, run, &step->pos);
		text_char(out, ')');
	}
	text_put(out, "</td></tr>\n");
}

static void outages(const struct run *run, struct text *out)
{
	heading(out, "outages", "When flows were silent");
	if (run->outage_count == 0) {
		text_put(out, "<p>Never.</p>\n");
		return;
	}
	text_put(out, "<table><thead><tr><th>Flow</th><th>From</th><th>Until</th><th>For</th>"
		      "<th>Why, most of the time</th></tr></thead><tbody>\n");
	struct arena arena;
	arena_init(&arena);
	uint32_t count, shown = 0, left = 0;
	const struct flow_group *groups = flow_groups(run, true, &arena, &count);
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t j = 0; j < groups[i].outage_count; j++)
			if (shown++ < OUTAGES_SHOWN)
				outage_row(run, &groups[i], &groups[i].outages[j], out);
			else
				left++;
	arena_free(&arena);
	text_put(out, "</tbody></table>\n");
	if (left)
		text_printf(out, "<p>%u more are in run.db: <code>SELECT * FROM v_flows WHERE NOT "
				 "success</code>.</p>\n",
			    left);
}

/* ---- the network at the end ------------------------------------------------------------------ */

static void topology(const struct state *state, struct text *out)
{
	heading(out, "topology", "The network at the end");
	topology_svg(state, out);
	text_put(out, "<p>Grey: cables and segments. Green: sessions that are Established; red and "
		      "dashed: those that are not. Hatched: no power, or no BGP daemon. A star: a "
		      "route reflector.</p>\n");
}

#define SESSIONS_SHOWN 200

static void session_row(const struct run *run, const struct state *state,
			const struct state_session *session, struct text *out)
{
	char peer[IP_TEXT_MAX];
	bool power = state_node_at(state, session->node)->up;
	bool up = power && strcmp(session->state, "Established") == 0;
	text_put(out, "<tr>");
	cell(out, run->model->nodes[session->node].name);
	cell(out, session->neighbor);
	cell(out, ip_addr_format(session->peer, peer));
	text_printf(out, "<td class=\"%s\">", up ? "pass" : "fail");
	text_xml(out, power ? session->state : "no power");
	if (power && !up && session->last_error && session->last_error[0]) {
		text_char(out, ' ');
		text_xml(out, session->last_error);
	}
	text_put(out, "</td>");
	seconds_cell(out, power ? session->since_ns :
				  state_node_at(state, session->node)->since_ns);
	if (up)
		text_printf(out, "<td class=\"num\">%u s</td>", session->hold_s);
	else
		text_put(out, "<td></td>");
	text_printf(out, "<td>%u / %u</td><td>%llu / %llu</td></tr>\n",
		    up ? session->prefixes_received : 0, up ? session->prefixes_sent : 0,
		    (unsigned long long)session->messages_received,
		    (unsigned long long)session->messages_sent);
}

static void sessions(const struct run *run, const struct state *state, struct text *out)
{
	uint32_t count = 0;
	heading(out, "sessions", "BGP sessions at the end");
	text_put(out, "<table><thead><tr><th>Node</th><th>Neighbor</th><th>Address</th><th>State"
		      "</th><th>Since</th><th>Hold time</th><th>Prefixes received / sent</th>"
		      "<th>Messages received / sent</th></tr></thead><tbody>\n");
	for (uint32_t i = 0; i < run->model->node_count; i++) {
		uint32_t cursor = 0;
		const struct state_session *session;
		while ((session = state_session_next(state, i, &cursor)))
			if (count++ < SESSIONS_SHOWN)
				session_row(run, state, session, out);
	}
	text_put(out, "</tbody></table>\n");
	if (count > SESSIONS_SHOWN)
		text_printf(out, "<p>%u more are in run.db: <code>SELECT * FROM v_sessions</code>."
				 "</p>\n",
			    count - SESSIONS_SHOWN);
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

#define PICTURE_MAX (120u * 1024) /* a bigger one stands beside the page only */

/* gnuplot's SVG without its XML declaration; a page holds one only if it is reasonably small. */
static void picture(struct text *out, const char *id, const char *words, const char *svg,
		    const char *file)
{
	const char *start = svg ? strstr(svg, "<svg") : NULL;
	if (!start)
		return;
	heading(out, id, words);
	if (strlen(start) <= PICTURE_MAX)
		text_put(out, start);
	else
		text_printf(out, "<p><a href=\"%s\">%s</a></p>\n", file, file);
}

void html_write(const struct run *run, const struct state *state,
		const struct html_pictures *pictures, struct text *out)
{
	head(run, out);
	verdicts(run, out);
	topology(state, out);
	picture(out, "reachability", "Reachability", pictures->reach, "plots/reach.svg");
	timeline(run, out);
	outages(run, out);
	sessions(run, state, out);
	picture(out, "states", "BGP sessions over time", pictures->sessions,
		"plots/sessions.svg");
	nodes(run, state, out);
	sources(run, out);
	text_put(out, "</body></html>\n");
}
