/* Who answers for an address on a link, and who knows it. */
#include "sim/virtual/link.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* ---- rising lists of ends; an end may stand in one twice -------------------------------------- */

/* Where the first end >= `end` stands. */
static uint32_t place_of(const struct link_ends *list, uint32_t end)
{
	uint32_t low = 0, high = list->count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (list->ends[middle] < end)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void ends_add(struct link_ends *list, uint32_t end)
{
	uint32_t at = place_of(list, end);
	ARRAY_PUSH(list->ends, list->count, list->capacity, end);
	memmove(list->ends + at + 1, list->ends + at,
		(list->count - 1 - at) * sizeof(*list->ends));
	list->ends[at] = end;
}

static void ends_remove(struct link_ends *list, uint32_t end)
{
	uint32_t at = place_of(list, end);
	ASSERT(at < list->count && list->ends[at] == end);
	list->count--;
	memmove(list->ends + at, list->ends + at + 1, (list->count - at) * sizeof(*list->ends));
}

/* ---- by address ------------------------------------------------------------------------------- */

static uint64_t rehash_address(const void *context, uint32_t at)
{
	const struct link *link = context;
	return ip_addr_hash(link->addresses[at].address);
}

static struct link_address *find(const struct link *link, struct ip_addr address)
{
	uint32_t cursor = HASH_NONE, at;
	while ((at = hash_index_next(&link->by_address, ip_addr_hash(address), &cursor)) !=
	       HASH_NONE)
		if (ip_addr_equal(link->addresses[at].address, address))
			return &link->addresses[at];
	return NULL;
}

static struct link_address *find_or_make(struct link *link, struct ip_addr address)
{
	struct link_address *found = find(link, address);
	if (found)
		return found;
	struct link_address fresh = { .address = address };
	ARRAY_PUSH(link->addresses, link->address_count, link->address_capacity, fresh);
	hash_index_add(&link->by_address, ip_addr_hash(address), link->address_count - 1,
		       rehash_address, link);
	return &link->addresses[link->address_count - 1];
}

void link_addresses_free(struct link *link)
{
	for (uint32_t i = 0; i < link->address_count; i++) {
		free(link->addresses[i].owners.ends);
		free(link->addresses[i].askers.ends);
	}
	free(link->addresses);
	free(link->concerned.ends);
	hash_index_free(&link->by_address);
}

void link_owner_add(struct link *link, struct ip_addr address, uint32_t end)
{
	ends_add(&find_or_make(link, address)->owners, end);
}

void link_owner_remove(struct link *link, struct ip_addr address, uint32_t end)
{
	struct link_address *found = find(link, address);
	ASSERT(found);
	ends_remove(&found->owners, end);
}

void link_asker_add(struct link *link, struct ip_addr address, uint32_t end)
{
	ends_add(&find_or_make(link, address)->askers, end);
}

void link_asker_remove(struct link *link, struct ip_addr address, uint32_t end)
{
	struct link_address *found = find(link, address);
	ASSERT(found);
	ends_remove(&found->askers, end);
}

uint32_t link_owner_find(const struct link *link, struct ip_addr address,
			 bool (*visit)(const void *context, uint32_t end), const void *context)
{
	const struct link_address *found = find(link, address);
	for (uint32_t i = 0; found && i < found->owners.count; i++)
		if (visit(context, found->owners.ends[i]))
			return found->owners.ends[i];
	return UINT32_MAX;
}

const struct link_ends *link_concerned(struct link *link, const struct arp_view *arp)
{
	static const struct link_ends nobody = { 0 };
	const struct link_address *target = find(link, arp->target);
	const struct link_address *sender = find(link, arp->sender);
	const struct link_ends *a = target ? &target->owners : &nobody;
	const struct link_ends *b = sender ? &sender->askers : &nobody;
	struct link_ends *out = &link->concerned;
	uint32_t i = 0, j = 0;
	out->count = 0;
	while (i < a->count || j < b->count) {
		bool from_a = j == b->count || (i < a->count && a->ends[i] <= b->ends[j]);
		uint32_t end = from_a ? a->ends[i++] : b->ends[j++];
		if (out->count && out->ends[out->count - 1] == end)
			continue;
		ARRAY_PUSH(out->ends, out->count, out->capacity, end);
	}
	return out;
}
