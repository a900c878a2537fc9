/* A node's sessions, as Calico's bird.cfg.template (v3.23.3) writes them: mesh, global, node. */
#include "topo/calico/cluster.h"

#include <string.h>

struct session {
	struct calico_cluster *cluster;
	const struct calico_node *me;
	enum ip_family family;
	struct ip_addr address;      /* mine in that family */
	const char *address_text;
	const struct model_policy *export;
	struct model_config *out;
};

/* "Node_172_31_13_116", "Mesh_2001__103", "Global_10_0_0_1_port_166" */
static const char *protocol_name(struct arena *arena, const char *kind, struct ip_addr addr,
				 uint16_t port)
{
	char text[IP_TEXT_MAX];
	ip_addr_format(addr, text);
	for (char *p = text; *p; p++)
		if (*p == '.' || *p == ':')
			*p = '_';
	return port ? arena_printf(arena, "%s_%s_port_%u", kind, text, port)
		    : arena_printf(arena, "%s_%s", kind, text);
}

static struct model_neighbor *add(const struct session *s, struct ip_addr addr, uint16_t port,
				  uint32_t as)
{
	struct model_bgp *bgp = &s->out->bgp;
	struct model_neighbor *neighbor = &bgp->neighbors[bgp->neighbor_count++];
	*neighbor = (struct model_neighbor){
		.address = addr, .port = port, .remote_as = as, .multihop = true,
		.graceful_restart = true, .add_path = true, .ipv4 = s->family == IP_V4,
		.ipv6 = s->family == IP_V6, .export = s->export,
	};
	return neighbor;
}

/* Calico compares addresses as text: "10.0.0.9" is greater than "10.0.0.10". */
static bool greater(const struct session *s, struct ip_addr other)
{
	char text[IP_TEXT_MAX];
	return strcmp(ip_addr_format(other, text), s->address_text) > 0;
}

static void add_mesh(const struct session *s)
{
	struct calico_cluster *c = s->cluster;
	const struct calico_bgp_configuration *config = c->config;
	struct source_pos pos = config->mesh_set ? config->mesh_pos
				: c->config_resource ? c->config_resource->pos : s->me->pos;
	if (!c->mesh || s->me->cluster_id)
		return;
	for (uint32_t i = 0; i < c->node_count; i++) {
		const struct calico_node *other = &c->nodes[i];
		struct ip_addr addr = s->family == IP_V4 ? other->v4.addr : other->v6.addr;
		if (addr.family == IP_NONE || ip_addr_equal(addr, s->address) || other->cluster_id)
			continue;
		struct model_neighbor *n = add(s, addr, other->port, other->as);
		n->name = protocol_name(c->arena, "Mesh", addr, 0);
		n->type = MODEL_PEER_MESH;
		n->source = s->address;
		n->passive = greater(s, addr);
		n->restart_time_s = config->mesh_restart_s;
		n->password = c->mesh_password;
		n->resource = "node-to-node mesh";
		n->pos = pos;
		n->password_pos = config->mesh_password.pos;
		n->remote_as_pos = other->as_pos;
	}
}

static uint32_t cluster_number(const char *text)
{
	struct ip_addr addr = { 0 };
	ip_addr_parse(text, strlen(text), &addr);
	return ip_addr_to_v4(addr);
}

static void add_entry(const struct session *s, const struct calico_entry *e)
{
	struct calico_cluster *c = s->cluster;
	const struct calico_bgp_peer *peer = &e->resource->peer;
	bool global = e->node == CALICO_GLOBAL, internal = e->as == s->me->as;
	if (ip_addr_equal(e->addr, s->address) || e->addr.family != s->family || e->as == 0)
		return;
	struct model_neighbor *n = add(s, e->addr, e->port, e->as);
	n->name = protocol_name(c->arena, global ? "Global" : "Node", e->addr, e->port);
	n->type = global ? MODEL_PEER_GLOBAL : MODEL_PEER_NODE;
	n->source = peer->source_none ? (struct ip_addr){ 0 } : s->address;
	n->passive = global && e->calico_node && greater(s, e->addr);
	n->rr_client = internal && s->me->cluster_id &&
		       (!e->cluster_id || strcmp(e->cluster_id, s->me->cluster_id) != 0);
	n->cluster_id = n->rr_client ? cluster_number(s->me->cluster_id) : 0;
	n->next_hop = e->keep_next_hop && !internal ? MODEL_NEXT_HOP_KEEP : MODEL_NEXT_HOP_AUTO;
	n->allow_as_in = e->allow_as_in;
	n->restart_time_s = peer->restart_s;
	n->password = e->password;
	n->resource = arena_printf(c->arena, "BGPPeer/%s", e->resource->name);
	n->pos = e->resource->pos;
	n->next_hop_pos = peer->keep_pos;
	n->password_pos = peer->password_pos;
	n->remote_as_pos = e->as_pos;
}

static void add_family(struct session *s)
{
	struct calico_cluster *c = s->cluster;
	uint32_t me = (uint32_t)(s->me - c->nodes);
	char text[IP_TEXT_MAX];
	s->address = s->family == IP_V4 ? s->me->v4.addr : s->me->v6.addr;
	if (s->address.family == IP_NONE)
		return;
	s->address_text = ip_addr_format(s->address, text);
	s->export = calico_export(c, me, s->family, s->out);
	add_mesh(s);
	for (uint32_t i = 0; i < c->global_count; i++)
		add_entry(s, &c->entries[c->global[i]]);
	for (uint32_t i = c->of_node[me]; i < c->of_node[me + 1]; i++)
		add_entry(s, &c->entries[c->by_node[i]]);
}

void calico_render_sessions(struct calico_cluster *c, uint32_t node, struct model_config *out)
{
	uint32_t mesh = c->mesh && !c->nodes[node].cluster_id ? 2 * c->node_count : 0;
	uint32_t room = mesh + c->global_count + c->of_node[node + 1] - c->of_node[node];
	struct session session = { .cluster = c, .me = &c->nodes[node], .out = out };
	out->bgp.neighbors = arena_alloc(c->arena, (room + 1) * sizeof(*out->bgp.neighbors));
	session.family = IP_V4;
	add_family(&session);
	session.family = IP_V6;
	add_family(&session);
}
