/* fuzz: bgp base
 *
 * OPENs made from a recipe: parameters and capabilities, sound and unsound ones, all lengths right
 * or exactly one of them wrong. The recipe itself says what must come of it: what is sound is
 * accepted and means what was written, what is not gets the NOTIFICATION the RFCs name. Then a
 * speaker hears it, and either goes on or says the same. */
#include "bgp/bgp.h"
#include "bgp/profile.h"
#include "bgp/route/table.h"
#include "bgp/wire/message.h"
#include "tests/fuzz/fuzz.h"

struct recipe {
	uint8_t bytes[BGP_MESSAGE_MAX];
	size_t length;           /* of the body */
	bool broken;             /* a length was made wrong: anything but harm may come of it */
	uint8_t subcode;         /* of the first thing wrong in the parameters: 0, 4 */
	bool bad_parameters;
	struct bgp_open want;
};

/* ---- the kitchen ----------------------------------------------------------------------------- */

static uint8_t family_put(struct feed *feed, struct writer *out, bool reserved)
{
	static const struct {
		uint16_t afi;
		uint8_t safi;
	} known[] = { { 1, 1 }, { 2, 1 }, { 1, 128 }, { 25, 70 } };
	uint32_t which = feed_below(feed, 4);
	writer_u16(out, known[which].afi);
	if (reserved)
		writer_u8(out, feed_u8(feed) & 1);
	writer_u8(out, known[which].safi);
	return which == 0 ? BGP_IPV4_UNICAST : which == 1 ? BGP_IPV6_UNICAST : 0;
}

static void graceful_put(struct feed *feed, struct writer *out, struct bgp_capabilities *want)
{
	uint16_t head = feed_u16(feed);
	writer_u16(out, head);
	want->graceful_restart = true;
	want->restarting = head & 0x8000;
	want->restart_notification = head & 0x4000;
	want->restart_time_s = head & 0xfff;
	want->restart_families = want->forwarding_families = 0;
	for (uint32_t n = feed_below(feed, 4); n > 0; n--) {
		uint8_t family = family_put(feed, out, false), flags = feed_u8(feed);
		writer_u8(out, flags);
		want->restart_families |= family;
		if (flags & 0x80)
			want->forwarding_families |= family;
	}
}

static void value_put(struct feed *feed, uint8_t code, struct writer *out,
		      struct bgp_capabilities *want)
{
	switch (code) {
	case BGP_CAP_MULTIPROTOCOL:
		want->multiprotocol = true;
		want->families |= family_put(feed, out, true);
		break;
	case BGP_CAP_ROUTE_REFRESH: want->route_refresh = true; break;
	case BGP_CAP_REFRESH_OLD: want->refresh_old = true; break;
	case BGP_CAP_ENHANCED_REFRESH: want->enhanced_refresh = true; break;
	case BGP_CAP_EXTENDED_MESSAGE: want->extended_message = true; break;
	case BGP_CAP_GRACEFUL_RESTART: graceful_put(feed, out, want); break;
	case BGP_CAP_AS4:
		want->as4 = true;
		want->as4_number = feed_u8(feed) & 1 ? 65000 : feed_u32(feed);
		writer_u32(out, want->as4_number);
		break;
	case BGP_CAP_ROLE:
		want->has_role = true;
		want->role = feed_u8(feed);
		writer_u8(out, want->role);
		break;
	case BGP_CAP_ADD_PATH:
		for (uint32_t n = 1 + feed_below(feed, 3); n > 0; n--) {
			family_put(feed, out, false);
			writer_u8(out, feed_u8(feed) & 3);
		}
		break;
	default: /* unknown, or of no interest: anything goes */
		for (uint32_t n = feed_below(feed, 12); n > 0; n--)
			writer_u8(out, feed_u8(feed));
	}
}

/* Capabilities whose value cannot have that length. */
static bool odd_length_put(struct feed *feed, uint8_t code, struct writer *out)
{
	static const struct {
		uint8_t code, length;
	} odd[] = {
		{ BGP_CAP_MULTIPROTOCOL, 3 }, { BGP_CAP_MULTIPROTOCOL, 8 },
		{ BGP_CAP_GRACEFUL_RESTART, 1 }, { BGP_CAP_GRACEFUL_RESTART, 5 },
		{ BGP_CAP_AS4, 3 }, { BGP_CAP_AS4, 5 }, { BGP_CAP_ROLE, 2 }, { BGP_CAP_ROLE, 0 },
		{ BGP_CAP_ADD_PATH, 3 },
	};
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		if (odd[i].code != code)
			continue;
		for (uint8_t n = 0; n < odd[i].length; n++)
			writer_u8(out, feed_u8(feed));
		return true;
	}
	return false;
}

static void capability_put(struct feed *feed, struct writer *out, struct recipe *recipe)
{
	static const uint8_t codes[] = { 1, 2, 64, 65, 69, 70, 6, 9, 128, 0, 3, 67, 73, 131, 200 };
	uint8_t which = feed_u8(feed);
	uint8_t code = codes[which % sizeof(codes)];
	uint8_t *head = writer_room(out, 2);
	uint8_t *value = out->at;
	if (!head)
		return;
	bool odd = which >= 240 && odd_length_put(feed, code, out);
	if (odd && !recipe->bad_parameters) {
		recipe->bad_parameters = true;
		recipe->subcode = 0;
	}
	if (!odd)
		value_put(feed, code, out, &recipe->want.capabilities);
	head[0] = code;
	head[1] = (uint8_t)(out->at - value);
}

struct lengths { /* places of lengths that one could get wrong */
	uint8_t *at[64];
	uint32_t count;
};

static void parameters_put(struct feed *feed, struct writer *out, bool extended,
			   struct recipe *recipe, struct lengths *lengths)
{
	for (uint32_t n = feed_below(feed, 5); n > 0; n--) {
		uint8_t room[200];
		struct writer value = writer_of(room, sizeof(room));
		uint8_t type = feed_u8(feed) >= 250 ? 3 : 2;
		if (type != 2 && !recipe->bad_parameters) {
			recipe->bad_parameters = true;
			recipe->subcode = 4;
		}
		for (uint32_t c = feed_below(feed, 5); c > 0; c--)
			capability_put(feed, &value, recipe);
		ASSERT(!value.failed);
		writer_u8(out, type);
		if (lengths->count < 60)
			lengths->at[lengths->count++] = out->at + extended;
		if (extended)
			writer_u16(out, (uint16_t)writer_used(&value));
		else
			writer_u8(out, (uint8_t)writer_used(&value));
		if (writer_used(&value) >= 2 && lengths->count < 60)
			lengths->at[lengths->count++] = out->at + 1;
		writer_bytes(out, room, writer_used(&value));
	}
}

/* Exactly one thing is wrong: a length, or the end comes too early or too late. */
static void maybe_break(struct feed *feed, struct recipe *recipe, const struct lengths *lengths)
{
	uint8_t how = feed_u8(feed);
	if (how < 128 || recipe->length < 11)
		return;
	uint8_t by = 1 + (feed_u8(feed) & 7);
	recipe->broken = true;
	if (how < 160)
		recipe->length -= by < recipe->length ? by : 1;
	else if (how < 192)
		recipe->length += by;
	else
		*lengths->at[how % lengths->count] += how & 1 ? by : (uint8_t)-by;
}

static void cook(struct feed *feed, struct recipe *recipe)
{
	uint8_t block[2048];
	struct writer parameters = writer_of(block, sizeof(block));
	struct writer out = writer_of(recipe->bytes, sizeof(recipe->bytes));
	struct lengths lengths = { .count = 0 };
	uint8_t ways = feed_u8(feed);
	memset(recipe, 0, sizeof(*recipe));
	struct bgp_open *want = &recipe->want;
	want->version = ways & 1 ? 4 : 4 + (feed_u8(feed) >> 6);
	uint16_t as_field = ways & 2 ? 65000 : feed_u16(feed);
	want->hold_time_s = ways & 4 ? 90 : feed_u16(feed) & 0xff;
	want->router_id = ways & 8 ? 0x0a000002 : feed_u32(feed);
	bool extended = ways & 16;
	parameters_put(feed, &parameters, extended, recipe, &lengths);
	ASSERT(!parameters.failed);
	size_t used = writer_used(&parameters);
	if (used > 255 && !extended)
		recipe->broken = true;
	writer_u8(&out, want->version);
	writer_u16(&out, as_field);
	writer_u16(&out, want->hold_time_s);
	writer_u32(&out, want->router_id);
	lengths.at[lengths.count++] = out.at;
	writer_u8(&out, extended ? 255 : (uint8_t)used);
	if (extended) {
		writer_u8(&out, 255);
		lengths.at[lengths.count++] = out.at + 1;
		writer_u16(&out, (uint16_t)used);
	}
	for (uint32_t i = 0; i + 1 + extended < lengths.count; i++)
		lengths.at[i] = recipe->bytes + (lengths.at[i] - block) + (out.at - recipe->bytes);
	writer_bytes(&out, block, used);
	recipe->length = writer_used(&out);
	want->as_number = want->capabilities.as4 ? want->capabilities.as4_number : as_field;
	if (as_field == 0 || (!want->capabilities.as4 && as_field == 23456))
		want->as_number = 0;
	if (!want->capabilities.multiprotocol)
		want->capabilities.families = BGP_IPV4_UNICAST;
	maybe_break(feed, recipe, &lengths);
}

/* ---- the taste ------------------------------------------------------------------------------- */

/* RFC 4271 6.2's subcode for what a sound recipe asks for; -1: nothing is wrong with it. */
static int wanted_subcode(const struct recipe *recipe)
{
	const struct bgp_open *want = &recipe->want;
	if (want->version != 4)
		return 1;
	if (recipe->bad_parameters)
		return recipe->subcode;
	if (want->as_number == 0)
		return 2;
	if (want->hold_time_s == 1 || want->hold_time_s == 2)
		return 6;
	return want->router_id == 0 ? 3 : -1;
}

static void compare(const struct bgp_open *want, const struct bgp_open *have)
{
	const struct bgp_capabilities *a = &want->capabilities, *b = &have->capabilities;
	ASSERT(have->version == 4 && want->as_number == have->as_number);
	ASSERT(want->hold_time_s == have->hold_time_s && want->router_id == have->router_id);
	ASSERT(a->multiprotocol == b->multiprotocol && a->families == b->families);
	ASSERT(a->route_refresh == b->route_refresh && a->refresh_old == b->refresh_old);
	ASSERT(a->enhanced_refresh == b->enhanced_refresh);
	ASSERT(a->extended_message == b->extended_message);
	ASSERT(a->as4 == b->as4 && a->as4_number == b->as4_number);
	ASSERT(a->graceful_restart == b->graceful_restart && a->restarting == b->restarting);
	ASSERT(a->restart_notification == b->restart_notification);
	ASSERT(a->restart_time_s == b->restart_time_s);
	ASSERT(a->restart_families == b->restart_families);
	ASSERT(a->forwarding_families == b->forwarding_families);
	ASSERT(a->has_role == b->has_role && a->role == b->role);
}

/* What a speaker says, looked at only as far as it matters here. */
struct heard {
	bool closed, up;
	uint8_t code, subcode;
};

static void poll(struct bgp_speaker *speaker, struct heard *heard)
{
	struct bgp_effect effect;
	while (bgp_effect_next(speaker, &effect)) {
		if (effect.kind == BGP_EFFECT_CLOSE)
			heard->closed = true;
		if (effect.kind == BGP_EFFECT_SEND && effect.slice->bytes[18] == BGP_NOTIFICATION) {
			heard->code = effect.slice->bytes[19];
			heard->subcode = effect.slice->bytes[20];
		}
	}
}

static void message(struct bgp_speaker *speaker, struct instant now, uint32_t connection,
		    uint8_t type, const uint8_t *body, size_t length, struct heard *heard)
{
	uint8_t *bytes = malloc(19 + length);
	ASSERT(bytes);
	memset(bytes, 0xff, 16);
	put_u16(bytes + 16, (uint16_t)(19 + length));
	bytes[18] = type;
	memcpy(bytes + 19, body, length);
	bgp_bytes_received(speaker, now, connection, bytes, 19 + length);
	free(bytes);
	poll(speaker, heard);
}

static void session_hears(const struct recipe *recipe, uint8_t ways, bool accepted,
			  const struct bgp_error *error)
{
	struct bgp_table *table = bgp_table_new();
	struct bgp_peer_config peer = {
		.name = "peer", .remote = ip_addr_v4(0x0a000002), .remote_as = 65000,
		.families = (uint8_t)(1 + ways % 3), .passive = true, .graceful_restart = ways & 4,
		.add_path_send = ways & 8, .add_path_receive = ways & 16,
	};
	struct bgp_config config = {
		.name = "fuzz", .profile = bgp_profile_at(ways / 32), .router_id = 0x0a000001,
		.local_as = ways & 1 ? 65000 : 64512, .peers = &peer, .peer_count = 1,
	};
	struct heard heard = { .closed = false };
	struct instant now = INSTANT_ZERO;
	struct bgp_speaker *speaker =
		bgp_speaker_new(table, &config, random_stream_of(1, "fuzz", "open"));
	bgp_started(speaker, now);
	uint32_t connection = 0;
	for (int i = 0; i < 8 && !connection; i++) {
		poll(speaker, &heard);
		struct instant at = bgp_next_wakeup(speaker);
		now = instant_is_never(at) ? now : at;
		bgp_time_reached(speaker, now);
		connection = bgp_connection_arrived(speaker, now, peer.remote,
						    40000, ip_addr_v4(0x0a000001));
	}
	ASSERT(connection);
	poll(speaker, &heard);
	message(speaker, now, connection, BGP_OPEN, recipe->bytes, recipe->length, &heard);
	bool confirm = bgp_peer_state(speaker, "peer") == BGP_OPEN_CONFIRM;
	ASSERT(confirm != heard.closed);
	if (recipe->length < 10) /* the frame is refused before anybody reads it */
		ASSERT(heard.closed && heard.code == 1 && heard.subcode == 2);
	else if (!accepted)
		ASSERT(heard.closed && heard.code == error->code &&
		       heard.subcode == error->subcode);
	else if (!confirm)
		ASSERT(heard.code == 2 || heard.code == 6);
	if (confirm) {
		message(speaker, now, connection, BGP_KEEPALIVE, (const uint8_t *)"", 0, &heard);
		ASSERT(bgp_peer_state(speaker, "peer") == BGP_ESTABLISHED);
		bgp_route_originated(speaker, now, &(struct bgp_local_route){
			.prefix = { ip_addr_v4(0x14000000), 24 } });
		poll(speaker, &heard);
		now = instant_add(now, 2 * NS_PER_S); /* less than any hold time */
		bgp_time_reached(speaker, now);
		poll(speaker, &heard);
		ASSERT(!heard.closed);
	}
	bgp_speaker_free(speaker);
	ASSERT(bgp_attrs_live(table) == 0);
	bgp_table_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = feed_of(data, size);
	static struct recipe recipe;
	struct bgp_open open;
	struct bgp_error error = { 0 };
	uint8_t ways = feed_u8(&feed);
	cook(&feed, &recipe);
	uint8_t *body = exact_copy(recipe.bytes, recipe.length);
	bool accepted = bgp_open_decode(body, recipe.length, &open, &error);
	free(body);
	ASSERT(accepted || error.code == 2 || error.code == 1);
	if (!recipe.broken) {
		int subcode = wanted_subcode(&recipe);
		ASSERT(accepted == (subcode < 0));
		if (accepted)
			compare(&recipe.want, &open);
		else
			ASSERT(error.code == 2 && error.subcode == subcode);
	}
	session_hears(&recipe, ways, accepted, &error);
	return 0;
}
