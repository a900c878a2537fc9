/* Captures against tcpdump's own decode: TCP is put together again, every BGP message is decoded or
 * refused, and what both tcpdump and we understand of it is the same: kind, length, OPEN's values
 * and capabilities, a NOTIFICATION's codes, prefixes, AS path, next hops and the other attributes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/bgp/capture.h"
#include "tests/bgp/corpus.h"

#define MESSAGES_MAX 1024

enum field {
	F_WITHDRAWN, F_ANNOUNCED, F_REACH, F_UNREACH, F_END, F_ORIGIN, F_PATH, F_NEXT_HOP, F_MED,
	F_LOCAL_PREF, F_ORIGINATOR, F_CLUSTERS, F_LARGE, F_OTC,
	F_OPEN, F_MP, F_AS4, F_RESTART, F_ADD_PATH, F_BARE, F_ROLE,
	F_ERROR, F_REFRESH,
	F_AS4_PATH, /* tcpdump's only: it does not merge */
	FIELDS,
};
static const char *const field_names[FIELDS] = {
	"withdrawn", "announced", "reach", "unreach", "end of rib", "origin", "as path", "next hop",
	"med", "local pref", "originator", "clusters", "large communities", "otc",
	"open", "families", "as4", "restart", "add path", "capabilities", "role",
	"error", "refresh", "as4 path",
};

struct message {
	unsigned packet, type, length;
	size_t order;
	bool damaged;      /* tcpdump could not read it to its end */
	bool bad_frame;
	enum bgp_outcome outcome;
	uint8_t attribute;
	struct bgp_error error;
	struct text fields[FIELDS];
};

struct messages {
	struct message items[MESSAGES_MAX];
	size_t count;
};

static struct message *message_add(struct messages *list, unsigned packet, unsigned type,
				   unsigned length)
{
	assert_true(list->count < MESSAGES_MAX);
	struct message *message = &list->items[list->count++];
	*message = (struct message){ .packet = packet, .type = type, .length = length,
				     .order = list->count };
	return message;
}

static void messages_free(struct messages *list)
{
	for (size_t i = 0; i < list->count; i++)
		for (int f = 0; f < FIELDS; f++)
			text_free(&list->items[i].fields[f]);
	list->count = 0;
}

static void word_put(struct text *text, const char *word)
{
	if (text->length)
		text_char(text, ' ');
	text_put(text, word);
}

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

/* ---- tcpdump's side -------------------------------------------------------------------------- */

struct listing {
	struct messages *list;
	struct message *message; /* the one being read, NULL: none */
	unsigned packet;
	unsigned attribute;      /* whose lines these are; 0: the prefixes after the attributes */
	enum field prefixes;
	unsigned capability;
	bool unicast, bare[6];
};

/* The number in parentheses behind a name: "Update Message (2), length: 95". */
static unsigned parenthesis(const char *line)
{
	const char *at = strchr(line, '(');
	return at ? (unsigned)strtoul(at + 1, NULL, 10) : 0;
}

static void header_read(struct listing *listing, const char *line)
{
	const char *length = strstr(line, "length: ");
	assert_non_null(length);
	listing->message = message_add(listing->list, listing->packet, parenthesis(line),
				       (unsigned)strtoul(length + 8, NULL, 10));
	listing->attribute = 0;
	listing->capability = 0;
	memset(listing->bare, 0, sizeof(listing->bare));
	listing->unicast = false;
	if (listing->message->type != BGP_NOTIFICATION)
		return;
	const char *name = strchr(length, ',') + 1, *sub = strstr(name, "subcode");
	text_printf(&listing->message->fields[F_ERROR], "%u/%u", parenthesis(name),
		    parenthesis(sub));
}

static void prefix_read(struct listing *listing, const char *line, enum field field)
{
	struct ip_prefix prefix;
	char buffer[IP_TEXT_MAX];
	struct text *text = &listing->message->fields[field];
	size_t length = strcspn(line, " ,");
	if (!ip_prefix_parse(line, length, false, &prefix))
		return;
	word_put(text, ip_prefix_format(prefix, buffer));
	const char *id = strstr(line, "Path Id: ");
	if (id)
		text_printf(text, "#%lu", strtoul(id + 9, NULL, 10));
}

/* Up to the comma or the end. */
static void address_read(const char *line, struct text *text)
{
	struct ip_addr addr;
	char buffer[IP_TEXT_MAX];
	if (ip_addr_parse(line, strcspn(line, ", "), &addr))
		word_put(text, ip_addr_format(addr, buffer));
}

static void attribute_read(struct listing *listing, const char *line)
{
	static const enum field fields[64] = {
		[1] = F_ORIGIN, [2] = F_PATH, [3] = F_NEXT_HOP, [4] = F_MED, [5] = F_LOCAL_PREF,
		[9] = F_ORIGINATOR, [10] = F_CLUSTERS, [17] = F_AS4_PATH,
	};
	listing->attribute = strstr(line, "OTC") ? 35 : parenthesis(line);
	listing->unicast = false;
	const char *flags = strstr(line, "]: ");
	if (!flags || listing->attribute >= 64 || !fields[listing->attribute])
		return;
	struct text *text = &listing->message->fields[fields[listing->attribute]];
	for (const char *at = flags + 3; *at; at++)
		if (*at != ',' && !(*at == ' ' && at[1] == '\0'))
			text_char(text, *at);
}

static void attribute_line_read(struct listing *listing, const char *line)
{
	struct text *fields = listing->message->fields;
	if (listing->attribute == 14 || listing->attribute == 15) {
		if (strncmp(line, "AFI: ", 5) == 0)
			listing->unicast = strstr(line, "SAFI: Unicast") &&
					   strstr(line, "AFI: IPv");
		else if (!listing->unicast)
			return;
		else if (strncmp(line, "nexthop: ", 9) == 0) {
			address_read(line + 9, &fields[F_REACH]);
			const char *next = strchr(line, ',');
			if (next && next[1] == ' ')
				address_read(next + 2, &fields[F_REACH]);
		} else if (strstr(line, "End-of-Rib"))
			text_put(&fields[F_END], "yes");
		else
			prefix_read(listing, line,
				    listing->attribute == 14 ? F_REACH : F_UNREACH);
	} else if (listing->attribute == 32) {
		for (const char *at = line; *at; at++)
			if (*at != ',')
				text_char(&fields[F_LARGE], *at);
	} else if (listing->attribute == 35) {
		text_put(&fields[F_OTC], line + 4);
	}
}

static void update_line_read(struct listing *listing, const char *line, size_t indent)
{
	if (indent == 2 && strncmp(line, "Withdrawn routes", 16) == 0)
		listing->attribute = 0, listing->prefixes = F_WITHDRAWN;
	else if (indent == 2 && strncmp(line, "Updated routes", 14) == 0)
		listing->attribute = 0, listing->prefixes = F_ANNOUNCED;
	else if (indent == 2 && strncmp(line, "End-of-Rib", 10) == 0)
		text_put(&listing->message->fields[F_END], "yes");
	else if (indent == 2)
		attribute_read(listing, line);
	else if (listing->attribute == 0)
		prefix_read(listing, line, listing->prefixes);
	else
		attribute_line_read(listing, line);
}

static void open_line_read(struct listing *listing, const char *line, size_t indent)
{
	struct text *fields = listing->message->fields;
	unsigned as_number, hold;
	char router_id[32];
	const char *restart;
	if (sscanf(line, "Version 4, my AS %u, Holdtime %us, ID %31s", &as_number, &hold,
		   router_id) == 3) {
		text_printf(&fields[F_OPEN], "%us %s", hold, router_id);
		text_printf(&fields[F_AS4], "%u", as_number);
	} else if (indent == 6 && strstr(line, ", length: ")) {
		listing->capability = parenthesis(line);
		const char *cisco = strstr(line, "(Cisco) (");
		if (cisco)
			listing->capability = parenthesis(cisco + 8);
		static const unsigned bare[] = { 2, 6, 64, 65, 70, 128 };
		text_clear(&fields[F_BARE]);
		for (size_t i = 0; i < 6; i++) {
			listing->bare[i] |= listing->capability == bare[i];
			if (listing->bare[i])
				text_printf(&fields[F_BARE], "%s%u",
					    fields[F_BARE].length ? " " : "", bare[i]);
		}
	} else if (strncmp(line, "4 Byte AS ", 10) == 0) {
		text_clear(&fields[F_AS4]);
		text_put(&fields[F_AS4], line + 10);
	} else if ((restart = strstr(line, "Restart Time "))) {
		text_printf(&fields[F_RESTART], "%s%s%us", strstr(line, "[R") ? "R" : "",
			    strstr(line, "N]") ? "N" : "",
			    (unsigned)strtoul(restart + 13, NULL, 10));
	} else if (strncmp(line, "Role name", 9) == 0) {
		text_printf(&fields[F_ROLE], "%u", parenthesis(line));
	} else if (strstr(line, "SAFI Unicast (1)") && strncmp(line, "AFI IPv", 7) == 0) {
		char family[5] = { 'I', 'P', 'v', line[7], '\0' };
		if (listing->capability == 1)
			word_put(&fields[F_MP], family);
		else if (listing->capability == 69)
			word_put(&fields[F_ADD_PATH], family);
	}
}

static void refresh_line_read(struct listing *listing, const char *line)
{
	const char *safi = strstr(line, "SAFI"), *sub = strstr(line, "Subtype");
	if (sub)
		text_printf(&listing->message->fields[F_REFRESH], "%u %u %u", parenthesis(line),
			    parenthesis(safi), parenthesis(sub));
}

static void line_read(struct listing *listing, const char *line)
{
	size_t indent = strspn(line + 1, " ");
	bool header = line[0] == '\t' && indent == 0 && strstr(line, " Message (");
	if (line[0] != '\t') {
		char *end;
		unsigned long packet = strtoul(line, &end, 10);
		if (packet && end[0] == ' ' && end[1] == ' ') /* "   14  2019-..." */
			listing->packet = (unsigned)packet;
		return;
	}
	if (header) {
		header_read(listing, line + 1);
		return;
	}
	if (!listing->message)
		return;
	static const char *const damage[] = { "[|", "illegal", "invalid len", "too short" };
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++)
		listing->message->damaged |= strstr(line, damage[i]) != NULL;
	if (listing->message->type == BGP_UPDATE)
		update_line_read(listing, line + 1 + indent, indent);
	else if (listing->message->type == BGP_OPEN)
		open_line_read(listing, line + 1 + strspn(line + 1, " \t"), indent);
	else if (listing->message->type == BGP_ROUTE_REFRESH)
		refresh_line_read(listing, line + 1 + indent);
}

static bool listing_read(struct taking *taking, const char *path)
{
	FILE *file = shared_open(path);
	if (!file)
		return false;
	struct listing listing = { .list = &taking->theirs };
	char *line = NULL;
	size_t room = 0;
	while (line_next(file, &line, &room))
		line_read(&listing, line);
	free(line);
	fclose(file);
	return true;
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
	assert_true(listing_read(taking, path));
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
