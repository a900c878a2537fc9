#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* Blocks double from the smallest to the largest, so that a thousand small arenas stay small. */
#define ARENA_BLOCK_MIN 1024u
#define ARENA_BLOCK_MAX 65536u

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(16) char data[];
};

static void *or_give_up(void *p, size_t bytes)
{
	if (p || bytes == 0)
		return p;
	fprintf(stderr, "simrun: out of memory (asked for %zu bytes)\n", bytes);
	exit(3);
}

void *memory_alloc(size_t bytes) { return or_give_up(malloc(bytes ? bytes : 1), bytes); }
void *memory_zalloc(size_t bytes) { return or_give_up(calloc(1, bytes ? bytes : 1), bytes); }
void *memory_resize(void *p, size_t bytes) { return or_give_up(realloc(p, bytes ? bytes : 1), bytes); }

char *memory_strdup(const char *text)
{
	size_t length = strlen(text) + 1;
	return memcpy(memory_alloc(length), text, length);
}

void *memory_grow(void *items, size_t *capacity, size_t needed, size_t size)
{
	size_t grown = *capacity ? *capacity : 8;
	while (grown < needed)
		grown *= 2;
	ASSERT(grown <= SIZE_MAX / size);
	*capacity = grown;
	return memory_resize(items, grown * size);
}

void arena_init(struct arena *arena) { *arena = (struct arena){ 0 }; }

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *next = arena->blocks->next;
		free(arena->blocks);
		arena->blocks = next;
	}
	arena->bytes = 0;
}

void arena_rewind(struct arena *arena)
{
	struct arena_block *keep = NULL;
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;
		arena->blocks = block->next;
		if (!keep || block->size > keep->size) {
			struct arena_block *smaller = keep;
			keep = block;
			block = smaller;
		}
		free(block);
	}
	if (keep) {
		keep->next = NULL;
		keep->used = 0;
	}
	arena->blocks = keep;
	arena->bytes = 0;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	bytes = (bytes + 15) & ~(size_t)15;
	struct arena_block *block = arena->blocks;
	if (!block || block->size - block->used < bytes) {
		size_t size = block ? block->size * 2 : ARENA_BLOCK_MIN;
		size = size > ARENA_BLOCK_MAX ? ARENA_BLOCK_MAX : size;
		size = bytes > size ? bytes : size;
		block = memory_alloc(sizeof(*block) + size);
		*block = (struct arena_block){ .next = arena->blocks, .used = 0, .size = size };
		arena->blocks = block;
	}
	void *p = block->data + block->used;
	block->used += bytes;
	arena->bytes += bytes;
	return memset(p, 0, bytes);
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_alloc(arena, length + 1);
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_vprintf(struct arena *arena, const char *format, va_list list)
{
	va_list again;
	va_copy(again, list);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	ASSERT(length >= 0);
	char *text = arena_alloc(arena, (size_t)length + 1);
	vsnprintf(text, (size_t)length + 1, format, list);
	return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	char *text = arena_vprintf(arena, format, list);
	va_end(list);
	return text;
}

void slab_init(struct slab *slab, size_t item_size)
{
	ASSERT(item_size >= sizeof(uint32_t));
	*slab = (struct slab){ .item_size = (uint32_t)item_size, .next = 1 };
}

void slab_free(struct slab *slab)
{
	for (uint32_t i = 0; i < slab->page_count; i++)
		free(slab->pages[i]);
	free(slab->pages);
	slab_init(slab, slab->item_size);
}

uint32_t slab_take(struct slab *slab)
{
	slab->live++;
	uint32_t number = slab->free_head;
	if (number) {
		memcpy(&slab->free_head, slab_at(slab, number), sizeof(uint32_t));
		return number;
	}
	number = slab->next++;
	if (number / SLAB_PAGE_ITEMS >= slab->page_count) {
		slab->pages =
			memory_resize(slab->pages, (slab->page_count + 1) * sizeof(*slab->pages));
		slab->pages[slab->page_count++] =
			memory_alloc((size_t)SLAB_PAGE_ITEMS * slab->item_size);
	}
	return number;
}

void slab_give(struct slab *slab, uint32_t number)
{
	ASSERT(number > 0 && number < slab->next && slab->live > 0);
	memcpy(slab_at(slab, number), &slab->free_head, sizeof(uint32_t));
	slab->free_head = number;
	slab->live--;
}
