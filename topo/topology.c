/* topology.nodes: machines, what runs on them, and what their operators typed. */
#include <string.h>

#include "topo/exec.h"
#include "topo/scenario.h"

static const char *const node_keys[] = { "kind", "config", "exec", "sysctls", "pods", "block",
					 "blocks", NULL };

/* Which keys beside kind, exec and sysctls a kind of node takes. */
struct kind_row {
	enum model_kind kind;
	bool config, pods;
	bool forwards; /* ip_forward is on unless something says otherwise */
};

static const struct kind_row kinds[] = {
	{ MODEL_FRR, .config = true, .forwards = true },
	{ MODEL_QUAGGA, .config = true, .forwards = true },
	{ MODEL_CALICO_NODE, .pods = true, .forwards = true },
	{ MODEL_HOST, .config = false },
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static const struct kind_row *kind_row(enum model_kind kind)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (kinds[i].kind == kind)
			return &kinds[i];
	return NULL;
}

static void read_kind(struct scenario *scenario, const struct yaml_node *spec,
		      struct model_node *node)
{
	const struct yaml_node *kind = yaml_get(spec, "kind");
	const char *names[KIND_COUNT];
	node->kind = MODEL_HOST;
	if (!kind) {
		diag_add(scenario->diags, DIAG_ERROR, "E404", node->pos,
			 "%s needs kind: frr, quagga, calico-node or host", node->name);
		return;
	}
	const char *text = yaml_string(scenario->diags, kind, "kind");
	for (size_t i = 0; text && i < KIND_COUNT; i++) {
		names[i] = model_kind_name(kinds[i].kind);
		if (strcmp(names[i], text) == 0) {
			node->kind = kinds[i].kind;
			return;
		}
	}
	if (!text)
		return;
	diag_add(scenario->diags, DIAG_ERROR, "E421", kind->pos, "there is no kind \"%s\"", text);
	const char *near = nearest_word(text, names, KIND_COUNT);
	if (near)
		diag_note(scenario->diags, "did you mean \"%s\"?", near);
	else
		diag_note(scenario->diags, "known are frr, quagga, calico-node and host");
}

static bool good_name(const char *name)
{
	size_t length = strlen(name);
	if (length == 0 || length > 63)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = name[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			      (c >= '0' && c <= '9');
		if (!letter && (i == 0 || !strchr("-_.", c)))
			return false;
	}
	return true;
}

static bool reserved(const char *name)
{
	return strcmp(name, "all") == 0 || strcmp(name, "pods") == 0;
}

/* ---- pods and blocks ------------------------------------------------------------------------- */

static void read_pod(struct scenario *scenario, const struct yaml_node *spec, uint32_t index)
{
	static const char *const keys[] = { "name", "address", NULL };
	struct node_draft *draft = &scenario->drafts[index];
	struct model_pod pod = { .pos = spec->pos };
	const struct yaml_node *address = spec, *name = NULL;
	char buffer[IP_TEXT_MAX];
	if (spec->kind == YAML_MAPPING) {
		yaml_known_keys(scenario->diags, spec, keys, "a pod");
		address = yaml_get(spec, "address");
		name = yaml_get(spec, "name");
		if (!address) {
			diag_add(scenario->diags, DIAG_ERROR, "E404", spec->pos,
				 "a pod needs an address");
			return;
		}
	}
	if (!scenario_address(scenario, address, "a pod's address", &pod.address))
		return;
	if (name)
		pod.name = yaml_string(scenario->diags, name, "name");
	if (!pod.name)
		pod.name = arena_printf(scenario->arena, "%s/%s", scenario->nodes[index].name,
					ip_addr_format(pod.address, buffer));
	draft->pods[draft->pod_count++] = pod;
}

static void read_pods(struct scenario *scenario, const struct yaml_node *pods, uint32_t index)
{
	struct node_draft *draft = &scenario->drafts[index];
	int64_t count;
	draft->pods_pos = pods->pos;
	if (pods->kind == YAML_SCALAR) {
		if (yaml_int(scenario->diags, pods, "pods", 0, 10000, &count))
			draft->pods_wanted = (uint32_t)count;
		return;
	}
	if (!yaml_want(scenario->diags, pods, YAML_SEQUENCE, "pods"))
		return;
	draft->pods = arena_alloc(scenario->arena, pods->count * sizeof(*draft->pods));
	for (uint32_t i = 0; i < pods->count; i++)
		read_pod(scenario, pods->items[i], index);
}

static void read_blocks(struct scenario *scenario, const struct yaml_node *blocks, uint32_t index)
{
	struct node_draft *draft = &scenario->drafts[index];
	const struct yaml_node *const *items, *one;
	uint32_t count = scenario_items(blocks, &items, &one);
	draft->blocks = arena_alloc(scenario->arena, count * sizeof(*draft->blocks));
	for (uint32_t i = 0; i < count; i++) {
		struct model_block block = { .exported = true, .pos = items[i]->pos };
		if (!scenario_prefix(scenario, items[i], "a block", false, &block.prefix))
			continue;
		draft->blocks[draft->block_count++] = block;
	}
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static void refuse_key(struct scenario *scenario, const struct yaml_node *spec, const char *key,
		       const struct model_node *node, const char *who)
{
	const struct yaml_node *at = yaml_key(spec, key);
	if (at)
		diag_add(scenario->diags, DIAG_ERROR, "E408", at->pos,
			 "%s is of kind %s, and \"%s\" is for %s", node->name,
			 model_kind_name(node->kind), key, who);
}

static void read_node(struct scenario *scenario, const struct yaml_pair *pair)
{
	uint32_t index = scenario->node_names.count;
	struct model_node *node = &scenario->nodes[index];
	const struct yaml_node *spec = pair->value, *value;
	node->name = pair->key->text;
	node->pos = pair->key->pos;
	node->kind = MODEL_HOST;
	names_add(scenario->arena, &scenario->node_names, node->name);
	scenario->model->node_count = scenario->node_names.count;
	scenario->drafts[index].spec = spec;
	if (!good_name(node->name)) {
		diag_add(scenario->diags, DIAG_ERROR, "E403", node->pos,
			 "\"%s\" cannot be a node's name", node->name);
		diag_note(scenario->diags, "names are letters, digits, - _ and ., at most 63, "
					   "and start with a letter or digit");
	} else if (reserved(node->name)) {
		diag_add(scenario->diags, DIAG_ERROR, "E403", node->pos,
			 "\"%s\" has a meaning in expectations; call the node something else",
			 node->name);
	}
	if (!yaml_want(scenario->diags, spec, YAML_MAPPING, node->name))
		return;
	yaml_known_keys(scenario->diags, spec, node_keys, "a node");
	read_kind(scenario, spec, node);
	const struct kind_row *row = kind_row(node->kind);
	if (!row->config)
		refuse_key(scenario, spec, "config", node, "frr and quagga");
	if (!row->pods) {
		refuse_key(scenario, spec, "pods", node, "calico-node");
		refuse_key(scenario, spec, "block", node, "calico-node");
		refuse_key(scenario, spec, "blocks", node, "calico-node");
		return;
	}
	if ((value = yaml_get(spec, "pods")) && !yaml_is_null(value))
		read_pods(scenario, value, index);
	if ((value = yaml_get(spec, "block")) || (value = yaml_get(spec, "blocks")))
		read_blocks(scenario, value, index);
	if (yaml_get(spec, "block") && yaml_get(spec, "blocks"))
		diag_add(scenario->diags, DIAG_ERROR, "E410", yaml_key(spec, "blocks")->pos,
			 "block and blocks say the same; one of them, please");
}

void topology_read(struct scenario *scenario, const struct yaml_node *topology)
{
	static const char *const keys[] = { "nodes", "links", NULL };
	const struct yaml_node *nodes = yaml_get(topology, "nodes");
	uint32_t count = nodes && nodes->kind == YAML_MAPPING ? nodes->count : 0;
	struct arena *arena = scenario->arena;
	if (topology && yaml_want(scenario->diags, topology, YAML_MAPPING, "topology")) {
		yaml_known_keys(scenario->diags, topology, keys, "topology");
		if (!nodes)
			diag_add(scenario->diags, DIAG_ERROR, "E404", topology->pos,
				 "topology needs nodes:");
		else
			yaml_want(scenario->diags, nodes, YAML_MAPPING, "nodes");
	}
	scenario->nodes = arena_alloc(arena, (count + 1) * sizeof(*scenario->nodes));
	scenario->drafts = arena_alloc(arena, (count + 1) * sizeof(*scenario->drafts));
	scenario->state.machines =
		arena_alloc(arena, (count + 1) * sizeof(*scenario->state.machines));
	scenario->state.frr = arena_alloc(arena, (count + 1) * sizeof(*scenario->state.frr));
	scenario->model->nodes = scenario->nodes;
	for (uint32_t i = 0; i < count; i++)
		read_node(scenario, &nodes->pairs[i]);
	if (nodes && nodes->kind == YAML_MAPPING && count == 0)
		diag_add(scenario->diags, DIAG_ERROR, "E404", nodes->pos, "there are no nodes");
	links_read(scenario, yaml_get(topology, "links"));
}

/* ---- configuration --------------------------------------------------------------------------- */

static void configure_frr(struct scenario *scenario, uint32_t index)
{
	const struct model_node *node = &scenario->nodes[index];
	const struct yaml_node *config = yaml_get(scenario->drafts[index].spec, "config");
	struct yaml_text text;
	if (yaml_is_null(config)) {
		const struct source *empty = scenario->sources.items[0];
		text = (struct yaml_text){ empty, "", 0, node->pos.line, 0, node->pos };
		diag_add(scenario->diags, DIAG_WARNING, "W042", node->pos,
			 "%s has no config: and so speaks no BGP", node->name);
	} else if (config->kind == YAML_SCALAR && config->style != YAML_LITERAL &&
		   config->style != YAML_FOLDED && !strchr(config->text, '\n')) {
		const struct source *source = scenario_read(scenario, config->text, config->pos);
		if (!source)
			return;
		text = yaml_text_of_file(source);
	} else if (!yaml_text_of(scenario->diags, config, "config", &text)) {
		return;
	}
	scenario->state.frr[index] = frr_parse(scenario->diags, &text, node->kind);
}

static void configure_sysctls(struct scenario *scenario, struct exec *exec,
			      const struct yaml_node *sysctls)
{
	if (!yaml_want(scenario->diags, sysctls, YAML_MAPPING, "sysctls"))
		return;
	for (uint32_t i = 0; i < sysctls->count; i++) {
		const struct yaml_pair *pair = &sysctls->pairs[i];
		const char *value = yaml_string(scenario->diags, pair->value, pair->key->text);
		if (value)
			exec_sysctl(exec, pair->key->text, value, pair->key->pos, pair->value->pos);
	}
}

void topology_configure(struct scenario *scenario)
{
	for (uint32_t i = 0; i < scenario->model->node_count; i++) {
		const struct yaml_node *spec = scenario->drafts[i].spec, *value;
		const struct yaml_node *const *items, *one;
		struct exec exec = { .diags = scenario->diags, .node = &scenario->nodes[i],
				     .machine = &scenario->state.machines[i],
				     .pools = scenario->pools,
				     .pool_count = scenario->pool_count };
		if (kind_row(scenario->nodes[i].kind)->config)
			configure_frr(scenario, i);
		exec.machine->ip_forward = kind_row(scenario->nodes[i].kind)->forwards;
		if ((value = yaml_get(spec, "sysctls")) && !yaml_is_null(value))
			configure_sysctls(scenario, &exec, value);
		value = yaml_get(spec, "exec");
		uint32_t count = yaml_is_null(value) ? 0 : scenario_items(value, &items, &one);
		for (uint32_t k = 0; k < count; k++) {
			struct yaml_text text;
			if (yaml_text_of(scenario->diags, items[k], "a command", &text))
				exec_lines(&exec, &text);
		}
		if (exec.machine->conf_pending)
			diag_add(scenario->diags, DIAG_WARNING, "W043", exec.machine->conf_pos,
				 "written to /etc/sysctl.conf but not in force: "
				 "\"sysctl -p\" is missing");
	}
}
