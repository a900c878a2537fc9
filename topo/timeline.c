/* What happens when: steps, their order, and what each does to the network. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "topo/scenario.h"

/* ---- times ----------------------------------------------------------------------------------- */

static const char *trim(const char *text, size_t *length)
{
	while (*length && *text == ' ') {
		text++;
		(*length)--;
	}
	while (*length && text[*length - 1] == ' ')
		(*length)--;
	return text;
}

static bool named_time(struct scenario *scenario, const char *text, size_t length,
		       struct source_pos pos, int64_t *out)
{
	const char *name = arena_strndup(scenario->arena, text, length);
	if (strcmp(name, "start") == 0) {
		*out = 0;
		return true;
	}
	if (strcmp(name, "end") == 0 && scenario->end_ns != MODEL_NO_TIME) {
		*out = scenario->end_ns;
		return true;
	}
	for (uint32_t i = 0; i < scenario->step_drafts.count; i++) {
		if (strcmp(scenario->step_drafts.items[i].name, name) == 0) {
			*out = scenario->step_drafts.items[i].at_ns;
			return true;
		}
	}
	diag_add(scenario->diags, DIAG_ERROR, "E411", pos,
		 "\"%s\" is neither a time such as 30s nor the name of a step", name);
	size_t digits = strspn(name, "0123456789.");
	if (digits && !name[digits])
		diag_note(scenario->diags, "a time needs its unit: %ss?", name);
	const char *near = nearest_word(name, scenario->step_names.items,
					scenario->step_names.count);
	if (near)
		diag_note(scenario->diags, "did you mean \"%s\"?", near);
	return false;
}

bool scenario_time(struct scenario *scenario, const char *text, size_t length,
		   struct source_pos pos, int64_t *out)
{
	int64_t base = 0, offset = 0;
	text = trim(text, &length);
	if (length && text[0] >= '0' && text[0] <= '9' && duration_parse(text, length, out))
		return true;
	/* "rr1-crash + 10s": the sign stands between blanks, since names may hold a dash. */
	for (size_t i = 1; i + 2 < length; i++) {
		if ((text[i] != '+' && text[i] != '-') || text[i - 1] != ' ' || text[i + 1] != ' ')
			continue;
		size_t name_length = i, rest_length = length - i - 1;
		const char *rest = trim(text + i + 1, &rest_length);
		text = trim(text, &name_length);
		if (!duration_parse(rest, rest_length, &offset) || offset < 0) {
			diag_add(scenario->diags, DIAG_ERROR, "E411", pos,
				 "\"%.*s\" is no time such as 30s", (int)rest_length, rest);
			return false;
		}
		offset = text[i] == '-' ? -offset : offset;
		length = name_length;
		break;
	}
	if (!named_time(scenario, text, length, pos, &base))
		return false;
	if (base + offset < 0) {
		diag_add(scenario->diags, DIAG_ERROR, "E411", pos, "this is before the start");
		return false;
	}
	*out = base + offset;
	return true;
}

/* ---- verbs ----------------------------------------------------------------------------------- */

static bool add_node(struct scenario *scenario, struct model_step *step,
		     const struct yaml_node *name)
{
	uint32_t node = scenario_node(scenario, name);
	if (node == MODEL_NONE)
		return false;
	for (uint32_t i = 0; i < step->node_count; i++) {
		if (step->nodes[i] == node) {
			diag_add(scenario->diags, DIAG_ERROR, "E410", name->pos,
				 "%s stands here twice", name->text);
			return false;
		}
	}
	step->nodes[step->node_count++] = node;
	return true;
}

static bool read_nodes(struct scenario *scenario, const struct yaml_node *value,
		       struct model_step *step)
{
	const struct yaml_node *const *items, *one;
	uint32_t count = scenario_items(value, &items, &one);
	bool good = count > 0;
	step->nodes = arena_alloc(scenario->arena, count * sizeof(*step->nodes));
	for (uint32_t i = 0; i < count; i++)
		good &= add_node(scenario, step, items[i]);
	if (count == 0)
		diag_add(scenario->diags, DIAG_ERROR, "E404", value->pos, "which node?");
	return good;
}

static bool step_power(struct scenario *scenario, const struct step_draft *draft,
		       struct model_step *step)
{
	if (!read_nodes(scenario, draft->value, step))
		return false;
	step->text = arena_printf(scenario->arena, "%s %s",
				  scenario_nodes_text(scenario, step->nodes, step->node_count),
				  step->kind == MODEL_STEP_CRASH ? "off" : "on");
	return true;
}

/* The daemon of a node, by the names people have for it. */
static bool process_fits(enum model_kind kind, const char *process)
{
	static const char *const names[][4] = {
		[MODEL_FRR] = { "bgpd", "frr", "bgp", NULL },
		[MODEL_QUAGGA] = { "bgpd", "quagga", "bgp", NULL },
		[MODEL_CALICO_NODE] = { "bird", "calico-node", "bgp", NULL },
		[MODEL_HOST] = { NULL },
	};
	for (size_t i = 0; i < 4 && names[kind][i]; i++)
		if (strcmp(names[kind][i], process) == 0)
			return true;
	return false;
}

static bool check_process(struct scenario *scenario, const struct model_step *step,
			  const struct yaml_node *process, struct source_pos pos)
{
	for (uint32_t i = 0; i < step->node_count; i++) {
		const struct model_node *node = &scenario->nodes[step->nodes[i]];
		if (node->kind == MODEL_HOST) {
			diag_add(scenario->diags, DIAG_ERROR, "E412", pos,
				 "%s is a host: no BGP daemon runs there", node->name);
			return false;
		}
		if (process && !process_fits(node->kind, process->text)) {
			diag_add(scenario->diags, DIAG_ERROR, "E412", process->pos,
				 "no process \"%s\" on %s, which is of kind %s", process->text,
				 node->name, model_kind_name(node->kind));
			diag_note(scenario->diags, "its BGP daemon is %s",
				  node->kind == MODEL_CALICO_NODE ? "bird" : "bgpd");
			return false;
		}
	}
	return true;
}

struct signal_row {
	const char *name;
	int number;
};

static bool read_signal(struct scenario *scenario, const struct yaml_node *node, int *out)
{
	static const struct signal_row rows[] = {
		{ "KILL", SIGKILL }, { "TERM", SIGTERM }, { "INT", SIGINT }, { "QUIT", SIGQUIT },
		{ "HUP", SIGHUP }, { "ABRT", SIGABRT }, { "SEGV", SIGSEGV },
	};
	const char *text = yaml_string(scenario->diags, node, "signal");
	if (!text)
		return false;
	const char *name = strncmp(text, "SIG", 3) == 0 ? text + 3 : text;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char number[8];
		number[0] = (char)('0' + rows[i].number / 10);
		number[1] = (char)('0' + rows[i].number % 10);
		number[2] = '\0';
		const char *digits = number[0] == '0' ? number + 1 : number;
		if (strcmp(rows[i].name, name) == 0 || strcmp(digits, text) == 0) {
			*out = rows[i].number;
			return true;
		}
	}
	diag_add(scenario->diags, DIAG_ERROR, "E412", node->pos, "signal \"%s\" is not known",
		 text);
	diag_note(scenario->diags, "KILL, TERM, INT, QUIT, HUP, ABRT and SEGV are; for STOP and "
				   "CONT there are the steps hang and continue");
	return false;
}

static const char *daemon_text(struct scenario *scenario, const struct model_step *step)
{
	static const char *const done[] = {
		[MODEL_STEP_KILL] = "killed", [MODEL_STEP_STOP] = "stopped",
		[MODEL_STEP_START] = "started", [MODEL_STEP_RESTART] = "restarted",
		[MODEL_STEP_HANG] = "hung", [MODEL_STEP_CONTINUE] = "continued",
	};
	bool bird = scenario->nodes[step->nodes[0]].kind == MODEL_CALICO_NODE;
	return arena_printf(scenario->arena, "%s %s on %s", bird ? "bird" : "bgpd",
			    done[step->kind],
			    scenario_nodes_text(scenario, step->nodes, step->node_count));
}

static bool step_daemon(struct scenario *scenario, const struct step_draft *draft,
			struct model_step *step)
{
	static const char *const keys[] = { "node", "process", NULL };
	static const char *const kill_keys[] = { "node", "process", "signal", NULL };
	const struct yaml_node *value = draft->value, *process = NULL, *node;
	bool kill = step->kind == MODEL_STEP_KILL;
	step->signal = kill ? SIGKILL : 0;
	if (value->kind == YAML_MAPPING) {
		yaml_known_keys(scenario->diags, value, kill ? kill_keys : keys,
				draft->verb->text);
		process = yaml_get(value, "process");
		if (process && !yaml_string(scenario->diags, process, "process"))
			return false;
		if (kill && (node = yaml_get(value, "signal")) &&
		    !read_signal(scenario, node, &step->signal))
			return false;
		node = yaml_get(value, "node");
		if (!node) {
			diag_add(scenario->diags, DIAG_ERROR, "E404", value->pos, "which node?");
			return false;
		}
		value = node;
	}
	if (!read_nodes(scenario, value, step) ||
	    !check_process(scenario, step, process, value->pos))
		return false;
	step->text = daemon_text(scenario, step);
	return true;
}

static bool read_direction(struct scenario *scenario, const struct yaml_node *node,
			   struct model_step *step)
{
	const char *text = yaml_string(scenario->diags, node, "direction");
	if (!text)
		return false;
	if (strcmp(text, "both") == 0)
		return true;
	bool send = strcmp(text, "send") == 0, receive = strcmp(text, "receive") == 0;
	if ((!send && !receive) || step->link_end == MODEL_NONE) {
		diag_add(scenario->diags, DIAG_ERROR, "E421", node->pos,
			 send || receive ? "a direction is seen from an end: link: \"node:eth0\""
					 : "direction is send, receive or both");
		return false;
	}
	step->direction = send ? MODEL_SEND_ONLY : MODEL_RECEIVE_ONLY;
	return true;
}

static const char *link_text(struct scenario *scenario, const struct model_step *step)
{
	static const char *const done[] = { [MODEL_STEP_CUT] = "cut", [MODEL_STEP_MEND] = "mended",
					    [MODEL_STEP_IMPAIR] = "impaired" };
	static const char *const ways[] = { "", ", sending only", ", receiving only" };
	const struct model_link *link = &scenario->links[step->link];
	if (step->link_end == MODEL_NONE)
		return arena_printf(scenario->arena, "%s %s", link->name, done[step->kind]);
	const struct model_link_end *end = &link->ends[step->link_end];
	const struct model_node *node = &scenario->nodes[end->node];
	return arena_printf(scenario->arena, "%s:%s %s%s", node->name,
			    node->interfaces[end->interface].name, done[step->kind],
			    ways[step->direction]);
}

static bool step_link(struct scenario *scenario, const struct step_draft *draft,
		      struct model_step *step)
{
	static const char *const keys[] = { "link", "direction", NULL };
	static const char *const impair_keys[] = { "link", "direction", "delay", "jitter", "loss",
						   "rate", "limit", NULL };
	const struct yaml_node *value = draft->value, *node;
	bool impair = step->kind == MODEL_STEP_IMPAIR;
	if (value->kind != YAML_MAPPING) {
		if (impair) {
			diag_add(scenario->diags, DIAG_ERROR, "E404", value->pos,
				 "impair takes { link: NAME, delay: .., jitter: .., loss: .., "
				 "rate: .. }");
			return false;
		}
		if (!links_find(scenario, value, &step->link, &step->link_end))
			return false;
		step->text = link_text(scenario, step);
		return true;
	}
	yaml_known_keys(scenario->diags, value, impair ? impair_keys : keys, draft->verb->text);
	if (!(node = yaml_get(value, "link"))) {
		diag_add(scenario->diags, DIAG_ERROR, "E404", value->pos, "which link?");
		return false;
	}
	if (!links_find(scenario, node, &step->link, &step->link_end))
		return false;
	if ((node = yaml_get(value, "direction")) && !read_direction(scenario, node, step))
		return false;
	if (impair) { /* what is not written stays as the link was made */
		step->impairment = scenario->links[step->link].impairment;
		links_impairment(scenario, value, &step->impairment);
	}
	step->text = link_text(scenario, step);
	return true;
}

static bool read_island(struct scenario *scenario, const struct yaml_node *list, uint32_t group,
			struct model_step *step)
{
	const struct yaml_node *const *items, *one;
	uint32_t count = scenario_items(list, &items, &one);
	bool good = true;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t node = scenario_node(scenario, items[i]);
		if (node == MODEL_NONE) {
			good = false;
		} else if (step->group_of[node]) {
			diag_add(scenario->diags, DIAG_ERROR, "E410", items[i]->pos,
				 "%s stands on two islands", items[i]->text);
			good = false;
		} else {
			step->group_of[node] = group;
		}
	}
	return good;
}

/* [[a, b], [c]]: islands; whoever is not named is on one more, number 0. */
static bool step_partition(struct scenario *scenario, const struct step_draft *draft,
			   struct model_step *step)
{
	const struct yaml_node *value = draft->value;
	bool good = true, nested = false;
	if (!yaml_want(scenario->diags, value, YAML_SEQUENCE, "partition"))
		return false;
	step->group_of = arena_alloc(scenario->arena, (scenario->model->node_count + 1) *
						      sizeof(*step->group_of));
	for (uint32_t i = 0; i < value->count; i++)
		nested |= value->items[i]->kind == YAML_SEQUENCE;
	if (!nested)
		good = read_island(scenario, value, 1, step);
	for (uint32_t i = 0; nested && i < value->count; i++)
		good &= read_island(scenario, value->items[i], i + 1, step);
	step->text = "network partitioned";
	return good;
}

static bool want_true(struct scenario *scenario, const struct step_draft *draft)
{
	bool value = false;
	if (!yaml_bool(scenario->diags, draft->value, draft->verb->text, &value))
		return false;
	if (!value)
		diag_add(scenario->diags, DIAG_ERROR, "E421", draft->value->pos,
			 "%s: true, or leave the step out", draft->verb->text);
	return value;
}

static bool step_heal(struct scenario *scenario, const struct step_draft *draft,
		      struct model_step *step)
{
	step->text = "partition healed";
	return want_true(scenario, draft);
}

static bool step_end(struct scenario *scenario, const struct step_draft *draft,
		     struct model_step *step)
{
	step->text = "end";
	return want_true(scenario, draft);
}

struct verb {
	const char *name;
	enum model_step_kind kind;
	bool (*read)(struct scenario *scenario, const struct step_draft *draft,
		     struct model_step *step);
	bool may_last; /* for: */
};

static const struct verb verbs[] = {
	{ "crash", MODEL_STEP_CRASH, step_power, false },
	{ "boot", MODEL_STEP_BOOT, step_power, false },
	{ "kill", MODEL_STEP_KILL, step_daemon, false },
	{ "stop", MODEL_STEP_STOP, step_daemon, false },
	{ "start", MODEL_STEP_START, step_daemon, false },
	{ "restart", MODEL_STEP_RESTART, step_daemon, false },
	{ "hang", MODEL_STEP_HANG, step_daemon, false },
	{ "continue", MODEL_STEP_CONTINUE, step_daemon, false },
	{ "cut", MODEL_STEP_CUT, step_link, true },
	{ "mend", MODEL_STEP_MEND, step_link, false },
	{ "impair", MODEL_STEP_IMPAIR, step_link, true },
	{ "partition", MODEL_STEP_PARTITION, step_partition, false },
	{ "heal", MODEL_STEP_HEAL, step_heal, false },
	{ "apply", MODEL_STEP_CONFIGURE, step_configure, false },
	{ "delete", MODEL_STEP_CONFIGURE, step_configure, false },
	{ "calicoctl", MODEL_STEP_CONFIGURE, step_configure, false },
	{ "kubectl", MODEL_STEP_CONFIGURE, step_configure, false },
	{ "vtysh", MODEL_STEP_CONFIGURE, step_configure, false },
	{ "exec", MODEL_STEP_CONFIGURE, step_configure, false },
	{ "end", MODEL_STEP_END, step_end, false },
};
#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

/* ---- steps ----------------------------------------------------------------------------------- */

static const struct verb *verb_find(const char *name)
{
	for (size_t i = 0; i < VERB_COUNT; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static bool find_verb(struct scenario *scenario, const struct yaml_node *map,
		      struct step_draft *draft)
{
	const char *known[VERB_COUNT + 4];
	size_t count = 0;
	for (size_t i = 0; i < VERB_COUNT; i++)
		known[count++] = verbs[i].name;
	known[count++] = "at";
	known[count++] = "name";
	known[count++] = "for";
	known[count] = NULL;
	size_t errors = scenario->diags->errors;
	yaml_known_keys(scenario->diags, map, known, "a step");
	for (uint32_t i = 0; i < map->count; i++) {
		if (!verb_find(map->pairs[i].key->text))
			continue;
		if (draft->verb) {
			diag_add(scenario->diags, DIAG_ERROR, "E409", map->pairs[i].key->pos,
				 "a step does one thing, and this one has %s already",
				 draft->verb->text);
			return false;
		}
		draft->verb = map->pairs[i].key;
		draft->value = map->pairs[i].value;
	}
	if (!draft->verb) {
		if (scenario->diags->errors == errors)
			diag_add(scenario->diags, DIAG_ERROR, "E409", map->pos,
				 "this step does nothing: crash, boot, cut, mend ...?");
		return false;
	}
	return true;
}

static const char *step_name(struct scenario *scenario, const struct yaml_node *map, uint32_t index)
{
	const struct yaml_node *node = yaml_get(map, "name");
	const char *name = node ? yaml_string(scenario->diags, node, "name") : NULL;
	if (name && (strcmp(name, "start") == 0 || strcmp(name, "end") == 0 ||
		     (name[0] >= '0' && name[0] <= '9') || strpbrk(name, " \t\n"))) {
		diag_add(scenario->diags, DIAG_ERROR, "E403", node->pos,
			 "a step cannot be called \"%s\"", name);
		diag_note(scenario->diags, "start and end are taken, and a name has no blanks and "
					   "does not begin with a digit");
	}
	if (name && names_find(&scenario->step_names, name) != NAMES_NONE) {
		diag_add(scenario->diags, DIAG_ERROR, "E410", node->pos,
			 "two steps are called \"%s\"", name);
		name = NULL;
	}
	for (uint32_t k = index + 1; !name; k++) {
		name = arena_printf(scenario->arena, "step-%u", k);
		if (names_find(&scenario->step_names, name) != NAMES_NONE)
			name = NULL;
	}
	names_add(scenario->arena, &scenario->step_names, name);
	return name;
}

static void read_step(struct scenario *scenario, const struct yaml_node *map, uint32_t index)
{
	struct step_draft draft = { .map = map, .order = index };
	const struct yaml_node *at;
	if (!yaml_want(scenario->diags, map, YAML_MAPPING, "a step"))
		return;
	bool good = find_verb(scenario, map, &draft);
	draft.name = step_name(scenario, map, index);
	if (!(at = yaml_get(map, "at"))) {
		diag_add(scenario->diags, DIAG_ERROR, "E404", map->pos,
			 "this step has no time: at: 60s");
		good = false;
	} else if (!yaml_string(scenario->diags, at, "at") ||
		   !scenario_time(scenario, at->text, at->length, at->pos, &draft.at_ns)) {
		good = false;
	}
	if (good)
		ARENA_PUSH(scenario->arena, scenario->step_drafts, draft);
}

static int by_time(const void *left, const void *right)
{
	const struct step_draft *a = left, *b = right;
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

void timeline_read(struct scenario *scenario, const struct yaml_node *timeline)
{
	if (yaml_is_null(timeline) ||
	    !yaml_want(scenario->diags, timeline, YAML_SEQUENCE, "timeline"))
		return;
	for (uint32_t i = 0; i < timeline->count; i++)
		read_step(scenario, timeline->items[i], i);
	if (scenario->step_drafts.count)
		qsort(scenario->step_drafts.items, scenario->step_drafts.count,
		      sizeof(struct step_draft), by_time);
}

static void read_lasting(struct scenario *scenario, const struct step_draft *draft,
			 const struct verb *verb, struct model_step *step)
{
	const struct yaml_node *node = yaml_get(draft->map, "for");
	if (!node)
		return;
	if (!verb->may_last) {
		diag_add(scenario->diags, DIAG_ERROR, "E408", yaml_key(draft->map, "for")->pos,
			 "\"for\" goes with cut and impair, not with %s", verb->name);
		return;
	}
	if (yaml_duration(scenario->diags, node, "for", &step->for_ns) && step->for_ns <= 0)
		diag_add(scenario->diags, DIAG_ERROR, "E113", node->pos,
			 "\"for\" must be longer than nothing");
}

/* Steps after the end would never happen; without an end, there is one a minute after the last. */
static void settle_end(struct scenario *scenario)
{
	int64_t last = 0;
	for (uint32_t i = 0; i < scenario->step_drafts.count; i++) {
		const struct step_draft *draft = &scenario->step_drafts.items[i];
		if (scenario->end_ns != MODEL_NO_TIME)
			diag_add(scenario->diags, DIAG_ERROR, "E413", draft->map->pos,
				 "this step is after the end");
		else if (strcmp(draft->verb->text, "end") == 0)
			scenario->end_ns = draft->at_ns;
		last = draft->at_ns > last ? draft->at_ns : last;
	}
	if (scenario->end_ns == MODEL_NO_TIME)
		scenario->end_ns = last + 60 * NS_PER_S;
	if (scenario->end_ns == 0)
		diag_add(scenario->diags, DIAG_ERROR, "E413",
			 scenario->step_drafts.items[0].map->pos, "the end is at the start");
}

void timeline_play(struct scenario *scenario)
{
	settle_end(scenario);
	for (uint32_t i = 0; i < scenario->step_drafts.count; i++) {
		const struct step_draft *draft = &scenario->step_drafts.items[i];
		const struct verb *verb = verb_find(draft->verb->text);
		struct model_step step = { .at_ns = draft->at_ns, .name = draft->name,
					   .kind = verb->kind, .link = MODEL_NONE,
					   .link_end = MODEL_NONE, .pos = draft->map->pos };
		step.revision = scenario->revisions.count - 1;
		read_lasting(scenario, draft, verb, &step);
		if (verb->read(scenario, draft, &step))
			ARENA_PUSH(scenario->arena, scenario->steps, step);
	}
}
