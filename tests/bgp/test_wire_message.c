/* Framing, NOTIFICATION, ROUTE-REFRESH: RFC 4271 4.1 and 6.1, RFC 2918, RFC 7313, RFC 8654. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bgp/wire/message.h"
#include "tests/bgp/wire_bytes.h"

static enum bgp_frame_result frame(const char *hex, size_t max, struct bgp_frame *out,
				   struct bgp_error *error)
{
	static uint8_t bytes[70000];
	size_t length = hex_bytes(hex, bytes, sizeof(bytes));
	*out = (struct bgp_frame){ 0 };
	*error = (struct bgp_error){ 0 };
	return bgp_frame_next(bytes, length, max, out, error);
}

static void header_errors(void **state)
{
	(void)state;
	static const struct {
		const char *hex;
		uint8_t subcode;
		const char *data;
	} cases[] = {
		{ "fffffffffffffffffffffffffffffffe 0013 04", 1, "" },
		{ "00ffffffffffffffffffffffffffffff 0013 04", 1, "" },
		{ MARKER "0012 04", 2, "0012" },     /* below a header */
		{ MARKER "0000 02", 2, "0000" },
		{ MARKER "1001 02", 2, "1001" },     /* 4097 without RFC 8654 */
		{ MARKER "ffff 07", 2, "ffff" },     /* the length comes before the type */
		{ MARKER "001c 01", 2, "001c" },     /* OPEN below 29 */
		{ MARKER "0016 02", 2, "0016" },     /* UPDATE below 23 */
		{ MARKER "0014 03", 2, "0014" },     /* NOTIFICATION below 21 */
		{ MARKER "0014 04", 2, "0014" },     /* KEEPALIVE is 19 */
		{ MARKER "0013 00", 3, "00" },
		{ MARKER "0013 06", 3, "06" },
		{ MARKER "0013 ff", 3, "ff" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bgp_frame out;
		struct bgp_error error;
		assert_int_equal(frame(cases[i].hex, BGP_MESSAGE_MAX, &out, &error), BGP_FRAME_BAD);
		assert_int_equal(error.code, 1);
		assert_int_equal(error.subcode, cases[i].subcode);
		assert_bytes(error.data, error.data_length, cases[i].data);
	}
}

static void extended_messages(void **state)
{
	(void)state;
	struct bgp_frame out;
	struct bgp_error error;
	const size_t max = BGP_MESSAGE_MAX_EXTENDED;
	assert_int_equal(frame(MARKER "1001 02", max, &out, &error), BGP_FRAME_MORE);
	assert_int_equal(frame(MARKER "ffff 03", max, &out, &error), BGP_FRAME_MORE);
	assert_int_equal(frame(MARKER "1001 01", max, &out, &error), BGP_FRAME_BAD);
	assert_int_equal(error.subcode, 2);
	assert_int_equal(frame(MARKER "1001 04", max, &out, &error), BGP_FRAME_BAD);
	assert_int_equal(error.subcode, 2);
}

/* RFC 4271: TCP may cut the stream anywhere. */
static void any_segmentation(void **state)
{
	(void)state;
	uint8_t stream[200];
	size_t length = hex_bytes(MARKER "0013 04" MARKER "0017 02 00000000" MARKER "0015 03 0602"
				  MARKER "0017 05 00010001", stream, sizeof(stream));
	static const uint8_t types[] = { 4, 2, 3, 5 };
	size_t start = 0, found = 0;
	for (size_t have = 0; have <= length; have++) {
		uint8_t *copy = malloc(have - start + 1); /* so that an overrun is seen */
		memcpy(copy, stream + start, have - start);
		struct bgp_frame out;
		struct bgp_error error;
		enum bgp_frame_result result =
			bgp_frame_next(copy, have - start, BGP_MESSAGE_MAX, &out, &error);
		assert_int_not_equal(result, BGP_FRAME_BAD);
		if (result == BGP_FRAME_READY) {
			assert_int_equal(out.type, types[found++]);
			assert_ptr_equal(out.body, copy + BGP_HEADER_BYTES);
			assert_int_equal(out.total_length, have - start);
			assert_int_equal(out.body_length, out.total_length - BGP_HEADER_BYTES);
			start = have;
		}
		free(copy);
	}
	assert_int_equal(found, 4);
	assert_int_equal(start, length);
}

static void keepalive(void **state)
{
	(void)state;
	uint8_t room[19];
	struct writer out = writer_of(room, sizeof(room));
	bgp_keepalive_encode(&out);
	assert_false(out.failed);
	assert_bytes(room, writer_used(&out), MARKER "0013 04");
	bgp_keepalive_encode(&out);
	assert_true(out.failed);
	assert_int_equal(writer_used(&out), 19);
}

static void notification_both_ways(void **state)
{
	(void)state;
	struct bgp_error error, back;
	uint8_t room[512], long_data[300] = { 1, 2, 3 };
	bgp_error_set(&error, 2, 1, "\0\4", 2);
	struct writer out = writer_of(room, sizeof(room));
	bgp_notification_encode(&error, &out);
	assert_bytes(room, writer_used(&out), MARKER "0017 03 0201 0004");
	assert_true(bgp_notification_decode(room + 19, 4, &back));
	assert_int_equal(back.code, 2);
	assert_int_equal(back.subcode, 1);
	assert_bytes(back.data, back.data_length, "0004");
	assert_true(bgp_notification_decode(room + 19, 2, &back));
	assert_int_equal(back.data_length, 0);
	assert_false(bgp_notification_decode(room + 19, 1, &back));
	assert_false(bgp_notification_decode(room + 19, 0, &back));
	bgp_error_set(&error, 6, 2, long_data, sizeof(long_data));
	assert_int_equal(error.data_length, BGP_ERROR_DATA_MAX);
	out = writer_of(room, sizeof(room));
	bgp_notification_encode(&error, &out);
	assert_int_equal(writer_used(&out), 19 + 2 + BGP_ERROR_DATA_MAX);
	out = writer_of(room, 30);
	bgp_notification_encode(&error, &out);
	assert_true(out.failed);
}

static void refresh_both_ways(void **state)
{
	(void)state;
	struct bgp_route_refresh refresh = { .family = BGP_IPV6_UNICAST, .subtype = 2 }, back;
	struct bgp_error error;
	uint8_t room[64];
	struct writer out = writer_of(room, sizeof(room));
	bgp_route_refresh_encode(&refresh, &out);
	assert_bytes(room, writer_used(&out), MARKER "0017 05 0002 02 01");
	assert_true(bgp_route_refresh_decode(room + 19, 4, &back, &error));
	assert_int_equal(back.afi, 2);
	assert_int_equal(back.safi, 1);
	assert_int_equal(back.subtype, 2);
	assert_int_equal(back.family, BGP_IPV6_UNICAST);
	refresh = (struct bgp_route_refresh){ .afi = 25, .safi = 70 };
	out = writer_of(room, sizeof(room));
	bgp_route_refresh_encode(&refresh, &out);
	assert_bytes(room, writer_used(&out), MARKER "0017 05 0019 00 46");
	assert_true(bgp_route_refresh_decode(room + 19, 4, &back, &error));
	assert_int_equal(back.family, 0);
}

static void refresh_lengths(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		uint8_t code, subcode;
		const char *data;
	} cases[] = {
		{ "", 1, 2, "0013" },
		{ "000100", 1, 2, "0016" },
		{ "0001000100", 1, 2, "0018" },
		{ "000101", 7, 1, MARKER "0016 05 000101" },
		{ "0001020100", 7, 1, MARKER "0018 05 0001020100" },
		{ "0001030100", 1, 2, "0018" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t body[16];
		size_t length = hex_bytes(cases[i].body, body, sizeof(body));
		struct bgp_route_refresh refresh;
		struct bgp_error error;
		assert_false(bgp_route_refresh_decode(body, length, &refresh, &error));
		assert_int_equal(error.code, cases[i].code);
		assert_int_equal(error.subcode, cases[i].subcode);
		assert_bytes(error.data, error.data_length, cases[i].data);
	}
	uint8_t much[300] = { 0, 1, 1 };
	struct bgp_route_refresh refresh;
	struct bgp_error error;
	assert_false(bgp_route_refresh_decode(much, sizeof(much), &refresh, &error));
	assert_int_equal(error.data_length, BGP_ERROR_DATA_MAX);
}

/* Every code and subcode of the registry has a name of its own. */
static void every_error_is_named(void **state)
{
	(void)state;
	static const uint8_t subcodes[][12] = {
		[1] = { 0, 1, 2, 3, 255 },
		[2] = { 0, 1, 2, 3, 4, 5, 6, 7, 11, 255 },
		[3] = { 0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 255 },
		[4] = { 0, 255 },
		[5] = { 0, 1, 2, 3, 255 },
		[6] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255 },
		[7] = { 0, 1, 255 },
		[8] = { 0, 255 },
	};
	const char *seen[80];
	size_t count = 0;
	for (uint8_t code = 1; code <= 8; code++)
		for (size_t i = 0; subcodes[code][i] != 255; i++) {
			const char *name = bgp_error_name(code, subcodes[code][i]);
			assert_string_not_equal(name, "unknown error");
			for (size_t j = 0; j < count; j++)
				assert_string_not_equal(name, seen[j]);
			seen[count++] = name;
		}
	assert_string_equal(bgp_error_name(4, 0), "Hold Timer Expired");
	assert_string_equal(bgp_error_name(6, 2), "Cease/Administrative Shutdown");
	assert_string_equal(bgp_error_name(6, 200), "Cease");
	assert_string_equal(bgp_error_name(9, 1), "unknown error");
	assert_string_equal(bgp_error_name(0, 0), "unknown error");
}

static void names_and_families(void **state)
{
	(void)state;
	assert_string_equal(bgp_message_name(BGP_OPEN), "OPEN");
	assert_string_equal(bgp_message_name(BGP_ROUTE_REFRESH), "ROUTE-REFRESH");
	assert_string_equal(bgp_message_name(0), "unknown");
	assert_string_equal(bgp_message_name(6), "unknown");
	for (unsigned i = 0; i < BGP_FAMILIES; i++) {
		uint16_t afi = 0;
		uint8_t safi = 0;
		bgp_family_codes((uint8_t)(1u << i), &afi, &safi);
		assert_int_equal(bgp_family_of(afi, safi), 1u << i);
	}
	assert_int_equal(bgp_family_of(1, 2), 0);
	assert_int_equal(bgp_family_of(0, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_errors),
		cmocka_unit_test(extended_messages),
		cmocka_unit_test(any_segmentation),
		cmocka_unit_test(keepalive),
		cmocka_unit_test(notification_both_ways),
		cmocka_unit_test(refresh_both_ways),
		cmocka_unit_test(refresh_lengths),
		cmocka_unit_test(every_error_is_named),
		cmocka_unit_test(names_and_families),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
