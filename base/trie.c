#include "base/trie.h"

#include <string.h>

#include "base/assert.h"

struct trie_node {
	uint32_t child[2];
	uint32_t value; /* TRIE_NONE: only a fork */
	struct ip_prefix prefix;
};

void trie_init(struct trie *trie)
{
	*trie = (struct trie){ 0 };
	slab_init(&trie->nodes, sizeof(struct trie_node));
}

void trie_free(struct trie *trie)
{
	slab_free(&trie->nodes);
	trie_init(trie);
}

static inline struct trie_node *node_at(const struct trie *trie, uint32_t number)
{
	return slab_at(&trie->nodes, number);
}

static inline int bit_of(const struct ip_addr *addr, int bit)
{
	return addr->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

/* Length of the common leading part of two prefixes, at most the shorter of both. */
static int common_bits(const struct ip_prefix *a, const struct ip_prefix *b)
{
	int limit = a->length < b->length ? a->length : b->length;
	int bits = 0;
	while (bits + 8 <= limit && a->addr.bytes[bits / 8] == b->addr.bytes[bits / 8])
		bits += 8;
	while (bits < limit && bit_of(&a->addr, bits) == bit_of(&b->addr, bits))
		bits++;
	return bits;
}

static uint32_t node_new(struct trie *trie, struct ip_prefix prefix, uint32_t value)
{
	uint32_t number = slab_take(&trie->nodes);
	*node_at(trie, number) = (struct trie_node){ .value = value, .prefix = prefix };
	return number;
}

static uint32_t root_number(const struct trie *trie, struct ip_addr addr)
{
	ASSERT(addr.family == IP_V4 || addr.family == IP_V6);
	return addr.family == IP_V4 ? trie->root_v4 : trie->root_v6;
}

static uint32_t *root_of(struct trie *trie, struct ip_addr addr)
{
	ASSERT(addr.family == IP_V4 || addr.family == IP_V6);
	return addr.family == IP_V4 ? &trie->root_v4 : &trie->root_v6;
}

uint32_t trie_set(struct trie *trie, struct ip_prefix prefix, uint32_t value)
{
	ASSERT(value != TRIE_NONE);
	prefix = ip_prefix_masked(prefix);
	uint32_t *link = root_of(trie, prefix.addr);
	while (*link) {
		struct trie_node *node = node_at(trie, *link);
		int common = common_bits(&node->prefix, &prefix);
		if (common < node->prefix.length) {
			uint32_t old = *link;
			struct ip_prefix fork = prefix;
			fork.length = (uint8_t)common;
			uint32_t number = node_new(trie, ip_prefix_masked(fork), TRIE_NONE);
			struct trie_node *parent = node_at(trie, number);
			parent->child[bit_of(&node_at(trie, old)->prefix.addr, common)] = old;
			*link = number;
			node = parent;
		}
		if (node->prefix.length == prefix.length) {
			uint32_t former = node->value;
			node->value = value;
			trie->count += former == TRIE_NONE;
			return former;
		}
		link = &node->child[bit_of(&prefix.addr, node->prefix.length)];
	}
	uint32_t number = node_new(trie, prefix, value);
	*link = number;
	trie->count++;
	return TRIE_NONE;
}

uint32_t trie_get(const struct trie *trie, struct ip_prefix prefix)
{
	prefix = ip_prefix_masked(prefix);
	uint32_t number = root_number(trie, prefix.addr);
	while (number) {
		const struct trie_node *node = node_at(trie, number);
		if (node->prefix.length > prefix.length ||
		    common_bits(&node->prefix, &prefix) < node->prefix.length)
			return TRIE_NONE;
		if (node->prefix.length == prefix.length)
			return node->value;
		number = node->child[bit_of(&prefix.addr, node->prefix.length)];
	}
	return TRIE_NONE;
}

uint32_t trie_remove(struct trie *trie, struct ip_prefix prefix)
{
	prefix = ip_prefix_masked(prefix);
	uint32_t *links[TRIE_DEPTH_MAX + 1];
	int depth = 0;
	uint32_t *link = root_of(trie, prefix.addr);
	for (;;) {
		if (!*link)
			return TRIE_NONE;
		struct trie_node *node = node_at(trie, *link);
		if (node->prefix.length > prefix.length ||
		    common_bits(&node->prefix, &prefix) < node->prefix.length)
			return TRIE_NONE;
		links[depth++] = link;
		if (node->prefix.length == prefix.length)
			break;
		link = &node->child[bit_of(&prefix.addr, node->prefix.length)];
	}
	struct trie_node *node = node_at(trie, *link);
	uint32_t former = node->value;
	if (former == TRIE_NONE)
		return TRIE_NONE;
	node->value = TRIE_NONE;
	trie->count--;
	while (depth > 0) {
		link = links[--depth];
		node = node_at(trie, *link);
		if (node->value != TRIE_NONE || (node->child[0] && node->child[1]))
			break;
		uint32_t gone = *link;
		*link = node->child[0] ? node->child[0] : node->child[1];
		slab_give(&trie->nodes, gone);
	}
	return former;
}

int trie_containing(const struct trie *trie, struct ip_addr addr, uint32_t values[TRIE_DEPTH_MAX])
{
	int count = 0;
	uint32_t number = root_number(trie, addr);
	struct ip_prefix whole = { addr, ip_addr_bits(addr) };
	while (number) {
		const struct trie_node *node = node_at(trie, number);
		if (common_bits(&node->prefix, &whole) < node->prefix.length)
			break;
		if (node->value != TRIE_NONE)
			values[count++] = node->value;
		if (node->prefix.length == whole.length)
			break;
		number = node->child[bit_of(&addr, node->prefix.length)];
	}
	return count;
}

uint32_t trie_longest(const struct trie *trie, struct ip_addr addr)
{
	uint32_t values[TRIE_DEPTH_MAX];
	int count = trie_containing(trie, addr, values);
	return count ? values[count - 1] : TRIE_NONE;
}

void trie_each(const struct trie *trie,
	       bool (*visit)(void *context, struct ip_prefix prefix, uint32_t value),
	       void *context)
{
	uint32_t stack[2 * TRIE_DEPTH_MAX];
	const uint32_t roots[2] = { trie->root_v4, trie->root_v6 };
	for (int i = 0; i < 2; i++) {
		int depth = 0;
		if (roots[i])
			stack[depth++] = roots[i];
		while (depth > 0) {
			const struct trie_node *node = node_at(trie, stack[--depth]);
			if (node->value != TRIE_NONE &&
			    !visit(context, node->prefix, node->value))
				return;
			for (int side = 1; side >= 0; side--)
				if (node->child[side])
					stack[depth++] = node->child[side];
		}
	}
}
