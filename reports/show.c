/* Each command is a row of a table: what people type, and who prints it. Times of day count from
 * 00:00:00, the instant the run began. */
#include "reports/show.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "reports/table.h"

static void clock_time(struct text *out, int64_t now_ns, int64_t at_ns)
{
	long long seconds = (long long)(at_ns / 1000000000);
	if (now_ns - at_ns < INT64_C(20) * 3600 * 1000000000)
		text_printf(out, "%02lld:%02lld:%02lld", seconds / 3600 % 24, seconds / 60 % 60,
			    seconds % 60);
	else
		text_printf(out, "day %lld", seconds / 86400 + 1);
}

/* BIRD's word for a protocol, from the state of its session. */
static const char *protocol_state(const struct state_session *session)
{
	if (session->waiting)
		return "wait";
	return strcmp(session->state, "Established") == 0 ? "up" : "start";
}

static const char *peer_type(const struct state *state, const struct state_session *session)
{
	const struct model *model = state_model(state);
	const struct model_bgp *bgp =
		&model->revisions[state_revision(state)].nodes[session->node]->bgp;
	for (uint32_t i = 0; i < bgp->neighbor_count; i++) {
		if (strcmp(bgp->neighbors[i].name, session->neighbor) != 0)
			continue;
		switch (bgp->neighbors[i].type) {
		case MODEL_PEER_MESH: return "node-to-node mesh";
		case MODEL_PEER_NODE: return "node specific";
		case MODEL_PEER_GLOBAL: return "global";
		case MODEL_PEER_PLAIN: break;
		}
	}
	return NULL;
}

/* "Node_10_192_0_3_port_500" prints as "10.192.0.3.port.500": calicoctl's own rule. */
static char *peer_address(const struct state_session *session, struct arena *arena)
{
	const char *rest = strchr(session->neighbor, '_');
	char *text = arena_strdup(arena, rest ? rest + 1 : session->neighbor);
	for (char *p = text; *p; p++)
		if (*p == '_')
			*p = session->peer.family == IP_V6 ? ':' : '.';
	return text;
}

static const char *session_info(const struct state_session *session, struct arena *arena)
{
	if (!session->last_error || !session->last_error[0] ||
	    strcmp(session->state, "Established") == 0)
		return session->state;
	return arena_printf(arena, "%s %s", session->state, session->last_error);
}

static void status_of_family(const struct state *state, uint32_t node, uint8_t family,
			     struct text *out)
{
	static const char *const headers[] = { "PEER ADDRESS", "PEER TYPE", "STATE", "SINCE",
					       "INFO" };
	struct arena arena;
	arena_init(&arena);
	const char **cells = NULL;
	size_t count = 0, capacity = 0;
	uint32_t cursor = 0;
	const struct state_session *session;
	while ((session = state_session_next(state, node, &cursor))) {
		const char *type = peer_type(state, session);
		if (!type || session->peer.family != family)
			continue;
		struct text since;
		text_init(&since);
		clock_time(&since, state_now_ns(state), session->protocol_since_ns);
		ARRAY_PUSH(cells, count, capacity, peer_address(session, &arena));
		ARRAY_PUSH(cells, count, capacity, type);
		ARRAY_PUSH(cells, count, capacity, protocol_state(session));
		ARRAY_PUSH(cells, count, capacity, arena_strdup(&arena, text_string(&since)));
		ARRAY_PUSH(cells, count, capacity, session_info(session, &arena));
		text_free(&since);
	}
	int version = family == IP_V4 ? 4 : 6;
	text_printf(out, "\nIPv%d BGP status\n", version);
	if (count)
		table_print(headers, 5, cells, count / 5, out);
	else
		text_printf(out, "No IPv%d peers found.\n", version);
	free(cells);
	arena_free(&arena);
}

void show_node_status(const struct state *state, uint32_t node, struct text *out)
{
	const struct state_node *at = state_node_at(state, node);
	const struct model_bgp *bgp =
		&state_model(state)->revisions[state_revision(state)].nodes[node]->bgp;
	text_put(out, "Calico process is running.\n");
	if (!bgp->enabled) {
		text_put(out, "\nThe BGP backend process (BIRD) is not running.\n");
		return;
	}
	if (strcmp(at->process_state, "hung") == 0) /* it is there, but calicoctl waits in vain */
		text_put(out, "\n(bird hangs: nothing answers on its control socket)\n");
	else if (strcmp(at->process_state, "running") == 0)
		status_of_family(state, node, IP_V4, out);
	else
		text_put(out, "\nINFO: BIRDv4 process: 'bird' is not running.\n");
	status_of_family(state, node, IP_V6, out);
	text_char(out, '\n');
}

static const char *protocol_word(const struct state *state, const struct state_route *route)
{
	const struct model *model = state_model(state);
	bool calico = model->nodes[route->node].kind == MODEL_CALICO_NODE;
	switch (route->source) {
	case ROUTE_CONNECTED: return " proto kernel scope link";
	case ROUTE_POD: return " scope link";
	case ROUTE_BLACKHOLE_BLOCK: return " proto bird";
	case ROUTE_BGP: return calico ? " proto bird" : " proto bgp";
	case ROUTE_STATIC: return calico || model->nodes[route->node].kind == MODEL_HOST ?
					  "" : " proto static";
	case ROUTE_LOCAL: break;
	}
	return "";
}

static void next_hop(const struct observed_next_hop *hop, struct text *out)
{
	char buffer[IP_TEXT_MAX];
	if (hop->via.family != IP_NONE)
		text_printf(out, " via %s", ip_addr_format(hop->via, buffer));
	if (hop->interface[0])
		text_printf(out, " dev %s", hop->interface);
}

/* "172.31.13.27" and not "172.31.13.27/32", "default" and not "0.0.0.0/0": as iproute2 has it. */
static void route_prefix(struct ip_prefix prefix, struct text *out)
{
	char buffer[IP_TEXT_MAX];
	if (prefix.length == 0)
		text_put(out, "default");
	else if (prefix.length == ip_addr_bits(prefix.addr))
		text_put(out, ip_addr_format(prefix.addr, buffer));
	else
		text_put(out, ip_prefix_format(prefix, buffer));
}

static void show_ip_route(const struct state *state, uint32_t node, struct text *out)
{
	const struct model_config *config =
		state_model(state)->revisions[state_revision(state)].nodes[node];
	uint32_t cursor = 0;
	const struct state_route *route;
	while ((route = state_route_next(state, node, &cursor))) {
		if (route->source == ROUTE_LOCAL)
			continue; /* table local, which `ip route` does not show */
		if (route->next_hop_count == 0)
			text_put(out, "blackhole ");
		route_prefix(route->prefix, out);
		if (route->next_hop_count == 1)
			next_hop(&route->next_hops[0], out);
		text_put(out, protocol_word(state, route));
		if (route->source == ROUTE_CONNECTED)
			for (uint32_t i = 0; i < config->address_count; i++) {
				char buffer[IP_TEXT_MAX];
				struct ip_prefix own = config->addresses[i].address;
				if (ip_prefix_equal(ip_prefix_masked(own), route->prefix))
					text_printf(out, " src %s", ip_addr_format(own.addr, buffer));
			}
		if (route->metric)
			text_printf(out, " metric %u", route->metric);
		text_put(out, " \n");
		for (uint32_t i = 0; route->next_hop_count > 1 && i < route->next_hop_count; i++) {
			text_put(out, "\tnexthop");
			next_hop(&route->next_hops[i], out);
			text_put(out, " weight 1 \n");
		}
	}
}

static void show_ip_neigh(const struct state *state, uint32_t node, struct text *out)
{
	uint32_t cursor = 0;
	const struct state_neighbor *entry;
	while ((entry = state_neighbor_next(state, node, &cursor))) {
		char buffer[IP_TEXT_MAX];
		if (strcmp(entry->state, "NONE") == 0)
			continue; /* iproute2 wants `nud all` for those */
		text_printf(out, "%s dev %s ", ip_addr_format(entry->address, buffer),
			    entry->interface);
		bool resolved = strcmp(entry->state, "INCOMPLETE") != 0 &&
				strcmp(entry->state, "FAILED") != 0;
		if (resolved)
			text_printf(out, "lladdr %s ", mac_addr_format(entry->mac, buffer));
		text_printf(out, "%s \n", entry->state);
	}
}

static void show_protocols(const struct state *state, uint32_t node, struct text *out)
{
	text_put(out, "BIRD v0.3.3+birdv1.6.8 ready.\n"
		      "name     proto    table    state  since       info\n");
	uint32_t cursor = 0;
	const struct state_session *session;
	struct arena arena;
	arena_init(&arena);
	while ((session = state_session_next(state, node, &cursor))) {
		struct text since;
		text_init(&since);
		clock_time(&since, state_now_ns(state), session->protocol_since_ns);
		text_printf(out, "%-8s BGP      master   %-6s %-11s %s\n", session->neighbor,
			    protocol_state(session), text_string(&since),
			    session_info(session, &arena));
		text_free(&since);
	}
	arena_free(&arena);
}

static void show_bgp_routes(const struct state *state, uint32_t node, struct text *out)
{
	uint32_t cursor = 0;
	const struct state_route *route;
	while ((route = state_route_next(state, node, &cursor))) {
		char buffer[IP_TEXT_MAX];
		if (route->source != ROUTE_BGP)
			continue;
		text_printf(out, "B>* %s", ip_prefix_format(route->prefix, buffer));
		struct text age;
		text_init(&age);
		long long s = (long long)((state_now_ns(state) - route->since_ns) / 1000000000);
		text_printf(&age, "%02lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
		for (uint32_t i = 0; i < route->next_hop_count; i++) {
			const struct observed_next_hop *hop = &route->next_hops[i];
			text_printf(out, "%s via %s, %s, weight 1, %s\n",
				    i ? "  *                      " : " [20/0]",
				    ip_addr_format(hop->via, buffer), hop->interface,
				    text_string(&age));
		}
		text_free(&age);
	}
}

struct show_verb {
	const char *command;
	void (*print)(const struct state *state, uint32_t node, struct text *out);
};

static const struct show_verb verbs[] = {
	{ "calicoctl node status", show_node_status },
	{ "ip route", show_ip_route },
	{ "ip neigh", show_ip_neigh },
	{ "birdc show protocols", show_protocols },
	{ "show ip route bgp", show_bgp_routes },
};

const char *show_command_at(uint32_t index)
{
	return index < sizeof(verbs) / sizeof(verbs[0]) ? verbs[index].command : NULL;
}

/* The command with its blanks folded, without `sudo`, and without the `show` iproute2 lets one omit. */
static char *normal_form(const char *command, struct arena *arena)
{
	char *out = arena_alloc(arena, strlen(command) + 1), *end = out;
	while (*command) {
		command += strspn(command, " \t");
		size_t n = strcspn(command, " \t");
		bool skip = (end == out && n == 4 && strncmp(command, "sudo", n) == 0) || n == 0;
		if (!skip) {
			if (end != out)
				*end++ = ' ';
			memcpy(end, command, n);
			end += n;
		}
		command += n;
	}
	static const char *const suffixes[] = { " show", " list" };
	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(out), n = strlen(suffixes[i]);
		if (strncmp(out, "ip ", 3) == 0 && length > n &&
		    strcmp(out + length - n, suffixes[i]) == 0)
			out[length - n] = '\0';
	}
	return out;
}

bool show_command(const struct state *state, uint32_t node, const char *command, struct text *out)
{
	struct arena arena;
	arena_init(&arena);
	const char *wanted = normal_form(command, &arena);
	if (strcmp(wanted, "ip r") == 0)
		wanted = "ip route";
	if (strcmp(wanted, "ip n") == 0 || strcmp(wanted, "ip neighbour") == 0)
		wanted = "ip neigh";
	const struct show_verb *found = NULL;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].command, wanted) == 0)
			found = &verbs[i];
	arena_free(&arena);
	if (found && !state_node_at(state, node)->up) {
		text_put(out, "(the node has no power)\n");
		return true;
	}
	if (found) {
		found->print(state, node, out);
		return true;
	}
	text_printf(out, "'%s' is not a command show knows; it knows:\n", command);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		text_printf(out, "  %s\n", verbs[i].command);
	return false;
}
