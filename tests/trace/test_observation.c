/* The codec, tested by walking its own table: a field whose type has no test value, that is not
 * written, not read, or missing from the table, makes this fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <jansson.h>

#include "base/memory.h"
#include "base/text.h"
#include "trace/codec.h"
#include "trace/trace.h"

static uint32_t seed; /* counts up, so that no two fields get the same value */

static void fill(struct arena *arena, const struct field *fields, uint32_t count, char *base,
		 bool extreme);

static void fill_one(struct arena *arena, const struct field *field, char *base, bool extreme)
{
	void *at = base + field->offset;
	uint32_t n = ++seed;
	switch ((enum field_type)field->type) {
	case FIELD_BOOL: *(bool *)at = true; return;
	case FIELD_U8: *(uint8_t *)at = extreme ? UINT8_MAX : (uint8_t)(1 + n % 200); return;
	case FIELD_U32: *(uint32_t *)at = extreme ? UINT32_MAX : n; return;
	case FIELD_INDEX: *(uint32_t *)at = extreme ? UINT32_MAX : n; return;
	case FIELD_I64: *(int64_t *)at = extreme ? INT64_MIN : INT64_MAX - n; return;
	case FIELD_STRING:
		*(const char **)at = extreme ? "\"quoted\" \\ \x01\x1f\n\r\t caf\xc3\xa9 "
					       "\xe2\x86\x92 \xf0\x9f\x90\x84 </script>"
					     : arena_printf(arena, "text %u", n);
		return;
	case FIELD_ADDR:
		assert_true(extreme ? ip_addr_parse("2001:db8::42", 12, at) :
				      (*(struct ip_addr *)at = ip_addr_v4(0x0a000000 + n), true));
		return;
	case FIELD_PREFIX:
		if (extreme)
			assert_true(ip_prefix_parse("::/0", 4, false, at));
		else
			*(struct ip_prefix *)at =
				(struct ip_prefix){ ip_addr_v4(n << 8), (uint8_t)(24 + n % 9) };
		return;
	case FIELD_MAC:
		*(struct mac_addr *)at = (struct mac_addr){ { 2, 0xff, 0x0a, 0, 0, (uint8_t)n } };
		return;
	case FIELD_ENUM:
		*(unsigned *)at =
			extreme ? field->name_count - 1u : 1 + n % (field->name_count - 1u);
		return;
	case FIELD_OPTIONAL:
	case FIELD_OPTIONAL_ID:
		*(bool *)(base + field->beside) = true;
		*(uint32_t *)at = extreme ? UINT32_MAX : n;
		return;
	case FIELD_OBJECT: fill(arena, field->fields, field->field_count, at, extreme); return;
	case FIELD_LIST: {
		uint32_t items = extreme ? 9 : 2;
		char *list = arena_alloc(arena, (size_t)items * field->size);
		for (uint32_t i = 0; i < items; i++)
			fill(arena, field->fields, field->field_count,
			     list + (size_t)i * field->size, extreme);
		*(char **)at = list;
		*(uint32_t *)(void *)(base + field->beside) = items;
		return;
	}
	case FIELD_TYPES: break;
	}
	fail_msg("no test value for the type of field %s", field->key);
}

static void fill(struct arena *arena, const struct field *fields, uint32_t count, char *base,
		 bool extreme)
{
	for (uint32_t i = 0; i < count; i++)
		fill_one(arena, &fields[i], base, extreme);
}

static bool same_fields(const struct field *fields, uint32_t count, const char *a, const char *b);

static bool same(const struct field *field, const char *left, const char *right)
{
	const void *a = left + field->offset, *b = right + field->offset;
	switch ((enum field_type)field->type) {
	case FIELD_BOOL: return *(const bool *)a == *(const bool *)b;
	case FIELD_U8: return *(const uint8_t *)a == *(const uint8_t *)b;
	case FIELD_U32:
	case FIELD_INDEX: return *(const uint32_t *)a == *(const uint32_t *)b;
	case FIELD_I64: return *(const int64_t *)a == *(const int64_t *)b;
	case FIELD_STRING: return strcmp(*(char *const *)a, *(char *const *)b) == 0;
	case FIELD_ADDR:
		return ip_addr_equal(*(const struct ip_addr *)a, *(const struct ip_addr *)b);
	case FIELD_PREFIX:
		return ip_prefix_equal(*(const struct ip_prefix *)a, *(const struct ip_prefix *)b);
	case FIELD_MAC: return memcmp(a, b, sizeof(struct mac_addr)) == 0;
	case FIELD_ENUM: return *(const unsigned *)a == *(const unsigned *)b;
	case FIELD_OPTIONAL:
	case FIELD_OPTIONAL_ID: {
		bool set = *(const bool *)(left + field->beside);
		return set == *(const bool *)(right + field->beside) &&
		       (!set || *(const uint32_t *)a == *(const uint32_t *)b);
	}
	case FIELD_OBJECT: return same_fields(field->fields, field->field_count, a, b);
	case FIELD_LIST: {
		uint32_t items = *(const uint32_t *)(const void *)(left + field->beside);
		if (items != *(const uint32_t *)(const void *)(right + field->beside))
			return false;
		const char *x = *(char *const *)a, *y = *(char *const *)b;
		for (uint32_t i = 0; i < items; i++)
			if (!same_fields(field->fields, field->field_count,
					 x + (size_t)i * field->size, y + (size_t)i * field->size))
				return false;
		return true;
	}
	case FIELD_TYPES: break;
	}
	return false;
}

static bool same_fields(const struct field *fields, uint32_t count, const char *a, const char *b)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!same(&fields[i], a, b)) {
			print_error("field %s differs\n", fields[i].key);
			return false;
		}
	}
	return true;
}

static void round_trip(enum observation_kind kind, bool extreme, bool empty)
{
	struct arena arena;
	arena_init(&arena);
	const struct field_table *table = &observation_fields[kind];
	struct observation before = { .at_ns = 123456789012345, .sequence = 7, .kind = kind,
				      .node = extreme ? UINT32_MAX : 3 };
	if (!empty)
		fill(&arena, table->fields, table->count, (char *)&before, extreme);
	struct text text, again;
	text_init(&text);
	text_init(&again);
	observation_write(&before, &text);
	struct observation after;
	memset(&after, 0x5a, sizeof(after));
	if (!observation_read(text.data, text.length, &arena, &after))
		fail_msg("cannot read back %s", text_string(&text));
	assert_int_equal(after.at_ns, before.at_ns);
	assert_int_equal(after.sequence, before.sequence);
	assert_int_equal(after.kind, kind);
	assert_int_equal(after.node, before.node);
	if (!empty)
		assert_true(
			same_fields(table->fields, table->count, (char *)&before, (char *)&after));
	observation_write(&after, &again);
	assert_string_equal(text_string(&text), text_string(&again));
	json_error_t error;
	json_t *json = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		fail_msg("not JSON: %s in %s", error.text, text_string(&text));
	json_decref(json);
	/* Cut anywhere, it is refused, and nothing is read past the cut. */
	for (size_t cut = 0; cut < text.length; cut++) {
		char *part = memory_alloc(cut + 1);
		memcpy(part, text.data, cut);
		assert_false(observation_read(part, cut, &arena, &after));
		free(part);
	}
	text_free(&text);
	text_free(&again);
	arena_free(&arena);
}

static void every_field_survives(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < OBSERVE_KINDS; kind++) {
		assert_true(observation_fields[kind].count > 0);
		round_trip(kind, false, false);
		round_trip(kind, true, false);
		round_trip(kind, false, true);
	}
}

static void mark(const struct field *fields, uint32_t count, size_t base, uint8_t *covered)
{
	static const uint8_t sizes[FIELD_TYPES] = {
		[FIELD_BOOL] = sizeof(bool), [FIELD_U8] = 1, [FIELD_U32] = 4, [FIELD_INDEX] = 4,
		[FIELD_I64] = 8, [FIELD_STRING] = sizeof(char *),
		[FIELD_ADDR] = sizeof(struct ip_addr), [FIELD_PREFIX] = sizeof(struct ip_prefix),
		[FIELD_MAC] = sizeof(struct mac_addr), [FIELD_ENUM] = sizeof(unsigned),
		[FIELD_OPTIONAL] = 4, [FIELD_OPTIONAL_ID] = 4, [FIELD_LIST] = sizeof(void *),
	};
	for (uint32_t i = 0; i < count; i++) {
		const struct field *field = &fields[i];
		size_t at = base + field->offset;
		if (field->type == FIELD_OBJECT)
			mark(field->fields, field->field_count, at, covered);
		memset(covered + at, 1, sizes[field->type]);
		if (field->type == FIELD_OPTIONAL || field->type == FIELD_OPTIONAL_ID)
			covered[base + field->beside] = 1;
		if (field->type == FIELD_LIST)
			memset(covered + base + field->beside, 1, 4);
	}
}

/* Bytes no row of the table covers may only be padding, which is shorter than 8 bytes and so
 * shorter than any pointer, and ends at a multiple of four. */
static void no_field_is_missing(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < OBSERVE_KINDS; kind++) {
		const struct field_table *table = &observation_fields[kind];
		uint8_t covered[sizeof(struct observation)] = { 0 };
		mark(table->fields, table->count, 0, covered);
		size_t gap = 0, end = (size_t)table->start + table->size;
		for (size_t at = table->start; at <= end; at++) {
			if (at < end && !covered[at]) {
				gap++;
				continue;
			}
			if (gap > 7 || (gap && at % 4 != 0))
				fail_msg("%s: %zu bytes before byte %zu are in no field",
					 observation_kind_name(kind), gap, at - table->start);
			gap = 0;
		}
	}
}


/* Every name declared in the header between two marks, comments left out. */
static char *declarations(const char *from, const char *to)
{
	char *text = memory_zalloc(1 << 16);
	FILE *file = fopen(SIMRUN_SOURCE "/trace/observation.h", "r");
	assert_non_null(file);
	size_t length = fread(text, 1, (1 << 16) - 1, file), used = 0;
	fclose(file);
	text[length] = '\0';
	char *start = strstr(text, from), *end = strstr(text, to);
	assert_true(start && end && start < end);
	*end = '\0';
	for (char *p = start; *p; p++) {
		if (p[0] == '/' && p[1] == '*')
			p = strstr(p, "*/") + 1;
		else
			text[used++] = *p;
	}
	text[used] = '\0';
	return text;
}

static bool has_key(const struct field *fields, uint32_t count, const char *key)
{
	for (uint32_t i = 0; i < count; i++)
		if (strcmp(fields[i].key, key) == 0 ||
		    (fields[i].fields && has_key(fields[i].fields, fields[i].field_count, key)))
			return true;
	return false;
}

/* A flag hidden in padding is found by its name instead. */
static void every_declared_name_is_a_field(void **state)
{
	static const char exempt[] =
		" has_med has_local_pref has_originator hop_count "
		"at_ns sequence kind json json_length "
		"step node_state process session message path fib flow probe note ";
	(void)state;
	char *text = declarations("struct observed_next_hop {", "/* A frame"), *next = text;
	uint32_t names = 0;
	for (char *p = text; *p; p++) {
		if (*p != ';' && *p != ',')
			continue;
		char *begin = p;
		while (begin > next && (begin[-1] == '_' || isalnum((unsigned char)begin[-1])))
			begin--;
		char key[80], name[80];
		if (begin == p)
			continue;
		snprintf(key, sizeof(key), "\"%.*s\":", (int)(p - begin), begin);
		snprintf(name, sizeof(name), " %.*s ", (int)(p - begin), begin);
		bool found = strstr(exempt, name) != NULL;
		for (unsigned kind = 0; kind < OBSERVE_KINDS; kind++)
			found |= has_key(observation_fields[kind].fields,
					 observation_fields[kind].count, key);
		if (!found)
			fail_msg("%s is declared, but no table has it", key);
		names++;
	}
	assert_true(names > 80);
	free(text);
}

static void names_are_whole(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OBSERVE_KINDS; i++)
		assert_non_null(observation_kind_name(i));
	for (unsigned i = 0; i < DISPOSITIONS; i++)
		assert_non_null(disposition_name(i));
	for (unsigned i = 0; i < ROUTE_SOURCES; i++)
		assert_non_null(route_source_name(i));
	assert_true(disposition_success(DISPOSITION_ACCEPTED));
	assert_true(disposition_success(DISPOSITION_EXITS_NETWORK));
	assert_false(disposition_success(DISPOSITION_DENIED_IN));
	assert_false(disposition_success(DISPOSITION_NODE_DOWN));
}

/* The form itself is a contract: run databases hold it and digests are made of it. */
static void the_form_is_fixed(void **state)
{
	(void)state;
	struct observed_next_hop hops[2] = { { ip_addr_v4(0xac1f0d1b), "eth0" },
					     { { 0 }, "eth1" } };
	struct observation o = { .at_ns = 2214000000,
				 .sequence = 41,
				 .kind = OBSERVE_FIB,
				 .node = 0,
				 .fib = { .prefix = { ip_addr_v4(0xac1bd200), 26 },
					  .source = ROUTE_BGP,
					  .metric = 20,
					  .next_hops = hops,
					  .next_hop_count = 2 } };
	struct text text;
	text_init(&text);
	observation_write(&o, &text);
	assert_string_equal(text_string(&text),
			    "{\"sequence\":41,\"at_ns\":2214000000,\"kind\":\"fib\",\"node\":0,"
			    "\"data\":{\"prefix\":\"172.27.210.0/26\",\"removed\":false,"
			    "\"source\":\"bgp\",\"metric\":20,\"next_hops\":"
			    "[{\"via\":\"172.31.13.27\",\"interface\":\"eth0\"},"
			    "{\"via\":null,\"interface\":\"eth1\"}]}}");
	text_free(&text);
}

static void foreign_text_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"{}",
		"null",
		"{\"sequence\":01,\"at_ns\":0,\"kind\":\"note\",\"node\":null,\"data\":{\"text\":"
		"\"\"}}",
		"{\"sequence\":1,\"at_ns\":0,\"kind\":\"wish\",\"node\":null,\"data\":{\"text\":"
		"\"\"}}",
		"{\"sequence\":1,\"at_ns\":99999999999999999999,\"kind\":\"note\",\"node\":null,"
		"\"data\":{\"text\":\"\"}}",
		"{\"sequence\":1,\"at_ns\":0,\"kind\":\"note\",\"node\":4294967296,\"data\":{"
		"\"text\":\"\"}}",
		"{\"sequence\":1,\"at_ns\":0,\"kind\":\"note\",\"node\":null,\"data\":{\"text\":"
		"\"\\u0000\"}}",
		"{\"sequence\":1,\"at_ns\":0,\"kind\":\"note\",\"node\":null,\"data\":{\"text\":"
		"\"\\x\"}}",
		"{\"sequence\":1,\"at_ns\":0,\"kind\":\"note\",\"node\":null,\"data\":{\"text\":"
		"\"\",\"more\":1}}",
		"{\"sequence\":1,\"at_ns\":0,\"kind\":\"note\",\"node\":null,\"data\":{\"text\":"
		"\"\"}} ",
		"{\"sequence\":1,\"at_ns\":0,\"kind\":\"fib\",\"node\":1,\"data\":{\"prefix\":\"1."
		"2.3.4/33\",\"removed\":false,\"source\":\"bgp\",\"metric\":0,\"next_hops\":[]}}",
		"{\"sequence\":1,\"at_ns\":0,\"kind\":\"fib\",\"node\":1,\"data\":{\"prefix\":null,"
		"\"removed\":false,\"source\":\"luck\",\"metric\":0,\"next_hops\":[]}}",
	};
	struct arena arena;
	arena_init(&arena);
	struct observation o;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (observation_read(bad[i], strlen(bad[i]), &arena, &o))
			fail_msg("took %s", bad[i]);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_survives),
		cmocka_unit_test(no_field_is_missing),
		cmocka_unit_test(every_declared_name_is_a_field),
		cmocka_unit_test(names_are_whole),
		cmocka_unit_test(the_form_is_fixed),
		cmocka_unit_test(foreign_text_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
