/* Names in the order they were written, found by hash. */
#ifndef TOPO_NAMES_H
#define TOPO_NAMES_H

#include <stdint.h>

#include "base/hash.h"
#include "base/memory.h"

#define NAMES_NONE UINT32_MAX

struct names {
	const char **items; /* borrowed texts; the array is the arena's */
	uint32_t count, capacity;
	struct hash_index index;
};

void names_init(struct names *names);
void names_free(struct names *names); /* the index; the rest is the arena's */
uint32_t names_find(const struct names *names, const char *name); /* NAMES_NONE if not there */
/* Adds a name that is not there yet; returns its number, which counts from 0. */
uint32_t names_add(struct arena *arena, struct names *names, const char *name);

#endif
