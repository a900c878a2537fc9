/* Which routes a node gives to its peers and to its kernel: the filters of bird_ipam.cfg and
 * bird_aggr.cfg, v3.23.3, as flat lists. Pools and blocks come in the order of their keys as text.
 */
#include "topo/calico/cluster.h"

#include <stdlib.h>
#include <string.h>

struct item {
	const char *key;
	const void *what; /* struct calico_resource or struct model_block */
};

static int by_key(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	return strcmp(a->key, b->key);
}

/* "192.168.0.0-16": the last part of the key in confd's store. */
static const char *key_of(struct arena *arena, struct ip_prefix prefix)
{
	char text[IP_TEXT_MAX];
	return arena_printf(arena, "%s-%u", ip_addr_format(prefix.addr, text), prefix.length);
}

static struct item *pools_of(struct calico_cluster *c, enum ip_family family, uint32_t *count)
{
	uint32_t first, end;
	calico_store_range(c->store, CALICO_IP_POOL, &first, &end);
	struct item *items = arena_alloc(c->arena, (end - first + 1) * sizeof(*items));
	*count = 0;
	for (uint32_t i = first; i < end; i++) {
		const struct calico_resource *r = c->store->items[i];
		if (r->pool.cidr.addr.family == family)
			items[(*count)++] = (struct item){ key_of(c->arena, r->pool.cidr), r };
	}
	qsort(items, *count, sizeof(*items), by_key);
	return items;
}

static struct item *blocks_of(struct calico_cluster *c, enum ip_family family,
			      const struct model_config *out, uint32_t *count)
{
	struct item *items = arena_alloc(c->arena, (out->block_count + 1) * sizeof(*items));
	*count = 0;
	for (uint32_t i = 0; i < out->block_count; i++)
		if (out->blocks[i].prefix.addr.family == family)
			items[(*count)++] = (struct item){
				key_of(c->arena, out->blocks[i].prefix), &out->blocks[i] };
	qsort(items, *count, sizeof(*items), by_key);
	return items;
}

/* A block whose affinity is pending has no rule of its own (calico #6867). */
static bool is_pending(const struct calico_cluster *c, uint32_t node, struct ip_prefix prefix)
{
	uint32_t first, end;
	calico_store_range(c->store, CALICO_BLOCK_AFFINITY, &first, &end);
	for (uint32_t i = first; i < end; i++) {
		const struct calico_block *block = &c->store->items[i]->block;
		if (block->pending && ip_prefix_equal(block->prefix, prefix) && block->node &&
		    strcmp(block->node, c->nodes[node].name) == 0)
			return true;
	}
	return false;
}

struct policy_builder {
	struct model_policy_rule *rules;
	uint32_t count;
};

static struct model_policy_rule *add(struct policy_builder *b, struct ip_prefix prefix, int verdict,
				     struct source_pos pos)
{
	struct model_policy_rule *rule = &b->rules[b->count++];
	*rule = (struct model_policy_rule){ .prefix = prefix, .pos = pos };
	rule->verdict = verdict;
	return rule;
}

static void add_blocks(struct policy_builder *b, struct calico_cluster *c, uint32_t node,
		       enum ip_family family, const struct model_config *out)
{
	uint32_t count;
	struct item *blocks = blocks_of(c, family, out, &count);
	for (uint32_t i = 0; i < count; i++) {
		const struct model_block *block = blocks[i].what;
		if (is_pending(c, node, block->prefix))
			continue;
		struct model_policy_rule *exact =
			add(b, block->prefix, MODEL_RULE_ACCEPT, block->pos);
		exact->length_min = exact->length_max = block->prefix.length;
		add(b, block->prefix, MODEL_RULE_REJECT, block->pos); /* pods' own /32 stay here */
	}
}

const struct model_policy *calico_export(struct calico_cluster *c, uint32_t node,
					 enum ip_family family, const struct model_config *out)
{
	const struct calico_bgp_configuration *config = calico_advertising(c, node);
	uint32_t count;
	struct item *pools = pools_of(c, family, &count);
	uint32_t room = 2 * count + config->advertisement_count + 2 * out->block_count +
			c->config->service_count + 1;
	struct policy_builder b = { arena_alloc(c->arena, room * sizeof(*b.rules)), 0 };
	for (uint32_t i = 0; i < count; i++) {
		const struct calico_resource *r = pools[i].what;
		if (r->pool.export_disabled)
			add(&b, r->pool.cidr, MODEL_RULE_REJECT, r->pos);
	}
	for (uint32_t i = 0; i < config->advertisement_count; i++) {
		const struct calico_advertisement *a = &config->advertisements[i];
		if (a->prefix.addr.family != family || a->community_count == 0)
			continue;
		struct model_policy_rule *rule = add(&b, a->prefix, MODEL_RULE_NEXT, a->pos);
		rule->add_communities = a->communities;
		rule->add_community_count = a->community_count;
	}
	add_blocks(&b, c, node, family, out);
	for (uint32_t i = 0; i < c->config->service_count; i++)
		if (c->config->services[i].prefix.addr.family == family)
			add(&b, c->config->services[i].prefix, MODEL_RULE_ACCEPT,
			    c->config->services[i].pos);
	for (uint32_t i = 0; i < count; i++) {
		const struct calico_resource *r = pools[i].what;
		if (!r->pool.export_disabled)
			add(&b, r->pool.cidr, MODEL_RULE_ACCEPT, r->pos);
	}
	struct model_policy *policy = arena_alloc(c->arena, sizeof(*policy));
	*policy = (struct model_policy){ b.rules, b.count, false };
	return policy;
}

/* ---- kernel ------------------------------------------------------------------------------------
 */

static void add_kernel_rules(struct calico_cluster *c, enum ip_family family,
			     struct model_config *out)
{
	uint32_t count;
	struct item *pools = pools_of(c, family, &count);
	for (uint32_t i = 0; i < c->config->service_count; i++)
		if (c->config->services[i].prefix.addr.family == family)
			out->kernel_rules[out->kernel_rule_count++] = (struct model_kernel_rule){
				c->config->services[i].prefix, MODEL_KERNEL_SKIP };
	for (uint32_t i = 0; i < count; i++) {
		const struct calico_pool *pool =
			&((const struct calico_resource *)pools[i].what)->pool;
		struct model_kernel_rule *rule = &out->kernel_rules[out->kernel_rule_count++];
		rule->prefix = pool->cidr;
		rule->how = pool->vxlan != MODEL_ENCAP_NEVER	     ? MODEL_KERNEL_SKIP
			    : pool->ipip == MODEL_ENCAP_ALWAYS	     ? MODEL_KERNEL_TUNNEL
			    : pool->ipip == MODEL_ENCAP_CROSS_SUBNET ? MODEL_KERNEL_TUNNEL_CROSS
								     : MODEL_KERNEL_PLAIN;
	}
}

static bool holds(const struct calico_pool *pool, const struct model_config *out)
{
	for (uint32_t i = 0; i < out->pod_count; i++)
		if (ip_prefix_contains(pool->cidr, out->pods[i].address))
			return true;
	for (uint32_t i = 0; i < out->block_count; i++)
		if (ip_prefix_covers(pool->cidr, out->blocks[i].prefix))
			return true;
	return false;
}

void calico_render_kernel(struct calico_cluster *c, uint32_t node, struct model_config *out)
{
	uint32_t first, end;
	calico_store_range(c->store, CALICO_IP_POOL, &first, &end);
	uint32_t room = end - first + c->config->service_count + 1;
	out->kernel_rules = arena_alloc(c->arena, room * sizeof(*out->kernel_rules));
	if (c->nodes[node].v4.addr.family != IP_NONE)
		add_kernel_rules(c, IP_V4, out);
	if (c->nodes[node].v6.addr.family != IP_NONE)
		add_kernel_rules(c, IP_V6, out);
	for (uint32_t i = first; i < end; i++) {
		const struct calico_resource *r = c->store->items[i];
		if (!holds(&r->pool, out))
			continue;
		if (r->pool.nat || !out->nat_outgoing)
			out->nat_outgoing_pos = r->pool.nat_pos;
		out->nat_outgoing |= r->pool.nat;
	}
	out->bgp.networks = c->config->services;
	out->bgp.network_count = c->config->service_count;
}
