/* What made it so, one rule a row: each looks at the walk and the records behind it, and says its
 * bullet if its fact is there. */
#include <string.h>

#include "checker/explain.h"
#include "checker/lookup.h"
#include "checker/words.h"

static const char *name_of(const struct walk *walk, uint32_t node)
{
	return walk->model->nodes[node].name;
}

/* The last node that had a route and used it. */
static const struct observed_hop *last_router(const struct walk *walk)
{
	for (uint32_t i = walk->hop_count; i > 0; i--)
		if (walk->hops[i - 1].has_route)
			return &walk->hops[i - 1];
	return NULL;
}

/* The BGP hop that led to the failing node, with the session its route came over. */
struct bgp_hop {
	const struct observed_hop *hop;
	const struct state_path *best;
	const struct state_session *session;
	uint32_t sender; /* node at the session's other end; MODEL_NONE */
};

static bool last_bgp(const struct walk *walk, struct bgp_hop *found)
{
	const struct observed_hop *hop = last_router(walk);
	if (!hop || hop->source != ROUTE_BGP)
		return false;
	*found = (struct bgp_hop){ hop, state_best_find(walk->state, hop->node, hop->prefix), NULL,
				   MODEL_NONE };
	if (!found->best || !found->best->neighbor[0])
		return false;
	found->session = state_session_find(walk->state, hop->node, found->best->neighbor);
	if (found->session)
		found->sender = owner_of(walk->state, found->session->peer);
	return found->session && found->sender != MODEL_NONE;
}

/* Calico's BIRD writes its own address on eBGP routes unless told to keep the original one. */
static void next_hop_not_kept(const struct walk *walk, struct story *story)
{
	struct bgp_hop bgp;
	if (!last_bgp(walk, &bgp) || bgp.sender == walk->to)
		return;
	if (owner_of(walk->state, bgp.hop->next_hop.via) != bgp.sender)
		return;
	const struct model_neighbor *towards =
		neighbor_towards(walk->state, bgp.sender, bgp.hop->node);
	const struct model_bgp *sender = &config_now(walk->state, bgp.sender)->bgp;
	if (!towards)
		return;
	uint32_t local_as = towards->local_as ? towards->local_as : sender->local_as;
	bool automatic = towards->next_hop == MODEL_NEXT_HOP_AUTO &&
			 towards->remote_as != local_as && towards->multihop;
	if (!automatic && towards->next_hop != MODEL_NEXT_HOP_SELF)
		return;
	struct source_pos pos = towards->next_hop_pos.source ? towards->next_hop_pos : towards->pos;
	bool reflector = config_now(walk->state, bgp.sender)->reflector;
	bullet(story);
	text_printf(&story->text, "%s sends to %s%s, not to the pod's node %s: %s ",
		    name_of(walk, bgp.hop->node), reflector ? "the reflector " : "",
		    name_of(walk, bgp.sender), name_of(walk, walk->to),
		    towards->resource ? towards->resource : towards->name);
	if (automatic)
		text_printf(&story->text, "keeps no original next hop, so %s on %s writes its own "
					  "address (eBGP, multihop)",
			    sender->process ? sender->process : "its daemon",
			    name_of(walk, bgp.sender));
	else
		text_put(&story->text, "sets its own address as next hop");
	bullet_end(walk->state, story, pos);
	story_place(story, pos, "routes to %s carry %s's address as next hop",
		    name_of(walk, bgp.hop->node), name_of(walk, bgp.sender));
}

/* What a daemon offers when nothing is configured. The speaker's own table decides; this one only
 * finds words, and only where it agrees with what the two settled on. */
static uint32_t offered_hold(const struct walk *walk, uint32_t node,
			     const struct model_neighbor *neighbor)
{
	static const struct {
		const char *profile;
		uint32_t hold_s;
	} defaults[] = { { "calico-bird", 240 }, { "frr", 180 }, { "quagga", 180 } };
	const char *profile = config_now(walk->state, node)->bgp.profile;
	if (neighbor && neighbor->hold_s)
		return neighbor->hold_s;
	for (size_t i = 0; profile && i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (strcmp(defaults[i].profile, profile) == 0)
			return defaults[i].hold_s;
	return 0;
}

static void put_hold(const struct walk *walk, struct text *out, const struct bgp_hop *bgp,
		     const struct model_neighbor *mine)
{
	const struct model_neighbor *theirs =
		neighbor_towards(walk->state, bgp->sender, bgp->hop->node);
	uint32_t a = offered_hold(walk, bgp->hop->node, mine);
	uint32_t b = offered_hold(walk, bgp->sender, theirs);
	uint32_t agreed = bgp->session->hold_s;
	if (!agreed) {
		text_put(out, "for ever: they agreed on no hold time");
		return;
	}
	text_printf(out, "for %us: hold time ", agreed);
	if (a && b && agreed == (a < b ? a : b))
		text_printf(out, "min(%s %us, %s %us)", name_of(walk, bgp->hop->node), a,
			    name_of(walk, bgp->sender), b);
	else
		text_put(out, "as agreed");
}

/* The session a dead next hop's route came over is still believed. */
static void silent_neighbor(const struct walk *walk, struct story *story)
{
	struct bgp_hop bgp;
	int64_t since_ns;
	if (!last_bgp(walk, &bgp) || strcmp(bgp.session->state, "Established") != 0)
		return;
	bool reachable = state_node_alive(walk->state, bgp.sender, &since_ns) &&
			 daemon_running(walk->state, bgp.sender) &&
			 same_island(walk->state, bgp.sender, bgp.hop->node);
	if (reachable)
		return;
	const struct model_neighbor *mine =
		neighbor_named(walk->state, bgp.hop->node, bgp.session->neighbor);
	struct text *out = &story->text;
	bullet(story);
	text_printf(out, "%s trusts a silent neighbor ", name_of(walk, bgp.hop->node));
	put_hold(walk, out, &bgp, mine);
	if (bgp.session->last_heard_ns != MODEL_NO_TIME) {
		text_put(out, ", last heard at ");
		text_seconds(out, bgp.session->last_heard_ns);
	}
	struct source_pos pos = mine ? mine->timers_pos : (struct source_pos){ 0 };
	bullet_end(walk->state, story, pos);
	story_place(story, pos, "the hold time is set here");
}

/* Another neighbour offered the prefix too, by a next hop that is alive. */
static void other_path(const struct walk *walk, struct story *story)
{
	struct bgp_hop bgp;
	uint32_t cursor = 0;
	const struct state_path *path;
	if (!last_bgp(walk, &bgp))
		return;
	while ((path = state_path_next(walk->state, bgp.hop->node, &cursor)) != NULL) {
		int64_t since_ns;
		if (path->best || !ip_prefix_equal(path->prefix, bgp.hop->prefix) ||
		    strcmp(path->neighbor, bgp.best->neighbor) == 0)
			continue;
		uint32_t owner = owner_of(walk->state, path->attrs.next_hop);
		if (owner == MODEL_NONE || owner == walk->failing_node ||
		    !state_node_alive(walk->state, owner, &since_ns))
			continue;
		bullet(story);
		text_printf(&story->text, "another path, via %s (", name_of(walk, owner));
		words_addr(&story->text, path->attrs.next_hop);
		text_put(&story->text, "), is known since ");
		text_seconds(&story->text, path->since_ns);
		/* The rule is of the time when the best was chosen. */
		if (path->sequence < bgp.best->sequence && bgp.best->rule[0])
			text_printf(&story->text, "; \"%s\" decided against it", bgp.best->rule);
		bullet_end(walk->state, story, (struct source_pos){ 0 });
	}
}

static void not_forwarding(const struct walk *walk, struct story *story)
{
	const struct model_config *config = config_now(walk->state, walk->failing_node);
	if (walk->disposition != DISPOSITION_NOT_FORWARDING || config->ip_forward)
		return;
	bullet(story);
	text_printf(&story->text, "net.ipv4.ip_forward is 0 on %s",
		    name_of(walk, walk->failing_node));
	bullet_end(walk->state, story, config->ip_forward_pos);
	story_place(story, config->ip_forward_pos, "%s does not forward",
		    name_of(walk, walk->failing_node));
}

static bool matches(const struct model_filter *filter, const struct walk *walk,
		    struct ip_addr source)
{
	uint16_t port = walk->flow->port;
	return (!filter->protocol || filter->protocol == walk->flow->protocol) &&
	       (!filter->source.addr.family || ip_prefix_contains(filter->source, source)) &&
	       (!filter->destination.addr.family ||
		ip_prefix_contains(filter->destination, walk->destination)) &&
	       (!filter->source_port || (walk->way && filter->source_port == port)) &&
	       (!filter->destination_port || (!walk->way && filter->destination_port == port)) &&
	       (!filter->established_only || walk->way);
}

static void filtered(const struct walk *walk, struct story *story)
{
	static const char *const chains[] = { "INPUT", "FORWARD", "OUTPUT" };
	if (walk->disposition != DISPOSITION_DENIED_IN &&
	    walk->disposition != DISPOSITION_DENIED_OUT)
		return;
	const struct model_config *config = config_now(walk->state, walk->failing_node);
	struct ip_addr source = walk->way ? walk->flow->to : walk->flow->from;
	int chain = walk->failing_node == walk->to ? MODEL_INPUT :
		walk->failing_node == walk->from ? MODEL_OUTPUT : MODEL_FORWARD;
	if (!source.family)
		source = node_address(walk->state, walk->from);
	for (uint32_t i = 0; i < config->filter_count; i++) {
		const struct model_filter *filter = &config->filters[i];
		/* A pod's node forwards to it although it is the flow's last node. */
		bool here = (int)filter->chain == chain || filter->chain == MODEL_FORWARD;
		if (!here || !matches(filter, walk, source))
			continue;
		if (filter->verdict == MODEL_ACCEPT)
			return;
		bullet(story);
		text_printf(&story->text, "a rule of %s %s it (chain %s)",
			    name_of(walk, walk->failing_node),
			    filter->verdict == MODEL_DROP ? "drops" : "rejects",
			    chains[filter->chain]);
		bullet_end(walk->state, story, filter->pos);
		story_place(story, filter->pos, "this rule stops %s", walk->flow->name);
		return;
	}
}

static void rp_filtered(const struct walk *walk, struct story *story)
{
	if (walk->disposition != DISPOSITION_RP_FILTERED)
		return;
	uint8_t mode = config_now(walk->state, walk->failing_node)->rp_filter;
	bullet(story);
	text_printf(&story->text, "rp_filter is %u (%s) on %s: %s", mode,
		    mode == 1 ? "strict" : mode == 2 ? "loose" : "off",
		    name_of(walk, walk->failing_node),
		    mode == 2 ? "it has no route back to the source" :
				"its route back to the source leaves by another interface");
	bullet_end(walk->state, story, (struct source_pos){ 0 });
}

static void null_routed(const struct walk *walk, struct story *story)
{
	const struct observed_hop *hop = last_router(walk);
	if (walk->disposition != DISPOSITION_NULL_ROUTED || !hop)
		return;
	const struct model_config *config = config_now(walk->state, hop->node);
	if (hop->source != ROUTE_BLACKHOLE_BLOCK)
		return;
	struct source_pos pos = { 0 };
	for (uint32_t i = 0; i < config->block_count; i++)
		if (ip_prefix_equal(config->blocks[i].prefix, hop->prefix))
			pos = config->blocks[i].pos;
	bullet(story);
	text_printf(&story->text, "%s owns the block ", name_of(walk, hop->node));
	words_prefix(&story->text, hop->prefix);
	text_put(&story->text, ", but has no route to a pod ");
	words_addr(&story->text, walk->destination);
	bullet_end(walk->state, story, pos);
}

static void daemon_is(const struct walk *walk, uint32_t node, struct story *story)
{
	const struct state_node *it = state_node_at(walk->state, node);
	const struct model_bgp *bgp = &config_now(walk->state, node)->bgp;
	if (!it->up)
		return;
	bullet(story);
	text_printf(&story->text, "%s on %s is %s since ",
		    bgp->process ? bgp->process : "the BGP daemon", name_of(walk, node),
		    it->process_state);
	text_seconds(&story->text, it->process_since_ns);
	words_step(&story->text, walk->model, it->last_step, ", ");
	bullet_end(walk->state, story, (struct source_pos){ 0 });
}

static void no_route(const struct walk *walk, struct story *story)
{
	if (walk->disposition != DISPOSITION_NO_ROUTE)
		return;
	const struct model_bgp *bgp = &config_now(walk->state, walk->failing_node)->bgp;
	const char *node = name_of(walk, walk->failing_node);
	uint32_t cursor = 0;
	const struct state_path *path;
	bool known = false;
	while ((path = state_path_next(walk->state, walk->failing_node, &cursor)) != NULL)
		known |= ip_prefix_contains(path->prefix, walk->destination);
	bullet(story);
	text_printf(&story->text, "%s has no route to ", node);
	words_addr(&story->text, walk->destination);
	if (bgp->enabled)
		text_put(&story->text, known ? ", though BGP knows a path that is not usable" :
					       ", and no BGP neighbor offers one");
	bullet_end(walk->state, story, (struct source_pos){ 0 });
	uint32_t owner = walk->to;
	const struct model_bgp *theirs = &config_now(walk->state, owner)->bgp;
	if (theirs->enabled && owner != walk->failing_node && !daemon_running(walk->state, owner) &&
	    !neighbor_towards(walk->state, walk->failing_node, owner)) /* said below, with it */
		daemon_is(walk, owner, story);
	if (bgp->enabled && bgp->ebgp_requires_policy) {
		for (uint32_t i = 0; i < bgp->neighbor_count; i++) {
			const struct model_neighbor *neighbor = &bgp->neighbors[i];
			if (neighbor->remote_as == bgp->local_as || neighbor->import)
				continue;
			bullet(story);
			text_printf(&story->text, "%s takes no routes from eBGP neighbor ", node);
			words_addr(&story->text, neighbor->address);
			text_put(&story->text, " without a policy (bgp ebgp-requires-policy)");
			bullet_end(walk->state, story, neighbor->pos);
			story_place(story, neighbor->pos, "no policy: its routes are refused");
		}
	}
	if (bgp->enabled || walk->model->nodes[walk->failing_node].kind != MODEL_HOST)
		explain_sessions_down(walk->state, walk->failing_node, story);
}

/* The failing node's session with it is up, or it has none of its own. */
static bool hears(const struct walk *walk, uint32_t peer)
{
	const struct model_neighbor *neighbor =
		neighbor_towards(walk->state, walk->failing_node, peer);
	if (!neighbor)
		return true;
	const struct state_session *session =
		state_session_find(walk->state, walk->failing_node, neighbor->name);
	return session && strcmp(session->state, "Established") == 0;
}

/* BIRD, started with -R, tells nobody anything before all its neighbours are up, or 240 s passed. */
static void held_back(const struct walk *walk, struct story *story)
{
	if (walk->disposition != DISPOSITION_NO_ROUTE)
		return;
	for (uint32_t node = 0; node < walk->model->node_count; node++) {
		const struct state_session *session = NULL;
		uint32_t cursor = 0;
		if (node != walk->failing_node && node != walk->to)
			continue;
		if (node == walk->to && !hears(walk, node))
			continue;
		while ((session = state_session_next(walk->state, node, &cursor)) != NULL)
			if (session->waiting)
				break;
		if (!session)
			continue;
		bullet(story);
		text_printf(&story->text, "%s on %s started at ",
			    config_now(walk->state, node)->bgp.process, name_of(walk, node));
		text_seconds(&story->text, state_node_at(walk->state, node)->process_since_ns);
		text_put(&story->text, " and holds its routes back: it waits for all its "
				       "neighbors, at most 240s (graceful restart)");
		bullet_end(walk->state, story, (struct source_pos){ 0 });
	}
}

static void partitioned(const struct walk *walk, struct story *story)
{
	uint32_t step = state_partition(walk->state);
	const struct observed_hop *hop = last_router(walk);
	if (step == MODEL_NONE || !hop || !walk->failing_next_hop.family)
		return;
	uint32_t owner = owner_of(walk->state, walk->failing_next_hop);
	if (owner == MODEL_NONE || same_island(walk->state, hop->node, owner))
		return;
	bullet(story);
	text_printf(&story->text, "%s and %s are in different islands since ",
		    name_of(walk, hop->node), name_of(walk, owner));
	text_seconds(&story->text, walk->model->steps[step].at_ns);
	words_step(&story->text, walk->model, step, ", ");
	bullet_end(walk->state, story, (struct source_pos){ 0 });
}

/* A daemon that is not running learns nothing new, and its kernel keeps what it had. */
static void daemon_down(const struct walk *walk, struct story *story)
{
	for (uint32_t i = 0; i < walk->hop_count; i++) {
		uint32_t node = walk->hops[i].node;
		if (config_now(walk->state, node)->bgp.enabled &&
		    !daemon_running(walk->state, node))
			daemon_is(walk, node, story);
	}
}

static void (*const rules[])(const struct walk *walk, struct story *story) = {
	next_hop_not_kept, silent_neighbor, other_path, not_forwarding, filtered, rp_filtered,
	null_routed, no_route, held_back, partitioned, daemon_down,
};

void explain_because(const struct walk *walk, struct story *story)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		rules[i](walk, story);
}
