/* Who has which address, and who has which neighbor, in one revision: the two indexes behind the
 * session matrix and the lints. */
#ifndef TOPO_MATRIX_H
#define TOPO_MATRIX_H

#include "base/hash.h"
#include "topo/model.h"

struct matrix_entry {
	struct ip_addr address;
	uint32_t node, number; /* owners: index of the address; neighbors: index of the neighbor */
	uint64_t hash;
};

struct matrix {
	const struct model *model;
	const struct model_revision *revision;
	struct matrix_entry *entries;
	uint32_t count;
	struct hash_index owners;    /* by address; only the first `owner_count` entries */
	struct hash_index neighbors; /* by node and address */
	uint32_t owner_count;
};

/* The arrays are the arena's; the indexes go with matrix_free. */
void matrix_init(struct matrix *matrix, const struct model *model, uint32_t revision,
		 struct arena *arena);
void matrix_free(struct matrix *matrix);
/* How many nodes have the address; *node and *number: the first of them. */
uint32_t matrix_owners(const struct matrix *matrix, struct ip_addr address, uint32_t *node,
		       uint32_t *number);
/* The first neighbor of a node with that address; MODEL_NONE if there is none. */
uint32_t matrix_neighbor(const struct matrix *matrix, uint32_t node, struct ip_addr address);

#endif
