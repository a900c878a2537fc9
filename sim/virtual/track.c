/* Connection tracking, only as light as `established_only` filters and masquerading need it: who
 * began, whether the other side has answered, and what the source was rewritten to. Entries do not
 * time out (Linux keeps established TCP for five days); the table is emptied when it is full, and
 * with the power. Masquerading keeps ports; two pods with the same port to the same target would
 * share one, where Linux picks another. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "sim/virtual/stack.h"

#define TRACK_MAX 65536u

struct track_end {
	struct ip_addr address;
	uint16_t port;
};

struct track_entry {
	struct track_end from, to;     /* as the first packet had it */
	struct ip_addr answered_to;    /* where answers go: from.address, or what it was masked as */
	uint8_t protocol;
	bool answered;
};

struct connection_track {
	struct track_entry *entries;
	uint32_t count, capacity;
	struct hash_index forth, back; /* by the first packet's ends, by an answer's */
};

bool track_needed(const struct model_config *config)
{
	if (config->nat_outgoing)
		return true;
	for (uint32_t i = 0; i < config->filter_count; i++)
		if (config->filters[i].established_only)
			return true;
	return false;
}

bool track_ready(struct stack *stack)
{
	if (!stack->track && track_needed(stack->config)) {
		stack->track = memory_zalloc(sizeof(*stack->track));
		hash_index_init(&stack->track->forth);
		hash_index_init(&stack->track->back);
	}
	return stack->track != NULL;
}

void track_clear(struct stack *stack)
{
	if (!stack->track)
		return;
	free(stack->track->entries);
	hash_index_free(&stack->track->forth);
	hash_index_free(&stack->track->back);
	free(stack->track);
	stack->track = NULL;
}

static uint64_t ends_hash(struct track_end from, struct track_end to, uint8_t protocol)
{
	uint64_t hash = hash_u64(ip_addr_hash(from.address) ^ from.port);
	return hash_u64(hash ^ ip_addr_hash(to.address) ^ (uint64_t)to.port << 16 ^
			(uint64_t)protocol << 32);
}

static struct track_end masked_end(const struct track_entry *entry)
{
	return (struct track_end){ entry->answered_to, entry->from.port };
}

static uint64_t rehash_forth(const void *context, uint32_t i)
{
	const struct track_entry *entry = &((const struct connection_track *)context)->entries[i];
	return ends_hash(entry->from, entry->to, entry->protocol);
}

static uint64_t rehash_back(const void *context, uint32_t i)
{
	const struct track_entry *entry = &((const struct connection_track *)context)->entries[i];
	return ends_hash(entry->to, masked_end(entry), entry->protocol);
}

static bool ends_equal(struct track_end a, struct track_end b)
{
	return a.port == b.port && ip_addr_equal(a.address, b.address);
}

static struct track_entry *find(const struct connection_track *track, const struct packet *packet,
				bool answer)
{
	struct track_end from = { packet->source, packet->source_port };
	struct track_end to = { packet->destination, packet->destination_port };
	const struct hash_index *index = answer ? &track->back : &track->forth;
	uint64_t hash = ends_hash(from, to, packet->protocol);
	uint32_t cursor = HASH_NONE, i;
	while ((i = hash_index_next(index, hash, &cursor)) != HASH_NONE) {
		struct track_entry *entry = &track->entries[i];
		if (entry->protocol == packet->protocol &&
		    ends_equal(from, answer ? entry->to : entry->from) &&
		    ends_equal(to, answer ? masked_end(entry) : entry->to))
			return entry;
	}
	return NULL;
}

bool track_seen(const struct stack *stack, const struct packet *packet)
{
	if (find(stack->track, packet, true))
		return true;
	const struct track_entry *entry = find(stack->track, packet, false);
	return entry && entry->answered;
}

struct ip_addr track_note(struct stack *stack, const struct packet *packet, struct ip_addr mask)
{
	const struct ip_addr unmasked = { 0 };
	struct connection_track *track = stack->track;
	struct track_entry *entry = find(track, packet, true);
	if (entry) {
		entry->answered = true;
		return unmasked;
	}
	entry = find(track, packet, false);
	if (entry)
		return ip_addr_equal(entry->answered_to, entry->from.address) ? unmasked :
										entry->answered_to;
	if (track->count == TRACK_MAX) {
		track_clear(stack);
		track_ready(stack);
		track = stack->track;
	}
	struct track_entry fresh = {
		.from = { packet->source, packet->source_port },
		.to = { packet->destination, packet->destination_port },
		.answered_to = ip_addr_is_zero(mask) ? packet->source : mask,
		.protocol = packet->protocol,
	};
	ARRAY_PUSH(track->entries, track->count, track->capacity, fresh);
	uint32_t at = track->count - 1;
	hash_index_add(&track->forth, rehash_forth(track, at), at, rehash_forth, track);
	hash_index_add(&track->back, rehash_back(track, at), at, rehash_back, track);
	return mask;
}

struct ip_addr track_unmask(const struct stack *stack, const struct packet *packet)
{
	const struct track_entry *entry = find(stack->track, packet, true);
	if (!entry || ip_addr_equal(entry->answered_to, entry->from.address))
		return (struct ip_addr){ 0 };
	return entry->from.address;
}
