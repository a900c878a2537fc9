/* Lints about the way packets take: addresses, gateways, forwarding, source NAT. */
#include <string.h>

#include "topo/lint.h"

static const char *const families[] = { [IP_V4] = "IPv4", [IP_V6] = "IPv6" };

static bool connected(const struct model_config *config, struct ip_addr address)
{
	for (uint32_t i = 0; i < config->address_count; i++)
		if (ip_prefix_contains(config->addresses[i].address, address))
			return true;
	return false;
}

/* Longest match over what is configured; BGP may know more. */
static bool routed(const struct model_config *config, struct ip_addr address)
{
	for (uint32_t i = 0; i < config->route_count; i++)
		if (ip_prefix_contains(config->routes[i].prefix, address))
			return true;
	return connected(config, address);
}

/* The same address on two nodes, unless it is on interfaces that are not plugged in (anycast). */
void lint_addresses(struct lint *lint)
{
	const struct model *model = lint->model;
	for (uint32_t n = 0; n < model->node_count; n++) {
		const struct model_config *config = lint->start->nodes[n];
		for (uint32_t i = 0; i < config->address_count; i++) {
			const struct model_address *address = &config->addresses[i];
			uint32_t first = n, number = i;
			char buffer[IP_TEXT_MAX];
			if (address->interface != MODEL_NONE &&
			    model->nodes[n].interfaces[address->interface].link == MODEL_NONE)
				continue;
			uint32_t owners = matrix_owners(&lint->matrix, address->address.addr, &first,
							&number);
			if (owners < 2 || first == n)
				continue;
			diag_add(lint->diags, DIAG_WARNING, "W028", address->pos,
				 "%s is the address of %s as well",
				 ip_addr_format(address->address.addr, buffer),
				 model->nodes[first].name);
		}
	}
}

/* The kernel refuses such a route when it is typed; a daemon keeps it inactive. */
void lint_gateways(struct lint *lint)
{
	char via[IP_TEXT_MAX];
	for (uint32_t r = 0; r < lint->model->revision_count; r++) {
		for (uint32_t n = 0; n < lint->model->node_count; n++) {
			const struct model_config *config = lint->model->revisions[r].nodes[n];
			if (r > 0 && config == lint->model->revisions[r - 1].nodes[n])
				continue;
			for (uint32_t i = 0; i < config->route_count; i++) {
				const struct model_route *route = &config->routes[i];
				bool host = lint->model->nodes[n].kind == MODEL_HOST ||
					    lint->model->nodes[n].kind == MODEL_CALICO_NODE;
				if (route->via.family == IP_NONE || route->blackhole ||
				    connected(config, route->via))
					continue;
				diag_add(lint->diags, host ? DIAG_ERROR : DIAG_WARNING,
					 host ? "E032" : "W032", route->pos,
					 "the gateway %s is on no subnet of %s",
					 ip_addr_format(route->via, via),
					 lint->model->nodes[n].name);
				if (host)
					diag_note(lint->diags, "Linux says: Error: Nexthop has "
							       "invalid gateway.");
			}
		}
	}
}

void lint_forwarding(struct lint *lint)
{
	for (uint32_t n = 0; n < lint->model->node_count; n++) {
		const struct model_config *config = lint->start->nodes[n];
		const struct model_node *node = &lint->model->nodes[n];
		if (config->ip_forward || node->kind == MODEL_HOST)
			continue;
		bool known = config->ip_forward_pos.source != NULL;
		diag_add(lint->diags, DIAG_WARNING, "W030",
			 known ? config->ip_forward_pos : node->pos,
			 "%s does not forward packets: net.ipv4.ip_forward is 0", node->name);
	}
}

/* ---- flows --------------------------------------------------------------------------------- */

static bool speaks_bgp(const struct model_config *config)
{
	return config->bgp.enabled && config->bgp.neighbor_count > 0;
}

/* One report a node and expectation: the first address it has no way to. */
static void lint_way(struct lint *lint, uint8_t *told, uint32_t node, struct ip_addr target,
		     const char *what, const struct model_flow *flow, struct source_pos pos)
{
	const struct model_config *config = lint->start->nodes[node];
	char buffer[IP_TEXT_MAX];
	if (target.family == IP_NONE || told[node] || speaks_bgp(config) ||
	    routed(config, target))
		return;
	told[node] = 1;
	diag_add(lint->diags, DIAG_WARNING, "W022", pos, "%s has no route %s %s",
		 lint->model->nodes[node].name, what, ip_addr_format(target, buffer));
	diag_note(lint->diags, "for %s; it speaks no BGP, so it needs an ip route add", flow->name);
}

static struct ip_addr sender_address(const struct lint *lint, const struct model_flow *flow)
{
	const struct model_config *config = lint->start->nodes[flow->from_node];
	if (flow->from.family != IP_NONE)
		return flow->from;
	for (uint32_t i = 0; i < config->address_count; i++)
		if (config->addresses[i].address.addr.family == flow->to.family)
			return config->addresses[i].address.addr;
	return (struct ip_addr){ 0 };
}

/* One report for each pair of nodes is plenty: flows come in order of nodes. */
void lint_flows(struct lint *lint)
{
	const struct model *model = lint->model;
	uint8_t *told = arena_alloc(&lint->diags->arena, model->node_count + 1);
	for (uint32_t e = 0; e < model->expect_count; e++) {
		const struct model_expect *expect = &model->expects[e];
		uint32_t from = MODEL_NONE, to = MODEL_NONE;
		memset(told, 0, model->node_count);
		for (uint32_t i = 0; i < expect->flow_count; i++) {
			const struct model_flow *flow = &model->flows[expect->flows[i]];
			if (flow->from_node == from && flow->to_node == to)
				continue;
			from = flow->from_node;
			to = flow->to_node;
			struct ip_addr sender = sender_address(lint, flow);
			if (sender.family == IP_NONE) {
				diag_add(lint->diags, DIAG_WARNING, "W023", expect->pos,
					 "%s has no %s address to reach %s from",
					 model->nodes[from].name,
					 families[flow->to.family], flow->name);
				continue;
			}
			lint_way(lint, told, from, flow->to, "to", flow, expect->pos);
			lint_way(lint, told, to, sender, "back to", flow, expect->pos);
		}
	}
}

static bool in_some_pool(const struct lint *lint, struct ip_addr address)
{
	for (uint32_t i = 0; i < lint->start->pool_count; i++)
		if (!lint->start->pools[i].disabled &&
		    ip_prefix_contains(lint->start->pools[i].cidr, address))
			return true;
	return false;
}

void lint_source_nat(struct lint *lint)
{
	const struct model *model = lint->model;
	for (uint32_t e = 0; e < model->expect_count; e++) {
		const struct model_expect *expect = &model->expects[e];
		for (uint32_t i = 0; expect->kind == MODEL_EXPECT_SOURCE_PRESERVED &&
				     i < expect->flow_count; i++) {
			const struct model_flow *flow = &model->flows[expect->flows[i]];
			const struct model_config *config = lint->start->nodes[flow->from_node];
			if (!config->nat_outgoing || !in_some_pool(lint, flow->from) ||
			    in_some_pool(lint, flow->to))
				continue;
			diag_add(lint->diags, DIAG_WARNING, "W021", expect->pos,
				 "%s will not keep its source: natOutgoing is true", flow->name);
			if (config->nat_outgoing_pos.source)
				diag_note(lint->diags, "%s:%u says so",
					  config->nat_outgoing_pos.source->path,
					  config->nat_outgoing_pos.line);
			break;
		}
	}
}

/* ---- pods and the network under them --------------------------------------------------------- */

void lint_underlay(struct lint *lint)
{
	const struct model *model = lint->model;
	const struct model_config *first = NULL;
	uint32_t first_node = 0;
	bool plain = lint->start->pool_count > 0;
	for (uint32_t i = 0; i < lint->start->pool_count; i++)
		plain &= lint->start->pools[i].ipip == MODEL_ENCAP_NEVER &&
			 lint->start->pools[i].vxlan == MODEL_ENCAP_NEVER;
	for (uint32_t n = 0; plain && n < model->node_count; n++) {
		const struct model_config *config = lint->start->nodes[n];
		if (model->nodes[n].kind != MODEL_CALICO_NODE || config->address_count == 0)
			continue;
		if (!first) {
			first = config;
			first_node = n;
			continue;
		}
		if (connected(config, first->addresses[0].address.addr))
			continue;
		diag_add(lint->diags, DIAG_WARNING, "W031", config->addresses[0].pos,
			 "%s and %s are on different subnets, and nothing encapsulates",
			 model->nodes[first_node].name, model->nodes[n].name);
		diag_note(lint->diags,
			  "with ipipMode and vxlanMode Never every router between them "
			  "must know the pods' blocks");
		return;
	}
}

/* What is read and not played must not pass for a fault of the network. A timeline that switches it
 * off is a story of its own. */
void lint_encapsulation(struct lint *lint)
{
	const struct model *model = lint->model;
	const struct model_revision *end = &model->revisions[model->revision_count - 1];
	for (uint32_t i = 0; i < end->pool_count; i++) {
		const struct model_pool *pool = &end->pools[i];
		bool ipip = pool->ipip != MODEL_ENCAP_NEVER;
		if (pool->disabled || (!ipip && pool->vxlan == MODEL_ENCAP_NEVER))
			continue;
		diag_add(lint->diags, DIAG_WARNING, "W047", pool->pos,
			 "%s of IPPool/%s is not simulated: its packets travel as they are",
			 ipip ? "IPIP" : "VXLAN", pool->name);
		diag_note(lint->diags, ipip ?
			  "on one subnet that reaches the same pods; across a router a real "
			  "cluster reaches pods that this one does not" :
			  "no node has routes to the others' pods here; in a real cluster Felix "
			  "sets them");
	}
}

void lint_blocks(struct lint *lint)
{
	for (uint32_t n = 0; n < lint->model->node_count; n++) {
		const struct model_config *config = lint->start->nodes[n];
		char buffer[IP_TEXT_MAX];
		for (uint32_t i = 0; i < config->pod_count; i++) {
			bool inside = false;
			for (uint32_t k = 0; k < config->block_count; k++)
				inside |= ip_prefix_contains(config->blocks[k].prefix,
							     config->pods[i].address);
			if (!inside)
				diag_add(lint->diags, DIAG_WARNING, "W027", config->pods[i].pos,
					 "the pod address %s is in no block of %s",
					 ip_addr_format(config->pods[i].address, buffer),
					 lint->model->nodes[n].name);
		}
		for (uint32_t k = 0; k < config->block_count; k++)
			if (lint->start->pool_count &&
			    !in_some_pool(lint, config->blocks[k].prefix.addr))
				diag_add(lint->diags, DIAG_WARNING, "W026", config->blocks[k].pos,
					 "the block %s of %s is in no IPPool, so it is never "
					 "announced",
					 ip_prefix_format(config->blocks[k].prefix, buffer),
					 lint->model->nodes[n].name);
	}
}
