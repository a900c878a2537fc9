/* MRT against bgpdump: every file of its test data, read here and printed in the form of `bgpdump
 * -m`, is line for line what bgpdump printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/bgp/corpus.h"

#define PEERS_MAX 4096

struct reading {
	struct steady steady;
	struct mrt_peer peers[PEERS_MAX];
	uint32_t peer_count;
	struct blob wanted;
	size_t wanted_at;
	struct text line;
	size_t records, lines, deviations;
	size_t refused, foreign; /* lines of routes not taken, and of families not ours */
	const char *name;
};

/* ---- where bgpdump and we differ ------------------------------------------------------------ */

/* One field of a line. */
static const struct deviation {
	const char *file;
	unsigned field; /* from 0 */
	const char *theirs;
	const char *why;
} deviations[] = {
	{ "bview.ipv6_unicast_add_path", 9, "255.255.255.255",
	  "the archive has no MP_REACH, so no next hop; bgpdump prints that" },
	{ "bview.20020722.2337", 13, "0 0.0.0.0",
	  "RFC 7607: AGGREGATOR with AS 0 is discarded" },
};

/* Whole routes that bgpdump lists and a speaker would not take. `lines`: how many; 0: as many as
 * the UPDATE has prefixes. */
static const struct refusal {
	const char *file;
	enum bgp_outcome outcome;
	uint8_t attribute;
	size_t lines;
	const char *why;
} refusals[] = {
	{ "add_path", BGP_OUTCOME_WITHDRAW, BGP_ATTR_ORIGIN, 1,
	  "the collector's own routes, without any attribute" },
	{ "updates.20071015.1505", BGP_OUTCOME_WITHDRAW, BGP_ATTR_MP_REACH, 0,
	  "the next hop is ::" },
	{ "nlri_mask_trailing_bits", BGP_OUTCOME_RESET, 0, 1,
	  "RFC 7606 5.3: the second prefix runs past the end; bgpdump prints the first" },
};

/* Addresses are the same however they are written: bgpdump shortens a single group of zeros. */
static bool same_field(const char *one, const char *two)
{
	struct ip_addr a, b;
	struct ip_prefix p, q;
	if (!one || !two)
		return false;
	if (strcmp(one, two) == 0)
		return true;
	if (ip_addr_parse(one, strlen(one), &a) && ip_addr_parse(two, strlen(two), &b))
		return ip_addr_equal(a, b);
	return ip_prefix_parse(one, strlen(one), false, &p) &&
	       ip_prefix_parse(two, strlen(two), false, &q) && ip_prefix_equal(p, q);
}

static bool is_known(const char *file, unsigned field, const char *theirs)
{
	for (size_t i = 0; i < sizeof(deviations) / sizeof(deviations[0]); i++)
		if (strstr(file, deviations[i].file) && deviations[i].field == field &&
		    strcmp(deviations[i].theirs, theirs) == 0)
			return true;
	return false;
}

/* Field by field. */
static void line_compared(struct reading *reading, char *theirs)
{
	char ours_copy[8192], theirs_copy[8192];
	snprintf(ours_copy, sizeof(ours_copy), "%s", text_string(&reading->line));
	snprintf(theirs_copy, sizeof(theirs_copy), "%s", theirs);
	char *a = ours_copy, *b = theirs_copy;
	for (unsigned field = 0; a || b; field++) {
		char *one = strsep(&a, "|"), *two = strsep(&b, "|");
		if (same_field(one, two))
			continue;
		if (!one || !two || !is_known(reading->name, field, two))
			fail_msg("%s, line %zu\nwe:      %s\nbgpdump: %s", reading->name,
				 reading->lines + 1, text_string(&reading->line), theirs);
		reading->deviations++;
	}
}

static void line_done(struct reading *reading)
{
	char *theirs = blob_line(&reading->wanted, &reading->wanted_at);
	if (!theirs)
		fail_msg("%s: bgpdump has no line for: %s", reading->name,
			 text_string(&reading->line));
	if (strcmp(theirs, text_string(&reading->line)) != 0)
		line_compared(reading, theirs);
	reading->lines++;
	text_clear(&reading->line);
}

static void lines_passed(struct reading *reading, size_t count, size_t *counter)
{
	for (size_t i = 0; i < count; i++)
		assert_non_null(blob_line(&reading->wanted, &reading->wanted_at));
	*counter += count;
}

static void refused(struct reading *reading, enum bgp_outcome outcome, uint8_t attribute,
		    size_t prefixes)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *row = &refusals[i];
		if (!strstr(reading->name, row->file) || row->outcome != outcome ||
		    row->attribute != attribute)
			continue;
		lines_passed(reading, row->lines ? row->lines : prefixes, &reading->refused);
		return;
	}
	fail_msg("%s: %s, attribute %u, before line %zu", reading->name, bgp_outcome_name(outcome),
		 attribute, reading->lines + 1);
}

/* ---- printing as bgpdump does ---------------------------------------------------------------- */

static void head_put(struct reading *reading, const char *type, uint32_t time_s, char kind,
		     const struct mrt_peer *peer)
{
	char buffer[IP_TEXT_MAX];
	text_printf(&reading->line, "%s|%lu|%c|%s|%lu", type, (unsigned long)time_s, kind,
		    ip_addr_format(peer->addr, buffer), (unsigned long)peer->as_number);
}

/* ---- records -------------------------------------------------------------------------------- */

static void rib_printed(struct reading *reading, const struct mrt_record *record,
			struct mrt_content *content)
{
	char buffer[IP_TEXT_MAX];
	struct mrt_entry entry;
	const char *type = record->type == MRT_TABLE_DUMP ? "TABLE_DUMP"
			   : content->add_path		  ? "TABLE_DUMP2_AP"
							  : "TABLE_DUMP2";
	while (mrt_entry_next(content, &entry)) {
		struct bgp_attrs attrs;
		uint8_t bad;
		arena_rewind(&reading->steady.arena);
		assert_true(entry.has_peer || entry.peer_index < reading->peer_count);
		const struct mrt_peer *peer =
			entry.has_peer ? &entry.peer : &reading->peers[entry.peer_index];
		enum bgp_outcome outcome =
			mrt_entry_attrs(&entry, &reading->steady.arena, &attrs, &bad);
		if (outcome > BGP_OUTCOME_DISCARD) {
			refused(reading, outcome, bad, 1);
			continue;
		}
		head_put(reading, type, record->time_s, 'B', peer);
		text_printf(&reading->line, "|%s", ip_prefix_format(entry.prefix, buffer));
		if (content->add_path)
			text_printf(&reading->line, "|%lu", (unsigned long)entry.path_id);
		columns_put(&attrs, '|', &reading->line);
		text_char(&reading->line, '|');
		line_done(reading);
	}
}

/* How many prefixes stand in an MP attribute of a multicast family: bgpdump lists those too. */
static size_t foreign_prefixes(const struct bgp_update *update, uint8_t code)
{
	struct reader in = reader_of(update->attr_bytes, update->attr_length);
	size_t count = 0;
	while (reader_left(&in) > 0) {
		uint8_t flags = reader_u8(&in), type = reader_u8(&in);
		size_t length = flags & BGP_FLAG_EXTENDED ? reader_u16(&in) : reader_u8(&in);
		struct reader value = reader_sub(&in, length);
		assert_false(in.failed);
		if (type != code)
			continue;
		reader_u16(&value);
		if (reader_u8(&value) == 1)
			continue;
		if (code == BGP_ATTR_MP_REACH)
			reader_bytes(&value, reader_u8(&value) + 1u);
		for (; reader_left(&value) > 0; count++)
			reader_bytes(&value, (reader_u8(&value) + 7u) / 8u);
		assert_false(value.failed);
	}
	return count;
}

static void update_printed(struct reading *reading, const struct mrt_record *record,
			   const struct mrt_content *content)
{
	struct bgp_codec codec = mrt_codec(content);
	struct bgp_update update;
	struct bgp_nlri_item item;
	uint32_t ids[2];
	uint8_t bad;
	char buffer[IP_TEXT_MAX];
	enum bgp_outcome outcome = steady_update(&reading->steady, content->body,
						 content->body_length, &codec, &update, ids, &bad);
	if (outcome > BGP_OUTCOME_DISCARD) {
		refused(reading, outcome, bad,
			update.announced[0].count + update.announced[1].count);
		steady_done(&reading->steady, ids);
		return;
	}
	size_t reach = foreign_prefixes(&update, BGP_ATTR_MP_REACH);
	size_t unreach = foreign_prefixes(&update, BGP_ATTR_MP_UNREACH);
	for (int which = 0; which < 2; which++)
		for (uint32_t at = 0; bgp_nlri_next(&update.withdrawn[which], &at, &item);) {
			head_put(reading, "BGP4MP", record->time_s, 'W', &content->peer);
			text_printf(&reading->line, "|%s", ip_prefix_format(item.prefix, buffer));
			line_done(reading);
		}
	lines_passed(reading, unreach, &reading->foreign);
	for (int which = 0; which < 2; which++)
		for (uint32_t at = 0; bgp_nlri_next(&update.announced[which], &at, &item);) {
			head_put(reading, "BGP4MP", record->time_s, 'A', &content->peer);
			text_printf(&reading->line, "|%s", ip_prefix_format(item.prefix, buffer));
			columns_put(bgp_attrs_of(reading->steady.table, ids[which]), '|',
				    &reading->line);
			text_char(&reading->line, '|');
			line_done(reading);
		}
	lines_passed(reading, reach, &reading->foreign);
	steady_done(&reading->steady, ids);
}

static void record_printed(struct reading *reading, const struct mrt_record *record)
{
	struct mrt_content content;
	struct mrt_peer peer;
	const char *why;
	if (!mrt_decode(record, &content, &why))
		fail_msg("%s, record %zu: %s", reading->name, reading->records, why);
	switch (content.kind) {
	case MRT_PEERS:
		assert_true(content.count <= PEERS_MAX);
		for (reading->peer_count = 0; mrt_peer_next(&content, &peer);)
			reading->peers[reading->peer_count++] = peer;
		assert_int_equal(reading->peer_count, content.count);
		break;
	case MRT_RIB:
		rib_printed(reading, record, &content);
		break;
	case MRT_MESSAGE:
		if (content.message_type == BGP_UPDATE)
			update_printed(reading, record, &content);
		break;
	case MRT_STATE:
		text_printf(&reading->line, "BGP4MP|%lu|STATE|", (unsigned long)record->time_s);
		char buffer[IP_TEXT_MAX];
		text_printf(&reading->line, "%s|%lu|%u|%u",
			    ip_addr_format(content.peer.addr, buffer),
			    (unsigned long)content.peer.as_number, content.old_state,
			    content.new_state);
		line_done(reading);
		break;
	case MRT_OTHER:
		fail_msg("%s: type %u, subtype %u", reading->name, record->type, record->subtype);
	}
}

struct wanted {
	size_t records, lines, deviations, refused, foreign;
};

static void file_read(const char *name, struct wanted wanted)
{
	static struct reading reading;
	char path[128];
	memset(&reading, 0, sizeof(reading));
	reading.name = name;
	snprintf(path, sizeof(path), "bgpdump/test_data/%s.gz", name);
	struct blob blob = shared_blob(path, "gzip -dc");
	snprintf(path, sizeof(path), "bgpdump/test_expect/%s.gz.bgp.gz", name);
	reading.wanted = shared_blob(path, "gzip -dc");
	if (!blob.bytes || !reading.wanted.bytes)
		skip();
	steady_init(&reading.steady);
	struct mrt_record record;
	const char *why;
	size_t at = 0;
	while (mrt_record_next(blob.bytes + at, blob.length - at, &record, &why) == MRT_READY) {
		at += record.total_length;
		reading.records++;
		record_printed(&reading, &record);
	}
	assert_int_equal(at, blob.length);
	assert_int_equal(reading.wanted_at, reading.wanted.length);
	print_message("%s: %zu records, %zu lines as bgpdump has them, %zu fields not; %zu lines "
		      "of routes refused, %zu of other families; %zu UPDATEs steady\n",
		      name, reading.records, reading.lines, reading.deviations, reading.refused,
		      reading.foreign, reading.steady.updates);
	assert_int_equal(reading.records, wanted.records);
	assert_int_equal(reading.lines, wanted.lines);
	assert_int_equal(reading.deviations, wanted.deviations);
	assert_int_equal(reading.refused, wanted.refused);
	assert_int_equal(reading.foreign, wanted.foreign);
	assert_int_equal(reading.steady.too_large, 0);
	text_free(&reading.line);
	steady_free(&reading.steady);
	free(blob.bytes);
	free(reading.wanted.bytes);
}

#define FILE_TEST(function, name, ...)                                                             \
	static void function(void **state)                                                         \
	{                                                                                          \
		(void)state;                                                                       \
		file_read(name, (struct wanted){ __VA_ARGS__ });                                   \
	}

FILE_TEST(table_2002, "bview.20020722.2337", 115521, 115521, 8, 0, 0)
FILE_TEST(table_64k, "bview.64k_stream_overflow", 2, 23, 0, 0, 0)
FILE_TEST(table_add_path_v4, "bview.ipv4_unicast_add_path", 32, 60, 0, 2, 0)
FILE_TEST(table_add_path_v6, "bview.ipv6_unicast_add_path", 32, 60, 60, 2, 0)
FILE_TEST(updates_2002, "updates.20020722.2238", 1121, 3337, 0, 0, 0)
FILE_TEST(updates_2007_02, "updates.20070211.0141", 23394, 53506, 0, 0, 151)
FILE_TEST(updates_2007_10, "updates.20071015.1505", 4297, 10475, 0, 21, 0)
FILE_TEST(updates_2010, "updates.20100722.2015", 2193, 5654, 0, 0, 0)
FILE_TEST(long_withdrawal, "updates.long_withdrawal", 1, 4096, 0, 0, 0)
FILE_TEST(trailing_bits, "updates.nlri_mask_trailing_bits", 1, 0, 0, 1, 0)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_2002),	    cmocka_unit_test(table_64k),
		cmocka_unit_test(table_add_path_v4), cmocka_unit_test(table_add_path_v6),
		cmocka_unit_test(updates_2002),	    cmocka_unit_test(updates_2007_02),
		cmocka_unit_test(updates_2007_10),  cmocka_unit_test(updates_2010),
		cmocka_unit_test(long_withdrawal),  cmocka_unit_test(trailing_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
