/* The same in JSON: peers and paths with all that is known of each. */
#include <inttypes.h>
#include <stdlib.h>

#include "bgp/route/table.h"
#include "simbgpd/show.h"

static void member_text(struct text *out, const char *name, const char *value)
{
	text_printf(out, ",\"%s\":", name);
	text_json(out, value);
}

static void member_number(struct text *out, const char *name, uint64_t value)
{
	text_printf(out, ",\"%s\":%" PRIu64, name, value);
}

static void member_bool(struct text *out, const char *name, bool value)
{
	text_printf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void peer_json(const struct show *show, const struct bgp_peer_view *peer, struct text *out)
{
	const struct peer_record *record = show_record(show, peer);
	char address[IP_TEXT_MAX];
	text_json(out, ip_addr_format(peer->peer->remote, address));
	text_put(out, ":{\"name\":");
	text_json(out, peer->peer->name);
	member_number(out, "remoteAs", peer->peer->remote_as);
	member_number(out, "localAs",
		      peer->peer->local_as ? peer->peer->local_as : show->config->local_as);
	member_text(out, "state", bgp_state_name(peer->state));
	member_number(out, "msgRcvd", show_sum(record->received));
	member_number(out, "msgSent", show_sum(record->sent));
	member_number(out, "updatesRcvd", record->received[2]);
	member_number(out, "updatesSent", record->sent[2]);
	member_number(out, "pfxRcd", peer->prefixes);
	member_bool(out, "stale", peer->stale_families != 0);
	member_number(out, "connectionsEstablished", record->established);
	member_number(out, "connectionsDropped", record->dropped);
	member_number(out, "peerUptimeMsec",
		      record->changed_once
			      ? (uint64_t)(instant_since(show->now, record->changed) / NS_PER_MS)
			      : 0);
	if (record->reason)
		member_text(out, "lastResetReason", record->reason);
	if (record->error_code) {
		member_number(out, "lastErrorCode", record->error_code);
		member_number(out, "lastErrorSubcode", record->error_subcode);
		member_bool(out, "lastErrorSent", record->error_sent);
	}
	if (peer->state == BGP_ESTABLISHED) {
		member_text(out, "remoteRouterId", ip_addr_format(ip_addr_v4(peer->router_id), address));
		member_number(out, "holdTime", peer->hold_time_s);
		member_number(out, "keepalive", peer->keepalive_s);
		member_bool(out, "as4", peer->as4);
		member_bool(out, "routeRefresh", peer->route_refresh);
		member_bool(out, "enhancedRefresh", peer->enhanced_refresh);
		member_bool(out, "extendedMessage", peer->extended_message);
		member_bool(out, "gracefulRestart", peer->graceful_restart);
		member_number(out, "families", peer->families);
		member_number(out, "addPathIn", peer->add_path_in);
		member_number(out, "addPathOut", peer->add_path_out);
	}
	text_char(out, '}');
}

static void peers_json(const struct show *show, const struct command *command, struct text *out)
{
	size_t count, shown = 0;
	struct bgp_peer_view *peers = show_peers(show, &count);
	char id[IP_TEXT_MAX];
	text_put(out, "{\"routerId\":");
	text_json(out, ip_addr_format(ip_addr_v4(show->config->router_id), id));
	member_number(out, "as", show->config->local_as);
	text_put(out, ",\"peers\":{");
	for (size_t i = 0; i < count; i++) {
		if (!show_wants_peer(command, &peers[i]) ||
		    !(peers[i].peer->families & command->families))
			continue;
		text_put(out, shown++ ? ",\n" : "\n");
		peer_json(show, &peers[i], out);
	}
	text_put(out, "},");
	text_printf(out, "\"totalPeers\":%zu}\n", shown);
	free(peers);
}

static void id_list(struct text *out, const char *name, const uint8_t *bytes, uint32_t count)
{
	text_printf(out, ",\"%s\":[", name);
	for (uint32_t i = 0; i < count; i++)
		text_printf(out, "%s\"%u.%u.%u.%u\"", i ? "," : "", bytes[4 * i], bytes[4 * i + 1],
			    bytes[4 * i + 2], bytes[4 * i + 3]);
	text_char(out, ']');
}

static void path_json(const struct show *show, const struct bgp_path_view *path, struct text *out)
{
	const struct bgp_attrs *attrs = bgp_attrs_of(show->table, path->attrs_id);
	char address[IP_TEXT_MAX];
	struct text line;
	text_init(&line);
	bgp_as_path_print(attrs, &line);
	text_put(out, "{\"pathFrom\":");
	text_json(out, !path->peer ? "local"
				   : show_external(show, path->peer) ? "external" : "internal");
	member_text(out, "peerId", path->peer ? ip_addr_format(path->peer->remote, address) : "");
	member_bool(out, "valid", path->usable);
	member_bool(out, "bestpath", path->best);
	member_bool(out, "multipath", path->multipath);
	member_bool(out, "stale", path->stale);
	member_text(out, "path", text_string(&line));
	member_text(out, "origin",
		    attrs->origin == 0 ? "IGP" : attrs->origin == 1 ? "EGP" : "incomplete");
	member_text(out, "nexthop",
		    attrs->next_hop.family ? ip_addr_format(attrs->next_hop, address) : "0.0.0.0");
	if (path->path_id)
		member_number(out, "pathId", path->path_id);
	if (bgp_has(attrs, BGP_ATTR_MED))
		member_number(out, "metric", attrs->med);
	if (bgp_has(attrs, BGP_ATTR_LOCAL_PREF))
		member_number(out, "locPrf", attrs->local_pref);
	if (bgp_has(attrs, BGP_ATTR_ORIGINATOR_ID))
		member_text(out, "originatorId",
			    ip_addr_format(ip_addr_v4(attrs->originator_id), address));
	if (bgp_has(attrs, BGP_ATTR_CLUSTER_LIST))
		id_list(out, "clusterList", attrs->cluster_list, attrs->cluster_count);
	text_clear(&line);
	bgp_attrs_print(attrs, &line);
	member_text(out, "attributes", text_string(&line));
	text_char(out, '}');
	text_free(&line);
}

static void paths_json(const struct show *show, const struct command *command, struct text *out)
{
	size_t count;
	char address[IP_TEXT_MAX];
	struct bgp_path_view *paths = show_paths(show, command, &count);
	text_put(out, "{\"routerId\":");
	text_json(out, ip_addr_format(ip_addr_v4(show->config->router_id), address));
	member_number(out, "localAS", show->config->local_as);
	text_put(out, ",\"routes\":{");
	for (size_t i = 0; i < count; i++) {
		bool first = i == 0 || !ip_prefix_equal(paths[i].prefix, paths[i - 1].prefix);
		if (first)
			text_printf(out, "%s\"%s\":[", i ? "],\n" : "\n",
				    ip_prefix_format(paths[i].prefix, address));
		else
			text_char(out, ',');
		path_json(show, &paths[i], out);
	}
	text_put(out, count ? "]}}\n" : "}}\n");
	free(paths);
}

void show_json(const struct show *show, const struct command *command, struct text *out)
{
	if (command->kind == COMMAND_BGP_TABLE || command->kind == COMMAND_BIRD_ROUTE)
		paths_json(show, command, out);
	else
		peers_json(show, command, out);
}
