/* One line against one pattern of the grammar. Patterns have no repetition and no nesting, so this
 * is a walk: an optional group is taken if its first word fits. */
#include <stdlib.h>

#include "base/assert.h"
#include "topo/frr/grammar.h"

struct piece {
	const char *text; /* a word of the pattern */
	size_t length;
	bool open, close; /* it starts, or ends, an optional group */
};

static bool next_piece(const char **at, struct piece *piece)
{
	const char *p = *at;
	while (*p == ' ')
		p++;
	if (!*p)
		return false;
	*piece = (struct piece){ .open = *p == '[' };
	p += piece->open;
	piece->text = p;
	while (*p && *p != ' ' && *p != ']')
		p++;
	piece->length = (size_t)(p - piece->text);
	piece->close = *p == ']';
	*at = p + piece->close;
	return true;
}

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

static bool take_number(const char *bounds, const char *text, struct frr_arg *arg)
{
	char *end;
	int64_t low = strtoll(bounds, &end, 10);
	ASSERT(*end == '-');
	int64_t high = strtoll(end + 1, NULL, 10);
	int64_t value = 0;
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9' || value > high)
			return false;
		value = 10 * value + (*p - '0');
	}
	if (value < low || value > high || !*text)
		return false;
	arg->kind = FRR_ARG_NUMBER;
	arg->number = value;
	return true;
}

static bool take_prefix(const char *kind, size_t kind_length, const char *text, size_t length,
			struct frr_arg *arg)
{
	enum ip_family family = kind[kind_length - 2] == '4' ? IP_V4 : IP_V6;
	if (!ip_prefix_parse(text, length, false, &arg->prefix) ||
	    arg->prefix.addr.family != family)
		return false;
	arg->kind = FRR_ARG_PREFIX;
	return true;
}

static bool take_addr(const char *kind, size_t length, const struct frr_word *word,
		      struct frr_arg *arg)
{
	if (!ip_addr_parse(word->text, word->length, &arg->addr))
		return false;
	if (!is_word(kind, length, "<addr>") &&
	    arg->addr.family != (kind[length - 2] == '4' ? IP_V4 : IP_V6))
		return false;
	arg->kind = FRR_ARG_ADDR;
	return true;
}

static bool take_placeholder(const char *kind, size_t length, const struct frr_word *word,
			     struct frr_arg *arg)
{
	if (is_word(kind, length, "<word>")) {
		arg->kind = FRR_ARG_WORD;
		ip_addr_parse(word->text, word->length, &arg->addr);
		return true;
	}
	if (is_word(kind, length, "<as>"))
		return take_number("1-4294967295", word->text, arg);
	if (kind[1] == 'n')
		return take_number(kind + 3, word->text, arg);
	if (kind[1] == 'p')
		return take_prefix(kind, length, word->text, word->length, arg);
	return take_addr(kind, length, word, arg);
}

/* One of several: literals, or a placeholder and literals. */
static bool take_piece(const struct piece *piece, const struct frr_word *word, struct frr_arg *arg,
		       bool *is_arg)
{
	const char *p = piece->text, *end = p + piece->length;
	int64_t choice = 0;
	*is_arg = *p == '<' || memchr(p, '|', piece->length);
	for (;; choice++) {
		const char *bar = memchr(p, '|', (size_t)(end - p));
		size_t length = (size_t)((bar ? bar : end) - p);
		if (*p == '<' && take_placeholder(p, length, word, arg))
			return true;
		if (*p != '<' && is_word(p, length, word->text)) {
			arg->kind = FRR_ARG_CHOICE;
			arg->number = choice;
			return true;
		}
		if (!bar)
			return false;
		p = bar + 1;
	}
}

/* Steps over the rest of a group that was left out; its arguments stay NONE. */
static void skip_group(const char **at, struct piece piece, uint32_t *arg_count)
{
	for (;;) {
		*arg_count += *piece.text == '<' || memchr(piece.text, '|', piece.length) != NULL;
		if (piece.close || !next_piece(at, &piece))
			return;
	}
}

static void take_line(const struct frr_reader *reader, uint32_t at, struct frr_arg *arg)
{
	const struct frr_word *first = &reader->words[at];
	const struct frr_word *last = &reader->words[reader->word_count - 1];
	size_t length = (size_t)(last->at + last->length - first->at);
	*arg = (struct frr_arg){ .kind = FRR_ARG_LINE,
				 .text = arena_strndup(reader->arena, first->at, length),
				 .pos = first->pos };
	if (last->pos.column > first->pos.column)
		arg->pos.length = last->pos.column + last->pos.length - first->pos.column;
}

bool frr_match(const struct frr_reader *reader, const char *pattern, uint32_t first, bool no,
	       struct frr_arg args[FRR_ARGS_MAX], uint32_t *reached, const char **expected,
	       size_t *expected_length)
{
	uint32_t at = first, count = 0;
	struct piece piece;
	memset(args, 0, FRR_ARGS_MAX * sizeof(*args));
	*expected = NULL;
	while (next_piece(&pattern, &piece)) {
		ASSERT(count < FRR_ARGS_MAX);
		bool is_arg = false, more = at < reader->word_count;
		if (more && is_word(piece.text, piece.length, "<line>")) {
			take_line(reader, at, &args[count++]);
			at = reader->word_count;
			continue;
		}
		struct frr_arg arg = { 0 };
		if (more && take_piece(&piece, &reader->words[at], &arg, &is_arg)) {
			arg.text = reader->words[at].text;
			arg.pos = reader->words[at].pos;
			if (is_arg)
				args[count++] = arg;
			at++;
			continue;
		}
		*expected = piece.text;
		*expected_length = piece.length;
		if (piece.open) {
			skip_group(&pattern, piece, &count);
			continue;
		}
		*reached = at;
		/* `no neighbor X password`: what was its value may be left out. */
		if (!more && no && piece.text[0] == '<' && at > first + 1) {
			count++;
			continue;
		}
		return false;
	}
	*reached = at;
	return at == reader->word_count;
}
