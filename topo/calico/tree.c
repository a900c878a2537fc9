/* Changing documents: a patch laid over a tree, and YAML or JSON standing inside a command line. */
#include <string.h>

#include "topo/calico/resource.h"

static struct yaml_node *mapping(struct arena *arena, uint32_t room, struct source_pos pos)
{
	struct yaml_node *node = arena_alloc(arena, sizeof(*node));
	*node = (struct yaml_node){ .kind = YAML_MAPPING, .pos = pos, .size = 1, .height = 1,
				    .text = "" };
	node->pairs = arena_alloc(arena, (room + 1) * sizeof(*node->pairs));
	return node;
}

static void add_pair(struct yaml_node *map, struct yaml_pair pair)
{
	struct yaml_pair *pairs;
	memcpy(&pairs, &map->pairs, sizeof(pairs)); /* ours still: not yet handed out */
	pairs[map->count++] = pair;
	uint32_t size = pair.value->size + 1;
	map->size = map->size + size < map->size ? UINT32_MAX : map->size + size;
	if (map->height <= pair.value->height)
		map->height = (uint8_t)(pair.value->height + 1);
}

/* Recursion follows the patch, which is at most YAML_DEPTH_MAX deep. */
const struct yaml_node *calico_tree_merge(struct arena *arena, const struct yaml_node *target,
					  const struct yaml_node *patch)
{
	if (patch->kind != YAML_MAPPING)
		return patch;
	bool both = target && target->kind == YAML_MAPPING;
	struct yaml_node *out = mapping(arena, (both ? target->count : 0) + patch->count,
					both ? target->pos : patch->pos);
	for (uint32_t i = 0; both && i < target->count; i++) {
		const struct yaml_pair *pair = &target->pairs[i];
		const struct yaml_node *change = yaml_get(patch, pair->key->text);
		if (!change)
			add_pair(out, *pair);
		else if (!yaml_is_null(change))
			add_pair(out, (struct yaml_pair){
				yaml_key(patch, pair->key->text),
				calico_tree_merge(arena, pair->value, change) });
	}
	for (uint32_t i = 0; i < patch->count; i++) {
		const struct yaml_pair *pair = &patch->pairs[i];
		if ((both && yaml_get(target, pair->key->text)) || yaml_is_null(pair->value))
			continue;
		add_pair(out, (struct yaml_pair){ pair->key,
						  calico_tree_merge(arena, NULL, pair->value) });
	}
	return out;
}

static const struct yaml_node *scalar(struct arena *arena, const char *text, struct source_pos pos,
				      enum yaml_style style)
{
	struct yaml_node *node = arena_alloc(arena, sizeof(*node));
	*node = (struct yaml_node){ .kind = YAML_SCALAR, .style = style, .height = 1, .size = 1,
				    .pos = pos, .text = text, .length = strlen(text) };
	return node;
}

const struct yaml_node *calico_tree_path(struct arena *arena, const char *const *path, size_t count,
					 const char *value, struct source_pos pos)
{
	const struct yaml_node *inner = value ? scalar(arena, value, pos, YAML_DOUBLE)
					      : scalar(arena, "", pos, YAML_PLAIN);
	for (size_t i = count; i-- > 0;) {
		struct yaml_node *map = mapping(arena, 1, pos);
		add_pair(map, (struct yaml_pair){ scalar(arena, path[i], pos, YAML_PLAIN), inner });
		inner = map;
	}
	return inner;
}

/* A copy whose places are in another source of the same lines. Bounded like every YAML tree. */
static const struct yaml_node *moved(struct arena *arena, const struct yaml_node *node,
				     const struct source *source)
{
	struct yaml_node *copy = arena_alloc(arena, sizeof(*copy));
	*copy = *node;
	copy->pos.source = source;
	if (node->kind == YAML_MAPPING) {
		struct yaml_pair *pairs = arena_alloc(arena, (node->count + 1) * sizeof(*pairs));
		for (uint32_t i = 0; i < node->count; i++)
			pairs[i] = (struct yaml_pair){ moved(arena, node->pairs[i].key, source),
						       moved(arena, node->pairs[i].value, source) };
		copy->pairs = pairs;
	} else if (node->kind == YAML_SEQUENCE) {
		const struct yaml_node **items =
			arena_alloc(arena, (node->count + 1) * sizeof(*items));
		for (uint32_t i = 0; i < node->count; i++)
			items[i] = moved(arena, node->items[i], source);
		copy->items = items;
	}
	return copy;
}

/* The text is read as a source of its own in which it stands at the line and column it has in the
 * file, with nothing before it; then the nodes are told where they really are. */
bool calico_tree_read(struct diag_list *diags, const struct yaml_text *text, const char *at,
		      size_t length, const char *value, const struct yaml_node *const **documents,
		      size_t *count)
{
	struct source_pos start = yaml_text_at(text, at, 1);
	struct text room;
	text_init(&room);
	for (uint32_t line = 1; line < start.line; line++)
		text_char(&room, '\n');
	if (value) { /* one word, without its quotes */
		for (uint32_t column = 1; column < start.column; column++)
			text_char(&room, ' ');
		text_put(&room, *at == '\'' || *at == '"' ? " " : "");
		text_put(&room, value);
	} else {
		for (const char *p = at; p < at + length; p++) {
			if (p == at || p[-1] == '\n')
				for (uint32_t i = 0; i < text->indent; i++)
					text_char(&room, ' ');
			text_char(&room, *p);
		}
	}
	const struct source *source =
		source_of(diags, text->source->path, text_string(&room), room.length);
	text_free(&room);
	bool good = yaml_documents(diags, source, documents, count);
	const struct yaml_node **out = arena_alloc(&diags->arena, (*count + 1) * sizeof(*out));
	for (size_t i = 0; i < *count; i++)
		out[i] = moved(&diags->arena, (*documents)[i], text->source);
	*documents = out;
	return good;
}
