/* UPDATE taken apart and packed: RFC 4271 4.3 and 6.3, 4760, 7606, 7911, 4724's End-of-RIB. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bgp/wire/update.h"
#include "tests/bgp/wire_bytes.h"

#define BOTH (BGP_IPV4_UNICAST | BGP_IPV6_UNICAST)
#define OK BGP_OUTCOME_OK
#define W BGP_OUTCOME_WITHDRAW
#define R BGP_OUTCOME_RESET

static const struct bgp_codec both = { .as4 = true, .families = BOTH };
static struct arena arena;
static struct bgp_update update;

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

static enum bgp_outcome split(const char *hex, const struct bgp_codec *codec)
{
	static uint8_t *bytes;
	free(bytes);
	bytes = malloc(4096); /* its exact size below, so that an overrun is seen */
	size_t length = hex_bytes(hex, bytes, 4096);
	bytes = realloc(bytes, length ? length : 1);
	return bgp_update_split(bytes, length, codec, &arena, &update);
}

static void assert_items(const struct bgp_nlri *nlri, const char *wanted)
{
	char got[4096] = "", buffer[IP_TEXT_MAX];
	struct bgp_nlri_item item;
	uint32_t count = 0;
	for (uint32_t offset = 0; bgp_nlri_next(nlri, &offset, &item); count++) {
		assert_true(ip_prefix_is_network(item.prefix));
		size_t used = strlen(got);
		snprintf(got + used, sizeof(got) - used, "%s%s", used ? " " : "",
			 ip_prefix_format(item.prefix, buffer));
		used = strlen(got);
		if (item.path_id)
			snprintf(got + used, sizeof(got) - used, "#%lu",
				 (unsigned long)item.path_id);
	}
	assert_string_equal(got, wanted);
	assert_int_equal(count, nlri->count);
}

#define ORIGIN "40010100"
#define PATH "400200"
#define HOP "4003040a000002"
#define V6_HOP "10 20010db8000000000000000000000001 00"

static void classic(void **state)
{
	(void)state;
	arena_free(&arena);
	assert_int_equal(split("0007 10ac10 17 0a0201 000e" ORIGIN PATH HOP
			       "00 18 0a0000 20 01020304",
			       &both),
			 OK);
	assert_items(&update.withdrawn[0], "172.16.0.0/16 10.2.0.0/23");
	assert_items(&update.announced[0], "0.0.0.0/0 10.0.0.0/24 1.2.3.4/32");
	assert_int_equal(update.announced[1].family, 0);
	assert_int_equal(update.announced[0].family, BGP_IPV4_UNICAST);
	assert_int_equal(update.plain_length, 14);
	assert_ptr_equal(update.plain_bytes, update.attr_bytes);
	assert_int_equal(update.end_of_rib, 0);
	assert_null(arena.blocks); /* nothing was copied */
}

/* RFC 4271 4.3: bits behind the prefix mean nothing. */
static void trailing_bits(void **state)
{
	(void)state;
	assert_int_equal(split("0000 000e" ORIGIN PATH HOP "01ff 09ffff 1fffffffff 0aac7f", &both),
			 OK);
	assert_items(&update.announced[0], "128.0.0.0/1 255.128.0.0/9 255.255.255.254/31 "
					   "172.64.0.0/10");
}

static void multiprotocol(void **state)
{
	(void)state;
	arena_free(&arena);
	/* First, as RFC 7606 5.1 wants it, and last: no copy either. */
	assert_int_equal(
		split("0000 0027 800e 1d 0002 01" V6_HOP "00 2f20010db8ffff" ORIGIN PATH, &both),
		OK);
	assert_items(&update.announced[1], "::/0 2001:db8:fffe::/47");
	assert_int_equal(update.mp_next_hop.family, IP_V6);
	assert_int_equal(update.mp_next_hop_link.family, IP_NONE);
	assert_bytes(update.plain_bytes, update.plain_length, ORIGIN PATH);
	assert_int_equal(split("0000 0020" ORIGIN PATH "900e 0015 0002 01" V6_HOP, &both), OK);
	assert_int_equal(update.announced[1].family, 0);
	assert_bytes(update.plain_bytes, update.plain_length, ORIGIN PATH);
	assert_null(arena.blocks);
	/* In the middle. */
	assert_int_equal(split("0000 002a" ORIGIN "800e 16 0002 01" V6_HOP "00" PATH
			       "800f 07 000201 1820010d", &both), OK);
	assert_items(&update.announced[1], "::/0");
	assert_items(&update.withdrawn[1], "2001:d00::/24");
	assert_bytes(update.plain_bytes, update.plain_length, ORIGIN PATH);
	/* Two next hops (RFC 2545 3), and BIRD's unspecified first one. */
	assert_int_equal(
		split("0000 0038 800e 2e 0002 01 20 20010db8000000000000000000000001"
		      "fe800000000000000000000000000002 00 0820 0820 0820 0820 00" ORIGIN PATH,
		      &both),
		OK);
	assert_true(update.mp_next_hop_link.bytes[15] == 2 && update.mp_next_hop.bytes[15] == 1);
	assert_int_equal(split("0000 0030 800e 26 0002 01 20 00000000000000000000000000000000"
			       "fe800000000000000000000000000002 00 00" ORIGIN PATH, &both), OK);
	assert_true(ip_addr_equal(update.mp_next_hop, update.mp_next_hop_link));
	/* IPv4 that way. */
	assert_int_equal(
		split("0000 0017 800e 0d 0001 01 04 0a000002 00 180a0001" ORIGIN PATH, &both), OK);
	assert_items(&update.announced[1], "10.0.1.0/24");
	assert_int_equal(update.announced[1].family, BGP_IPV4_UNICAST);
	assert_int_equal(ip_addr_to_v4(update.mp_next_hop), 0x0a000002);
}

/* Everything in one message: allowed to send for some, to be understood by all. */
static void all_at_once(void **state)
{
	(void)state;
	assert_int_equal(split("0002 080a 0033" ORIGIN PATH "800e 16 0002 01" V6_HOP "00"
			       "800f 09 000201 2820010db800" HOP "080b", &both), OK);
	assert_items(&update.withdrawn[0], "10.0.0.0/8");
	assert_items(&update.withdrawn[1], "2001:db8::/40");
	assert_items(&update.announced[0], "11.0.0.0/8");
	assert_items(&update.announced[1], "::/0");
	assert_bytes(update.plain_bytes, update.plain_length, ORIGIN PATH HOP);
}

static void not_negotiated(void **state)
{
	(void)state;
	struct bgp_codec v4 = { .as4 = true, .families = BGP_IPV4_UNICAST };
	struct bgp_codec v6 = { .as4 = true, .families = BGP_IPV6_UNICAST };
	assert_int_equal(split("0000 0020 800e 16 0002 01" V6_HOP "00" ORIGIN PATH, &v4), OK);
	assert_int_equal(update.announced[1].count, 0);
	assert_int_equal(split("0002 080a 000e" ORIGIN PATH HOP "080b", &v6), OK);
	assert_int_equal(update.announced[0].count + update.withdrawn[0].count, 0);
	/* VPNv4, whose next hop and prefixes look like nothing of ours. */
	assert_int_equal(
		split("0000 0017 800e 0d 0001 80 00 00 ff01020304050607" ORIGIN PATH, &both), OK);
	assert_int_equal(split("0000 0009 800f 06 000180 ffffff", &both), OK);
	/* IPv6 that makes no sense, where it was not agreed on. */
	assert_int_equal(split("0000 000d 800e 0a 000201 03 0a0000 00 0820", &v4), OK);
	assert_int_equal(split("0000 0008 800f 05 000201 ff20", &v4), OK);
	assert_int_equal(split("0001 21 0000", &v6), OK);
	assert_int_equal(split("0000 0000", &v6), OK);
	assert_int_equal(update.end_of_rib, 0);
	assert_int_equal(split("0000 0006 800f 03 000201", &v4), OK);
	assert_int_equal(update.end_of_rib, 0);
}

static void end_of_rib(void **state)
{
	(void)state;
	assert_int_equal(split("0000 0000", &both), OK);
	assert_int_equal(update.end_of_rib, BGP_IPV4_UNICAST);
	assert_int_equal(split("0000 0006 800f 03 000201", &both), OK);
	assert_int_equal(update.end_of_rib, BGP_IPV6_UNICAST);
	assert_int_equal(split("0000 0007 900f 0003 000101", &both), OK);
	assert_int_equal(update.end_of_rib, BGP_IPV4_UNICAST);
	/* With anything beside it, it is none. */
	assert_int_equal(split("0002 080a 0006 800f 03 000201", &both), OK);
	assert_int_equal(update.end_of_rib, 0);
	assert_int_equal(split("0000 000a 800f 03 000201" ORIGIN, &both), OK);
	assert_int_equal(update.end_of_rib, 0);
	assert_int_equal(split("0000 0008 800f 05 000201 0820", &both), OK);
	assert_int_equal(update.end_of_rib, 0);
	assert_int_equal(split("0002 080a 0000", &both), OK);
	assert_int_equal(update.end_of_rib, 0);
	/* Prefixes of a foreign family are something too. */
	assert_int_equal(split("0000 0010 800e 07 0001 80 00 00 0000 800f 03 000201", &both), OK);
	assert_int_equal(update.end_of_rib, 0);
}

static void add_path(void **state)
{
	(void)state;
	struct bgp_codec codec = both;
	codec.add_path_in = BGP_IPV4_UNICAST;
	assert_int_equal(split("0006 00000007 080a 000e" ORIGIN PATH HOP
			       "ffffffff 180a0001 00000000 00", &codec), OK);
	assert_items(&update.withdrawn[0], "10.0.0.0/8#7");
	assert_items(&update.announced[0], "10.0.1.0/24#4294967295 0.0.0.0/0");
	assert_int_equal(split("0000 000e" ORIGIN PATH HOP "00000001", &codec), R);
	assert_int_equal(split("0000 000e" ORIGIN PATH HOP "0000000121ffffffffff", &codec), R);
	/* Only that family has them. */
	assert_int_equal(split("0000 0008 800f 05 000201 0820", &codec), OK);
	assert_items(&update.withdrawn[1], "2000::/8");
}

static void resets(void **state)
{
	(void)state;
	static const struct {
		const char *hex;
		uint8_t subcode, code;
		const char *data;
	} cases[] = {
		{ "", 1, 0, "" },
		{ "0000", 1, 0, "" },
		{ "0001 0000", 1, 0, "" }, /* RFC 7606 3 b */
		{ "0000 0001", 1, 0, "" },
		{ "0003 080a 0000", 1, 0, "" },
		{ "0001 21 0000", 10, 0, "" }, /* 5.3 */
		{ "0002 100a 0000", 10, 0, "" },
		{ "0000 000e" ORIGIN PATH HOP "21 0102030405", 10, 0, "" },
		{ "0000 000e" ORIGIN PATH HOP "20 010203", 10, 0, "" },
		{ "0000 0016 800f 05 000201 0820 800f 05 000201 0820"
		  "4001 0100 0000",
		  1, 15, "" },
		{ "0000 0032 800e 16 0002 01" V6_HOP "00 800e 16 0002 01" V6_HOP "00", 1, 14, "" },
		{ "0000 0007 800e 04 00020100", 9, 14, "800e0400020100" }, /* no reserved octet */
		{ "0000 000d 800e 0a 000201 03 0a0000 00 0820", 9, 14,
		  "800e0a000201030a0000000820" }, /* 7.11 */
		{ "0000 000f 800e 0c 000201 10 0a000000 00 000820", 9, 14,
		  "800e0c000201100a00000000000820" },
		{ "0000 000d 800e 0a 000101 05 0a00000001 00", 9, 14,
		  "800e0a000101050a0000000100" },
		{ "0000 001a 800e 17 0002 01" V6_HOP "81 00", 9, 14,
		  "800e17000201 10 20010db8000000000000000000000001 00 8100" },
		{ "0000 0005 800f 02 0002", 9, 15, "800f020002" },
		{ "0000 0008 800f 05 000201 1120", 9, 15, "800f050002011120" },
		/* 5.2: treat-as-withdraw with no prefix in sight. */
		{ "0000 0005" ORIGIN "40", 1, 0, "" },
		{ "0002 080a 0007" ORIGIN "4002ff", 1, 2, "" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (split(cases[i].hex, &both) != R)
			fail_msg("%s: %s", cases[i].hex, bgp_outcome_name(update.outcome));
		assert_int_equal(update.outcome, R);
		assert_int_equal(update.error.code, 3);
		assert_int_equal(update.error.subcode, cases[i].subcode);
		assert_int_equal(update.bad_attribute, cases[i].code);
		assert_bytes(update.error.data, update.error.data_length, cases[i].data);
	}
}

static void withdraws(void **state)
{
	(void)state;
	static const struct {
		const char *hex;
		uint8_t code;
	} cases[] = {
		{ "0000 0010" ORIGIN PATH HOP "c008 080b", 8 },          /* RFC 7606 4 */
		{ "0000 000f" ORIGIN PATH HOP "c0 080b", 0 },
		{ "0000 0012" ORIGIN PATH HOP "c0080401 080b", 8 },
		{ "0000 0020 c00e 16 0002 01" V6_HOP "00" ORIGIN PATH, 14 }, /* 3 c */
		{ "0000 0020 000e 16 0002 01" V6_HOP "00" ORIGIN PATH, 14 },
		{ "0000 0008 c00f 05 000201 0820", 15 },
		{ "0000 0017 800e 0d 0001 01 04 e0000002 00 180a0001" ORIGIN PATH, 14 },
		{ "0000 0017 800e 0d 0001 01 04 00000002 00 180a0001" ORIGIN PATH, 14 },
		{ "0000 0020 800e 16 0002 01 10 ff020000000000000000000000000001 00 00" ORIGIN PATH,
		  14 },
		{ "0000 0020 800e 16 0002 01 10 00000000000000000000000000000001 00 00" ORIGIN PATH,
		  14 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (split(cases[i].hex, &both) != W)
			fail_msg("%s: %s", cases[i].hex, bgp_outcome_name(update.outcome));
		assert_int_equal(update.bad_attribute, cases[i].code);
		uint32_t touched = update.announced[0].count + update.announced[1].count +
				   update.withdrawn[1].count;
		assert_int_equal(touched, 1); /* the prefix to withdraw is known */
	}
}

/* ---- packing -------------------------------------------------------------------------------- */

static const uint8_t no_path[1];
static struct bgp_attrs plain_attrs(void)
{
	struct bgp_attrs attrs = { .as_path = no_path, .local_pref = 100 };
	attrs.present = 1u << BGP_ATTR_ORIGIN | 1u << BGP_ATTR_AS_PATH | 1u << BGP_ATTR_NEXT_HOP |
			1u << BGP_ATTR_LOCAL_PREF;
	attrs.next_hop = ip_addr_v4(0x0a000001);
	return attrs;
}

static struct bgp_nlri_item nth(uint8_t family, uint8_t length, uint32_t n)
{
	struct bgp_nlri_item item = { .path_id = n + 1 };
	item.prefix.addr = ip_addr_v4(n << (32 - (length < 25 ? 24 : length)));
	item.prefix.addr.family = family == BGP_IPV4_UNICAST ? IP_V4 : IP_V6;
	item.prefix.length = length;
	item.prefix = ip_prefix_masked(item.prefix);
	return item;
}

/* Fills messages with prefixes until one is full, takes it apart again and finds all of them. */
static size_t fill(const struct bgp_attrs *attrs, const struct bgp_codec *codec, uint8_t family,
		   size_t max, uint32_t *count)
{
	uint8_t *room = malloc(max);
	struct bgp_update_writer writer;
	bgp_update_begin(&writer, room, max, attrs, codec, family);
	struct bgp_nlri_item item = nth(family, 24, 0), back;
	while (bgp_update_add(&writer, &item))
		item = nth(family, 24, writer.count);
	*count = writer.count;
	size_t total = bgp_update_finish(&writer);
	assert_true(total <= max);
	struct bgp_frame frame;
	struct bgp_error error;
	assert_int_equal(bgp_frame_next(room, total, max, &frame, &error), BGP_FRAME_READY);
	assert_int_equal(frame.total_length, total);
	assert_int_equal(bgp_update_split(frame.body, frame.body_length, codec, &arena, &update),
			 OK);
	unsigned which = family == BGP_IPV6_UNICAST;
	const struct bgp_nlri *nlri = attrs ? &update.announced[which] : &update.withdrawn[which];
	assert_int_equal(nlri->count, *count);
	uint32_t offset = 0;
	for (uint32_t i = 0; bgp_nlri_next(nlri, &offset, &back); i++) {
		struct bgp_nlri_item wanted = nth(family, 24, i);
		assert_true(ip_prefix_equal(back.prefix, wanted.prefix));
		assert_int_equal(back.path_id, codec->add_path_out & family ? wanted.path_id : 0);
	}
	if (attrs) {
		struct bgp_attrs got;
		uint8_t bad;
		assert_int_equal(bgp_attrs_decode(update.plain_bytes, update.plain_length, codec,
						  which == 0, true, &arena, &got, &bad, &error),
				 OK);
		assert_int_equal(got.local_pref, attrs->local_pref);
	}
	free(room);
	return total;
}

static void packed_to_the_brim(void **state)
{
	(void)state;
	struct bgp_codec codec = both;
	struct bgp_attrs attrs = plain_attrs();
	uint32_t count;
	/* 23 octets of head, 37 of attributes, 4 a prefix: it comes out even. */
	attrs.as_path = (const uint8_t[]){ 2, 1, 0, 0, 0, 1 };
	attrs.as_path_length = 6;
	attrs.present |= 1u << BGP_ATTR_MED | 1u << BGP_ATTR_ATOMIC_AGGREGATE;
	assert_int_equal(fill(&attrs, &codec, BGP_IPV4_UNICAST, 4096, &count), 4096);
	assert_int_equal(count, 1009);
	/* Three octets more: the last prefix no longer fits. */
	attrs.present &= ~(UINT64_C(1) << BGP_ATTR_ATOMIC_AGGREGATE);
	assert_int_equal(fill(&attrs, &codec, BGP_IPV4_UNICAST, 4096, &count), 4093);
	assert_int_equal(count, 1009);
	assert_int_equal(fill(&attrs, &codec, BGP_IPV4_UNICAST, 65535, &count), 65533);
	assert_int_equal(fill(NULL, &codec, BGP_IPV4_UNICAST, 4096, &count), 4095);
	assert_int_equal(count, 1018);
	attrs.next_hop = (struct ip_addr){ .family = IP_V6, .bytes = { 0x20, 1 } };
	assert_int_equal(fill(&attrs, &codec, BGP_IPV6_UNICAST, 4096, &count), 4095);
	assert_int_equal(count, (4096 - 23 - 27 - 25) / 4);
	attrs.next_hop_link = (struct ip_addr){ .family = IP_V6, .bytes = { 0xfe, 0x80 } };
	assert_int_equal(fill(&attrs, &codec, BGP_IPV6_UNICAST, 4096, &count), 4095);
	assert_int_equal(fill(NULL, &codec, BGP_IPV6_UNICAST, 4096, &count), 4094);
	codec.add_path_in = codec.add_path_out = BOTH;
	assert_true(fill(&attrs, &codec, BGP_IPV6_UNICAST, 4096, &count) > 4088);
	attrs.next_hop = ip_addr_v4(1);
	attrs.next_hop.bytes[0] = 10;
	assert_true(fill(&attrs, &codec, BGP_IPV4_UNICAST, 4096, &count) > 4088);
	assert_true(fill(NULL, &codec, BGP_IPV4_UNICAST, 4096, &count) > 4088);
}

/* The last two octets of a classic withdrawal are the length of no attributes. */
static void withdrawals_to_the_brim(void **state)
{
	(void)state;
	for (unsigned shift = 0; shift < 4; shift++) {
		uint8_t *room = malloc(BGP_MESSAGE_MAX);
		struct bgp_update_writer writer;
		bgp_update_begin(&writer, room, BGP_MESSAGE_MAX, NULL, &both, BGP_IPV4_UNICAST);
		struct bgp_nlri_item item = nth(BGP_IPV4_UNICAST, (uint8_t)(8 * shift), 0);
		do
			assert_true(writer.count < 2000);
		while (bgp_update_add(&writer, &item) &&
		       (item = nth(BGP_IPV4_UNICAST, 24, writer.count), true));
		size_t total = bgp_update_finish(&writer);
		assert_in_range(total, BGP_MESSAGE_MAX - 3, BGP_MESSAGE_MAX);
		assert_int_equal(bgp_update_split(room + BGP_HEADER_BYTES, total - BGP_HEADER_BYTES,
						  &both, &arena, &update), OK);
		assert_int_equal(update.withdrawn[0].count, writer.count);
		free(room);
	}
}

static void packed_bytes(void **state)
{
	(void)state;
	uint8_t room[BGP_MESSAGE_MAX];
	struct bgp_update_writer writer;
	struct bgp_attrs attrs = plain_attrs();
	bgp_update_begin(&writer, room, sizeof(room), &attrs, &both, BGP_IPV4_UNICAST);
	struct bgp_nlri_item item = { .prefix = { ip_addr_v4(0x0a000000), 24 } };
	assert_true(bgp_update_add(&writer, &item));
	item.prefix.addr = ip_addr_v4(0x0a0001ff); /* host bits do not leave */
	assert_true(bgp_update_add(&writer, &item));
	assert_bytes(room, bgp_update_finish(&writer), MARKER "0034 02 0000 0015 40010100 400200"
		     "4003040a000001 40050400000064 180a0000 180a0001");
	/* MP_REACH stands first. */
	attrs.next_hop = (struct ip_addr){ .family = IP_V6, .bytes = { 0x20, [15] = 1 } };
	bgp_update_begin(&writer, room, sizeof(room), &attrs, &both, BGP_IPV6_UNICAST);
	item.prefix = (struct ip_prefix){ { IP_V6, { 0x20, 0x01 } }, 12 };
	assert_true(bgp_update_add(&writer, &item));
	assert_bytes(room, bgp_update_finish(&writer), MARKER "0041 02 0000 002a"
		     "900e 0018 0002 01 10 20000000000000000000000000000001 00 0c2000"
		     "40010100 400200 40050400000064");
	bgp_update_begin(&writer, room, sizeof(room), NULL, &both, BGP_IPV6_UNICAST);
	assert_true(bgp_update_add(&writer, &item));
	assert_bytes(room, bgp_update_finish(&writer),
		     MARKER "0021 02 0000 000a 900f 0006 000201 0c2000");
	/* End-of-RIB. */
	bgp_update_begin(&writer, room, sizeof(room), NULL, &both, BGP_IPV4_UNICAST);
	assert_bytes(room, bgp_update_finish(&writer), MARKER "0017 02 00000000");
	bgp_update_begin(&writer, room, sizeof(room), NULL, &both, BGP_IPV6_UNICAST);
	assert_bytes(room, bgp_update_finish(&writer), MARKER "001e 02 0000 0007 900f0003000201");
	bgp_update_begin(&writer, room, sizeof(room), &attrs, &both, BGP_IPV6_UNICAST);
	assert_int_equal(bgp_update_finish(&writer), 0); /* attributes of nothing */
}

/* RFC 8654 4: what does not fit is not sent. */
static void attributes_too_long(void **state)
{
	(void)state;
	static uint8_t communities[4 * 1100], room[BGP_MESSAGE_MAX];
	struct bgp_attrs attrs = plain_attrs();
	struct bgp_update_writer writer;
	struct bgp_nlri_item item = { .prefix = { ip_addr_v4(0x0a000000), 24 } };
	attrs.present |= 1u << BGP_ATTR_COMMUNITIES;
	attrs.communities = communities;
	attrs.community_count = 1100;
	bgp_update_begin(&writer, room, sizeof(room), &attrs, &both, BGP_IPV4_UNICAST);
	assert_false(bgp_update_add(&writer, &item));
	assert_int_equal(bgp_update_finish(&writer), 0);
	attrs.community_count = 1012; /* 4096 - 23 - 21 - 4 of header = 4048 = 4 * 1012 */
	bgp_update_begin(&writer, room, sizeof(room), &attrs, &both, BGP_IPV4_UNICAST);
	assert_false(bgp_update_add(&writer, &item));
	assert_int_equal(bgp_update_finish(&writer), 0);
	attrs.community_count = 1011; /* leaves exactly a /24 */
	bgp_update_begin(&writer, room, sizeof(room), &attrs, &both, BGP_IPV4_UNICAST);
	assert_true(bgp_update_add(&writer, &item));
	assert_false(bgp_update_add(&writer, &item));
	assert_int_equal(bgp_update_finish(&writer), 4096);
}

static void every_length_both_ways(void **state)
{
	(void)state;
	uint8_t room[32];
	for (unsigned v6 = 0; v6 < 2; v6++)
		for (unsigned bits = 0; bits <= (v6 ? 128u : 32u); bits++)
			for (unsigned with_id = 0; with_id < 2; with_id++) {
				struct bgp_nlri_item item = { .path_id = with_id ? bits + 1 : 0 },
						     back;
				memset(item.prefix.addr.bytes, 0xff, v6 ? 16 : 4);
				item.prefix.addr.family = v6 ? IP_V6 : IP_V4;
				item.prefix.length = (uint8_t)bits;
				struct writer out = writer_of(room, sizeof(room));
				bgp_nlri_put(&out, &item, with_id);
				assert_int_equal(writer_used(&out),
						 bgp_nlri_size(item.prefix, with_id));
				struct bgp_nlri nlri = { room, (uint32_t)writer_used(&out), 1,
							 v6 ? BGP_IPV6_UNICAST : BGP_IPV4_UNICAST,
							 with_id };
				uint32_t offset = 0;
				assert_true(bgp_nlri_next(&nlri, &offset, &back));
				assert_true(ip_prefix_equal(back.prefix,
							    ip_prefix_masked(item.prefix)));
				assert_int_equal(back.path_id, item.path_id);
				assert_false(bgp_nlri_next(&nlri, &offset, &back));
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classic),
		cmocka_unit_test(trailing_bits),
		cmocka_unit_test(multiprotocol),
		cmocka_unit_test(all_at_once),
		cmocka_unit_test(not_negotiated),
		cmocka_unit_test(end_of_rib),
		cmocka_unit_test(add_path),
		cmocka_unit_test(resets),
		cmocka_unit_test(withdraws),
		cmocka_unit_test(packed_to_the_brim),
		cmocka_unit_test(withdrawals_to_the_brim),
		cmocka_unit_test(packed_bytes),
		cmocka_unit_test(attributes_too_long),
		cmocka_unit_test(every_length_both_ways),
	};
	return cmocka_run_group_tests(tests, arena_up, arena_down);
}
