/* Scalars as Calico's tools read them: yaml.v2 (YAML 1.1) to JSON to Go's types. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/calico/resource.h"

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

/* 12, +12, 1_000, 0x1F, 0b1, 017 */
static bool read_integer(const char *text, int64_t *out)
{
	char digits[72];
	size_t count = 0;
	const char *p = text + (*text == '-' || *text == '+');
	bool negative = *text == '-';
	int base = 10;
	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
		base = 16;
		p += 2;
	} else if (p[0] == '0' && (p[1] == 'b' || p[1] == 'B')) {
		base = 2;
		p += 2;
	} else if (p[0] == '0' && p[1]) {
		base = 8;
		p += 1 + (p[1] == 'o');
	}
	if (*p == '_')
		return false;
	for (; *p; p++) {
		if (*p == '_')
			continue;
		bool digit = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'f') ||
			     (*p >= 'A' && *p <= 'F');
		if (!digit || count >= 66)
			return false;
		digits[count++] = *p;
	}
	digits[count] = '\0';
	char *end;
	unsigned long long value = strtoull(digits, &end, base);
	if (count == 0 || *end || value > INT64_MAX)
		return false;
	*out = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

static bool is_float(const char *text)
{
	static const char *const names[] = { ".inf", ".Inf", ".INF", "+.inf", "-.inf", ".nan",
					     ".NaN", ".NAN", NULL };
	if (is_one_of(text, names))
		return true;
	const char *p = text + (*text == '-' || *text == '+');
	size_t before = strspn(p, "0123456789");
	p += before;
	size_t after = 0;
	if (*p == '.') {
		after = strspn(p + 1, "0123456789");
		p += 1 + after;
	}
	if (before + after == 0)
		return false;
	if (*p == 'e' || *p == 'E') {
		p += 1 + (p[1] == '-' || p[1] == '+');
		size_t digits = strspn(p, "0123456789");
		if (digits == 0)
			return false;
		p += digits;
	}
	return *p == '\0';
}

enum calico_scalar calico_scalar_of(const struct yaml_node *node, bool *truth, int64_t *integer)
{
	static const char *const yes[] = { "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE",
					   "on", "On", "ON", NULL };
	static const char *const no[] = { "n", "N", "no", "No", "NO", "false", "False", "FALSE",
					  "off", "Off", "OFF", NULL };
	static const char *const null[] = { "", "~", "null", "Null", "NULL", NULL };
	if (!node || (node->kind == YAML_SCALAR && node->style == YAML_PLAIN &&
		      is_one_of(node->text, null)))
		return CALICO_NULL;
	bool text_tag = node->tag && strcmp(node->tag, "tag:yaml.org,2002:str") == 0;
	if (node->kind != YAML_SCALAR || node->style != YAML_PLAIN || text_tag)
		return CALICO_STRING;
	*truth = is_one_of(node->text, yes);
	if (*truth || is_one_of(node->text, no))
		return CALICO_BOOL;
	if (read_integer(node->text, integer))
		return CALICO_INTEGER;
	return is_float(node->text) ? CALICO_FLOAT : CALICO_STRING;
}

/* Go's shortest text of a float64; decimals without exponent are the ones people write. */
static const char *float_text(struct arena *arena, const char *text)
{
	char buffer[40];
	double value = strtod(text, NULL);
	if (strpbrk(text, "nN"))
		return text[0] == '-' ? "-Inf" : strpbrk(text, "iI") ? "+Inf" : "NaN";
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(buffer, sizeof(buffer), "%.*g", digits, value);
		if (strtod(buffer, NULL) == value)
			break;
	}
	return arena_strdup(arena, buffer);
}

const char *calico_scalar_text(struct arena *arena, const struct yaml_node *node)
{
	bool truth = false;
	int64_t integer = 0;
	switch (calico_scalar_of(node, &truth, &integer)) {
	case CALICO_BOOL: return truth ? "true" : "false";
	case CALICO_INTEGER: return arena_printf(arena, "%lld", (long long)integer);
	case CALICO_FLOAT: return float_text(arena, node->text);
	case CALICO_NULL: return "";
	case CALICO_STRING: break;
	}
	return node->text;
}

static bool read_number(const char **at, uint64_t limit, uint64_t *out)
{
	const char *p = *at;
	uint64_t value = 0;
	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		value = value * 10 + (uint64_t)(*p - '0');
		if (value > limit)
			return false;
	}
	*at = p;
	*out = value;
	return true;
}

bool calico_as_parse(const char *text, uint32_t *as)
{
	uint64_t high, low;
	const char *p = text;
	if (!read_number(&p, UINT32_MAX, &high))
		return false;
	if (*p == '\0') {
		*as = (uint32_t)high;
		return true;
	}
	if (*p++ != '.' || high > UINT16_MAX || !read_number(&p, UINT16_MAX, &low) || *p)
		return false;
	*as = (uint32_t)(high << 16 | low);
	return true;
}

bool calico_go_duration(const char *text, int64_t *ns)
{
	static const struct {
		const char *unit;
		int64_t ns;
	} units[] = { { "ns", 1 },	       { "us", 1000 },		{ "ms", 1000000 },
		      { "s", 1000000000 },     { "m", 60000000000 },	{ "h", 3600000000000 } };
	const char *p = text;
	int64_t sum = 0;
	if (strcmp(text, "0") == 0) {
		*ns = 0;
		return true;
	}
	do {
		uint64_t whole = 0, fraction = 0;
		int64_t scale = 1;
		if (!read_number(&p, 1000000000, &whole) && *p != '.')
			return false;
		if (*p == '.') {
			const char *start = ++p;
			if (!read_number(&p, 999999999, &fraction) || p - start > 9)
				return false;
			for (const char *q = start; q < p; q++)
				scale *= 10;
		}
		size_t i = 0, length = strspn(p, "nusmh");
		while (i < 6 && (strlen(units[i].unit) != length ||
				 memcmp(units[i].unit, p, length) != 0))
			i++;
		if (i == 6 || whole > (uint64_t)(INT64_MAX / 4 / units[i].ns))
			return false;
		sum += (int64_t)whole * units[i].ns + (int64_t)fraction * (units[i].ns / scale);
		if (sum > INT64_MAX / 4)
			return false;
		p += length;
	} while (*p);
	*ns = sum;
	return true;
}

bool calico_peer_ip(const char *text, struct ip_addr *addr, uint16_t *port)
{
	size_t length = strlen(text);
	*port = 0;
	if (ip_addr_parse(text, length, addr))
		return true;
	bool bracket = text[0] == '[';
	const char *colon = bracket ? strstr(text, "]:") : strchr(text, ':');
	if (!colon)
		return false;
	size_t host = (size_t)(colon - text) - bracket;
	const char *p = colon + 1 + bracket;
	uint64_t value;
	if (!read_number(&p, UINT16_MAX, &value) || *p || value == 0 ||
	    !ip_addr_parse(text + bracket, host, addr) ||
	    addr->family != (bracket ? IP_V6 : IP_V4))
		return false;
	*port = (uint16_t)value;
	return true;
}

bool calico_community(const char *text, uint32_t *value, bool *large)
{
	uint64_t part[3] = { 0 };
	unsigned count = 0;
	for (const char *p = text;;) {
		if (count == 3 || !read_number(&p, UINT32_MAX, &part[count++]))
			return false;
		if (*p == '\0')
			break;
		if (*p++ != ':')
			return false;
	}
	*large = count == 3;
	*value = (uint32_t)(part[0] << 16 | part[1]);
	return count == 3 || (count == 2 && part[0] <= UINT16_MAX && part[1] <= UINT16_MAX);
}

bool calico_base64(struct arena *arena, const char *text, const char **out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t length = strlen(text), count = 0;
	char *bytes = arena_alloc(arena, length + 1);
	uint32_t bits = 0;
	unsigned have = 0;
	for (const char *p = text; *p && *p != '='; p++) {
		const char *digit = strchr(digits, *p);
		if (*p == '\n' || *p == '\r')
			continue;
		if (!digit)
			return false;
		bits = bits << 6 | (uint32_t)(digit - digits);
		have += 6;
		if (have >= 8) {
			have -= 8;
			bytes[count++] = (char)(bits >> have & 0xff);
		}
	}
	if (memchr(bytes, '\0', count))
		return false;
	*out = bytes;
	return true;
}

bool calico_dns_name(const char *name)
{
	size_t length = strlen(name);
	char last = '.';
	if (length == 0 || length > 253)
		return false;
	for (const char *p = name; *p; p++) {
		bool alnum = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9');
		if (!alnum && (last == '.' || (*p != '-' && *p != '.')))
			return false;
		if (*p == '.' && last == '-')
			return false;
		last = *p;
	}
	return last != '.' && last != '-';
}
