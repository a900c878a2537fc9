/* Expected routes: as a list of what matters, or pasted from a terminal. */
#include <string.h>

#include "topo/scenario.h"

static const char *const route_keys[] = { "prefix", "via", "interface", "originator",
					  "cluster-list", "as-path", "local-pref", "med", "absent",
					  NULL };

struct route_list {
	struct model_expect_route *items;
	uint32_t count, capacity;
};

static bool read_router_id(struct scenario *scenario, const struct yaml_node *node,
			   const char *what, uint32_t *out)
{
	struct ip_addr addr;
	if (!scenario_address(scenario, node, what, &addr))
		return false;
	if (addr.family != IP_V4) {
		diag_add(scenario->diags, DIAG_ERROR, "E418", node->pos,
			 "%s is written like an IPv4 address", what);
		return false;
	}
	*out = ip_addr_to_v4(addr);
	return true;
}

static bool read_vias(struct scenario *scenario, const struct yaml_node *node,
		      struct model_expect_route *route)
{
	const struct yaml_node *const *items, *one;
	uint32_t count = scenario_items(node, &items, &one);
	bool good = true;
	route->vias = arena_alloc(scenario->arena, count * sizeof(*route->vias));
	for (uint32_t i = 0; i < count; i++) {
		struct ip_addr via;
		if (!scenario_address(scenario, items[i], "via", &via))
			good = false;
		else
			route->vias[route->via_count++] = via;
	}
	return good;
}

static bool read_clusters(struct scenario *scenario, const struct yaml_node *node,
			  struct model_expect_route *route)
{
	const struct yaml_node *const *items, *one;
	uint32_t count = scenario_items(node, &items, &one);
	uint32_t *clusters = arena_alloc(scenario->arena, count * sizeof(*clusters));
	bool good = true;
	for (uint32_t i = 0; i < count; i++)
		good &= read_router_id(scenario, items[i], "a cluster id", &clusters[i]);
	route->has_clusters = true;
	route->clusters = clusters;
	route->cluster_count = count;
	return good;
}

static bool read_as_path(struct scenario *scenario, const struct yaml_node *node,
			 struct model_expect_route *route)
{
	if (!yaml_want(scenario->diags, node, YAML_SCALAR, "as-path"))
		return false;
	if (node->text[strspn(node->text, "0123456789 ")] != '\0') {
		diag_add(scenario->diags, DIAG_ERROR, "E418", node->pos,
			 "as-path is AS numbers with blanks between, such as \"64512 7675\"");
		return false;
	}
	route->has_as_path = true;
	route->as_path = node->text;
	return true;
}

static bool read_number(struct scenario *scenario, const struct yaml_node *node, const char *what,
			bool *has, uint32_t *out)
{
	int64_t value;
	if (!yaml_int(scenario->diags, node, what, 0, UINT32_MAX, &value))
		return false;
	*has = true;
	*out = (uint32_t)value;
	return true;
}

static bool read_route(struct scenario *scenario, const struct yaml_node *map,
		       struct model_expect_route *route)
{
	struct diag_list *diags = scenario->diags;
	const struct yaml_node *node;
	bool good = true;
	*route = (struct model_expect_route){ .pos = map->pos };
	if (map->kind == YAML_SCALAR)
		return scenario_prefix(scenario, map, "a route", true, &route->prefix);
	if (!yaml_want(diags, map, YAML_MAPPING, "a route"))
		return false;
	yaml_known_keys(diags, map, route_keys, "a route");
	if (!(node = yaml_get(map, "prefix"))) {
		diag_add(diags, DIAG_ERROR, "E404", map->pos, "a route needs its prefix:");
		return false;
	}
	good &= scenario_prefix(scenario, node, "prefix", true, &route->prefix);
	if ((node = yaml_get(map, "via")))
		good &= read_vias(scenario, node, route);
	if ((node = yaml_get(map, "interface")))
		good &= (route->interface = yaml_string(diags, node, "interface")) != NULL;
	if ((node = yaml_get(map, "originator"))) {
		route->has_originator = true;
		good &= read_router_id(scenario, node, "originator", &route->originator_id);
	}
	if ((node = yaml_get(map, "cluster-list")))
		good &= read_clusters(scenario, node, route);
	if ((node = yaml_get(map, "as-path")))
		good &= read_as_path(scenario, node, route);
	if ((node = yaml_get(map, "local-pref")))
		good &= read_number(scenario, node, "local-pref", &route->has_local_pref,
				    &route->local_pref);
	if ((node = yaml_get(map, "med")))
		good &= read_number(scenario, node, "med", &route->has_med, &route->med);
	if ((node = yaml_get(map, "absent")))
		good &= yaml_bool(diags, node, "absent", &route->absent);
	if (route->absent && map->count > 2)
		diag_add(diags, DIAG_ERROR, "E408", map->pos,
			 "a route that must be absent has only its prefix");
	return good;
}

bool scenario_routes(struct scenario *scenario, const struct yaml_node *list,
		   struct model_expect *expect)
{
	const struct yaml_node *const *items, *one;
	uint32_t count = scenario_items(list, &items, &one);
	bool good = true;
	expect->routes = arena_alloc(scenario->arena, (count + 1) * sizeof(*expect->routes));
	for (uint32_t i = 0; i < count; i++)
		if (read_route(scenario, items[i], &expect->routes[expect->route_count]))
			expect->route_count++;
		else
			good = false;
	return good;
}

/* ---- pasted ---------------------------------------------------------------------------------- */

struct cursor {
	const struct yaml_text *text;
	const char *p, *end;
};

static size_t next_word(struct cursor *cursor, const char **word)
{
	while (cursor->p < cursor->end && (*cursor->p == ' ' || *cursor->p == '\t'))
		cursor->p++;
	*word = cursor->p;
	while (cursor->p < cursor->end && *cursor->p != ' ' && *cursor->p != '\t')
		cursor->p++;
	return (size_t)(cursor->p - *word);
}

static bool word_is(const char *word, size_t length, const char *text)
{
	return strlen(text) == length && memcmp(word, text, length) == 0;
}

static bool refuse(struct scenario *scenario, const struct cursor *cursor, const char *at,
		   size_t length, const char *why)
{
	diag_add(scenario->diags, DIAG_ERROR, "E419",
		 yaml_text_at(cursor->text, at, length ? length : 1), "%s", why);
	return false;
}

static bool take_interface(struct scenario *scenario, struct cursor *cursor,
			   struct model_expect_route *route)
{
	const char *word;
	size_t length = next_word(cursor, &word);
	if (length && word[length - 1] == ',')
		length--;
	if (length == 0)
		return refuse(scenario, cursor, word, 0, "an interface is missing here");
	route->interface = arena_strndup(scenario->arena, word, length);
	return true;
}

/* "via 172.31.13.27, eth0, weight 1, 00:00:10", "is directly connected, eth0, 00:01:00". What comes
 * after the interface is weight and age, which no two runs share. */
static bool take_rest(struct scenario *scenario, struct cursor *cursor,
		      struct model_expect_route *route)
{
	const char *word;
	size_t length = next_word(cursor, &word);
	if (length && word[0] == '[')
		length = next_word(cursor, &word);
	if (length == 0)
		return true;
	if (word_is(word, length, "is")) {
		const char *a, *b;
		size_t a_length = next_word(cursor, &a), b_length = next_word(cursor, &b);
		if (!word_is(a, a_length, "directly") || !word_is(b, b_length, "connected,"))
			return refuse(scenario, cursor, word, length,
				      "\"is directly connected, IF\" is expected here");
		return take_interface(scenario, cursor, route);
	}
	if (!word_is(word, length, "via"))
		return refuse(scenario, cursor, word, length, "\"via ADDRESS\" is expected here");
	length = next_word(cursor, &word);
	bool more = length && word[length - 1] == ',';
	struct ip_addr via;
	if (!ip_addr_parse(word, more ? length - 1 : length, &via))
		return refuse(scenario, cursor, word, length, "this is no address");
	struct ip_addr *vias = arena_alloc(scenario->arena,
					   (route->via_count + 1) * sizeof(*vias));
	if (route->via_count)
		memcpy(vias, route->vias, route->via_count * sizeof(*vias));
	vias[route->via_count++] = via;
	route->vias = vias;
	if (!more)
		return true;
	const char *interface = route->interface;
	if (!take_interface(scenario, cursor, route))
		return false;
	if (interface && strcmp(interface, route->interface) != 0)
		route->interface = NULL; /* paths over several interfaces: the gateways tell */
	return true;
}

/* A route line starts with its code, "B>*"; a further path with "*" alone. */
static bool take_line(struct scenario *scenario, struct cursor *cursor, struct route_list *routes)
{
	const char *word, *code;
	size_t code_length = next_word(cursor, &code);
	if (word_is(code, code_length, "*")) {
		if (routes->count == 0)
			return refuse(scenario, cursor, code, code_length,
				      "a path of which route?");
		return take_rest(scenario, cursor, &routes->items[routes->count - 1]);
	}
	if (code_length < 3 || !strchr("KCSBLORIE", code[0]) || code[1] != '>' || code[2] != '*')
		return refuse(scenario, cursor, code, code_length,
			      "a route in use is expected, as in \"B>* 172.27.208.0/26 via "
			      "172.31.13.27, eth0\"");
	struct model_expect_route route = { 0 };
	size_t length = next_word(cursor, &word);
	if (!ip_prefix_parse(word, length, false, &route.prefix))
		return refuse(scenario, cursor, word, length, "this is no prefix");
	route.pos = yaml_text_at(cursor->text, word, length);
	if (!ip_prefix_is_network(route.prefix)) {
		char buffer[IP_TEXT_MAX];
		diag_add(scenario->diags, DIAG_ERROR, "E031", route.pos,
			 "%.*s is not a network: host bits are set", (int)length, word);
		diag_note(scenario->diags, "did you mean %s?",
			  ip_prefix_format(ip_prefix_masked(route.prefix), buffer));
		return false;
	}
	bool good = take_rest(scenario, cursor, &route);
	ARENA_PUSH(scenario->arena, *routes, route);
	return good;
}

bool scenario_pasted(struct scenario *scenario, const struct yaml_node *node,
		   struct model_expect *expect)
{
	struct yaml_text text, one;
	struct route_list routes = { 0 };
	bool good = true, legend = false;
	if (!yaml_text_of(scenario->diags, node, "pasted routes", &text))
		return false;
	one = text;
	for (const char *p = text.text, *end = p + text.length; p < end; one.first_line++) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t length = (size_t)((stop ? stop : end) - p);
		size_t blanks = strspn(p, " \t\r");
		one.text = p;
		one.length = length;
		struct cursor cursor = { &one, p, p + length };
		bool prompt = memchr(p, '#', length) != NULL;
		if (strncmp(p, "Codes:", 6) == 0)
			legend = true; /* FRR's legend ends with an empty line */
		if (blanks >= length)
			legend = false;
		else if (!legend && !prompt)
			good &= take_line(scenario, &cursor, &routes);
		p = stop ? stop + 1 : end;
	}
	if (routes.count == 0 && good) {
		diag_add(scenario->diags, DIAG_ERROR, "E419", node->pos, "no route stands here");
		good = false;
	}
	expect->routes = routes.items;
	expect->route_count = routes.count;
	return good;
}
