/* The command lines of a step: the part of kubectl and calicoctl that changes what BGP does. */
#include <stddef.h>
#include <string.h>

#include "topo/calico/resource.h"
#include "topo/words.h"

#define PLAIN_MAX 64

struct command {
	struct diag_list *diags;
	struct calico_store *store;
	struct calico_effect *effect;
	const char *folder;
	bool kubectl;
	struct words *words;
	const struct word *plain[PLAIN_MAX]; /* what is no option: verb, kind, names ... */
	size_t count;
	const struct word *namespace, *selector, *fields, *file, *patch, *type;
	bool overwrite, remove;
	const char *here, *here_end; /* the lines after << EOF; NULL: none */
};

static bool refuse(const struct command *c, const struct word *word, const char *text)
{
	diag_add(c->diags, DIAG_ERROR, "E211",
		 word ? word_pos(c->words, word) : words_pos(c->words), "%s", text);
	return false;
}

static bool is(const struct word *word, const char *text) { return strcmp(word->text, text) == 0; }

/* ---- options --------------------------------------------------------------------------------- */

struct option {
	const char *short_name, *long_name;
	size_t place; /* of the word in struct command; 0: its value does not matter */
	bool flag;
};

static const struct option options[] = {
	{ "-n", "--namespace", offsetof(struct command, namespace), false },
	{ "-l", "--selector", offsetof(struct command, selector), false },
	{ NULL, "--field-selector", offsetof(struct command, fields), false },
	{ "-f", "--filename", offsetof(struct command, file), false },
	{ "-p", "--patch", offsetof(struct command, patch), false },
	{ "-t", "--type", offsetof(struct command, type), false },
	{ "-c", "--config", 0, false },
	{ NULL, "--context", 0, false },
	{ NULL, "--kubeconfig", 0, false },
	{ NULL, "--grace-period", 0, false },
	{ NULL, "--timeout", 0, false },
	{ "-o", "--output", 0, false },
	{ NULL, "--overwrite", 0, true },
	{ NULL, "--remove", 0, true },
	{ NULL, "--force", 0, true },
	{ NULL, "--wait", 0, true },
	{ NULL, "--now", 0, true },
	{ NULL, "--ignore-not-found", 0, true },
	{ NULL, "--skip-exists", 0, true },
	{ NULL, "--allow-version-mismatch", 0, true },
};

static const struct option *find_option(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const char *names[] = { options[i].short_name, options[i].long_name };
		for (size_t k = 0; k < 2; k++)
			if (names[k] && strlen(names[k]) == length &&
			    memcmp(names[k], text, length) == 0)
				return &options[i];
	}
	return NULL;
}

static void set_option(struct command *c, const struct option *option, const struct word *value)
{
	if (option->place)
		memcpy((char *)c + option->place, &value, sizeof(value));
	c->overwrite |= strcmp(option->long_name, "--overwrite") == 0;
	c->remove |= strcmp(option->long_name, "--remove") == 0;
}

/* Words that begin with - are options, except k- which begins with k. */
static bool sort_words(struct command *c)
{
	for (size_t i = 0; i < c->words->count; i++) {
		struct word *word = &c->words->items[i];
		if (word->text[0] != '-' || !word->text[1]) {
			if (c->count == PLAIN_MAX)
				return refuse(c, word, "too many words");
			c->plain[c->count++] = word;
			continue;
		}
		size_t length = strcspn(word->text, "=");
		const struct option *option = find_option(word->text, length);
		if (!option)
			return refuse(c, word, arena_printf(&c->diags->arena,
							    "the option %s is not simulated",
							    word->text));
		if (word->text[length] == '=') {
			word->text += length + 1;
			set_option(c, option, word);
		} else if (option->flag) {
			set_option(c, option, word);
		} else if (i + 1 < c->words->count) {
			set_option(c, option, &c->words->items[++i]);
		} else {
			return refuse(c, word, "this option needs a value");
		}
	}
	return true;
}

/* ---- resources on the command line ------------------------------------------------------------
 */

/* "node k8s-1", "node/k8s-1": *next is then the index of the word after. */
static bool target(const struct command *c, size_t at, enum calico_kind *kind, const char **name,
		   const struct word **where, size_t *next)
{
	if (at >= c->count)
		return refuse(c, NULL, "which resource? KIND NAME is missing");
	const char *text = c->plain[at]->text, *slash = strchr(text, '/');
	const char *word =
		slash ? arena_strndup(&c->diags->arena, text, (size_t)(slash - text)) : text;
	if (!calico_kind_of_word(word, c->kubectl, kind))
		return refuse(c, c->plain[at], arena_printf(&c->diags->arena,
							    "`%s` is no kind of resource", word));
	*where = c->plain[at];
	*next = at + 1;
	if (slash) {
		*name = slash + 1;
		return true;
	}
	if (at + 1 >= c->count)
		return refuse(c, NULL, "which one? the resource's name is missing");
	*name = c->plain[at + 1]->text;
	*where = c->plain[at + 1];
	*next = at + 2;
	return true;
}

static const char *namespace_of(const struct command *c, enum calico_kind kind)
{
	if (kind != CALICO_CONFIG_MAP && kind != CALICO_SECRET)
		return "";
	return c->namespace ? c->namespace->text : "default";
}

static bool missing(const struct command *c, const struct word *where, enum calico_kind kind,
		    const char *name)
{
	uint32_t first, end;
	calico_store_range(c->store, kind, &first, &end);
	const char **names = arena_alloc(&c->diags->arena, (end - first + 1) * sizeof(*names));
	for (uint32_t i = first; i < end; i++)
		names[i - first] = c->store->items[i]->name;
	diag_add(c->diags, DIAG_ERROR, "E212", word_pos(c->words, where), "there is no %s %s",
		 calico_kind_text(kind), name);
	const char *near = nearest_word(name, names, end - first);
	if (near)
		diag_note(c->diags, "did you mean %s?", near);
	return false;
}

static bool put_document(const struct command *c, const struct yaml_node *document)
{
	if (!calico_store_apply(c->diags, c->store, document))
		return false;
	c->effect->changed = true;
	return true;
}

static bool patch_with(const struct command *c, const struct calico_resource *resource,
		       const struct yaml_node *patch)
{
	return put_document(c, calico_tree_merge(&c->diags->arena, resource->document, patch));
}

/* ---- label, annotate ----------------------------------------------------------------------------
 */

static const char *label_of(const struct calico_resource *r, const char *key)
{
	for (uint32_t i = 0; r && i < r->label_count; i++)
		if (strcmp(r->labels[i].key, key) == 0)
			return r->labels[i].value;
	return NULL;
}

/* What an annotation of the Kubernetes Node stands for in Calico's. */
static const char *annotated_field(const char *key)
{
	static const char *const table[][2] = {
		{ "projectcalico.org/IPv4Address", "ipv4Address" },
		{ "projectcalico.org/IPv6Address", "ipv6Address" },
		{ "projectcalico.org/ASNumber", "asNumber" },
		{ "projectcalico.org/RouteReflectorClusterID", "routeReflectorClusterID" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i][0], key) == 0)
			return table[i][1];
	return NULL;
}

struct pair {
	const struct word *word;
	const char *key, *value; /* value NULL: remove */
};

static bool set_pair(const struct command *c, const char *node, const struct pair *pair, bool label)
{
	struct arena *arena = &c->diags->arena;
	const struct calico_resource *kubernetes =
		calico_store_find(c->store, CALICO_K8S_NODE, "", node);
	const struct calico_resource *calico = calico_store_find(c->store, CALICO_NODE, "", node);
	const char *path[] = { "metadata", label ? "labels" : "annotations", pair->key };
	const char *field = label ? NULL : annotated_field(pair->key);
	const char *spec[] = { "spec", "bgp", field };
	struct source_pos pos = word_pos(c->words, pair->word);
	const char *old = label_of(kubernetes, pair->key);
	old = old ? old : label_of(calico, pair->key);
	if (label && pair->value && old && strcmp(old, pair->value) != 0 && !c->overwrite) {
		diag_add(c->diags, DIAG_ERROR, "E214", pos,
			 "node %s already has %s=%s, and --overwrite is not given", node, pair->key,
			 old);
		return false;
	}
	const struct yaml_node *meta = calico_tree_path(arena, path, 3, pair->value, pos);
	bool good = true;
	if (kubernetes)
		good = patch_with(c, kubernetes, meta);
	if (calico && field)
		good &= patch_with(c, calico, calico_tree_path(arena, spec, 3, pair->value, pos));
	else if (calico && (!kubernetes || !pair->value || label_of(calico, pair->key)))
		good &= patch_with(c, calico, meta);
	return good;
}

static bool read_pair(const struct command *c, const struct word *word, struct pair *pair)
{
	struct arena *arena = &c->diags->arena;
	const char *equal = strchr(word->text, '=');
	size_t length = strlen(word->text);
	pair->word = word;
	if (equal && !c->remove) {
		pair->key = arena_strndup(arena, word->text, (size_t)(equal - word->text));
		pair->value = equal + 1;
	} else if (c->remove || (length > 1 && word->text[length - 1] == '-')) {
		pair->key = arena_strndup(arena, word->text, c->remove ? length : length - 1);
		pair->value = NULL;
	} else {
		return refuse(c, word, "KEY=VALUE or KEY- is wanted here");
	}
	return *pair->key ? true : refuse(c, word, "the key is missing");
}

static bool run_label(const struct command *c)
{
	enum calico_kind kind;
	const char *name;
	const struct word *where;
	size_t next;
	bool label = is(c->plain[0], "label");
	if (!target(c, 1, &kind, &name, &where, &next))
		return false;
	if (kind != CALICO_NODE && kind != CALICO_K8S_NODE)
		return refuse(c, c->plain[1], "only nodes can be labelled or annotated here");
	if (!calico_store_find(c->store, CALICO_NODE, "", name) &&
	    !calico_store_find(c->store, CALICO_K8S_NODE, "", name))
		return missing(c, where, CALICO_NODE, name);
	if (next >= c->count)
		return refuse(c, NULL, "KEY=VALUE or KEY- is missing");
	bool good = true;
	for (; next < c->count; next++) {
		struct pair pair = { 0 };
		good &= read_pair(c, c->plain[next], &pair) && set_pair(c, name, &pair, label);
	}
	return good;
}

/* ---- patch, apply, delete, restart
 * ---------------------------------------------------------------- */

static const struct yaml_node *new_node(const struct command *c, const char *name,
					struct source_pos pos)
{
	struct arena *arena = &c->diags->arena;
	static const char *const version[] = { "apiVersion" }, *const kind[] = { "kind" };
	static const char *const path[] = { "metadata", "name" };
	const struct yaml_node *out =
		calico_tree_path(arena, version, 1, "projectcalico.org/v3", pos);
	out = calico_tree_merge(arena, out, calico_tree_path(arena, kind, 1, "Node", pos));
	return calico_tree_merge(arena, out, calico_tree_path(arena, path, 2, name, pos));
}

static bool run_patch(const struct command *c)
{
	enum calico_kind kind;
	const char *name;
	const struct word *where;
	const struct yaml_node *const *documents;
	size_t next, count;
	if (!target(c, 1, &kind, &name, &where, &next))
		return false;
	if (!c->patch)
		return refuse(c, NULL, "what to patch is missing: -p '{...}'");
	if (c->type && is(c->type, "json"))
		return refuse(c, c->type, "JSON patches are not simulated; merge patches are");
	const struct calico_resource *old =
		calico_store_find(c->store, kind, namespace_of(c, kind), name);
	const struct yaml_node *document = old ? old->document : NULL;
	if (!old && kind == CALICO_NODE && calico_store_find(c->store, CALICO_K8S_NODE, "", name))
		document = new_node(c, name, word_pos(c->words, where));
	if (!document)
		return missing(c, where, kind, name);
	if (!calico_tree_read(c->diags, c->words->text, c->patch->at, 0, c->patch->text, &documents,
			      &count))
		return false;
	if (count != 1 || documents[0]->kind != YAML_MAPPING)
		return refuse(c, c->patch, "a patch is one JSON object");
	return put_document(c, calico_tree_merge(&c->diags->arena, document, documents[0]));
}

static bool read_documents(const struct command *c, const struct yaml_node *const **documents,
			   size_t *count)
{
	if (is(c->file, "-")) {
		if (!c->here)
			return refuse(c, c->file,
				      "`-f -` reads what follows `<< EOF`, which is missing");
		return calico_tree_read(c->diags, c->words->text, c->here,
					(size_t)(c->here_end - c->here), NULL, documents, count);
	}
	const char *path = c->file->text;
	struct source_pos pos = word_pos(c->words, c->file);
	if (c->folder && *c->folder && path[0] != '/')
		path = arena_printf(&c->diags->arena, "%s/%s", c->folder, path);
	const struct source *source = source_read(c->diags, path, YAML_FILE_BYTES_MAX, &pos);
	return source && yaml_documents(c->diags, source, documents, count);
}

static bool run_file(const struct command *c, bool delete)
{
	const struct yaml_node *const *documents;
	size_t count;
	if (!read_documents(c, &documents, &count))
		return false;
	bool good = true;
	for (size_t i = 0; i < count; i++)
		good &= delete ? calico_store_delete(c->diags, c->store, documents[i])
			       : calico_store_add(c->diags, c->store, documents[i]);
	c->effect->changed = true;
	return good;
}

static bool run_apply(const struct command *c)
{
	if (!c->file)
		return refuse(c, NULL, "-f FILE is missing");
	return run_file(c, false);
}

static bool restart(const struct command *c, const char *node)
{
	c->effect->restart = true;
	if (!node)
		return true;
	const char **nodes = arena_alloc(&c->diags->arena,
					 (c->effect->node_count + 1) * sizeof(*nodes));
	if (c->effect->node_count)
		memcpy(nodes, c->effect->nodes, c->effect->node_count * sizeof(*nodes));
	nodes[c->effect->node_count++] = node;
	c->effect->nodes = nodes;
	return true;
}

static bool run_delete_pods(const struct command *c)
{
	static const char field[] = "spec.nodeName=";
	if (!c->selector || !is(c->selector, "k8s-app=calico-node"))
		return refuse(c, c->selector, "only calico-node's pods are simulated: "
					      "-l k8s-app=calico-node");
	if (!c->namespace ||
	    (!is(c->namespace, "kube-system") && !is(c->namespace, "calico-system")))
		return refuse(c, c->namespace,
			      "calico-node's pods are in kube-system: -n kube-system");
	if (!c->fields)
		return restart(c, NULL);
	if (strncmp(c->fields->text, field, strlen(field)) != 0)
		return refuse(c, c->fields, "only spec.nodeName=NODE is simulated");
	return restart(c, c->fields->text + strlen(field));
}

static bool run_delete(const struct command *c)
{
	enum calico_kind kind;
	const char *name;
	const struct word *where;
	size_t next;
	if (c->file)
		return run_file(c, true);
	if (c->kubectl && c->count >= 2 &&
	    (is(c->plain[1], "pods") || is(c->plain[1], "pod") || is(c->plain[1], "po")))
		return run_delete_pods(c);
	if (!target(c, 1, &kind, &name, &where, &next))
		return false;
	const struct calico_resource *old =
		calico_store_find(c->store, kind, namespace_of(c, kind), name);
	if (!old)
		return missing(c, where, kind, name);
	c->effect->changed = true;
	return calico_store_delete(c->diags, c->store, old->document);
}

static bool run_rollout(const struct command *c)
{
	bool split = c->count == 4 && is(c->plain[3], "calico-node") &&
		     (is(c->plain[2], "ds") || is(c->plain[2], "daemonset"));
	bool slash = c->count == 3 && (is(c->plain[2], "ds/calico-node") ||
				       is(c->plain[2], "daemonset/calico-node"));
	if (c->count < 2 || !is(c->plain[1], "restart") || !(split || slash))
		return refuse(c, NULL, "only `rollout restart ds/calico-node` is simulated");
	return restart(c, NULL);
}

static bool run_edit(const struct command *c)
{
	diag_add(c->diags, DIAG_ERROR, "E211", words_pos(c->words),
		 "an editor cannot be simulated: what was changed is not in this line");
	diag_note(c->diags, "write `patch KIND NAME -p '{...}'`, or an `apply:` step");
	return false;
}

static const struct verb {
	const char *name;
	bool (*run)(const struct command *c);
	bool kubectl_only;
} verbs[] = {
	{ "label", run_label, false },     { "annotate", run_label, true },
	{ "patch", run_patch, false },     { "apply", run_apply, false },
	{ "create", run_apply, false },    { "replace", run_apply, false },
	{ "delete", run_delete, false },   { "rollout", run_rollout, true },
	{ "edit", run_edit, true },
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static bool run(struct command *c)
{
	const char *names[VERBS];
	if (!sort_words(c))
		return false;
	if (c->count == 0)
		return refuse(c, NULL, "the command is missing");
	for (size_t i = 0; i < VERBS; i++) {
		names[i] = verbs[i].name;
		if (is(c->plain[0], verbs[i].name) && (c->kubectl || !verbs[i].kubectl_only))
			return verbs[i].run(c);
	}
	const char *near = nearest_word(c->plain[0]->text, names, VERBS);
	refuse(c, c->plain[0], arena_printf(&c->diags->arena, "`%s` is not simulated",
					    c->plain[0]->text));
	if (near)
		diag_note(c->diags, "did you mean %s?", near);
	else
		diag_note(c->diags, "label, annotate, patch, apply, create, replace, delete and "
				    "rollout restart are");
	return false;
}

/* ---- lines
 * --------------------------------------------------------------------------------------- */

/* `<< EOF` at the end of a line: the lines up to EOF. *length is cut before it; returns where to go
 * on, or NULL if there is none. */
static const char *take_here(struct command *c, const char *line, size_t *length, const char *end)
{
	const char *mark = NULL;
	for (const char *p = line; p + 1 < line + *length && !mark; p++)
		if (p[0] == '<' && p[1] == '<')
			mark = p;
	if (!mark)
		return NULL;
	const char *word = mark + 2, *stop = line + *length;
	while (word < stop && strchr(" \t-'\"", *word))
		word++;
	while (stop > word && strchr(" \t\r'\"", stop[-1]))
		stop--;
	size_t bytes = (size_t)(stop - word);
	const char *p = line + *length < end ? line + *length + 1 : end;
	*length = (size_t)(mark - line);
	c->here = p;
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *next = newline ? newline + 1 : end;
		const char *last = newline ? newline : end;
		const char *first = p;
		while (first < last && (*first == ' ' || *first == '\t'))
			first++;
		while (last > first && (last[-1] == ' ' || last[-1] == '\r'))
			last--;
		c->here_end = p;
		if ((size_t)(last - first) == bytes && memcmp(first, word, bytes) == 0)
			return next;
		p = next;
	}
	c->here_end = end;
	return end;
}

static bool run_line(struct command *c, const char *program, const char *line, size_t length)
{
	struct words words;
	if (!words_split(c->diags, c->words->text, line, length, &words))
		return false;
	if (words.count == 0)
		return true;
	struct words *kept = arena_alloc(&c->diags->arena, sizeof(*kept));
	*kept = words;
	c->words = kept;
	if (kept->append_to)
		return refuse(c, NULL, "this writes a file, which is not simulated");
	if (strcmp(kept->items[0].text, program) == 0) {
		memmove(&kept->items[0], &kept->items[1],
			(kept->count - 1) * sizeof(kept->items[0]));
		kept->count--;
	}
	return run(c);
}

bool calico_store_command(struct diag_list *diags, struct calico_store *store, const char *program,
			  const struct yaml_text *text, const char *folder,
			  struct calico_effect *effect)
{
	const char *p = text->text, *end = p + text->length;
	bool good = true;
	*effect = (struct calico_effect){ 0 };
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t length = (size_t)((newline ? newline : end) - p);
		struct words words = { .text = text };
		struct command command = { .diags = diags, .store = store, .effect = effect,
					   .folder = folder, .words = &words,
					   .kubectl = strcmp(program, "kubectl") == 0 };
		const char *line = p;
		const char *after = take_here(&command, line, &length, end);
		p = after ? after : newline ? newline + 1 : end;
		good &= run_line(&command, program, line, length);
	}
	return good;
}
