/* The looks of birdc. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bgp/route/table.h"
#include "simbgpd/show.h"

static const char *since(const struct show *show, const struct peer_record *record, char *buffer,
			 size_t size)
{
	int64_t ago_s = record->changed_once ? instant_since(show->now, record->changed) / NS_PER_S
					     : show->now.ns / NS_PER_S;
	time_t at = (time_t)(show->wall_s - ago_s);
	struct tm local;
	if (!localtime_r(&at, &local) || strftime(buffer, size, "%H:%M:%S", &local) == 0)
		return "?";
	return buffer;
}

static void protocol(const struct show *show, const struct bgp_peer_view *peer, bool all,
		     struct text *out)
{
	const struct peer_record *record = show_record(show, peer);
	char when[16], address[IP_TEXT_MAX], id[IP_TEXT_MAX];
	bool up = peer->state == BGP_ESTABLISHED;
	text_printf(out, "%-10s BGP        ---        %-6s %-13s %-13s %s\n", peer->peer->name,
		    up ? "up" : peer->peer->shutdown ? "down" : "start",
		    since(show, record, when, sizeof(when)), bgp_state_name(peer->state),
		    !up && record->reason ? record->reason : "");
	if (!all)
		return;
	text_printf(out, "  BGP state:          %s\n", bgp_state_name(peer->state));
	text_printf(out, "    Neighbor address: %s\n", ip_addr_format(peer->peer->remote, address));
	text_printf(out, "    Neighbor AS:      %" PRIu32 "\n", peer->peer->remote_as);
	text_printf(out, "    Local AS:         %" PRIu32 "\n",
		    peer->peer->local_as ? peer->peer->local_as : show->config->local_as);
	if (up) {
		text_printf(out, "    Neighbor ID:      %s\n",
			    ip_addr_format(ip_addr_v4(peer->router_id), id));
		text_printf(out, "    Session:          %s%s%s%s\n",
			    show_external(show, peer->peer) ? "external" : "internal",
			    peer->peer->rr_client ? " route-reflector" : "",
			    peer->as4 ? " AS4" : "", peer->add_path_in ? " add-path" : "");
		text_printf(out, "    Source address:   %s\n", ip_addr_format(peer->local, address));
		text_printf(out, "    Hold timer:       %u\n", peer->hold_time_s);
		text_printf(out, "    Keepalive timer:  %u\n", peer->keepalive_s);
	}
	text_printf(out, "    Routes:           %" PRIu32 " imported%s\n\n", peer->prefixes,
		    peer->stale_families ? ", stale" : "");
}

static void protocols(const struct show *show, const struct command *command, struct text *out)
{
	size_t count;
	struct bgp_peer_view *peers = show_peers(show, &count);
	text_put(out, "Name       Proto      Table      State  Since         Info\n");
	for (size_t i = 0; i < count; i++)
		if (show_wants_peer(command, &peers[i]))
			protocol(show, &peers[i], command->all, out);
	free(peers);
}

static void route(const struct show *show, const struct bgp_path_view *path, bool first,
		  struct text *out)
{
	const struct bgp_attrs *attrs = bgp_attrs_of(show->table, path->attrs_id);
	char prefix[IP_TEXT_MAX], hop[IP_TEXT_MAX];
	struct text as_path;
	text_init(&as_path);
	bgp_as_path_print(attrs, &as_path);
	text_printf(out, "%-20s %s [%s] %s(100) [%s%s%c]\n",
		    first ? ip_prefix_format(path->prefix, prefix) : "",
		    path->usable ? "unicast" : "unreachable", path->peer ? path->peer->name : "local",
		    path->best ? "* " : "", text_string(&as_path), as_path.length ? " " : "",
		    "ie?"[attrs->origin < 3 ? attrs->origin : 2]);
	if (attrs->next_hop.family != IP_NONE)
		text_printf(out, "\tvia %s\n", ip_addr_format(attrs->next_hop, hop));
	text_free(&as_path);
}

static void routes(const struct show *show, const struct command *command, struct text *out)
{
	size_t count;
	struct bgp_path_view *paths = show_paths(show, command, &count);
	if (count == 0)
		text_put(out, "Network not found\n");
	for (size_t i = 0; i < count; i++)
		route(show, &paths[i],
		      i == 0 || !ip_prefix_equal(paths[i].prefix, paths[i - 1].prefix), out);
	free(paths);
}

void show_birdc(const struct show *show, const struct command *command, struct text *out)
{
	text_put(out, "simbgpd ready.\n");
	if (command->kind == COMMAND_BIRD_PROTOCOLS)
		protocols(show, command, out);
	else
		routes(show, command, out);
}
