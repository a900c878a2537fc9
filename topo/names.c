#include "topo/names.h"

#include <string.h>

#include "topo/list.h"

static uint64_t rehash(const void *context, uint32_t value)
{
	const struct names *names = context;
	return hash_bytes(names->items[value], strlen(names->items[value]));
}

void names_init(struct names *names)
{
	*names = (struct names){ 0 };
	hash_index_init(&names->index);
}

void names_free(struct names *names) { hash_index_free(&names->index); }

uint32_t names_find(const struct names *names, const char *name)
{
	uint32_t cursor = HASH_NONE, value;
	uint64_t hash = hash_bytes(name, strlen(name));
	while ((value = hash_index_next(&names->index, hash, &cursor)) != HASH_NONE)
		if (strcmp(names->items[value], name) == 0)
			return value;
	return NAMES_NONE;
}

uint32_t names_add(struct arena *arena, struct names *names, const char *name)
{
	ARENA_PUSH(arena, *names, name);
	hash_index_add(&names->index, hash_bytes(name, strlen(name)), names->count - 1, rehash,
		       names);
	return names->count - 1;
}
