/* topology.links: who is plugged into what, and how good the wire is. */
#include <stdlib.h>
#include <string.h>

#include "topo/scenario.h"

static const char *const link_keys[] = { "name", "endpoints", "delay", "jitter", "loss", "rate",
					 "limit", NULL };

void links_impairment(struct scenario *scenario, const struct yaml_node *map,
		      struct model_impairment *out)
{
	struct diag_list *diags = scenario->diags;
	const struct yaml_node *node;
	int64_t limit;
	if ((node = yaml_get(map, "delay")))
		yaml_duration(diags, node, "delay", &out->delay_ns);
	if ((node = yaml_get(map, "jitter")))
		yaml_duration(diags, node, "jitter", &out->jitter_ns);
	if ((node = yaml_get(map, "loss")))
		yaml_percent(diags, node, "loss", &out->loss_ppm);
	if ((node = yaml_get(map, "rate")))
		yaml_rate(diags, node, "rate", &out->rate_bps);
	if ((node = yaml_get(map, "limit")) && yaml_int(diags, node, "limit", 1, 1000000, &limit))
		out->queue_frames = (uint32_t)limit;
	if (out->delay_ns < 0 || out->jitter_ns < 0) {
		diag_add(diags, DIAG_ERROR, "E113", map->pos, "a delay cannot be negative");
		out->delay_ns = out->jitter_ns = 0;
	}
	if (out->jitter_ns > out->delay_ns)
		diag_add(diags, DIAG_WARNING, "W041", map->pos,
			 "the jitter is larger than the delay; frames cannot arrive before they "
			 "are sent, so it is cut at 0");
}

/* Splits "node:eth0". */
static bool split_end(struct scenario *scenario, const struct yaml_node *text, uint32_t *node,
		      const char **interface)
{
	struct yaml_node part = *text;
	const char *colon = text->kind == YAML_SCALAR ? strchr(text->text, ':') : NULL;
	if (!colon || !colon[1] || colon == text->text) {
		diag_add(scenario->diags, DIAG_ERROR, "E406", text->pos,
			 "an end of a link is written \"node:interface\"");
		return false;
	}
	part.length = (size_t)(colon - text->text);
	part.text = arena_strndup(scenario->arena, text->text, part.length);
	*node = scenario_node(scenario, &part);
	*interface = colon + 1;
	return *node != MODEL_NONE;
}

static uint32_t find_interface(const struct model_node *node, const char *name)
{
	for (uint32_t i = 0; i < node->interface_count; i++)
		if (strcmp(node->interfaces[i].name, name) == 0)
			return i;
	return MODEL_NONE;
}

static void add_end(struct scenario *scenario, uint32_t link_index, struct model_link *link,
		    const struct yaml_node *text)
{
	uint32_t index;
	const char *name;
	if (!split_end(scenario, text, &index, &name))
		return;
	struct model_node *node = &scenario->nodes[index];
	uint32_t known = find_interface(node, name);
	if (strlen(name) > 15 || strpbrk(name, "/ \t:\n") || strcmp(name, "lo") == 0) {
		diag_add(scenario->diags, DIAG_ERROR, "E406", text->pos,
			 "\"%s\" cannot be an interface that is plugged in", name);
		diag_note(scenario->diags, "Linux allows 15 characters without / or blanks");
		return;
	}
	if (known != MODEL_NONE) {
		const struct model_interface *other = &node->interfaces[known];
		const struct model_link *first =
			other->link == link_index ? link : &scenario->links[other->link];
		diag_add(scenario->diags, DIAG_ERROR, "E407", text->pos,
			 "%s is plugged in twice", text->text);
		diag_note(scenario->diags, "first into %s, in line %u", first->name,
			  first->ends[other->link_end].pos.line);
		return;
	}
	struct {
		struct model_interface *items;
		uint32_t count, capacity;
	} list = { node->interfaces, node->interface_count, node->interface_count };
	/* Doubling keeps big switches cheap: the capacity is the next power of 2. */
	while (list.capacity & (list.capacity - 1))
		list.capacity++;
	list.capacity = list.count < 4 && list.count ? 4 : list.capacity;
	ARENA_PUSH(scenario->arena, list,
		   ((struct model_interface){ name, link_index, link->end_count }));
	node->interfaces = list.items;
	node->interface_count = list.count;
	link->ends[link->end_count++] =
		(struct model_link_end){ index, list.count - 1, text->pos };
}

static const char *link_name(struct scenario *scenario, const struct yaml_node *map,
			     const struct yaml_node *ends)
{
	const struct yaml_node *node = yaml_get(map, "name");
	const char *name = node ? yaml_string(scenario->diags, node, "name") : NULL;
	if (name && (strpbrk(name, ":/ \t\n") || name[0] == '.')) {
		diag_add(scenario->diags, DIAG_ERROR, "E403", node->pos,
			 "a link's name holds no blank, colon or slash and does not start with "
			 "a dot");
	} else if (!name && ends && ends->kind == YAML_SEQUENCE && ends->count == 2 &&
		   ends->items[0]->kind == YAML_SCALAR && ends->items[1]->kind == YAML_SCALAR) {
		char *made = arena_printf(scenario->arena, "%s--%s", ends->items[0]->text,
					  ends->items[1]->text);
		for (char *p = made; *p; p++)
			if (strchr(":/ \t\n", *p))
				*p = '_';
		name = made;
	}
	if (!name)
		name = arena_printf(scenario->arena, "link-%u", scenario->link_names.count + 1);
	if (names_find(&scenario->link_names, name) != NAMES_NONE) {
		diag_add(scenario->diags, DIAG_ERROR, "E410", node ? node->pos : map->pos,
			 "two links are called \"%s\"", name);
		name = arena_printf(scenario->arena, "%s#%u", name, scenario->link_names.count);
	}
	return name;
}

static void read_link(struct scenario *scenario, const struct yaml_node *map)
{
	if (!yaml_want(scenario->diags, map, YAML_MAPPING, "a link"))
		return;
	yaml_known_keys(scenario->diags, map, link_keys, "a link");
	const struct yaml_node *ends = yaml_get(map, "endpoints");
	uint32_t index = scenario->link_names.count;
	struct model_link *link = &scenario->links[index];
	const char *name = link_name(scenario, map, ends);
	names_add(scenario->arena, &scenario->link_names, name);
	*link = (struct model_link){ .name = name, .pos = map->pos };
	links_impairment(scenario, map, &link->impairment);
	scenario->model->link_count = scenario->link_names.count;
	if (!ends) {
		diag_add(scenario->diags, DIAG_ERROR, "E404", map->pos,
			 "a link needs endpoints: [\"node:interface\", \"node:interface\"]");
		return;
	}
	if (!yaml_want(scenario->diags, ends, YAML_SEQUENCE, "endpoints"))
		return;
	if (ends->count < 2)
		diag_add(scenario->diags, DIAG_ERROR, "E404", ends->pos,
			 "a link has two ends or more");
	link->ends = arena_alloc(scenario->arena, ends->count * sizeof(*link->ends));
	for (uint32_t i = 0; i < ends->count; i++)
		add_end(scenario, index, link, ends->items[i]);
}

void links_read(struct scenario *scenario, const struct yaml_node *links)
{
	uint32_t count = links && links->kind == YAML_SEQUENCE ? links->count : 0;
	scenario->links = arena_alloc(scenario->arena, (count + 1) * sizeof(*scenario->links));
	scenario->model->links = scenario->links;
	if (links && !yaml_is_null(links) &&
	    !yaml_want(scenario->diags, links, YAML_SEQUENCE, "links"))
		return;
	for (uint32_t i = 0; i < count; i++)
		read_link(scenario, links->items[i]);
}

bool links_find(struct scenario *scenario, const struct yaml_node *name, uint32_t *link,
		uint32_t *end)
{
	if (!yaml_string(scenario->diags, name, "a link"))
		return false;
	*end = MODEL_NONE;
	if (!strchr(name->text, ':')) {
		*link = names_find(&scenario->link_names, name->text);
		if (*link != NAMES_NONE)
			return true;
		diag_add(scenario->diags, DIAG_ERROR, "E406", name->pos, "there is no link \"%s\"",
			 name->text);
		const char *near = nearest_word(name->text, scenario->link_names.items,
						scenario->link_names.count);
		if (near)
			diag_note(scenario->diags, "did you mean \"%s\"?", near);
		return false;
	}
	uint32_t node;
	const char *interface;
	if (!split_end(scenario, name, &node, &interface))
		return false;
	uint32_t index = find_interface(&scenario->nodes[node], interface);
	if (index == MODEL_NONE || scenario->nodes[node].interfaces[index].link == MODEL_NONE) {
		diag_add(scenario->diags, DIAG_ERROR, "E406", name->pos,
			 "%s has no interface \"%s\" that is plugged in",
			 scenario->nodes[node].name, interface);
		return false;
	}
	*link = scenario->nodes[node].interfaces[index].link;
	*end = scenario->nodes[node].interfaces[index].link_end;
	return true;
}
