/* The way from a .topo to a model, in the order things can be known: the document, the machines,
 * the resources (other documents and files), what was typed on the machines, the configuration at
 * the start, the timeline with a configuration after each change, and what is expected of it. */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "topo/scenario.h"

static const char *const document_keys[] = { "simrun", "name", "description", "calico", "topology",
					     "resources", "timeline", "expect", NULL };

/* Keys of a Kubernetes resource: in the first document they mean that a "---" was forgotten. */
static const char *const resource_keys[] = { "apiVersion", "kind", "metadata", "spec", "data",
					     "stringData", NULL };

/* ---- what the other files share -------------------------------------------------------------- */

const char *scenario_path(struct scenario *scenario, const char *name)
{
	if (name[0] == '/' || !scenario->folder)
		return name;
	return arena_printf(scenario->arena, "%s/%s", scenario->folder, name);
}

const struct source *scenario_read(struct scenario *scenario, const char *name,
				   struct source_pos pos)
{
	const char *path = scenario_path(scenario, name);
	const struct source *source =
		source_read(scenario->diags, path, YAML_FILE_BYTES_MAX, &pos);
	if (source)
		ARENA_PUSH(scenario->arena, scenario->sources, source);
	return source;
}

uint32_t scenario_node(struct scenario *scenario, const struct yaml_node *name)
{
	if (!yaml_string(scenario->diags, name, "a node"))
		return MODEL_NONE;
	uint32_t index = names_find(&scenario->node_names, name->text);
	if (index != NAMES_NONE)
		return index;
	diag_add(scenario->diags, DIAG_ERROR, "E405", name->pos, "there is no node \"%s\"",
		 name->text);
	const char *near = nearest_word(name->text, scenario->node_names.items,
					scenario->node_names.count);
	if (near)
		diag_note(scenario->diags, "did you mean \"%s\"?", near);
	return MODEL_NONE;
}

bool scenario_prefix(struct scenario *scenario, const struct yaml_node *node, const char *what,
		     bool bare_ok, struct ip_prefix *out)
{
	const char *text = yaml_string(scenario->diags, node, what);
	struct ip_prefix prefix;
	if (!text)
		return false;
	if (!ip_prefix_parse(text, node->length, bare_ok, &prefix)) {
		diag_add(scenario->diags, DIAG_ERROR, "E418", node->pos,
			 "%s must be a prefix such as 172.27.208.0/26, not \"%s\"", what, text);
		return false;
	}
	if (!ip_prefix_is_network(prefix)) {
		char buffer[IP_TEXT_MAX];
		diag_add(scenario->diags, DIAG_ERROR, "E031", node->pos,
			 "%s is not a network: host bits are set", text);
		diag_note(scenario->diags, "did you mean %s?",
			  ip_prefix_format(ip_prefix_masked(prefix), buffer));
		return false;
	}
	*out = prefix;
	return true;
}

bool scenario_address(struct scenario *scenario, const struct yaml_node *node, const char *what,
		      struct ip_addr *out)
{
	const char *text = yaml_string(scenario->diags, node, what);
	if (!text)
		return false;
	if (ip_addr_parse(text, node->length, out))
		return true;
	diag_add(scenario->diags, DIAG_ERROR, "E418", node->pos,
		 "%s must be an address such as 172.31.13.27, not \"%s\"", what, text);
	return false;
}

uint32_t scenario_items(const struct yaml_node *node, const struct yaml_node *const **items,
			const struct yaml_node **one)
{
	if (node->kind == YAML_SEQUENCE) {
		*items = node->items;
		return node->count;
	}
	*one = node;
	*items = one;
	return 1;
}

const char *scenario_nodes_text(struct scenario *scenario, const uint32_t *nodes, uint32_t count)
{
	struct text text = { 0 };
	for (uint32_t i = 0; i < count && i < 5; i++)
		text_printf(&text, "%s%s", i == 0 ? "" : i + 1 == count ? " and " : ", ",
			    scenario->nodes[nodes[i]].name);
	if (count > 5)
		text_printf(&text, " and %u more", count - 5);
	const char *copy = arena_strdup(scenario->arena, text_string(&text));
	text_free(&text);
	return copy;
}

/* ---- document 1 ------------------------------------------------------------------------------ */

static bool forgotten_separator(struct scenario *scenario)
{
	const struct yaml_node *key = yaml_key(scenario->document, "apiVersion");
	if (!key)
		return false;
	diag_add(scenario->diags, DIAG_ERROR, "E402", key->pos,
		 "apiVersion: in the middle of the scenario; is a line \"---\" missing before the "
		 "resource?");
	if (!yaml_get(scenario->document, "simrun"))
		diag_note(scenario->diags, "the first document is the scenario; it starts with "
					   "simrun: 1, resources follow after ---");
	return true;
}

static void known_document_keys(struct scenario *scenario)
{
	const char *known[32];
	size_t count = 0;
	for (size_t i = 0; document_keys[i]; i++)
		known[count++] = document_keys[i];
	if (forgotten_separator(scenario))
		for (size_t i = 0; resource_keys[i]; i++)
			known[count++] = resource_keys[i];
	known[count] = NULL;
	yaml_known_keys(scenario->diags, scenario->document, known, "a scenario");
}

static const char *default_name(struct scenario *scenario, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strstr(base, ".topo");
	size_t length = dot && dot > base ? (size_t)(dot - base) : strlen(base);
	return arena_strndup(scenario->arena, base, length);
}

static void read_name(struct scenario *scenario)
{
	const struct yaml_node *node = yaml_get(scenario->document, "name");
	const char *name = node ? yaml_string(scenario->diags, node, "name") : NULL;
	scenario->model->name = name ? name : default_name(scenario, scenario->model->path);
	if (!name)
		return;
	size_t length =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "0123456789-_.");
	if (name[length] || length > 100 || strchr("-.", name[0])) {
		diag_add(scenario->diags, DIAG_ERROR, "E403", node->pos,
			 "\"%s\" cannot be a scenario's name: a folder is called after it", name);
		diag_note(scenario->diags, "letters, digits, - _ and . are fine");
	}
}

static void read_calico_version(struct scenario *scenario)
{
	const struct yaml_node *node = yaml_get(scenario->document, "calico");
	const char *text = node ? yaml_string(scenario->diags, node, "calico") : NULL;
	scenario->model->calico_version = text ? text : "v3.23.3";
	if (text && strcmp(text, "v3.23") != 0 && strncmp(text, "v3.23.", 6) != 0)
		diag_add(scenario->diags, DIAG_ERROR, "E421", node->pos,
			 "Calico %s is not known; v3.23 is", text);
}

static void check_version(struct scenario *scenario)
{
	const struct yaml_node *node = yaml_get(scenario->document, "simrun");
	int64_t version;
	if (node)
		yaml_int(scenario->diags, node, "simrun", 1, 1, &version);
	else if (!yaml_get(scenario->document, "apiVersion"))
		diag_add(scenario->diags, DIAG_ERROR, "E401", scenario->document->pos,
			 "not a scenario: the first document must say simrun: 1");
}

/* ---- resources ------------------------------------------------------------------------------- */

static void add_resource(struct scenario *scenario, const struct yaml_node *document)
{
	const struct yaml_node *key = yaml_key(document, "simrun");
	if (key)
		diag_add(scenario->diags, DIAG_ERROR, "E402", key->pos,
			 "a second scenario in the same file; after --- come resources");
	else
		calico_store_add(scenario->diags, &scenario->state.store, document);
}

static void add_resource_file(struct scenario *scenario, const char *path, struct source_pos pos)
{
	const struct yaml_node *const *documents;
	size_t count;
	const struct source *source =
		source_read(scenario->diags, path, YAML_FILE_BYTES_MAX, &pos);
	if (!source)
		return;
	ARENA_PUSH(scenario->arena, scenario->sources, source);
	yaml_documents(scenario->diags, source, &documents, &count);
	for (size_t i = 0; i < count; i++)
		add_resource(scenario, documents[i]);
}

static void add_resource_files(struct scenario *scenario, const struct yaml_node *name)
{
	const char *text = yaml_string(scenario->diags, name, "a file of resources");
	if (!text)
		return;
	const char *path = scenario_path(scenario, text);
	if (!strpbrk(text, "*?[")) {
		add_resource_file(scenario, arena_strdup(scenario->arena, path), name->pos);
		return;
	}
	glob_t found = { 0 };
	if (glob(path, 0, NULL, &found) != 0 || found.gl_pathc == 0)
		diag_add(scenario->diags, DIAG_ERROR, "E422", name->pos, "no file matches \"%s\"",
			 path);
	for (size_t i = 0; i < found.gl_pathc; i++) /* glob sorts by strcoll: "C" unless told */
		add_resource_file(scenario, arena_strdup(scenario->arena, found.gl_pathv[i]),
				  name->pos);
	globfree(&found);
}

static void read_resources(struct scenario *scenario, const struct yaml_node *const *documents,
			   size_t count)
{
	const struct yaml_node *files = yaml_get(scenario->document, "resources");
	const struct yaml_node *const *items, *one;
	calico_store_init(&scenario->state.store);
	uint32_t file_count = yaml_is_null(files) ? 0 : scenario_items(files, &items, &one);
	for (uint32_t i = 0; i < file_count; i++)
		add_resource_files(scenario, items[i]);
	for (size_t i = 1; i < count; i++)
		add_resource(scenario, documents[i]);
	scenario->pools = calico_pools(scenario->diags, &scenario->state.store,
				       &scenario->pool_count);
	scenario->model->resource_count = calico_store_count(&scenario->state.store);
}

/* Resources of a cluster of which only a part is drawn here are fine, and still worth a word. */
static void note_strangers(struct scenario *scenario)
{
	uint32_t count;
	const char **names =
		calico_node_names(scenario->diags, &scenario->state.store, &count);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t node = names_find(&scenario->node_names, names[i]);
		if (node != NAMES_NONE && scenario->nodes[node].kind == MODEL_CALICO_NODE)
			continue;
		diag_add(scenario->diags, DIAG_WARNING, "W033",
			 calico_node_pos(&scenario->state.store, names[i]),
			 node == NAMES_NONE ? "Node/%s is not in the topology"
					    : "Node/%s is no calico-node in the topology",
			 names[i]);
		const char *near = nearest_word(names[i], scenario->node_names.items,
						scenario->node_names.count);
		if (near && node == NAMES_NONE)
			diag_note(scenario->diags, "did you mean \"%s\"?", near);
	}
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void load_document(struct scenario *scenario, const struct yaml_node *const *documents,
			  size_t count)
{
	struct model *model = scenario->model;
	scenario->document = documents[0];
	check_version(scenario);
	known_document_keys(scenario);
	read_name(scenario);
	read_calico_version(scenario);
	const struct yaml_node *topology = yaml_get(scenario->document, "topology");
	if (!topology && !yaml_get(scenario->document, "apiVersion"))
		diag_add(scenario->diags, DIAG_ERROR, "E404", scenario->document->pos,
			 "a scenario needs topology:");
	topology_read(scenario, topology);
	read_resources(scenario, documents, count);
	note_strangers(scenario);
	topology_configure(scenario);
	revision_add(scenario, NULL, true);
	timeline_read(scenario, yaml_get(scenario->document, "timeline"));
	timeline_play(scenario);
	model->end_ns = scenario->end_ns;
	model->revisions = scenario->revisions.items;
	model->revision_count = scenario->revisions.count;
	model->steps = scenario->steps.items;
	model->step_count = scenario->steps.count;
	expect_read(scenario, yaml_get(scenario->document, "expect"));
	model->flows = scenario->flows.items;
	model->flow_count = scenario->flows.count;
	sources_collect(scenario);
	model->sources = scenario->sources.items;
	model->source_count = scenario->sources.count;
}

static void scenario_init(struct scenario *scenario, struct diag_list *diags,
			  const struct source *source)
{
	const char *slash = strrchr(source->path, '/');
	*scenario = (struct scenario){ .diags = diags, .arena = &diags->arena,
				       .end_ns = MODEL_NO_TIME };
	scenario->model = arena_alloc(scenario->arena, sizeof(*scenario->model));
	scenario->model->arena = scenario->arena;
	scenario->model->path = source->path;
	if (slash)
		scenario->folder = arena_strndup(scenario->arena, source->path,
						 (size_t)(slash - source->path));
	if (slash == source->path)
		scenario->folder = "/";
	names_init(&scenario->node_names);
	names_init(&scenario->link_names);
	names_init(&scenario->step_names);
	hash_index_init(&scenario->flows.index);
	ARENA_PUSH(scenario->arena, scenario->sources, source);
}

static void scenario_free(struct scenario *scenario)
{
	names_free(&scenario->node_names);
	names_free(&scenario->link_names);
	names_free(&scenario->step_names);
	hash_index_free(&scenario->flows.index);
}

static const struct model *load_source(struct diag_list *diags, const struct source *source)
{
	struct scenario scenario;
	const struct yaml_node *const *documents;
	size_t count, errors = diags->errors;
	yaml_documents(diags, source, &documents, &count);
	if (count == 0 || yaml_is_null(documents[0])) {
		if (diags->errors == errors)
			diag_add(diags, DIAG_ERROR, "E401", (struct source_pos){ .source = source },
				 "the file is empty: a scenario starts with simrun: 1");
		return NULL;
	}
	if (documents[0]->kind != YAML_MAPPING) {
		diag_add(diags, DIAG_ERROR, "E401", documents[0]->pos,
			 "not a scenario: the first document must say simrun: 1");
		return NULL;
	}
	scenario_init(&scenario, diags, source);
	load_document(&scenario, documents, count);
	if (diags->errors == errors)
		lint_model(diags, scenario.model);
	scenario_free(&scenario);
	return diags->errors == errors ? scenario.model : NULL;
}

const struct model *topo_load(struct diag_list *diags, const char *path)
{
	const struct source *source = source_read(diags, path, YAML_FILE_BYTES_MAX, NULL);
	return source ? load_source(diags, source) : NULL;
}

const struct model *topo_load_text(struct diag_list *diags, const char *path, const char *text,
				   size_t length)
{
	const char *nul = memchr(text, '\0', length);
	/* A source holds no NUL; with one, what stands before it is enough to say so. */
	const struct source *source =
		source_of(diags, path, text, nul ? (size_t)(nul - text) : length);
	if (!nul)
		return load_source(diags, source);
	diag_add(diags, DIAG_ERROR, "E001", source_pos_at(source, source->length, 1),
		 "cannot read %s: holds a NUL byte, so it is no text file", path);
	return NULL;
}
