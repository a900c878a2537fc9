/* Steps that change configuration. Each is carried out now, on the state as the steps before left
 * it, so that a mistake in the tenth command is found before anything runs. */
#include <string.h>

#include "topo/exec.h"
#include "topo/scenario.h"

static bool *touch_none(struct scenario *scenario)
{
	return arena_alloc(scenario->arena,
			   (scenario->model->node_count + 1) * sizeof(bool));
}

/* The first line, as a label for people. */
static const char *label(struct scenario *scenario, const char *before, const char *text)
{
	const char *start = text + strspn(text, " \n\t\r");
	size_t length = strcspn(start, "\r\n");
	const char *rest = start + length;
	bool more = rest[strspn(rest, " \n\t\r")] != '\0';
	return arena_printf(scenario->arena, "%s%.*s%s", before, (int)length, start,
			    more ? " ..." : "");
}

/* ---- apply, delete --------------------------------------------------------------------------- */

typedef bool (*resource_change)(struct diag_list *diags, struct calico_store *store,
				const struct yaml_node *document);

static bool change_by_file(struct scenario *scenario, const struct yaml_node *name,
			   resource_change change)
{
	const struct yaml_node *const *documents;
	size_t count;
	const char *text = yaml_string(scenario->diags, name, "a file of resources");
	if (!text)
		return false;
	if (strchr(text, '\n')) {
		diag_add(scenario->diags, DIAG_ERROR, "E421", name->pos,
			 "write the resource itself, without |, or the name of a file");
		return false;
	}
	const struct source *source = scenario_read(scenario, text, name->pos);
	if (!source)
		return false;
	bool good = yaml_documents(scenario->diags, source, &documents, &count);
	for (size_t i = 0; i < count; i++)
		good &= change(scenario->diags, &scenario->state.store, documents[i]);
	return good;
}

static bool step_resources(struct scenario *scenario, const struct step_draft *draft,
			   struct model_step *step)
{
	bool delete = strcmp(draft->verb->text, "delete") == 0;
	resource_change change = delete ? calico_store_delete : calico_store_add;
	const struct yaml_node *const *items, *one;
	uint32_t count = scenario_items(draft->value, &items, &one);
	const char *what = NULL;
	bool good = count > 0;
	if (count == 0)
		diag_add(scenario->diags, DIAG_ERROR, "E404", draft->value->pos,
			 "%s what? a file, or a resource", draft->verb->text);
	for (uint32_t i = 0; i < count; i++) {
		if (items[i]->kind == YAML_MAPPING) {
			const struct yaml_node *kind = yaml_get(items[i], "kind");
			const struct yaml_node *name =
				yaml_get(yaml_get(items[i], "metadata"), "name");
			good &= change(scenario->diags, &scenario->state.store, items[i]);
			if (kind && kind->kind == YAML_SCALAR && name && name->kind == YAML_SCALAR)
				what = arena_printf(scenario->arena, "%s/%s", kind->text,
						    name->text);
		} else {
			good &= change_by_file(scenario, items[i], change);
			what = items[i]->text;
		}
	}
	step->text = arena_printf(scenario->arena, "%s %s%s", draft->verb->text, what ? what : "",
				  count > 1 ? " ..." : "");
	step->revision = revision_add(scenario, NULL, true);
	return good;
}

/* ---- calicoctl, kubectl ---------------------------------------------------------------------- */

/* Pods of calico-node were deleted or rolled: their daemons restart. */
static void add_restart(struct scenario *scenario, const struct model_step *step,
			const struct calico_effect *effect)
{
	struct model_step restart = *step;
	restart.kind = MODEL_STEP_RESTART;
	restart.nodes = arena_alloc(scenario->arena, (scenario->model->node_count + 1) *
						     sizeof(*restart.nodes));
	for (uint32_t i = 0; i < effect->node_count; i++) {
		uint32_t node = names_find(&scenario->node_names, effect->nodes[i]);
		if (node != NAMES_NONE && restart.node_count < scenario->model->node_count)
			restart.nodes[restart.node_count++] = node;
	}
	for (uint32_t i = 0; effect->node_count == 0 && i < scenario->model->node_count; i++)
		if (scenario->nodes[i].kind == MODEL_CALICO_NODE)
			restart.nodes[restart.node_count++] = i;
	restart.revision = scenario->revisions.count - 1;
	if (restart.node_count == 0)
		diag_add(scenario->diags, DIAG_WARNING, "W044", step->pos,
			 "no calico-node of this scenario is restarted by this");
	else
		ARENA_PUSH(scenario->arena, scenario->steps, restart);
}

/* The value after "key:" in a pasted resource, as far as a label needs it. */
static const char *pasted_value(struct scenario *scenario, const char *text, const char *key)
{
	const char *found = strstr(text, key);
	if (!found)
		return NULL;
	found += strlen(key);
	found += strspn(found, " \"'");
	size_t length = strcspn(found, " \"'\r\n,}");
	return length ? arena_strndup(scenario->arena, found, length) : NULL;
}

/* "calicoctl apply BGPPeer/rr-peer" says more than "apply -f - << EOF ...". */
static const char *command_label(struct scenario *scenario, const char *program, const char *text)
{
	const char *line = label(scenario, "", text);
	const char *kind = pasted_value(scenario, text, "kind:");
	const char *name = pasted_value(scenario, text, "name:");
	if (!strstr(line, "<<") || !kind || !name)
		return arena_printf(scenario->arena, "%s %s", program, line);
	return arena_printf(scenario->arena, "%s %.*s %s/%s", program,
			    (int)strcspn(line, " "), line, kind, name);
}

/* Fills the step; true if it is to be listed (a restart alone was listed already). */
static bool step_command(struct scenario *scenario, const struct step_draft *draft,
			 struct model_step *step)
{
	const struct yaml_node *const *items, *one;
	uint32_t count = scenario_items(draft->value, &items, &one);
	bool good = true, changed = false, restarted = false;
	const char *program = draft->verb->text;
	for (uint32_t i = 0; i < count; i++) {
		struct calico_effect effect = { 0 };
		struct yaml_text text;
		if (!yaml_text_of(scenario->diags, items[i], program, &text)) {
			good = false;
			continue;
		}
		size_t length = strlen(program);
		bool repeats = strncmp(text.text, program, length) == 0 && text.text[length] == ' ';
		if (!step->text)
			step->text = command_label(scenario, program,
						   repeats ? text.text + length + 1
							   : text.text);
		if (!calico_store_command(scenario->diags, &scenario->state.store, program, &text,
					  scenario->folder, &effect))
			good = false;
		changed |= effect.changed;
		if (effect.restart) {
			add_restart(scenario, step, &effect);
			restarted = true;
		}
	}
	if (changed)
		step->revision = revision_add(scenario, NULL, true);
	return good && (changed || !restarted);
}

/* ---- vtysh, exec ----------------------------------------------------------------------------- */

/* Of lines for vtysh the last says most: the first is `conf t`. */
static const char *last_line(struct scenario *scenario, const struct yaml_node *lines)
{
	if (lines->kind != YAML_SCALAR)
		return "";
	const char *text = lines->text;
	size_t end = lines->length;
	while (end && strchr(" \t\r\n", text[end - 1]))
		end--;
	size_t start = end;
	while (start && text[start - 1] != '\n')
		start--;
	return arena_strndup(scenario->arena, text + start, end - start);
}

static bool vtysh_on(struct scenario *scenario, uint32_t node, const struct yaml_node *lines)
{
	struct yaml_text text;
	enum model_kind kind = scenario->nodes[node].kind;
	if (kind != MODEL_FRR && kind != MODEL_QUAGGA) {
		diag_add(scenario->diags, DIAG_ERROR, "E408", lines->pos,
			 "%s is of kind %s and has no vtysh", scenario->nodes[node].name,
			 model_kind_name(kind));
		return false;
	}
	if (!yaml_text_of(scenario->diags, lines, "vtysh lines", &text))
		return false;
	if (!scenario->state.frr[node])
		return false; /* its file could not be read, which was said */
	size_t errors = scenario->diags->errors;
	scenario->state.frr[node] =
		frr_apply_lines(scenario->diags, scenario->state.frr[node], &text);
	return scenario->diags->errors == errors;
}

static bool exec_on(struct scenario *scenario, uint32_t node, const struct yaml_node *lines)
{
	struct machine *machine = &scenario->state.machines[node];
	*machine = machine_copy(scenario->arena, machine);
	struct exec exec = { .diags = scenario->diags, .node = &scenario->nodes[node],
			     .machine = machine, .pools = scenario->pools,
			     .pool_count = scenario->pool_count };
	const struct yaml_node *const *items, *one;
	uint32_t count = scenario_items(lines, &items, &one);
	bool good = true;
	for (uint32_t i = 0; i < count; i++) {
		struct yaml_text text;
		if (!yaml_text_of(scenario->diags, items[i], "a command", &text) ||
		    !exec_lines(&exec, &text))
			good = false;
	}
	return good;
}

static bool step_typed(struct scenario *scenario, const struct step_draft *draft,
		       struct model_step *step)
{
	bool vtysh = strcmp(draft->verb->text, "vtysh") == 0, good = true;
	bool *touched = touch_none(scenario);
	if (draft->value->kind != YAML_MAPPING || draft->value->count == 0) {
		diag_add(scenario->diags, DIAG_ERROR, "E404", draft->value->pos,
			 "%s on which node? { NODE: lines }", draft->verb->text);
		return false;
	}
	for (uint32_t i = 0; i < draft->value->count; i++) {
		const struct yaml_pair *pair = &draft->value->pairs[i];
		uint32_t node = scenario_node(scenario, pair->key);
		if (node == MODEL_NONE) {
			good = false;
			continue;
		}
		good &= vtysh ? vtysh_on(scenario, node, pair->value)
			      : exec_on(scenario, node, pair->value);
		touched[node] = true;
		const struct yaml_node *line = pair->value;
		if (line->kind == YAML_SEQUENCE && line->count)
			line = line->items[0];
		if (!step->text)
			step->text = label(scenario,
					   arena_printf(scenario->arena, "%s: %s", pair->key->text,
							vtysh ? "vtysh, " : ""),
					   vtysh ? last_line(scenario, line)
						 : line->kind == YAML_SCALAR ? line->text : "");
	}
	step->revision = revision_add(scenario, touched, false);
	return good;
}

bool step_configure(struct scenario *scenario, const struct step_draft *draft,
		    struct model_step *step)
{
	const char *verb = draft->verb->text;
	if (strcmp(verb, "vtysh") == 0 || strcmp(verb, "exec") == 0)
		return step_typed(scenario, draft, step);
	if (strcmp(verb, "calicoctl") == 0 || strcmp(verb, "kubectl") == 0)
		return step_command(scenario, draft, step);
	return step_resources(scenario, draft, step);
}
