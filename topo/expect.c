/* What must be true, and when. One expectation is one test case, so it says one thing. */
#include <string.h>

#include "topo/scenario.h"

struct expect_row {
	const char *key;
	enum model_expect_kind kind;
	bool (*read)(struct scenario *scenario, const struct yaml_node *map,
		     const struct yaml_node *value, struct model_expect *expect);
	const char *const *keys; /* beside those every expectation has */
	bool outage;             /* max-outage: goes with it */
};

static const char *const common_keys[] = { "description", "level", "at", "within", "after",
					   "during", NULL };

/* ---- what ------------------------------------------------------------------------------------ */

static bool neighbor_exists(const struct scenario *scenario, uint32_t node,
			    const struct yaml_node *name, const char **canonical)
{
	char buffer[IP_TEXT_MAX];
	for (uint32_t r = 0; r < scenario->revisions.count; r++) {
		const struct model_bgp *bgp = &scenario->revisions.items[r].nodes[node]->bgp;
		for (uint32_t i = 0; i < bgp->neighbor_count; i++) {
			const struct model_neighbor *neighbor = &bgp->neighbors[i];
			if (strcmp(neighbor->name, name->text) != 0 &&
			    strcmp(ip_addr_format(neighbor->address, buffer), name->text) != 0)
				continue;
			*canonical = neighbor->name;
			return true;
		}
	}
	return false;
}

static bool ever_peers(const struct scenario *scenario, uint32_t node)
{
	for (uint32_t r = 0; r < scenario->revisions.count; r++)
		if (scenario->revisions.items[r].nodes[node]->bgp.enabled &&
		    scenario->revisions.items[r].nodes[node]->bgp.neighbor_count)
			return true;
	return false;
}

/* A session is expected of a node, or of anybody: there must be one at some time. */
static bool want_peers(struct scenario *scenario, uint32_t node, struct source_pos pos)
{
	bool any = node != MODEL_NONE && ever_peers(scenario, node);
	for (uint32_t i = 0; node == MODEL_NONE && !any && i < scenario->model->node_count; i++)
		any = ever_peers(scenario, i);
	if (!any && node == MODEL_NONE)
		diag_add(scenario->diags, DIAG_ERROR, "E416", pos,
			 "nobody has a BGP session: there is nothing to judge");
	else if (!any)
		diag_add(scenario->diags, DIAG_ERROR, "E416", pos,
			 "%s never has a BGP session", scenario->nodes[node].name);
	return any;
}

static bool read_established(struct scenario *scenario, const struct yaml_node *map,
			     const struct yaml_node *value, struct model_expect *expect)
{
	static const char *const keys[] = { "node", "neighbor", NULL };
	(void)map;
	const struct yaml_node *node = value, *neighbor = NULL;
	if (yaml_is(value, "all"))
		return want_peers(scenario, MODEL_NONE, value->pos);
	if (value->kind == YAML_MAPPING) {
		yaml_known_keys(scenario->diags, value, keys, "established");
		node = yaml_get(value, "node");
		neighbor = yaml_get(value, "neighbor");
		if (!node) {
			diag_add(scenario->diags, DIAG_ERROR, "E404", value->pos,
				 "established: all, a node, or { node: .., neighbor: .. }");
			return false;
		}
	}
	expect->node = scenario_node(scenario, node);
	if (expect->node == MODEL_NONE)
		return false;
	if (!neighbor)
		return want_peers(scenario, expect->node, node->pos);
	if (!yaml_string(scenario->diags, neighbor, "neighbor"))
		return false;
	if (neighbor_exists(scenario, expect->node, neighbor, &expect->neighbor))
		return true;
	diag_add(scenario->diags, DIAG_ERROR, "E405", neighbor->pos,
		 "%s never has a neighbor \"%s\"", scenario->nodes[expect->node].name,
		 neighbor->text);
	return false;
}

static bool read_table_node(struct scenario *scenario, const struct yaml_node *map,
			    struct model_expect *expect)
{
	const struct yaml_node *node = yaml_get(map, "node");
	if (!node) {
		diag_add(scenario->diags, DIAG_ERROR, "E404", map->pos,
			 "whose routes? node: is missing");
		return false;
	}
	expect->node = scenario_node(scenario, node);
	return expect->node != MODEL_NONE;
}

static bool read_exact(struct scenario *scenario, const struct yaml_node *map,
		       struct model_expect *expect)
{
	const struct yaml_node *node = yaml_get(map, "exact");
	return !node || yaml_bool(scenario->diags, node, "exact", &expect->exact);
}

static bool read_routes(struct scenario *scenario, const struct yaml_node *map,
			const struct yaml_node *value, struct model_expect *expect)
{
	const struct yaml_node *table = yaml_get(map, "table");
	bool good = read_table_node(scenario, map, expect) && read_exact(scenario, map, expect);
	if (table && !yaml_is(table, "rib") && !yaml_is(table, "fib")) {
		diag_add(scenario->diags, DIAG_ERROR, "E421", table->pos,
			 "table is rib (BGP's) or fib (the kernel's)");
		good = false;
	}
	expect->fib = table && yaml_is(table, "fib");
	if (good && !expect->fib && !ever_peers(scenario, expect->node)) {
		diag_add(scenario->diags, DIAG_ERROR, "E416", yaml_get(map, "node")->pos,
			 "%s never has a BGP session; table: fib is the kernel's",
			 scenario->nodes[expect->node].name);
		good = false;
	}
	good &= scenario_routes(scenario, value, expect);
	for (uint32_t i = 0; good && !expect->fib && i < expect->route_count; i++) {
		if (!expect->routes[i].interface)
			continue;
		diag_add(scenario->diags, DIAG_ERROR, "E408", expect->routes[i].pos,
			 "BGP's table knows no interfaces: table: fib does");
		good = false;
	}
	return good;
}

/* Lines of `show ip route` are the routes in use, so they are compared with the kernel's table. */
static bool read_pasted(struct scenario *scenario, const struct yaml_node *map,
			const struct yaml_node *value, struct model_expect *expect)
{
	expect->fib = true;
	bool good = read_table_node(scenario, map, expect) && read_exact(scenario, map, expect);
	return scenario_pasted(scenario, value, expect) && good;
}

static bool read_flows(struct scenario *scenario, const struct yaml_node *map,
		       const struct yaml_node *value, struct model_expect *expect)
{
	(void)map;
	return flows_read(scenario, value, expect);
}

static bool read_never(struct scenario *scenario, const struct yaml_node *map,
		       const struct yaml_node *value, struct model_expect *expect)
{
	const struct yaml_node *const *items, *one;
	uint32_t count = scenario_items(value, &items, &one);
	(void)map;
	for (uint32_t i = 0; i < count; i++) {
		if (yaml_is(items[i], "loop")) {
			expect->never |= MODEL_NEVER_LOOP;
		} else if (yaml_is(items[i], "blackhole")) {
			expect->never |= MODEL_NEVER_BLACKHOLE;
		} else {
			diag_add(scenario->diags, DIAG_ERROR, "E421", items[i]->pos,
				 "never takes loop and blackhole");
			return false;
		}
	}
	if (count == 0)
		diag_add(scenario->diags, DIAG_ERROR, "E404", value->pos, "never what?");
	return count > 0;
}

static bool read_converged(struct scenario *scenario, const struct yaml_node *map,
			   const struct yaml_node *value, struct model_expect *expect)
{
	bool want = false;
	(void)map;
	(void)expect;
	if (yaml_bool(scenario->diags, value, "converged", &want) && !want)
		diag_add(scenario->diags, DIAG_ERROR, "E421", value->pos,
			 "converged: true, or leave it out");
	return want;
}

static const char *const no_keys[] = { NULL };
static const char *const outage_keys[] = { "max-outage", NULL };
static const char *const table_keys[] = { "node", "table", "exact", NULL };
static const char *const pasted_keys[] = { "node", "exact", NULL };

static const struct expect_row rows[] = {
	{ "established", MODEL_EXPECT_ESTABLISHED, read_established, no_keys, false },
	{ "routes", MODEL_EXPECT_ROUTES, read_routes, table_keys, false },
	{ "show ip route bgp", MODEL_EXPECT_ROUTES, read_pasted, pasted_keys, false },
	{ "show ip route", MODEL_EXPECT_ROUTES, read_pasted, pasted_keys, false },
	{ "reachable", MODEL_EXPECT_REACHABLE, read_flows, outage_keys, true },
	{ "source-preserved", MODEL_EXPECT_SOURCE_PRESERVED, read_flows, no_keys, false },
	{ "never", MODEL_EXPECT_NEVER, read_never, no_keys, false },
	{ "converged", MODEL_EXPECT_CONVERGED, read_converged, no_keys, false },
};
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

/* ---- when ------------------------------------------------------------------------------------ */

static bool read_instant(struct scenario *scenario, const struct yaml_node *map, const char *key,
			 int64_t *out)
{
	const struct yaml_node *node = yaml_get(map, key);
	if (!node)
		return true;
	if (!yaml_string(scenario->diags, node, key) ||
	    !scenario_time(scenario, node->text, node->length, node->pos, out))
		return false;
	if (*out <= scenario->end_ns)
		return true;
	diag_add(scenario->diags, DIAG_ERROR, "E415", node->pos, "this is after the end");
	return false;
}

static bool read_window(struct scenario *scenario, const struct yaml_node *node,
			struct model_expect *expect)
{
	const char *text = yaml_string(scenario->diags, node, "during");
	if (!text)
		return false;
	const char *dots = strstr(text, " .. ");
	if (!dots) {
		diag_add(scenario->diags, DIAG_ERROR, "E415", node->pos,
			 "during is written FROM .. UNTIL, with blanks around the dots");
		return false;
	}
	expect->window = text;
	const char *rest = dots + 4;
	if (!scenario_time(scenario, text, (size_t)(dots - text), node->pos, &expect->from_ns) ||
	    !scenario_time(scenario, rest, strlen(rest), node->pos, &expect->until_ns))
		return false;
	if (expect->until_ns > scenario->end_ns) {
		diag_add(scenario->diags, DIAG_ERROR, "E415", node->pos, "this is after the end");
		return false;
	}
	if (expect->from_ns < expect->until_ns)
		return true;
	diag_add(scenario->diags, DIAG_ERROR, "E415", node->pos,
		 "this window is empty: it ends no later than it begins");
	return false;
}

static bool read_times(struct scenario *scenario, const struct yaml_node *map,
		       struct model_expect *expect)
{
	const struct yaml_node *at = yaml_key(map, "at"), *within = yaml_key(map, "within");
	const struct yaml_node *after = yaml_key(map, "after"), *during = yaml_key(map, "during");
	if ((at && (within || after || during)) || (during && (within || after))) {
		const struct yaml_node *extra = during ? during : within ? within : after;
		diag_add(scenario->diags, DIAG_ERROR, "E415", extra->pos,
			 "%s and %s exclude each other", at ? "at" : "during",
			 at ? extra->text : within ? "within" : "after");
		return false;
	}
	if (!read_instant(scenario, map, "at", &expect->at_ns) ||
	    !read_instant(scenario, map, "after", &expect->after_ns))
		return false;
	if (during)
		return read_window(scenario, yaml_get(map, "during"), expect);
	if (!within)
		return true;
	const struct yaml_node *node = yaml_get(map, "within");
	expect->limit_pos = node->pos;
	if (!yaml_duration(scenario->diags, node, "within", &expect->within_ns))
		return false;
	int64_t base = after ? expect->after_ns : 0;
	if (expect->within_ns >= 0 && base + expect->within_ns <= scenario->end_ns)
		return true;
	diag_add(scenario->diags, DIAG_ERROR, "E415", node->pos,
		 expect->within_ns < 0 ? "within cannot be negative" : "this is after the end");
	return false;
}

/* ---- one expectation ------------------------------------------------------------------------- */

static const struct expect_row *find_row(struct scenario *scenario, const struct yaml_node *map,
					 const struct yaml_node **value)
{
	const struct expect_row *found = NULL;
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const struct yaml_node *key = yaml_key(map, rows[i].key);
		if (!key)
			continue;
		if (found) {
			diag_add(scenario->diags, DIAG_ERROR, "E414", key->pos,
				 "an expectation says one thing, and this one has %s already",
				 found->key);
			return NULL;
		}
		found = &rows[i];
		*value = yaml_get(map, rows[i].key);
	}
	return found;
}

static void known_expect_keys(struct scenario *scenario, const struct yaml_node *map,
			      const struct expect_row *row)
{
	const char *known[40];
	size_t count = 0;
	for (size_t i = 0; common_keys[i]; i++)
		known[count++] = common_keys[i];
	for (size_t i = 0; row && row->keys[i]; i++)
		known[count++] = row->keys[i];
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (!row || row == &rows[i])
			known[count++] = rows[i].key;
	for (size_t i = 0; !row && table_keys[i]; i++)
		known[count++] = table_keys[i];
	if (!row)
		known[count++] = "max-outage";
	known[count] = NULL;
	yaml_known_keys(scenario->diags, map, known,
			row ? arena_printf(scenario->arena, "a \"%s\" expectation", row->key)
			    : "an expectation");
}

static bool read_details(struct scenario *scenario, const struct yaml_node *map,
			 const struct expect_row *row, struct model_expect *expect)
{
	const struct yaml_node *node;
	bool good = true;
	if ((node = yaml_get(map, "description")))
		good &= (expect->description =
				 yaml_string(scenario->diags, node, "description")) != NULL;
	if ((node = yaml_get(map, "level"))) {
		expect->warning = yaml_is(node, "warning");
		if (!expect->warning && !yaml_is(node, "error")) {
			diag_add(scenario->diags, DIAG_ERROR, "E421", node->pos,
				 "level is warning or error");
			good = false;
		}
	}
	if (row->outage && (node = yaml_get(map, "max-outage"))) {
		expect->limit_pos = node->pos;
		if (!yaml_duration(scenario->diags, node, "max-outage", &expect->max_outage_ns)) {
			good = false;
		} else if (expect->max_outage_ns < 0) {
			diag_add(scenario->diags, DIAG_ERROR, "E415", node->pos,
				 "max-outage cannot be negative");
			good = false;
		}
	}
	return good;
}

static void read_expect(struct scenario *scenario, const struct yaml_pair *pair,
			struct model_expect *list, uint32_t *count)
{
	const struct yaml_node *map = pair->value, *value = NULL;
	struct model_expect expect = {
		.name = pair->key->text, .pos = pair->key->pos, .limit_pos = pair->key->pos,
		.at_ns = MODEL_NO_TIME, .within_ns = MODEL_NO_TIME, .after_ns = MODEL_NO_TIME,
		.from_ns = MODEL_NO_TIME, .until_ns = MODEL_NO_TIME,
		.max_outage_ns = MODEL_NO_TIME, .node = MODEL_NONE,
	};
	if (!yaml_want(scenario->diags, map, YAML_MAPPING, expect.name))
		return;
	if (expect.name[0] == '\0')
		diag_add(scenario->diags, DIAG_ERROR, "E403", pair->key->pos,
			 "an expectation needs a name");
	size_t errors = scenario->diags->errors;
	const struct expect_row *row = find_row(scenario, map, &value);
	known_expect_keys(scenario, map, row);
	if (!row && scenario->diags->errors == errors)
		diag_add(scenario->diags, DIAG_ERROR, "E414", pair->key->pos,
			 "%s expects nothing: established, routes, reachable, source-preserved, "
			 "never or converged?", expect.name);
	if (!row)
		return;
	expect.kind = row->kind;
	bool good = read_times(scenario, map, &expect);
	good &= read_details(scenario, map, row, &expect);
	good &= row->read(scenario, map, value, &expect);
	if (good)
		list[(*count)++] = expect;
}

void expect_read(struct scenario *scenario, const struct yaml_node *expect)
{
	if (yaml_is_null(expect) && !yaml_get(scenario->document, "simrun"))
		return; /* no scenario at all, which was said */
	if (yaml_is_null(expect)) {
		diag_add(scenario->diags, DIAG_WARNING, "W045", scenario->document->pos,
			 "nothing is expected: a run judges nothing and exits with 5");
		return;
	}
	if (!yaml_want(scenario->diags, expect, YAML_MAPPING, "expect"))
		return;
	struct model_expect *list =
		arena_alloc(scenario->arena, (expect->count + 1) * sizeof(*list));
	scenario->model->expects = list;
	for (uint32_t i = 0; i < expect->count; i++)
		read_expect(scenario, &expect->pairs[i], list, &scenario->model->expect_count);
}
