#include "topo/matrix.h"

static uint64_t rehash(const void *context, uint32_t value)
{
	const struct matrix *matrix = context;
	return matrix->entries[value].hash;
}

static uint64_t neighbor_hash(uint32_t node, struct ip_addr address)
{
	return hash_u64(ip_addr_hash(address) + node);
}

static void add_owners(struct matrix *matrix, uint32_t node)
{
	const struct model_config *config = matrix->revision->nodes[node];
	for (uint32_t i = 0; i < config->address_count; i++) {
		struct ip_addr address = config->addresses[i].address.addr;
		uint64_t hash = ip_addr_hash(address);
		matrix->entries[matrix->count] = (struct matrix_entry){ address, node, i, hash };
		hash_index_add(&matrix->owners, hash, matrix->count++, rehash, matrix);
	}
}

static void add_neighbors(struct matrix *matrix, uint32_t node)
{
	const struct model_bgp *bgp = &matrix->revision->nodes[node]->bgp;
	for (uint32_t i = 0; bgp->enabled && i < bgp->neighbor_count; i++) {
		struct ip_addr address = bgp->neighbors[i].address;
		uint64_t hash = neighbor_hash(node, address);
		matrix->entries[matrix->count] = (struct matrix_entry){ address, node, i, hash };
		hash_index_add(&matrix->neighbors, hash, matrix->count++, rehash, matrix);
	}
}

void matrix_init(struct matrix *matrix, const struct model *model, uint32_t revision,
		 struct arena *arena)
{
	size_t entries = 0;
	*matrix = (struct matrix){ .model = model, .revision = &model->revisions[revision] };
	hash_index_init(&matrix->owners);
	hash_index_init(&matrix->neighbors);
	for (uint32_t i = 0; i < model->node_count; i++)
		entries += (size_t)matrix->revision->nodes[i]->address_count +
			   matrix->revision->nodes[i]->bgp.neighbor_count;
	matrix->entries = arena_alloc(arena, entries * sizeof(*matrix->entries));
	for (uint32_t i = 0; i < model->node_count; i++)
		add_owners(matrix, i);
	matrix->owner_count = matrix->count;
	for (uint32_t i = 0; i < model->node_count; i++)
		add_neighbors(matrix, i);
}

void matrix_free(struct matrix *matrix)
{
	hash_index_free(&matrix->owners);
	hash_index_free(&matrix->neighbors);
}

uint32_t matrix_owners(const struct matrix *matrix, struct ip_addr address, uint32_t *node,
		       uint32_t *number)
{
	uint32_t cursor = HASH_NONE, value, count = 0, first = UINT32_MAX;
	uint64_t hash = ip_addr_hash(address);
	while ((value = hash_index_next(&matrix->owners, hash, &cursor)) != HASH_NONE) {
		if (!ip_addr_equal(matrix->entries[value].address, address))
			continue;
		/* A node that has it twice has it once. */
		count += count == 0 || matrix->entries[value].node != *node;
		if (value < first) {
			first = value;
			*node = matrix->entries[value].node;
			*number = matrix->entries[value].number;
		}
	}
	return count;
}

uint32_t matrix_neighbor(const struct matrix *matrix, uint32_t node, struct ip_addr address)
{
	uint32_t cursor = HASH_NONE, value, first = MODEL_NONE;
	uint64_t hash = neighbor_hash(node, address);
	while ((value = hash_index_next(&matrix->neighbors, hash, &cursor)) != HASH_NONE) {
		const struct matrix_entry *entry = &matrix->entries[value];
		if (entry->node == node && ip_addr_equal(entry->address, address) &&
		    entry->number < first)
			first = entry->number;
	}
	return first;
}
