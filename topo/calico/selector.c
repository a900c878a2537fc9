/* Reading is Dijkstra's shunting-yard: operands go to the program as they come, operators wait on a
 * stack until one that binds no tighter arrives. Matching is a stack of booleans. */
#include "topo/calico/selector.h"

#include <string.h>

#include "base/assert.h"

enum op_kind {
	OP_ALL, OP_HAS, OP_EQUAL, OP_DIFFER, OP_CONTAINS, OP_STARTS, OP_ENDS, OP_IN, OP_NOT_IN,
	OP_NOT, OP_AND, OP_OR, /* in order of binding, loosest last */
	OP_PAREN,
};

struct selector_op {
	enum op_kind kind;
	const char *key;
	const char **values; /* one string, or a set */
	size_t value_count;
};

struct reader {
	struct arena *arena;
	const char *text, *at, *end;
	struct selector_op *ops;
	size_t count, capacity;
	enum op_kind waiting[SELECTOR_DEPTH_MAX];
	size_t depth;
	struct selector_error *error;
};

static bool fail(struct reader *r, const char *at, size_t length, const char *text)
{
	*r->error = (struct selector_error){ (size_t)(at - r->text), length, text };
	return false;
}

static void skip_blanks(struct reader *r)
{
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
		r->at++;
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '/' || c == '-';
}

static bool take(struct reader *r, const char *word)
{
	size_t length = strlen(word);
	if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0)
		return false;
	r->at += length;
	return true;
}

static size_t name_length(const struct reader *r, const char *at)
{
	const char *p = at;
	while (p < r->end && is_name(*p))
		p++;
	return (size_t)(p - at);
}

static void emit(struct reader *r, struct selector_op op)
{
	if (r->count == r->capacity) {
		size_t capacity = r->capacity ? 2 * r->capacity : 4;
		struct selector_op *ops = arena_alloc(r->arena, capacity * sizeof(*ops));
		if (r->count)
			memcpy(ops, r->ops, r->count * sizeof(*ops));
		r->ops = ops;
		r->capacity = capacity;
	}
	r->ops[r->count++] = op;
}

static bool read_string(struct reader *r, const char **out)
{
	skip_blanks(r);
	if (r->at == r->end || (*r->at != '"' && *r->at != '\''))
		return fail(r, r->at, r->at < r->end, "expected a quoted string here");
	const char *start = r->at + 1;
	const char *close = memchr(start, *r->at, (size_t)(r->end - start));
	if (!close)
		return fail(r, r->at, (size_t)(r->end - r->at), "this string is not closed");
	*out = arena_strndup(r->arena, start, (size_t)(close - start));
	r->at = close + 1;
	return true;
}

static bool read_set(struct reader *r, struct selector_op *op)
{
	size_t capacity = 0;
	skip_blanks(r);
	if (!take(r, "{"))
		return fail(r, r->at, r->at < r->end, "expected a set such as {'a', 'b'} here");
	for (;;) {
		skip_blanks(r);
		if (take(r, "}"))
			return true;
		if (op->value_count == capacity) {
			capacity = capacity ? 2 * capacity : 4;
			const char **values = arena_alloc(r->arena, capacity * sizeof(*values));
			if (op->value_count)
				memcpy(values, op->values, op->value_count * sizeof(*values));
			op->values = values;
		}
		if (!read_string(r, &op->values[op->value_count]))
			return false;
		op->value_count++;
		skip_blanks(r);
		if (take(r, ","))
			continue;
		if (!take(r, "}"))
			return fail(r, r->at, r->at < r->end, "expected , or } here");
		return true;
	}
}

/* A word of one or two parts, blanks between them allowed: "starts with", "notin". */
static bool take_words(struct reader *r, const char *first, const char *second)
{
	const char *start = r->at;
	if (take(r, first)) {
		skip_blanks(r);
		if (take(r, second))
			return true;
	}
	r->at = start;
	return false;
}

static bool read_compare(struct reader *r, const char *key)
{
	static const struct {
		const char *first, *second;
		enum op_kind kind;
	} table[] = {
		{ "==", "", OP_EQUAL },	    { "!=", "", OP_DIFFER },
		{ "contains", "", OP_CONTAINS }, { "starts", "with", OP_STARTS },
		{ "ends", "with", OP_ENDS },     { "not", "in", OP_NOT_IN },
		{ "in", "", OP_IN },
	};
	skip_blanks(r);
	const char *start = r->at;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool one = !table[i].second[0];
		if (one ? !take(r, table[i].first)
			: !take_words(r, table[i].first, table[i].second))
			continue;
		struct selector_op op = { table[i].kind, key, NULL, 0 };
		bool set = op.kind == OP_IN || op.kind == OP_NOT_IN;
		if (set && r->at < r->end && is_name(*r->at))
			break;
		if (set) {
			if (!read_set(r, &op))
				return false;
		} else {
			op.values = arena_alloc(r->arena, sizeof(*op.values));
			op.value_count = 1;
			if (!read_string(r, op.values))
				return false;
		}
		emit(r, op);
		return true;
	}
	size_t length = name_length(r, start);
	return fail(r, start, length ? length : start < r->end,
		    "expected an operator after the label: ==, !=, in, not in, contains, "
		    "starts with or ends with");
}

/* all(), global() and has(id): nothing may stand between the word and its parenthesis. */
static bool take_call(struct reader *r, const char *word, bool *found)
{
	const char *start = r->at;
	*found = false;
	if (!take(r, word))
		return true;
	skip_blanks(r);
	if (take(r, ")"))
		*found = true;
	else
		r->at = start;
	return true;
}

static bool read_has(struct reader *r, bool *found)
{
	const char *start = r->at;
	*found = false;
	if (!take(r, "has("))
		return true;
	skip_blanks(r);
	const char *name = r->at;
	size_t length = name_length(r, name);
	r->at += length;
	skip_blanks(r);
	if (length == 0 || length > SELECTOR_LABEL_MAX || !take(r, ")"))
		return fail(r, start, (size_t)(r->at - start), "has(...) takes one label name");
	emit(r, (struct selector_op){ OP_HAS, arena_strndup(r->arena, name, length), NULL, 0 });
	*found = true;
	return true;
}

static bool read_operand(struct reader *r)
{
	static const char *const always[] = { "all(", "global(" };
	bool found;
	for (size_t i = 0; i < 2; i++) {
		take_call(r, always[i], &found);
		if (found) {
			emit(r, (struct selector_op){ OP_ALL, NULL, NULL, 0 });
			return true;
		}
	}
	if (!read_has(r, &found))
		return false;
	if (found)
		return true;
	const char *name = r->at;
	size_t length = name_length(r, name);
	if (length == 0)
		return fail(r, name, name < r->end,
			    "expected a label, has(), all(), ! or ( here");
	if (length > SELECTOR_LABEL_MAX)
		return fail(r, name, length, "this label name is longer than 512 characters");
	r->at += length;
	return read_compare(r, arena_strndup(r->arena, name, length));
}

static bool push(struct reader *r, enum op_kind kind, const char *at, size_t length)
{
	if (r->depth == SELECTOR_DEPTH_MAX)
		return fail(r, at, length, "too many parentheses and operators are open here");
	r->waiting[r->depth++] = kind;
	return true;
}

/* Moves to the program what binds tighter than `kind`, or as tight. */
static void settle(struct reader *r, enum op_kind kind)
{
	while (r->depth && r->waiting[r->depth - 1] <= kind)
		emit(r, (struct selector_op){ r->waiting[--r->depth], NULL, NULL, 0 });
}

/* Everything from a "!" or "(" up to the operand itself. */
static bool read_prefixes(struct reader *r)
{
	for (;;) {
		skip_blanks(r);
		const char *at = r->at;
		if (r->end - at >= 2 && at[0] == '!' && at[1] == '=')
			return fail(r, at, 2, "expected a label before !=");
		if (take(r, "!")) {
			if (!push(r, OP_NOT, at, 1))
				return false;
		} else if (take(r, "(")) {
			if (!push(r, OP_PAREN, at, 1))
				return false;
		} else {
			return true;
		}
	}
}

/* What may follow an operand; *more says whether another operand must. */
static bool read_suffixes(struct reader *r, bool *more)
{
	*more = false;
	for (;;) {
		settle(r, OP_NOT);
		skip_blanks(r);
		const char *at = r->at;
		if (at == r->end)
			return true;
		if (take(r, "&&") || take(r, "||")) {
			enum op_kind kind = *at == '&' ? OP_AND : OP_OR;
			settle(r, kind);
			*more = true;
			return push(r, kind, at, 2);
		}
		if (!take(r, ")")) {
			size_t length = name_length(r, at);
			return fail(r, at, length ? length : 1, "expected &&, || or the end here");
		}
		settle(r, OP_OR);
		if (r->depth == 0)
			return fail(r, at, 1, "this ) closes nothing");
		r->depth--;
	}
}

bool selector_parse(struct arena *arena, const char *text, size_t length, struct selector *out,
		    struct selector_error *error)
{
	struct reader r = { .arena = arena, .text = text, .at = text, .end = text + length,
			    .error = error };
	skip_blanks(&r);
	for (bool more = r.at < r.end; more;) {
		if (!read_prefixes(&r) || !read_operand(&r) || !read_suffixes(&r, &more))
			return false;
	}
	settle(&r, OP_OR);
	if (r.depth)
		return fail(&r, r.end, 0, "a ) is missing");
	*out = (struct selector){ r.ops, r.count };
	return true;
}

static const char *label_value(const struct selector_label *labels, size_t count, const char *key)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(labels[middle].key, key);
		if (order == 0)
			return labels[middle].value;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool in_set(const struct selector_op *op, const char *value)
{
	for (size_t i = 0; i < op->value_count; i++)
		if (strcmp(op->values[i], value) == 0)
			return true;
	return false;
}

/* A label that is not there differs from everything and is in no set. */
static bool compare(const struct selector_op *op, const char *value)
{
	if (!value)
		return op->kind == OP_DIFFER || op->kind == OP_NOT_IN;
	size_t have = strlen(value);
	size_t want = op->kind == OP_ENDS ? strlen(op->values[0]) : 0;
	switch (op->kind) {
	case OP_HAS: return true;
	case OP_EQUAL: return strcmp(value, op->values[0]) == 0;
	case OP_DIFFER: return strcmp(value, op->values[0]) != 0;
	case OP_CONTAINS: return strstr(value, op->values[0]) != NULL;
	case OP_STARTS: return strncmp(value, op->values[0], strlen(op->values[0])) == 0;
	case OP_ENDS: return have >= want && strcmp(value + have - want, op->values[0]) == 0;
	case OP_IN: return in_set(op, value);
	case OP_NOT_IN: return !in_set(op, value);
	default: UNREACHABLE();
	}
}

bool selector_matches(const struct selector *selector, const struct selector_label *labels,
		      size_t count)
{
	bool stack[SELECTOR_DEPTH_MAX + 1];
	size_t depth = 0;
	if (selector->count == 0)
		return true;
	for (size_t i = 0; i < selector->count; i++) {
		const struct selector_op *op = &selector->ops[i];
		if (op->kind == OP_NOT) {
			stack[depth - 1] = !stack[depth - 1];
		} else if (op->kind == OP_AND || op->kind == OP_OR) {
			bool right = stack[--depth];
			bool left = stack[depth - 1];
			stack[depth - 1] = op->kind == OP_AND ? left && right : left || right;
		} else {
			ASSERT(depth <= SELECTOR_DEPTH_MAX);
			stack[depth++] = op->kind == OP_ALL ||
					 compare(op, label_value(labels, count, op->key));
		}
	}
	ASSERT(depth == 1);
	return stack[0];
}
