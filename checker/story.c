#include "checker/story.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/memory.h"

void story_init(struct story *story) { *story = (struct story){ 0 }; }

void story_clear(struct story *story)
{
	text_clear(&story->text);
	for (size_t i = 0; i < story->place_count; i++)
		free(story->places[i].text);
	story->place_count = 0;
}

void story_free(struct story *story)
{
	story_clear(story);
	text_free(&story->text);
	free(story->places);
	story_init(story);
}

void story_swap(struct story *a, struct story *b)
{
	struct story held = *a;
	*a = *b;
	*b = held;
}

void story_place(struct story *story, struct source_pos pos, const char *format, ...)
{
	if (!pos.source)
		return;
	for (size_t i = 0; i < story->place_count; i++)
		if (story->places[i].pos.source == pos.source &&
		    story->places[i].pos.line == pos.line)
			return;
	struct text text;
	text_init(&text);
	va_list list;
	va_start(list, format);
	text_vprintf(&text, format, list);
	va_end(list);
	struct story_place place = { pos, memory_strdup(text_string(&text)) };
	text_free(&text);
	ARRAY_PUSH(story->places, story->place_count, story->place_capacity, place);
}
