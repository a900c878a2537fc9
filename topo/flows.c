/* reachable and source-preserved: "from client to every pod" as single flows. A flow that several
 * expectations speak of is watched once. */
#include <string.h>

#include "topo/scenario.h"

#define FLOWS_MAX 200000u

/* One place packets come from or go to. */
struct place {
	uint32_t node;
	struct ip_addr address; /* none: the host itself, which picks its source */
	const char *name;
};
struct places {
	struct place *items;
	uint32_t count, capacity;
};

static const struct model_config *config_at_start(struct scenario *scenario, uint32_t node)
{
	return scenario->revisions.items[0].nodes[node];
}

static void add_pods(struct scenario *scenario, uint32_t node, struct places *places)
{
	const struct model_config *config = config_at_start(scenario, node);
	for (uint32_t i = 0; i < config->pod_count; i++) {
		struct place place = { node, config->pods[i].address, config->pods[i].name };
		ARENA_PUSH(scenario->arena, *places, place);
	}
}

static bool add_pods_on(struct scenario *scenario, const struct yaml_node *value,
			struct places *places)
{
	const struct yaml_node *const *items, *one;
	uint32_t count = scenario_items(value, &items, &one);
	bool good = true;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t node = scenario_node(scenario, items[i]), before = places->count;
		if (node == MODEL_NONE) {
			good = false;
			continue;
		}
		add_pods(scenario, node, places);
		if (places->count == before) {
			diag_add(scenario->diags, DIAG_ERROR, "E416", items[i]->pos,
				 "%s has no pods", items[i]->text);
			good = false;
		}
	}
	return good;
}

/* A pod by its name, or whoever has an address. */
static bool find_place(struct scenario *scenario, const char *text, struct place *place)
{
	struct ip_addr address = { 0 };
	bool is_address = ip_addr_parse(text, strlen(text), &address);
	for (uint32_t n = 0; n < scenario->model->node_count; n++) {
		const struct model_config *config = config_at_start(scenario, n);
		for (uint32_t i = 0; i < config->pod_count; i++) {
			const struct model_pod *pod = &config->pods[i];
			if (is_address ? ip_addr_equal(pod->address, address)
				       : strcmp(pod->name, text) == 0) {
				*place = (struct place){ n, pod->address, pod->name };
				return true;
			}
		}
		for (uint32_t i = 0; is_address && i < config->address_count; i++) {
			if (ip_addr_equal(config->addresses[i].address.addr, address)) {
				*place = (struct place){ n, address, text };
				return true;
			}
		}
	}
	return false;
}

static bool add_named(struct scenario *scenario, const struct yaml_node *name, bool sending,
		      struct places *places)
{
	const char *text = yaml_string(scenario->diags, name, sending ? "from" : "to");
	struct place place;
	if (!text)
		return false;
	if (strcmp(text, "pods") == 0) {
		for (uint32_t n = 0; n < scenario->model->node_count; n++)
			add_pods(scenario, n, places);
		if (places->count == 0)
			diag_add(scenario->diags, DIAG_ERROR, "E416", name->pos,
				 "there are no pods: give a calico-node pods: 2");
		return places->count > 0;
	}
	uint32_t node = names_find(&scenario->node_names, text);
	if (node != NAMES_NONE) {
		const struct model_config *config = config_at_start(scenario, node);
		if (config->address_count == 0) {
			diag_add(scenario->diags, DIAG_ERROR, "E416", name->pos,
				 "%s has no address", text);
			return false;
		}
		place = (struct place){ node, { 0 }, text };
		if (!sending)
			place.address = config->addresses[0].address.addr;
	} else if (!find_place(scenario, text, &place)) {
		diag_add(scenario->diags, DIAG_ERROR, "E416", name->pos,
			 "\"%s\" is no node, no pod and nobody's address", text);
		const char *near = nearest_word(text, scenario->node_names.items,
						scenario->node_names.count);
		if (near)
			diag_note(scenario->diags, "did you mean \"%s\"?", near);
		return false;
	}
	ARENA_PUSH(scenario->arena, *places, place);
	return true;
}

static bool read_places(struct scenario *scenario, const struct yaml_node *map, const char *key,
			struct places *places)
{
	static const char *const keys[] = { "pods-on", NULL };
	const struct yaml_node *value = yaml_get(map, key);
	const struct yaml_node *const *items, *one;
	bool good = true;
	if (!value) {
		diag_add(scenario->diags, DIAG_ERROR, "E404", map->pos, "\"%s\" is missing", key);
		return false;
	}
	uint32_t count = scenario_items(value, &items, &one);
	for (uint32_t i = 0; i < count; i++) {
		const struct yaml_node *pods_on = yaml_get(items[i], "pods-on");
		if (items[i]->kind == YAML_MAPPING)
			yaml_known_keys(scenario->diags, items[i], keys, key);
		if (pods_on)
			good &= add_pods_on(scenario, pods_on, places);
		else if (items[i]->kind == YAML_MAPPING)
			good = false;
		else
			good &= add_named(scenario, items[i], key[0] == 'f', places);
		if (items[i]->kind == YAML_MAPPING && !pods_on && items[i]->count == 0)
			diag_add(scenario->diags, DIAG_ERROR, "E404", items[i]->pos,
				 "pods-on: is missing");
	}
	return good && places->count > 0;
}

/* ---- the table of flows ---------------------------------------------------------------------- */

static uint64_t flow_hash(const struct model_flow *flow)
{
	uint64_t key = (uint64_t)flow->from_node << 32 | flow->to_node;
	uint64_t ports = (uint64_t)flow->protocol << 16 | flow->port;
	return hash_u64(key ^ hash_u64(ip_addr_hash(flow->from) +
				       3 * ip_addr_hash(flow->to) + ports));
}

static uint64_t flow_rehash(const void *context, uint32_t value)
{
	const struct flow_list *list = context;
	return flow_hash(&list->items[value]);
}

static bool same_flow(const struct model_flow *a, const struct model_flow *b)
{
	return a->from_node == b->from_node && a->to_node == b->to_node &&
	       ip_addr_equal(a->from, b->from) && ip_addr_equal(a->to, b->to) &&
	       a->protocol == b->protocol && a->port == b->port;
}

static uint32_t flow_number(struct scenario *scenario, const struct model_flow *flow)
{
	struct flow_list *list = &scenario->flows;
	uint64_t hash = flow_hash(flow);
	uint32_t cursor = HASH_NONE, value;
	while ((value = hash_index_next(&list->index, hash, &cursor)) != HASH_NONE)
		if (same_flow(&list->items[value], flow))
			return value;
	ARENA_PUSH(scenario->arena, *list, *flow);
	hash_index_add(&list->index, hash, list->count - 1, flow_rehash, list);
	return list->count - 1;
}

static bool read_protocol(struct scenario *scenario, const struct yaml_node *map, uint8_t *protocol,
			  uint16_t *port)
{
	const struct yaml_node *port_node = yaml_get(map, "port");
	const struct yaml_node *node = yaml_get(map, "protocol");
	int64_t number = 0;
	if (port_node && !yaml_int(scenario->diags, port_node, "port", 1, 65535, &number))
		return false;
	*port = (uint16_t)number;
	*protocol = port_node ? 6 : 1;
	if (!node)
		return true;
	if (yaml_is(node, "tcp")) {
		*protocol = 6;
		*port = port_node ? *port : 80;
		return true;
	}
	if (yaml_is(node, "icmp") && !port_node) {
		*protocol = 1;
		return true;
	}
	diag_add(scenario->diags, DIAG_ERROR, "E421", node->pos,
		 yaml_is(node, "icmp") ? "icmp has no ports" : "protocol is tcp or icmp");
	return false;
}

bool flows_read(struct scenario *scenario, const struct yaml_node *spec,
		struct model_expect *expect)
{
	static const char *const keys[] = { "from", "to", "port", "protocol", NULL };
	struct places from = { 0 }, to = { 0 };
	struct model_flow flow = { 0 };
	if (!yaml_want(scenario->diags, spec, YAML_MAPPING, "it"))
		return false;
	yaml_known_keys(scenario->diags, spec, keys, "a flow");
	bool good = read_protocol(scenario, spec, &flow.protocol, &flow.port);
	good &= read_places(scenario, spec, "from", &from);
	good &= read_places(scenario, spec, "to", &to);
	if (!good)
		return false;
	uint64_t pairs = (uint64_t)from.count * to.count;
	if (pairs + scenario->flows.count > FLOWS_MAX) {
		diag_add(scenario->diags, DIAG_ERROR, "E417", spec->pos,
			 "these are %llu flows; %u can be watched", (unsigned long long)pairs,
			 FLOWS_MAX);
		return false;
	}
	expect->flows = arena_alloc(scenario->arena, (size_t)pairs * sizeof(*expect->flows));
	for (uint32_t i = 0; i < from.count; i++) {
		for (uint32_t k = 0; k < to.count; k++) {
			if (from.items[i].node == to.items[k].node &&
			    (from.items[i].address.family == IP_NONE ||
			     ip_addr_equal(from.items[i].address, to.items[k].address)))
				continue; /* to itself */
			flow.from_node = from.items[i].node;
			flow.from = from.items[i].address;
			flow.to_node = to.items[k].node;
			flow.to = to.items[k].address;
			flow.name = arena_printf(scenario->arena, "%s \xe2\x86\x92 %s",
						 from.items[i].name, to.items[k].name);
			expect->flows[expect->flow_count++] = flow_number(scenario, &flow);
		}
	}
	if (expect->flow_count == 0)
		diag_add(scenario->diags, DIAG_ERROR, "E416", spec->pos,
			 "from and to are the same place: there is nothing to judge");
	return expect->flow_count > 0;
}
