/* Captures against tcpdump's own decode: TCP is put together again, every BGP message is decoded or
 * refused, and what both tcpdump and we understand of it is the same: kind, length, OPEN's values
 * and capabilities, a NOTIFICATION's codes, prefixes, AS path, next hops and other attributes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/bgp/capture.h"
#include "tests/bgp/tcpdump.h"

/* ---- what is to become of them --------------------------------------------------------------- */

/* Sessions whose OPENs are not in the capture. */
static const struct session {
	const char *file;
	bool as4, internal;
	uint8_t add_path;
	bool apart; /* see struct capture */
} sessions[] = {
	{ "bgp-shutdown-communication", false, false, 0, true },
	{ "bgp-addpath", false, false, BOTH_FAMILIES, false },
	{ "bgp-large-community", true, false, 0, false },
	{ "bgp-enhanced-route-refresh-subtype", true, false, 0, false },
	{ "bgp-link-bw-extcommunity", true, true, 0, false },
	{ "bgp-ovs", true, true, 0, false },
	{ "bgp-role", true, false, 0, false },
	{ "bgp-bgpsec", true, false, 0, false },
	{ "bgpsec_invalid_signature_block_length", true, false, 0, false },
	{ "bgp_vpn_attrset", false, true, 0, false },
	{ "bgp-encap", true, true, 0, false },
	{ "mpbgp-linklocal-nexthop", false, false, 0, false },
	{ "bgp-ub", false, true, 0, false },
};

/* Messages that are not simply taken, by their place in tcpdump's list; last 0: only that one. */
static const struct verdict {
	const char *file;
	unsigned first, last;
	enum bgp_outcome outcome;
	uint8_t attribute;  /* of an UPDATE */
	uint8_t code, subcode; /* of a reset */
	const char *why;
} verdicts[] = {
	{ "bgp-addpath", 1, 0, BGP_OUTCOME_RESET, BGP_ATTR_MP_REACH, 3, 1,
	  "RFC 7606 3 g: MP_REACH twice" },
	{ "bgp-bgpsec", 6, 15, BGP_OUTCOME_WITHDRAW, BGP_ATTR_AS_PATH, 0, 0,
	  "no AS_PATH: BGPsec_PATH in its place was not negotiated with us" },
	{ "bgp-bgpsec", 22, 31, BGP_OUTCOME_WITHDRAW, BGP_ATTR_AS_PATH, 0, 0, "likewise" },
	{ "bgpsec_invalid_signature_block_length", 1, 0, BGP_OUTCOME_WITHDRAW, BGP_ATTR_AS_PATH, 0,
	  0, "likewise" },
	{ "bgp-lu-multiple-labels", 9, 0, BGP_OUTCOME_OK, 0, 0, 0,
	  "labels, which tcpdump takes for bad prefixes: not negotiated, passed over" },
	{ "bgp-lu-multiple-labels", 16, 0, BGP_OUTCOME_OK, 0, 0, 0, "likewise" },
	{ "bgp-orf", 1, 2, BGP_OUTCOME_RESET, 0, 1, 2,
	  "RFC 5291's longer form of ROUTE-REFRESH was not negotiated" },
	{ "bgp-ub", 1, 0, BGP_OUTCOME_RESET, 0, 1, 1,
	  "the stream begins inside a message: tcpdump looks for the next marker" },
};

static const struct session *session_of(const char *file)
{
	for (size_t i = 0; i < sizeof(sessions) / sizeof(sessions[0]); i++)
		if (strcmp(sessions[i].file, file) == 0)
			return &sessions[i];
	return NULL;
}

static const struct verdict *verdict_of(const char *file, size_t number)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		const struct verdict *row = &verdicts[i];
		unsigned last = row->last ? row->last : row->first;
		if (strcmp(row->file, file) == 0 && number >= row->first && number <= last)
			return row;
	}
	return NULL;
}

/* ---- our side -------------------------------------------------------------------------------- */

struct taking {
	const char *file;
	struct capture capture;
	struct bgp_open opens[CAPTURE_STREAMS]; /* by stream; version 0: none seen */
	struct steady steady;
	struct messages ours, theirs;
};

static void opens_found(struct taking *taking)
{
	struct bgp_frame frame;
	struct bgp_error error;
	for (size_t i = 0; i < taking->capture.count; i++) {
		const struct capture_stream *stream = &taking->capture.streams[i];
		if (bgp_frame_next(stream->bytes, stream->length, BGP_MESSAGE_MAX, &frame,
				   &error) != BGP_FRAME_READY ||
		    frame.type != BGP_OPEN ||
		    !bgp_open_decode(frame.body, frame.body_length, &taking->opens[i], &error))
			taking->opens[i].version = 0;
	}
}

/* The other direction's OPEN of the same connection. */
static const struct bgp_open *open_opposite(const struct taking *taking, size_t index)
{
	const struct capture_stream *stream = &taking->capture.streams[index];
	for (size_t i = 0; i < taking->capture.count; i++) {
		const struct capture_stream *other = &taking->capture.streams[i];
		if (taking->opens[i].version && end_equal(other->from, stream->to) &&
		    end_equal(other->to, stream->from))
			return &taking->opens[i];
	}
	return NULL;
}

static struct bgp_codec codec_of(const struct taking *taking, size_t index)
{
	struct bgp_codec codec = { .external = true, .families = BOTH_FAMILIES };
	const struct bgp_open *from = &taking->opens[index], *to = open_opposite(taking, index);
	const struct session *session = session_of(taking->file);
	if (from->version && to) {
		codec.as4 = from->capabilities.as4 && to->capabilities.as4;
		codec.external = from->as_number != to->as_number;
		codec.add_path_in = from->capabilities.add_path_send &
				    to->capabilities.add_path_receive;
	} else if (session) {
		codec.as4 = session->as4;
		codec.external = !session->internal;
		codec.add_path_in = session->add_path;
	}
	return codec;
}

static void nlri_put(struct text *text, const struct bgp_nlri *nlri)
{
	struct bgp_nlri_item item;
	char buffer[IP_TEXT_MAX];
	for (uint32_t at = 0; bgp_nlri_next(nlri, &at, &item);) {
		word_put(text, ip_prefix_format(item.prefix, buffer));
		if (nlri->add_path)
			text_printf(text, "#%lu", (unsigned long)item.path_id);
	}
}

static void number_put(const struct bgp_attrs *attrs, enum bgp_attr_code code, uint32_t number,
		       struct text *text)
{
	if (bgp_has(attrs, code))
		text_printf(text, "%lu", (unsigned long)number);
}

static void attrs_noted(struct message *message, const struct bgp_attrs *attrs, bool classic)
{
	static const char *const origins[] = { "IGP", "EGP", "Incomplete" };
	struct text *fields = message->fields;
	char buffer[IP_TEXT_MAX];
	text_put(&fields[F_ORIGIN], origins[attrs->origin]);
	bgp_as_path_print(attrs, &fields[F_PATH]);
	if (attrs->as_path_length == 0)
		text_put(&fields[F_PATH], "empty");
	if (classic)
		text_put(&fields[F_NEXT_HOP], ip_addr_format(attrs->next_hop, buffer));
	number_put(attrs, BGP_ATTR_MED, attrs->med, &fields[F_MED]);
	number_put(attrs, BGP_ATTR_LOCAL_PREF, attrs->local_pref, &fields[F_LOCAL_PREF]);
	number_put(attrs, BGP_ATTR_OTC, attrs->otc, &fields[F_OTC]);
	if (bgp_has(attrs, BGP_ATTR_ORIGINATOR_ID))
		text_put(&fields[F_ORIGINATOR],
			 ip_addr_format(ip_addr_v4(attrs->originator_id), buffer));
	struct reader clusters = reader_of(attrs->cluster_count ? attrs->cluster_list : NULL,
					   4u * attrs->cluster_count);
	while (reader_left(&clusters))
		word_put(&fields[F_CLUSTERS],
			 ip_addr_format(ip_addr_v4(reader_u32(&clusters)), buffer));
	struct reader large = reader_of(attrs->large_count ? attrs->large_communities : NULL,
					12u * attrs->large_count);
	while (reader_left(&large)) {
		word_put(&fields[F_LARGE], "");
		for (int i = 0; i < 3; i++)
			text_printf(&fields[F_LARGE], i ? ":%lu" : "%lu",
				    (unsigned long)reader_u32(&large));
	}
}

static void update_noted(struct taking *taking, struct message *message,
			 const struct bgp_frame *frame, const struct bgp_codec *codec)
{
	struct bgp_update update;
	struct text *fields = message->fields;
	char buffer[IP_TEXT_MAX];
	uint32_t ids[2];
	message->outcome = steady_update(&taking->steady, frame->body, frame->body_length, codec,
					 &update, ids, &message->attribute);
	message->error = update.error;
	if (message->outcome == BGP_OUTCOME_RESET)
		return;
	nlri_put(&fields[F_WITHDRAWN], &update.withdrawn[0]);
	nlri_put(&fields[F_ANNOUNCED], &update.announced[0]);
	nlri_put(&fields[F_UNREACH], &update.withdrawn[1]);
	if (update.announced[1].count > 0) {
		text_put(&fields[F_REACH], ip_addr_format(update.mp_next_hop, buffer));
		if (update.mp_next_hop_link.family)
			word_put(&fields[F_REACH], ip_addr_format(update.mp_next_hop_link, buffer));
		nlri_put(&fields[F_REACH], &update.announced[1]);
	}
	if (update.end_of_rib)
		text_put(&fields[F_END], "yes");
	for (int which = 0; which < 2; which++)
		if (ids[which] && (which == 0 || !ids[0]))
			attrs_noted(message, bgp_attrs_of(taking->steady.table, ids[which]),
				    which == 0);
	steady_done(&taking->steady, ids);
}

static void families_put(struct text *text, uint8_t families)
{
	if (families & BGP_IPV4_UNICAST)
		word_put(text, "IPv4");
	if (families & BGP_IPV6_UNICAST)
		word_put(text, "IPv6");
}

static void open_noted(struct message *message, const struct bgp_frame *frame)
{
	struct bgp_open open;
	struct text *fields = message->fields;
	char buffer[IP_TEXT_MAX];
	if (!bgp_open_decode(frame->body, frame->body_length, &open, &message->error)) {
		message->outcome = BGP_OUTCOME_RESET;
		return;
	}
	const struct bgp_capabilities *capabilities = &open.capabilities;
	text_printf(&fields[F_OPEN], "%us %s", open.hold_time_s,
		    ip_addr_format(ip_addr_v4(open.router_id), buffer));
	if (capabilities->multiprotocol)
		families_put(&fields[F_MP], capabilities->families);
	text_printf(&fields[F_AS4], "%lu", (unsigned long)open.as_number);
	if (capabilities->graceful_restart)
		text_printf(&fields[F_RESTART], "%s%s%us", capabilities->restarting ? "R" : "",
			    capabilities->restart_notification ? "N" : "",
			    capabilities->restart_time_s);
	/* All of the captures say Receive. */
	assert_int_equal(capabilities->add_path_send, 0);
	families_put(&fields[F_ADD_PATH], capabilities->add_path_receive);
	static const char *const names[] = { "2", "6", "64", "65", "70", "128" };
	const bool had[] = { capabilities->route_refresh, capabilities->extended_message,
			     capabilities->graceful_restart, capabilities->as4,
			     capabilities->enhanced_refresh, capabilities->refresh_old };
	for (size_t i = 0; i < 6; i++)
		if (had[i])
			word_put(&fields[F_BARE], names[i]);
	if (capabilities->has_role)
		text_printf(&fields[F_ROLE], "%u", capabilities->role);
}

static void frame_noted(struct taking *taking, struct message *message,
			const struct bgp_frame *frame, const struct bgp_codec *codec)
{
	struct bgp_route_refresh refresh;
	struct bgp_error error;
	switch (frame->type) {
	case BGP_OPEN:
		open_noted(message, frame);
		break;
	case BGP_UPDATE:
		update_noted(taking, message, frame, codec);
		break;
	case BGP_NOTIFICATION:
		assert_true(bgp_notification_decode(frame->body, frame->body_length, &error));
		text_printf(&message->fields[F_ERROR], "%u/%u", error.code, error.subcode);
		break;
	case BGP_ROUTE_REFRESH:
		if (!bgp_route_refresh_decode(frame->body, frame->body_length, &refresh,
					      &message->error))
			message->outcome = BGP_OUTCOME_RESET;
		else
			text_printf(&message->fields[F_REFRESH], "%u %u %u", refresh.afi,
				    refresh.safi, refresh.subtype);
		break;
	default:
		break;
	}
}

static void stream_noted(struct taking *taking, size_t index)
{
	const struct capture_stream *stream = &taking->capture.streams[index];
	struct bgp_codec codec = codec_of(taking, index);
	struct bgp_frame frame;
	struct bgp_error error;
	size_t at = 0;
	for (;;) {
		enum bgp_frame_result result = bgp_frame_next(
			stream->bytes + at, stream->length - at, BGP_MESSAGE_MAX_EXTENDED, &frame,
			&error);
		if (result == BGP_FRAME_MORE)
			break;
		struct message *message = message_add(&taking->ours, stream->packets[at], 0, 0);
		if (result == BGP_FRAME_BAD) {
			message->bad_frame = true;
			message->outcome = BGP_OUTCOME_RESET;
			message->error = error;
			return;
		}
		message->type = frame.type;
		message->length = (unsigned)frame.total_length;
		frame_noted(taking, message, &frame, &codec);
		at += frame.total_length;
	}
	assert_int_equal(at, stream->length); /* no capture ends inside a message */
}

static int by_packet(const void *a, const void *b)
{
	const struct message *one = a, *two = b;
	if (one->packet != two->packet)
		return one->packet < two->packet ? -1 : 1;
	return one->order < two->order ? -1 : 1;
}

/* ---- both ------------------------------------------------------------------------------------ */

struct tally {
	size_t captures, messages, updates, fields, verdicts, unjudged;
};

static unsigned hops_in(const char *path)
{
	unsigned hops = 0;
	for (const char *at = path; *at; at += strspn(at, " ")) {
		at += strcspn(at, " ");
		hops++;
	}
	return hops;
}

/* RFC 6793 4.2.3 on tcpdump's two lines; no capture has a SET in them. */
static void path_merged(struct message *message)
{
	struct text *path = &message->fields[F_PATH], *as4 = &message->fields[F_AS4_PATH];
	if (as4->length == 0)
		return;
	unsigned keep = hops_in(path->data) - hops_in(as4->data);
	char *at = path->data;
	for (; keep > 0; keep--)
		at += strcspn(at, " ") + 1;
	struct text merged = { 0 };
	text_add(&merged, path->data, (size_t)(at - path->data));
	text_put(&merged, text_string(as4));
	text_free(path);
	*path = merged;
}

static bool is_attribute(int field)
{
	return field >= F_ORIGIN && field <= F_OTC;
}

static void fields_compared(const char *file, size_t number, const struct message *ours,
			    struct message *theirs, struct tally *tally)
{
	bool taken = ours->outcome <= BGP_OUTCOME_DISCARD;
	bool announces = ours->fields[F_ANNOUNCED].length || ours->fields[F_REACH].length;
	for (int f = 0; f < F_AS4_PATH; f++) {
		const char *one = text_string(&ours->fields[f]);
		const char *two = text_string(&theirs->fields[f]);
		if (is_attribute(f) && (!taken || !announces))
			continue; /* without a route of ours there are no attributes */
		if (f == F_NEXT_HOP && ours->fields[F_ANNOUNCED].length == 0)
			continue; /* RFC 4760 3: ignored beside MP_REACH */
		tally->fields += two[0] != '\0';
		if (strcmp(one, two) != 0)
			fail_msg("%s, message %zu, %s\nwe:      %s\ntcpdump: %s", file, number,
				 field_names[f], one, two);
	}
}

static void message_compared(const char *file, size_t number, const struct message *ours,
			     struct message *theirs, struct tally *tally)
{
	const struct verdict *verdict = verdict_of(file, number);
	bool fine = ours->outcome <= BGP_OUTCOME_DISCARD && !theirs->damaged;
	if (!verdict && !fine) {
		print_message("%s %zu (packet %u): type %u length %u: %s, attribute %u, "
			      "%u/%u%s%s\n",
			      file, number, ours->packet, ours->type, ours->length,
			      bgp_outcome_name(ours->outcome), ours->attribute, ours->error.code,
			      ours->error.subcode, theirs->damaged ? ", damaged" : "",
			      ours->bad_frame ? ", frame" : "");
		tally->unjudged++;
	}
	if (verdict) {
		assert_int_equal(ours->outcome, verdict->outcome);
		assert_int_equal(ours->attribute, verdict->attribute);
		if (verdict->outcome == BGP_OUTCOME_RESET) {
			assert_int_equal(ours->error.code, verdict->code);
			assert_int_equal(ours->error.subcode, verdict->subcode);
		}
		tally->verdicts++;
	}
	tally->messages++;
	tally->updates += theirs->type == BGP_UPDATE;
	if (ours->bad_frame)
		return;
	if (ours->type != theirs->type || ours->length != theirs->length ||
	    ours->packet != theirs->packet)
		fail_msg("%s, message %zu: we %u of %u bytes in packet %u, tcpdump %u of %u in %u",
			 file, number, ours->type, ours->length, ours->packet, theirs->type,
			 theirs->length, theirs->packet);
	if (ours->outcome == BGP_OUTCOME_RESET || theirs->damaged)
		return;
	path_merged(theirs);
	if (theirs->fields[F_WITHDRAWN].length)
		text_clear(&theirs->fields[F_END]); /* RFC 4724 2: nothing withdrawn either */
	fields_compared(file, number, ours, theirs, tally);
}

static void capture_taken(struct taking *taking, const char *file, const char *extension,
			  struct tally *tally)
{
	char path[512], why[PCAP_ERRBUF_SIZE];
	taking->file = file;
	snprintf(path, sizeof(path), "%s/bgp/data/tcpdump-tests/%s.%s", SIMRUN_SHARED, file,
		 extension);
	pcap_t *pcap = pcap_open_offline(path, why);
	if (!pcap)
		fail_msg("%s", why);
	const struct session *session = session_of(file);
	capture_read(&taking->capture, pcap, session && session->apart);
	pcap_close(pcap);
	steady_init(&taking->steady);
	opens_found(taking);
	for (size_t i = 0; i < taking->capture.count; i++)
		stream_noted(taking, i);
	qsort(taking->ours.items, taking->ours.count, sizeof(taking->ours.items[0]), by_packet);
	snprintf(path, sizeof(path), "tcpdump-tests/%s.out", file);
	assert_true(listing_read(&taking->theirs, path));
	bool ended = false; /* by a frame that cannot be */
	for (size_t i = 0; i < taking->ours.count; i++) {
		assert_true(i < taking->theirs.count);
		message_compared(file, i + 1, &taking->ours.items[i], &taking->theirs.items[i],
				 tally);
		ended |= taking->ours.items[i].bad_frame;
	}
	if (!ended && taking->ours.count != taking->theirs.count)
		fail_msg("%s: %zu messages, tcpdump has %zu", file, taking->ours.count,
			 taking->theirs.count);
	tally->captures++;
	messages_free(&taking->ours);
	messages_free(&taking->theirs);
	steady_free(&taking->steady);
	capture_free(&taking->capture);
}

/* Those of TESTLIST that are here and hold BGP. */
static void captures_as_tcpdump_has_them(void **state)
{
	static const char *const files[][2] = {
		{ "bgp-4byte-asn", "pcap" }, { "bgp-addpath", "pcap" },
		{ "bgp-bfd-cease", "pcap" }, { "bgp-bgpsec", "pcap" },
		{ "bgp-cease-hard-reset", "pcap" }, { "bgp-encap", "pcap" },
		{ "bgp-enhanced-route-refresh", "pcapng" },
		{ "bgp-enhanced-route-refresh-subtype", "pcapng" }, { "bgp-evpn", "pcap" },
		{ "bgp-extended-msg", "pcapng" },
		{ "bgp-extended-optional-parameters-length", "pcapng" },
		{ "bgp-extended-shutdown-msg", "pcapng" }, { "bgp-large-community", "pcap" },
		{ "bgp-link-bw-extcommunity", "pcapng" }, { "bgp-lu-multiple-labels", "pcap" },
		{ "bgp-malformed-hard-reset", "pcap" }, { "bgp-orf", "pcapng" },
		{ "bgp-ovs", "pcapng" }, { "bgp-role", "pcapng" }, { "bgp-rt-prefix", "pcap" },
		{ "bgp-shutdown-communication", "pcapng" },
		{ "bgp-shutdown-msg-variations", "pcap" }, { "bgp-ub", "pcap" },
		{ "bgp_notification_rr_msg_error", "pcap" }, { "bgp_vpn_attrset", "pcap" },
		{ "bgpsec_invalid_signature_block_length", "pcap" },
		{ "mpbgp-linklocal-nexthop", "pcap" },
	};
	static struct taking taking;
	struct tally tally = { 0 };
	(void)state;
	FILE *list = shared_open("tcpdump-tests/TESTLIST.bgp-bfd");
	if (!list)
		skip();
	fclose(list);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		capture_taken(&taking, files[i][0], files[i][1], &tally);
	print_message("%zu captures: %zu messages, %zu of them UPDATEs; %zu fields as tcpdump has "
		      "them, %zu messages with a verdict of their own\n",
		      tally.captures, tally.messages, tally.updates, tally.fields, tally.verdicts);
	assert_int_equal(tally.unjudged, 0);
	assert_int_equal(tally.captures, 27);
	assert_int_equal(tally.messages, 154);
	assert_int_equal(tally.fields, 360);
	assert_int_equal(tally.verdicts, 27);
}

/* bgp-ub is made of broken messages. Looking for the next marker, as tcpdump does, each gets its
 * chance to break us. */
static void broken_messages_are_survived(void **state)
{
	(void)state;
	static struct capture capture;
	static struct steady steady;
	char path[512], why[PCAP_ERRBUF_SIZE];
	snprintf(path, sizeof(path), "%s/bgp/data/tcpdump-tests/bgp-ub.pcap", SIMRUN_SHARED);
	pcap_t *pcap = pcap_open_offline(path, why);
	if (!pcap) {
		print_message("shared data not here: %s\n", why);
		skip();
	}
	capture_read(&capture, pcap, false);
	pcap_close(pcap);
	steady_init(&steady);
	const struct capture_stream *stream = &capture.streams[0];
	for (size_t at = 0; at + BGP_HEADER_BYTES <= stream->length;) {
		struct bgp_frame frame;
		struct bgp_error error;
		struct bgp_update update;
		uint32_t ids[2];
		uint8_t attribute;
		const struct bgp_codec codec = { .families = BOTH_FAMILIES };
		if (bgp_frame_next(stream->bytes + at, stream->length - at, BGP_MESSAGE_MAX, &frame,
				   &error) != BGP_FRAME_READY ||
		    frame.type != BGP_UPDATE) {
			at++;
			continue;
		}
		steady_update(&steady, frame.body, frame.body_length, &codec, &update, ids,
			      &attribute);
		steady_done(&steady, ids);
		at += frame.total_length;
	}
	const size_t *outcomes = steady.outcomes;
	print_message("%zu taken, %zu with an attribute dropped, %zu treated as withdrawn, %zu "
		      "resets\n", outcomes[0], outcomes[1], outcomes[2], outcomes[3]);
	assert_true(outcomes[0] + outcomes[1] + outcomes[2] + outcomes[3] > 0);
	steady_free(&steady);
	capture_free(&capture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_as_tcpdump_has_them),
		cmocka_unit_test(broken_messages_are_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
