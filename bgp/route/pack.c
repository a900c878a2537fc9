/* From changed prefixes to UPDATE messages, as few as will do. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "bgp/route/rib_inside.h"
#include "bgp/wire/message.h"

static struct bgp_slice *slice_of(const void *bytes, size_t length)
{
	struct bgp_slice *slice = memory_alloc(sizeof(*slice) + length);
	slice->references = 1;
	slice->length = (uint32_t)length;
	memcpy(slice->bytes, bytes, length);
	return slice;
}

/* As many of the items as one message takes; 0 if the attributes leave no room for even one. */
static uint32_t encode_one(struct rib *rib, const struct group_key *key, uint32_t attrs,
			   uint8_t family, const struct item *items, uint32_t count,
			   struct bgp_slice **slice)
{
	struct bgp_update_writer writer;
	bgp_update_begin(&writer, rib->table->buffer, key->message_max,
			 attrs ? bgp_attrs_of(rib->table, attrs) : NULL, &key->codec, family);
	uint32_t n = 0;
	if (rib->profile->one_prefix_per_update)
		count = 1;
	for (; n < count; n++) {
		struct bgp_nlri_item item = { bgp_prefix_of(rib->table, items[n].prefix_id),
					      items[n].path_id };
		if (!bgp_update_add(&writer, &item))
			break;
	}
	if (n == 0)
		return 0;
	*slice = slice_of(rib->table->buffer, bgp_update_finish(&writer));
	return n;
}

void pack_items(struct rib *rib, const struct group_key *key, uint32_t attrs, uint8_t family,
		struct item *items, uint32_t count, pack_emit *emit, void *context)
{
	while (count) {
		struct bgp_slice *slice;
		uint32_t n = encode_one(rib, key, attrs, family, items, count, &slice);
		if (n == 0) {
			/* Our own additions made the attributes larger than a message: the route
			 * cannot be told, so what was told before must go. A withdrawal fits. */
			ASSERT(attrs != 0);
			attrs = 0;
			for (uint32_t i = 0; i < count; i++)
				items[i].source = PEER_NONE;
			continue;
		}
		emit(context, attrs, family, items, n, slice);
		items += n;
		count -= n;
	}
}

/* Links drafts of the same attribute set and family; heads[] are the first of each chain. */
static uint32_t link_drafts(const struct drafts *drafts, struct arena *arena, uint32_t *heads)
{
	size_t size = 16;
	while (size < drafts->count * 2)
		size *= 2;
	uint32_t *slots = arena_alloc(arena, size * sizeof(*slots)); /* chain number + 1 */
	uint32_t *tails = arena_alloc(arena, drafts->count * sizeof(*tails));
	uint32_t chains = 0;
	for (uint32_t i = 0; i < drafts->count; i++) {
		struct draft *draft = &drafts->items[i];
		draft->next = 0;
		size_t at = hash_u64((uint64_t)draft->attrs << 8 | draft->family) & (size - 1);
		for (; slots[at]; at = (at + 1) & (size - 1)) {
			const struct draft *head = &drafts->items[heads[slots[at] - 1]];
			if (head->attrs == draft->attrs && head->family == draft->family)
				break;
		}
		if (slots[at]) {
			drafts->items[tails[slots[at] - 1]].next = i + 1;
		} else {
			heads[chains++] = i;
			slots[at] = chains;
		}
		tails[slots[at] - 1] = i;
	}
	return chains;
}

void pack_drafts(struct rib *rib, const struct group_key *key, const struct drafts *drafts,
		 pack_emit *emit, void *context)
{
	if (drafts->count == 0)
		return;
	struct arena *arena = &rib->table->scratch;
	uint32_t *heads = arena_alloc(arena, drafts->count * sizeof(*heads));
	struct item *items = arena_alloc(arena, drafts->count * sizeof(*items));
	uint32_t chains = link_drafts(drafts, arena, heads);
	for (int announce = 0; announce < 2; announce++) {
		for (uint32_t c = 0; c < chains; c++) {
			const struct draft *head = &drafts->items[heads[c]];
			if ((head->attrs != 0) != announce)
				continue;
			uint32_t count = 0;
			const struct draft *draft = head;
			for (;;) {
				items[count++] = draft->item;
				if (!draft->next)
					break;
				draft = &drafts->items[draft->next - 1];
			}
			pack_items(rib, key, head->attrs, head->family, items, count, emit,
				   context);
		}
	}
}

/* Parts of an UPDATE (RFC 4271 4.3) of our own making. */
struct parts {
	const uint8_t *withdrawn, *rest; /* rest: attributes with their length, and NLRI */
	size_t withdrawn_length, rest_length;
};

static struct parts parts_of(const struct bgp_slice *slice)
{
	struct reader in = reader_of(slice->bytes + BGP_HEADER_BYTES,
				     slice->length - BGP_HEADER_BYTES);
	struct parts parts = { .withdrawn_length = reader_u16(&in) };
	parts.withdrawn = reader_bytes(&in, parts.withdrawn_length);
	parts.rest_length = reader_left(&in);
	parts.rest = reader_bytes(&in, parts.rest_length);
	return parts;
}

struct bgp_slice *pack_joined(const struct bgp_slice *gone, const struct bgp_slice *then,
			      size_t message_max)
{
	struct parts a = parts_of(gone), b = parts_of(then);
	size_t total = gone->length + b.withdrawn_length + b.rest_length - 2;
	/* An empty `rest` is the two octets of its length; End-of-RIB and MP_UNREACH stay alone. */
	bool end_of_rib = b.withdrawn_length == 0 && b.rest_length == 2;
	if (a.rest_length != 2 || end_of_rib || total > message_max ||
	    then->bytes[BGP_HEADER_BYTES - 1] != BGP_UPDATE)
		return NULL;
	struct bgp_slice *whole = memory_alloc(sizeof(*whole) + total);
	whole->references = 1;
	whole->length = (uint32_t)total;
	memcpy(whole->bytes, gone->bytes, gone->length - 2);
	uint8_t *at = whole->bytes + gone->length - 2;
	memcpy(at, b.withdrawn, b.withdrawn_length);
	memcpy(at + b.withdrawn_length, b.rest, b.rest_length);
	put_u16(whole->bytes + 16, (uint16_t)total);
	put_u16(whole->bytes + BGP_HEADER_BYTES,
		(uint16_t)(a.withdrawn_length + b.withdrawn_length));
	return whole;
}
