/* fuzz: bgp base
 *
 * libFuzzer: any bytes as an MRT archive. Nothing breaks; what is taken keeps its promises: walks
 * yield as many items as were counted, prefixes have no host bits, attributes that were taken can
 * be written and read again; and reading byte by byte finds the same records. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "bgp/mrt/mrt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An old speaker's form of a path, with AS4_PATH beside it, can be thrice what came in. */
#define ROOM (4u * BGP_MESSAGE_MAX_EXTENDED)

static void attrs_are_stable(const struct bgp_attrs *attrs, struct arena *arena)
{
	struct bgp_codec codec = { .as4 = true, .external = !bgp_has(attrs, BGP_ATTR_LOCAL_PREF) };
	struct bgp_attrs back;
	struct bgp_error error;
	uint8_t bad, *room = malloc(ROOM);
	ASSERT(room);
	struct writer out = writer_of(room, ROOM);
	bgp_attrs_encode(attrs, &codec, &out);
	if (!out.failed && writer_used(&out) > 0) {
		enum bgp_outcome outcome =
			bgp_attrs_decode(room, writer_used(&out), &codec, false, true, arena,
					 &back, &bad, &error);
		ASSERT(outcome == BGP_OUTCOME_OK);
		ASSERT(bgp_as_path_hops(&back) == bgp_as_path_hops(attrs));
		ASSERT(back.community_count == attrs->community_count);
	}
	free(room);
}

static void entries_taken(struct mrt_content *content, struct arena *arena)
{
	struct mrt_entry entry;
	struct bgp_attrs attrs;
	uint8_t bad;
	uint32_t count = 0;
	while (mrt_entry_next(content, &entry)) {
		count++;
		ASSERT(ip_prefix_is_network(entry.prefix));
		if (mrt_entry_attrs(&entry, arena, &attrs, &bad) <= BGP_OUTCOME_DISCARD)
			attrs_are_stable(&attrs, arena);
	}
	ASSERT(count == content->count);
}

static void message_taken(const struct mrt_content *content, struct arena *arena)
{
	struct bgp_codec codec = mrt_codec(content);
	struct bgp_update update;
	ASSERT(content->message_type >= BGP_OPEN && content->message_type <= BGP_ROUTE_REFRESH);
	if (content->message_type == BGP_UPDATE)
		bgp_update_split(content->body, content->body_length, &codec, arena, &update);
}

static void record_taken(const struct mrt_record *record, struct arena *arena)
{
	struct mrt_content content;
	struct mrt_peer peer;
	const char *why = NULL;
	uint32_t count = 0;
	if (!mrt_decode(record, &content, &why)) {
		ASSERT(why);
		return;
	}
	switch (content.kind) {
	case MRT_PEERS:
		while (mrt_peer_next(&content, &peer))
			count++;
		ASSERT(count == content.count);
		break;
	case MRT_RIB:
		entries_taken(&content, arena);
		break;
	case MRT_MESSAGE:
		message_taken(&content, arena);
		break;
	case MRT_STATE:
	case MRT_OTHER:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct mrt_record record, again;
	const char *why;
	arena_init(&arena);
	while (mrt_record_next(data, size, &record, &why) == MRT_READY) {
		ASSERT(record.total_length >= MRT_HEADER_BYTES && record.total_length <= size);
		/* Exactly those bytes, so that an overrun is seen; one less is not a record yet. */
		uint8_t *copy = malloc(record.total_length);
		ASSERT(copy);
		memcpy(copy, data, record.total_length);
		ASSERT(mrt_record_next(copy, record.total_length, &again, &why) == MRT_READY);
		ASSERT(again.total_length == record.total_length);
		record_taken(&again, &arena);
		free(copy);
		copy = malloc(record.total_length - 1);
		ASSERT(copy);
		memcpy(copy, data, record.total_length - 1);
		ASSERT(mrt_record_next(copy, record.total_length - 1, &again, &why) == MRT_MORE);
		free(copy);
		data += record.total_length;
		size -= record.total_length;
	}
	arena_free(&arena);
	return 0;
}
