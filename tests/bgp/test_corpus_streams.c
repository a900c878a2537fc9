/* Byte streams: frames written as hexadecimal text, a capture with an ORF, and what AFL found worth
 * keeping against FRR's bgpd and BIRD. Each is cut into messages and decoded; what is said of it is
 * the same every time, and what is taken is the same after it was written and read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/bgp/capture.h"
#include "tests/bgp/corpus.h"

/* ---- a stream in words ----------------------------------------------------------------------- */

struct tally {
	size_t streams, messages, bad_frames, leftovers;
	size_t types[8], refused[8]; /* refused: by its decoder */
};

static void nlri_put(struct text *out, char sign, const struct bgp_nlri *nlri)
{
	struct bgp_nlri_item item;
	char buffer[IP_TEXT_MAX];
	for (uint32_t at = 0; bgp_nlri_next(nlri, &at, &item);)
		text_printf(out, " %c%s", sign, ip_prefix_format(item.prefix, buffer));
}

static bool update_put(struct steady *steady, const struct bgp_frame *frame,
		       const struct bgp_codec *codec, struct text *out)
{
	struct bgp_update update;
	uint32_t ids[2];
	uint8_t bad;
	enum bgp_outcome outcome = steady_update(steady, frame->body, frame->body_length, codec,
						 &update, ids, &bad);
	text_put(out, "UPDATE");
	if (outcome != BGP_OUTCOME_OK)
		text_printf(out, " %s %u", bgp_outcome_name(outcome), bad);
	for (int which = 0; outcome < BGP_OUTCOME_RESET && which < 2; which++) {
		nlri_put(out, '-', &update.withdrawn[which]);
		nlri_put(out, '+', &update.announced[which]);
		if (ids[which]) {
			text_put(out, " (");
			bgp_attrs_print(bgp_attrs_of(steady->table, ids[which]), out);
			text_char(out, ')');
		}
	}
	steady_done(steady, ids);
	return outcome <= BGP_OUTCOME_DISCARD;
}

static bool message_put(struct steady *steady, const struct bgp_frame *frame,
			const struct bgp_codec *codec, struct text *out)
{
	struct bgp_open open;
	struct bgp_error error;
	struct bgp_route_refresh refresh;
	char buffer[IP_TEXT_MAX];
	bool good = true;
	switch (frame->type) {
	case BGP_OPEN:
		good = bgp_open_decode(frame->body, frame->body_length, &open, &error);
		if (good)
			text_printf(out, "OPEN as %lu hold %u id %s families %u",
				    (unsigned long)open.as_number, open.hold_time_s,
				    ip_addr_format(ip_addr_v4(open.router_id), buffer),
				    open.capabilities.families);
		break;
	case BGP_UPDATE:
		return update_put(steady, frame, codec, out);
	case BGP_NOTIFICATION:
		good = bgp_notification_decode(frame->body, frame->body_length, &error);
		if (good)
			text_printf(out, "NOTIFICATION %u/%u %u bytes", error.code, error.subcode,
				    error.data_length);
		break;
	case BGP_ROUTE_REFRESH:
		good = bgp_route_refresh_decode(frame->body, frame->body_length, &refresh, &error);
		if (good)
			text_printf(out, "ROUTE-REFRESH %u/%u/%u", refresh.afi, refresh.safi,
				    refresh.subtype);
		break;
	default:
		text_put(out, bgp_message_name(frame->type));
	}
	if (!good)
		text_printf(out, "%s refused %u/%u", bgp_message_name(frame->type), error.code,
			    error.subcode);
	return good;
}

/* What there is of a message that was cut short: no speaker looks at it, but its decoder must hold
 * out all the same. */
static void piece_survived(struct steady *steady, const uint8_t *bytes, size_t length,
			   const struct bgp_codec *codec)
{
	struct text text = { 0 };
	size_t body_length = length - BGP_HEADER_BYTES;
	uint8_t *body = malloc(body_length);
	memcpy(body, bytes + BGP_HEADER_BYTES, body_length);
	struct bgp_frame frame = { bytes[18], body, body_length, length };
	message_put(steady, &frame, codec, &text);
	text_free(&text);
	free(body);
}

static void stream_put(struct steady *steady, const uint8_t *bytes, size_t length,
		       const struct bgp_codec *codec, struct text *out, struct tally *tally)
{
	struct bgp_frame frame;
	struct bgp_error error;
	enum bgp_frame_result result;
	tally->streams++;
	while ((result = bgp_frame_next(bytes, length, BGP_MESSAGE_MAX, &frame, &error)) ==
	       BGP_FRAME_READY) {
		/* Memory of just that size, so that a step beyond it is seen. */
		uint8_t *body = malloc(frame.body_length ? frame.body_length : 1);
		memcpy(body, frame.body, frame.body_length);
		frame.body = body;
		text_put(out, out->length ? "; " : "");
		tally->messages++;
		tally->types[frame.type]++;
		tally->refused[frame.type] += !message_put(steady, &frame, codec, out);
		free(body);
		bytes += frame.total_length;
		length -= frame.total_length;
	}
	if (result == BGP_FRAME_BAD) {
		tally->bad_frames++;
		text_printf(out, "%sbad frame %u/%u", out->length ? "; " : "", error.code,
			    error.subcode);
	} else if (length > 0) {
		tally->leftovers++;
		text_printf(out, "%s%zu bytes left", out->length ? "; " : "", length);
		if (length > BGP_HEADER_BYTES)
			piece_survived(steady, bytes, length, codec);
	}
}

/* ---- frames ---------------------------------------------------------------------------------- */

static const struct frame_row {
	const char *name, *text;
} frame_rows[] = {
	{ "Bgp_open", "OPEN as 1 hold 180 id 1.1.1.1 families 1" },
	{ "Bgp_update1", "UPDATE -40.1.1.0/24 -40.40.40.0/24 -103.103.0.0/16 -103.103.40.0/24; "
			 "UPDATE -104.104.40.0/24" },
	{ "Bgp_open2", "OPEN as 64512 hold 180 id 10.0.0.6 families 1" },
	{ "Bgp_notification", "NOTIFICATION 6/2 125 bytes" },
	/* Its note says IGP; the octet is 1. */
	{ "BgpUpdate", "UPDATE +10.0.0.0/8 (origin EGP, as-path empty, next-hop 192.168.0.33, "
		       "med 0, local-pref 100, communities 65033:500 65033:600)" },
	{ "BgpOpen", "OPEN as 65033 hold 180 id 192.168.0.15 families 1" },
	{ "Bgp_open_malformed_opt_param_len", "OPEN refused 2/0" },
};

static const char *frame_text(const char *name)
{
	for (size_t i = 0; i < sizeof(frame_rows) / sizeof(frame_rows[0]); i++)
		if (strcmp(frame_rows[i].name, name) == 0)
			return frame_rows[i].text;
	return "a row of frames.tsv without one here";
}

static void capture_words(struct capture *capture, struct text *out, struct tally *tally)
{
	static struct steady steady;
	const struct bgp_codec codec = { .families = BOTH_FAMILIES };
	steady_init(&steady);
	for (size_t i = 0; i < capture->count; i++)
		stream_put(&steady, capture->streams[i].bytes, capture->streams[i].length, &codec,
			   out, tally);
	steady_free(&steady);
	capture_free(capture);
}

static void pcapplusplus_frames(void **state)
{
	(void)state;
	static struct capture capture;
	FILE *file = shared_open("pcapplusplus-hex/frames.tsv");
	if (!file)
		skip();
	char *line = NULL, *column[3];
	size_t room = 0, rows = 0;
	struct text text = { 0 };
	struct tally tally = { 0 };
	while (line_next(file, &line, &room)) {
		uint8_t bytes[2048];
		columns_split(line, column, 3);
		if (strcmp(column[0], "name") == 0)
			continue;
		memset(&capture, 0, sizeof(capture));
		frame_taken(&capture, DLT_EN10MB, bytes,
			    hex_bytes(column[2], bytes, sizeof(bytes)));
		text_clear(&text);
		capture_words(&capture, &text, &tally);
		assert_string_equal(text_string(&text), frame_text(column[0]));
		rows++;
	}
	print_message("%zu frames, %zu messages\n", rows, tally.messages);
	assert_int_equal(rows, 7);
	text_free(&text);
	free(line);
	fclose(file);
}

/* RFC 5291 was not negotiated: the longer ROUTE-REFRESH is a bad length. */
static void packetlife_orf(void **state)
{
	(void)state;
	static struct capture capture;
	char path[512], why[PCAP_ERRBUF_SIZE];
	snprintf(path, sizeof(path), "%s/bgp/data/bgpkit-fixtures/tests/fixtures/packetlife/"
				     "bgp_orf_prefix_advertisement.pcapng.cap", SIMRUN_SHARED);
	pcap_t *pcap = pcap_open_offline(path, why);
	if (!pcap) {
		print_message("shared data not here: %s\n", why);
		skip();
	}
	capture_read(&capture, pcap, false);
	pcap_close(pcap);
	struct text text = { 0 };
	struct tally tally = { 0 };
	capture_words(&capture, &text, &tally);
	assert_string_equal(text_string(&text), "KEEPALIVE; ROUTE-REFRESH refused 1/2");
	text_free(&text);
}

/* ---- corpi ----------------------------------------------------------------------------------- */

/* The same words twice, the second time from a table that has seen it all, for an old and a
 * new speaker, from inside and outside; what is counted is a new speaker's, from outside, as in
 * FRR's sessions there. */
static void stream_judged(const uint8_t *bytes, size_t length, struct tally *tally)
{
	static struct steady steady;
	struct text first = { 0 }, second = { 0 };
	struct tally again = { 0 };
	for (unsigned options = 0; options < 8; options++) {
		const struct bgp_codec codec = {
			.families = BOTH_FAMILIES,
			.as4 = options & 1,
			.external = options & 2,
			.add_path_in = options & 4 ? BOTH_FAMILIES : 0,
		};
		steady_init(&steady);
		stream_put(&steady, bytes, length, &codec, &first, options == 3 ? tally : &again);
		stream_put(&steady, bytes, length, &codec, &second, &again);
		steady_free(&steady);
	}
	assert_string_equal(text_string(&first), text_string(&second));
	text_free(&first);
	text_free(&second);
}

/* Octal digits of a tar header. */
static size_t octal(const uint8_t *bytes, size_t length)
{
	size_t value = 0;
	for (size_t i = 0; i < length && bytes[i] >= '0' && bytes[i] <= '7'; i++)
		value = value * 8 + (size_t)(bytes[i] - '0');
	return value;
}

static void archive_judged(const char *path, const struct tally *wanted)
{
	struct blob blob = shared_blob(path, "gzip -dc");
	if (!blob.bytes)
		skip();
	struct tally tally = { 0 };
	for (size_t at = 0; at + 512 <= blob.length && blob.bytes[at];) {
		const uint8_t *header = blob.bytes + at;
		size_t length = octal(header + 124, 12);
		at += 512;
		assert_true(at + length <= blob.length);
		if (header[156] == '0' || header[156] == '\0')
			stream_judged(blob.bytes + at, length, &tally);
		at += (length + 511) / 512 * 512;
	}
	free(blob.bytes);
	print_message("%s: %zu streams, %zu messages (%zu OPEN, %zu refused; %zu UPDATE, %zu "
		      "refused; %zu NOTIFICATION; %zu KEEPALIVE; %zu ROUTE-REFRESH, %zu refused), "
		      "%zu bad frames, %zu cut short\n",
		      path, tally.streams, tally.messages, tally.types[1], tally.refused[1],
		      tally.types[2], tally.refused[2], tally.types[3], tally.types[4],
		      tally.types[5], tally.refused[5], tally.bad_frames, tally.leftovers);
	assert_memory_equal(&tally, wanted, sizeof(tally));
}

static void frr_streams(void **state)
{
	(void)state;
	const struct tally wanted = {
		.streams = 1597, .messages = 1339, .bad_frames = 301, .leftovers = 688,
		.types = { 0, 249, 1058, 8, 0, 24 }, .refused = { 0, 206, 991, 0, 0, 24 },
	};
	archive_judged("corpi/bgpd-gen.tar.gz", &wanted);
}

static void bird_streams(void **state)
{
	(void)state;
	const struct tally wanted = {
		.streams = 162, .messages = 96, .bad_frames = 121,
		.types = { 0, 84, 2, 9, 0, 1 }, .refused = { 0, 73, 2, 0, 0, 1 },
	};
	archive_judged("corpi/bird-gen.tar.gz", &wanted);
}

static void seeds(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text;
	} rows[] = {
		{ "bgp-keepalive", "KEEPALIVE" },
		{ "bgp-notification", "NOTIFICATION 6/7 0 bytes" },
		{ "bgp-open", "OPEN as 10 hold 9 id 10.1.1.1 families 1" },
		{ "bgp-update", "UPDATE attribute-discard 5 +20.1.3.0/24 +20.1.7.0/24 "
				"+20.1.11.0/24 (origin IGP, as-path 20, next-hop 10.1.1.1, "
				"med 0, communities 99:1)" },
		{ "update-evpn-type2", "UPDATE" },
		{ "update-evpn-type3", "UPDATE" },
		{ "update-evpn-type5", "UPDATE" },
	};
	const struct bgp_codec codec = { .families = BOTH_FAMILIES, .external = true,
					 .as4 = true };
	static struct steady steady;
	struct tally tally = { 0 };
	struct text text = { 0 };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[128];
		snprintf(path, sizeof(path), "corpi/bgpd/seed/%s.bin", rows[i].name);
		struct blob blob = shared_blob(path, NULL);
		if (!blob.bytes)
			skip();
		text_clear(&text);
		steady_init(&steady);
		stream_put(&steady, blob.bytes, blob.length, &codec, &text, &tally);
		steady_free(&steady);
		assert_string_equal(text_string(&text), rows[i].text);
		free(blob.bytes);
	}
	text_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcapplusplus_frames), cmocka_unit_test(packetlife_orf),
		cmocka_unit_test(seeds),	       cmocka_unit_test(frr_streams),
		cmocka_unit_test(bird_streams),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
