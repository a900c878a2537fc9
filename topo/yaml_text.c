/* Where the lines of a pasted text stand in the file they were pasted into. */
#include "topo/yaml.h"

#include <string.h>

#include "base/assert.h"

/* An anchor or a tag may stand before the bar, even lines above it: the line the bar is in. */
static uint32_t line_of_bar(const struct yaml_node *node)
{
	const struct source *source = node->pos.source;
	for (uint32_t line = node->pos.line; line <= source->line_count; line++) {
		size_t length, i = 0;
		const char *text = source_line(source, line, &length);
		for (uint32_t k = 1; line == node->pos.line && k < node->pos.column && i < length;
		     k++) {
			uint32_t code;
			i += text_utf8(text + i, text + length, &code);
		}
		while (i < length) {
			if (text[i] == '|')
				return line;
			if (text[i] == '#')
				break;
			if (text[i] == '&' || text[i] == '!')
				while (i < length && text[i] != ' ' && text[i] != '\t')
					i++;
			else
				i++;
		}
	}
	return node->pos.line;
}

/* A content line is the indent, then the line of the text: so lengths tell the indent. */
static uint32_t indent_of_block(const struct yaml_node *node, uint32_t first_line)
{
	const struct source *source = node->pos.source;
	const char *p = node->text, *end = p + node->length;
	for (uint32_t line = first_line; p < end && line <= source->line_count; line++) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t length = (size_t)((stop ? stop : end) - p), whole;
		source_line(source, line, &whole);
		if (length > 0)
			return whole > length ? (uint32_t)(whole - length) : 0;
		p = stop ? stop + 1 : end;
	}
	return 0;
}

bool yaml_text_of(struct diag_list *diags, const struct yaml_node *node, const char *what,
		  struct yaml_text *out)
{
	if (!yaml_want(diags, node, YAML_SCALAR, what))
		return false;
	*out = (struct yaml_text){ node->pos.source, node->text, node->length, node->pos.line,
				   node->pos.column - 1, node->pos };
	if (node->style == YAML_LITERAL) {
		out->first_line = line_of_bar(node) + 1;
		out->indent = indent_of_block(node, out->first_line);
		return true;
	}
	/* The loader gives more than one character only to scalars that end in their first line. */
	bool quoted = node->style == YAML_SINGLE || node->style == YAML_DOUBLE;
	bool one_line = node->pos.length > 1 || (!quoted && node->length <= 1);
	if (node->style == YAML_FOLDED || !one_line || strchr(node->text, '\n')) {
		diag_add(diags, DIAG_ERROR, "E116", node->pos,
			 "%s must keep its lines: write it after |", what);
		return false;
	}
	if (quoted)
		out->indent++;
	return true;
}

struct yaml_text yaml_text_of_file(const struct source *source)
{
	return (struct yaml_text){ source, source->text, source->length, 1, 0,
				   { .source = source } };
}

struct source_pos yaml_text_pos(const struct yaml_text *text, uint32_t line, uint32_t column,
				uint32_t length)
{
	uint32_t at = text->first_line + line - 1;
	if (at > text->source->line_count)
		at = text->source->line_count;
	return (struct source_pos){ text->source, at, text->indent + column, length ? length : 1 };
}

static uint32_t characters(const char *p, const char *end)
{
	uint32_t count = 0, code;
	for (; p < end; count++)
		p += text_utf8(p, end, &code);
	return count;
}

struct source_pos yaml_text_at(const struct yaml_text *text, const char *at, size_t bytes)
{
	ASSERT(at >= text->text && at <= text->text + text->length);
	uint32_t line = 1;
	const char *start = text->text;
	for (const char *p = text->text; p < at; p++) {
		if (*p == '\n') {
			line++;
			start = p + 1;
		}
	}
	return yaml_text_pos(text, line, characters(start, at) + 1, characters(at, at + bytes));
}
