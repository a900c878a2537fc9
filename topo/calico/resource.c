/* One document to one resource: what its fields say, and whether they go together. The cross checks
 * are those of libcalico-go's validators for v3.23; the types were checked by schema.c. */
#include "topo/calico/resource.h"

#include <stdlib.h>
#include <string.h>

/* ---- getters on a document that passed the schema -------------------------------------------- */

static const struct yaml_node *field(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *node = yaml_get(map, key);
	return yaml_is_null(node) ? NULL : node;
}

static const char *get_text(struct diag_list *diags, const struct yaml_node *map, const char *key,
			    struct source_pos *pos)
{
	const struct yaml_node *node = field(map, key);
	if (!node || node->kind != YAML_SCALAR)
		return NULL;
	if (pos)
		*pos = node->pos;
	return calico_scalar_text(&diags->arena, node);
}

static bool get_bool(const struct yaml_node *map, const char *key, bool otherwise,
		     struct source_pos *pos)
{
	const struct yaml_node *node = field(map, key);
	bool truth;
	int64_t integer;
	if (!node || calico_scalar_of(node, &truth, &integer) != CALICO_BOOL)
		return otherwise;
	if (pos)
		*pos = node->pos;
	return truth;
}

static int64_t get_integer(const struct yaml_node *map, const char *key, int64_t otherwise)
{
	const struct yaml_node *node = field(map, key);
	bool truth;
	int64_t integer;
	return node && calico_scalar_of(node, &truth, &integer) == CALICO_INTEGER ? integer
										  : otherwise;
}

static uint32_t get_as(struct diag_list *diags, const struct yaml_node *map, bool *has,
		       struct source_pos *pos)
{
	uint32_t as = 0;
	const char *text = get_text(diags, map, "asNumber", pos);
	bool found = text && calico_as_parse(text, &as);
	if (has)
		*has = found;
	return as;
}

static uint16_t get_seconds(struct diag_list *diags, const struct yaml_node *map, const char *key)
{
	int64_t ns = 0;
	const char *text = get_text(diags, map, key, NULL);
	if (!text || !calico_go_duration(text, &ns))
		return 0;
	int64_t seconds = (ns + 500000000) / 1000000000;
	return seconds > 4095 ? 4095 : (uint16_t)seconds; /* RFC 4724: twelve bits */
}

static bool get_selector(struct diag_list *diags, const struct yaml_node *map, const char *key,
			 struct selector *out, struct source_pos *pos)
{
	struct selector_error error;
	const char *text = get_text(diags, map, key, pos);
	if (!text || !*text)
		return false; /* "" means: not set */
	return selector_parse(&diags->arena, text, strlen(text), out, &error);
}

static struct ip_prefix get_prefix(struct diag_list *diags, const struct yaml_node *map,
				   const char *key, struct source_pos *pos)
{
	struct ip_prefix prefix = { 0 };
	const char *text = get_text(diags, map, key, pos);
	if (text)
		ip_prefix_parse(text, strlen(text), true, &prefix);
	return prefix;
}

static struct calico_secret_ref get_secret(struct diag_list *diags, const struct yaml_node *map,
					   const char *key)
{
	struct calico_secret_ref ref = { 0 };
	const struct yaml_node *inner = yaml_get(yaml_get(map, key), "secretKeyRef");
	if (!field(map, key))
		return ref;
	ref.pos = yaml_key(map, key)->pos;
	ref.name = get_text(diags, inner, "name", NULL);
	ref.key = get_text(diags, inner, "key", NULL);
	if (!ref.name || !ref.key)
		diag_add(diags, DIAG_ERROR, "E206", ref.pos,
			 "%s needs a secretKeyRef with name and key", key);
	return ref;
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static int by_key(const void *left, const void *right)
{
	const struct selector_label *a = left, *b = right;
	return strcmp(a->key, b->key);
}

static void read_labels(struct diag_list *diags, struct calico_resource *r)
{
	const struct yaml_node *labels = field(yaml_get(r->document, "metadata"), "labels");
	bool truth;
	int64_t integer;
	if (!labels || labels->kind != YAML_MAPPING)
		return;
	r->labels = arena_alloc(&diags->arena, (labels->count + 1) * sizeof(*r->labels));
	for (uint32_t i = 0; i < labels->count; i++) {
		const struct yaml_node *value = labels->pairs[i].value;
		enum calico_scalar scalar = calico_scalar_of(value, &truth, &integer);
		if (r->kind == CALICO_K8S_NODE && scalar != CALICO_STRING &&
		    scalar != CALICO_NULL) {
			diag_add(diags, DIAG_ERROR, "E204", value->pos,
				 "Kubernetes wants text here: put `%s` in quotes", value->text);
		}
		const char *text = value->kind == YAML_SCALAR
					   ? calico_scalar_text(&diags->arena, value) : "";
		if (strlen(text) > 63)
			diag_add(diags, DIAG_ERROR, "E204", value->pos,
				 "a label's value has 63 characters at most");
		r->labels[r->label_count++] =
			(struct selector_label){ labels->pairs[i].key->text, text };
	}
	qsort(r->labels, r->label_count, sizeof(*r->labels), by_key);
}

static void read_node(struct diag_list *diags, struct calico_resource *r,
		      const struct yaml_node *spec)
{
	const struct yaml_node *bgp = field(spec, "bgp");
	struct calico_node_spec *node = &r->node;
	if (!bgp)
		return;
	if (bgp->count == 0)
		diag_add(diags, DIAG_ERROR, "E206", bgp->pos, "spec.bgp must not be empty");
	node->v4 = get_prefix(diags, bgp, "ipv4Address", &node->v4_pos);
	node->v6 = get_prefix(diags, bgp, "ipv6Address", &node->v6_pos);
	node->as = get_as(diags, bgp, NULL, &node->as_pos);
	node->cluster_id = get_text(diags, bgp, "routeReflectorClusterID", &node->cluster_pos);
	if (node->cluster_id && !*node->cluster_id)
		node->cluster_id = NULL;
}

/* Where Calico keeps its Node when Kubernetes is its datastore. What cannot be read is ignored. */
static void read_annotations(struct diag_list *diags, struct calico_resource *r)
{
	const struct yaml_node *map = field(yaml_get(r->document, "metadata"), "annotations");
	struct calico_node_spec *node = &r->node;
	struct ip_addr addr;
	node->v4 = get_prefix(diags, map, "projectcalico.org/IPv4Address", &node->v4_pos);
	node->v6 = get_prefix(diags, map, "projectcalico.org/IPv6Address", &node->v6_pos);
	const char *as = get_text(diags, map, "projectcalico.org/ASNumber", &node->as_pos);
	if (as && !calico_as_parse(as, &node->as))
		diag_add(diags, DIAG_WARNING, "W222", node->as_pos,
			 "this is no AS number, and ignored");
	const char *id = get_text(diags, map, "projectcalico.org/RouteReflectorClusterID",
				  &node->cluster_pos);
	if (id && ip_addr_parse(id, strlen(id), &addr) && addr.family == IP_V4)
		node->cluster_id = id;
	else if (id && *id)
		diag_add(diags, DIAG_WARNING, "W222", node->cluster_pos,
			 "this is no IPv4 address, and ignored");
	if (node->v4.addr.family == IP_V6)
		node->v4 = (struct ip_prefix){ 0 };
	if (node->v6.addr.family == IP_V4)
		node->v6 = (struct ip_prefix){ 0 };
}

static const char *community_of(struct diag_list *diags, const struct yaml_node *defined,
				const char *name)
{
	for (uint32_t i = 0; defined && i < defined->count; i++) {
		const char *given = get_text(diags, defined->items[i], "name", NULL);
		if (given && strcmp(given, name) == 0)
			return get_text(diags, defined->items[i], "value", NULL);
	}
	return NULL;
}

static void read_advertisement(struct diag_list *diags, const struct yaml_node *item,
			       const struct yaml_node *defined, struct calico_bgp_configuration *c)
{
	struct calico_advertisement *to = &c->advertisements[c->advertisement_count++];
	const struct yaml_node *list = field(item, "communities");
	to->prefix = get_prefix(diags, item, "cidr", &to->pos);
	if (!field(item, "cidr") || !list || list->count == 0) {
		diag_add(diags, DIAG_ERROR, "E206", item->pos,
			 "a prefix advertisement needs cidr and communities");
		return;
	}
	uint32_t *values = arena_alloc(&diags->arena, list->count * sizeof(*values));
	for (uint32_t i = 0; i < list->count; i++) {
		bool large = false;
		const char *text = calico_scalar_text(&diags->arena, list->items[i]);
		const char *named = community_of(diags, defined, text);
		if (!calico_community(named ? named : text, &values[to->community_count], &large))
			diag_add(diags, DIAG_ERROR, "E204", list->items[i]->pos,
				 "`%s` is neither a community nor the name of one", text);
		else if (large)
			diag_add(diags, DIAG_WARNING, "W222", list->items[i]->pos,
				 "large communities are read, but have no effect here");
		else
			to->community_count++;
	}
	to->communities = values;
}

static void read_communities(struct diag_list *diags, const struct yaml_node *spec,
			     struct calico_bgp_configuration *c)
{
	const struct yaml_node *defined = field(spec, "communities");
	const struct yaml_node *list = field(spec, "prefixAdvertisements");
	for (uint32_t i = 0; defined && i < defined->count; i++)
		if (!field(defined->items[i], "name") || !field(defined->items[i], "value"))
			diag_add(diags, DIAG_ERROR, "E206", defined->items[i]->pos,
				 "a community needs name and value");
	if (defined && defined->count && (!list || list->count == 0))
		diag_add(diags, DIAG_ERROR, "E206", defined->pos,
			 "communities without prefixAdvertisements");
	if (!list)
		return;
	c->advertisements =
		arena_alloc(&diags->arena, (list->count + 1) * sizeof(*c->advertisements));
	for (uint32_t i = 0; i < list->count; i++)
		read_advertisement(diags, list->items[i], defined, c);
}

/* External and load balancer ranges of one address are advertised only where an endpoint is. */
static void read_services(struct diag_list *diags, const struct yaml_node *spec,
			  struct calico_bgp_configuration *c)
{
	static const char *const names[] = { "serviceClusterIPs", "serviceExternalIPs",
					     "serviceLoadBalancerIPs" };
	uint32_t count = 0;
	for (size_t i = 0; i < 3; i++)
		count += field(spec, names[i]) ? field(spec, names[i])->count : 0;
	c->services = arena_alloc(&diags->arena, (count + 1) * sizeof(*c->services));
	for (size_t i = 0; i < 3; i++) {
		const struct yaml_node *list = field(spec, names[i]);
		for (uint32_t k = 0; list && k < list->count; k++) {
			struct model_network range = { 0 };
			range.prefix = get_prefix(diags, list->items[k], "cidr", &range.pos);
			if (range.prefix.addr.family == IP_NONE)
				diag_add(diags, DIAG_ERROR, "E206", list->items[k]->pos,
					 "%s: a cidr is wanted", names[i]);
			else if (i == 0 || range.prefix.length < ip_addr_bits(range.prefix.addr))
				c->services[c->service_count++] = range;
		}
	}
}

static void check_default_only(struct diag_list *diags, const struct calico_resource *r,
			       const struct yaml_node *spec)
{
	static const char *const names[] = {
		"nodeToNodeMeshEnabled", "asNumber", "serviceClusterIPs", "serviceExternalIPs",
		"serviceLoadBalancerIPs", "nodeMeshPassword", "nodeMeshMaxRestartTime",
	};
	bool node = strncmp(r->name, "node.", 5) == 0;
	if (strcmp(r->name, "default") == 0)
		return;
	for (size_t i = 0; node && i < sizeof(names) / sizeof(names[0]); i++)
		if (field(spec, names[i]))
			diag_add(diags, DIAG_ERROR, "E210", yaml_key(spec, names[i])->pos,
				 "%s can only be set in BGPConfiguration default", names[i]);
	if (!node)
		diag_add(diags, DIAG_WARNING, "W226", r->pos,
			 "calico-node ignores a BGPConfiguration that is neither `default` nor "
			 "`node.NAME`");
}

static void read_bgp_configuration(struct diag_list *diags, struct calico_resource *r,
				   const struct yaml_node *spec)
{
	struct calico_bgp_configuration *c = &r->config;
	c->mesh_set = field(spec, "nodeToNodeMeshEnabled") != NULL;
	c->mesh = get_bool(spec, "nodeToNodeMeshEnabled", true, &c->mesh_pos);
	c->as = get_as(diags, spec, NULL, &c->as_pos);
	c->listen_port = (uint16_t)get_integer(spec, "listenPort", 0);
	c->mesh_password = get_secret(diags, spec, "nodeMeshPassword");
	c->mesh_restart_s = get_seconds(diags, spec, "nodeMeshMaxRestartTime");
	read_communities(diags, spec, c);
	read_services(diags, spec, c);
	static const char *const mesh_only[] = { "nodeMeshPassword", "nodeMeshMaxRestartTime" };
	for (size_t i = 0; i < 2; i++)
		if (!c->mesh && field(spec, mesh_only[i]))
			diag_add(diags, DIAG_ERROR, "E206", yaml_key(spec, mesh_only[i])->pos,
				 "%s cannot be set with nodeToNodeMeshEnabled: false",
				 mesh_only[i]);
	check_default_only(diags, r, spec);
}

static void check_bgp_peer(struct diag_list *diags, const struct calico_resource *r,
			   const struct yaml_node *spec)
{
	static const char *const pairs[][2] = {
		{ "node", "nodeSelector" },
		{ "peerIP", "peerSelector" },
		{ "asNumber", "peerSelector" },
	};
	for (size_t i = 0; i < 3; i++) {
		const char *first = get_text(diags, spec, pairs[i][0], NULL);
		const char *second = get_text(diags, spec, pairs[i][1], NULL);
		bool zero = i == 2 && r->peer.as == 0;
		if (first && *first && second && *second && !zero)
			diag_add(diags, DIAG_ERROR, "E206", yaml_key(spec, pairs[i][0])->pos,
				 "%s and %s cannot both be set", pairs[i][0], pairs[i][1]);
	}
	if (!get_text(diags, spec, "peerIP", NULL) && !get_text(diags, spec, "peerSelector", NULL))
		diag_add(
			diags, DIAG_WARNING, "W229", r->pos,
			"this BGPPeer has neither peerIP nor peerSelector, so it makes no session");
}

static void read_bgp_peer(struct diag_list *diags, struct calico_resource *r,
			  const struct yaml_node *spec)
{
	struct calico_bgp_peer *p = &r->peer;
	p->node = get_text(diags, spec, "node", &p->node_pos);
	if (p->node && !*p->node)
		p->node = NULL;
	p->has_node_selector = get_selector(diags, spec, "nodeSelector", &p->node_selector,
					    &p->selector_pos);
	p->has_peer_selector = get_selector(diags, spec, "peerSelector", &p->peer_selector,
					    &p->peer_selector_pos);
	const char *ip = get_text(diags, spec, "peerIP", &p->addr_pos);
	if (ip)
		calico_peer_ip(ip, &p->addr, &p->port);
	p->as = get_as(diags, spec, &p->has_as, &p->as_pos);
	p->keep_next_hop = get_bool(spec, "keepOriginalNextHop", false, &p->keep_pos);
	const char *source = get_text(diags, spec, "sourceAddress", NULL);
	p->source_none = source && strcmp(source, "None") == 0;
	p->password = get_secret(diags, spec, "password");
	p->password_pos = p->password.pos;
	p->restart_s = get_seconds(diags, spec, "maxRestartTime");
	p->allow_as_in = (uint8_t)get_integer(spec, "numAllowedLocalASNumbers", 0);
	check_bgp_peer(diags, r, spec);
}

static int encap(struct diag_list *diags, const struct yaml_node *spec, const char *key)
{
	const char *text = get_text(diags, spec, key, NULL);
	if (text && strcmp(text, "Always") == 0)
		return MODEL_ENCAP_ALWAYS;
	return text && strcmp(text, "CrossSubnet") == 0 ? MODEL_ENCAP_CROSS_SUBNET
							: MODEL_ENCAP_NEVER;
}

static void check_pool(struct diag_list *diags, const struct calico_resource *r,
		       const struct yaml_node *spec)
{
	static const struct {
		const char *text;
		uint8_t length;
	} link_local[] = { { "169.254.0.0", 16 }, { "fe80::", 10 } };
	const struct calico_pool *pool = &r->pool;
	const struct yaml_node *cidr = field(spec, "cidr");
	bool v4 = pool->cidr.addr.family == IP_V4;
	if (!cidr) {
		diag_add(diags, DIAG_ERROR, "E208", r->pos, "an IPPool needs a cidr");
		return;
	}
	if (pool->cidr.addr.family == IP_NONE)
		return;
	for (size_t i = 0; i < 2; i++) {
		struct ip_prefix range = { .length = link_local[i].length };
		ip_addr_parse(link_local[i].text, strlen(link_local[i].text), &range.addr);
		if (ip_prefix_contains(range, pool->cidr.addr))
			diag_add(diags, DIAG_ERROR, "E208", cidr->pos,
				 "a pool cannot be made of link-local addresses");
	}
	uint8_t low = v4 ? 20 : 116, high = v4 ? 32 : 128;
	if (pool->block_size < low || pool->block_size > high)
		diag_add(diags, DIAG_ERROR, "E208", field(spec, "blockSize")->pos,
			 "blockSize is %u .. %u for IPv%c", low, high, v4 ? '4' : '6');
	else if (!pool->disabled && pool->cidr.length > pool->block_size)
		diag_add(diags, DIAG_ERROR, "E208", cidr->pos,
			 "this pool is smaller than one block of it (/%u)", pool->block_size);
	if (!v4 && pool->ipip != MODEL_ENCAP_NEVER)
		diag_add(diags, DIAG_ERROR, "E208", yaml_key(spec, "ipipMode")->pos,
			 "IPIP is for IPv4 only");
	if (pool->ipip != MODEL_ENCAP_NEVER && pool->vxlan != MODEL_ENCAP_NEVER)
		diag_add(diags, DIAG_ERROR, "E206", yaml_key(spec, "vxlanMode")->pos,
			 "ipipMode and vxlanMode cannot both be on");
}

static void read_pool(struct diag_list *diags, struct calico_resource *r,
		      const struct yaml_node *spec)
{
	struct calico_pool *pool = &r->pool;
	pool->cidr = get_prefix(diags, spec, "cidr", NULL);
	pool->block_size = (uint8_t)get_integer(spec, "blockSize",
						pool->cidr.addr.family == IP_V6 ? 122 : 26);
	pool->ipip = encap(diags, spec, "ipipMode");
	pool->vxlan = encap(diags, spec, "vxlanMode");
	pool->nat_pos = r->pos;
	pool->nat = get_bool(spec, "natOutgoing", false, &pool->nat_pos);
	pool->disabled = get_bool(spec, "disabled", false, NULL);
	pool->export_disabled = get_bool(spec, "disableBGPExport", false, NULL);
	pool->has_selector = get_selector(diags, spec, "nodeSelector", &pool->selector, NULL);
	check_pool(diags, r, spec);
}

static void read_block(struct diag_list *diags, struct calico_resource *r,
		       const struct yaml_node *spec)
{
	struct calico_block *block = &r->block;
	block->prefix = get_prefix(diags, spec, "cidr", NULL);
	const char *state = get_text(diags, spec, "state", NULL);
	const char *affinity = get_text(diags, spec, "affinity", NULL);
	const char *deleted = get_text(diags, spec, "deleted", NULL);
	block->node = get_text(diags, spec, "node", NULL);
	if (affinity && strncmp(affinity, "host:", 5) == 0)
		block->node = affinity + 5;
	block->pending = state && strncmp(state, "pending", 7) == 0;
	block->deleted = deleted && strcmp(deleted, "true") == 0;
	if (block->prefix.addr.family == IP_NONE && !field(spec, "cidr"))
		diag_add(diags, DIAG_ERROR, "E206", r->pos, "%s needs a cidr", r->kind_name);
}

static void read_data(struct diag_list *diags, struct calico_resource *r, const char *key,
		      bool coded)
{
	const struct yaml_node *map = field(r->document, key);
	if (!map || map->kind != YAML_MAPPING)
		return;
	for (uint32_t i = 0; i < map->count; i++) {
		const struct yaml_node *value = map->pairs[i].value;
		struct calico_pair *pair = &r->data[r->data_count];
		*pair = (struct calico_pair){ map->pairs[i].key->text, value->text, value->pos };
		if (value->kind != YAML_SCALAR)
			diag_add(diags, DIAG_ERROR, "E204", value->pos, "%s: text is wanted here",
				 pair->key);
		else if (coded && !calico_base64(&diags->arena, value->text, &pair->value))
			diag_add(diags, DIAG_ERROR, "E204", value->pos,
				 "%s: the values under `data` are base64; plain text goes under "
				 "`stringData`", pair->key);
		else
			r->data_count++;
	}
}

static void read_core(struct diag_list *diags, struct calico_resource *r)
{
	const struct yaml_node *data = yaml_get(r->document, "data");
	const struct yaml_node *plain = yaml_get(r->document, "stringData");
	uint32_t count = (data ? data->count : 0) + (plain ? plain->count : 0);
	r->data = arena_alloc(&diags->arena, (count + 1) * sizeof(*r->data));
	if (r->kind == CALICO_SECRET)
		read_data(diags, r, "stringData", false); /* it overrides data: found first */
	read_data(diags, r, "data", r->kind == CALICO_SECRET);
}

static void read_spec(struct diag_list *diags, struct calico_resource *r)
{
	static void (*const readers[])(struct diag_list *, struct calico_resource *,
				       const struct yaml_node *) = {
		[CALICO_NODE] = read_node,
		[CALICO_BGP_CONFIGURATION] = read_bgp_configuration,
		[CALICO_BGP_PEER] = read_bgp_peer,
		[CALICO_IP_POOL] = read_pool,
		[CALICO_BLOCK_AFFINITY] = read_block,
		[CALICO_IPAM_BLOCK] = read_block,
	};
	size_t errors = diags->errors;
	calico_schema_check(diags, r->kind, r->kind_name, r->document);
	if (diags->errors != errors)
		return;
	const struct yaml_node *spec = field(r->document, "spec");
	if (r->kind < sizeof(readers) / sizeof(readers[0]) && readers[r->kind])
		readers[r->kind](diags, r, spec);
}

struct calico_resource *calico_resource_read(struct diag_list *diags,
					     const struct yaml_node *document)
{
	struct calico_resource *r = arena_alloc(&diags->arena, sizeof(*r));
	size_t errors = diags->errors;
	if (!calico_resource_identify(diags, document, r))
		return NULL;
	const struct yaml_node *version = yaml_get(document, "apiVersion");
	if (strcmp(version->text, CALICO_CRD_VERSION) == 0) {
		diag_add(diags, DIAG_WARNING, "W221", version->pos,
			 CALICO_CRD_VERSION
			 " is how Calico stores this; users write " CALICO_VERSION);
		diag_note(diags, "kubectl applies it without calicoctl's checks and defaults");
	}
	if (r->kind != CALICO_OTHER && !calico_dns_name(r->name))
		diag_add(
			diags, DIAG_ERROR, "E207", r->pos,
			"`%s` is no name for a resource: lower case letters, digits, - and . only, "
			"253 at most",
			r->name);
	if (r->kind == CALICO_OTHER)
		diag_add(diags, DIAG_WARNING, "W222", r->pos,
			 "%s %s is read, but has no effect here", r->kind_name, r->name);
	read_spec(diags, r);
	if (r->kind == CALICO_NODE || r->kind == CALICO_K8S_NODE)
		read_labels(diags, r);
	if (r->kind == CALICO_K8S_NODE)
		read_annotations(diags, r);
	if (r->kind == CALICO_CONFIG_MAP || r->kind == CALICO_SECRET)
		read_core(diags, r);
	return diags->errors == errors ? r : NULL;
}
