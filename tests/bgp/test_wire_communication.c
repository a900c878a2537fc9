/* Shutdown communications: RFC 9003, RFC 8203, wrapped by RFC 8538. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bgp/wire/communication.h"
#include "tests/bgp/wire_bytes.h"

static void both_ways(void **state)
{
	(void)state;
	static char longest[256], more[300];
	memset(longest, 'x', 255);
	memset(more, 'x', 299);
	memcpy(more + 254, "\xc3\xa9", 2); /* octets 255 and 256: no room for all of it */
	const struct {
		const char *text, *heard;
		uint16_t data_length;
	} rows[] = {
		{ "maintenance", "maintenance", 12 },
		{ "W\xc3\xa4rme", "W\xc3\xa4rme", 7 },
		{ longest, longest, 256 },
		{ "", NULL, 1 },
		{ "a\nb\x7f", "a?b?", 5 },
		{ more, NULL, 255 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bgp_error error = { .code = 6, .subcode = 2 }, back;
		uint8_t room[512];
		struct writer out = writer_of(room, sizeof(room));
		struct text text;
		text_init(&text);
		bgp_communication_put(&error, rows[i].text);
		assert_int_equal(error.data_length, rows[i].data_length);
		bgp_notification_encode(&error, &out);
		assert_true(bgp_notification_decode(room + 19, writer_used(&out) - 19, &back));
		bool said = bgp_communication_get(&back, &text);
		if (rows[i].heard)
			assert_string_equal(text_string(&text), rows[i].heard);
		else if (rows[i].data_length == 1)
			assert_false(said);
		else
			assert_int_equal(text.length, 254);
		text_free(&text);
	}
}

static void what_is_heard(void **state)
{
	(void)state;
	static const struct {
		uint8_t code, subcode;
		const char *data;
		const char *heard; /* NULL: nothing */
	} rows[] = {
		{ 6, 2, "02 6869", "hi" },
		{ 6, 4, "02 6869", "hi" },
		{ 6, 2, "02 6869 ffff", "hi" },   /* what is behind does not count */
		{ 6, 9, "0602 02 6869", "hi" },   /* Hard Reset around 6/2 */
		{ 6, 9, "0601 02 6869", NULL },   /* ... around another */
		{ 6, 9, "06", NULL },
		{ 6, 3, "02 6869", NULL },
		{ 4, 2, "02 6869", NULL },
		{ 6, 2, "", NULL },
		{ 6, 2, "00", NULL },
		{ 6, 2, "03 6869", NULL },        /* longer than there is */
		{ 6, 2, "02 c328", NULL },        /* not UTF-8 */
		{ 6, 2, "02 68c3", NULL },        /* a character cut short */
		{ 6, 2, "03 efbfbd", "\xef\xbf\xbd" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bgp_error error;
		uint8_t data[64];
		struct text text;
		size_t length = hex_bytes(rows[i].data, data, sizeof(data));
		bgp_error_set(&error, rows[i].code, rows[i].subcode, data, length);
		text_init(&text);
		assert_int_equal(bgp_communication_get(&error, &text), rows[i].heard != NULL);
		assert_string_equal(text_string(&text), rows[i].heard ? rows[i].heard : "");
		text_free(&text);
	}
}

/* The longest one still fits when RFC 8538 puts two octets before it. */
static void longest_in_a_hard_reset(void **state)
{
	(void)state;
	struct bgp_error inner = { .code = 6, .subcode = 2 }, outer = { .code = 6, .subcode = 9 };
	char longest[256];
	struct text text;
	memset(longest, 'y', 255);
	longest[255] = '\0';
	bgp_communication_put(&inner, longest);
	outer.data[0] = 6;
	outer.data[1] = 2;
	memcpy(outer.data + 2, inner.data, inner.data_length);
	outer.data_length = (uint16_t)(inner.data_length + 2);
	text_init(&text);
	assert_true(bgp_communication_get(&outer, &text));
	assert_string_equal(text_string(&text), longest);
	text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(what_is_heard),
		cmocka_unit_test(longest_in_a_hard_reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
