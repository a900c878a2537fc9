/* Prefix lists and route maps as one flat list of rules, which is what a speaker is told.
 *
 * Two things do not fit such a list, and are warned about: a `deny` inside a prefix list that a
 * route-map entry matches with, when that list goes on permitting and the map goes on as well; and
 * a permit of the default route alone, since the lengths 0, 0 stand for any length. */
#include "topo/frr/config.h"

struct builder {
	struct diag_list *diags;
	const struct frr_config *config;
	enum frr_family family;
	struct model_policy_rule *rules;
	uint32_t count, capacity;
	bool default_denied; /* `deny 0.0.0.0/0` came first: later rules begin at length 1 */
};

static struct ip_prefix everything(enum frr_family family)
{
	return (struct ip_prefix){ .addr.family = family == FRR_IPV4 ? IP_V4 : IP_V6 };
}

static void add(struct builder *b, struct model_policy_rule rule)
{
	if (rule.prefix.length == 0 && rule.length_max == 0) {
		if (rule.verdict == MODEL_RULE_REJECT)
			b->default_denied = true;
		else
			diag_add(b->diags, DIAG_WARNING, "W323", rule.pos,
				 "a permit of the default route alone cannot be told here; "
				 "it lets nothing through");
		return;
	}
	if (b->default_denied && rule.length_min == 0)
		rule.length_min = 1;
	FRR_PUSH(&b->diags->arena, b->rules, b->count, b->capacity, rule);
}

static struct model_policy_rule rule_of(const struct frr_prefix_rule *line)
{
	uint8_t bits = ip_addr_bits(line->prefix.addr);
	return (struct model_policy_rule){
		.prefix = line->prefix,
		.length_min = line->least ? line->least : line->prefix.length,
		.length_max = line->most ? line->most : line->least ? bits : line->prefix.length,
		.verdict = line->permit ? MODEL_RULE_ACCEPT : MODEL_RULE_REJECT,
		.pos = line->pos,
	};
}

/* The lines [*first, *end) of a list; false if there is no such list. */
static bool list_range(const struct frr_config *config, enum frr_family family, const char *name,
		       uint32_t *first, uint32_t *end)
{
	*first = *end = 0;
	for (uint32_t i = 0; i < config->prefix_rule_count; i++) {
		const struct frr_prefix_rule *line = &config->prefix_rules[i];
		if (line->family != family || strcmp(line->list, name) != 0)
			continue;
		if (*end == 0)
			*first = i;
		*end = i + 1;
	}
	return *end > 0;
}

static void add_list(struct builder *b, const struct frr_setting *setting)
{
	uint32_t first, end;
	if (!list_range(b->config, b->family, setting->text, &first, &end))
		diag_add(b->diags, DIAG_WARNING, "W324", setting->pos,
			 "there is no prefix-list %s: nothing passes", setting->text);
	for (uint32_t i = first; i < end; i++)
		add(b, rule_of(&b->config->prefix_rules[i]));
}

static void apply_entry(const struct frr_map_entry *entry, struct model_policy_rule *rule)
{
	rule->verdict = entry->permit ? MODEL_RULE_ACCEPT : MODEL_RULE_REJECT;
	if (!entry->permit)
		return;
	rule->add_communities = entry->communities;
	rule->add_community_count = entry->community_count;
	rule->set_local_pref = entry->set_local_pref;
	rule->local_pref = entry->local_pref;
}

static void add_entry(struct builder *b, const struct frr_map_entry *entry, bool last)
{
	uint32_t first, end;
	const char *list = entry->match[b->family];
	if (!list_range(b->config, b->family, list, &first, &end)) {
		diag_add(b->diags, DIAG_WARNING, "W324", entry->pos,
			 "there is no prefix-list %s: this entry matches nothing", list);
		return;
	}
	for (uint32_t i = first; i < end; i++) {
		const struct frr_prefix_rule *line = &b->config->prefix_rules[i];
		struct model_policy_rule rule = rule_of(line);
		if (line->permit) {
			apply_entry(entry, &rule);
			add(b, rule);
		} else if (last) {
			add(b, rule);
		} else {
			for (uint32_t k = i + 1; k < end; k++)
				if (b->config->prefix_rules[k].permit) {
					diag_add(b->diags, DIAG_WARNING, "W323", line->pos,
						 "this deny is left out: a route-map that goes "
						 "on after the list cannot be told here");
					break;
				}
		}
	}
}

static void add_map(struct builder *b, const struct frr_setting *setting)
{
	const struct frr_config *config = b->config;
	bool found = false;
	for (uint32_t i = 0; i < config->map_entry_count; i++) {
		const struct frr_map_entry *entry = &config->map_entries[i];
		if (strcmp(entry->map, setting->text) != 0)
			continue;
		found = true;
		bool last = i + 1 == config->map_entry_count ||
			    strcmp(config->map_entries[i + 1].map, entry->map) != 0;
		if (entry->match[b->family]) {
			add_entry(b, entry, last);
		} else if (!entry->match[FRR_IPV4] && !entry->match[FRR_IPV6]) {
			struct model_policy_rule rule = { .prefix = everything(b->family),
							  .pos = entry->pos };
			rule.length_max = ip_addr_bits(rule.prefix.addr);
			apply_entry(entry, &rule);
			add(b, rule);
			return;
		}
	}
	if (!found)
		diag_add(b->diags, DIAG_WARNING, "W324", setting->pos,
			 "there is no route-map %s: nothing passes", setting->text);
}

const struct model_policy *frr_policy(struct diag_list *diags, const struct frr_config *config,
				      const struct frr_peer *peer, bool out)
{
	struct builder b = { .diags = diags, .config = config };
	enum frr_setting_id list_id = out ? FRR_PREFIX_LIST_OUT : FRR_PREFIX_LIST_IN;
	enum frr_setting_id map_id = out ? FRR_ROUTE_MAP_OUT : FRR_ROUTE_MAP_IN;
	const struct frr_setting *lists[FRR_FAMILIES], *maps[FRR_FAMILIES];
	bool any = false;
	for (unsigned family = 0; family < FRR_FAMILIES; family++) {
		lists[family] = frr_peer_setting(&config->bgp, peer, family, list_id);
		maps[family] = frr_peer_setting(&config->bgp, peer, family, map_id);
		any |= lists[family] || maps[family];
	}
	if (!any)
		return NULL;
	for (unsigned family = 0; family < FRR_FAMILIES; family++) {
		b.family = family;
		b.default_denied = false;
		if (lists[family] && maps[family])
			diag_add(diags, DIAG_WARNING, "W323", lists[family]->pos,
				 "a prefix-list beside a route-map is left out: match it inside "
				 "the route-map");
		if (maps[family]) {
			add_map(&b, maps[family]);
		} else if (lists[family]) {
			add_list(&b, lists[family]);
		} else if (!config->bgp.requires_policy) {
			struct ip_prefix all = everything(family);
			add(&b, (struct model_policy_rule){ .prefix = all,
							    .length_max = ip_addr_bits(all.addr),
							    .verdict = MODEL_RULE_ACCEPT });
		}
	}
	struct model_policy *policy = arena_alloc(&diags->arena, sizeof(*policy));
	*policy = (struct model_policy){ b.rules, b.count, false };
	return policy;
}
