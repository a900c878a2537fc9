/* From libyaml's events to trees of located nodes. Three things libyaml leaves to its caller are
 * done here: duplicate keys (kubectl refuses them, too), merge keys, and limits, so that neither
 * deep nesting nor a billion laughs costs more than the error that reports it. */
#include "topo/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/assert.h"
#include "base/hash.h"

struct anchor {
	const char *name;
	uint64_t hash;
	const struct yaml_node *node;
};

/* A collection that is being read: its children stand in builder.children from `first` on. */
struct frame {
	struct yaml_node *node;
	size_t first;
};

struct builder {
	struct diag_list *diags;
	const struct source *source;
	yaml_parser_t parser;
	struct frame stack[YAML_DEPTH_MAX];
	uint32_t depth;
	const struct yaml_node **children;
	size_t child_count, child_capacity;
	struct anchor *anchors;
	size_t anchor_count, anchor_capacity;
	struct hash_index anchor_index;
	const struct yaml_node *root;
	const struct yaml_node **documents;
	size_t document_count, document_capacity;
	uint64_t total; /* nodes so far, aliases written out */
	bool broken;    /* no use reading on */
};

static struct source_pos pos_of(const struct builder *builder, const yaml_mark_t *start,
				const yaml_mark_t *end)
{
	uint32_t line = (uint32_t)start->line + 1, length = 1;
	if (line > builder->source->line_count)
		line = builder->source->line_count;
	if (end->line == start->line && end->column > start->column)
		length = (uint32_t)(end->column - start->column);
	return (struct source_pos){ builder->source, line, (uint32_t)start->column + 1, length };
}

static void report_syntax(struct builder *builder)
{
	const yaml_parser_t *parser = &builder->parser;
	struct diag_list *diags = builder->diags;
	const char *problem = parser->problem ? parser->problem : "cannot be read";
	builder->broken = true;
	if (parser->error == YAML_READER_ERROR) {
		size_t offset = parser->problem_offset < builder->source->length
					? parser->problem_offset : builder->source->length;
		diag_add(diags, DIAG_ERROR, "E101", source_pos_at(builder->source, offset, 1),
			 "not YAML: %s", problem);
		return;
	}
	struct source_pos pos = pos_of(builder, &parser->problem_mark, &parser->problem_mark);
	diag_add(diags, DIAG_ERROR, "E101", pos, "not YAML: %s", problem);
	if (parser->context && parser->context_mark.line != parser->problem_mark.line)
		diag_note(diags, "%s that began in line %zu", parser->context,
			  parser->context_mark.line + 1);
	else if (parser->context)
		diag_note(diags, "%s", parser->context);
	size_t length;
	const char *line = source_line(builder->source, pos.line, &length);
	if (memchr(line, '\t', length))
		diag_note(diags, "YAML is indented with blanks; this line holds a tab");
	/* calicoctl: patch node a -p '{"spec": ..}' is a mapping in YAML's eyes. */
	if (memmem(line, length, "'{", 2) || memmem(line, length, "\"{", 2))
		diag_note(diags, "text that holds \": \", such as this JSON, is written after | "
				 "on a line of its own");
}

/* ---- anchors --------------------------------------------------------------------------------- */

static uint64_t anchor_rehash(const void *context, uint32_t value)
{
	const struct builder *builder = context;
	return builder->anchors[value].hash;
}

static struct anchor *anchor_find(struct builder *builder, const char *name)
{
	uint64_t hash = hash_bytes(name, strlen(name));
	uint32_t cursor = HASH_NONE, value;
	while ((value = hash_index_next(&builder->anchor_index, hash, &cursor)) != HASH_NONE)
		if (strcmp(builder->anchors[value].name, name) == 0)
			return &builder->anchors[value];
	return NULL;
}

static void anchor_set(struct builder *builder, const yaml_char_t *name,
		       const struct yaml_node *node)
{
	if (!name)
		return;
	struct anchor *known = anchor_find(builder, (const char *)name);
	if (known) {
		known->node = node; /* YAML lets a later anchor of the same name take over */
		return;
	}
	const char *copy = arena_strdup(&builder->diags->arena, (const char *)name);
	struct anchor anchor = { copy, hash_bytes(copy, strlen(copy)), node };
	ARRAY_PUSH(builder->anchors, builder->anchor_count, builder->anchor_capacity, anchor);
	hash_index_add(&builder->anchor_index, anchor.hash, (uint32_t)builder->anchor_count - 1,
		       anchor_rehash, builder);
}

static void anchors_forget(struct builder *builder)
{
	hash_index_free(&builder->anchor_index);
	hash_index_init(&builder->anchor_index);
	builder->anchor_count = 0;
}

/* ---- mappings -------------------------------------------------------------------------------- */

/* One candidate for a place in a mapping: rank 0 was written there, others came by merge keys. */
struct entry {
	struct yaml_pair pair;
	uint32_t rank, order;
};

struct entries {
	struct entry *items;
	size_t count, capacity;
};

static int entry_by_key(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = strcmp(a->pair.key->text, b->pair.key->text);
	if (order)
		return order;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static int entry_by_order(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void merge_one(struct builder *builder, struct entries *entries,
		      const struct yaml_node *map, uint32_t rank, struct source_pos pos)
{
	if (map->kind != YAML_MAPPING) {
		diag_add(builder->diags, DIAG_ERROR, "E108", pos,
			 "<< takes a mapping or a list of mappings");
		return;
	}
	builder->total += map->size;
	for (uint32_t i = 0; i < map->count && builder->total <= YAML_NODES_MAX; i++) {
		struct entry entry = { map->pairs[i], rank, (uint32_t)entries->count };
		ARRAY_PUSH(entries->items, entries->count, entries->capacity, entry);
	}
}

static void merge(struct builder *builder, struct entries *entries,
		  const struct yaml_node *value, uint32_t *rank)
{
	if (value->kind != YAML_SEQUENCE) {
		merge_one(builder, entries, value, ++*rank, value->pos);
		return;
	}
	for (uint32_t i = 0; i < value->count; i++)
		merge_one(builder, entries, value->items[i], ++*rank, value->items[i]->pos);
}

static void collect_entries(struct builder *builder, const struct frame *frame,
			    struct entries *entries)
{
	uint32_t rank = 0;
	for (size_t i = frame->first; i + 1 < builder->child_count; i += 2) {
		const struct yaml_node *key = builder->children[i];
		const struct yaml_node *value = builder->children[i + 1];
		if (key->kind != YAML_SCALAR) {
			diag_add(builder->diags, DIAG_ERROR, "E107", key->pos,
				 "a key must be plain text, not %s", yaml_kind_name(key->kind));
			continue;
		}
		if (key->style == YAML_PLAIN && strcmp(key->text, "<<") == 0) {
			merge(builder, entries, value, &rank);
			continue;
		}
		struct entry entry = { { key, value }, 0, (uint32_t)entries->count };
		ARRAY_PUSH(entries->items, entries->count, entries->capacity, entry);
	}
}

/* Written twice is an error, written and merged is how merging is meant. */
static void close_mapping(struct builder *builder, const struct frame *frame)
{
	struct entries entries = { 0 };
	collect_entries(builder, frame, &entries);
	if (entries.count)
		qsort(entries.items, entries.count, sizeof(*entries.items), entry_by_key);
	size_t kept = 0;
	for (size_t i = 0; i < entries.count; i++) {
		const struct entry *entry = &entries.items[i];
		const struct entry *first = kept ? &entries.items[kept - 1] : NULL;
		if (!first || strcmp(first->pair.key->text, entry->pair.key->text) != 0) {
			entries.items[kept++] = *entry;
		} else if (entry->rank == 0) {
			diag_add(builder->diags, DIAG_ERROR, "E106", entry->pair.key->pos,
				 "\"%s\" is written twice here", entry->pair.key->text);
			diag_note(builder->diags, "the first is in line %u",
				  first->pair.key->pos.line);
		}
	}
	if (kept)
		qsort(entries.items, kept, sizeof(*entries.items), entry_by_order);
	struct yaml_pair *pairs = arena_alloc(&builder->diags->arena, kept * sizeof(*pairs));
	for (size_t i = 0; i < kept; i++)
		pairs[i] = entries.items[i].pair;
	frame->node->pairs = pairs;
	frame->node->count = (uint32_t)kept;
	free(entries.items);
}

static void close_sequence(struct builder *builder, const struct frame *frame)
{
	size_t count = builder->child_count - frame->first;
	const struct yaml_node **items =
		arena_alloc(&builder->diags->arena, count * sizeof(*items));
	if (count)
		memcpy(items, builder->children + frame->first, count * sizeof(*items));
	frame->node->items = items;
	frame->node->count = (uint32_t)count;
}

/* ---- building -------------------------------------------------------------------------------- */

static void too_deep(struct builder *builder, struct source_pos pos)
{
	if (!builder->broken)
		diag_add(builder->diags, DIAG_ERROR, "E104", pos,
			 "nested deeper than %u levels", YAML_DEPTH_MAX);
	builder->broken = true;
}

/* Puts a finished node, or an alias to one, where it belongs. */
static void add_child(struct builder *builder, const struct yaml_node *node,
		      struct source_pos pos)
{
	if (builder->depth + node->height > YAML_DEPTH_MAX)
		too_deep(builder, pos);
	if (!builder->broken && builder->total > YAML_NODES_MAX) {
		diag_add(builder->diags, DIAG_ERROR, "E103", pos,
			 "too large: more than %u values, aliases written out", YAML_NODES_MAX);
		builder->broken = true;
	}
	if (builder->broken)
		return;
	if (builder->depth == 0)
		builder->root = node;
	else
		ARRAY_PUSH(builder->children, builder->child_count, builder->child_capacity, node);
}

static struct yaml_node *new_node(struct builder *builder, const yaml_event_t *event,
				  enum yaml_kind kind, const yaml_char_t *tag)
{
	struct yaml_node *node = arena_alloc(&builder->diags->arena, sizeof(*node));
	node->kind = (uint8_t)kind;
	node->size = 1;
	node->text = "";
	node->pos = pos_of(builder, &event->start_mark, &event->end_mark);
	if (tag)
		node->tag = arena_strdup(&builder->diags->arena, (const char *)tag);
	builder->total++;
	return node;
}

static void add_scalar(struct builder *builder, const yaml_event_t *event)
{
	static const uint8_t styles[] = {
		[YAML_ANY_SCALAR_STYLE] = YAML_PLAIN,
		[YAML_PLAIN_SCALAR_STYLE] = YAML_PLAIN,
		[YAML_SINGLE_QUOTED_SCALAR_STYLE] = YAML_SINGLE,
		[YAML_DOUBLE_QUOTED_SCALAR_STYLE] = YAML_DOUBLE,
		[YAML_LITERAL_SCALAR_STYLE] = YAML_LITERAL,
		[YAML_FOLDED_SCALAR_STYLE] = YAML_FOLDED,
	};
	const char *text = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	struct yaml_node *node = new_node(builder, event, YAML_SCALAR, event->data.scalar.tag);
	if (memchr(text, '\0', length)) { /* "\0" between double quotes */
		diag_add(builder->diags, DIAG_ERROR, "E102", node->pos,
			 "a text here may not hold a NUL character");
		length = strlen(text);
	}
	node->text = arena_strndup(&builder->diags->arena, text, length);
	node->length = length;
	node->style = styles[event->data.scalar.style];
	node->height = 1;
	anchor_set(builder, event->data.scalar.anchor, node);
	add_child(builder, node, node->pos);
}

static void add_alias(struct builder *builder, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct source_pos pos = pos_of(builder, &event->start_mark, &event->end_mark);
	const struct anchor *anchor = anchor_find(builder, name);
	if (!anchor || anchor->node->height == 0) {
		diag_add(builder->diags, DIAG_ERROR, "E105", pos,
			 anchor ? "*%s stands inside its own anchor" : "no anchor &%s before this",
			 name);
		static const struct yaml_node nothing = { .kind = YAML_SCALAR, .height = 1,
							  .size = 1, .text = "" };
		struct yaml_node *node = arena_alloc(&builder->diags->arena, sizeof(*node));
		*node = nothing;
		node->pos = pos;
		add_child(builder, node, pos);
		return;
	}
	builder->total += anchor->node->size;
	add_child(builder, anchor->node, pos);
}

static void open_collection(struct builder *builder, const yaml_event_t *event,
			    enum yaml_kind kind)
{
	bool mapping = kind == YAML_MAPPING;
	struct yaml_node *node = new_node(builder, event, kind,
					  mapping ? event->data.mapping_start.tag
						  : event->data.sequence_start.tag);
	if (builder->depth >= YAML_DEPTH_MAX - 1) {
		too_deep(builder, node->pos);
		return;
	}
	anchor_set(builder, mapping ? event->data.mapping_start.anchor
				    : event->data.sequence_start.anchor, node);
	builder->stack[builder->depth++] = (struct frame){ node, builder->child_count };
}

static void close_collection(struct builder *builder)
{
	ASSERT(builder->depth > 0);
	struct frame *frame = &builder->stack[builder->depth - 1];
	struct yaml_node *node = frame->node;
	uint64_t size = 1;
	uint8_t height = 0;
	if (node->kind == YAML_MAPPING)
		close_mapping(builder, frame);
	else
		close_sequence(builder, frame);
	for (uint32_t i = 0; i < node->count; i++) {
		const struct yaml_node *child =
			node->kind == YAML_MAPPING ? node->pairs[i].value : node->items[i];
		size += child->size + (node->kind == YAML_MAPPING);
		if (child->height > height)
			height = child->height;
	}
	node->size = size > YAML_NODES_MAX ? YAML_NODES_MAX : (uint32_t)size;
	node->height = (uint8_t)(height + 1);
	builder->child_count = frame->first;
	builder->depth--;
	add_child(builder, node, node->pos);
}

static void end_document(struct builder *builder)
{
	ARRAY_PUSH(builder->documents, builder->document_count, builder->document_capacity,
		   builder->root);
	anchors_forget(builder);
	builder->root = NULL;
}

/* False ends the stream. */
static bool take_event(struct builder *builder)
{
	yaml_event_t event;
	if (!yaml_parser_parse(&builder->parser, &event)) {
		report_syntax(builder);
		return false;
	}
	bool more = true;
	switch (event.type) {
	case YAML_SCALAR_EVENT: add_scalar(builder, &event); break;
	case YAML_ALIAS_EVENT: add_alias(builder, &event); break;
	case YAML_MAPPING_START_EVENT: open_collection(builder, &event, YAML_MAPPING); break;
	case YAML_SEQUENCE_START_EVENT: open_collection(builder, &event, YAML_SEQUENCE); break;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT: close_collection(builder); break;
	case YAML_DOCUMENT_END_EVENT: end_document(builder); break;
	case YAML_STREAM_END_EVENT: more = false; break;
	default: break;
	}
	yaml_event_delete(&event);
	return more && !builder->broken;
}

/* libyaml ends a line at characters no editor does; then its line numbers are not the user's. */
static bool only_newlines(struct diag_list *diags, const struct source *source)
{
	const char *text = source->text;
	for (size_t i = 0; i < source->length; i++) {
		unsigned char c = (unsigned char)text[i], next = (unsigned char)text[i + 1];
		const char *name = NULL;
		size_t bytes = 1;
		if (c == '\0')
			name = "NUL";
		else if (c == '\r' && next != '\n')
			name = "a carriage return without a newline";
		else if (c == 0xc2 && next == 0x85)
			name = "U+0085 NEXT LINE", bytes = 2;
		else if (c == 0xe2 && next == 0x80 && ((unsigned char)text[i + 2] & 0xfe) == 0xa8)
			name = "U+2028 or U+2029, a line separator", bytes = 3;
		if (!name)
			continue;
		diag_add(diags, DIAG_ERROR, "E102", source_pos_at(source, i, bytes),
			 "lines must end in newlines; here stands %s", name);
		return false;
	}
	return true;
}

bool yaml_documents(struct diag_list *diags, const struct source *source,
		    const struct yaml_node *const **documents, size_t *count)
{
	size_t errors = diags->errors;
	*documents = NULL;
	*count = 0;
	if (source->length > YAML_FILE_BYTES_MAX) {
		diag_add(diags, DIAG_ERROR, "E103", (struct source_pos){ .source = source },
			 "the file is larger than %u MiB", YAML_FILE_BYTES_MAX >> 20);
		return false;
	}
	if (!only_newlines(diags, source))
		return false;
	struct builder *builder = memory_zalloc(sizeof(*builder));
	builder->diags = diags;
	builder->source = source;
	hash_index_init(&builder->anchor_index);
	if (!yaml_parser_initialize(&builder->parser))
		abort(); /* out of memory before anything was read */
	yaml_parser_set_encoding(&builder->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&builder->parser, (const unsigned char *)source->text,
				     source->length);
	while (take_event(builder))
		;
	yaml_parser_delete(&builder->parser);
	const struct yaml_node **copy =
		arena_alloc(&diags->arena, builder->document_count * sizeof(*copy));
	if (builder->document_count)
		memcpy(copy, builder->documents, builder->document_count * sizeof(*copy));
	*documents = copy;
	*count = builder->document_count;
	hash_index_free(&builder->anchor_index);
	free(builder->anchors);
	free(builder->children);
	free(builder->documents);
	free(builder);
	return diags->errors == errors;
}
