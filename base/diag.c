#include "base/diag.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/assert.h"

void diag_list_init(struct diag_list *list)
{
	*list = (struct diag_list){ 0 };
	arena_init(&list->arena);
}

void diag_list_free(struct diag_list *list)
{
	arena_free(&list->arena);
	free(list->items);
	*list = (struct diag_list){ 0 };
}

const struct source *source_of(struct diag_list *list, const char *path, const char *text,
			       size_t length)
{
	struct source *source = arena_alloc(&list->arena, sizeof(*source));
	char *copy = arena_strndup(&list->arena, text, length);
	uint32_t lines = 1;
	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	uint32_t *start = arena_alloc(&list->arena, lines * sizeof(*start));
	uint32_t line = 1;
	for (size_t i = 0; i < length; i++)
		if (text[i] == '\n')
			start[line++] = (uint32_t)i + 1;
	*source = (struct source){ arena_strdup(&list->arena, path), copy, length, start, lines };
	return source;
}

static char *read_all(FILE *file, size_t limit, size_t *length, const char **trouble)
{
	size_t capacity = 0, count = 0;
	char *text = memory_grow(NULL, &capacity, 4096, 1);
	for (;;) {
		size_t got = fread(text + count, 1, capacity - count, file);
		count += got;
		if (got == 0)
			break;
		if (count > limit) {
			*trouble = "is too large";
			break;
		}
		if (count == capacity)
			text = memory_grow(text, &capacity, capacity + 1, 1);
	}
	if (!*trouble && ferror(file))
		*trouble = strerror(errno);
	if (!*trouble && memchr(text, '\0', count))
		*trouble = "holds a NUL byte, so it is no text file";
	*length = count;
	return text;
}

static const struct source *source_looked_up(struct diag_list *list, const char *path,
					      struct source_pos pos)
{
	size_t length;
	const char *text = list->lookup(list->lookup_context, path, &length);
	if (text)
		return source_of(list, path, text, length);
	diag_add(list, DIAG_ERROR, "E001", pos, "cannot read %s: it is not among the files kept", path);
	return NULL;
}

const struct source *source_read(struct diag_list *list, const char *path, size_t limit,
				 const struct source_pos *why)
{
	struct source_pos pos = why ? *why : (struct source_pos){ 0 };
	if (list->lookup)
		return source_looked_up(list, path, pos);
	const char *trouble = NULL;
	struct stat status;
	FILE *file = fopen(path, "rb");
	if (!file)
		trouble = strerror(errno);
	else if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode))
		trouble = "is a folder";
	char *text = NULL;
	size_t length = 0;
	if (!trouble)
		text = read_all(file, limit, &length, &trouble);
	if (file)
		fclose(file);
	const struct source *source = NULL;
	if (trouble)
		diag_add(list, DIAG_ERROR, "E001", pos, "cannot read %s: %s", path, trouble);
	else
		source = source_of(list, path, text, length);
	free(text);
	return source;
}

const char *source_line(const struct source *source, uint32_t line, size_t *length)
{
	ASSERT(line >= 1 && line <= source->line_count);
	size_t start = source->line_start[line - 1];
	size_t end = line < source->line_count ? source->line_start[line] - 1 : source->length;
	if (end > start && source->text[end - 1] == '\r')
		end--;
	*length = end - start;
	return source->text + start;
}

static uint32_t count_characters(const char *p, const char *end)
{
	uint32_t count = 0;
	while (p < end) {
		uint32_t code;
		p += text_utf8(p, end, &code);
		count++;
	}
	return count;
}

struct source_pos source_pos_at(const struct source *source, size_t offset, size_t bytes)
{
	ASSERT(offset <= source->length);
	uint32_t low = 0, high = source->line_count;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (source->line_start[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	const char *start = source->text + source->line_start[low];
	const char *at = source->text + offset;
	size_t line_length;
	const char *line = source_line(source, low + 1, &line_length);
	const char *end = at + bytes < line + line_length ? at + bytes : line + line_length;
	uint32_t width = end > at ? count_characters(at, end) : 1;
	return (struct source_pos){ source, low + 1, count_characters(start, at) + 1, width };
}

struct diag *diag_add(struct diag_list *list, enum diag_severity severity, const char *code,
		      struct source_pos pos, const char *format, ...)
{
	list->errors += severity == DIAG_ERROR;
	list->warnings += severity == DIAG_WARNING;
	if (list->count == DIAG_MAX) {
		list->full = true;
		return &list->items[list->count - 1];
	}
	va_list arguments;
	va_start(arguments, format);
	struct diag diag = { severity, code, pos,
			     arena_vprintf(&list->arena, format, arguments), NULL };
	va_end(arguments);
	ARRAY_PUSH(list->items, list->count, list->capacity, diag);
	return &list->items[list->count - 1];
}

void diag_note(struct diag_list *list, const char *format, ...)
{
	ASSERT(list->count > 0);
	if (list->full)
		return;
	struct diag_note *note = arena_alloc(&list->arena, sizeof(*note));
	va_list arguments;
	va_start(arguments, format);
	note->text = arena_vprintf(&list->arena, format, arguments);
	va_end(arguments);
	struct diag_note **link = &list->items[list->count - 1].notes;
	while (*link)
		link = &(*link)->next;
	*link = note;
}

struct diag_order {
	size_t file, index;
	struct diag diag;
};

static int order_compare(const void *left, const void *right)
{
	const struct diag_order *a = left, *b = right;
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->diag.pos.line != b->diag.pos.line)
		return a->diag.pos.line < b->diag.pos.line ? -1 : 1;
	if (a->diag.pos.column != b->diag.pos.column)
		return a->diag.pos.column < b->diag.pos.column ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

static size_t first_mention(const struct diag_list *list, const struct source *source)
{
	size_t i = 0;
	while (list->items[i].pos.source != source)
		i++;
	return i;
}

void diag_sort(struct diag_list *list)
{
	if (list->count == 0)
		return;
	struct diag_order *order = memory_alloc(list->count * sizeof(*order));
	for (size_t i = 0; i < list->count; i++)
		order[i] = (struct diag_order){ first_mention(list, list->items[i].pos.source), i,
						list->items[i] };
	qsort(order, list->count, sizeof(*order), order_compare);
	size_t kept = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct diag *diag = &order[i].diag;
		const struct diag *last = kept ? &list->items[kept - 1] : NULL;
		if (last && last->pos.source == diag->pos.source &&
		    last->pos.line == diag->pos.line && last->pos.column == diag->pos.column &&
		    strcmp(last->text, diag->text) == 0) {
			list->errors -= diag->severity == DIAG_ERROR;
			list->warnings -= diag->severity == DIAG_WARNING;
			continue;
		}
		list->items[kept++] = *diag;
	}
	list->count = kept;
	free(order);
}

/* The excerpt: tabs become single blanks so that the caret stays under its character. */
static void print_excerpt(const struct source_pos *pos, struct text *out)
{
	size_t length;
	const char *line = source_line(pos->source, pos->line, &length);
	text_printf(out, "%5u | ", pos->line);
	for (size_t i = 0; i < length; i++)
		text_char(out, (unsigned char)line[i] < 0x20 ? ' ' : line[i]);
	text_char(out, '\n');
	if (pos->column == 0)
		return;
	const char *p = line, *end = line + length;
	uint32_t code;
	for (uint32_t i = 1; i < pos->column && p < end; i++)
		p += text_utf8(p, end, &code);
	const char *stop = p;
	for (uint32_t i = 0; i < pos->length && stop < end; i++)
		stop += text_utf8(stop, end, &code);
	text_put(out, "      | ");
	for (size_t i = 0; i < text_width(line, (size_t)(p - line)); i++)
		text_char(out, ' ');
	text_char(out, '^');
	for (size_t i = 1; i < text_width(p, (size_t)(stop - p)); i++)
		text_char(out, '~');
	text_char(out, '\n');
}

void diag_print(const struct diag *diag, struct text *out, bool colour)
{
	static const char *const names[] = { "note", "warning", "error" };
	static const char *const colours[] = { "\033[36m", "\033[35m", "\033[31m" };
	const struct source_pos *pos = &diag->pos;
	if (pos->source) {
		text_put(out, pos->source->path);
		if (pos->line)
			text_printf(out, ":%u", pos->line);
		if (pos->line && pos->column)
			text_printf(out, ":%u", pos->column);
		text_put(out, ": ");
	}
	text_printf(out, "%s%s:%s %s", colour ? colours[diag->severity] : "",
		    names[diag->severity], colour ? "\033[0m" : "", diag->text);
	if (diag->code && diag->code[0])
		text_printf(out, " [%s]", diag->code);
	text_char(out, '\n');
	if (pos->source && pos->line && pos->line <= pos->source->line_count)
		print_excerpt(pos, out);
	for (const struct diag_note *note = diag->notes; note; note = note->next)
		text_printf(out, "      = %s\n", note->text);
}
