/* Which blocks a node has: those the .topo gives, those of IPAM's own resources, or one that is
 * chosen.
 *
 * Calico draws a node's first block from a generator seeded by its name, then takes the next free
 * one. Here the start is a hash of the name, so adding a node leaves the others' blocks alone
 * unless both want the same. Nodes choose in order of their names. */
#include "topo/calico/cluster.h"

#include <string.h>

#include "base/trie.h"

struct taken {
	struct trie trie;
};

static bool overlaps(struct taken *taken, struct ip_prefix prefix)
{
	uint32_t values[TRIE_DEPTH_MAX];
	return trie_containing(&taken->trie, prefix.addr, values) > 0;
}

static void put_block(struct calico_cluster *c, struct model_config *out, struct ip_prefix prefix,
		      struct source_pos pos)
{
	struct model_block *blocks =
		arena_alloc(c->arena, (out->block_count + 1) * sizeof(*blocks));
	if (out->block_count)
		memcpy(blocks, out->blocks, out->block_count * sizeof(*blocks));
	blocks[out->block_count++] = (struct model_block){ .prefix = prefix, .pos = pos };
	out->blocks = blocks;
}

static bool has_block(const struct model_config *out, struct ip_prefix prefix)
{
	for (uint32_t i = 0; i < out->block_count; i++)
		if (ip_prefix_equal(out->blocks[i].prefix, prefix))
			return true;
	return false;
}

static void from_resources(struct calico_cluster *c, struct model_config **out, const bool *given,
			   enum calico_kind kind)
{
	uint32_t first, end;
	calico_store_range(c->store, kind, &first, &end);
	for (uint32_t i = first; i < end; i++) {
		const struct calico_resource *r = c->store->items[i];
		if (!r->block.node || r->block.deleted)
			continue;
		uint32_t node = calico_node_find(c, r->block.node);
		uint32_t model = node == MODEL_NONE ? MODEL_NONE : c->nodes[node].model;
		if (model != MODEL_NONE && !given[node] && !has_block(out[model], r->block.prefix))
			put_block(c, out[model], r->block.prefix, r->pos);
	}
}

/* The n-th block of a pool. */
static struct ip_prefix block_at(const struct calico_pool *pool, uint64_t n)
{
	struct ip_prefix block = { pool->cidr.addr, pool->block_size };
	uint8_t bits = ip_addr_bits(block.addr);
	for (unsigned bit = 0; bit < 64 && bit < pool->block_size - (unsigned)pool->cidr.length;
	     bit++) {
		unsigned at = pool->block_size - 1u - bit; /* from the left, below bits */
		if (at < bits && (n >> bit & 1))
			block.addr.bytes[at / 8] |= (uint8_t)(0x80 >> at % 8);
	}
	return block;
}

static bool choose(struct calico_cluster *c, const struct calico_node *node,
		   struct model_config *out, struct taken *taken, enum ip_family family)
{
	uint32_t first, end;
	calico_store_range(c->store, CALICO_IP_POOL, &first, &end);
	for (uint32_t i = first; i < end; i++) {
		const struct calico_resource *r = c->store->items[i];
		const struct calico_pool *pool = &r->pool;
		if (pool->cidr.addr.family != family || pool->disabled ||
		    pool->cidr.length > pool->block_size ||
		    (pool->has_selector && !calico_node_selected(node, &pool->selector)))
			continue;
		unsigned width = pool->block_size - pool->cidr.length;
		uint64_t count = width > 40 ? UINT64_C(1) << 40 : UINT64_C(1) << width;
		uint64_t start = hash_bytes(node->name, strlen(node->name)) % count;
		uint64_t tries = count < 1u << 20 ? count : 1u << 20;
		for (uint64_t k = 0; k < tries; k++) {
			struct ip_prefix block = block_at(pool, (start + k) % count);
			if (overlaps(taken, block))
				continue;
			put_block(c, out, block, r->pos);
			trie_set(&taken->trie, block, 1);
			return true;
		}
	}
	return false;
}

static void set_exported(const struct calico_cluster *c, struct model_config *out)
{
	uint32_t first, end;
	calico_store_range(c->store, CALICO_IP_POOL, &first, &end);
	for (uint32_t b = 0; b < out->block_count; b++) {
		out->blocks[b].exported = true;
		for (uint32_t i = first; i < end; i++) {
			const struct calico_pool *pool = &c->store->items[i]->pool;
			if (pool->export_disabled &&
			    ip_prefix_covers(pool->cidr, out->blocks[b].prefix))
				out->blocks[b].exported = false;
		}
	}
}

static bool has_family(const struct model_config *out, enum ip_family family)
{
	for (uint32_t i = 0; i < out->block_count; i++)
		if (out->blocks[i].prefix.addr.family == family)
			return true;
	return false;
}

/* A block smaller than those of its pool takes the whole one it lies in. */
static void take(struct calico_cluster *c, struct taken *taken, struct ip_prefix prefix)
{
	uint32_t first, end;
	calico_store_range(c->store, CALICO_IP_POOL, &first, &end);
	trie_set(&taken->trie, prefix, 1);
	for (uint32_t i = first; i < end; i++) {
		const struct calico_pool *pool = &c->store->items[i]->pool;
		struct ip_prefix whole = { prefix.addr, pool->block_size };
		if (ip_prefix_covers(pool->cidr, prefix) && prefix.length > pool->block_size)
			trie_set(&taken->trie, ip_prefix_masked(whole), 1);
	}
}

static void own_blocks(struct calico_cluster *c, struct model_config *out)
{
	struct model_block *blocks =
		arena_alloc(c->arena, (out->block_count + 1) * sizeof(*blocks));
	if (out->block_count)
		memcpy(blocks, out->blocks, out->block_count * sizeof(*blocks));
	out->blocks = blocks; /* the caller's may belong to the revision before */
}

void calico_render_blocks(struct calico_cluster *c, struct model_config **out)
{
	struct taken taken;
	bool *given = arena_alloc(c->arena, c->node_count + 1);
	for (uint32_t i = 0; i < c->node_count; i++)
		given[i] = c->nodes[i].model != MODEL_NONE && out[c->nodes[i].model]->block_count;
	from_resources(c, out, given, CALICO_BLOCK_AFFINITY);
	from_resources(c, out, given, CALICO_IPAM_BLOCK);
	trie_init(&taken.trie);
	for (uint32_t i = 0; i < c->node_count; i++) {
		if (c->nodes[i].model == MODEL_NONE)
			continue;
		struct model_config *config = out[c->nodes[i].model];
		own_blocks(c, config);
		for (uint32_t b = 0; b < config->block_count; b++)
			take(c, &taken, config->blocks[b].prefix);
	}
	for (uint32_t i = 0; i < c->node_count; i++) {
		struct calico_node *node = &c->nodes[i];
		if (node->model == MODEL_NONE)
			continue;
		if (!has_family(out[node->model], IP_V4))
			choose(c, node, out[node->model], &taken, IP_V4);
		if (node->v6.addr.family != IP_NONE && !has_family(out[node->model], IP_V6))
			choose(c, node, out[node->model], &taken, IP_V6);
		set_exported(c, out[node->model]);
	}
	trie_free(&taken.trie);
}
