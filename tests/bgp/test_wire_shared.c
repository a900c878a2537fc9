/* The codec against what others wrote down: FRR's RFC 7606 cases and unit vectors, messages
 * recorded from real daemons, and ExaBGP's encodings. Each file may be absent; then its test is
 * skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bgp/wire/update.h"
#include "tests/bgp/wire_bytes.h"

#define BOTH (BGP_IPV4_UNICAST | BGP_IPV6_UNICAST)
#define OK BGP_OUTCOME_OK
#define A BGP_OUTCOME_DISCARD
#define W BGP_OUTCOME_WITHDRAW
#define R BGP_OUTCOME_RESET

/* One UPDATE all the way: taken apart, attributes decoded. */
struct judged {
	struct arena arena;
	struct bgp_update update;
	struct bgp_attrs attrs;
	enum bgp_outcome outcome;
	uint8_t bad;
	struct bgp_error error;
};

static void judge(struct judged *judged, const uint8_t *body, size_t length,
		  const struct bgp_codec *codec)
{
	arena_rewind(&judged->arena);
	struct bgp_update *update = &judged->update;
	judged->attrs = (struct bgp_attrs){ 0 };
	judged->outcome = bgp_update_split(body, length, codec, &judged->arena, update);
	judged->bad = update->bad_attribute;
	judged->error = update->error;
	if (judged->outcome >= W || update->plain_length == 0)
		return;
	bool classic = update->announced[0].count > 0;
	bool reach = classic || update->announced[1].count > 0;
	judged->outcome =
		bgp_attrs_decode(update->plain_bytes, update->plain_length, codec, classic, reach,
				 &judged->arena, &judged->attrs, &judged->bad, &judged->error);
	if (judged->outcome <= A && !classic && reach) {
		judged->attrs.next_hop = update->mp_next_hop;
		judged->attrs.next_hop_link = update->mp_next_hop_link;
		judged->attrs.present |= UINT64_C(1) << BGP_ATTR_NEXT_HOP;
	}
}

/* ---- frr-rfc7606-cases/cases.tsv ------------------------------------------------------------- */

/* Where this codec reads the RFCs differently from FRR, and why. */
static const struct exception {
	const char *prefix;
	enum bgp_outcome outcome;
	const char *why;
} exceptions[] = {
	{ "origin-flag-partial", OK, "RFC 7606 3 c names only Optional and Transitive" },
	{ "aspath-flag-partial", OK, "RFC 7606 3 c names only Optional and Transitive" },
	{ "as4path-seg-type-0", A, "RFC 6793 6 wants it discarded" },
	{ "pmsi-", OK, "not known here: passed on or dropped" },
	{ "encap-", OK, "not known here: passed on or dropped" },
	{ "ipv6-extcomm-", OK, "not known here: passed on or dropped" },
};

static const struct exception *exception_of(const char *name)
{
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
		if (strncmp(name, exceptions[i].prefix, strlen(exceptions[i].prefix)) == 0)
			return &exceptions[i];
	return NULL;
}

static size_t case_update(char **column, bool external, uint8_t *body, size_t room)
{
	static const struct {
		uint8_t code;
		const char *hex;
	} usual[] = {
		{ 1, "40010100" }, { 2, "4002060201000000c8" }, { 3, "4003040a000002" },
		{ 5, "40050400000064" },
	};
	unsigned code = (unsigned)strtoul(column[2], NULL, 10);
	struct writer out = writer_of(body, room);
	writer_u16(&out, 0);
	uint8_t *length_at = writer_room(&out, 2);
	uint8_t value[64], addr[16];
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (usual[i].code == code || (usual[i].code == 5 && external))
			continue;
		size_t length = hex_bytes(usual[i].hex, value, sizeof(value));
		struct ip_addr next_hop;
		if (usual[i].code == 3 && column[5][0]) {
			assert_true(ip_addr_parse(column[5], strlen(column[5]), &next_hop));
			memcpy(addr, next_hop.bytes, 4);
			memcpy(value + 3, addr, 4);
		}
		writer_bytes(&out, value, length);
	}
	if (column[2][0]) {
		size_t length = hex_bytes(column[4], value, sizeof(value));
		writer_u8(&out, (uint8_t)strtoul(column[3], NULL, 16));
		writer_u8(&out, (uint8_t)code);
		writer_u8(&out, (uint8_t)length);
		writer_bytes(&out, value, length);
	}
	put_u16(length_at, (uint16_t)(out.at - length_at - 2));
	writer_bytes(&out, "\x18\x0a\x00\x01", 4);
	assert_false(out.failed);
	return writer_used(&out);
}

static void frr_rfc7606_cases(void **state)
{
	struct judged *judged = *state;
	FILE *file = shared_open("frr-rfc7606-cases/cases.tsv");
	if (!file)
		skip();
	char *line = NULL, *column[11];
	size_t room = 0, rows = 0, verdicts = 0, excepted = 0;
	while (line_next(file, &line, &room)) {
		columns_split(line, column, 11);
		if (column[0][0] == '#')
			continue;
		rows++;
		for (int external = 0; external < 2; external++) {
			if (external && strstr(column[9], "ebgp"))
				continue;
			struct bgp_codec codec = { .as4 = true, .families = BOTH,
						   .external = external };
			uint8_t body[256];
			size_t length = case_update(column, external, body, sizeof(body));
			judge(judged, body, length, &codec);
			const char *wanted = column[external ? 6 : 8];
			enum bgp_outcome outcome = strcmp(wanted, "discard") == 0 ? A : W;
			const struct exception *exception = exception_of(column[1]);
			if (exception) {
				excepted++;
				outcome = exception->outcome;
			}
			if (judged->outcome != outcome)
				fail_msg("%s %s: %s", external ? "eBGP" : "iBGP", column[1],
					 bgp_outcome_name(judged->outcome));
			verdicts++;
		}
	}
	free(line);
	fclose(file);
	print_message("%zu rows, %zu verdicts, %zu of them exceptions\n", rows, verdicts, excepted);
	assert_true(rows >= 58 && verdicts > excepted);
}

/* ---- frr-unit-vectors/vectors.tsv, its MP attributes ------------------------------------------
 */

static void frr_mp_vectors(void **state)
{
	struct judged *judged = *state;
	FILE *file = shared_open("frr-unit-vectors/vectors.tsv");
	if (!file)
		skip();
	char *line = NULL, *column[6];
	size_t room = 0, rows = 0;
	while (line_next(file, &line, &room)) {
		columns_split(line, column, 6);
		/* VPN families are not ours; a MP_REACH without a prefix ("bug") announces nothing.
		 */
		if (strcmp(column[0], "test_mp_attr.c") != 0 || strstr(column[1], "VPN") ||
		    strstr(column[1], "bug"))
			continue;
		uint8_t value[128], body[256];
		size_t length = hex_bytes(column[5], value, sizeof(value));
		struct writer out = writer_of(body, sizeof(body));
		writer_u16(&out, 0);
		writer_u16(&out, (uint16_t)(length + 3));
		writer_u8(&out, BGP_FLAG_OPTIONAL);
		writer_u8(&out, strstr(column[1], "unreach") ? 15 : 14);
		writer_u8(&out, (uint8_t)length);
		writer_bytes(&out, value, length);
		struct bgp_codec codec = { .as4 = true, .families = BOTH };
		enum bgp_outcome outcome = bgp_update_split(body, writer_used(&out), &codec,
							    &judged->arena, &judged->update);
		if ((outcome == R) != (strcmp(column[3], "SHOULD_ERR") == 0))
			fail_msg("%s: %s, FRR: %s", column[1], bgp_outcome_name(outcome),
				 column[3]);
		rows++;
	}
	free(line);
	fclose(file);
	print_message("%zu MP vectors\n", rows);
	assert_true(rows > 10);
}

/* ---- observed/: 44 malformed messages, on iBGP and eBGP ---------------------------------------
 */

struct verdict {
	enum bgp_outcome internal, external;
	uint8_t code, subcode; /* of a reset */
};
/* 34 is called a double MP_REACH, but its extended length makes the first one overrun. */
static const struct verdict verdicts[] = {
	[1] = { W, W, 0, 0 },	[2] = { W, W, 0, 0 },	[3] = { W, W, 0, 0 },
	[4] = { W, W, 0, 0 },	[5] = { W, W, 0, 0 },	[6] = { W, W, 0, 0 },
	[7] = { W, W, 0, 0 },	[8] = { W, W, 0, 0 },	[9] = { W, W, 0, 0 },
	[10] = { W, A, 0, 0 },	[11] = { A, A, 0, 0 },	[12] = { A, A, 0, 0 },
	[13] = { W, W, 0, 0 },	[14] = { W, W, 0, 0 },	[15] = { W, A, 0, 0 },
	[16] = { W, A, 0, 0 },	[17] = { W, W, 0, 0 },	[18] = { W, W, 0, 0 },
	[19] = { W, W, 0, 0 },	[20] = { W, W, 0, 0 },	[21] = { W, W, 0, 0 },
	[22] = { W, OK, 0, 0 },	[23] = { OK, OK, 0, 0 }, [24] = { R, R, 3, 2 },
	[25] = { W, W, 0, 0 },	[26] = { W, W, 0, 0 },	[27] = { W, W, 0, 0 },
	[28] = { R, R, 3, 10 }, [29] = { R, R, 3, 1 },	[30] = { R, R, 3, 1 },
	[31] = { R, R, 3, 10 }, [32] = { A, A, 0, 0 },	[33] = { W, W, 0, 0 },
	[34] = { W, W, 0, 0 },	[35] = { R, R, 3, 9 },	[36] = { OK, OK, 0, 0 },
	[37] = { OK, OK, 0, 0 }, [38] = { OK, OK, 0, 0 }, [39] = { OK, OK, 0, 0 },
	[40] = { R, R, 1, 2 },	[41] = { R, R, 1, 3 },	[42] = { R, R, 1, 1 },
	[43] = { R, R, 1, 2 },	[44] = { R, R, 1, 2 },
};

static void malformed_message(struct judged *judged, const char *line, bool external)
{
	unsigned number = (unsigned)strtoul(strstr(line, "case ") + 5, NULL, 10);
	assert_in_range(number, 1, 44);
	const struct verdict *verdict = &verdicts[number];
	uint8_t message[256];
	size_t length = hex_bytes(strstr(line, " hex ") + 5, message, sizeof(message));
	struct bgp_codec codec = { .as4 = true,
				   .families = BGP_IPV4_UNICAST,
				   .external = external };
	struct bgp_frame frame;
	judged->outcome = OK;
	if (bgp_frame_next(message, length, BGP_MESSAGE_MAX, &frame, &judged->error) ==
	    BGP_FRAME_BAD) {
		judged->outcome = R;
	} else if (frame.type == BGP_ROUTE_REFRESH) {
		struct bgp_route_refresh refresh;
		if (!bgp_route_refresh_decode(frame.body, frame.body_length, &refresh,
					      &judged->error))
			judged->outcome = R;
	} else {
		judge(judged, frame.body, frame.body_length, &codec);
	}
	if (judged->outcome != (external ? verdict->external : verdict->internal))
		fail_msg("%s: %s", line, bgp_outcome_name(judged->outcome));
	if (judged->outcome == R) {
		assert_int_equal(judged->error.code, verdict->code);
		assert_int_equal(judged->error.subcode, verdict->subcode);
	}
}

static void observed_malformed(void **state)
{
	static const char *const files[] = { "observed/res-E-bird2.log",
					     "observed/res-F65100-bird2.log" };
	for (int external = 0; external < 2; external++) {
		FILE *file = shared_open(files[external]);
		if (!file)
			skip();
		char *line = NULL;
		size_t room = 0, rows = 0;
		while (line_next(file, &line, &room)) {
			if (!strstr(line, "---- case "))
				continue;
			malformed_message(*state, line, external);
			rows++;
		}
		free(line);
		fclose(file);
		print_message("%zu malformed messages\n", rows);
		assert_int_equal(rows, 44);
	}
}

/* ---- whole UPDATEs: decoded, packed again, the same bytes -------------------------------------
 */

static size_t pack(const struct judged *judged, const struct bgp_codec *codec, unsigned which,
		   bool withdraw, uint8_t *room)
{
	const struct bgp_nlri *nlri = withdraw ? &judged->update.withdrawn[which]
					       : &judged->update.announced[which];
	struct bgp_update_writer writer;
	struct bgp_nlri_item item;
	bgp_update_begin(&writer, room, BGP_MESSAGE_MAX, withdraw ? NULL : &judged->attrs, codec,
			 nlri->family);
	for (uint32_t offset = 0; bgp_nlri_next(nlri, &offset, &item);)
		assert_true(bgp_update_add(&writer, &item));
	return bgp_update_finish(&writer);
}

/* Both of a recorded message: false if it carries more than one of what we never mix. */
static bool packed_again(const struct judged *judged, const struct bgp_codec *codec, uint8_t *room,
			 size_t *length)
{
	const struct bgp_update *update = &judged->update;
	unsigned kinds = 0, which = 0;
	bool withdraw = false;
	for (unsigned i = 0; i < 2; i++) {
		if (update->announced[i].count > 0)
			kinds++, which = i, withdraw = false;
		if (update->withdrawn[i].count > 0)
			kinds++, which = i, withdraw = true;
	}
	if (kinds != 1)
		return false;
	*length = pack(judged, codec, which, withdraw, room);
	return true;
}

struct tally {
	size_t updates, same, mixed, bad;
};

static void recorded_update(struct judged *judged, const char *path, const char *line,
			    struct tally *tally)
{
	const char *raw = strstr(line, " raw ");
	const char *ids = strchr(line, '#');
	uint8_t message[BGP_MESSAGE_MAX], again[BGP_MESSAGE_MAX];
	size_t length = hex_bytes(raw + 5, message, sizeof(message)), packed;
	struct bgp_codec codec = { .as4 = true, .families = BOTH };
	codec.external = !strstr(line, "LOCAL_PREF");
	codec.as_path_extended_length = strstr(path, "frr");
	if (ids && ids < raw)
		codec.add_path_in = codec.add_path_out = BGP_IPV4_UNICAST;
	/* There, some daemons passed on what they had been sent. */
	bool after_malformed = strstr(path, "res-E") || strstr(path, "res-F");
	judge(judged, message + BGP_HEADER_BYTES, length - BGP_HEADER_BYTES, &codec);
	tally->updates++;
	if (judged->outcome > A) {
		tally->bad++;
		assert_true(after_malformed);
	} else if (strstr(line, " EoR ")) {
		assert_true(judged->update.end_of_rib);
		struct bgp_update_writer writer;
		bgp_update_begin(&writer, again, sizeof(again), NULL, &codec,
				 judged->update.end_of_rib);
		packed = bgp_update_finish(&writer);
		assert_int_equal(packed, length);
		assert_memory_equal(again, message, length);
		tally->same++;
	} else if (!packed_again(judged, &codec, again, &packed)) {
		tally->mixed++;
	} else if (packed == length && memcmp(again, message, length) == 0) {
		tally->same++;
	} else if (after_malformed) {
		tally->bad++;
	} else {
		static char text[2 * BGP_MESSAGE_MAX + 1];
		fail_msg("%s: %s\nwe: %s", path, line,
			 hex_text(again, packed, text, sizeof(text)));
	}
}

static void observed_updates(void **state)
{
	static const char *const daemons[] = { "bird16", "bird2", "frr", "gobgp", "obgpd" };
	static const char *const suites[] = { "open-", "D-", "E-", "F65100-", "H-", "G-" };
	struct tally tally = { 0 };
	for (size_t s = 0; s < sizeof(suites) / sizeof(suites[0]); s++)
		for (size_t d = 0; d < sizeof(daemons) / sizeof(daemons[0]); d++) {
			char path[128];
			snprintf(path, sizeof(path), "observed/res-%s%s.log", suites[s],
				 daemons[d]);
			FILE *file = shared_open(path);
			if (!file)
				skip();
			char *line = NULL;
			size_t room = 0;
			while (line_next(file, &line, &room))
				if (strstr(line, " UPDATE ") && strstr(line, " raw "))
					recorded_update(*state, path, line, &tally);
			free(line);
			fclose(file);
		}
	print_message("%zu UPDATEs: %zu written again byte for byte, %zu mixed, %zu bad\n",
		      tally.updates, tally.same, tally.mixed, tally.bad);
	assert_true(tally.same > 0);
}

/* Of ExaBGP's encodings: those of unicast routes whose form is also ours. */
static void exabgp_encodings(void **state)
{
	static const char *const files[] = { "conf-addpath", "conf-aggregator", "conf-ebgp",
					     "conf-largecommunity", "conf-new-v4", "conf-split",
					     "conf-group", "conf-no-asn4", "conf-watchdog",
					     "conf-template", "conf-name" };
	struct judged *judged = *state;
	size_t same = 0, others = 0;
	for (size_t f = 0; f < sizeof(files) / sizeof(files[0]); f++) {
		char path[128], *line = NULL;
		size_t room = 0;
		snprintf(path, sizeof(path), "exabgp-qa/qa/encoding/%s.ci", files[f]);
		FILE *file = shared_open(path);
		if (!file)
			skip();
		while (line_next(file, &line, &room)) {
			uint8_t message[BGP_MESSAGE_MAX], again[BGP_MESSAGE_MAX];
			const char *raw = strstr(line, ":raw:");
			size_t length = raw ? hex_bytes(raw + 5, message, sizeof(message)) : 0;
			if (length < BGP_HEADER_BYTES + 4 || message[18] != BGP_UPDATE)
				continue;
			struct bgp_codec codec = { .as4 = !strstr(path, "asn4"), .families = BOTH };
			if (strstr(path, "addpath"))
				codec.add_path_in = codec.add_path_out = BGP_IPV4_UNICAST;
			codec.external = strstr(path, "ebgp");
			judge(judged, message + 19, length - 19, &codec);
			size_t packed = 0;
			if (judged->outcome != OK ||
			    !packed_again(judged, &codec, again, &packed)) {
				others++;
				continue;
			}
			static char one[9000], two[9000];
			assert_string_equal(hex_text(again, packed, one, sizeof(one)),
					    hex_text(message, length, two, sizeof(two)));
			same++;
		}
		free(line);
		fclose(file);
	}
	print_message("%zu written again byte for byte, %zu of another kind\n", same, others);
	assert_true(same > 20);
}

static int judged_up(void **state)
{
	*state = calloc(1, sizeof(struct judged));
	return 0;
}

static int judged_down(void **state)
{
	struct judged *judged = *state;
	arena_free(&judged->arena);
	free(judged);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frr_rfc7606_cases, judged_up, judged_down),
		cmocka_unit_test_setup_teardown(frr_mp_vectors, judged_up, judged_down),
		cmocka_unit_test_setup_teardown(observed_malformed, judged_up, judged_down),
		cmocka_unit_test_setup_teardown(observed_updates, judged_up, judged_down),
		cmocka_unit_test_setup_teardown(exabgp_encodings, judged_up, judged_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
