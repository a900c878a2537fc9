/* ip address, ip route, ip link: what iproute2 accepts, as far as it is simulated, and what the
 * kernel answers where it refuses. */
#include "topo/exec.h"

#include <stdlib.h>
#include <string.h>

#include "topo/list.h"

/* iproute2 takes any beginning of a word. */
static bool begins(const char *given, const char *whole)
{
	size_t length = strlen(given);
	return length > 0 && strncmp(given, whole, length) == 0;
}

static bool take_device(struct exec *exec, const struct word *option, uint32_t *interface)
{
	struct word *name = exec_argument(exec, option);
	if (!name)
		return false;
	*interface = exec_interface(exec, name->text);
	if (*interface != MODEL_NONE)
		return true;
	exec_refuse(exec, name, "E503", "Cannot find device \"%s\"", name->text);
	const char **names = arena_alloc(&exec->diags->arena,
					 (exec->node->interface_count + 1) * sizeof(*names));
	for (uint32_t i = 0; i < exec->node->interface_count; i++)
		names[i] = exec->node->interfaces[i].name;
	const char *near = nearest_word(name->text, names, exec->node->interface_count);
	if (near)
		diag_note(exec->diags, "did you mean \"%s\"?", near);
	diag_note(exec->diags, "%s has the interfaces that links: plug in", exec->node->name);
	return false;
}

static bool unknown_option(struct exec *exec, const struct word *word, const char *command,
			   const char *known)
{
	exec_refuse(exec, word, "E502", "%s: \"%s\" is not simulated", command, word->text);
	diag_note(exec->diags, "known are %s", known);
	return false;
}

static bool take_number(struct exec *exec, const struct word *option, uint32_t *out)
{
	struct word *word = exec_argument(exec, option);
	if (!word)
		return false;
	char *end;
	unsigned long value = strtoul(word->text, &end, 0);
	if (*end || end == word->text || word->text[0] == '-' || value > UINT32_MAX)
		return exec_refuse(exec, word, "E502", "\"%s\" is no number", word->text);
	*out = (uint32_t)value;
	return true;
}

/* ---- ip address ------------------------------------------------------------------------------ */

static bool read_address(struct exec *exec, struct model_address *out)
{
	bool have = false;
	struct word *word;
	out->interface = MODEL_NONE;
	while ((word = exec_take(exec))) {
		uint32_t ignored;
		if (strcmp(word->text, "dev") == 0) {
			if (!take_device(exec, word, &out->interface))
				return false;
		} else if (strcmp(word->text, "brd") == 0 || strcmp(word->text, "broadcast") == 0) {
			if (!exec_argument(exec, word))
				return false;
		} else if (strcmp(word->text, "metric") == 0) {
			if (!take_number(exec, word, &ignored))
				return false;
		} else if (have && strcmp(word->text, "local") != 0) {
			return unknown_option(exec, word, "ip address", "dev, broadcast, metric");
		} else {
			if (strcmp(word->text, "local") == 0 && !(word = exec_argument(exec, word)))
				return false;
			if (!ip_prefix_parse(word->text, strlen(word->text), true, &out->address))
				return exec_refuse(exec, word, "E502",
						   "\"%s\" is no address with a prefix length",
						   word->text);
			out->pos = exec_pos(exec, word);
			have = true;
		}
	}
	if (!have)
		return exec_refuse(exec, NULL, "E502", "an address is missing");
	if (out->interface == MODEL_NONE)
		return exec_refuse(exec, NULL, "E502", "\"dev\" and an interface are missing");
	return true;
}

static bool ip_address(struct exec *exec)
{
	struct machine_addresses *list = &exec->machine->addresses;
	struct word *verb = exec_take(exec);
	struct model_address address = { 0 };
	bool add = verb && (begins(verb->text, "add") || begins(verb->text, "replace"));
	bool strict = add && begins(verb->text, "add");
	if (!verb || (!add && !begins(verb->text, "delete")))
		return exec_refuse(exec, verb, "E501",
				   "ip address: add, replace and del are known");
	if (!read_address(exec, &address))
		return false;
	if (add && !exec_room(exec, list->count))
		return false;
	uint32_t i = 0;
	while (i < list->count && !(list->items[i].interface == address.interface &&
				    ip_prefix_equal(list->items[i].address, address.address)))
		i++;
	if (i < list->count && add) {
		if (!strict)
			return true;
		return exec_refuse(exec, NULL, "E503", "RTNETLINK answers: File exists");
	}
	if (add) {
		if (!exec_room(exec, list->count))
			return false;
		ARENA_PUSH(&exec->diags->arena, *list, address);
		return true;
	}
	if (i == list->count)
		return exec_refuse(exec, NULL, "E503",
				   "RTNETLINK answers: Cannot assign requested address");
	LIST_REMOVE(*list, i);
	return true;
}

/* ---- ip route -------------------------------------------------------------------------------- */

static bool read_prefix(struct exec *exec, const struct word *word, struct ip_prefix *out)
{
	const char *text = word->text;
	if (strcmp(text, "default") == 0) {
		out->addr = (struct ip_addr){ .family = exec->family == IP_V6 ? IP_V6 : IP_V4 };
		out->length = 0;
		return true;
	}
	if (!ip_prefix_parse(text, strlen(text), true, out))
		return exec_refuse(exec, word, "E502", "\"%s\" is no prefix", text);
	if (ip_prefix_is_network(*out))
		return true;
	exec_report_host_bits(exec->diags, exec_pos(exec, word), text, *out, exec->pools,
			      exec->pool_count);
	return false;
}

static bool read_via(struct exec *exec, struct word *option, struct model_route *route)
{
	struct word *word = exec_argument(exec, option);
	if (word && (strcmp(word->text, "inet") == 0 || strcmp(word->text, "inet6") == 0))
		word = exec_argument(exec, word);
	if (!word)
		return false;
	if (!ip_addr_parse(word->text, strlen(word->text), &route->via))
		return exec_refuse(exec, word, "E502", "\"%s\" is no address", word->text);
	if (route->via.family == route->prefix.addr.family)
		return true;
	if (ip_addr_is_zero(route->prefix.addr) && route->prefix.length == 0 && !exec->family) {
		/* ip route add default via 2001:db8::1 */
		route->prefix.addr.family = route->via.family;
		return true;
	}
	return exec_refuse(exec, word, "E502", "the gateway %s is of another address family",
			   word->text);
}

static bool read_route_option(struct exec *exec, struct word *word, struct model_route *route)
{
	const char *text = word->text;
	struct word *value;
	if (strcmp(text, "via") == 0)
		return read_via(exec, word, route);
	if (strcmp(text, "dev") == 0)
		return take_device(exec, word, &route->interface);
	if (strcmp(text, "metric") == 0 || strcmp(text, "preference") == 0 ||
	    strcmp(text, "priority") == 0)
		return take_number(exec, word, &route->metric);
	if (strcmp(text, "proto") == 0 || strcmp(text, "protocol") == 0) {
		static const char *const known[] = { "static", "boot", "kernel" };
		if (!(value = exec_argument(exec, word)))
			return false;
		for (size_t i = 0; i < 3; i++)
			if (strcmp(value->text, known[i]) == 0)
				return true;
		return unknown_option(exec, value, "ip route proto", "static, boot, kernel");
	}
	if (strcmp(text, "scope") == 0) {
		if (!(value = exec_argument(exec, word)))
			return false;
		if (strcmp(value->text, "link") == 0 || strcmp(value->text, "global") == 0)
			return true;
		return unknown_option(exec, value, "ip route scope", "link, global");
	}
	return unknown_option(exec, word, "ip route", "via, dev, metric, proto, scope");
}

static bool read_route(struct exec *exec, struct model_route *route)
{
	struct word *word = exec_take(exec);
	*route = (struct model_route){ .interface = MODEL_NONE };
	if (word && strcmp(word->text, "unicast") == 0) {
		word = exec_take(exec);
	} else if (word && strcmp(word->text, "blackhole") == 0) {
		route->blackhole = true;
		word = exec_take(exec);
	}
	if (word && strcmp(word->text, "to") == 0)
		word = exec_take(exec);
	if (!word)
		return exec_refuse(exec, NULL, "E502", "a prefix is missing");
	if (!read_prefix(exec, word, &route->prefix))
		return false;
	route->pos = exec_pos(exec, word);
	while ((word = exec_take(exec)))
		if (!read_route_option(exec, word, route))
			return false;
	if (exec->family && route->prefix.addr.family != exec->family)
		return exec_refuse(exec, NULL, "E502", "the prefix is of another address family "
						       "than -4 or -6 says");
	return true;
}

/* The kernel knows a route by prefix and metric. */
static bool same_route(const struct model_route *a, const struct model_route *b)
{
	return ip_prefix_equal(a->prefix, b->prefix) && a->metric == b->metric;
}

static bool matches_for_delete(const struct model_route *have, const struct model_route *want)
{
	return ip_prefix_equal(have->prefix, want->prefix) &&
	       (want->metric == 0 || have->metric == want->metric) &&
	       (want->via.family == IP_NONE || ip_addr_equal(have->via, want->via)) &&
	       (want->interface == MODEL_NONE || have->interface == want->interface);
}

static bool delete_route(struct exec *exec, const struct model_route *route)
{
	struct machine_routes *list = &exec->machine->routes;
	for (uint32_t i = 0; i < list->count; i++) {
		if (!matches_for_delete(&list->items[i], route))
			continue;
		LIST_REMOVE(*list, i);
		return true;
	}
	return exec_refuse(exec, NULL, "E503", "RTNETLINK answers: No such process");
}

static bool ip_route(struct exec *exec)
{
	struct machine_routes *list = &exec->machine->routes;
	struct word *verb = exec_take(exec);
	struct model_route route;
	bool add = verb && begins(verb->text, "add"), delete = verb && begins(verb->text, "delete");
	bool replace = verb && (begins(verb->text, "replace") || begins(verb->text, "change"));
	if (!add && !delete && !replace)
		return exec_refuse(exec, verb, "E501", "ip route: add, replace and del are known");
	if (!read_route(exec, &route))
		return false;
	if (delete)
		return delete_route(exec, &route);
	if (!route.blackhole && route.via.family == IP_NONE && route.interface == MODEL_NONE)
		return exec_refuse(exec, NULL, "E502", "\"via\" and a gateway are missing");
	if (add && !exec_room(exec, list->count))
		return false;
	for (uint32_t i = 0; i < list->count; i++) {
		if (!same_route(&list->items[i], &route))
			continue;
		if (add)
			return exec_refuse(exec, NULL, "E503", "RTNETLINK answers: File exists");
		list->items[i] = route;
		return true;
	}
	if (!exec_room(exec, list->count))
		return false;
	ARENA_PUSH(&exec->diags->arena, *list, route);
	return true;
}

/* ---- ip link --------------------------------------------------------------------------------- */

static bool ip_link(struct exec *exec)
{
	struct word *verb = exec_take(exec), *word = exec_take(exec);
	uint32_t interface = MODEL_NONE;
	bool up = false;
	if (!verb || strcmp(verb->text, "set") != 0)
		return exec_refuse(exec, verb, "E501", "ip link: only \"set DEV up\" is known");
	for (; word; word = exec_take(exec)) {
		if (strcmp(word->text, "up") == 0) {
			up = true;
		} else if (strcmp(word->text, "down") == 0) {
			exec_refuse(exec, word, "E501", "ip link set down is not simulated");
			diag_note(exec->diags, "a step of the timeline can: cut: \"%s:%s\"",
				  exec->node->name, interface == MODEL_NONE ? "eth0" :
				  exec->node->interfaces[interface].name);
			return false;
		} else if (interface == MODEL_NONE) {
			bool dev = strcmp(word->text, "dev") == 0;
			if (!dev)
				exec->next--;
			if (!take_device(exec, word, &interface))
				return false;
		} else {
			return unknown_option(exec, word, "ip link set", "up");
		}
	}
	if (!up || interface == MODEL_NONE)
		return exec_refuse(exec, NULL, "E502",
				   "ip link set: an interface and \"up\", please");
	return true; /* plugged interfaces are up */
}

bool exec_ip(struct exec *exec)
{
	struct word *word = exec_take(exec);
	while (word && word->text[0] == '-') {
		if (strcmp(word->text, "-4") == 0)
			exec->family = IP_V4;
		else if (strcmp(word->text, "-6") == 0)
			exec->family = IP_V6;
		else
			return unknown_option(exec, word, "ip", "-4, -6");
		word = exec_take(exec);
	}
	if (word && begins(word->text, "address"))
		return ip_address(exec);
	if (word && begins(word->text, "route"))
		return ip_route(exec);
	if (word && begins(word->text, "link"))
		return ip_link(exec);
	return exec_refuse(exec, word, "E501", "of ip, address, route and link are simulated");
}
