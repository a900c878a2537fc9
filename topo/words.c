#include "topo/words.h"

#include <string.h>

struct splitter {
	struct diag_list *diags;
	const struct yaml_text *text;
	const char *p, *end;
	struct text word;
};

static bool refuse(struct splitter *s, const char *at, size_t bytes, const char *why)
{
	diag_add(s->diags, DIAG_ERROR, "E504", yaml_text_at(s->text, at, bytes),
		 "\"%.*s\": %s", (int)bytes, at, why);
	return false;
}

static bool take_quoted(struct splitter *s)
{
	const char *start = s->p;
	char quote = *s->p++;
	while (s->p < s->end && *s->p != quote) {
		if (quote == '"' && (*s->p == '$' || *s->p == '`'))
			return refuse(s, s->p, 1, "variables and substitutions are not simulated");
		if (quote == '"' && *s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		text_char(&s->word, *s->p++);
	}
	if (s->p == s->end)
		return refuse(s, start, 1, "this quote is never closed");
	s->p++;
	return true;
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static bool take_word(struct splitter *s)
{
	text_clear(&s->word);
	while (s->p < s->end && !is_blank(*s->p)) {
		char c = *s->p;
		if (c == '\'' || c == '"') {
			if (!take_quoted(s))
				return false;
		} else if (strchr("|&;<>()`$*?", c)) {
			return refuse(s, s->p, 1, "one plain command a line, please; "
						  "the rest of the shell is not simulated");
		} else {
			if (c == '\\' && s->p + 1 < s->end)
				s->p++;
			text_char(&s->word, *s->p++);
		}
	}
	return true;
}

static void skip_blanks(struct splitter *s)
{
	while (s->p < s->end && is_blank(*s->p))
		s->p++;
}

static bool take_all(struct splitter *s, struct words *out)
{
	for (skip_blanks(s); s->p < s->end && *s->p != '#'; skip_blanks(s)) {
		bool append = s->end - s->p >= 2 && memcmp(s->p, ">>", 2) == 0;
		if (append && !out->append_to) {
			s->p += 2;
			skip_blanks(s);
		}
		const char *start = s->p;
		if (!take_word(s))
			return false;
		struct word word = { arena_strdup(&s->diags->arena, text_string(&s->word)), start,
				     (size_t)(s->p - start) };
		if (append) {
			out->append_word = word;
			out->append_to = &out->append_word;
			continue;
		}
		if (out->count == WORDS_MAX)
			return refuse(s, start, word.bytes, "too many words in this command");
		out->items[out->count++] = word;
	}
	return true;
}

bool words_split(struct diag_list *diags, const struct yaml_text *text, const char *line,
		 size_t length, struct words *out)
{
	struct splitter s = { diags, text, line, line + length, { 0 } };
	out->text = text;
	out->count = 0;
	out->append_to = NULL;
	bool good = take_all(&s, out);
	text_free(&s.word);
	return good;
}

struct source_pos word_pos(const struct words *words, const struct word *word)
{
	return yaml_text_at(words->text, word->at, word->bytes);
}

struct source_pos words_pos(const struct words *words)
{
	if (words->count == 0)
		return words->text->pos;
	const struct word *first = &words->items[0], *last = &words->items[words->count - 1];
	return yaml_text_at(words->text, first->at, (size_t)(last->at + last->bytes - first->at));
}
