#include "sim/virtual/observe.h"

#include <string.h>

#include "base/text.h"
#include "bgp/wire/message.h"

static struct observation about(const struct node *node, enum observation_kind kind)
{
	return (struct observation){ .at_ns = node->world->network->engine.now.ns,
				     .kind = kind,
				     .node = node->index };
}

void observe_node(struct node *node)
{
	struct observation seen = about(node, OBSERVE_NODE);
	seen.node_state.up = node->up;
	node->world->observed(node->world, &seen);
}

void observe_process(struct node *node)
{
	static const char *const states[] = { [NODE_PROCESS_NONE] = "stopped",
					      [NODE_PROCESS_RUNNING] = "running",
					      [NODE_PROCESS_HUNG] = "hung",
					      [NODE_PROCESS_STOPPED] = "stopped",
					      [NODE_PROCESS_KILLED] = "killed" };
	struct observation seen = about(node, OBSERVE_PROCESS);
	seen.process.name = node->config->bgp.process ? node->config->bgp.process : "bgpd";
	seen.process.state = states[node->process];
	node->world->observed(node->world, &seen);
}

/* ---- sessions -------------------------------------------------------------------------------- */

/* BIRD's own words for what it sent or got; others have the registry's. */
struct error_word {
	uint8_t code, subcode;
	const char *word;
};
static const struct error_word bird_words[] = {
	{ 2, 2, "Bad peer AS" },	     { 2, 3, "Bad BGP identifier" },
	{ 2, 6, "Unacceptable hold time" },  { 4, 0, "Hold timer expired" },
	{ 6, 0, "Cease" },		     { 6, 1, "Maximum number of prefixes reached" },
	{ 6, 2, "Administrative shutdown" }, { 6, 3, "Peer de-configured" },
	{ 6, 4, "Administrative reset" },    { 6, 5, "Connection rejected" },
	{ 6, 6, "Other configuration change" },
	{ 6, 7, "Connection collision resolution" },
	{ 6, 8, "Out of Resources" },
};

static const char *error_word(uint8_t code, uint8_t subcode)
{
	for (size_t i = 0; i < sizeof(bird_words) / sizeof(bird_words[0]); i++)
		if (bird_words[i].code == code && bird_words[i].subcode == subcode)
			return bird_words[i].word;
	return bgp_error_name(code, subcode);
}

static const char *socket_word(enum bgp_close_reason reason)
{
	switch (reason) {
	case BGP_CLOSE_REFUSED: return "Connection refused";
	case BGP_CLOSE_TIMED_OUT: return "Connection timed out";
	case BGP_CLOSE_UNREACHABLE: return "No route to host";
	case BGP_CLOSE_FIN: return "Connection closed";
	case BGP_CLOSE_RESET: return "Connection reset by peer";
	}
	return "";
}

static void last_error(const struct bgp_event *event, struct text *out)
{
	if (event->error_code)
		text_printf(out, "%s: %s", event->error_sent ? "BGP Error" : "Received",
			    error_word(event->error_code, event->error_subcode));
	else if (event->has_close_reason)
		text_printf(out, "Socket: %s", socket_word(event->close_reason));
}

static void observe_session(struct node *node, const struct bgp_event *event)
{
	struct text error;
	text_init(&error);
	last_error(event, &error);
	struct observation seen = about(node, OBSERVE_SESSION);
	seen.session.neighbor = event->peer->name;
	seen.session.peer = event->peer->remote;
	seen.session.local = event->local;
	seen.session.old_state = bgp_state_name(event->old_state);
	seen.session.new_state = bgp_state_name(event->new_state);
	seen.session.reason = event->reason ? event->reason : "";
	seen.session.error_code = event->error_code;
	seen.session.error_subcode = event->error_subcode;
	seen.session.error_sent = event->error_sent;
	seen.session.error =
		event->error_code ? bgp_error_name(event->error_code, event->error_subcode) : "";
	seen.session.last_error = text_string(&error);
	seen.session.graceful = event->graceful;
	seen.session.waiting = event->waiting && event->new_state == BGP_ESTABLISHED;
	seen.session.hold_s = event->hold_time_s;
	seen.session.keepalive_s = event->keepalive_s;
	node->world->observed(node->world, &seen);
	text_free(&error);
}

static void observe_again(struct node *node, const struct bgp_peer_config *peer,
			  enum bgp_state state, const char *reason)
{
	const struct bgp_event event = {
		.kind = BGP_EVENT_SESSION,
		.peer = peer,
		.old_state = bgp_peer_state(node->speaker, peer->name),
		.new_state = state,
		.reason = reason,
		.local = peer->local,
	};
	observe_session(node, &event);
}

void observe_sessions_gone(struct node *node)
{
	for (size_t i = 0; i < node->bgp.peer_count; i++)
		if (bgp_peer_state(node->speaker, node->bgp.peers[i].name) != BGP_IDLE)
			observe_again(node, &node->bgp.peers[i], BGP_IDLE, "the daemon is gone");
}

void observe_sessions_idle(struct node *node)
{
	const struct model_bgp *bgp = &node->config->bgp;
	for (size_t i = 0; i < node->bgp.peer_count; i++) {
		const struct bgp_peer_config *peer = &node->bgp.peers[i];
		if (!peer->shutdown)
			continue;
		const char *reason = "waits for another session to the same address";
		for (uint32_t j = 0; j < bgp->neighbor_count; j++)
			if (bgp->neighbors[j].shutdown && strcmp(bgp->neighbors[j].name, peer->name) == 0)
				reason = "shut down by its configuration";
		observe_again(node, peer, BGP_IDLE, reason);
	}
}

void observe_recovered(struct node *node)
{
	for (size_t i = 0; i < node->bgp.peer_count; i++)
		if (bgp_peer_state(node->speaker, node->bgp.peers[i].name) == BGP_ESTABLISHED)
			observe_again(node, &node->bgp.peers[i], BGP_ESTABLISHED,
				      "graceful restart recovery done");
}

/* ---- messages and routes --------------------------------------------------------------------- */

static void observe_message(struct node *node, const struct bgp_event *event)
{
	struct observation seen = about(node, OBSERVE_MESSAGE);
	seen.message.neighbor = event->peer->name;
	seen.message.sent = event->sent;
	seen.message.type = event->message_type;
	seen.message.length = event->message_length;
	seen.message.announced = event->announced;
	seen.message.withdrawn = event->withdrawn;
	node->world->observed(node->world, &seen);
}

static void list_u32(const uint8_t *bytes, uint16_t count, bool pairs, struct text *out)
{
	for (uint16_t i = 0; i < count; i++, bytes += 4) {
		if (i)
			text_char(out, ' ');
		if (pairs)
			text_printf(out, "%u:%u", bytes[0] << 8 | bytes[1], bytes[2] << 8 | bytes[3]);
		else
			text_printf(out, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
	}
}

static void observe_path(struct node *node, const struct bgp_event *event)
{
	struct text as_path, clusters, communities;
	text_init(&as_path);
	text_init(&clusters);
	text_init(&communities);
	struct observation seen =
		about(node, event->kind == BGP_EVENT_BEST ? OBSERVE_BEST : OBSERVE_PATH);
	seen.path.neighbor = event->peer ? event->peer->name : "";
	seen.path.prefix = event->prefix;
	seen.path.path_id = event->path_id;
	seen.path.gone = event->attrs_id == 0;
	seen.path.stale = event->stale;
	seen.path.rule = event->rule ? event->rule : "";
	seen.path.multipath = event->multipath_count;
	if (event->attrs_id) {
		const struct bgp_attrs *attrs =
			bgp_attrs_of(node->world->network->table, event->attrs_id);
		bgp_as_path_print(attrs, &as_path);
		list_u32(attrs->cluster_list, attrs->cluster_count, false, &clusters);
		list_u32(attrs->communities, attrs->community_count, true, &communities);
		seen.path.attrs.id = event->attrs_id;
		seen.path.attrs.origin = attrs->origin;
		seen.path.attrs.next_hop = attrs->next_hop;
		seen.path.attrs.has_med = bgp_has(attrs, BGP_ATTR_MED);
		seen.path.attrs.med = attrs->med;
		seen.path.attrs.has_local_pref = bgp_has(attrs, BGP_ATTR_LOCAL_PREF);
		seen.path.attrs.local_pref = attrs->local_pref;
		seen.path.attrs.has_originator = bgp_has(attrs, BGP_ATTR_ORIGINATOR_ID);
		seen.path.attrs.originator_id = attrs->originator_id;
	}
	seen.path.attrs.as_path = text_string(&as_path);
	seen.path.attrs.cluster_list = text_string(&clusters);
	seen.path.attrs.communities = text_string(&communities);
	node->world->observed(node->world, &seen);
	text_free(&as_path);
	text_free(&clusters);
	text_free(&communities);
}

void observe_bgp(struct node *node, const struct bgp_event *event)
{
	switch (event->kind) {
	case BGP_EVENT_SESSION: observe_session(node, event); break;
	case BGP_EVENT_MESSAGE: observe_message(node, event); break;
	case BGP_EVENT_PATH:
	case BGP_EVENT_BEST: observe_path(node, event); break;
	case BGP_EVENT_TIMER:
	case BGP_EVENT_TREATED: break;
	}
}
