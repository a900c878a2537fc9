/* fuzz: bgp base
 *
 * UPDATEs of one session. An input is two octets of options, then records: a length and the body of
 * an UPDATE. The mutator works on attributes and prefixes and keeps every length right, or makes
 * exactly one wrong. Each body is judged by RFC 7606 read the obvious way (rfc7606.h), applied to a
 * RIB, and the Adj-RIB-In must be what a plain list of routes says. */
#include "bgp/route/paths.h"
#include "bgp/route/rib.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/rfc7606.h"

#define ROUTES_MAX 1024
#define RECORDS_MAX 12

/* ---- the plain list -------------------------------------------------------------------------- */

struct plain_route {
	struct ip_prefix prefix;
	uint32_t path_id, stamp;
};
struct plain {
	struct plain_route routes[ROUTES_MAX];
	uint32_t count;
	bool full;
	uint32_t seen;
	uint32_t attrs_of_stamp[2 * RECORDS_MAX + 2];
};

static struct plain_route *plain_find(struct plain *plain, const struct bgp_nlri_item *item)
{
	for (uint32_t i = 0; i < plain->count; i++)
		if (ip_prefix_equal(plain->routes[i].prefix, item->prefix) &&
		    plain->routes[i].path_id == item->path_id)
			return &plain->routes[i];
	return NULL;
}

static void plain_set(struct plain *plain, const struct bgp_nlri_item *item, uint32_t stamp)
{
	struct plain_route *route = plain_find(plain, item);
	if (stamp == 0) {
		if (route)
			*route = plain->routes[--plain->count];
		return;
	}
	if (!route && plain->count == ROUTES_MAX) {
		plain->full = true;
		return;
	}
	if (!route)
		route = &plain->routes[plain->count++];
	*route = (struct plain_route){ item->prefix, item->path_id, stamp };
}

static void plain_walk(struct plain *plain, const uint8_t *at, size_t length, bool ipv6,
		       bool path_ids, uint32_t stamp)
{
	size_t used = 0;
	while (used < length) {
		struct bgp_nlri_item item = { .path_id = 0 };
		for (int i = 0; path_ids && i < 4; i++)
			item.path_id = item.path_id << 8 | at[used++];
		unsigned bits = at[used++];
		item.prefix.addr.family = ipv6 ? IP_V6 : IP_V4;
		item.prefix.length = (uint8_t)bits;
		memcpy(item.prefix.addr.bytes, at + used, (bits + 7) / 8);
		item.prefix = ip_prefix_masked(item.prefix);
		used += (bits + 7) / 8;
		plain_set(plain, &item, stamp);
	}
}

struct mp_field {
	const uint8_t *at;
	size_t length;
	bool ipv6;
};

/* Prefixes of an MP attribute of a family we speak; the body is known to be readable. */
static struct mp_field mp_find(const struct bgp_codec *codec, const uint8_t *at, size_t left,
			       uint8_t wanted)
{
	struct mp_field none = { at, 0, false };
	while (left >= 3) {
		size_t head = at[0] & BGP_FLAG_EXTENDED ? 4 : 3;
		if (left < head)
			break;
		size_t length = head == 4 ? (size_t)at[2] << 8 | at[3] : at[2];
		if (length > left - head)
			break;
		if (at[1] == wanted) {
			const uint8_t *value = at + head;
			bool ipv6 = value[1] == 2;
			uint8_t family = ipv6 ? BGP_IPV6_UNICAST : BGP_IPV4_UNICAST;
			if (value[0] != 0 || value[2] != 1 || value[1] < 1 || value[1] > 2 ||
			    !(codec->families & family))
				return none;
			size_t skip = wanted == BGP_ATTR_MP_REACH ? 5u + value[3] : 3u;
			return (struct mp_field){ value + skip, length - skip, ipv6 };
		}
		at += head + length;
		left -= head + length;
	}
	return none;
}

static void plain_update(struct plain *plain, const struct bgp_codec *codec, const uint8_t *body,
			 size_t length, bool withdraw, uint32_t stamp)
{
	bool ids4 = codec->add_path_in & BGP_IPV4_UNICAST;
	bool ids6 = codec->add_path_in & BGP_IPV6_UNICAST;
	size_t gone = (size_t)body[0] << 8 | body[1];
	const uint8_t *attrs = body + 2 + gone;
	size_t attrs_length = (size_t)attrs[0] << 8 | attrs[1];
	struct mp_field unreach = mp_find(codec, attrs + 2, attrs_length, BGP_ATTR_MP_UNREACH);
	struct mp_field reach = mp_find(codec, attrs + 2, attrs_length, BGP_ATTR_MP_REACH);
	const uint8_t *here = attrs + 2 + attrs_length;
	if (codec->families & BGP_IPV4_UNICAST)
		plain_walk(plain, body + 2, gone, false, ids4, 0);
	plain_walk(plain, unreach.at, unreach.length, unreach.ipv6, unreach.ipv6 ? ids6 : ids4, 0);
	if (codec->families & BGP_IPV4_UNICAST)
		plain_walk(plain, here, (size_t)(body + length - here), false, ids4,
			   withdraw ? 0 : stamp);
	plain_walk(plain, reach.at, reach.length, reach.ipv6, reach.ipv6 ? ids6 : ids4,
		   withdraw ? 0 : stamp + 1);
}

struct visiting {
	struct plain *plain;
	const struct bgp_table *table;
};

static void visit(void *context, uint32_t prefix_id, uint32_t peer, uint32_t attrs_id,
		  uint32_t path_id, bool best, bool multipath, bool stale, bool usable)
{
	struct visiting *visiting = context;
	struct plain *plain = visiting->plain;
	struct bgp_nlri_item item = { bgp_prefix_of(visiting->table, prefix_id), path_id };
	if (peer == UINT32_MAX)
		return;
	(void)multipath;
	ASSERT(!stale && (usable || !best || true));
	const struct plain_route *route = plain_find(plain, &item);
	ASSERT(route && attrs_id);
	uint32_t *attrs = &plain->attrs_of_stamp[route->stamp];
	ASSERT(*attrs == 0 || *attrs == attrs_id);
	*attrs = attrs_id;
	plain->seen++;
}

static void judge(struct plain *plain, const struct rib *rib, const struct bgp_table *table)
{
	struct visiting visiting = { plain, table };
	if (plain->full)
		return;
	plain->seen = 0;
	memset(plain->attrs_of_stamp, 0, sizeof(plain->attrs_of_stamp));
	rib_each(rib, visit, &visiting);
	ASSERT(plain->seen == plain->count && rib_peer_prefixes(rib, 0) == plain->count);
}

/* ---- the session ----------------------------------------------------------------------------- */

static struct rib_peer peer_of(uint8_t options, uint8_t more, const struct bgp_peer_config *config)
{
	struct rib_peer peer = {
		.config = config,
		.codec = {
			.as4 = options & 1,
			.external = options & 2,
			.families = BGP_IPV4_UNICAST | (options & 4 ? BGP_IPV6_UNICAST : 0),
			.add_path_in = options & 8 ? BGP_IPV4_UNICAST | BGP_IPV6_UNICAST : 0,
			.unknown_sets_partial = options & 16,
			.as_path_extended_length = options & 32,
		},
		.router_id = 0x0a000002u + more,
		.external = options & 2,
		.local_as = 65000,
		.local = ip_addr_v4(0x0a000001),
		.message_max = options & 128 ? BGP_MESSAGE_MAX_EXTENDED : BGP_MESSAGE_MAX,
	};
	if (options & 64) /* only IPv6 */
		peer.codec.families = BGP_IPV6_UNICAST;
	peer.codec.add_path_in &= peer.codec.families;
	peer.codec.add_path_out = peer.codec.add_path_in;
	return peer;
}

/* Changes are carried out; what is to be sent must be whole messages that can be read again. */
static void settle(struct rib *rib, const struct rib_peer peers[2], struct arena *arena)
{
	struct rib_change change;
	uint32_t index;
	while (rib_change_next(rib, &change)) {
		struct bgp_next_hop_state state = { .reachable = true, .connected = true };
		state.reachable = change.next_hop.bytes[3] != 13;
		if (change.kind == RIB_WATCH)
			rib_next_hop_changed(rib, change.next_hop, state, INSTANT_ZERO);
	}
	while ((index = rib_pending_peer(rib)) != UINT32_MAX) {
		struct rib_update_counts counts;
		struct bgp_slice *slice;
		while ((slice = rib_send_next(rib, index, &counts))) {
			struct bgp_codec codec = peers[index].codec;
			struct bgp_update update;
			codec.add_path_in = codec.add_path_out;
			arena_rewind(arena);
			ASSERT(slice->length <= peers[index].message_max);
			ASSERT(bgp_update_split(slice->bytes + 19, slice->length - 19, &codec,
						arena, &update) == BGP_OUTCOME_OK);
			ASSERT(counts.announced ==
			       update.announced[0].count + update.announced[1].count);
			for (int i = 0; i < 2; i++) {
				struct bgp_attrs attrs;
				struct bgp_error error;
				uint8_t bad;
				if (update.announced[i].count)
					ASSERT(bgp_attrs_decode(update.plain_bytes,
								update.plain_length, &codec,
								i == 0, true, arena, &attrs, &bad,
								&error) == BGP_OUTCOME_OK);
			}
			bgp_slice_unref(slice);
		}
	}
}

static bool update_taken(struct rib *rib, struct plain *plain, const struct bgp_codec *codec,
			 const uint8_t *bytes, size_t length, uint32_t stamp)
{
	struct rib_update_counts counts;
	struct bgp_error error = { 0 };
	uint8_t *body = exact_copy(bytes, length);
	struct rfc7606 verdict = rfc7606_judge(codec, body, length);
	enum bgp_outcome outcome = rib_update(rib, 0, body, length, INSTANT_ZERO, &counts, &error);
	if (verdict.must_reset)
		ASSERT(outcome == BGP_OUTCOME_RESET);
	if (!verdict.may_reset)
		ASSERT(outcome != BGP_OUTCOME_RESET);
	if (outcome == BGP_OUTCOME_RESET) {
		ASSERT(error.code == 3);
	} else {
		plain_update(plain, codec, body, length, outcome == BGP_OUTCOME_WITHDRAW, stamp);
		ASSERT(counts.announced + counts.withdrawn ==
		       verdict.reachable + verdict.unreachable);
	}
	free(body);
	return outcome != BGP_OUTCOME_RESET;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = feed_of(data, size);
	uint8_t options = feed_u8(&feed), more = feed_u8(&feed);
	struct bgp_peer_config configs[2] = {
		{ .name = "a", .remote = ip_addr_v4(0x0a000002), .families = 3,
		  .remote_as = options & 2 ? 65100 : 65000, .rr_client = more & 1,
		  .allow_as_in = more >> 1 & 1 },
		{ .name = "b", .remote = ip_addr_v4(0x0a000003), .families = 3,
		  .remote_as = more & 4 ? 65200 : 65000, .rr_client = more & 8 },
	};
	struct bgp_config config = { .name = "fuzz", .profile = bgp_profile_at(more / 32),
				     .router_id = 0x0a000001, .local_as = 65000,
				     .event_mask = more & 16 ? UINT32_MAX : 0 };
	struct rib_peer peers[2] = { peer_of(options, 0, &configs[0]),
				     peer_of((uint8_t)((options & ~2) | (more & 4 ? 2 : 0) | 4), 1,
					     &configs[1]) };
	struct plain *plain = calloc(1, sizeof(*plain));
	struct bgp_table *table = bgp_table_new();
	struct rib *rib = rib_new(table, &config);
	struct arena arena;
	arena_init(&arena);
	ASSERT(plain);
	rib_peer_up(rib, 0, &peers[0], INSTANT_ZERO);
	rib_peer_up(rib, 1, &peers[1], INSTANT_ZERO);
	bool up = true;
	for (uint32_t i = 0; up && i < RECORDS_MAX && feed_left(&feed); i++) {
		size_t length = feed_u16(&feed), left = (size_t)(feed.end - feed.at);
		length = length < left ? length : left;
		up = update_taken(rib, plain, &peers[0].codec, feed.at, length, 1 + 2 * i);
		feed.at += length;
		judge(plain, rib, table);
		if (i % 2)
			settle(rib, peers, &arena);
	}
	settle(rib, peers, &arena);
	rib_peer_down(rib, 0, 0, INSTANT_ZERO);
	settle(rib, peers, &arena);
	plain->count = 0;
	judge(plain, rib, table);
	rib_free(rib);
	ASSERT(bgp_attrs_live(table) == 0 && path_lists_live(table) == 0);
	bgp_table_free(table);
	arena_free(&arena);
	free(plain);
	return 0;
}

/* ---- the mutator ----------------------------------------------------------------------------- */

/* An UPDATE in pieces; the pieces of an unreadable one are where it stops making sense. */
struct pieces {
	uint8_t withdrawn[512], nlri[512];
	size_t withdrawn_length, nlri_length;
	struct {
		uint8_t flags, code;
		uint8_t value[600];
		size_t length;
	} attrs[24];
	uint32_t attr_count;
};

static size_t take(uint8_t *to, size_t room, const uint8_t *from, size_t length)
{
	length = length < room ? length : room;
	memcpy(to, from, length);
	return length;
}

static void pieces_read(struct pieces *pieces, const uint8_t *at, size_t length)
{
	struct reader in = reader_of(at, length);
	memset(pieces, 0, sizeof(*pieces));
	size_t gone = reader_u16(&in);
	gone = gone < reader_left(&in) ? gone : reader_left(&in);
	pieces->withdrawn_length = take(pieces->withdrawn, sizeof(pieces->withdrawn), in.at, gone);
	in.at += gone;
	size_t attrs = reader_u16(&in);
	attrs = attrs < reader_left(&in) ? attrs : reader_left(&in);
	struct reader block = reader_of(in.at, attrs);
	in.at += attrs;
	pieces->nlri_length = take(pieces->nlri, sizeof(pieces->nlri), in.at, reader_left(&in));
	while (reader_left(&block) >= 3 && pieces->attr_count < 24) {
		uint32_t n = pieces->attr_count++;
		pieces->attrs[n].flags = reader_u8(&block);
		pieces->attrs[n].code = reader_u8(&block);
		size_t size = pieces->attrs[n].flags & BGP_FLAG_EXTENDED ? reader_u16(&block)
									  : reader_u8(&block);
		size = size < reader_left(&block) ? size : reader_left(&block);
		pieces->attrs[n].length = take(pieces->attrs[n].value,
					       sizeof(pieces->attrs[n].value), block.at, size);
		block.at += size;
	}
}

struct places { /* of two-octet and one-octet lengths, to make one of them wrong */
	uint8_t *at[64];
	uint32_t count;
};

static size_t pieces_write(const struct pieces *pieces, uint8_t *room, size_t size,
			   struct places *places)
{
	struct writer out = writer_of(room, size);
	places->count = 0;
	places->at[places->count++] = room + 1;
	writer_u16(&out, (uint16_t)pieces->withdrawn_length);
	writer_bytes(&out, pieces->withdrawn, pieces->withdrawn_length);
	uint8_t *total = writer_room(&out, 2);
	if (!total)
		return 0;
	places->at[places->count++] = total + 1;
	for (uint32_t i = 0; i < pieces->attr_count; i++) {
		size_t length = pieces->attrs[i].length;
		uint8_t flags = pieces->attrs[i].flags;
		if (length > 255)
			flags |= BGP_FLAG_EXTENDED;
		writer_u8(&out, flags);
		writer_u8(&out, pieces->attrs[i].code);
		if (flags & BGP_FLAG_EXTENDED)
			writer_u16(&out, (uint16_t)length);
		else
			writer_u8(&out, (uint8_t)length);
		if (places->count < 60)
			places->at[places->count++] = out.at - 1;
		writer_bytes(&out, pieces->attrs[i].value, length);
	}
	put_u16(total, (uint16_t)(out.at - total - 2));
	if (pieces->nlri_length)
		places->at[places->count++] = out.at;
	writer_bytes(&out, pieces->nlri, pieces->nlri_length);
	return out.failed ? 0 : writer_used(&out);
}

static void template_put(struct pieces *pieces, struct dice *dice)
{
	static const struct {
		uint8_t flags, code, length, value[24];
	} templates[] = {
		{ 0x40, 1, 1, { 0 } },
		{ 0x40, 2, 6, { 2, 1, 0, 0, 0xfe, 0x4c } },
		{ 0x40, 2, 4, { 2, 1, 0xfe, 0x4c } },
		{ 0x40, 2, 0, { 0 } },
		{ 0x50, 2, 16, { 2, 2, 0, 0, 0xfe, 0x4c, 0, 0, 0xfd, 0xe8, 1, 1, 0, 0, 0, 9 } },
		{ 0x40, 3, 4, { 10, 0, 0, 2 } },
		{ 0x80, 4, 4, { 0, 0, 0, 5 } },
		{ 0x40, 5, 4, { 0, 0, 0, 100 } },
		{ 0x40, 6, 0, { 0 } },
		{ 0xc0, 7, 8, { 0, 0, 0xfe, 0x4c, 10, 0, 0, 2 } },
		{ 0xc0, 8, 8, { 0xfd, 0xe8, 0, 7, 0xff, 0xff, 0xff, 1 } },
		{ 0x80, 9, 4, { 10, 0, 0, 9 } },
		{ 0x80, 10, 8, { 10, 0, 0, 7, 10, 0, 0, 8 } },
		{ 0x80, 14, 9, { 0, 1, 1, 4, 10, 0, 0, 3, 0 } },
		{ 0x80, 14, 24, { 0, 2, 1, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
				  2, 0, 16, 0x20, 1 } },
		{ 0x80, 15, 6, { 0, 2, 1, 16, 0x20, 1 } },
		{ 0xc0, 16, 8, { 0, 2, 0xfd, 0xe8, 0, 0, 0, 1 } },
		{ 0xc0, 17, 6, { 2, 1, 0, 1, 0, 1 } },
		{ 0xc0, 18, 8, { 0, 1, 0, 1, 10, 0, 0, 2 } },
		{ 0xc0, 32, 12, { 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 0, 0, 0, 2 } },
		{ 0xc0, 35, 4, { 0, 0, 0xfe, 0x4c } },
		{ 0xe0, 99, 3, { 1, 2, 3 } },
		{ 0x80, 200, 2, { 1, 2 } },
	};
	uint32_t which = dice_below(dice, sizeof(templates) / sizeof(templates[0]));
	uint32_t at = dice_below(dice, pieces->attr_count + 1);
	if (pieces->attr_count == 24)
		return;
	memmove(&pieces->attrs[at + 1], &pieces->attrs[at],
		(pieces->attr_count - at) * sizeof(pieces->attrs[0]));
	pieces->attr_count++;
	pieces->attrs[at].flags = templates[which].flags;
	pieces->attrs[at].code = templates[which].code;
	pieces->attrs[at].length = templates[which].length;
	memcpy(pieces->attrs[at].value, templates[which].value, 24);
}

static void prefix_put(uint8_t *field, size_t *length, struct dice *dice, bool path_id)
{
	static const uint8_t bits[] = { 0, 8, 16, 22, 24, 25, 32 };
	uint8_t prefix[9] = { 0, 0, 0, (uint8_t)dice_below(dice, 3) };
	size_t size = path_id ? 4 : 0;
	uint8_t long_is = bits[dice_below(dice, 7)];
	prefix[size++] = long_is;
	for (unsigned i = 0; i < (long_is + 7u) / 8; i++)
		prefix[size++] = (uint8_t)(20 + dice_below(dice, 4));
	if (*length + size > 512)
		*length = 0;
	memcpy(field + *length, prefix, size);
	*length += size;
}

static void pieces_mutated(struct pieces *pieces, struct dice *dice, bool path_ids)
{
	uint32_t at = dice_below(dice, pieces->attr_count);
	switch (dice_below(dice, 12)) {
	case 0: case 1: template_put(pieces, dice); break;
	case 2:
		if (pieces->attr_count == 0)
			break;
		pieces->attr_count--;
		memmove(&pieces->attrs[at], &pieces->attrs[at + 1],
			(pieces->attr_count - at) * sizeof(pieces->attrs[0]));
		break;
	case 3: /* twice */
		if (pieces->attr_count > 0 && pieces->attr_count < 24)
			pieces->attrs[pieces->attr_count++] = pieces->attrs[at];
		break;
	case 4:
		if (pieces->attr_count)
			pieces->attrs[at].flags ^= (uint8_t)(0x10u << dice_below(dice, 4));
		break;
	case 5:
		if (pieces->attr_count)
			pieces->attrs[at].code = (uint8_t)dice_below(dice, 40);
		break;
	case 6: case 7: /* its value, and with it its length */
		if (pieces->attr_count)
			pieces->attrs[at].length =
				LLVMFuzzerMutate(pieces->attrs[at].value,
						 pieces->attrs[at].length,
						 dice_below(dice, 8) ? 40 : 600);
		break;
	case 8: case 9:
		prefix_put(pieces->nlri, &pieces->nlri_length, dice, path_ids);
		break;
	case 10:
		prefix_put(pieces->withdrawn, &pieces->withdrawn_length, dice, path_ids);
		break;
	default:
		pieces->nlri_length = LLVMFuzzerMutate(pieces->nlri, pieces->nlri_length, 64);
		break;
	}
}

struct record {
	size_t at, length; /* of the body */
};

static uint32_t records_find(const uint8_t *data, size_t size, struct record records[RECORDS_MAX])
{
	uint32_t count = 0;
	for (size_t at = 2; at + 2 <= size && count < RECORDS_MAX;) {
		size_t length = (size_t)data[at] << 8 | data[at + 1];
		length = length < size - at - 2 ? length : size - at - 2;
		records[count++] = (struct record){ at + 2, length };
		at += 2 + length;
	}
	return count;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct dice dice = { seed };
	struct record records[RECORDS_MAX];
	struct pieces *pieces = malloc(sizeof(*pieces));
	struct places places;
	uint8_t room[4096], rest[4096];
	ASSERT(pieces);
	uint32_t count = records_find(data, size, records);
	if (size < 2 || size > sizeof(rest) || dice_below(&dice, 16) == 0) {
		free(pieces);
		return LLVMFuzzerMutate(data, size, max_size);
	}
	bool fresh = count == 0 || (count < RECORDS_MAX && dice_below(&dice, 8) == 0);
	uint32_t which = fresh ? count : dice_below(&dice, count);
	size_t from = fresh ? size : records[which].at - 2;
	size_t to = fresh ? size : records[which].at + records[which].length;
	if (fresh && count && dice_below(&dice, 2)) /* one like another */
		pieces_read(pieces, data + records[0].at, records[0].length);
	else
		pieces_read(pieces, fresh ? data : data + from + 2, fresh ? 0 : to - from - 2);
	for (uint32_t n = 1 + dice_below(&dice, 4); n > 0; n--)
		pieces_mutated(pieces, &dice, data[0] & 8);
	size_t length = pieces_write(pieces, room, sizeof(room), &places);
	free(pieces);
	if (length && dice_below(&dice, 5) == 0)
		*places.at[dice_below(&dice, places.count)] ^=
			(uint8_t)(1u << dice_below(&dice, 8));
	if (length == 0 || from + 2 + length + (size - to) > max_size)
		return LLVMFuzzerMutate(data, size, max_size);
	memcpy(rest, data + to, size - to);
	put_u16(data + from, (uint16_t)length);
	memcpy(data + from + 2, room, length);
	memcpy(data + from + 2 + length, rest, size - to);
	return from + 2 + length + (size - to);
}
