/* What the lines outside `router bgp` do: interfaces, static routes, prefix lists, route maps. */
#include "topo/frr/grammar.h"

FRR_ACTION(frr_do_nothing)
{
	(void)reader, (void)row, (void)args, (void)no;
}

FRR_ACTION(frr_do_defaults)
{
	(void)row, (void)no;
	struct frr_config *config = reader->config;
	config->datacenter = args[0].number == 1;
	if (!config->bgp.present)
		frr_bgp_init(&config->bgp, config);
}

FRR_ACTION(frr_do_exit)
{
	(void)row, (void)args, (void)no;
	reader->context = frr_outer(reader->context);
}

FRR_ACTION(frr_do_end)
{
	(void)row, (void)args, (void)no;
	reader->context = FRR_AT_TOP;
}

FRR_ACTION(frr_do_other_block)
{
	(void)row, (void)args, (void)no;
	reader->context = FRR_AT_OTHER;
}

FRR_ACTION(frr_do_forwarding)
{
	(void)row, (void)args;
	reader->config->forwarding = no ? FRR_FORWARD_OFF : FRR_FORWARD_ON;
	reader->config->forwarding_pos = reader->pos;
}

FRR_ACTION(frr_do_interface)
{
	(void)row, (void)no;
	struct frr_interface *interface = frr_interface_get(reader->arena, reader->config,
							    args[0].text, args[0].pos);
	reader->block = (uint32_t)(interface - reader->config->interfaces);
	reader->context = FRR_AT_INTERFACE;
}

FRR_ACTION(frr_do_address)
{
	(void)row;
	struct frr_interface *interface = &reader->config->interfaces[reader->block];
	uint32_t kept = 0;
	for (uint32_t i = 0; i < interface->count; i++)
		if (args[0].kind != FRR_ARG_NONE &&
		    !ip_prefix_equal(interface->addresses[i].address, args[0].prefix))
			interface->addresses[kept++] = interface->addresses[i];
	interface->count = kept;
	struct frr_address address = { args[0].prefix, args[0].pos };
	if (!no)
		FRR_PUSH(reader->arena, interface->addresses, interface->count,
			 interface->capacity, address);
}

FRR_ACTION(frr_do_shutdown)
{
	(void)row, (void)args;
	reader->config->interfaces[reader->block].shutdown = !no;
}

static bool route_equal(const struct frr_route *a, const struct frr_route *b)
{
	bool same_interface = a->interface && b->interface
				      ? strcmp(a->interface, b->interface) == 0
				      : a->interface == b->interface;
	return ip_prefix_equal(a->prefix, b->prefix) && ip_addr_equal(a->via, b->via) &&
	       a->blackhole == b->blackhole && same_interface;
}

FRR_ACTION(frr_do_route)
{
	struct frr_config *config = reader->config;
	if (args[0].kind == FRR_ARG_NONE || args[1].kind == FRR_ARG_NONE) {
		diag_add(reader->diags, DIAG_ERROR, "E301", reader->pos,
			 "`no ip route` needs the route's prefix and gateway");
		return;
	}
	struct frr_route route = { .prefix = ip_prefix_masked(args[0].prefix), .pos = reader->pos };
	if (!ip_prefix_is_network(args[0].prefix)) {
		char wrong[IP_TEXT_MAX], right[IP_TEXT_MAX];
		diag_add(reader->diags, DIAG_WARNING, "W322", args[0].pos,
			 "%s is not a network: host bits are set; it is taken as %s",
			 ip_prefix_format(args[0].prefix, wrong),
			 ip_prefix_format(route.prefix, right));
	}
	const struct frr_arg *distance = &args[row->value == 1 ? 3 : 2];
	if (distance->kind == FRR_ARG_NUMBER && distance->number > 1)
		diag_add(reader->diags, DIAG_WARNING, "W321", distance->pos,
			 "read, but here a static route always wins over BGP");
	if (row->value <= 1)
		route.via = args[1].addr;
	if (row->value == 1)
		route.interface = args[2].text;
	if (row->value == 3)
		route.interface = args[1].text;
	route.blackhole = row->value == 2;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < config->route_count; i++)
		if (!route_equal(&config->routes[i], &route))
			config->routes[kept++] = config->routes[i];
	config->route_count = kept;
	if (!no)
		FRR_PUSH(reader->arena, config->routes, config->route_count,
			 config->route_capacity, route);
}

static int rule_order(const struct frr_prefix_rule *a, const struct frr_prefix_rule *b)
{
	int order = (int)a->family - (int)b->family;
	order = order ? order : strcmp(a->list, b->list);
	return order ? order : (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

static void remove_rules(struct frr_config *config, const struct frr_prefix_rule *like, bool whole)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < config->prefix_rule_count; i++) {
		const struct frr_prefix_rule *rule = &config->prefix_rules[i];
		bool same_list =
			rule->family == like->family && strcmp(rule->list, like->list) == 0;
		bool same = like->sequence ? rule->sequence == like->sequence
					   : rule->permit == like->permit &&
						     ip_prefix_equal(rule->prefix, like->prefix) &&
						     rule->least == like->least &&
						     rule->most == like->most;
		if (!same_list || !(whole || same))
			config->prefix_rules[kept++] = *rule;
	}
	config->prefix_rule_count = kept;
}

static void add_rule(struct frr_reader *reader, struct frr_prefix_rule rule)
{
	struct frr_config *config = reader->config;
	if (rule.sequence == 0) { /* five after the last of its list */
		for (uint32_t i = 0; i < config->prefix_rule_count; i++) {
			const struct frr_prefix_rule *other = &config->prefix_rules[i];
			if (other->family == rule.family && strcmp(other->list, rule.list) == 0 &&
			    other->sequence >= rule.sequence)
				rule.sequence = other->sequence;
		}
		rule.sequence = rule.sequence / 5 * 5 + 5;
	}
	uint32_t at = config->prefix_rule_count;
	FRR_PUSH(reader->arena, config->prefix_rules, config->prefix_rule_count,
		 config->prefix_rule_capacity, rule);
	for (; at > 0 && rule_order(&config->prefix_rules[at - 1], &rule) > 0; at--)
		config->prefix_rules[at] = config->prefix_rules[at - 1];
	config->prefix_rules[at] = rule;
}

FRR_ACTION(frr_do_prefix_list)
{
	bool any = args[3].kind == FRR_ARG_CHOICE; /* `any`: every prefix */
	bool whole = row->value <= -2;
	bool swapped = row->value == -1;
	struct frr_prefix_rule rule = {
		.list = args[0].text, .pos = reader->pos,
		.family = row->value == FRR_IPV6 || row->value == -3 ? FRR_IPV6 : FRR_IPV4,
	};
	if (whole) {
		remove_rules(reader->config, &rule, true);
		return;
	}
	rule.sequence = (uint32_t)args[1].number;
	rule.permit = args[2].number == 0;
	rule.least = (uint8_t)args[swapped ? 5 : 4].number;
	rule.most = (uint8_t)args[swapped ? 4 : 5].number;
	rule.prefix = ip_prefix_masked(args[3].prefix);
	if (any) {
		rule.prefix = (struct ip_prefix){ .addr.family = rule.family == FRR_IPV4 ? IP_V4
											 : IP_V6 };
		rule.most = ip_addr_bits(rule.prefix.addr);
	}
	uint8_t floor = rule.least ? rule.least : rule.prefix.length;
	if ((rule.least && rule.least < rule.prefix.length) || (rule.most && rule.most < floor)) {
		diag_add(reader->diags, DIAG_ERROR, "E305", reader->pos,
			 "the lengths do not fit: it must be prefix length < ge <= le");
		return;
	}
	remove_rules(reader->config, &rule, false);
	if (!no)
		add_rule(reader, rule);
}

static uint32_t find_entry(const struct frr_config *config, const char *map, uint32_t sequence)
{
	for (uint32_t i = 0; i < config->map_entry_count; i++)
		if (config->map_entries[i].sequence == sequence &&
		    strcmp(config->map_entries[i].map, map) == 0)
			return i;
	return MODEL_NONE;
}

static void remove_entries(struct frr_config *config, const char *map, uint32_t sequence,
			   bool whole)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < config->map_entry_count; i++)
		if (strcmp(config->map_entries[i].map, map) != 0 ||
		    (!whole && config->map_entries[i].sequence != sequence))
			config->map_entries[kept++] = config->map_entries[i];
	config->map_entry_count = kept;
}

FRR_ACTION(frr_do_route_map)
{
	struct frr_config *config = reader->config;
	const char *map = args[0].text;
	uint32_t sequence = (uint32_t)args[2].number;
	if (no) {
		remove_entries(config, map, sequence, row->value == 1);
		return;
	}
	uint32_t at = find_entry(config, map, sequence);
	if (at == MODEL_NONE) {
		struct frr_map_entry entry = { .map = map, .sequence = sequence };
		FRR_PUSH(reader->arena, config->map_entries, config->map_entry_count,
			 config->map_entry_capacity, entry);
		at = config->map_entry_count - 1;
		for (; at > 0; at--) {
			const struct frr_map_entry *before = &config->map_entries[at - 1];
			int order = strcmp(before->map, map);
			if (order < 0 || (order == 0 && before->sequence < sequence))
				break;
			config->map_entries[at] = *before;
		}
		config->map_entries[at] = entry;
	}
	config->map_entries[at].permit = args[1].number == 0;
	config->map_entries[at].pos = reader->pos;
	reader->block = at;
	reader->context = FRR_AT_ROUTE_MAP;
}

FRR_ACTION(frr_do_match)
{
	struct frr_map_entry *entry = &reader->config->map_entries[reader->block];
	entry->match[row->value] = no ? NULL : args[0].text;
}

FRR_ACTION(frr_do_set_local_pref)
{
	(void)row;
	struct frr_map_entry *entry = &reader->config->map_entries[reader->block];
	entry->set_local_pref = !no;
	entry->local_pref = (uint32_t)args[0].number;
}

/* AA:NN, a plain number, or RFC 1997's well-known names. */
static bool community_parse(const char *word, size_t length, uint32_t *out)
{
	static const struct {
		const char *name;
		uint32_t value;
	} known[] = { { "no-export", 0xffffff01 }, { "no-advertise", 0xffffff02 },
		      { "local-AS", 0xffffff03 }, { "no-peer", 0xffffff04 } };
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == length && memcmp(word, known[i].name, length) == 0) {
			*out = known[i].value;
			return true;
		}
	uint64_t part[2] = { 0, 0 };
	unsigned colons = 0, digits = 0;
	for (size_t i = 0; i < length; i++) {
		if (word[i] == ':' && colons == 0 && digits > 0) {
			colons++;
			digits = 0;
		} else if (word[i] >= '0' && word[i] <= '9' && digits < 10) {
			part[colons] = part[colons] * 10 + (uint64_t)(word[i] - '0');
			digits++;
		} else {
			return false;
		}
	}
	if (digits == 0 || (colons && (part[0] > 0xffff || part[1] > 0xffff)) ||
	    part[0] > UINT32_MAX)
		return false;
	*out = colons ? (uint32_t)(part[0] << 16 | part[1]) : (uint32_t)part[0];
	return true;
}

FRR_ACTION(frr_do_set_community)
{
	(void)row, (void)args;
	struct frr_map_entry *entry = &reader->config->map_entries[reader->block];
	entry->community_count = 0;
	if (no)
		return;
	uint32_t *communities =
		arena_alloc(reader->arena, reader->word_count * sizeof(*communities));
	for (uint32_t i = 2; i < reader->word_count; i++) {
		const struct frr_word *word = &reader->words[i];
		struct source_pos pos = frr_reader_pos(reader, word->at, word->length);
		if (strcmp(word->text, "additive") == 0)
			continue;
		if (strcmp(word->text, "none") == 0)
			diag_add(reader->diags, DIAG_WARNING, "W321", pos,
				 "read, but communities are only added here, never taken away");
		else if (community_parse(word->text, word->length,
					 &communities[entry->community_count]))
			entry->community_count++;
		else
			diag_add(reader->diags, DIAG_ERROR, "E301", pos,
				 "`%s` is not a community such as 65000:100 or no-export",
				 word->text);
	}
	entry->communities = communities;
}
