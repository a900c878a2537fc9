/* fuzz: bgp base
 *
 * libFuzzer: two octets of options, then a stream of messages, or (option) the body of one.
 * Whatever the bytes are nothing breaks; and what is accepted is the same after it was written and
 * read again, by a speaker of four-octet AS numbers and by one of two. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "bgp/wire/update.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bgp_codec codec_of(uint8_t options)
{
	struct bgp_codec codec = {
		.as4 = options & 1,
		.external = options & 2,
		.families = BGP_IPV4_UNICAST | (options & 4 ? BGP_IPV6_UNICAST : 0),
		.add_path_in = options & 8 ? BGP_IPV4_UNICAST | BGP_IPV6_UNICAST : 0,
		.unknown_sets_partial = options & 16,
		.as_path_extended_length = options & 32,
	};
	codec.add_path_out = codec.add_path_in;
	return codec;
}

/* An old speaker's form of a path, with AS4_PATH beside it, can be thrice what came in. */
#define ROOM (4u * BGP_MESSAGE_MAX_EXTENDED)

static size_t encoded(const struct bgp_attrs *attrs, const struct bgp_codec *codec, uint8_t *room)
{
	struct writer out = writer_of(room, ROOM);
	bgp_attrs_encode(attrs, codec, &out);
	return out.failed ? 0 : writer_used(&out);
}

static void attrs_are_stable(const struct bgp_attrs *attrs, struct bgp_codec codec, bool classic,
			     struct arena *arena)
{
	uint8_t *first = malloc(ROOM), *second = malloc(ROOM);
	struct bgp_attrs back;
	struct bgp_error error;
	uint8_t bad;
	ASSERT(first && second);
	size_t first_length = encoded(attrs, &codec, first);
	enum bgp_outcome outcome = bgp_attrs_decode(first, first_length, &codec, classic, true,
						    arena, &back, &bad, &error);
	if (first_length == 0) { /* a path too long for any message */
		free(first);
		free(second);
		return;
	}
	ASSERT(outcome == BGP_OUTCOME_OK);
	ASSERT(back.present == attrs->present && back.partial == attrs->partial);
	ASSERT(bgp_as_path_hops(&back) == bgp_as_path_hops(attrs));
	struct text one = { 0 }, two = { 0 };
	bgp_attrs_print(attrs, &one);
	bgp_attrs_print(&back, &two);
	ASSERT(strcmp(text_string(&one), text_string(&two)) == 0);
	text_free(&one);
	text_free(&two);
	size_t second_length = encoded(&back, &codec, second);
	ASSERT(second_length == first_length && memcmp(first, second, first_length) == 0);
	free(first);
	free(second);
}

static void nlri_is_stable(const struct bgp_nlri *nlri)
{
	if (nlri->length == 0)
		return;
	uint8_t *room = malloc(nlri->length);
	ASSERT(room);
	struct writer out = writer_of(room, nlri->length);
	struct bgp_nlri_item item, again;
	uint32_t count = 0;
	for (uint32_t offset = 0; bgp_nlri_next(nlri, &offset, &item); count++) {
		ASSERT(ip_prefix_is_network(item.prefix));
		bgp_nlri_put(&out, &item, nlri->add_path);
	}
	ASSERT(!out.failed && count == nlri->count && writer_used(&out) == nlri->length);
	struct bgp_nlri copy = *nlri;
	copy.bytes = room;
	for (uint32_t a = 0, b = 0; bgp_nlri_next(nlri, &a, &item);) {
		ASSERT(bgp_nlri_next(&copy, &b, &again));
		ASSERT(ip_prefix_equal(item.prefix, again.prefix) && item.path_id == again.path_id);
	}
	free(room);
}

/* Packs what was announced; as many messages as it takes. */
static void packs(const struct bgp_nlri *nlri, const struct bgp_attrs *attrs,
		  const struct bgp_codec *codec, struct arena *arena)
{
	uint8_t room[BGP_MESSAGE_MAX];
	struct bgp_update_writer writer;
	struct bgp_update update;
	struct bgp_nlri_item item;
	struct bgp_frame frame;
	struct bgp_error error;
	uint32_t offset = 0, packed = 0;
	bool more = bgp_nlri_next(nlri, &offset, &item);
	while (more) {
		bgp_update_begin(&writer, room, sizeof(room), attrs, codec, nlri->family);
		while (more && bgp_update_add(&writer, &item))
			more = bgp_nlri_next(nlri, &offset, &item);
		size_t total = bgp_update_finish(&writer);
		if (total == 0)
			return; /* the attributes alone are too long */
		ASSERT(bgp_frame_next(room, total, sizeof(room), &frame, &error) ==
		       BGP_FRAME_READY && frame.total_length == total);
		ASSERT(bgp_update_split(frame.body, frame.body_length, codec, arena, &update) ==
		       BGP_OUTCOME_OK);
		packed += update.announced[0].count + update.announced[1].count;
	}
	ASSERT(packed == nlri->count);
}

static void update_taken(const uint8_t *body, size_t length, const struct bgp_codec *codec,
			 struct arena *arena)
{
	struct bgp_update update;
	enum bgp_outcome outcome = bgp_update_split(body, length, codec, arena, &update);
	if (outcome == BGP_OUTCOME_RESET) {
		ASSERT(update.error.code == 3);
		return;
	}
	for (int which = 0; which < 2; which++) {
		nlri_is_stable(&update.withdrawn[which]);
		nlri_is_stable(&update.announced[which]);
	}
	if (outcome != BGP_OUTCOME_OK)
		return;
	for (int which = 0; which < 2; which++) {
		const struct bgp_nlri *nlri = &update.announced[which];
		struct bgp_attrs attrs;
		struct bgp_error error;
		uint8_t bad;
		outcome =
			bgp_attrs_decode(update.plain_bytes, update.plain_length, codec, which == 0,
					 nlri->count > 0, arena, &attrs, &bad, &error);
		ASSERT((outcome == BGP_OUTCOME_RESET || outcome == BGP_OUTCOME_WITHDRAW) ==
		       (error.code == 3));
		ASSERT(nlri->count > 0 || outcome != BGP_OUTCOME_WITHDRAW);
		if (outcome > BGP_OUTCOME_DISCARD || nlri->count == 0)
			continue;
		struct bgp_codec old = *codec, new = *codec;
		old.as4 = false;
		new.as4 = true;
		attrs_are_stable(&attrs, old, which == 0, arena);
		attrs_are_stable(&attrs, new, which == 0, arena);
		if (which == 1) {
			attrs.next_hop = update.mp_next_hop;
			attrs.next_hop_link = update.mp_next_hop_link;
			attrs.present |= UINT64_C(1) << BGP_ATTR_NEXT_HOP;
		}
		packs(nlri, &attrs, codec, arena);
	}
}

static void open_taken(const uint8_t *body, size_t length, bool one_each)
{
	static const uint8_t order[] = { 1, 2, 6, 9, 64, 65, 69, 70, 71, 128, 0 };
	struct bgp_open open, back;
	struct bgp_error error = { 0 };
	uint8_t first[BGP_MESSAGE_MAX], second[BGP_MESSAGE_MAX];
	if (!bgp_open_decode(body, length, &open, &error)) {
		ASSERT(error.code == 2 || error.code == 1);
		return;
	}
	struct writer one = writer_of(first, sizeof(first)),
		      two = writer_of(second, sizeof(second));
	bgp_open_encode(&open, order, one_each, &one);
	ASSERT(!one.failed);
	ASSERT(bgp_open_decode(first + BGP_HEADER_BYTES, writer_used(&one) - BGP_HEADER_BYTES,
			       &back, &error));
	ASSERT(back.as_number == open.as_number && back.router_id == open.router_id);
	bgp_open_encode(&back, order, one_each, &two);
	ASSERT(writer_used(&one) == writer_used(&two));
	ASSERT(memcmp(first, second, writer_used(&one)) == 0);
}

static void body_taken(uint8_t type, const uint8_t *body, size_t length, uint8_t options,
		       struct arena *arena)
{
	struct bgp_codec codec = codec_of(options);
	struct bgp_error error;
	struct bgp_route_refresh refresh;
	uint8_t room[BGP_HEADER_BYTES + 2 + BGP_ERROR_DATA_MAX];
	struct writer out = writer_of(room, sizeof(room));
	if (type == BGP_OPEN) {
		open_taken(body, length, options & 1);
	} else if (type == BGP_UPDATE) {
		update_taken(body, length, &codec, arena);
	} else if (type == BGP_NOTIFICATION) {
		if (!bgp_notification_decode(body, length, &error))
			return;
		bgp_notification_encode(&error, &out);
		ASSERT(!out.failed && bgp_error_name(error.code, error.subcode));
	} else if (type == BGP_ROUTE_REFRESH) {
		if (!bgp_route_refresh_decode(body, length, &refresh, &error))
			return;
		bgp_route_refresh_encode(&refresh, &out);
		ASSERT(memcmp(room + BGP_HEADER_BYTES, body, 4) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	uint8_t options = data[0], mode = data[1];
	/* A copy of exactly that size each time, so that an overrun is seen. */
	struct arena arena;
	arena_init(&arena);
	data += 2;
	size -= 2;
	if (mode & 8) {
		uint8_t *body = malloc(size ? size : 1);
		ASSERT(body);
		memcpy(body, data, size);
		body_taken((uint8_t)(1 + mode % 8), body, size, options, &arena);
		free(body);
		arena_free(&arena);
		return 0;
	}
	size_t max = options & 128 ? BGP_MESSAGE_MAX_EXTENDED : BGP_MESSAGE_MAX;
	struct bgp_frame frame;
	struct bgp_error error;
	while (bgp_frame_next(data, size, max, &frame, &error) == BGP_FRAME_READY) {
		ASSERT(frame.total_length <= size && frame.total_length <= max);
		uint8_t *body = malloc(frame.body_length ? frame.body_length : 1);
		ASSERT(body);
		memcpy(body, frame.body, frame.body_length);
		body_taken(frame.type, body, frame.body_length, options, &arena);
		free(body);
		data += frame.total_length;
		size -= frame.total_length;
	}
	arena_free(&arena);
	return 0;
}
