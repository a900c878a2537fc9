/* Canonical JSON to observation. It reads exactly what write.c writes, fields in that order, and
 * refuses all else: a run database is data from outside, and half an observation is none. */
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "trace/codec.h"
#include "trace/trace.h"

struct json {
	const char *at, *end;
	struct arena *arena;
	bool failed;
};

static bool take(struct json *json, const char *literal, size_t length)
{
	if (json->failed || (size_t)(json->end - json->at) < length ||
	    memcmp(json->at, literal, length) != 0)
		return false;
	json->at += length;
	return true;
}
#define TAKE(json, literal) take(json, literal, sizeof(literal) - 1)

static void expect(struct json *json, const char *literal, size_t length)
{
	if (!take(json, literal, length))
		json->failed = true;
}
#define EXPECT(json, literal) expect(json, literal, sizeof(literal) - 1)

static uint64_t get_unsigned(struct json *json, uint64_t max)
{
	const char *start = json->at;
	uint64_t value = 0;
	while (!json->failed && json->at < json->end && *json->at >= '0' && *json->at <= '9') {
		unsigned digit = (unsigned)(*json->at++ - '0');
		if (value > (UINT64_MAX - digit) / 10)
			json->failed = true;
		else
			value = value * 10 + digit;
	}
	if (json->at == start || (*start == '0' && json->at > start + 1) || value > max)
		json->failed = true;
	return json->failed ? 0 : value;
}

static int64_t get_signed(struct json *json)
{
	bool negative = TAKE(json, "-");
	uint64_t size = get_unsigned(json, (uint64_t)INT64_MAX + negative);
	return (int64_t)(negative ? 0 - size : size);
}

static unsigned hex_digit(struct json *json)
{
	char c = json->at < json->end ? *json->at : '\0';
	json->at += json->at < json->end;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a' + 10);
	json->failed = true;
	return 0;
}

/* The character behind a backslash: what text_json writes, and no more. */
static char get_escape(struct json *json)
{
	char c = json->at < json->end ? *json->at++ : '\0';
	switch (c) {
	case '"': case '\\': return c;
	case 'n': return '\n';
	case 't': return '\t';
	case 'r': return '\r';
	case 'u': break;
	default: json->failed = true; return ' ';
	}
	unsigned code = 0;
	for (int i = 0; i < 4; i++)
		code = code << 4 | hex_digit(json);
	if (code == 0 || code >= 0x20)
		json->failed = true;
	return (char)(code & 0x1f);
}

/* The bytes of a string, or NULL. Plain ones are where they stand, others are copied. */
static const char *get_bytes(struct json *json, size_t *length)
{
	EXPECT(json, "\"");
	const char *start = json->at;
	bool escaped = false;
	for (; !json->failed; json->at++) {
		if (json->at >= json->end || (unsigned char)*json->at < 0x20)
			json->failed = true;
		else if (*json->at == '"')
			break;
		else if (*json->at == '\\') {
			escaped = true;
			json->at++;
		}
	}
	if (json->failed || json->at >= json->end) {
		json->failed = true;
		return NULL;
	}
	const char *end = json->at++;
	*length = (size_t)(end - start);
	if (!escaped)
		return start;
	char *copy = arena_alloc(json->arena, *length + 1);
	struct json inner = { start, end, json->arena, false };
	size_t used = 0;
	while (inner.at < inner.end && !inner.failed) {
		char c = *inner.at++;
		copy[used++] = c == '\\' ? get_escape(&inner) : c;
	}
	json->failed = inner.failed;
	*length = used;
	return copy;
}

static const char *get_string(struct json *json)
{
	size_t length;
	const char *bytes = get_bytes(json, &length);
	if (!bytes || json->failed)
		return "";
	return length ? arena_strndup(json->arena, bytes, length) : "";
}

static void get_addr(struct json *json, struct ip_addr *addr)
{
	size_t length;
	if (TAKE(json, "null"))
		return;
	const char *bytes = get_bytes(json, &length);
	if (!bytes || !ip_addr_parse(bytes, length, addr))
		json->failed = true;
}

static void get_prefix(struct json *json, struct ip_prefix *prefix)
{
	size_t length;
	if (TAKE(json, "null"))
		return;
	const char *bytes = get_bytes(json, &length);
	if (!bytes || !ip_prefix_parse(bytes, length, false, prefix))
		json->failed = true;
}

static void get_mac(struct json *json, struct mac_addr *mac)
{
	EXPECT(json, "\"");
	for (int i = 0; i < 6 && !json->failed; i++) {
		if (i)
			EXPECT(json, ":");
		unsigned high = hex_digit(json);
		mac->bytes[i] = (uint8_t)(high << 4 | hex_digit(json));
	}
	EXPECT(json, "\"");
}

static unsigned get_name(struct json *json, const char *const *names, unsigned count)
{
	size_t length;
	const char *bytes = get_bytes(json, &length);
	for (unsigned i = 0; bytes && i < count; i++)
		if (strlen(names[i]) == length && memcmp(names[i], bytes, length) == 0)
			return i;
	json->failed = true;
	return 0;
}

static void get_optional(struct json *json, const struct field *field, char *base)
{
	bool *set = (bool *)(base + field->beside);
	uint32_t *value = (uint32_t *)(void *)(base + field->offset);
	*set = !TAKE(json, "null");
	if (!*set)
		return;
	if (field->type == FIELD_OPTIONAL) {
		*value = (uint32_t)get_unsigned(json, UINT32_MAX);
		return;
	}
	struct ip_addr addr = { 0 };
	get_addr(json, &addr);
	if (addr.family != IP_V4)
		json->failed = true;
	*value = ip_addr_to_v4(addr);
}

static void get_fields(struct json *json, const struct field *fields, uint32_t count, char *base);

static void get_list(struct json *json, const struct field *field, char *base)
{
	char *items = NULL;
	uint32_t count = 0, capacity = 0;
	EXPECT(json, "[");
	bool done = TAKE(json, "]");
	while (!done && !json->failed) {
		if (count == capacity) {
			uint32_t larger = capacity ? capacity * 2 : 4;
			char *moved = arena_alloc(json->arena, (size_t)larger * field->size);
			if (count)
				memcpy(moved, items, (size_t)count * field->size);
			items = moved;
			capacity = larger;
		}
		get_fields(json, field->fields, field->field_count,
			   items + (size_t)count * field->size);
		count++;
		done = TAKE(json, "]");
		if (!done)
			EXPECT(json, ",");
	}
	*(char **)(void *)(base + field->offset) = items;
	*(uint32_t *)(void *)(base + field->beside) = count;
}

static bool get_bool(struct json *json)
{
	bool value = TAKE(json, "true");
	if (!value)
		EXPECT(json, "false");
	return value;
}

static void get_value(struct json *json, const struct field *field, char *base)
{
	void *at = base + field->offset;
	switch ((enum field_type)field->type) {
	case FIELD_BOOL: *(bool *)at = get_bool(json); return;
	case FIELD_U8: *(uint8_t *)at = (uint8_t)get_unsigned(json, UINT8_MAX); return;
	case FIELD_U32: *(uint32_t *)at = (uint32_t)get_unsigned(json, UINT32_MAX); return;
	case FIELD_INDEX:
		*(uint32_t *)at = TAKE(json, "null") ?
			UINT32_MAX : (uint32_t)get_unsigned(json, UINT32_MAX - 1);
		return;
	case FIELD_I64: *(int64_t *)at = get_signed(json); return;
	case FIELD_STRING: *(const char **)at = get_string(json); return;
	case FIELD_ADDR: get_addr(json, at); return;
	case FIELD_PREFIX: get_prefix(json, at); return;
	case FIELD_MAC: get_mac(json, at); return;
	case FIELD_ENUM: *(unsigned *)at = get_name(json, field->names, field->name_count); return;
	case FIELD_OPTIONAL:
	case FIELD_OPTIONAL_ID: get_optional(json, field, base); return;
	case FIELD_OBJECT: get_fields(json, field->fields, field->field_count, at); return;
	case FIELD_LIST: get_list(json, field, base); return;
	case FIELD_TYPES: break;
	}
	UNREACHABLE();
}

/* Calls itself through get_value as deep as the tables nest, whatever the text says. */
static void get_fields(struct json *json, const struct field *fields, uint32_t count, char *base)
{
	for (uint32_t i = 0; i < count && !json->failed; i++) {
		expect(json, i ? "," : "{", 1);
		expect(json, fields[i].key, fields[i].key_length);
		get_value(json, &fields[i], base);
	}
	EXPECT(json, "}");
}

static void get_data(struct json *json, struct observation *observation)
{
	const struct field_table *table = &observation_fields[observation->kind];
	memset((char *)observation + table->start, 0, table->size);
	get_fields(json, table->fields, table->count, (char *)observation);
}

bool observation_read_data(const char *text, size_t length, struct arena *arena,
			   struct observation *observation)
{
	ASSERT(observation->kind < OBSERVE_KINDS);
	struct json json = { text, text + length, arena, false };
	get_data(&json, observation);
	return !json.failed && json.at == json.end;
}

bool observation_read(const char *text, size_t length, struct arena *arena,
		      struct observation *observation)
{
	struct json json = { text, text + length, arena, false };
	*observation = (struct observation){ 0 };
	EXPECT(&json, "{\"sequence\":");
	observation->sequence = get_unsigned(&json, UINT64_MAX);
	EXPECT(&json, ",\"at_ns\":");
	observation->at_ns = get_signed(&json);
	EXPECT(&json, ",\"kind\":");
	observation->kind = get_name(&json, observation_kind_names, OBSERVE_KINDS);
	EXPECT(&json, ",\"node\":");
	observation->node = TAKE(&json, "null") ?
		UINT32_MAX : (uint32_t)get_unsigned(&json, UINT32_MAX - 1);
	EXPECT(&json, ",\"data\":");
	if (!json.failed)
		get_data(&json, observation);
	EXPECT(&json, "}");
	return !json.failed && json.at == json.end;
}
