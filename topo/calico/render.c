/* What calico-node makes of the resources, node by node. The way in is calico_render; the rules
 * live in peers.c (who peers with whom), sessions.c (how), export.c (which routes) and blocks.c. */
#include "topo/calico/cluster.h"

#include <string.h>

static uint32_t plugged_interface(const struct model_node *node)
{
	for (uint32_t i = 0; i < node->interface_count; i++)
		if (node->interfaces[i].link != MODEL_NONE)
			return i;
	return MODEL_NONE;
}

static bool has_address(const struct model_config *out, enum ip_family family)
{
	for (uint32_t i = 0; i < out->address_count; i++)
		if (out->addresses[i].address.addr.family == family)
			return true;
	return false;
}

static void give_address(struct calico_cluster *c, const struct model_node *node,
			 struct model_config *out, struct ip_prefix prefix, struct source_pos pos)
{
	uint32_t interface = plugged_interface(node);
	if (prefix.addr.family == IP_NONE || has_address(out, prefix.addr.family))
		return;
	if (interface == MODEL_NONE) {
		diag_add(c->diags, DIAG_WARNING, "W230", node->pos,
			 "%s is plugged in nowhere: its address cannot be given to an interface",
			 node->name);
		return;
	}
	struct model_address *addresses =
		arena_alloc(c->arena, (out->address_count + 1) * sizeof(*addresses));
	if (out->address_count)
		memcpy(addresses, out->addresses, out->address_count * sizeof(*addresses));
	addresses[out->address_count++] = (struct model_address){ interface, prefix, pos };
	out->addresses = addresses;
}

/* The `calico_backend` of ConfigMap calico-config: "bird" unless it says otherwise. */
static const char *backend(const struct calico_cluster *c, struct source_pos *pos)
{
	static const char *const spaces[] = { "kube-system", "calico-system", "default" };
	for (size_t i = 0; i < 3; i++) {
		const struct calico_resource *map =
			calico_store_find(c->store, CALICO_CONFIG_MAP, spaces[i], "calico-config");
		for (uint32_t k = 0; map && k < map->data_count; k++)
			if (strcmp(map->data[k].key, "calico_backend") == 0) {
				*pos = map->data[k].pos;
				return map->data[k].value;
			}
	}
	return "bird";
}

static const char *why_not(struct calico_cluster *c, const struct calico_node *node)
{
	struct source_pos pos = { 0 };
	const char *name = backend(c, &pos);
	if (strcmp(name, "bird") != 0)
		return arena_printf(c->arena,
				    "calico_backend is %s in ConfigMap calico-config%s%s%s",
				    *name ? name : "empty", pos.line ? " (line " : "",
				    pos.line ? arena_printf(c->arena, "%u", pos.line) : "",
				    pos.line ? ")" : "");
	if (node->v4.addr.family == IP_NONE && node->v6.addr.family == IP_NONE)
		return node->pos.source ? "its Node resource gives it no address"
					: "there is no Node resource for it, and it has no address";
	return NULL;
}

static uint32_t router_id(const struct calico_node *node)
{
	uint32_t id = ip_addr_to_v4(node->v4.addr);
	if (id == 0) /* CALICO_ROUTER_ID=hash */
		id = (uint32_t)hash_bytes(node->name, strlen(node->name));
	return id ? id : 1;
}

static void render_node(struct calico_cluster *c, uint32_t index, const struct model_node *model,
			struct model_config *out)
{
	const struct calico_node *node = &c->nodes[index];
	struct ip_addr cluster = { 0 };
	give_address(c, model, out, node->v4, node->v4_pos);
	give_address(c, model, out, node->v6, node->v6_pos);
	out->bgp = (struct model_bgp){ .process = "bird", .profile = "calico-bird" };
	out->reflector = node->cluster_id != NULL;
	calico_render_kernel(c, index, out);
	out->bgp.local_as = node->as;
	out->bgp.router_id = router_id(node);
	out->bgp.listen_port = node->port;
	out->bgp.pos = node->pos;
	if (node->cluster_id)
		ip_addr_parse(node->cluster_id, strlen(node->cluster_id), &cluster);
	out->bgp.cluster_id = ip_addr_to_v4(cluster);
	out->bgp.why_not = why_not(c, node);
	out->bgp.enabled = !out->bgp.why_not;
	if (out->bgp.enabled)
		calico_render_sessions(c, index, out);
}

bool calico_render(struct diag_list *diags, const struct calico_store *store,
		   const struct model_node *nodes, uint32_t node_count,
		   struct model_config **out)
{
	struct calico_cluster cluster;
	size_t errors = diags->errors;
	calico_cluster_init(&cluster, diags, store, nodes, node_count, out);
	calico_cluster_peers(&cluster);
	calico_render_blocks(&cluster, out);
	for (uint32_t i = 0; i < cluster.node_count; i++) {
		uint32_t model = cluster.nodes[i].model;
		if (model != MODEL_NONE)
			render_node(&cluster, i, &nodes[model], out[model]);
	}
	calico_cluster_free(&cluster);
	return diags->errors == errors;
}
