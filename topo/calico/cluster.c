/* The nodes as calico-node sees them: Calico's Node and Kubernetes' laid together, with the address
 * that autodetection would find. */
#include "topo/calico/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "topo/list.h"

static const struct calico_bgp_configuration no_configuration = { .mesh = true };

uint32_t calico_node_find(const struct calico_cluster *cluster, const char *name)
{
	uint32_t low = 0, high = cluster->node_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(cluster->nodes[middle].name, name);
		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return MODEL_NONE;
}

bool calico_node_selected(const struct calico_node *node, const struct selector *selector)
{
	return selector_matches(selector, node->labels, node->label_count);
}

/* Kubernetes' labels win over Calico's. */
static void merge_labels(struct calico_cluster *c, struct calico_node *node,
			 const struct calico_resource *calico, const struct calico_resource *kube)
{
	uint32_t a = 0, b = 0, a_end = calico ? calico->label_count : 0,
		 b_end = kube ? kube->label_count : 0;
	node->labels = arena_alloc(c->arena, (a_end + b_end + 1) * sizeof(*node->labels));
	while (a < a_end || b < b_end) {
		int order = a == a_end ? 1 : b == b_end ? -1
					   : strcmp(calico->labels[a].key, kube->labels[b].key);
		node->labels[node->label_count++] = order < 0 ? calico->labels[a] : kube->labels[b];
		a += order <= 0;
		b += order >= 0;
	}
}

static void merge_spec(struct calico_node *node, const struct calico_node_spec *spec)
{
	if (node->v4.addr.family == IP_NONE) {
		node->v4 = spec->v4;
		node->v4_pos = spec->v4_pos;
	}
	if (node->v6.addr.family == IP_NONE) {
		node->v6 = spec->v6;
		node->v6_pos = spec->v6_pos;
	}
	if (!node->as && spec->as) {
		node->as = spec->as;
		node->own_as = true;
		node->as_pos = spec->as_pos;
	}
	if (!node->cluster_id) {
		node->cluster_id = spec->cluster_id;
		node->cluster_pos = spec->cluster_pos;
	}
}

static void autodetect(struct calico_node *node, const struct model_config *config)
{
	for (uint32_t i = 0; i < config->address_count; i++) {
		const struct model_address *address = &config->addresses[i];
		if (address->address.addr.family == IP_V4 && node->v4.addr.family == IP_NONE) {
			node->v4 = address->address;
			node->v4_pos = address->pos;
		}
	}
}

static void read_node(struct calico_cluster *c, struct calico_node *node)
{
	const struct calico_resource *calico =
		calico_store_find(c->store, CALICO_NODE, "", node->name);
	const struct calico_resource *kube =
		calico_store_find(c->store, CALICO_K8S_NODE, "", node->name);
	const struct calico_resource *config = calico_store_find(
		c->store, CALICO_BGP_CONFIGURATION, "",
		arena_printf(c->arena, "node.%s", node->name));
	merge_labels(c, node, calico, kube);
	if (calico)
		merge_spec(node, &calico->node);
	if (kube)
		merge_spec(node, &kube->node);
	node->pos = calico ? calico->pos : kube ? kube->pos : (struct source_pos){ 0 };
	node->config = config;
	node->own_port = config ? config->config.listen_port : 0;
	node->port = node->own_port ? node->own_port : c->config->listen_port;
	if (!node->own_as) {
		node->as = c->as;
		node->as_pos = c->config->as_pos;
	}
}

static int by_name(const void *left, const void *right)
{
	const struct calico_node *a = left, *b = right;
	int order = strcmp(a->name, b->name);
	return order ? order : (a->model > b->model) - (a->model < b->model);
}

/* Every Node resource and every calico-node of the model, once, by name. */
static void list_nodes(struct calico_cluster *c, const struct model_node *nodes, uint32_t count)
{
	uint32_t names = 0, kept = 0;
	const char **resources = calico_node_names(c->diags, c->store, &names);
	struct calico_node *list = arena_alloc(c->arena, (names + count + 1) * sizeof(*list));
	uint32_t total = 0;
	for (uint32_t i = 0; i < count; i++)
		if (nodes[i].kind == MODEL_CALICO_NODE)
			list[total++] = (struct calico_node){ .name = nodes[i].name, .model = i };
	for (uint32_t i = 0; i < names; i++)
		list[total++] = (struct calico_node){ .name = resources[i], .model = MODEL_NONE };
	qsort(list, total, sizeof(*list), by_name);
	for (uint32_t i = 0; i < total; i++)
		if (kept == 0 || strcmp(list[kept - 1].name, list[i].name) != 0)
			list[kept++] = list[i];
	c->nodes = list;
	c->node_count = kept;
}

void calico_cluster_init(struct calico_cluster *c, struct diag_list *diags,
			 const struct calico_store *store, const struct model_node *nodes,
			 uint32_t node_count, struct model_config **out)
{
	*c = (struct calico_cluster){ .diags = diags, .arena = &diags->arena, .store = store,
				      .config = &no_configuration };
	hash_index_init(&c->index);
	c->config_resource = calico_store_find(store, CALICO_BGP_CONFIGURATION, "", "default");
	if (c->config_resource)
		c->config = &c->config_resource->config;
	c->mesh = c->config->mesh;
	if (c->mesh)
		c->mesh_password = calico_password(c, &c->config->mesh_password);
	c->as = c->config->as ? c->config->as : 64512;
	list_nodes(c, nodes, node_count);
	for (uint32_t i = 0; i < c->node_count; i++) {
		read_node(c, &c->nodes[i]);
		if (c->nodes[i].model != MODEL_NONE)
			autodetect(&c->nodes[i], out[c->nodes[i].model]);
	}
}

void calico_cluster_free(struct calico_cluster *c) { hash_index_free(&c->index); }

const struct calico_bgp_configuration *calico_advertising(const struct calico_cluster *c,
							  uint32_t node)
{
	const struct calico_resource *own = c->nodes[node].config;
	return own && own->config.advertisement_count ? &own->config : c->config;
}

const char *calico_password(struct calico_cluster *c, const struct calico_secret_ref *ref)
{
	static const char *const spaces[] = { "kube-system", "calico-system" };
	if (!ref->name || !ref->key)
		return NULL;
	const struct calico_resource *secret = NULL;
	for (size_t i = 0; i < 2 && !secret; i++)
		secret = calico_store_find(c->store, CALICO_SECRET, spaces[i], ref->name);
	for (uint32_t i = 0; secret && i < secret->data_count; i++) {
		if (strcmp(secret->data[i].key, ref->key) != 0)
			continue;
		if (strlen(secret->data[i].value) > 80)
			diag_add(c->diags, DIAG_WARNING, "W225", secret->data[i].pos,
				 "Linux takes TCP-MD5 keys of 80 bytes at most: BIRD reports "
				 "\"Kernel MD5 auth failed\"");
		return secret->data[i].value;
	}
	diag_add(c->diags, DIAG_WARNING, "W225", ref->pos,
		 secret ? "Secret %s has no key %s: the session has no password"
			: "there is no Secret %s with %s in kube-system: the session has no "
			  "password",
		 ref->name, ref->key);
	uint32_t first, end;
	calico_store_range(c->store, CALICO_SECRET, &first, &end);
	for (uint32_t i = first; i < end && !secret; i++)
		if (strcmp(c->store->items[i]->name, ref->name) == 0)
			diag_note(c->diags, "the one in namespace %s is not read",
				  c->store->items[i]->namespace);
	return NULL;
}
