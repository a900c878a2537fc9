/* Reading a configuration line by line: which row of the grammar a line is, or what is wrong with
 * it.
 *
 * Like vtysh, a line that its block does not know is tried in the block around it, so `exit` may be
 * left out. A line that fits another block altogether is an error that names that block: the usual
 * case is a `neighbor` line pasted without its `router bgp`. */
#include "topo/frr/grammar.h"

#include "base/assert.h"
#include "base/text.h"
#include "topo/frr/frr.h"

#define CANDIDATES_MAX 256u

struct failure {
	uint32_t reached;  /* the word where the best rows gave up */
	bool too_much;     /* a whole row fitted, and words were left */
	const char *candidates[CANDIDATES_MAX]; /* literals wanted there */
	size_t count;
	const char *placeholder; /* a placeholder wanted there, or NULL */
	size_t placeholder_length;
};

static uint32_t characters(const char *p, const char *end)
{
	uint32_t count = 0, code;
	for (; p < end; count++)
		p += text_utf8(p, end, &code);
	return count;
}

struct source_pos frr_reader_pos(const struct frr_reader *reader, const char *at, size_t bytes)
{
	uint32_t length = characters(at, at + bytes);
	return yaml_text_pos(reader->text, reader->line_number, characters(reader->line, at) + 1,
			     length ? length : 1);
}

static bool split(struct frr_reader *r, const char *line, size_t length)
{
	const char *p = line, *end = line + length;
	r->word_count = 0;
	for (;;) {
		while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
			p++;
		if (p == end)
			break;
		const char *start = p;
		while (p < end && *p != ' ' && *p != '\t' && *p != '\r')
			p++;
		if (r->word_count == FRR_WORDS_MAX) {
			diag_add(r->diags, DIAG_ERROR, "E301", frr_reader_pos(r, start, 1),
				 "no command has that many words");
			return false;
		}
		size_t bytes = (size_t)(p - start);
		r->words[r->word_count++] =
			(struct frr_word){ arena_strndup(r->arena, start, bytes), start, bytes,
					   frr_reader_pos(r, start, bytes) };
	}
	if (r->word_count == 0)
		return true;
	const struct frr_word *first = &r->words[0], *last = &r->words[r->word_count - 1];
	r->pos = frr_reader_pos(r, first->at, (size_t)(last->at + last->length - first->at));
	return true;
}

static struct source_pos word_pos(const struct frr_reader *r, uint32_t word)
{
	return r->words[word].pos;
}

static void run(struct frr_reader *r, const struct frr_row *row, const struct frr_arg *args,
		bool no)
{
	if (no && !(row->flags & (FRR_NO | FRR_ONLY_NO))) {
		diag_add(r->diags, DIAG_ERROR, "E304", word_pos(r, 0),
			 "`no` cannot stand before `%s`", r->words[1].text);
		return;
	}
	if ((row->flags & FRR_NOT_QUAGGA) && r->config->kind == MODEL_QUAGGA) {
		diag_add(r->diags, DIAG_ERROR, "E303", r->pos,
			 "Quagga does not know this line: it came with FRR");
		diag_note(r->diags, "leave it out, or make the node `kind: frr`");
		return;
	}
	if (row->flags & FRR_IGNORED)
		diag_add(r->diags, DIAG_WARNING, "W321", r->pos, "read, but it has no effect here");
	row->apply(r, row, args, no);
}

/* Most rows begin with one fixed word: those that begin with another are not looked at. */
static bool may_fit(const char *pattern, const char *word)
{
	size_t length = strcspn(pattern, " ");
	return memchr(pattern, '|', length) ||
	       (strncmp(pattern, word, length) == 0 && word[length] == '\0');
}

static const struct frr_row *find(const struct frr_reader *r, unsigned context, uint32_t first,
				  bool no, struct frr_arg *args)
{
	for (size_t i = 0; i < frr_row_count; i++) {
		const struct frr_row *row = &frr_rows[i];
		uint32_t reached;
		const char *expected;
		size_t length;
		if (!(row->contexts & context) || (!no && (row->flags & FRR_ONLY_NO)) ||
		    !may_fit(row->pattern, r->words[first].text))
			continue;
		if (frr_match(r, row->pattern, first, no, args, &reached, &expected, &length))
			return row;
	}
	return NULL;
}

static void want_literal(struct failure *failure, const char *word, size_t length,
			 struct arena *arena)
{
	for (size_t i = 0; i < failure->count; i++) {
		const char *have = failure->candidates[i];
		if (have[0] == word[0] && strncmp(have, word, length) == 0 && !have[length])
			return;
	}
	if (failure->count < CANDIDATES_MAX)
		failure->candidates[failure->count++] = arena_strndup(arena, word, length);
}

static void want(struct failure *failure, const char *expected, size_t length, struct arena *arena)
{
	const char *p = expected, *end = expected + length;
	while (p < end) {
		const char *bar = memchr(p, '|', (size_t)(end - p));
		size_t part = (size_t)((bar ? bar : end) - p);
		if (*p == '<' && failure->placeholder) {
			; /* the first is what is usual */
		} else if (*p == '<') {
			failure->placeholder = p;
			failure->placeholder_length = part;
		} else {
			want_literal(failure, p, part, arena);
		}
		p += part + (bar != NULL);
	}
}

static void fail_best(const struct frr_reader *r, unsigned contexts, uint32_t first, bool no,
		      struct failure *failure)
{
	*failure = (struct failure){ .reached = first };
	for (size_t i = 0; i < frr_row_count; i++) {
		struct frr_arg args[FRR_ARGS_MAX];
		uint32_t reached;
		const char *expected;
		size_t length;
		if (!(frr_rows[i].contexts & contexts) ||
		    (!no && (frr_rows[i].flags & FRR_ONLY_NO)))
			continue;
		expected = frr_rows[i].pattern;
		length = strcspn(expected, " ");
		reached = first;
		if (first >= r->word_count || may_fit(expected, r->words[first].text))
			frr_match(r, frr_rows[i].pattern, first, no, args, &reached, &expected,
				  &length);
		if (reached < failure->reached)
			continue;
		if (reached > failure->reached)
			*failure = (struct failure){ .reached = reached };
		failure->too_much |= !expected;
		if (expected)
			want(failure, expected, length, r->arena);
	}
}

static const char *describe(const char *placeholder, size_t length, struct arena *arena)
{
	static const char *const table[][2] = {
		{ "<as>", "an AS number, 1 .. 4294967295" },
		{ "<addr>", "an address" },
		{ "<addr4>", "an IPv4 address" },
		{ "<addr6>", "an IPv6 address" },
		{ "<prefix4>", "an IPv4 prefix such as 10.0.0.0/8" },
		{ "<prefix6>", "an IPv6 prefix such as 2001:db8::/32" },
		{ "<line>", "more words" },
		{ "<word>", "a name" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strlen(table[i][0]) == length && memcmp(table[i][0], placeholder, length) == 0)
			return table[i][1];
	const char *dash = memchr(placeholder, '-', length);
	ASSERT(dash && placeholder[1] == 'n');
	return arena_printf(arena, "a number, %.*s .. %.*s", (int)(dash - placeholder - 3),
			    placeholder + 3, (int)(placeholder + length - 1 - dash - 1), dash + 1);
}

/* "`in` or `out`", at most eight of them. */
static const char *listed(const struct frr_reader *r, const struct failure *failure)
{
	const char *list = NULL;
	size_t shown = 0;
	for (size_t i = 0; i < failure->count && shown <= 8; i++) {
		shown++;
		list = list ? arena_printf(r->arena, "%s or `%s`", list, failure->candidates[i])
			    : arena_printf(r->arena, "`%s`", failure->candidates[i]);
	}
	if (failure->placeholder && list && shown <= 8)
		list = arena_printf(r->arena, "%s or %s", list,
				    describe(failure->placeholder, failure->placeholder_length,
					     r->arena));
	else if (failure->placeholder)
		list = describe(failure->placeholder, failure->placeholder_length, r->arena);
	return shown <= 8 ? list : NULL;
}

static void explain(struct frr_reader *r, uint32_t first, bool no)
{
	struct failure failure;
	unsigned contexts = FRR_AT_TOP;
	for (enum frr_context at = r->context; at != FRR_AT_TOP; at = frr_outer(at))
		contexts |= at;
	fail_best(r, contexts, first, no, &failure);
	if (failure.reached == first)
		fail_best(r, 0xff, first, no, &failure); /* a near miss may belong elsewhere */
	const char *list = listed(r, &failure);
	if (failure.reached >= r->word_count) {
		const struct frr_word *last = &r->words[r->word_count - 1];
		diag_add(r->diags, DIAG_ERROR, "E301",
			 frr_reader_pos(r, last->at, last->length), "the line ends too early");
		if (list)
			diag_note(r->diags, "expected %s after `%s`", list, last->text);
		return;
	}
	const char *word = r->words[failure.reached].text;
	struct source_pos pos = word_pos(r, failure.reached);
	bool literal = failure.count > 0;
	if (!literal && failure.placeholder && !failure.too_much) {
		diag_add(r->diags, DIAG_ERROR, "E301", pos, "`%s` is not %s", word, list);
		return;
	}
	diag_add(r->diags, DIAG_ERROR, "E301", pos, "`%s` is not understood %s", word,
		 failure.too_much && !literal ? "at the end of this line" : "here");
	const char *near = nearest_word(word, failure.candidates, failure.count);
	if (near)
		diag_note(r->diags, "did you mean `%s`?", near);
	else if (list && failure.reached > first)
		diag_note(r->diags, "expected %s", list);
}

/* The line is right, but stands in the wrong place. */
static bool misplaced(struct frr_reader *r, uint32_t first, bool no)
{
	static const enum frr_context order[] = { FRR_AT_BGP, FRR_AT_INTERFACE, FRR_AT_ROUTE_MAP };
	struct frr_arg args[FRR_ARGS_MAX];
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (!find(r, order[i], first, no, args))
			continue;
		diag_add(r->diags, DIAG_ERROR, "E302", r->pos, "this line belongs under %s",
			 frr_context_name(order[i]));
		if (order[i] == FRR_AT_BGP && !r->config->bgp.present)
			diag_note(r->diags,
				  "write `router bgp AS` above it; AS is this router's own "
				  "number, which the other side's BGPPeer calls asNumber");
		else if (order[i] == FRR_AT_BGP)
			diag_note(r->diags, "write `router bgp %u` above it", r->config->bgp.as);
		return true;
	}
	return false;
}

static void read_line(struct frr_reader *r, const char *line, size_t length)
{
	struct frr_arg args[FRR_ARGS_MAX];
	if (!split(r, line, length) || r->word_count == 0 || r->words[0].text[0] == '!' ||
	    r->words[0].text[0] == '#')
		return;
	bool no = strcmp(r->words[0].text, "no") == 0 && r->word_count > 1;
	uint32_t first = no;
	bool swallow = r->context == FRR_AT_OTHER || r->context == FRR_AT_OTHER_FAMILY;
	bool indented = line[0] == ' ' || line[0] == '\t';
	bool family = strcmp(r->words[0].text, "address-family") == 0;
	for (enum frr_context at = r->context;; at = frr_outer(at)) {
		bool skip = (swallow && indented && at == FRR_AT_TOP) ||
			    (r->context == FRR_AT_OTHER_FAMILY && at == FRR_AT_BGP && !family);
		const struct frr_row *row = skip ? NULL : find(r, at, first, no, args);
		if (row) {
			r->context = at;
			run(r, row, args, no);
			return;
		}
		if (at == FRR_AT_TOP)
			break;
	}
	if (!swallow && !misplaced(r, first, no))
		explain(r, first, no);
}

static void read_all(struct frr_reader *r)
{
	const char *p = r->text->text, *end = p + r->text->length;
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t length = (size_t)((newline ? newline : end) - p);
		r->line = p;
		r->line_number++;
		read_line(r, p, length);
		p += length + (newline != NULL);
	}
}

static void read_into(struct diag_list *diags, struct frr_config *config,
		      const struct yaml_text *text)
{
	struct frr_reader *reader = arena_alloc(&diags->arena, sizeof(*reader));
	*reader = (struct frr_reader){ .diags = diags, .arena = &diags->arena, .text = text,
				       .config = config, .context = FRR_AT_TOP };
	read_all(reader);
}

const struct frr_config *frr_parse(struct diag_list *diags, const struct yaml_text *text,
				   enum model_kind kind)
{
	ASSERT(kind == MODEL_FRR || kind == MODEL_QUAGGA);
	struct frr_config *config = arena_alloc(&diags->arena, sizeof(*config));
	frr_config_init(config, kind);
	read_into(diags, config, text);
	return config;
}

const struct frr_config *frr_apply_lines(struct diag_list *diags, const struct frr_config *config,
					 const struct yaml_text *lines)
{
	struct frr_config *copy = frr_config_copy(&diags->arena, config);
	read_into(diags, copy, lines);
	return copy;
}
