/* Reading values out of YAML trees, and the words and numbers people write there. */
#include "topo/yaml.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/time.h"

static const struct yaml_pair *find_pair(const struct yaml_node *map, const char *key)
{
	if (!map || map->kind != YAML_MAPPING)
		return NULL;
	for (uint32_t i = 0; i < map->count; i++)
		if (strcmp(map->pairs[i].key->text, key) == 0)
			return &map->pairs[i];
	return NULL;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	const struct yaml_pair *pair = find_pair(map, key);
	return pair ? pair->value : NULL;
}

const struct yaml_node *yaml_key(const struct yaml_node *map, const char *key)
{
	const struct yaml_pair *pair = find_pair(map, key);
	return pair ? pair->key : NULL;
}

bool yaml_is(const struct yaml_node *node, const char *text)
{
	return node && node->kind == YAML_SCALAR && strcmp(node->text, text) == 0;
}

bool yaml_is_null(const struct yaml_node *node)
{
	if (!node)
		return true;
	if (node->kind != YAML_SCALAR || node->style != YAML_PLAIN || node->tag)
		return false;
	return node->length == 0 || yaml_is(node, "~") || yaml_is(node, "null");
}

const char *yaml_kind_name(enum yaml_kind kind)
{
	static const char *const names[] = { "text", "a mapping", "a list" };
	return names[kind];
}

bool yaml_want(struct diag_list *diags, const struct yaml_node *node, enum yaml_kind kind,
	       const char *what)
{
	if (node->kind == kind)
		return true;
	const char *got = yaml_is_null(node) ? "nothing" : yaml_kind_name(node->kind);
	diag_add(diags, DIAG_ERROR, "E110", node->pos, "%s must be %s, not %s", what,
		 yaml_kind_name(kind), got);
	return false;
}

const char *yaml_string(struct diag_list *diags, const struct yaml_node *node, const char *what)
{
	if (!yaml_want(diags, node, YAML_SCALAR, what))
		return NULL;
	if (yaml_is_null(node)) {
		diag_add(diags, DIAG_ERROR, "E110", node->pos, "%s has no value", what);
		return NULL;
	}
	return node->text;
}

static bool integer_parse(const char *text, size_t length, int64_t *out)
{
	size_t i = 0;
	bool negative = length > 0 && text[0] == '-';
	i += negative;
	if (i == length || length - i > 18)
		return false;
	int64_t value = 0;
	for (; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*out = negative ? -value : value;
	return true;
}

bool yaml_int(struct diag_list *diags, const struct yaml_node *node, const char *what, int64_t min,
	      int64_t max, int64_t *out)
{
	int64_t value;
	const char *text = yaml_string(diags, node, what);
	if (!text)
		return false;
	if (node->style != YAML_PLAIN || !integer_parse(text, node->length, &value)) {
		diag_add(diags, DIAG_ERROR, "E111", node->pos,
			 "%s must be a whole number, not \"%s\"", what, text);
		if (node->style != YAML_PLAIN)
			diag_note(diags, "the quotes make it text; leave them out");
		return false;
	}
	if (value < min || value > max) {
		diag_add(diags, DIAG_ERROR, "E111", node->pos,
			 "%s must be from %lld to %lld, not %s", what, (long long)min,
			 (long long)max, text);
		return false;
	}
	*out = value;
	return true;
}

bool yaml_bool(struct diag_list *diags, const struct yaml_node *node, const char *what, bool *out)
{
	const char *text = yaml_string(diags, node, what);
	if (!text)
		return false;
	if (node->style == YAML_PLAIN &&
	    (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
		*out = text[0] == 't';
		return true;
	}
	diag_add(diags, DIAG_ERROR, "E112", node->pos, "%s must be true or false, not \"%s\"", what,
		 text);
	if (node->style != YAML_PLAIN)
		diag_note(diags, "the quotes make it text; leave them out");
	return false;
}

/* ---- numbers with units ---------------------------------------------------------------------- */

struct unit {
	const char *name;
	int64_t scale;
};

/* number[.fraction]unit -> number * scale, exact or refused: no float comes near a result. */
static bool scaled_parse(const char *text, size_t length, const struct unit *units,
			 size_t unit_count, int64_t most, int64_t *out)
{
	size_t i = 0;
	int64_t whole = 0, fraction = 0, divisor = 1;
	if (length == 0 || text[0] < '0' || text[0] > '9')
		return false;
	for (; i < length && text[i] >= '0' && text[i] <= '9'; i++) {
		if (whole > most)
			return false;
		whole = whole * 10 + (text[i] - '0');
	}
	if (i < length && text[i] == '.') {
		size_t digits = ++i;
		for (; i < length && text[i] >= '0' && text[i] <= '9'; i++) {
			if (i - digits >= 9)
				return false;
			fraction = fraction * 10 + (text[i] - '0');
			divisor *= 10;
		}
		if (i == digits)
			return false;
	}
	for (size_t u = 0; u < unit_count; u++) {
		const struct unit *unit = &units[u];
		if (strlen(unit->name) != length - i || memcmp(unit->name, text + i, length - i))
			continue;
		if (whole > most / unit->scale)
			return false;
		/* fraction < 10^9, scale <= 3.6e12: the product may pass 2^63, so in two parts. */
		int64_t part = fraction * (unit->scale / divisor) +
			       fraction * (unit->scale % divisor) / divisor;
		if (fraction * (unit->scale % divisor) % divisor != 0)
			return false;
		*out = whole * unit->scale + part;
		return *out <= most;
	}
	return false;
}

#define UNITS(table) (table), sizeof(table) / sizeof((table)[0])

bool duration_parse(const char *text, size_t length, int64_t *ns)
{
	static const struct unit units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "ms", NS_PER_MS }, { "s", NS_PER_S },
		{ "m", 60 * NS_PER_S }, { "min", 60 * NS_PER_S }, { "h", 3600 * NS_PER_S },
	};
	bool negative = length > 1 && text[0] == '-';
	int64_t value = 0;
	text += negative;
	length -= negative;
	if (!(length == 1 && text[0] == '0') &&
	    !scaled_parse(text, length, UNITS(units), INT64_C(10) * 365 * 86400 * NS_PER_S, &value))
		return false;
	*ns = negative ? -value : value;
	return true;
}

bool rate_parse(const char *text, size_t length, uint64_t *bps)
{
	static const struct unit units[] = {
		{ "bit", 1 }, { "kbit", 1000 }, { "mbit", 1000000 }, { "gbit", 1000000000 },
		{ "tbit", INT64_C(1000000000000) },
	};
	int64_t value;
	if (!scaled_parse(text, length, UNITS(units), INT64_C(1000000000000000), &value))
		return false;
	*bps = (uint64_t)value;
	return true;
}

bool percent_parse(const char *text, size_t length, uint32_t *ppm)
{
	static const struct unit units[] = { { "%", 10000 } };
	int64_t value;
	if (!scaled_parse(text, length, UNITS(units), 1000000, &value))
		return false;
	*ppm = (uint32_t)value;
	return true;
}

bool yaml_duration(struct diag_list *diags, const struct yaml_node *node, const char *what,
		   int64_t *ns)
{
	int64_t ignored;
	const char *text = yaml_string(diags, node, what);
	if (!text)
		return false;
	if (duration_parse(text, node->length, ns))
		return true;
	diag_add(diags, DIAG_ERROR, "E113", node->pos,
		 "%s must be a time such as 1.5s, 10ms or 2m, not \"%s\"", what, text);
	if (integer_parse(text, node->length, &ignored))
		diag_note(diags, "a time needs its unit: %ss?", text);
	else if (strchr(text, ':'))
		diag_note(diags, "times are not written with colons: 90s or 1.5m instead of 1:30");
	return false;
}

bool yaml_rate(struct diag_list *diags, const struct yaml_node *node, const char *what,
	       uint64_t *bps)
{
	const char *text = yaml_string(diags, node, what);
	if (!text)
		return false;
	if (rate_parse(text, node->length, bps))
		return true;
	diag_add(diags, DIAG_ERROR, "E114", node->pos,
		 "%s must be a rate such as 10gbit, 100mbit or 64kbit, not \"%s\"", what, text);
	return false;
}

bool yaml_percent(struct diag_list *diags, const struct yaml_node *node, const char *what,
		  uint32_t *ppm)
{
	const char *text = yaml_string(diags, node, what);
	if (!text)
		return false;
	if (percent_parse(text, node->length, ppm))
		return true;
	diag_add(diags, DIAG_ERROR, "E115", node->pos,
		 "%s must be a share such as 0.1%%, at most 100%%, not \"%s\"", what, text);
	return false;
}

/* ---- did you mean? --------------------------------------------------------------------------- */

#define WORD_MAX 40u

/* Optimal string alignment distance: Levenshtein's, and neighbours exchanged count one. */
static uint32_t word_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
	uint32_t rows[3][WORD_MAX + 1];
	ASSERT(a_length <= WORD_MAX && b_length <= WORD_MAX);
	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = (uint32_t)j;
	for (size_t i = 1; i <= a_length; i++) {
		uint32_t *row = rows[i % 3], *above = rows[(i + 2) % 3];
		const uint32_t *second = rows[(i + 1) % 3];
		row[0] = (uint32_t)i;
		for (size_t j = 1; j <= b_length; j++) {
			uint32_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    second[j - 2] + 1 < best)
				best = second[j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[a_length % 3][b_length];
}

const char *nearest_word(const char *text, const char *const *candidates, size_t count)
{
	size_t length = strlen(text);
	const char *nearest = NULL;
	uint32_t best = UINT32_MAX;
	if (length == 0 || length > WORD_MAX)
		return NULL;
	size_t allowed = length / 3 > 2 ? length / 3 : 2;
	for (size_t i = 0; i < count; i++) {
		size_t other = strlen(candidates[i]);
		size_t apart = other > length ? other - length : length - other;
		/* At least that many letters are to be added or taken away. */
		if (other > WORD_MAX || apart > allowed)
			continue;
		uint32_t distance = word_distance(text, length, candidates[i], other);
		if (distance <= allowed && distance < length && distance < best) {
			best = distance;
			nearest = candidates[i];
		}
	}
	return nearest;
}

void yaml_known_keys(struct diag_list *diags, const struct yaml_node *map,
		     const char *const *known, const char *what)
{
	size_t count = 0;
	while (known[count])
		count++;
	if (!map || map->kind != YAML_MAPPING)
		return;
	for (uint32_t i = 0; i < map->count; i++) {
		const struct yaml_node *key = map->pairs[i].key;
		size_t k = 0;
		while (k < count && strcmp(known[k], key->text) != 0)
			k++;
		if (k < count)
			continue;
		diag_add(diags, DIAG_ERROR, "E109", key->pos, "%s has no \"%s\"", what, key->text);
		const char *near = nearest_word(key->text, known, count);
		if (near)
			diag_note(diags, "did you mean \"%s\"?", near);
	}
}
