#include "reports/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define WRAP_COLUMNS 30u

/* One cell as lines; each borrowed from `words`, joined by single blanks when printed. */
struct cell {
	char **lines; /* owned by the arena */
	size_t count;
};

struct words {
	const char **start;
	size_t *length;
	size_t count;
};

static struct words split(const char *string, struct arena *arena)
{
	size_t most = strlen(string) / 2 + 1;
	struct words words = { arena_alloc(arena, most * sizeof(char *)),
			       arena_alloc(arena, most * sizeof(size_t)), 0 };
	while (*string) {
		string += strspn(string, " ");
		size_t length = strcspn(string, " ");
		if (length) {
			words.start[words.count] = string;
			words.length[words.count++] = length;
		}
		string += length;
	}
	return words;
}

/* next[i]: where the line after the one starting at word i begins. Least sum of squared slack, the
 * last line free; a word longer than the limit stands alone at a high price. */
static size_t *best_breaks(const struct words *words, size_t limit, struct arena *arena)
{
	size_t n = words->count;
	size_t *next = arena_alloc(arena, (n + 1) * sizeof(*next));
	uint64_t *cost = arena_alloc(arena, (n + 1) * sizeof(*cost));
	for (size_t i = n; i-- > 0;) {
		cost[i] = UINT64_MAX;
		size_t width = 0;
		for (size_t j = i; j < n; j++) {
			width += text_width(words->start[j], words->length[j]) + (j > i);
			if (width > limit && j > i)
				break;
			uint64_t slack = width > limit ? 1000 : limit - width;
			uint64_t here = j + 1 == n ? 0 : slack * slack + cost[j + 1];
			if (here < cost[i]) {
				cost[i] = here;
				next[i] = j + 1;
			}
		}
	}
	return next;
}

static struct cell wrap(const char *string, struct arena *arena)
{
	struct words words = split(string, arena);
	struct cell cell = { arena_alloc(arena, (words.count + 1) * sizeof(char *)), 0 };
	if (text_width(string, strlen(string)) <= WRAP_COLUMNS || words.count == 0) {
		cell.lines[cell.count++] = arena_strdup(arena, string);
		return cell;
	}
	size_t limit = WRAP_COLUMNS;
	for (size_t i = 0; i < words.count; i++) {
		size_t width = text_width(words.start[i], words.length[i]);
		limit = width > limit ? width : limit;
	}
	size_t *next = best_breaks(&words, limit, arena);
	for (size_t i = 0; i < words.count; i = next[i]) {
		struct text line;
		text_init(&line);
		for (size_t j = i; j < next[i]; j++) {
			if (j > i)
				text_char(&line, ' ');
			text_add(&line, words.start[j], words.length[j]);
		}
		cell.lines[cell.count++] = arena_strdup(arena, text_string(&line));
		text_free(&line);
	}
	return cell;
}

static void blanks(struct text *out, size_t count)
{
	while (count-- > 0)
		text_char(out, ' ');
}

static void rule(const size_t *widths, size_t columns, struct text *out)
{
	for (size_t i = 0; i < columns; i++) {
		text_char(out, '+');
		for (size_t j = 0; j < widths[i] + 2; j++)
			text_char(out, '-');
	}
	text_put(out, "+\n");
}

static void header(const char *const *headers, const size_t *widths, size_t columns,
		   struct text *out)
{
	for (size_t i = 0; i < columns; i++) {
		size_t spare = widths[i] - text_width(headers[i], strlen(headers[i]));
		text_put(out, "| ");
		blanks(out, spare / 2); /* the odd blank goes right */
		text_put(out, headers[i]);
		blanks(out, spare - spare / 2 + 1);
	}
	text_put(out, "|\n");
}

static void row(const struct cell *cells, const size_t *widths, size_t columns, struct text *out)
{
	size_t lines = 0;
	for (size_t i = 0; i < columns; i++)
		lines = cells[i].count > lines ? cells[i].count : lines;
	for (size_t line = 0; line < lines; line++) {
		for (size_t i = 0; i < columns; i++) {
			const char *string = line < cells[i].count ? cells[i].lines[line] : "";
			text_put(out, "| ");
			text_put(out, string);
			blanks(out, widths[i] - text_width(string, strlen(string)) + 1);
		}
		text_put(out, "|\n");
	}
}

void table_print(const char *const *headers, size_t columns, const char *const *cells,
		 size_t row_count, struct text *out)
{
	struct arena arena;
	arena_init(&arena);
	struct cell *wrapped = arena_alloc(&arena, row_count * columns * sizeof(*wrapped));
	size_t *widths = arena_alloc(&arena, columns * sizeof(*widths));
	for (size_t i = 0; i < columns; i++)
		widths[i] = text_width(headers[i], strlen(headers[i]));
	for (size_t i = 0; i < row_count * columns; i++) {
		struct cell *cell = &wrapped[i];
		size_t *width = &widths[i % columns];
		*cell = wrap(cells[i], &arena);
		if (cell->count > 1 && *width < WRAP_COLUMNS)
			*width = WRAP_COLUMNS;
		for (size_t j = 0; j < cell->count; j++) {
			size_t w = text_width(cell->lines[j], strlen(cell->lines[j]));
			*width = w > *width ? w : *width;
		}
	}
	rule(widths, columns, out);
	header(headers, widths, columns, out);
	rule(widths, columns, out);
	for (size_t i = 0; i < row_count; i++)
		row(&wrapped[i * columns], widths, columns, out);
	rule(widths, columns, out);
	arena_free(&arena);
}
