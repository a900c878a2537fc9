/* The MRT reader, record by record, on records written here by hand. Whole archives of others:
 * test_corpus_bgpdump.c, test_corpus_mrt.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bgp/mrt/mrt.h"
#include "tests/bgp/wire_bytes.h"

#define TIME "5f000000"
#define ORIGIN_PATH "40010100" "400206" "0201" "0000fde8"
#define OLD_ATTRS "40010100" "400204" "0201fde8" "400304" "0a000002"

struct fixture {
	uint8_t bytes[1024];
	size_t length;
	struct mrt_record record;
	struct mrt_content content;
	struct arena arena;
	const char *why;
};

static struct fixture *fixture;

/* A record around that body: type, subtype and length in front. */
static enum mrt_result framed(unsigned type, unsigned subtype, const char *body)
{
	uint8_t *at = fixture->bytes + MRT_HEADER_BYTES;
	size_t length = hex_bytes(body, at, sizeof(fixture->bytes) - MRT_HEADER_BYTES);
	hex_bytes(TIME, fixture->bytes, 4);
	put_u16(fixture->bytes + 4, (uint16_t)type);
	put_u16(fixture->bytes + 6, (uint16_t)subtype);
	put_u32(fixture->bytes + 8, (uint32_t)length);
	fixture->length = MRT_HEADER_BYTES + length;
	fixture->why = NULL;
	return mrt_record_next(fixture->bytes, fixture->length, &fixture->record, &fixture->why);
}

static bool decoded(unsigned type, unsigned subtype, const char *body)
{
	assert_int_equal(framed(type, subtype, body), MRT_READY);
	assert_int_equal(fixture->record.total_length, fixture->length);
	return mrt_decode(&fixture->record, &fixture->content, &fixture->why);
}

static void refused(unsigned type, unsigned subtype, const char *body, const char *why)
{
	assert_false(decoded(type, subtype, body));
	assert_string_equal(fixture->why, why);
}

static void boundaries(void **state)
{
	(void)state;
	assert_int_equal(framed(MRT_BGP4MP, 0, "00"), MRT_READY);
	assert_int_equal(fixture->record.time_s, 0x5f000000);
	for (size_t n = 0; n < fixture->length; n++)
		assert_int_equal(mrt_record_next(fixture->bytes, n, &fixture->record,
						 &fixture->why), MRT_MORE);
	assert_int_equal(framed(14, 0, ""), MRT_BAD);
	assert_string_equal(fixture->why, "no such record type");
	assert_int_equal(framed(0x4001, 0, ""), MRT_BAD);
	assert_int_equal(framed(MRT_BGP4MP_ET, 1, "000001"), MRT_BAD);
	assert_string_equal(fixture->why, "no room for the microseconds");
	framed(MRT_BGP4MP, 0, "");
	put_u32(fixture->bytes + 8, MRT_RECORD_MAX + 1);
	assert_int_equal(mrt_record_next(fixture->bytes, fixture->length, &fixture->record,
					 &fixture->why), MRT_BAD);
	assert_string_equal(fixture->why, "a record longer than any");
}

static void what_is_not_ours(void **state)
{
	(void)state;
	assert_true(decoded(MRT_TABLE_DUMP_V2, 6, "00")); /* RIB_GENERIC */
	assert_int_equal(fixture->content.kind, MRT_OTHER);
	assert_true(decoded(11, 0, "00")); /* OSPFv2 */
	assert_int_equal(fixture->content.kind, MRT_OTHER);
	assert_true(decoded(MRT_BGP4MP, 12, ""));
	assert_int_equal(fixture->content.kind, MRT_OTHER);
}

#define SESSION2 "fde8" "fde9" "0001" "0001" "0a000001" "0a000002"
#define SESSION4 "00010000" "00010001" "0001" "0002" "20010db8000000000000000000000001"           \
	"20010db8000000000000000000000002"
#define KEEPALIVE MARKER "0013" "04"

static void messages(void **state)
{
	(void)state;
	/* RFC 6396 4.4.2, 4.4.3, 4.4.5; RFC 8050 3. */
	static const struct {
		unsigned subtype;
		bool as4, add_path, sent;
	} rows[] = {
		{ 1, false, false, false }, { 4, true, false, false }, { 6, false, false, true },
		{ 7, true, false, true },   { 8, false, true, false }, { 9, true, true, false },
		{ 10, false, true, true },  { 11, true, true, true },
	};
	const struct mrt_content *content = &fixture->content;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *body = rows[i].as4 ? SESSION4 KEEPALIVE : SESSION2 KEEPALIVE;
		assert_true(decoded(MRT_BGP4MP, rows[i].subtype, body));
		assert_int_equal(content->kind, MRT_MESSAGE);
		assert_int_equal(content->message_type, BGP_KEEPALIVE);
		assert_int_equal(content->body_length, 0);
		assert_int_equal(content->sent, rows[i].sent);
		struct bgp_codec codec = mrt_codec(content);
		assert_int_equal(codec.as4, rows[i].as4);
		assert_int_equal(codec.add_path_in != 0, rows[i].add_path);
		assert_int_equal(content->peer.as_number, rows[i].as4 ? 65536 : 65000);
		assert_int_equal(content->local_as, rows[i].as4 ? 65537 : 65001);
		assert_int_equal(content->local.family, rows[i].as4 ? IP_V6 : IP_V4);
	}
	assert_true(decoded(MRT_BGP4MP_ET, 1, "000f4240" SESSION2 KEEPALIVE));
	assert_int_equal(fixture->record.time_us, 1000000);
	assert_int_equal(content->kind, MRT_MESSAGE);
	refused(MRT_BGP4MP, 1, SESSION2 MARKER "0014" "04", "the BGP message's header is bad");
	refused(MRT_BGP4MP, 1, SESSION2 MARKER "0017" "02", "the BGP message is cut short");
	refused(MRT_BGP4MP, 1, SESSION2 KEEPALIVE "00", "octets after the BGP message");
	refused(MRT_BGP4MP, 1, "fde8" "fde9" "0001" "0003" "00",
		"the session's address family is neither IPv4 nor IPv6");
	refused(MRT_BGP4MP, 4, SESSION2, "the record is too short");
	refused(MRT_BGP4MP, 1, "fde8" "fde9", "the record is too short");
}

static void states(void **state)
{
	(void)state;
	assert_true(decoded(MRT_BGP4MP, 5, SESSION4 "0006" "0001"));
	assert_int_equal(fixture->content.kind, MRT_STATE);
	assert_int_equal(fixture->content.old_state, 6);
	assert_int_equal(fixture->content.new_state, 1);
	assert_true(decoded(MRT_BGP4MP, 0, SESSION2 "0005" "0006"));
	refused(MRT_BGP4MP, 0, SESSION2 "0005", "the record is too short");
	refused(MRT_BGP4MP, 0, SESSION2 "0005" "0006" "00", "octets after the states");
}

static void mrtd(void **state)
{
	(void)state;
	assert_true(decoded(MRT_BGP, 1, "fde8" "0a000001" "fde9" "0a000002" "00000000"));
	assert_int_equal(fixture->content.kind, MRT_MESSAGE);
	assert_int_equal(fixture->content.message_type, BGP_UPDATE);
	assert_int_equal(fixture->content.body_length, 4);
	assert_true(decoded(MRT_BGP, 3, "fde8" "0a000001" "0001" "0002"));
	assert_int_equal(fixture->content.kind, MRT_STATE);
	refused(MRT_BGP, 7, "fde8" "0a000001", "the record is too short");
}

static void peers(void **state)
{
	(void)state;
	/* RFC 6396 4.3.1: the type's bits say IPv6 and four octets of AS number. */
	assert_true(decoded(MRT_TABLE_DUMP_V2, 1,
			    "0a000009" "0002" "6162" "0003"
			    "00" "01010101" "0a000001" "fde8"
			    "02" "02020202" "0a000002" "00010000"
			    "03" "03030303" "20010db8000000000000000000000003" "00010001"));
	struct mrt_content *content = &fixture->content;
	struct mrt_peer peer;
	assert_int_equal(content->kind, MRT_PEERS);
	assert_int_equal(content->collector_id, 0x0a000009);
	assert_int_equal(content->count, 3);
	assert_true(mrt_peer_next(content, &peer));
	assert_int_equal(peer.as_number, 65000);
	assert_true(mrt_peer_next(content, &peer));
	assert_int_equal(peer.as_number, 65536);
	assert_int_equal(ip_addr_to_v4(peer.addr), 0x0a000002);
	assert_true(mrt_peer_next(content, &peer));
	assert_int_equal(peer.addr.family, IP_V6);
	assert_int_equal(peer.router_id, 0x03030303);
	assert_false(mrt_peer_next(content, &peer));
	refused(MRT_TABLE_DUMP_V2, 1, "0a000009" "0000" "0001", "the record is too short");
	refused(MRT_TABLE_DUMP_V2, 1, "0a000009" "0000" "0000" "00", "octets after the last peer");
}

static enum bgp_outcome entry_read(struct mrt_entry *entry, struct bgp_attrs *attrs)
{
	uint8_t bad;
	assert_true(mrt_entry_next(&fixture->content, entry));
	return mrt_entry_attrs(entry, &fixture->arena, attrs, &bad);
}

static void tables(void **state)
{
	(void)state;
	struct mrt_entry entry;
	struct bgp_attrs attrs;
	/* Bits behind the prefix mean nothing. */
	assert_true(decoded(MRT_TABLE_DUMP_V2, 2,
			    "00000007" "0c0aff" "0002"
			    "0001" "5f000001" "0014" ORIGIN_PATH "400304" "0a000002"
			    "0002" "5f000002" "000d" ORIGIN_PATH));
	assert_int_equal(fixture->content.count, 2);
	assert_int_equal(fixture->content.sequence, 7);
	assert_int_equal(entry_read(&entry, &attrs), BGP_OUTCOME_OK);
	assert_int_equal(ip_addr_to_v4(entry.prefix.addr), 0x0af00000);
	assert_int_equal(entry.peer_index, 1);
	assert_false(entry.has_peer);
	assert_int_equal(bgp_as_path_first(&attrs), 65000);
	assert_int_equal(entry_read(&entry, &attrs), BGP_OUTCOME_WITHDRAW); /* no next hop */
	assert_false(mrt_entry_next(&fixture->content, &entry));
	assert_true(decoded(MRT_TABLE_DUMP_V2, 8,
			    "00000000" "00" "0001"
			    "0001" "5f000001" "00000009" "0014" ORIGIN_PATH "400304" "0a000002"));
	assert_int_equal(entry_read(&entry, &attrs), BGP_OUTCOME_OK);
	assert_int_equal(entry.path_id, 9);
	refused(MRT_TABLE_DUMP_V2, 2, "00000000" "21" "0a00000000" "0000",
		"a prefix longer than its family has bits");
	refused(MRT_TABLE_DUMP_V2, 2, "00000000" "00" "0001", "the record is too short");
	refused(MRT_TABLE_DUMP_V2, 2, "00000000" "00" "0000" "00", "octets after the last entry");
}

/* RFC 6396 4.3.4 leaves AFI, SAFI and prefixes out of MP_REACH; many wrote them all the same. */
static void next_hops_of_ipv6(void **state)
{
	(void)state;
	static const char *const reach[] = {
		"800e11" "10" "20010db8000000000000000000000009",
		"800e15" "0002" "01" "10" "20010db8000000000000000000000009" "00",
		"800e21" "20" "20010db8000000000000000000000009"
			 "fe800000000000000000000000000009",
		"800e05" "04" "0a000009",
		"800e06" "05" "0a00000900",
		"",
	};
	static const enum bgp_outcome outcomes[] = { BGP_OUTCOME_OK, BGP_OUTCOME_OK, BGP_OUTCOME_OK,
						     BGP_OUTCOME_OK, BGP_OUTCOME_WITHDRAW,
						     BGP_OUTCOME_OK };
	static const uint8_t families[] = { IP_V6, IP_V6, IP_V6, IP_V4, IP_NONE, IP_NONE };
	for (size_t i = 0; i < sizeof(reach) / sizeof(reach[0]); i++) {
		char body[512];
		struct mrt_entry entry;
		struct bgp_attrs attrs;
		snprintf(body, sizeof(body), "00000000" "20" "20010db8" "0001" "0000" "5f000000"
			 "%04zx" ORIGIN_PATH "%s", 13 + strlen(reach[i]) / 2, reach[i]);
		assert_true(decoded(MRT_TABLE_DUMP_V2, 4, body));
		assert_int_equal(entry_read(&entry, &attrs), outcomes[i]);
		if (outcomes[i] != BGP_OUTCOME_OK)
			continue;
		assert_int_equal(attrs.next_hop.family, families[i]);
		if (families[i] == IP_V6)
			assert_int_equal(attrs.next_hop.bytes[15], 9);
		assert_int_equal(attrs.next_hop_link.family, i == 2 ? IP_V6 : IP_NONE);
	}
}

#define DUMPED "0a010000" "10" "01" "5f000000" "0a000001" "fde8" "0012" OLD_ATTRS

static void old_tables(void **state)
{
	(void)state;
	struct mrt_entry entry;
	struct bgp_attrs attrs;
	assert_true(decoded(MRT_TABLE_DUMP, 1, "0000" "0005" DUMPED));
	assert_int_equal(fixture->content.count, 1);
	assert_int_equal(fixture->content.sequence, 5);
	assert_int_equal(entry_read(&entry, &attrs), BGP_OUTCOME_OK);
	assert_true(entry.has_peer);
	assert_int_equal(entry.peer.as_number, 65000);
	assert_int_equal(entry.prefix.length, 16);
	refused(MRT_TABLE_DUMP, 1, "0000" "0005" "0a010000", "the record is too short");
	refused(MRT_TABLE_DUMP, 1, "0000" "0005", "the record is too short");
	/* Collectors of 2000: many entries, and four octets more than the header says. */
	framed(MRT_TABLE_DUMP, 1, "0000" "0006" DUMPED DUMPED);
	put_u32(fixture->bytes + 8, (uint32_t)(fixture->length - MRT_HEADER_BYTES - 4));
	assert_int_equal(mrt_record_next(fixture->bytes, fixture->length - 1, &fixture->record,
					 &fixture->why), MRT_MORE);
	assert_int_equal(mrt_record_next(fixture->bytes, fixture->length, &fixture->record,
					 &fixture->why), MRT_READY);
	assert_int_equal(fixture->record.total_length, fixture->length);
	assert_true(mrt_decode(&fixture->record, &fixture->content, &fixture->why));
	assert_int_equal(fixture->content.count, 2);
}

static int up(void **state)
{
	(void)state;
	fixture = calloc(1, sizeof(*fixture));
	arena_init(&fixture->arena);
	return 0;
}

static int down(void **state)
{
	(void)state;
	arena_free(&fixture->arena);
	free(fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(boundaries, up, down),
		cmocka_unit_test_setup_teardown(what_is_not_ours, up, down),
		cmocka_unit_test_setup_teardown(messages, up, down),
		cmocka_unit_test_setup_teardown(states, up, down),
		cmocka_unit_test_setup_teardown(mrtd, up, down),
		cmocka_unit_test_setup_teardown(peers, up, down),
		cmocka_unit_test_setup_teardown(tables, up, down),
		cmocka_unit_test_setup_teardown(next_hops_of_ipv6, up, down),
		cmocka_unit_test_setup_teardown(old_tables, up, down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
