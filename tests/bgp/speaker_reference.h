/* Whole speakers, slow and obvious: what every one of a few neighbours must have heard from every
 * other once all is quiet. Nothing is remembered from one round to the next: all tables are
 * exchanged, whole, until nothing changes any more. For speakers wired together by pipe.h, where
 * every next hop is reachable and on the one subnet they share.
 *
 * What it has no notion of must not be switched on: ADD-PATH of several paths, the age of routes
 * (see reference_profile), local_as, IPv6. */
#ifndef TESTS_BGP_SPEAKER_REFERENCE_H
#define TESTS_BGP_SPEAKER_REFERENCE_H

#include "tests/bgp/pipe.h"

#define REF_PREFIXES 6
#define REF_LIST 12
#define REF_ROUNDS 64

struct ref_list {
	uint32_t items[REF_LIST];
	int count;
};

struct ref_route {
	bool present, best, rejected, loop;
	uint32_t from; /* speaker it came from; oneself: a local route */
	uint8_t origin;
	bool has_med, has_local_pref, has_originator;
	uint32_t med, local_pref, originator;
	struct ip_addr next_hop;
	struct ref_list path, communities, clusters;
};

struct reference {
	struct pipe *pipe;
	struct ref_route routes[PIPE_SPEAKERS][REF_PREFIXES][PIPE_SPEAKERS];
};

/* A profile whose decisions do not depend on what was there before. */
PIPE struct bgp_profile reference_profile(const struct bgp_profile *from)
{
	struct bgp_profile profile = *from;
	int to = 0;
	for (int i = 0; from->decision[i] != BGP_RULE_END; i++)
		if (from->decision[i] != BGP_RULE_OLDEST_EXTERNAL &&
		    from->decision[i] != BGP_RULE_NOT_STALE)
			profile.decision[to++] = from->decision[i];
	profile.decision[to] = BGP_RULE_END;
	profile.med_zero_reflected = false;
	profile.repeats_unchanged = false;
	if (profile.ebgp_next_hop == BGP_EBGP_NEXT_HOP_THIRD_PARTY_OTHER)
		profile.ebgp_next_hop = BGP_EBGP_NEXT_HOP_THIRD_PARTY;
	profile.multipath_stop = BGP_RULE_ROUTER_ID;
	return profile;
}

PIPE struct ip_prefix ref_prefix(int number)
{
	return (struct ip_prefix){ ip_addr_v4(0x14000000u | (uint32_t)number << 8), 24 };
}

PIPE const struct pipe_speaker *ref_node(const struct reference *ref, uint32_t at)
{
	return &ref->pipe->speakers[at];
}

/* How `at` sees `other`; NULL: not at all. */
PIPE const struct bgp_peer_config *ref_peer(const struct reference *ref, uint32_t at,
					    uint32_t other)
{
	const struct bgp_config *config = &ref_node(ref, at)->config;
	for (size_t i = 0; i < config->peer_count; i++)
		if (ip_addr_equal(config->peers[i].remote, ref_node(ref, other)->address))
			return config->peers[i].shutdown ? NULL : &config->peers[i];
	return NULL;
}

PIPE bool ref_joined(const struct reference *ref, uint32_t a, uint32_t b)
{
	return a != b && ref_node(ref, a)->speaker && ref_node(ref, b)->speaker &&
	       ref_peer(ref, a, b) && ref_peer(ref, b, a);
}

PIPE bool ref_external(const struct reference *ref, uint32_t a, uint32_t b)
{
	return ref_node(ref, a)->config.local_as != ref_node(ref, b)->config.local_as;
}

PIPE bool ref_client(const struct reference *ref, uint32_t at, uint32_t other)
{
	return at != other && !ref_external(ref, at, other) && ref_peer(ref, at, other)->rr_client;
}

PIPE uint32_t ref_cluster(const struct reference *ref, uint32_t at, uint32_t other)
{
	const struct bgp_config *config = &ref_node(ref, at)->config;
	uint32_t own = ref_peer(ref, at, other)->cluster_id;
	if (own)
		return own;
	return config->cluster_id ? config->cluster_id : config->router_id;
}

PIPE bool ref_has(const struct ref_list *list, uint32_t what)
{
	for (int i = 0; i < list->count; i++)
		if (list->items[i] == what)
			return true;
	return false;
}

PIPE void ref_add(struct ref_list *list, int at, uint32_t what)
{
	assert_true(list->count < REF_LIST);
	for (int i = list->count++; i > at; i--)
		list->items[i] = list->items[i - 1];
	list->items[at] = what;
}

/* ---- policy ---------------------------------------------------------------------------------- */

/* False: rejected. */
PIPE bool ref_policy(const struct bgp_policy *policy, struct ip_prefix prefix, uint8_t from,
		     struct ref_route *route)
{
	for (size_t i = 0; policy && i < policy->count; i++) {
		const struct bgp_policy_rule *rule = &policy->rules[i];
		bool inside = rule->prefix.addr.family == IP_NONE ||
			      ip_prefix_covers(rule->prefix, prefix);
		bool long_enough = !rule->length_max || (prefix.length >= rule->length_min &&
							 prefix.length <= rule->length_max);
		if (!inside || !long_enough || (rule->from && !(rule->from & from)))
			continue;
		if (rule->verdict == BGP_RULE_REJECT)
			return false;
		for (size_t c = 0; c < rule->add_community_count; c++)
			if (!ref_has(&route->communities, rule->add_communities[c]))
				ref_add(&route->communities, route->communities.count,
					rule->add_communities[c]);
		if (rule->set_local_pref) {
			route->has_local_pref = true;
			route->local_pref = rule->local_pref;
		}
		if (rule->verdict == BGP_RULE_ACCEPT)
			return true;
	}
	return !policy || policy->accept_rest;
}

/* ---- what `at` tells `to` of its best route ------------------------------------------------- */

PIPE bool ref_may_tell(const struct reference *ref, uint32_t at, uint32_t to,
		       const struct ref_route *r)
{
	const struct bgp_profile *profile = ref_node(ref, at)->config.profile;
	bool external = ref_external(ref, at, to);
	if (r->from == to && !profile->reflect_to_source)
		return false;
	if (ref_has(&r->communities, 0xffffff02u) ||
	    (external && ref_has(&r->communities, 0xffffff01u)))
		return false;
	if (external)
		return ref_peer(ref, at, to)->export ||
		       !ref_node(ref, at)->config.ebgp_requires_policy;
	if (r->from == at || ref_external(ref, at, r->from))
		return true;
	if (!ref_client(ref, at, r->from) && !ref_client(ref, at, to))
		return false;
	return !ref_client(ref, at, to) || !ref_has(&r->clusters, ref_cluster(ref, at, to));
}

PIPE void ref_reflect(const struct reference *ref, uint32_t at, uint32_t to, struct ref_route *r)
{
	uint32_t mine[2];
	int count = 0;
	bool from_client = ref_client(ref, at, r->from);
	if (ref_client(ref, at, to) &&
	    (!from_client || ref_cluster(ref, at, to) != ref_cluster(ref, at, r->from)))
		mine[count++] = ref_cluster(ref, at, to);
	if (from_client)
		mine[count++] = ref_cluster(ref, at, r->from);
	while (count)
		ref_add(&r->clusters, 0, mine[--count]);
	struct ref_list *list = &r->clusters;
	for (int i = 0; ref_node(ref, at)->config.profile->cluster_list_sorted && i < list->count;
	     i++)
		for (int j = i + 1; j < list->count; j++)
			if (list->items[j] < list->items[i]) {
				uint32_t swap = list->items[i];
				list->items[i] = list->items[j];
				list->items[j] = swap;
			}
	if (!r->has_originator) {
		r->has_originator = true;
		r->originator = ref_node(ref, r->from)->config.router_id;
	}
}

/* False: nothing is told. `r` is the best route, and becomes what is told. */
PIPE bool ref_tell(const struct reference *ref, uint32_t at, uint32_t to, int prefix,
		   struct ref_route *r)
{
	const struct bgp_profile *profile = ref_node(ref, at)->config.profile;
	const struct bgp_peer_config *peer = ref_peer(ref, at, to);
	bool external = ref_external(ref, at, to), local = r->from == at;
	bool reflected = !local && !external && !ref_external(ref, at, r->from);
	uint8_t from = local				 ? BGP_FROM_LOCAL
		       : ref_external(ref, at, r->from) ? BGP_FROM_EXTERNAL
							 : BGP_FROM_INTERNAL;
	if (!ref_may_tell(ref, at, to, r) ||
	    !ref_policy(peer->export, ref_prefix(prefix), from, r))
		return false;
	bool keep = !local && peer->next_hop != BGP_NEXT_HOP_SELF;
	if (keep && external && peer->multihop && peer->next_hop == BGP_NEXT_HOP_AUTO &&
	    profile->ebgp_next_hop == BGP_EBGP_NEXT_HOP_SELF_IF_MULTIHOP)
		keep = false;
	if (!keep)
		r->next_hop = ref_node(ref, at)->address;
	if (profile->suppress_next_hop_of_peer &&
	    ip_addr_equal(r->next_hop, ref_node(ref, to)->address))
		return false;
	if (external) {
		r->has_local_pref = r->has_originator = false;
		r->clusters.count = 0;
		if (!local && r->has_med) {
			r->med = 0;
			r->has_med = profile->med_zero_to_external;
		}
		ref_add(&r->path, 0, ref_node(ref, at)->config.local_as);
	} else {
		if (!r->has_local_pref)
			r->local_pref = 100;
		r->has_local_pref = true;
		if (reflected)
			ref_reflect(ref, at, to, r);
	}
	return true;
}

/* What `at` makes of what `from` told it. */
PIPE void ref_hear(const struct reference *ref, uint32_t at, uint32_t from, int prefix,
		   struct ref_route *r)
{
	const struct bgp_config *config = &ref_node(ref, at)->config;
	const struct bgp_peer_config *peer = ref_peer(ref, at, from);
	bool external = ref_external(ref, at, from);
	uint32_t times = 0;
	r->from = from;
	if (external)
		r->has_local_pref = false;
	for (int i = 0; i < r->path.count; i++)
		times += r->path.items[i] == config->local_as;
	r->loop = times > peer->allow_as_in ||
		  ip_addr_equal(r->next_hop, ref_node(ref, at)->address);
	if (!external && r->has_originator && r->originator == config->router_id)
		r->loop = true;
	bool looks = peer->rr_client || config->profile->cluster_loop == BGP_CLUSTER_LOOP_RECEIVED;
	if (!external && looks && ref_has(&r->clusters, ref_cluster(ref, at, from)))
		r->loop = true;
	r->rejected = external && config->ebgp_requires_policy && !peer->import;
	if (r->loop || r->rejected)
		return;
	struct ref_route before = *r;
	if (!ref_policy(peer->import, ref_prefix(prefix),
			external ? BGP_FROM_EXTERNAL : BGP_FROM_INTERNAL, r)) {
		*r = before;
		r->rejected = true;
	}
}

/* ---- the decision ---------------------------------------------------------------------------- */

PIPE int64_t ref_rank(const struct reference *ref, uint32_t at, int rule,
		      const struct ref_route *r)
{
	bool local = r->from == at, internal = !local && !ref_external(ref, at, r->from);
	switch (rule) {
	case BGP_RULE_USABLE: return 0;
	case BGP_RULE_WEIGHT_LOCAL: return !local;
	case BGP_RULE_LOCAL_PREF: return -(int64_t)(r->has_local_pref ? r->local_pref : 100);
	case BGP_RULE_AS_PATH_LENGTH: return r->path.count;
	case BGP_RULE_ORIGIN: return r->origin;
	case BGP_RULE_EXTERNAL: return internal;
	case BGP_RULE_IGP_METRIC: return 0;
	case BGP_RULE_ROUTER_ID:
		return r->has_originator ? r->originator : ref_node(ref, r->from)->config.router_id;
	case BGP_RULE_CLUSTER_LIST: return r->clusters.count;
	case BGP_RULE_PEER_ADDRESS:
		return local ? 0 : ip_addr_to_v4(ref_node(ref, r->from)->address);
	case BGP_RULE_PATH_ID: return 0;
	default: return 0;
	}
}

PIPE bool ref_better(const struct reference *ref, uint32_t at, const struct ref_route *a,
		     const struct ref_route *b)
{
	const struct bgp_profile *profile = ref_node(ref, at)->config.profile;
	for (int i = 0; profile->decision[i] != BGP_RULE_END; i++) {
		int64_t x = ref_rank(ref, at, profile->decision[i], a);
		int64_t y = ref_rank(ref, at, profile->decision[i], b);
		if (profile->decision[i] == BGP_RULE_MED) {
			uint32_t none = profile->med_missing_worst ? UINT32_MAX : 0;
			uint32_t first_a = a->path.count ? a->path.items[0] : 0;
			uint32_t first_b = b->path.count ? b->path.items[0] : 0;
			x = first_a != first_b ? 0 : a->has_med ? a->med : none;
			y = first_a != first_b ? 0 : b->has_med ? b->med : none;
		}
		if (x != y)
			return x < y;
	}
	return false;
}

PIPE struct ref_route *ref_decide(struct reference *ref, uint32_t at, int prefix)
{
	struct ref_route *best = NULL;
	for (uint32_t turn = 0; turn <= ref->pipe->speaker_count; turn++) {
		uint32_t from = turn == 0 ? at : turn - 1; /* own routes first */
		struct ref_route *r = &ref->routes[at][prefix][from];
		r->best = false;
		if (r->present && !r->rejected && !r->loop &&
		    (!best || ref_better(ref, at, r, best)))
			best = r;
	}
	if (best)
		best->best = true;
	return best;
}

PIPE void ref_local(struct reference *ref, uint32_t at, int prefix,
		    const struct bgp_local_route *route)
{
	struct ref_route *r = &ref->routes[at][prefix][at];
	*r = (struct ref_route){ .from = at };
	if (!route)
		return;
	r->present = true;
	r->origin = route->origin;
	r->has_med = route->has_med;
	r->med = route->med;
}

/* Exchanges everything until nothing changes. False: it never settles. */
PIPE bool ref_solve(struct reference *ref)
{
	uint32_t count = ref->pipe->speaker_count;
	for (uint32_t at = 0; at < count; at++)
		for (int prefix = 0; prefix < REF_PREFIXES; prefix++)
			for (uint32_t from = 0; from < count; from++)
				if (from != at)
					ref->routes[at][prefix][from] = (struct ref_route){ 0 };
	for (int round = 0; round < REF_ROUNDS; round++) {
		bool changed = false;
		for (uint32_t at = 0; at < count; at++)
			for (int prefix = 0; prefix < REF_PREFIXES; prefix++) {
				const struct ref_route *best = ref_decide(ref, at, prefix);
				for (uint32_t to = 0; to < count; to++) {
					if (!ref_joined(ref, at, to))
						continue;
					struct ref_route *slot = &ref->routes[to][prefix][at];
					struct ref_route told;
					memset(&told, 0, sizeof(told));
					if (best) {
						told = *best;
						told.best = false;
					}
					if (best && ref_tell(ref, at, to, prefix, &told))
						ref_hear(ref, to, at, prefix, &told);
					else
						memset(&told, 0, sizeof(told));
					told.best = slot->best;
					changed |= memcmp(slot, &told, sizeof(told)) != 0;
					memcpy(slot, &told, sizeof(told));
				}
			}
		if (!changed)
			return true;
	}
	return false;
}

/* ---- comparing ------------------------------------------------------------------------------- */

struct ref_check {
	struct reference *ref;
	uint32_t at, seen;
};

PIPE void ref_list_print(const struct ref_list *list, struct text *out)
{
	for (int i = 0; i < list->count; i++)
		text_printf(out, "%s%x", i ? "," : "", list->items[i]);
}

PIPE void ref_wire_print(const uint8_t *bytes, uint32_t count, struct text *out)
{
	struct reader in = reader_of(count ? bytes : (const uint8_t *)"", (size_t)count * 4);
	for (uint32_t i = 0; i < count; i++)
		text_printf(out, "%s%x", i ? "," : "", reader_u32(&in));
}

PIPE void ref_route_print(const struct ref_route *r, struct text *out)
{
	char buffer[IP_TEXT_MAX];
	text_printf(out, "origin %u path ", r->origin);
	for (int i = 0; i < r->path.count; i++)
		text_printf(out, "%s%u", i ? " " : "", r->path.items[i]);
	text_printf(out, " hop %s", r->next_hop.family ? ip_addr_format(r->next_hop, buffer) : "-");
	if (r->has_med)
		text_printf(out, " med %u", r->med);
	if (r->has_local_pref)
		text_printf(out, " pref %u", r->local_pref);
	if (r->has_originator)
		text_printf(out, " originator %x", r->originator);
	text_put(out, " communities ");
	ref_list_print(&r->communities, out);
	text_put(out, " clusters ");
	ref_list_print(&r->clusters, out);
}

PIPE void ref_attrs_print(const struct bgp_attrs *attrs, struct text *out)
{
	char buffer[IP_TEXT_MAX];
	text_printf(out, "origin %u path ", attrs->origin);
	bgp_as_path_print(attrs, out);
	text_printf(out, " hop %s",
		    attrs->next_hop.family ? ip_addr_format(attrs->next_hop, buffer) : "-");
	if (bgp_has(attrs, BGP_ATTR_MED))
		text_printf(out, " med %u", attrs->med);
	if (bgp_has(attrs, BGP_ATTR_LOCAL_PREF))
		text_printf(out, " pref %u", attrs->local_pref);
	if (bgp_has(attrs, BGP_ATTR_ORIGINATOR_ID))
		text_printf(out, " originator %x", attrs->originator_id);
	text_put(out, " communities ");
	ref_wire_print(attrs->communities, attrs->community_count, out);
	text_put(out, " clusters ");
	ref_wire_print(attrs->cluster_list, attrs->cluster_count, out);
}

PIPE void ref_path_check(void *context, const struct bgp_path_view *view)
{
	struct ref_check *check = context;
	struct reference *ref = check->ref;
	uint32_t from = check->at;
	int prefix = view->prefix.addr.bytes[2];
	if (view->peer)
		from = pipe_index(ref->pipe, pipe_find(ref->pipe, view->peer->remote));
	assert_true(prefix < REF_PREFIXES);
	assert_true(ip_prefix_equal(view->prefix, ref_prefix(prefix)));
	const struct ref_route *want = &ref->routes[check->at][prefix][from];
	struct text wanted, have;
	text_init(&wanted);
	text_init(&have);
	text_printf(&wanted, "speaker %u prefix %d from %u present %d usable %d best %d: ",
		    check->at, prefix, from, want->present, !want->loop && !want->rejected,
		    want->best);
	text_printf(&have, "speaker %u prefix %d from %u present %d usable %d best %d%s: ",
		    check->at, prefix, from, 1, view->usable, view->best,
		    view->stale ? " stale" : "");
	ref_route_print(want, &wanted);
	ref_attrs_print(bgp_attrs_of(ref->pipe->table, view->attrs_id), &have);
	if (strcmp(text_string(&wanted), text_string(&have)) != 0)
		print_message("wanted %s\nhave   %s\n", text_string(&wanted), text_string(&have));
	assert_string_equal(text_string(&wanted), text_string(&have));
	text_free(&wanted);
	text_free(&have);
	check->seen++;
}

PIPE void ref_fib_check(const struct reference *ref, uint32_t at, int prefix)
{
	char buffer[IP_TEXT_MAX];
	const struct ref_route *best = NULL;
	for (uint32_t from = 0; from < ref->pipe->speaker_count; from++)
		if (ref->routes[at][prefix][from].best)
			best = &ref->routes[at][prefix][from];
	const struct pipe_fib *fib =
		pipe_fib(ref_node(ref, at), ip_prefix_format(ref_prefix(prefix), buffer));
	if (!best || best->from == at) {
		assert_null(fib);
		return;
	}
	assert_non_null(fib);
	assert_true(fib->count > 0);
	assert_true(ip_addr_equal(fib->next_hops[0], best->next_hop));
}

/* All tables of all running speakers are what the slow way makes of it. */
PIPE void ref_judge(struct reference *ref)
{
	bool settles = ref_solve(ref);
	assert_true(settles);
	for (uint32_t at = 0; at < ref->pipe->speaker_count; at++) {
		struct ref_check check = { ref, at, 0 };
		uint32_t wanted = 0;
		if (!ref_node(ref, at)->speaker)
			continue;
		for (int prefix = 0; prefix < REF_PREFIXES; prefix++)
			for (uint32_t from = 0; from < ref->pipe->speaker_count; from++)
				wanted += ref->routes[at][prefix][from].present;
		bgp_paths_each(ref_node(ref, at)->speaker, ref_path_check, &check);
		if (check.seen != wanted)
			print_message("speaker %u holds %u paths, should %u\n", at, check.seen,
				      wanted);
		assert_int_equal(check.seen, wanted);
		for (int prefix = 0; prefix < REF_PREFIXES; prefix++)
			ref_fib_check(ref, at, prefix);
	}
}

/* Runs until every configured session between running speakers is up; false: not within that. */
PIPE bool ref_settle(struct reference *ref, int64_t limit_s)
{
	struct pipe *pipe = ref->pipe;
	for (int64_t waited = 0; waited < limit_s; waited += 5) {
		bool all = true;
		for (uint32_t a = 0; a < pipe->speaker_count; a++)
			for (uint32_t b = 0; b < pipe->speaker_count; b++)
				all &= !ref_joined(ref, a, b) ||
				       bgp_peer_state(pipe->speakers[a].speaker,
						      ref_peer(ref, a, b)->name) ==
					       BGP_ESTABLISHED;
		if (all)
			return true;
		pipe_run_s(pipe, 5);
	}
	return false;
}

#endif
