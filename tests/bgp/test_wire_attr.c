/* The attribute table row by row, RFC 7606's answers, and AS_PATH arithmetic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bgp/wire/update.h"
#include "tests/bgp/wire_bytes.h"

#define BOTH (BGP_IPV4_UNICAST | BGP_IPV6_UNICAST)
static const struct bgp_codec internal = { .as4 = true, .families = BOTH };
static const struct bgp_codec external = { .as4 = true, .external = true, .families = BOTH };
static const struct bgp_codec internal_old = { .families = BOTH };

static struct arena arena;
static struct bgp_attrs attrs;
static struct bgp_error error;
static uint8_t bad;

static int arena_up(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int arena_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* Sets borrow their bytes, so these live as long as the tests. */
static uint8_t *bytes_of(const char *hex, size_t *length)
{
	static uint8_t room[70000];
	*length = hex_bytes(hex, room, sizeof(room));
	uint8_t *copy = arena_alloc(&arena, *length + 1);
	return memcpy(copy, room, *length);
}

static enum bgp_outcome decode(const char *hex, const struct bgp_codec *codec)
{
	size_t length;
	uint8_t *bytes = bytes_of(hex, &length);
	return bgp_attrs_decode(bytes, length, codec, true, true, &arena, &attrs, &bad, &error);
}

static void assert_encodes(const struct bgp_codec *codec, const char *hex)
{
	static uint8_t room[65536];
	struct writer out = writer_of(room, sizeof(room));
	bgp_attrs_encode(&attrs, codec, &out);
	assert_false(out.failed);
	assert_bytes(room, writer_used(&out), hex);
}

static void assert_prints(const char *wanted)
{
	struct text text;
	text_init(&text);
	bgp_attrs_print(&attrs, &text);
	assert_string_equal(text_string(&text), wanted);
	text_free(&text);
}

/* ORIGIN, AS_PATH and NEXT_HOP, then LOCAL_PREF: what every iBGP announcement has. */
#define BASE "40010100 4002060201000000c8 4003040a000002 "
#define LP "40050400000064 "

/* One row an attribute: a good value, how it prints, and values that are bad with what RFC 7606
 * makes of them from an internal and from an external peer. Subcode: RFC 4271 6.3. */
struct bad_value {
	const char *hex;
	enum bgp_outcome internal, external;
	uint8_t subcode;
};
#define OK BGP_OUTCOME_OK
#define A BGP_OUTCOME_DISCARD
#define W BGP_OUTCOME_WITHDRAW
#define R BGP_OUTCOME_RESET
static const struct row_case {
	uint8_t code;
	const char *good, *text;
	struct bad_value bad[8];
} cases[] = {
	{ 1, "40010102", "origin INCOMPLETE",
	  { { "400100", W, W, 5 }, { "4001020000", W, W, 5 }, { "40010103", W, W, 6 },
	    { "c0010100", W, W, 4 }, { "00010100", W, W, 4 }, { NULL, OK, OK, 0 } } },
	{ 2, "4002180203 00000001 00011170 ffffffff 0102 00000005 00000006",
	  "as-path 1 70000 4294967295 {5 6}",
	  { { "40020209 00", W, W, 11 }, { "40020602 02 00000001", W, W, 11 },
	    { "40020202 00", W, W, 11 }, { "40020102", W, W, 11 },
	    { "4002060201 00000000", W, W, 11 }, { "4002060301 0000fc00", W, W, 11 },
	    { "c002060201 00000001", W, W, 4 }, { NULL, OK, OK, 0 } } },
	{ 3, "400304ac1f0d1d", "next-hop 172.31.13.29",
	  { { "4003030a0000", W, W, 5 }, { "400300", W, W, 5 }, { "40030400000001", W, W, 8 },
	    { "4003047f000001", W, W, 8 }, { "400304e0000001", W, W, 8 },
	    { "400304ffffffff", W, W, 8 }, { "c003040a000001", W, W, 4 }, { NULL, OK, OK, 0 } } },
	{ 4, "8004040000000a", "med 10",
	  { { "800400", W, W, 5 }, { "800403000000", W, W, 5 }, { "8004050000000000", W, W, 5 },
	    { "c0040400000000", W, W, 4 }, { "40040400000000", W, W, 4 }, { NULL, OK, OK, 0 } } },
	{ 5, "400504ffffffff", "local-pref 4294967295",
	  { { "400500", W, A, 5 }, { "4005050000000064", W, A, 5 },
	    { "c0050400000064", W, W, 4 }, { NULL, OK, OK, 0 } } },
	{ 6, "400600", "atomic-aggregate",
	  { { "40060100", A, A, 5 }, { "c00600", W, W, 4 }, { NULL, OK, OK, 0 } } },
	{ 7, "c00708000111700a000001", "aggregator 70000 10.0.0.1",
	  { { "c00706fde80a000001", A, A, 5 }, { "c00700", A, A, 5 },
	    { "c00708000000000a000001", A, A, 9 }, { "8007080000fde80a000001", W, W, 4 },
	    { NULL, OK, OK, 0 } } },
	{ 8, "c00810fde80001 ffffff01 ffffff02 ffff0000",
	  "communities 65000:1 no-export no-advertise graceful-shutdown",
	  { { "c00800", W, W, 5 }, { "c008050000000000", W, W, 5 }, { "800804fde80001", W, W, 4 },
	    { NULL, OK, OK, 0 } } },
	{ 9, "8009040a000005", "originator-id 10.0.0.5",
	  { { "800900", W, A, 5 }, { "8009030a0000", W, A, 5 }, { "c009040a000005", W, W, 4 },
	    { NULL, OK, OK, 0 } } },
	{ 10, "800a080a0000010a000002", "cluster-list 10.0.0.1 10.0.0.2",
	  { { "800a00", W, A, 5 }, { "800a060a0000010a00", W, A, 5 },
	    { "c00a040a000001", W, W, 4 }, { NULL, OK, OK, 0 } } },
	/* MP_REACH and MP_UNREACH are update.c's; here they are stepped over. */
	{ 14, NULL, NULL, { { NULL, OK, OK, 0 } } },
	{ 15, NULL, NULL, { { NULL, OK, OK, 0 } } },
	{ 16, "c010080002fde800000001", "extended-communities 0x0002fde800000001",
	  { { "c01000", W, W, 5 }, { "c010070002fde8000000", W, W, 5 },
	    { "8010080002fde800000001", W, W, 4 }, { NULL, OK, OK, 0 } } },
	/* Between NEW speakers these two are always discarded (RFC 6793 4.1). */
	{ 17, NULL, NULL,
	  { { "c011060201 00000001", A, A, 9 }, { "c01100", A, A, 9 },
	    { "8011060201 00000001", W, W, 4 }, { NULL, OK, OK, 0 } } },
	{ 18, NULL, NULL,
	  { { "c01208 000111700a000001", A, A, 9 }, { "c01200", A, A, 9 },
	    { "801208 000111700a000001", W, W, 4 }, { NULL, OK, OK, 0 } } },
	{ 32, "c0200c0000fde80000000100000002", "large-communities 65000:1:2",
	  { { "c02000", W, W, 5 }, { "c0200b0000fde800000001000000", W, W, 5 },
	    { "80200c0000fde80000000100000002", W, W, 4 }, { NULL, OK, OK, 0 } } },
	{ 35, "c023040000fde8", "otc 65000",
	  { { "c0230300fde8", W, W, 5 }, { "c0230400000000", W, W, 9 },
	    { "8023040000fde8", W, W, 4 }, { NULL, OK, OK, 0 } } },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

/* A whole set with the attribute in question in place of (or beside) the usual one. */
static const char *set_with(const char *hex, uint8_t code, bool is_external)
{
	static char text[4096];
	snprintf(text, sizeof(text), "%s%s%s%s%s", code == 1 ? "" : "40010100 ",
		 code == 2 ? "" : "4002060201000000c8 ", code == 3 ? "" : "4003040a000002 ",
		 code == 5 || is_external ? "" : LP, hex);
	return text;
}

static void every_row_has_a_case(void **state)
{
	(void)state;
	const struct bgp_attr_row *row;
	size_t count = 0;
	for (; (row = bgp_attr_row_at(count)) != NULL; count++) {
		assert_true(count < CASES);
		assert_int_equal(row->code, cases[count].code);
		assert_ptr_equal(bgp_attr_row(row->code), row);
	}
	assert_int_equal(count, CASES);
	assert_null(bgp_attr_row(0));
	assert_null(bgp_attr_row(11));
	assert_null(bgp_attr_row(255));
	assert_string_equal(bgp_attr_row(BGP_ATTR_MED)->name, "MULTI_EXIT_DISC");
}

static void good_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES; i++) {
		if (!cases[i].good)
			continue;
		const char *set = set_with(cases[i].good, cases[i].code, false);
		assert_int_equal(decode(set, &internal), BGP_OUTCOME_OK);
		assert_int_equal(bad, 0);
		assert_int_equal(error.code, 0);
		assert_true(bgp_has(&attrs, cases[i].code));
		struct text text;
		text_init(&text);
		bgp_attrs_print(&attrs, &text);
		if (!strstr(text_string(&text), cases[i].text))
			fail_msg("%s is not in: %s", cases[i].text, text_string(&text));
		text_free(&text);
		/* To the wire and back: the same bytes, but in order of code. */
		uint8_t first[512], second[512];
		struct writer one = writer_of(first, sizeof(first));
		bgp_attrs_encode(&attrs, &internal, &one);
		assert_false(one.failed);
		assert_int_equal(bgp_attrs_decode(first, writer_used(&one), &internal, true, true,
						  &arena, &attrs, &bad, &error), BGP_OUTCOME_OK);
		struct writer two = writer_of(second, sizeof(second));
		bgp_attrs_encode(&attrs, &internal, &two);
		size_t length;
		(void)bytes_of(set, &length);
		assert_int_equal(writer_used(&one), length);
		assert_int_equal(writer_used(&two), length);
		assert_memory_equal(first, second, length);
	}
}

static void bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < CASES; i++)
		for (const struct bad_value *value = cases[i].bad; value->hex; value++) {
			uint8_t code = cases[i].code;
			enum bgp_outcome in = decode(set_with(value->hex, code, false), &internal);
			uint8_t bad_in = bad, subcode = error.subcode;
			enum bgp_outcome ex = decode(set_with(value->hex, code, true), &external);
			if (in != value->internal || ex != value->external)
				fail_msg("%s: %s, %s", value->hex, bgp_outcome_name(in),
					 bgp_outcome_name(ex));
			assert_int_equal(bad_in, code);
			assert_int_equal(bad, code);
			if (value->internal == A)
				assert_false(bgp_has(&attrs, code));
			if (value->internal == W)
				assert_int_equal(subcode, value->subcode);
			/* RFC 7606 5.2: the same without any reachable prefix. */
			size_t length;
			uint8_t *bytes = bytes_of(value->hex, &length);
			in = bgp_attrs_decode(bytes, length, &internal, false, false, &arena,
					      &attrs, &bad, &error);
			bool martian = value->subcode == 8; /* no classic NLRI: not looked at */
			assert_int_equal(in, martian ? OK : value->internal == W ? R : A);
			if (in != R)
				continue;
			assert_int_equal(error.code, 3);
			assert_int_equal(error.subcode, value->subcode);
			assert_bytes(error.data, error.data_length,
				     value->subcode == 11 ? "" : value->hex);
		}
}

static void internal_attributes_from_outside(void **state)
{
	(void)state;
	assert_int_equal(decode(BASE LP, &external), A);
	assert_int_equal(bad, BGP_ATTR_LOCAL_PREF);
	assert_false(bgp_has(&attrs, BGP_ATTR_LOCAL_PREF));
	assert_int_equal(attrs.local_pref, 0);
	assert_int_equal(decode(BASE "8009040a000005 800a040a000001", &external), A);
	assert_int_equal(bad, BGP_ATTR_ORIGINATOR_ID);
	assert_encodes(&external, BASE);
}

static void missing_ones(void **state)
{
	(void)state;
	static const struct {
		const char *hex;
		uint8_t code;
	} missing[] = {
		{ "4002060201000000c8 4003040a000002" LP, 1 },
		{ "40010100 4003040a000002" LP, 2 },
		{ "40010100 4002060201000000c8" LP, 3 },
		{ BASE, 5 },
		{ "", 1 },
	};
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		assert_int_equal(decode(missing[i].hex, &internal), W);
		assert_int_equal(bad, missing[i].code);
		assert_int_equal(error.subcode, 3);
		assert_bytes(error.data, error.data_length,
			     (char[]){ '0', (char)('0' + missing[i].code), 0 });
	}
	assert_int_equal(decode(BASE, &external), OK);
	size_t length;
	uint8_t *bytes = bytes_of("40010100 4002060201000000c8" LP, &length);
	assert_int_equal(bgp_attrs_decode(bytes, length, &internal, false, true, &arena, &attrs,
					  &bad, &error),
			 OK);
	assert_int_equal(bgp_attrs_decode(bytes, 0, &internal, false, false, &arena, &attrs, &bad,
					  &error), OK);
}

/* RFC 4760 3: a NEXT_HOP beside MP_REACH is ignored. */
static void next_hop_beside_mp(void **state)
{
	(void)state;
	size_t length;
	uint8_t *bytes = bytes_of(BASE LP, &length);
	assert_int_equal(bgp_attrs_decode(bytes, length, &internal, false, true, &arena, &attrs,
					  &bad, &error),
			 OK);
	assert_false(bgp_has(&attrs, BGP_ATTR_NEXT_HOP));
	assert_int_equal(attrs.next_hop.family, IP_NONE);
}

static void unknown_ones(void **state)
{
	(void)state;
	/* Well-known: reset, with the attribute as data. */
	assert_int_equal(decode(BASE LP "4063 02 0102", &internal), R);
	assert_int_equal(bad, 99);
	assert_int_equal(error.code, 3);
	assert_int_equal(error.subcode, 2);
	assert_bytes(error.data, error.data_length, "4063020102");
	/* Optional non-transitive: dropped quietly. */
	assert_int_equal(decode(BASE LP "8063 02 0102 90fa 0000", &internal), OK);
	assert_int_equal(attrs.unknown_length, 0);
	assert_encodes(&internal, BASE LP);
	/* Optional transitive: kept, in order of code, in one form whatever it came in. */
	assert_int_equal(
		decode("e0ff 01 09 d063 0002 0102 cf0b 00" BASE LP "c063 01 ff", &internal), OK);
	assert_encodes(&internal, BASE LP "c00b00 c0630201 02 e0ff0109");
	struct bgp_codec partial = internal;
	partial.unknown_sets_partial = true;
	assert_int_equal(decode(BASE LP "c063 02 0102 c014 01 01", &partial), OK);
	assert_encodes(&partial, BASE LP "e0140101 e063020102");
	assert_prints("origin IGP, as-path 200, next-hop 10.0.0.2, local-pref 100, "
		      "attribute 20 (1 bytes), attribute 99 (2 bytes)");
	/* In between known ones too. */
	assert_int_equal(decode(BASE LP "c014 01 01 c023040000fde8", &internal), OK);
	assert_encodes(&internal, BASE LP "c0140101 c023040000fde8");
}

static void partial_stays(void **state)
{
	(void)state;
	/* RFC 4271 5: on recognised optional transitive ones; elsewhere it means nothing. */
	assert_int_equal(decode("60010100 4002060201000000c8 4003040a000002 a00404 00000001" LP
				"e00804fde80001", &internal), OK);
	assert_encodes(&internal, "40010100 4002060201000000c8 4003040a000002 80040400000001" LP
				  "e00804fde80001");
}

static void doubles_and_overruns(void **state)
{
	(void)state;
	assert_int_equal(decode(BASE LP "40010102 80040400000001 800400", &internal), OK);
	assert_int_equal(attrs.origin, 0);
	assert_int_equal(attrs.med, 1);
	static const char *const overruns[] = { "c0", "c008", "c00804ffff", "d00800", "d0080100" };
	for (size_t i = 0; i < sizeof(overruns) / sizeof(overruns[0]); i++) {
		char text[256];
		snprintf(text, sizeof(text), BASE LP "%s", overruns[i]);
		assert_int_equal(decode(text, &internal), W);
		assert_int_equal(bad, i == 0 ? 0 : 8);
		assert_int_equal(error.subcode, 1);
	}
	/* The strongest counts, of equals the first. */
	assert_int_equal(decode(BASE LP "40060101 c00800 800400", &internal), W);
	assert_int_equal(bad, 8);
	assert_int_equal(decode(BASE LP "40060101 c00800 406300", &internal), R);
	assert_int_equal(bad, 99);
	/* Extended length on a short one, low flag bits set: both fine (RFC 4271 4.3). */
	assert_int_equal(decode("5f01000100 4f02060201000000c8 4003040a000002" LP, &internal), OK);
	assert_encodes(&internal, BASE LP);
}

/* RFC 8092 5: the same large community twice is one, in the order of first mention. */
static void doubles_among_large(void **state)
{
	(void)state;
	assert_int_equal(decode(BASE LP "c02030 0000fde80000000100000002 0000fde80000000100000003"
				"0000fde80000000100000002 0000fde80000000100000003", &internal), OK);
	assert_encodes(&internal, BASE LP "c02018 0000fde80000000100000002 0000fde80000000100000003");
}

static void long_path(char *hex, size_t segments, unsigned each)
{
	for (size_t s = 0; s < segments; s++) {
		hex += sprintf(hex, "02%02x", each);
		for (unsigned i = 0; i < each; i++)
			hex += sprintf(hex, "%08x", 100 + i);
	}
}

static void path_arithmetic(void **state)
{
	(void)state;
	attrs = (struct bgp_attrs){ 0 };
	assert_int_equal(bgp_as_path_hops(&attrs), 0);
	assert_int_equal(bgp_as_path_first(&attrs), 0);
	bgp_as_path_prepend(&attrs, 70000, &arena);
	assert_encodes(&internal, "400206 0201 00011170");
	size_t length;
	attrs.as_path = bytes_of("0102 00000005 00000006 0201 00000005", &length);
	attrs.as_path_length = (uint32_t)length;
	assert_int_equal(bgp_as_path_hops(&attrs), 2);
	assert_int_equal(bgp_as_path_first(&attrs), 0);
	assert_int_equal(bgp_as_path_count(&attrs, 5), 2);
	assert_int_equal(bgp_as_path_count(&attrs, 7), 0);
	bgp_as_path_prepend(&attrs, 1, &arena); /* before a SET: a segment of its own */
	bgp_as_path_prepend(&attrs, 2, &arena);
	struct text text;
	text_init(&text);
	bgp_as_path_print(&attrs, &text);
	assert_string_equal(text_string(&text), "2 1 {5 6} 5");
	text_free(&text);
	assert_int_equal(bgp_as_path_hops(&attrs), 4);
	assert_int_equal(bgp_as_path_first(&attrs), 2);
	/* Confederation segments count nothing. */
	attrs.as_path = bytes_of("0302 0000fc00 0000fc01 0401 0000fc02 0201 00000009", &length);
	attrs.as_path_length = (uint32_t)length;
	assert_int_equal(bgp_as_path_hops(&attrs), 1);
	/* A full segment of 255. */
	static char hex[3000];
	long_path(hex, 1, 255);
	attrs.as_path = bytes_of(hex, &length);
	attrs.as_path_length = (uint32_t)length;
	bgp_as_path_prepend(&attrs, 9, &arena);
	assert_int_equal(bgp_as_path_hops(&attrs), 256);
	assert_int_equal(attrs.as_path[1], 1);
	assert_int_equal(attrs.as_path[7], 255);
}

static void lengths_of_header(void **state)
{
	(void)state;
	struct bgp_codec frr = internal;
	frr.as_path_extended_length = true;
	assert_int_equal(decode(BASE LP, &internal), OK);
	assert_encodes(&frr, "40010100 500200060201000000c8 4003040a000002" LP);
	static char set[4000], path[3000];
	long_path(path, 1, 64); /* 258 bytes */
	snprintf(set, sizeof(set), "40010100 50020102 %s 4003040a000002" LP, path);
	assert_int_equal(decode(set, &internal), OK);
	assert_encodes(&internal, set);
	uint8_t small[40];
	struct writer out = writer_of(small, sizeof(small));
	bgp_attrs_encode(&attrs, &internal, &out);
	assert_true(out.failed);
}

/* RFC 6793 4.2.2 and 4.2.3: to and from a speaker of two-octet numbers. */
#define OLD_BASE(path) "40010100 " path " 4003040a000002 " LP
static void old_speakers(void **state)
{
	(void)state;
	static const struct {
		const char *path, *rest, *text;
		enum bgp_outcome outcome;
	} merges[] = {
		{ "4002060202 0001 0002", "", "as-path 1 2", OK },
		{ "4002080203 0001 5ba0 0002", "c0110a0202 00011170 00000002", "as-path 1 70000 2",
		  OK },
		/* As long: replaced whole. Longer than AS_PATH: ignored. */
		{ "4002040201 5ba0", "c011060201 00011170", "as-path 70000", OK },
		{ "4002040201 5ba0", "c0110a0202 00011170 00000002", "as-path 23456", OK },
		/* A SET counts one, on both sides. */
		{ "40020c 0202 0001 5ba0 0102 0003 0004",
		  "c01110 0201 00011170 0102 00000003 00011171", "as-path 1 70000 {3 70001}", OK },
		{ "40020c 0102 0003 0004 0202 0001 5ba0", "c011060201 00011170",
		  "as-path {3 4} 1 70000", OK },
		{ "40020a 0102 0003 0004 0201 5ba0", "c011060201 00011170", "as-path {3 4} 70000",
		  OK },
		/* Confederation segments inside AS4_PATH go. */
		{ "4002040201 5ba0", "c0110c 0301 0000fc00 0201 00011170", "as-path 70000", OK },
		/* Malformed: discarded, the rest stays. */
		{ "4002040201 5ba0", "c011060901 00011170", "as-path 23456", A },
		{ "4002040201 5ba0", "c011050201 000111", "as-path 23456", A },
		{ "4002040201 5ba0", "c011060201 00000000", "as-path 23456", A },
		{ "4002040201 5ba0", "c01100", "as-path 23456", A },
		{ "4002040201 5ba0", "c01207 00011170 0a0000", "as-path 23456", A },
		/* AGGREGATOR: AS_TRANS takes AS4_AGGREGATOR's; any other number voids both. */
		{ "4002040201 5ba0", "c00706 5ba0 0a000001 c01208 00011170 0a000009",
		  "aggregator 70000 10.0.0.9", OK },
		{ "4002040201 5ba0",
		  "c00706 0007 0a000001 c011060201 00011170 c01208 00011170 0a000009",
		  "as-path 23456, next-hop 10.0.0.2, local-pref 100, aggregator 7 10.0.0.1", OK },
		{ "4002040201 5ba0", "c011060201 00011170 c01208 00011170 0a000009",
		  "as-path 70000, next-hop 10.0.0.2, local-pref 100", OK },
		{ "4002040201 5ba0", "c00706 0007 0a000001 c011060201 00011170",
		  "as-path 70000, next-hop 10.0.0.2, local-pref 100, aggregator 7 10.0.0.1", OK },
		{ "400200", "c011060201 00011170", "as-path empty", OK },
	};
	for (size_t i = 0; i < sizeof(merges) / sizeof(merges[0]); i++) {
		char set[512];
		snprintf(set, sizeof(set), OLD_BASE("%s") "%s", merges[i].path, merges[i].rest);
		assert_int_equal(decode(set, &internal_old), merges[i].outcome);
		struct text text;
		text_init(&text);
		bgp_attrs_print(&attrs, &text);
		if (!strstr(text_string(&text), merges[i].text))
			fail_msg("case %zu: %s", i, text_string(&text));
		text_free(&text);
	}
	assert_int_equal(decode(OLD_BASE("4002060201 00000001"), &internal_old), W);
	assert_int_equal(bad, BGP_ATTR_AS_PATH);
	assert_int_equal(decode(OLD_BASE("4002040201 0000"), &internal_old), W);
}

static void to_old_speakers(void **state)
{
	(void)state;
	assert_int_equal(decode(OLD_BASE("40020e 0203 00000001 00011170 00000002")
				"c00708 00011171 0a000001", &internal), OK);
	assert_encodes(&internal_old, "40010100 400208 0203 0001 5ba0 0002 4003040a000002" LP
		       "c00706 5ba0 0a000001 c0110e 0203 00000001 00011170 00000002"
		       "c01208 00011171 0a000001");
	/* Everything fits in two octets: nothing more is sent. */
	assert_int_equal(decode(OLD_BASE("400206 0201 0000ffff") "c00708 00000007 0a000001",
				&internal), OK);
	assert_encodes(&internal_old, "40010100 400204 0201 ffff 4003040a000002" LP
				      "c00706 0007 0a000001");
}

static void whole_line(void **state)
{
	(void)state;
	assert_int_equal(decode("40010100 4002060201 0000fc00 400304ac1f0d1d" LP, &internal), OK);
	assert_prints("origin IGP, as-path 64512, next-hop 172.31.13.29, local-pref 100");
	attrs.present = 0;
	assert_prints("");
	assert_int_equal(decode("40010101 400200 400304ac1f0d1d" LP "c00804ffffff03", &internal),
			 OK);
	assert_prints("origin EGP, as-path empty, next-hop 172.31.13.29, local-pref 100, "
		      "communities no-export-subconfed");
	assert_true(bgp_has_community(&attrs, BGP_NO_EXPORT_SUBCONFED));
	assert_false(bgp_has_community(&attrs, BGP_NO_EXPORT));
	assert_string_equal(bgp_outcome_name(BGP_OUTCOME_WITHDRAW), "treat-as-withdraw");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_has_a_case),
		cmocka_unit_test(good_values),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(internal_attributes_from_outside),
		cmocka_unit_test(missing_ones),
		cmocka_unit_test(next_hop_beside_mp),
		cmocka_unit_test(unknown_ones),
		cmocka_unit_test(partial_stays),
		cmocka_unit_test(doubles_and_overruns),
		cmocka_unit_test(doubles_among_large),
		cmocka_unit_test(path_arithmetic),
		cmocka_unit_test(lengths_of_header),
		cmocka_unit_test(old_speakers),
		cmocka_unit_test(to_old_speakers),
		cmocka_unit_test(whole_line),
	};
	return cmocka_run_group_tests(tests, arena_up, arena_down);
}
