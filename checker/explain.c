/* Hop by hop: which route each node used, where it comes from, since when, and where the packet
 * dies.
 *
 *   why, for client → k8s-3/172.27.210.5 at 100.000s
 *     1 client   172.27.208.0/22 via 172.31.13.116 dev eth0   static, line 35
 *     2 tor      172.27.210.0/26 via 172.31.13.27 dev eth0    BGP, from 172.31.13.27, up since ...
 *     3 k8s-1    ✗ NODE_DOWN                                  off since 60.000s, rr1-crash
 */
#include "checker/explain.h"

#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "checker/checker.h"
#include "checker/lookup.h"
#include "checker/words.h"

enum { HOPS_SHOWN = 12 };

/* Bullets are wrapped, for they end up in terminals; the place stays with the last word. */
enum { WRAP_COLUMNS = 100 };

void bullet(struct story *story)
{
	story->bullet_start = story->text.length;
	text_put(&story->text, "  " BULLET " ");
}

static void wrap(struct story *story, const char *place)
{
	struct text *out = &story->text;
	size_t start = story->bullet_start, column = 0;
	struct text line;
	text_init(&line);
	text_put(&line, text_string(out) + start);
	text_put(&line, place);
	out->length = start;
	for (const char *p = text_string(&line); *p;) {
		size_t blanks = strspn(p, " "), word = strcspn(p + blanks, " ");
		/* "line 45", and what names a file, are not torn apart. */
		if (strncmp(p + blanks, "line ", 5) == 0)
			word += 1 + strcspn(p + blanks + 5, " ");
		size_t width = text_width(p + blanks, word);
		if (column > 4 && column + blanks + width > WRAP_COLUMNS) {
			text_put(out, "\n    ");
			column = 4;
		} else {
			text_add(out, p, blanks);
			column += blanks;
		}
		text_add(out, p + blanks, word);
		column += width;
		p += blanks + word;
	}
	text_free(&line);
}

void bullet_end(const struct state *state, struct story *story, struct source_pos pos)
{
	struct text place;
	text_init(&place);
	words_place(&place, state_model(state), pos, "     ");
	wrap(story, text_string(&place));
	text_free(&place);
	text_char(&story->text, '\n');
}

/* ---- where a route comes from --------------------------------------------------------------- */

static const char *name_of(const struct state *state, uint32_t node)
{
	return node < state_model(state)->node_count ? state_model(state)->nodes[node].name : "?";
}

static struct source_pos static_route_pos(const struct model_config *config,
					  const struct observed_hop *hop)
{
	for (uint32_t i = 0; i < config->route_count; i++) {
		const struct model_route *route = &config->routes[i];
		if (ip_prefix_equal(route->prefix, hop->prefix) &&
		    (!route->via.family || ip_addr_equal(route->via, hop->next_hop.via)))
			return route->pos;
	}
	return (struct source_pos){ 0 };
}

static struct source_pos connected_pos(const struct model_config *config,
				       const struct observed_hop *hop)
{
	for (uint32_t i = 0; i < config->address_count; i++)
		if (ip_prefix_equal(ip_prefix_masked(config->addresses[i].address), hop->prefix))
			return config->addresses[i].pos;
	return (struct source_pos){ 0 };
}

static struct source_pos pod_pos(const struct model_config *config, const struct observed_hop *hop)
{
	for (uint32_t i = 0; i < config->pod_count; i++)
		if (ip_addr_equal(config->pods[i].address, hop->prefix.addr))
			return config->pods[i].pos;
	return (struct source_pos){ 0 };
}

static struct source_pos block_pos(const struct model_config *config,
				   const struct observed_hop *hop)
{
	for (uint32_t i = 0; i < config->block_count; i++)
		if (ip_prefix_equal(config->blocks[i].prefix, hop->prefix))
			return config->blocks[i].pos;
	return (struct source_pos){ 0 };
}

static struct source_pos no_pos(const struct model_config *config, const struct observed_hop *hop)
{
	(void)config;
	(void)hop;
	return (struct source_pos){ 0 };
}

static const struct {
	const char *words;
	struct source_pos (*pos)(const struct model_config *config, const struct observed_hop *hop);
} provenances[] = {
	[ROUTE_CONNECTED] = { "connected", connected_pos },
	[ROUTE_STATIC] = { "static", static_route_pos },
	[ROUTE_POD] = { "pod", pod_pos },
	[ROUTE_BLACKHOLE_BLOCK] = { "blackhole of its own block", block_pos },
	[ROUTE_BGP] = { "BGP", no_pos },
	[ROUTE_LOCAL] = { "its own address", connected_pos },
};

static void put_bgp_origin(struct text *out, const struct state *state,
			   const struct observed_hop *hop)
{
	const struct state_path *best = state_best_find(state, hop->node, hop->prefix);
	const struct state_node *node = state_node_at(state, hop->node);
	const struct state_route *route = state_route_find(state, hop->node, hop->prefix);
	const struct state_session *session = best && best->neighbor[0] ?
		state_session_find(state, hop->node, best->neighbor) : NULL;
	if (session) {
		text_put(out, ", from ");
		words_addr(out, session->peer);
		bool up = strcmp(session->state, "Established") == 0;
		text_put(out, up ? ", up since " : best->stale ? ", kept though it is down since " :
								 ", down since ");
		text_seconds(out, up ? session->last_established_ns : session->since_ns);
	} else if (!daemon_running(state, hop->node)) {
		text_printf(out, ", kept by the kernel, its daemon %s since ", node->process_state);
		text_seconds(out, node->process_since_ns);
	} else if (route) {
		text_put(out, ", since ");
		text_seconds(out, route->since_ns);
	}
	if (hop->next_hop_count > 1)
		text_printf(out, ", one of %u next hops", hop->next_hop_count);
}

static void put_origin(struct text *out, const struct state *state, const struct observed_hop *hop)
{
	ASSERT((size_t)hop->source < sizeof(provenances) / sizeof(provenances[0]));
	text_put(out, provenances[hop->source].words);
	if (hop->source == ROUTE_BGP)
		put_bgp_origin(out, state, hop);
	words_place(out, state_model(state),
		    provenances[hop->source].pos(config_now(state, hop->node), hop), ", ");
}

static void put_route(struct text *out, const struct observed_hop *hop)
{
	bool blackhole = !hop->next_hop.via.family &&
			 (!hop->next_hop.interface || !hop->next_hop.interface[0]);
	if (blackhole && hop->source != ROUTE_LOCAL)
		text_put(out, "blackhole ");
	words_prefix(out, hop->prefix);
	if (hop->next_hop.via.family) {
		text_put(out, " via ");
		words_addr(out, hop->next_hop.via);
	}
	if (!blackhole && hop->next_hop.interface[0])
		text_printf(out, " dev %s", hop->next_hop.interface);
}

/* ---- nodes in trouble ----------------------------------------------------------------------- */

static bool cut_link(const struct state *state, uint32_t node, struct text *out)
{
	const struct model_node *fixed = &state_model(state)->nodes[node];
	for (uint32_t i = 0; i < fixed->interface_count; i++) {
		const struct model_interface *port = &fixed->interfaces[i];
		if (port->link == MODEL_NONE)
			continue;
		const struct state_link *end = state_link_at(state, port->link, port->link_end);
		const struct state_link *whole = state_link_at(state, port->link, MODEL_NONE);
		const struct state_link *down = !end->up ? end : !whole->up ? whole : NULL;
		if (!down)
			continue;
		text_printf(out, "%s of %s cut since ", port->name,
			    state_model(state)->links[port->link].name);
		text_seconds(out, down->since_ns);
		words_step(out, state_model(state), down->last_step, ", ");
		return true;
	}
	return false;
}

static struct source_pos step_pos(const struct state *state, uint32_t step)
{
	return step < state_model(state)->step_count ? state_model(state)->steps[step].pos :
						       (struct source_pos){ 0 };
}

bool explain_node_trouble(const struct state *state, uint32_t node, struct story *story)
{
	const struct state_node *it = state_node_at(state, node);
	struct text *out = &story->text;
	if (it->up)
		return cut_link(state, node, out);
	text_put(out, "off since ");
	text_seconds(out, it->since_ns);
	words_step(out, state_model(state), it->last_step, ", ");
	story_place(story, step_pos(state, it->last_step), "%s is off from here on",
		    name_of(state, node));
	return true;
}

/* ---- the walk ------------------------------------------------------------------------------- */

struct columns {
	size_t node, route; /* widths */
};

static struct columns measure(const struct walk *walk)
{
	struct columns columns = { 6, 20 };
	struct text text;
	text_init(&text);
	for (uint32_t i = 0; i < walk->hop_count && i < HOPS_SHOWN; i++) {
		const char *name = name_of(walk->state, walk->hops[i].node);
		size_t width = text_width(name, strlen(name));
		columns.node = width > columns.node ? width : columns.node;
		text_clear(&text);
		if (walk->hops[i].has_route)
			put_route(&text, &walk->hops[i]);
		width = text_width(text_string(&text), text.length);
		columns.route = width > columns.route ? width : columns.route;
	}
	const char *last = name_of(walk->state, walk->failing_node);
	size_t width = text_width(last, strlen(last));
	columns.node = width > columns.node ? width : columns.node;
	text_free(&text);
	return columns;
}

static void start_row(struct text *out, uint32_t number, const char *node, struct columns columns)
{
	text_printf(out, "  %2u ", number);
	size_t start = out->length;
	text_put(out, node);
	words_pad(out, start, columns.node + 2);
}

static void put_hop(const struct walk *walk, uint32_t i, struct columns columns, struct text *out)
{
	const struct observed_hop *hop = &walk->hops[i];
	start_row(out, i + 1, name_of(walk->state, hop->node), columns);
	size_t start = out->length;
	put_route(out, hop);
	words_pad(out, start, columns.route + 3);
	put_origin(out, walk->state, hop);
	text_char(out, '\n');
}

/* Who the last router could not hand the packet to, if that is the reason. */
static void find_failing(struct walk *walk)
{
	const struct observed_hop *last =
		walk->hop_count ? &walk->hops[walk->hop_count - 1] : NULL;
	walk->failing_node = last ? last->node : walk->from;
	if (disposition_success(walk->disposition) || !last)
		return;
	bool handed = walk->disposition == DISPOSITION_NODE_DOWN ||
		      walk->disposition == DISPOSITION_LINK_DOWN ||
		      walk->disposition == DISPOSITION_NEIGHBOR_UNREACHABLE;
	const struct observed_hop *from = last->has_route ? last :
		walk->hop_count > 1 ? last - 1 : NULL;
	if (!handed || !from || !from->has_route)
		return;
	walk->failing_next_hop = from->next_hop.via.family ? from->next_hop.via :
							     walk->destination;
	uint32_t owner = owner_of(walk->state, walk->failing_next_hop);
	int64_t since_ns;
	if (last->has_route && owner != MODEL_NONE && owner != last->node &&
	    !state_node_alive(walk->state, owner, &since_ns))
		walk->failing_node = owner;
}

/* "(tor: ARP for 172.31.13.27 FAILED since 68.400s)" */
static void put_arp(const struct walk *walk, struct text *out)
{
	if (!walk->failing_next_hop.family)
		return;
	const struct observed_hop *from = &walk->hops[walk->hop_count - 1];
	if (!from->has_route && walk->hop_count > 1)
		from--;
	uint32_t cursor = 0;
	const struct state_neighbor *entry;
	while ((entry = state_neighbor_next(walk->state, from->node, &cursor)) != NULL) {
		if (!ip_addr_equal(entry->address, walk->failing_next_hop))
			continue;
		text_printf(out, "     (%s: ARP for ", name_of(walk->state, from->node));
		words_addr(out, entry->address);
		text_printf(out, " %s since ", entry->state);
		text_seconds(out, entry->since_ns);
		text_put(out, ")\n");
		return;
	}
}

static void put_failure(const struct walk *walk, uint32_t number, struct columns columns,
			struct story *story)
{
	struct text *out = &story->text;
	const struct state_node *node = state_node_at(walk->state, walk->failing_node);
	int64_t since_ns;
	bool alive = state_node_alive(walk->state, walk->failing_node, &since_ns);
	const struct observed_hop *last =
		walk->hop_count ? &walk->hops[walk->hop_count - 1] : NULL;
	bool elsewhere = !last || last->node != walk->failing_node;
	/* The node that is off is the fact; that its neighbour's ARP failed follows from it. */
	enum disposition shown = !elsewhere || alive ? walk->disposition :
		node->up ? DISPOSITION_LINK_DOWN : DISPOSITION_NODE_DOWN;
	start_row(out, number, name_of(walk->state, walk->failing_node), columns);
	size_t start = out->length;
	text_printf(out, CROSS " %s", disposition_name(shown));
	words_pad(out, start, columns.route + 3);
	size_t before = out->length;
	if (!alive)
		explain_node_trouble(walk->state, walk->failing_node, story);
	if (out->length == before && walk->detail[0])
		text_put(out, walk->detail);
	while (out->length && out->data[out->length - 1] == ' ')
		out->data[--out->length] = '\0';
	text_char(out, '\n');
	put_arp(walk, out);
}

static void put_own_node(const struct walk *walk, struct text *out)
{
	int64_t since_ns;
	struct ip_addr address = node_address(walk->state, walk->to);
	if (walk->to == walk->failing_node || !state_node_alive(walk->state, walk->to, &since_ns))
		return;
	bool pod = !node_has_address(config_now(walk->state, walk->to), walk->destination);
	text_printf(out, "  %s %s", pod ? "the pod's own node," : "the destination,",
		    name_of(walk->state, walk->to));
	if (address.family) {
		text_put(out, " (");
		words_addr(out, address);
		text_char(out, ')');
	}
	text_put(out, ", is up\n");
}

static struct walk walk_of(const struct state *state, uint32_t flow, int way)
{
	const struct model_flow *fixed = &state_model(state)->flows[flow];
	const struct state_flow *now = state_flow_at(state, flow);
	struct walk walk = {
		.state = state, .model = state_model(state), .flow = fixed, .way = way,
		.from = way ? fixed->to_node : fixed->from_node,
		.to = way ? fixed->from_node : fixed->to_node,
		.destination = way ? fixed->from : fixed->to,
		.disposition = now->disposition[way], .hops = now->hops[way],
		.hop_count = now->hop_count[way],
		.detail = now->detail[way] ? now->detail[way] : "",
	};
	if (way && !walk.destination.family) /* the address the sending host chose */
		walk.destination = now->source[0].family ? now->source[0] :
							   node_address(state, walk.to);
	find_failing(&walk);
	return walk;
}

void explain_way(const struct state *state, uint32_t flow, int way, int64_t at_ns,
		 struct story *story)
{
	struct walk walk = walk_of(state, flow, way);
	struct text *out = &story->text;
	bool good = disposition_success(walk.disposition);
	text_printf(out, "why, for %s%s at ", walk.flow->name, way ? ", the answer's way," : "");
	text_seconds(out, at_ns);
	text_char(out, '\n');
	if (!state_flow_at(state, flow)->known[way]) {
		text_put(out, "  its path was never observed\n");
		return;
	}
	struct columns columns = measure(&walk);
	uint32_t number = 0;
	for (; number < walk.hop_count && number < HOPS_SHOWN; number++)
		if (walk.hops[number].has_route)
			put_hop(&walk, number, columns, out);
		else
			break;
	if (walk.hop_count > HOPS_SHOWN)
		text_printf(out, "     " ELLIPSIS " and %u more hops\n",
			    walk.hop_count - HOPS_SHOWN);
	if (good) {
		start_row(out, number + 1, name_of(state, walk.failing_node), columns);
		text_printf(out, TICK " %s\n", disposition_name(walk.disposition));
		return;
	}
	put_failure(&walk, number + 1, columns, story);
	put_own_node(&walk, out);
	size_t before = out->length;
	text_put(out, "because\n");
	size_t after = out->length;
	explain_because(&walk, story);
	if (out->length == after) {
		out->length = before;
		out->data[before] = '\0';
	}
}

void explain_flow(const struct state *state, uint32_t flow, struct text *out)
{
	const struct state_flow *now = state_flow_at(state, flow);
	bool good[2];
	struct story story;
	story_init(&story);
	for (int way = 0; way < 2; way++)
		good[way] = now->known[way] && disposition_success(now->disposition[way]);
	for (int way = 0; way < 2; way++)
		if (!good[way] || good[1 - way]) /* the ways that fail; both if none does */
			explain_way(state, flow, way, state_now_ns(state), &story);
	text_put(out, text_string(&story.text));
	story_free(&story);
}

uint64_t explain_key(const struct state *state, uint32_t flow)
{
	const struct state_flow *now = state_flow_at(state, flow);
	uint64_t key = 0;
	for (int way = 0; way < 2; way++) {
		key = hash_u64(key + now->disposition[way] + 1);
		for (uint32_t i = 0; i < now->hop_count[way]; i++)
			key = hash_u64(key + now->hops[way][i].node + 1);
	}
	return key;
}

/* An ARP entry that goes from FAILED to INCOMPLETE and back while packets are still sent is no news,
 * nor is what happens to nodes that are not on the walk; but a node its last router could not reach
 * is not on it either. */
bool explain_concerns(const struct state *state, uint32_t flow, const struct observation *o,
		      uint64_t told_key)
{
	const struct state_flow *now = state_flow_at(state, flow);
	if (o->kind == OBSERVE_FLOW)
		return o->flow.flow == flow && explain_key(state, flow) != told_key;
	if (o->kind == OBSERVE_LINK || o->kind == OBSERVE_NODE || o->kind == OBSERVE_PROCESS)
		return true;
	for (int way = 0; way < 2; way++)
		for (uint32_t i = 0; i < now->hop_count[way]; i++)
			if (now->hops[way][i].node == o->node)
				return true;
	return false;
}
