/* A reason being told: its text, and the places in the user's files it points at, worst first.
 * Private to the checker. */
#ifndef CHECKER_STORY_H
#define CHECKER_STORY_H

#include "base/text.h"
#include "checker/state.h"

struct story_place {
	struct source_pos pos;
	char *text; /* owned */
};

struct story {
	struct text text;
	struct story_place *places;
	size_t place_count, place_capacity;
	size_t bullet_start; /* where the line being written began */
};

void story_init(struct story *story);
void story_free(struct story *story);
void story_clear(struct story *story);
void story_swap(struct story *a, struct story *b);
/* Notes a place once; those that are nowhere are left out. */
void story_place(struct story *story, struct source_pos pos, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
