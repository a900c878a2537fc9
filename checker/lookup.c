#include "checker/lookup.h"

#include <stdlib.h>
#include <string.h>

const struct model_config *config_at(const struct model *model, uint32_t revision, uint32_t node)
{
	static const struct model_config nothing;
	if (revision >= model->revision_count || node >= model->node_count ||
	    !model->revisions[revision].nodes[node])
		return &nothing;
	return model->revisions[revision].nodes[node];
}

const struct model_config *config_now(const struct state *state, uint32_t node)
{
	return config_at(state_model(state), state_revision(state), node);
}

bool node_has_address(const struct model_config *config, struct ip_addr addr)
{
	for (uint32_t i = 0; i < config->address_count; i++)
		if (ip_addr_equal(config->addresses[i].address.addr, addr))
			return true;
	return false;
}

uint32_t owner_of(const struct state *state, struct ip_addr addr)
{
	const struct model *model = state_model(state);
	if (addr.family == IP_NONE)
		return MODEL_NONE;
	for (uint32_t node = 0; node < model->node_count; node++)
		if (node_has_address(config_now(state, node), addr))
			return node;
	for (uint32_t node = 0; node < model->node_count; node++) {
		const struct model_config *config = config_now(state, node);
		for (uint32_t i = 0; i < config->pod_count; i++)
			if (ip_addr_equal(config->pods[i].address, addr))
				return node;
	}
	return MODEL_NONE;
}

struct ip_addr node_address(const struct state *state, uint32_t node)
{
	const struct model_config *config = config_now(state, node);
	return config->address_count ? config->addresses[0].address.addr : (struct ip_addr){ 0 };
}

const struct model_neighbor *neighbor_towards(const struct state *state, uint32_t node,
					      uint32_t peer)
{
	const struct model_bgp *bgp = &config_now(state, node)->bgp;
	const struct model_config *other = config_now(state, peer);
	for (uint32_t i = 0; i < bgp->neighbor_count; i++)
		if (node_has_address(other, bgp->neighbors[i].address))
			return &bgp->neighbors[i];
	return NULL;
}

const struct model_neighbor *neighbor_named(const struct state *state, uint32_t node,
					    const char *name)
{
	const struct model_bgp *bgp = &config_now(state, node)->bgp;
	for (uint32_t i = 0; i < bgp->neighbor_count; i++)
		if (strcmp(bgp->neighbors[i].name, name) == 0)
			return &bgp->neighbors[i];
	return NULL;
}

/* A daemon nobody said a word about is taken to run. */
bool daemon_running(const struct state *state, uint32_t node)
{
	const struct state_node *it = state_node_at(state, node);
	return it->up && (!it->process_state[0] || strcmp(it->process_state, "running") == 0);
}

bool same_island(const struct state *state, uint32_t a, uint32_t b)
{
	uint32_t step = state_partition(state);
	const uint32_t *group_of =
		step == MODEL_NONE ? NULL : state_model(state)->steps[step].group_of;
	return !group_of || group_of[a] == group_of[b];
}

/* ---- sessions ------------------------------------------------------------------------------- */

/* Two indexes of one revision: who has an address, and which neighbour of a node has it. */
struct place {
	uint32_t node, neighbor; /* MODEL_NONE: an interface's address */
	struct ip_addr addr;
};
struct place_index {
	struct place *places;
	size_t count, capacity;
	struct hash_index index;
};

static uint64_t place_key(uint32_t node, struct ip_addr addr)
{
	return hash_u64(ip_addr_hash(addr) + node);
}

static uint64_t place_hash(const void *context, uint32_t value)
{
	const struct place *place = &((const struct place_index *)context)->places[value];
	return place_key(place->neighbor == MODEL_NONE ? MODEL_NONE : place->node, place->addr);
}

static void place_add(struct place_index *index, struct place place)
{
	uint32_t number = (uint32_t)index->count;
	ARRAY_PUSH(index->places, index->count, index->capacity, place);
	hash_index_add(&index->index, place_hash(index, number), number, place_hash, index);
}

static const struct place *place_find(const struct place_index *index, uint32_t node,
				      struct ip_addr addr)
{
	uint32_t cursor = HASH_NONE, number;
	while ((number = hash_index_next(&index->index, place_key(node, addr), &cursor)) !=
	       HASH_NONE) {
		const struct place *place = &index->places[number];
		uint32_t key = place->neighbor == MODEL_NONE ? MODEL_NONE : place->node;
		if (key == node && ip_addr_equal(place->addr, addr))
			return place;
	}
	return NULL;
}

static void index_revision(struct place_index *index, const struct model *model, uint32_t revision)
{
	for (uint32_t node = 0; node < model->node_count; node++) {
		const struct model_config *config = config_at(model, revision, node);
		for (uint32_t i = 0; i < config->address_count; i++)
			place_add(index, (struct place){ node, MODEL_NONE,
							 config->addresses[i].address.addr });
		for (uint32_t i = 0; config->bgp.enabled && i < config->bgp.neighbor_count; i++)
			if (!config->bgp.neighbors[i].shutdown)
				place_add(index,
					  (struct place){ node, i,
							  config->bgp.neighbors[i].address });
	}
}

/* The other side's neighbour for this one: the one with an address of this node. */
static const struct place *other_side(const struct place_index *index,
				      const struct model_config *mine,
				      const struct model_neighbor *neighbor, uint32_t owner)
{
	if (neighbor->source.family)
		return place_find(index, owner, neighbor->source);
	const struct place *found = NULL;
	for (uint32_t i = 0; !found && i < mine->address_count; i++)
		found = place_find(index, owner, mine->addresses[i].address.addr);
	return found;
}

struct session_pair *session_pairs(const struct model *model, uint32_t revision,
				   struct arena *arena, uint32_t *count)
{
	struct place_index index = { 0 };
	struct session_pair *pairs = NULL;
	size_t used = 0, capacity = 0;
	hash_index_init(&index.index);
	index_revision(&index, model, revision);
	for (uint32_t node = 0; node < model->node_count; node++) {
		const struct model_config *config = config_at(model, revision, node);
		for (uint32_t i = 0; config->bgp.enabled && i < config->bgp.neighbor_count; i++) {
			const struct model_neighbor *neighbor = &config->bgp.neighbors[i];
			if (neighbor->shutdown)
				continue;
			const struct place *owner = place_find(&index, MODEL_NONE,
							       neighbor->address);
			const struct place *other = owner ?
				other_side(&index, config, neighbor, owner->node) : NULL;
			if (other && other->node < node)
				continue; /* listed from there */
			struct session_pair pair = { { node, MODEL_NONE }, { neighbor->name, NULL },
						     neighbor->address };
			if (other) {
				pair.node[1] = other->node;
				pair.name[1] = config_at(model, revision, other->node)
						       ->bgp.neighbors[other->neighbor].name;
			}
			ARRAY_PUSH(pairs, used, capacity, pair);
		}
	}
	struct session_pair *copy = arena_alloc(arena, (used + 1) * sizeof(*copy));
	if (used)
		memcpy(copy, pairs, used * sizeof(*copy));
	*count = (uint32_t)used;
	free(pairs);
	free(index.places);
	hash_index_free(&index.index);
	return copy;
}
