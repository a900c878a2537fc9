/* A configuration put onto a node. */
#include <stdlib.h>

#include "topo/frr/config.h"
#include "topo/frr/frr.h"
#include "topo/yaml.h"

static uint32_t interface_find(struct diag_list *diags, const struct model_node *node,
			       const char *name, struct source_pos pos)
{
	const char **names =
		arena_alloc(&diags->arena, (node->interface_count + 1) * sizeof(*names));
	for (uint32_t i = 0; i < node->interface_count; i++) {
		names[i] = node->interfaces[i].name;
		if (strcmp(names[i], name) == 0)
			return i;
	}
	if (strcmp(name, "lo") == 0) {
		diag_add(diags, DIAG_WARNING, "W321", pos, "read, but lo has no effect here");
		return MODEL_NONE;
	}
	diag_add(diags, DIAG_ERROR, "E309", pos, "node %s has no interface %s", node->name, name);
	const char *near = nearest_word(name, names, node->interface_count);
	if (near)
		diag_note(diags, "did you mean %s?", near);
	else if (node->interface_count)
		diag_note(diags, "its links give it %s%s", names[0],
			  node->interface_count > 1 ? " and others" : "");
	else
		diag_note(diags, "interfaces come from `links:`; no link names this node");
	return MODEL_NONE;
}

static void render_interfaces(struct diag_list *diags, const struct frr_config *config,
			      const struct model_node *node, struct model_config *out)
{
	uint32_t count = out->address_count;
	for (uint32_t i = 0; i < config->interface_count; i++)
		count += config->interfaces[i].count;
	struct model_address *addresses =
		arena_alloc(&diags->arena, (count + 1) * sizeof(*addresses));
	if (out->address_count)
		memcpy(addresses, out->addresses, out->address_count * sizeof(*addresses));
	for (uint32_t i = 0; i < config->interface_count; i++) {
		const struct frr_interface *interface = &config->interfaces[i];
		uint32_t index = interface_find(diags, node, interface->name, interface->pos);
		if (index == MODEL_NONE)
			continue;
		if (interface->shutdown) {
			diag_add(diags, DIAG_WARNING, "W325", interface->pos,
				 "%s is shut down; here that means: it has no address",
				 interface->name);
			continue;
		}
		for (uint32_t k = 0; k < interface->count; k++)
			addresses[out->address_count++] =
				(struct model_address){ index, interface->addresses[k].address,
							interface->addresses[k].pos };
	}
	out->addresses = addresses;
}

static void render_routes(struct diag_list *diags, const struct frr_config *config,
			  const struct model_node *node, struct model_config *out)
{
	uint32_t count = out->route_count + config->route_count;
	struct model_route *routes = arena_alloc(&diags->arena, (count + 1) * sizeof(*routes));
	if (out->route_count)
		memcpy(routes, out->routes, out->route_count * sizeof(*routes));
	for (uint32_t i = 0; i < config->route_count; i++) {
		const struct frr_route *route = &config->routes[i];
		uint32_t interface = MODEL_NONE;
		if (route->interface) {
			interface = interface_find(diags, node, route->interface, route->pos);
			if (interface == MODEL_NONE)
				continue;
		}
		routes[out->route_count++] = (struct model_route){
			.prefix = route->prefix, .via = route->via, .interface = interface,
			.blackhole = route->blackhole, .pos = route->pos,
		};
	}
	out->routes = routes;
}

/* Without `bgp router-id`, zebra offers the highest address there is. */
static uint32_t router_id(const struct frr_config *config, const struct model_config *out)
{
	uint32_t id = config->bgp.router_id;
	for (uint32_t i = 0; !config->bgp.router_id && i < out->address_count; i++) {
		uint32_t address = ip_addr_to_v4(out->addresses[i].address.addr);
		id = address > id ? address : id;
	}
	return id;
}

static struct ip_addr update_source(struct diag_list *diags, const struct frr_setting *setting,
				    const struct model_node *node, const struct model_config *out,
				    enum ip_family family)
{
	if (!setting)
		return (struct ip_addr){ 0 };
	if (setting->addr.family != IP_NONE)
		return setting->addr;
	uint32_t index = interface_find(diags, node, setting->text, setting->pos);
	for (uint32_t i = 0; index != MODEL_NONE && i < out->address_count; i++)
		if (out->addresses[i].interface == index &&
		    out->addresses[i].address.addr.family == family)
			return out->addresses[i].address.addr;
	return (struct ip_addr){ 0 };
}

struct peer_view {
	const struct frr_config *config;
	const struct frr_peer *peer;
};

static const struct frr_setting *get(struct peer_view view, enum frr_setting_id id)
{
	return frr_peer_setting(&view.config->bgp, view.peer, FRR_IPV4, id);
}

/* A flag of any family that is exchanged: the model has one for both. */
static const struct frr_setting *get_any(struct peer_view view, enum frr_setting_id id)
{
	const struct frr_setting *setting = get(view, id);
	return setting ? setting
		       : frr_peer_setting(&view.config->bgp, view.peer, FRR_IPV6, id);
}

static bool active(struct peer_view view, enum frr_family family)
{
	const struct frr_bgp *bgp = &view.config->bgp;
	const struct frr_setting *setting = frr_peer_setting(bgp, view.peer, family, FRR_ACTIVATE);
	if (setting)
		return true;
	const struct frr_peer *group = view.peer->group ? frr_peer_find(bgp, view.peer->group)
							: NULL;
	unsigned at = FRR_ACTIVATE - FRR_FIRST_OF_FAMILY;
	bool refused =
		view.peer->family[family][at].off || (group && group->family[family][at].off);
	return !refused && (family == FRR_IPV4 ? bgp->default_ipv4 : bgp->default_ipv6);
}

static uint16_t seconds(int64_t value)
{
	return value < 0 ? 0 : value == 0 ? UINT16_MAX : (uint16_t)value;
}

static void render_timers(struct peer_view view, struct model_neighbor *neighbor)
{
	const struct frr_bgp *bgp = &view.config->bgp;
	const struct frr_setting *timers = get(view, FRR_TIMERS);
	const struct frr_setting *connect = get(view, FRR_CONNECT);
	neighbor->hold_s = seconds(timers ? timers->second : bgp->hold_s);
	int64_t keepalive = timers ? timers->number : bgp->keepalive_s;
	neighbor->keepalive_s = keepalive > 0 ? (uint16_t)keepalive : 0;
	neighbor->connect_retry_s = connect ? (uint16_t)connect->number
					    : view.config->datacenter ? 10 : 0;
	neighbor->timers_pos = timers ? timers->pos : bgp->timers_pos;
}

static void render_routing(struct diag_list *diags, struct peer_view view,
			   struct model_neighbor *neighbor)
{
	const struct frr_setting *self = get_any(view, FRR_NEXT_HOP_SELF);
	const struct frr_setting *keep = get_any(view, FRR_NEXT_HOP_KEEP);
	const struct frr_setting *limit = get_any(view, FRR_MAXIMUM_PREFIX);
	const struct frr_setting *own = get_any(view, FRR_ALLOW_AS_IN);
	neighbor->next_hop = self ? MODEL_NEXT_HOP_SELF
				  : keep ? MODEL_NEXT_HOP_KEEP : MODEL_NEXT_HOP_AUTO;
	neighbor->next_hop_pos = self ? self->pos : keep ? keep->pos : (struct source_pos){ 0 };
	neighbor->rr_client = get_any(view, FRR_RR_CLIENT) != NULL;
	neighbor->add_path = get_any(view, FRR_ADD_PATH) != NULL;
	neighbor->allow_as_in = own ? own->number ? (uint8_t)own->number : 3 : 0;
	neighbor->max_prefixes = limit ? (uint32_t)limit->number : 0;
	neighbor->ipv4 = active(view, FRR_IPV4);
	neighbor->ipv6 = active(view, FRR_IPV6);
	neighbor->import = frr_policy(diags, view.config, view.peer, false);
	neighbor->export = frr_policy(diags, view.config, view.peer, true);
}

static bool render_session(struct diag_list *diags, struct peer_view view,
			   const struct model_node *node, const struct model_config *out,
			   struct model_neighbor *neighbor)
{
	const struct frr_bgp *bgp = &view.config->bgp;
	const struct frr_peer *peer = view.peer;
	const struct frr_setting *as = get(view, FRR_REMOTE_AS);
	const struct frr_setting *password = get(view, FRR_PASSWORD);
	const struct frr_setting *multihop = get(view, FRR_MULTIHOP);
	const struct frr_setting *security = get(view, FRR_TTL_SECURITY);
	const struct frr_setting *local_as = get(view, FRR_LOCAL_AS);
	const struct frr_setting *port = get(view, FRR_PORT);
	if (!as) {
		diag_add(diags, DIAG_ERROR, "E308", peer->pos, "neighbor %s has no AS", peer->name);
		return false;
	}
	neighbor->name = peer->name;
	neighbor->address = peer->addr;
	neighbor->port = port ? (uint16_t)port->number : 0;
	neighbor->source = update_source(diags, get(view, FRR_UPDATE_SOURCE), node, out,
					 peer->addr.family);
	neighbor->remote_as = as->number == FRR_AS_INTERNAL ? bgp->as : (uint32_t)as->number;
	neighbor->remote_as_pos = as->pos;
	neighbor->local_as = local_as ? (uint32_t)local_as->number : 0;
	neighbor->passive = get(view, FRR_PASSIVE) != NULL;
	neighbor->shutdown = get(view, FRR_SHUTDOWN) != NULL;
	bool internal = neighbor->remote_as == (local_as ? neighbor->local_as : bgp->as);
	neighbor->multihop = internal || multihop || get(view, FRR_NO_CONNECTED_CHECK);
	neighbor->ttl_hops = multihop ? multihop->number ? (uint8_t)multihop->number : 255
				      : security ? (uint8_t)security->number : 0;
	neighbor->ttl_security = security != NULL;
	neighbor->password = password ? password->text : NULL;
	neighbor->password_pos = password ? password->pos : (struct source_pos){ 0 };
	neighbor->graceful_restart = bgp->graceful_restart || get(view, FRR_GRACEFUL_RESTART);
	neighbor->restart_time_s = bgp->restart_time_s;
	neighbor->cluster_id = bgp->cluster_id ? bgp->cluster_id : out->bgp.router_id;
	neighbor->resource = arena_printf(&diags->arena, "neighbor %s", peer->name);
	neighbor->pos = peer->pos;
	return true;
}

static int by_address(const void *left, const void *right)
{
	const struct frr_peer *const *a = left, *const *b = right;
	return ip_addr_compare((*a)->addr, (*b)->addr);
}

/* bgpd keeps its neighbors by address. */
static void render_neighbors(struct diag_list *diags, const struct frr_config *config,
			     const struct model_node *node, struct model_config *out)
{
	const struct frr_bgp *bgp = &config->bgp;
	const struct frr_peer **peers =
		arena_alloc(&diags->arena, (bgp->peer_count + 1) * sizeof(*peers));
	uint32_t count = 0;
	for (uint32_t i = 0; i < bgp->peer_count; i++)
		if (!bgp->peers[i].is_group)
			peers[count++] = &bgp->peers[i];
	qsort(peers, count, sizeof(*peers), by_address);
	out->bgp.neighbors = arena_alloc(&diags->arena, (count + 1) * sizeof(*out->bgp.neighbors));
	for (uint32_t i = 0; i < count; i++) {
		struct peer_view view = { config, peers[i] };
		struct model_neighbor *neighbor = &out->bgp.neighbors[out->bgp.neighbor_count];
		if (!render_session(diags, view, node, out, neighbor))
			continue;
		render_timers(view, neighbor);
		render_routing(diags, view, neighbor);
		out->reflector |= neighbor->rr_client;
		out->bgp.neighbor_count++;
	}
}

static void render_bgp(struct diag_list *diags, const struct frr_config *config,
		       const struct model_node *node, struct model_config *out)
{
	const struct frr_bgp *bgp = &config->bgp;
	bool frr = config->kind == MODEL_FRR;
	uint8_t paths = frr ? 64 : 1; /* Debian builds FRR --enable-multipath=64 */
	out->bgp = (struct model_bgp){ .process = "bgpd", .profile = frr ? "frr" : "quagga" };
	if (!bgp->present) {
		out->bgp.why_not = "its configuration has no `router bgp`";
		return;
	}
	out->bgp.enabled = true;
	out->bgp.local_as = bgp->as;
	out->bgp.router_id = router_id(config, out);
	out->bgp.cluster_id = bgp->cluster_id;
	out->bgp.maximum_paths = bgp->paths ? bgp->paths : paths;
	out->bgp.maximum_paths_ibgp = bgp->paths_ibgp ? bgp->paths_ibgp : paths;
	out->bgp.ebgp_requires_policy = bgp->requires_policy;
	out->bgp.redistribute_connected = bgp->redistribute_connected;
	out->bgp.redistribute_static = bgp->redistribute_static;
	out->bgp.redistribute_kernel = bgp->redistribute_kernel;
	out->bgp.networks = bgp->networks;
	out->bgp.network_count = bgp->network_count;
	out->bgp.pos = bgp->pos;
	if (out->bgp.router_id == 0) {
		diag_add(diags, DIAG_ERROR, "E310", bgp->pos,
			 "%s has no IPv4 address to take its router id from", node->name);
		diag_note(diags, "add `bgp router-id A.B.C.D`, or an address on an interface");
	}
	render_neighbors(diags, config, node, out);
}

bool frr_render(struct diag_list *diags, const struct frr_config *config,
		const struct model_node *node, struct model_config *out)
{
	size_t errors = diags->errors;
	render_interfaces(diags, config, node, out);
	render_routes(diags, config, node, out);
	if (config->forwarding != FRR_FORWARD_UNSAID) {
		out->ip_forward = config->forwarding == FRR_FORWARD_ON;
		out->ip_forward_pos = config->forwarding_pos;
	}
	render_bgp(diags, config, node, out);
	return diags->errors == errors;
}
