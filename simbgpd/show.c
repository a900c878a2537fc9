#include "simbgpd/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bgp/profile.h"
#include "bgp/route/table.h"

struct peer_list {
	struct bgp_peer_view *items;
	size_t count, capacity;
};

static void peer_add(void *context, const struct bgp_peer_view *peer)
{
	struct peer_list *list = context;
	ARRAY_PUSH(list->items, list->count, list->capacity, *peer);
}

struct bgp_peer_view *show_peers(const struct show *show, size_t *count)
{
	struct peer_list list = { 0 };
	bgp_peers_each(show->speaker, peer_add, &list);
	*count = list.count;
	return list.items;
}

struct path_list {
	const struct command *command;
	struct bgp_path_view *items;
	size_t count, capacity;
};

static void path_add(void *context, const struct bgp_path_view *path)
{
	struct path_list *list = context;
	const struct command *command = list->command;
	uint8_t family = path->prefix.addr.family == IP_V6 ? BGP_IPV6_UNICAST : BGP_IPV4_UNICAST;
	const struct ip_prefix *wanted = &command->prefix;
	if (!(family & command->families) ||
	    (wanted->addr.family != IP_NONE && !ip_prefix_equal(*wanted, path->prefix)))
		return;
	ARRAY_PUSH(list->items, list->count, list->capacity, *path);
}

struct bgp_path_view *show_paths(const struct show *show, const struct command *command,
				 size_t *count)
{
	struct path_list list = { .command = command };
	bgp_paths_each(show->speaker, path_add, &list);
	*count = list.count;
	return list.items;
}

bool show_wants_peer(const struct command *command, const struct bgp_peer_view *peer)
{
	char address[IP_TEXT_MAX];
	return command->name[0] == '\0' || strcmp(command->name, peer->peer->name) == 0 ||
	       strcmp(command->name, ip_addr_format(peer->peer->remote, address)) == 0;
}

const struct peer_record *show_record(const struct show *show, const struct bgp_peer_view *peer)
{
	static const struct peer_record none = { 0 };
	const struct peer_record *record = peers_record(show->peers, peer->peer);
	return record ? record : &none;
}

const char *show_uptime(const struct show *show, const struct peer_record *record, char *buffer,
			size_t size)
{
	if (!record->changed_once)
		return "never";
	int64_t s = instant_since(show->now, record->changed) / NS_PER_S;
	int64_t days = s / 86400, hours = s / 3600 % 24, minutes = s / 60 % 60;
	if (days >= 7)
		snprintf(buffer, size, "%02" PRId64 "w%" PRId64 "d%02" PRId64 "h", days / 7,
			 days % 7, hours);
	else if (days > 0)
		snprintf(buffer, size, "%" PRId64 "d%02" PRId64 "h%02" PRId64 "m", days, hours,
			 minutes);
	else
		snprintf(buffer, size, "%02" PRId64 ":%02" PRId64 ":%02" PRId64, hours, minutes,
			 s % 60);
	return buffer;
}

uint64_t show_sum(const uint64_t counts[PEER_MESSAGE_TYPES])
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < PEER_MESSAGE_TYPES; i++)
		sum += counts[i];
	return sum;
}

bool show_external(const struct show *show, const struct bgp_peer_config *peer)
{
	return peer && peer->remote_as != (peer->local_as ? peer->local_as : show->config->local_as);
}

static void status(const struct show *show, const struct command *command, struct text *out)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "uptime_ms", (uint64_t)(show->now.ns / NS_PER_MS) },
		{ "peers", show->config->peer_count },
		{ "connections", show->connections->count },
		{ "bytes_received", show->connections->bytes_in },
		{ "bytes_sent", show->connections->bytes_out },
		{ "writes", show->connections->writes },
		{ "prefixes", bgp_prefix_count(show->table) },
		{ "attribute_sets", bgp_attrs_live(show->table) },
		{ "kernel_routes", show->kernel->own_count },
		{ "kernel_refused", show->kernel->refused },
		{ "updates_treated", show->peers->treated },
	};
	text_put(out, command->json ? "{" : "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		text_printf(out, command->json ? "%s\"%s\":%" PRIu64 : "%s%s %" PRIu64,
			    i == 0 ? "" : command->json ? "," : "\n", rows[i].name, rows[i].value);
	text_put(out, command->json ? "}\n" : "\n");
}

void show(const struct show *show, const struct command *command, struct text *out)
{
	static void (*const looks[])(const struct show *, const struct command *, struct text *) = {
		[COMMAND_BGP_SUMMARY] = show_vtysh,
		[COMMAND_BGP_TABLE] = show_vtysh,
		[COMMAND_BGP_NEIGHBORS] = show_vtysh,
		[COMMAND_BIRD_PROTOCOLS] = show_birdc,
		[COMMAND_BIRD_ROUTE] = show_birdc,
		[COMMAND_STATUS] = status,
	};
	if (command->json && command->kind != COMMAND_STATUS)
		show_json(show, command, out);
	else
		looks[command->kind](show, command, out);
}
