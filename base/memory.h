/* The heap, and the three lifetimes built on it: the run's arena, slabs for things that come and
 * go, and a scratch arena rewound after each event. Running out of memory ends the program with a
 * plain sentence and exit code 3: it is the machine's trouble, not the network's. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

void *memory_alloc(size_t bytes);        /* not cleared; never NULL; free() gives it back */
void *memory_zalloc(size_t bytes);       /* cleared */
void *memory_resize(void *p, size_t bytes);
char *memory_strdup(const char *text);

/* Grows an array of `size`-byte items so that it holds `needed`; doubles. */
void *memory_grow(void *items, size_t *capacity, size_t needed, size_t size);

/* PUSH(list.items, list.count, list.capacity, item): appends to a growable array. */
#define ARRAY_PUSH(items, count, capacity, item)                                                   \
	do {                                                                                       \
		if ((count) == (capacity)) {                                                       \
			size_t capacity_ = (capacity);                                             \
			(items) = memory_grow((items), &capacity_, (size_t)(count) + 1,            \
					      sizeof(*(items)));                                   \
			(capacity) = capacity_;                                                    \
		}                                                                                  \
		(items)[(count)++] = (item);                                                       \
	} while (0)

/* An arena hands out memory that is given back all at once. */
struct arena_block;
struct arena {
	struct arena_block *blocks;
	size_t bytes; /* handed out so far */
};

void arena_init(struct arena *arena);
void arena_free(struct arena *arena);
void arena_rewind(struct arena *arena);                    /* keeps its largest block */
void *arena_alloc(struct arena *arena, size_t bytes);      /* cleared, aligned to 16 */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list list)
	__attribute__((format(printf, 2, 0)));

/* A slab: equal-sized items addressed by a dense 32-bit number, so that a reference is four bytes.
 * Items never move while the slab only grows by pages. Item 0 is never handed out: 0 means none. */
struct slab {
	void **pages;
	uint32_t page_count;
	uint32_t item_size;
	uint32_t next;      /* first number never handed out */
	uint32_t free_head; /* chain of freed items through their first four bytes; 0 ends it */
	uint32_t live;
};

#define SLAB_PAGE_ITEMS 1024u

void slab_init(struct slab *slab, size_t item_size); /* at least 4 bytes an item */
void slab_free(struct slab *slab);
uint32_t slab_take(struct slab *slab); /* the item's contents are undefined */
void slab_give(struct slab *slab, uint32_t number);

static inline void *slab_at(const struct slab *slab, uint32_t number)
{
	char *page = (char *)slab->pages[number / SLAB_PAGE_ITEMS];
	return page + (size_t)(number % SLAB_PAGE_ITEMS) * slab->item_size;
}

#endif
