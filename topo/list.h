/* Arrays that grow inside an arena: what is outgrown stays behind until the arena goes. */
#ifndef TOPO_LIST_H
#define TOPO_LIST_H

#include <string.h>

#include "base/memory.h"

static inline void *arena_grow(struct arena *arena, const void *items, size_t count,
			       size_t capacity, size_t size)
{
	void *grown = arena_alloc(arena, capacity * size);
	if (count)
		memcpy(grown, items, count * size);
	return grown;
}

/* Appends an item; a list whose capacity is its count (a shared one) moves before it changes. */
#define ARENA_PUSH(arena, list, item)                                                              \
	do {                                                                                       \
		if ((list).count >= (list).capacity) {                                             \
			(list).capacity = (list).count < 4 ? 4 : (list).count * 2;                 \
			(list).items = arena_grow((arena), (list).items, (list).count,             \
						  (list).capacity, sizeof(*(list).items));         \
		}                                                                                  \
		(list).items[(list).count++] = (item);                                             \
	} while (0)

/* Takes item `index` out of a list; the order stays. */
#define LIST_REMOVE(list, index)                                                                   \
	do {                                                                                       \
		(list).count--;                                                                    \
		memmove(&(list).items[(index)], &(list).items[(index) + 1],                        \
			((list).count - (index)) * sizeof(*(list).items));                         \
	} while (0)

#endif
