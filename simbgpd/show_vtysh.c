/* The looks of vtysh. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bgp/route/table.h"
#include "simbgpd/show.h"

static const char *const family_names[] = { "IPv4 Unicast", "IPv6 Unicast" };

static void router_id(uint32_t id, char *buffer) { ip_addr_format(ip_addr_v4(id), buffer); }

/* ---- summary ---- */

static void summary_row(const struct show *show, const struct bgp_peer_view *peer, struct text *out)
{
	const struct peer_record *record = show_record(show, peer);
	char uptime[32], last[32], address[IP_TEXT_MAX];
	if (peer->state == BGP_ESTABLISHED)
		snprintf(last, sizeof(last), "%" PRIu32, peer->prefixes);
	else
		snprintf(last, sizeof(last), "%s",
			 peer->peer->shutdown ? "Idle (Admin)" : bgp_state_name(peer->state));
	text_printf(out, "%-15s 4 %10" PRIu32 " %9" PRIu64 " %9" PRIu64 "        0    0    0 %8s %12s\n",
		    ip_addr_format(peer->peer->remote, address), peer->peer->remote_as,
		    show_sum(record->received), show_sum(record->sent),
		    show_uptime(show, record, uptime, sizeof(uptime)), last);
}

static size_t summary_family(const struct show *show, int family, struct text *out)
{
	size_t count, shown = 0;
	struct bgp_peer_view *peers = show_peers(show, &count);
	char id[IP_TEXT_MAX];
	router_id(show->config->router_id, id);
	for (size_t i = 0; i < count; i++) {
		if (!(peers[i].peer->families & 1u << family))
			continue;
		if (shown++ == 0) {
			text_printf(out, "\n%s Summary (VRF default):\n", family_names[family]);
			text_printf(out,
				    "BGP router identifier %s, local AS number %" PRIu32
				    " vrf-id 0\n",
				    id, show->config->local_as);
			text_printf(out, "RIB entries %" PRIu32 "\n",
				    bgp_prefix_count(show->table));
			text_put(out, "\nNeighbor        V         AS   MsgRcvd   MsgSent   TblVer  "
				      "InQ OutQ  Up/Down State/PfxRcd\n");
		}
		summary_row(show, &peers[i], out);
	}
	if (shown)
		text_printf(out, "\nTotal number of neighbors %zu\n", shown);
	free(peers);
	return shown;
}

static void summary(const struct show *show, const struct command *command, struct text *out)
{
	size_t shown = 0;
	for (int family = 0; family < BGP_FAMILIES; family++)
		if (command->families & 1u << family)
			shown += summary_family(show, family, out);
	if (shown == 0)
		text_put(out, "% No BGP neighbors found\n");
}

/* ---- the table ---- */

static void path_row(const struct show *show, const struct bgp_path_view *path, bool first,
		     struct text *out)
{
	const struct bgp_attrs *attrs = bgp_attrs_of(show->table, path->attrs_id);
	char prefix[IP_TEXT_MAX], hop[IP_TEXT_MAX], med[16] = "", pref[16] = "";
	if (bgp_has(attrs, BGP_ATTR_MED))
		snprintf(med, sizeof(med), "%" PRIu32, attrs->med);
	if (bgp_has(attrs, BGP_ATTR_LOCAL_PREF))
		snprintf(pref, sizeof(pref), "%" PRIu32, attrs->local_pref);
	text_printf(out, "%c%c%c%c%-16s %-15s %10s %6s %6d ", path->stale ? 'S' : ' ',
		    path->usable ? '*' : ' ', path->best ? '>' : path->multipath ? '=' : ' ',
		    path->peer && !show_external(show, path->peer) ? 'i' : ' ',
		    first ? ip_prefix_format(path->prefix, prefix) : "",
		    attrs->next_hop.family == IP_NONE ? "0.0.0.0"
						      : ip_addr_format(attrs->next_hop, hop),
		    med, pref, path->peer ? 0 : 32768);
	bgp_as_path_print(attrs, out);
	text_printf(out, "%s%c\n", attrs->as_path_length ? " " : "",
		    "ie?"[attrs->origin < 3 ? attrs->origin : 2]);
}

static void table(const struct show *show, const struct command *command, struct text *out)
{
	size_t count, prefixes = 0;
	struct bgp_path_view *paths = show_paths(show, command, &count);
	char id[IP_TEXT_MAX];
	router_id(show->config->router_id, id);
	if (count == 0) {
		text_put(out, command->prefix.addr.family != IP_NONE
				      ? "% Network not in table\n"
				      : "No BGP prefixes displayed, 0 exist\n");
		free(paths);
		return;
	}
	text_printf(out, "BGP table version is 0, local router ID is %s, vrf id 0\n", id);
	text_printf(out, "Default local pref 100, local AS %" PRIu32 "\n", show->config->local_as);
	text_put(out, "Status codes:  s suppressed, d damped, h history, * valid, > best, "
		      "= multipath,\n               i internal, r RIB-failure, S Stale, R Removed\n"
		      "Origin codes:  i - IGP, e - EGP, ? - incomplete\n\n"
		      "    Network          Next Hop            Metric LocPrf Weight Path\n");
	for (size_t i = 0; i < count; i++) {
		bool first = i == 0 || !ip_prefix_equal(paths[i].prefix, paths[i - 1].prefix);
		prefixes += first;
		path_row(show, &paths[i], first, out);
		if (command->prefix.addr.family != IP_NONE) {
			text_put(out, "      ");
			bgp_attrs_print(bgp_attrs_of(show->table, paths[i].attrs_id), out);
			text_char(out, '\n');
		}
	}
	text_printf(out, "\nDisplayed  %zu routes and %zu total paths\n", prefixes, count);
	free(paths);
}

/* ---- neighbors ---- */

static void capabilities(const struct bgp_peer_view *peer, struct text *out)
{
	static const char *const both = "advertised and received";
	text_put(out, "  Neighbor capabilities:\n");
	text_printf(out, "    4 Byte AS: %s\n", peer->as4 ? both : "not agreed");
	text_printf(out, "    Extended Message: %s\n", peer->extended_message ? both : "not agreed");
	for (int family = 0; family < BGP_FAMILIES; family++)
		if ((peer->add_path_in | peer->add_path_out) & 1u << family)
			text_printf(out, "    AddPath: %s:%s%s\n", family_names[family],
				    peer->add_path_in & 1u << family ? " RX" : "",
				    peer->add_path_out & 1u << family ? " TX" : "");
	text_printf(out, "    Route refresh: %s\n", peer->route_refresh ? both : "not agreed");
	text_printf(out, "    Enhanced Route Refresh: %s\n",
		    peer->enhanced_refresh ? both : "not agreed");
	for (int family = 0; family < BGP_FAMILIES; family++)
		if (peer->families & 1u << family)
			text_printf(out, "    Address Family %s: %s\n", family_names[family], both);
	text_printf(out, "    Graceful Restart Capability: %s\n",
		    peer->graceful_restart ? both : "not agreed");
	if (peer->graceful_restart)
		text_printf(out, "      Remote Restart timer is %u seconds\n", peer->restart_time_s);
}

static void messages(const struct peer_record *record, struct text *out)
{
	static const char *const names[PEER_MESSAGE_TYPES] = { NULL, "Opens", "Updates",
							       "Notifications", "Keepalives",
							       "Route Refresh" };
	static const uint8_t order[] = { 1, 3, 2, 4, 5 };
	text_put(out, "  Message statistics:\n                         Sent       Rcvd\n");
	for (unsigned i = 0; i < sizeof(order); i++)
		text_printf(out, "    %-14s%11" PRIu64 "%11" PRIu64 "\n", names[order[i]],
			    record->sent[order[i]], record->received[order[i]]);
	text_printf(out, "    %-14s%11" PRIu64 "%11" PRIu64 "\n", "Total", show_sum(record->sent),
		    show_sum(record->received));
}

static void neighbor(const struct show *show, const struct bgp_peer_view *peer, struct text *out)
{
	const struct bgp_peer_config *config = peer->peer;
	const struct peer_record *record = show_record(show, peer);
	char remote[IP_TEXT_MAX], theirs[IP_TEXT_MAX], ours[IP_TEXT_MAX], up[32];
	bool external = show_external(show, config);
	router_id(peer->router_id, theirs);
	router_id(show->config->router_id, ours);
	text_printf(out, "BGP neighbor is %s, remote AS %" PRIu32 ", local AS %" PRIu32 ", %s link\n",
		    ip_addr_format(config->remote, remote), config->remote_as,
		    config->local_as ? config->local_as : show->config->local_as,
		    external ? "external" : "internal");
	text_printf(out, "  BGP version 4, remote router ID %s, local router ID %s\n", theirs, ours);
	text_printf(out, "  BGP state = %s", bgp_state_name(peer->state));
	if (peer->state == BGP_ESTABLISHED) {
		text_printf(out, ", up for %s\n", show_uptime(show, record, up, sizeof(up)));
		text_printf(out, "  Hold time is %u seconds, keepalive interval is %u seconds\n",
			    peer->hold_time_s, peer->keepalive_s);
		capabilities(peer, out);
	} else {
		text_char(out, '\n');
	}
	messages(record, out);
	if (config->rr_client)
		text_put(out, "  Route-Reflector Client\n");
	text_printf(out, "  %" PRIu32 " accepted prefixes%s\n", peer->prefixes,
		    peer->stale_families ? ", kept while it restarts" : "");
	text_printf(out, "  Connections established %" PRIu32 "; dropped %" PRIu32 "\n",
		    record->established, record->dropped);
	if (record->reason)
		text_printf(out, "  Last reset %s, %s\n",
			    peer->state == BGP_ESTABLISHED
				    ? "before this session"
				    : show_uptime(show, record, up, sizeof(up)),
			    record->reason);
	text_char(out, '\n');
}

static void neighbors(const struct show *show, const struct command *command, struct text *out)
{
	size_t count, shown = 0;
	struct bgp_peer_view *peers = show_peers(show, &count);
	for (size_t i = 0; i < count; i++) {
		if (!show_wants_peer(command, &peers[i]) ||
		    !(peers[i].peer->families & command->families))
			continue;
		neighbor(show, &peers[i], out);
		shown++;
	}
	if (!shown)
		text_put(out, "% No such neighbor\n");
	free(peers);
}

void show_vtysh(const struct show *show, const struct command *command, struct text *out)
{
	if (command->kind == COMMAND_BGP_SUMMARY)
		summary(show, command, out);
	else if (command->kind == COMMAND_BGP_TABLE)
		table(show, command, out);
	else
		neighbors(show, command, out);
}
