/* Observation to canonical JSON. Written for every observation of a run, so it goes straight to
 * the text, number by number, with no format strings on the way. */
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "trace/codec.h"
#include "trace/trace.h"

#define DIGITS_MAX 20
#define LITERAL(text, literal) text_add(text, literal, sizeof(literal) - 1)

/* Writes backwards from `end` and returns the first digit. */
static char *digits(uint64_t value, char *end)
{
	do {
		*--end = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	return end;
}

static void put_unsigned(struct text *out, uint64_t value)
{
	char room[DIGITS_MAX], *end = room + sizeof(room), *start = digits(value, end);
	text_add(out, start, (size_t)(end - start));
}

static void put_signed(struct text *out, int64_t value)
{
	if (value < 0)
		text_char(out, '-');
	put_unsigned(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* The address, with its quotes if `quote`, and "/length" unless that is negative. */
static void put_addr(struct text *out, struct ip_addr addr, int length)
{
	char room[IP_TEXT_MAX + 2], *end = room + sizeof(room), *at = end;
	if (addr.family != IP_V4) {
		text_char(out, '"');
		text_put(out, ip_addr_format(addr, room));
		if (length >= 0) {
			text_char(out, '/');
			put_unsigned(out, (uint64_t)length);
		}
		text_char(out, '"');
		return;
	}
	*--at = '"';
	if (length >= 0) {
		at = digits((uint64_t)length, at);
		*--at = '/';
	}
	for (int i = 3; i >= 0; i--) {
		at = digits(addr.bytes[i], at);
		*--at = i ? '.' : '"';
	}
	text_add(out, at, (size_t)(end - at));
}

static void put_string(struct text *out, const char *string)
{
	if (!string)
		string = "";
	size_t length = 0;
	for (unsigned char c; (c = (unsigned char)string[length]) != 0; length++) {
		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') {
			text_json(out, string);
			return;
		}
	}
	text_char(out, '"');
	text_add(out, string, length);
	text_char(out, '"');
}

static void put_fields(struct text *out, const struct field *fields, uint32_t count,
		       const char *base);

static void put_list(struct text *out, const struct field *field, const char *base)
{
	const char *items = *(const char *const *)(const void *)(base + field->offset);
	uint32_t count = *(const uint32_t *)(const void *)(base + field->beside);
	text_char(out, '[');
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			text_char(out, ',');
		put_fields(out, field->fields, field->field_count,
			   items + (size_t)i * field->size);
	}
	text_char(out, ']');
}

static void put_name(struct text *out, const struct field *field, const void *at)
{
	unsigned value = *(const unsigned *)at;
	ASSERT(value < field->name_count);
	put_string(out, field->names[value]);
}

static void put_optional(struct text *out, const struct field *field, const char *base)
{
	uint32_t value = *(const uint32_t *)(const void *)(base + field->offset);
	if (!*(const bool *)(base + field->beside))
		LITERAL(out, "null");
	else if (field->type == FIELD_OPTIONAL)
		put_unsigned(out, value);
	else
		put_addr(out, ip_addr_v4(value), -1);
}

static void put_location(struct text *out, struct ip_addr addr, int length)
{
	if (addr.family == IP_NONE)
		LITERAL(out, "null");
	else
		put_addr(out, addr, length);
}

static void put_value(struct text *out, const struct field *field, const char *base)
{
	const void *at = base + field->offset;
	char room[IP_TEXT_MAX];
	switch ((enum field_type)field->type) {
	case FIELD_BOOL:
		text_put(out, *(const bool *)at ? "true" : "false");
		return;
	case FIELD_U8: put_unsigned(out, *(const uint8_t *)at); return;
	case FIELD_U32: put_unsigned(out, *(const uint32_t *)at); return;
	case FIELD_INDEX:
		if (*(const uint32_t *)at == UINT32_MAX)
			LITERAL(out, "null");
		else
			put_unsigned(out, *(const uint32_t *)at);
		return;
	case FIELD_I64: put_signed(out, *(const int64_t *)at); return;
	case FIELD_STRING: put_string(out, *(const char *const *)at); return;
	case FIELD_ADDR: put_location(out, *(const struct ip_addr *)at, -1); return;
	case FIELD_PREFIX: {
		const struct ip_prefix *prefix = at;
		put_location(out, prefix->addr, prefix->length);
		return;
	}
	case FIELD_MAC:
		put_string(out, mac_addr_format(*(const struct mac_addr *)at, room));
		return;
	case FIELD_ENUM: put_name(out, field, at); return;
	case FIELD_OPTIONAL:
	case FIELD_OPTIONAL_ID: put_optional(out, field, base); return;
	case FIELD_OBJECT: put_fields(out, field->fields, field->field_count, at); return;
	case FIELD_LIST: put_list(out, field, base); return;
	case FIELD_TYPES: break;
	}
	UNREACHABLE();
}

/* Calls itself through put_value as deep as the tables nest: three levels. */
static void put_fields(struct text *out, const struct field *fields, uint32_t count,
		       const char *base)
{
	char before = '{';
	for (uint32_t i = 0; i < count; i++) {
		text_char(out, before);
		text_add(out, fields[i].key, fields[i].key_length);
		put_value(out, &fields[i], base);
		before = ',';
	}
	text_char(out, '}');
}

void observation_write_data(const struct observation *observation, struct text *out)
{
	ASSERT(observation->kind < OBSERVE_KINDS);
	const struct field_table *table = &observation_fields[observation->kind];
	put_fields(out, table->fields, table->count, (const char *)observation);
}

void observation_write(const struct observation *observation, struct text *out)
{
	LITERAL(out, "{\"sequence\":");
	put_unsigned(out, observation->sequence);
	LITERAL(out, ",\"at_ns\":");
	put_signed(out, observation->at_ns);
	LITERAL(out, ",\"kind\":");
	put_string(out, observation_kind_name(observation->kind));
	LITERAL(out, ",\"node\":");
	if (observation->node == UINT32_MAX)
		LITERAL(out, "null");
	else
		put_unsigned(out, observation->node);
	LITERAL(out, ",\"data\":");
	observation_write_data(observation, out);
	text_char(out, '}');
}
