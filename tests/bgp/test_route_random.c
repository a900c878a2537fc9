/* Random histories against a second implementation that is slow and obvious: it keeps every route
 * as a plain record, works everything out anew after each step, and knows nothing of groups,
 * journals, interning or next-hop indexes. What each peer holds, and the FIB, must be the
 * same. */
#include "tests/bgp/route_reference.h"

/* ---- judging -------------------------------------------------------------------------------- */

struct holding {
	char lines[PREFIXES * ALL][320];
	size_t count;
};

static int compare_lines(const void *a, const void *b) { return strcmp(a, b); }

static void wanted(struct reference *ref, int to, struct holding *out)
{
	bool all_paths = ref->net->peers[to].about.codec.add_path_out;
	out->count = 0;
	for (int prefix = 0; prefix < PREFIXES; prefix++)
		for (int p = 0; p <= PEERS; p++)
			for (int id = 0; id < IDS; id++) {
				const struct route *r = &ref->routes[prefix][p][id];
				struct text text;
				if (!r->present || (!all_paths && !r->best))
					continue;
				text_init(&text);
				if (tell(ref, r, to, &text))
					snprintf(out->lines[out->count++], sizeof(out->lines[0]),
						 "%s %s", prefix_text(prefix), text_string(&text));
				text_free(&text);
			}
	qsort(out->lines, out->count, sizeof(out->lines[0]), compare_lines);
}

static void held(const struct net_peer *peer, struct holding *out)
{
	char buffer[IP_TEXT_MAX];
	out->count = 0;
	for (size_t i = 0; i < peer->told_count; i++)
		snprintf(out->lines[out->count++], sizeof(out->lines[0]), "%s %s",
			 ip_prefix_format(peer->told[i].prefix, buffer), peer->told[i].attrs);
	qsort(out->lines, out->count, sizeof(out->lines[0]), compare_lines);
}

static void judge_peer(struct reference *ref, int to)
{
	static struct holding want, have;
	wanted(ref, to, &want);
	held(&ref->net->peers[to], &have);
	bool same = want.count == have.count;
	for (size_t i = 0; same && i < want.count; i++)
		same = strcmp(want.lines[i], have.lines[i]) == 0;
	if (same)
		return;
	print_message("%s, seed %d\n", ref->net->profile.name, (int)ref->seed);
	for (size_t i = 0; i < want.count; i++)
		print_message("   wanted %s\n", want.lines[i]);
	for (size_t i = 0; i < have.count; i++)
		print_message("   held   %s\n", have.lines[i]);
	fail_msg("peer %d holds something else", to);
}

static void judge(struct reference *ref)
{
	char fib[128];
	for (int to = 0; to < PEERS; to++) {
		const struct net_peer *peer = &ref->net->peers[to];
		if (peer->up && !peer->blocked)
			judge_peer(ref, to);
		assert_int_equal(peer->spurious, 0);
	}
	for (int prefix = 0; prefix < PREFIXES; prefix++) {
		uint32_t id = bgp_prefix_find(ref->net->table, pfx(prefix_text(prefix)));
		fib_text(ref, prefix, fib, sizeof(fib));
		assert_string_equal(id == UINT32_MAX ? "" : ref->net->fib[id], fib);
	}
}

/* ---- histories ------------------------------------------------------------------------------ */

static const char *pick(struct random_stream *random, const char *const *list, size_t count)
{
	return list[random_below(random, count)];
}
#define PICK(random, ...)                                                                          \
	pick(random, (const char *const[]){ __VA_ARGS__ },                                         \
	     sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static struct route random_route(struct reference *ref, struct random_stream *random, int peer)
{
	struct route r = { .present = true, .peer = peer, .hop = (int)random_below(random, HOPS) };
	bool ibgp = internal(ref, peer);
	if (ibgp)
		r.path = PICK(random, NULL, NULL, "65300", "65301", "65300 65301");
	else if (ref->net->peers[peer].config.remote_as == 65100)
		r.path = PICK(random, "65100", "65100 65300", "65100 65301", "65100 65000");
	else
		r.path = PICK(random, "65200", "65200 65300", "65200 65301", "65200");
	r.local_pref = random_below(random, 4) ? 100 : 200;
	r.has_med = random_below(random, 2);
	r.med = r.has_med ? 1 + (uint32_t)random_below(random, 2) * 4 : 0;
	r.origin = random_below(random, 5) ? 0 : 2;
	r.communities = PICK(random, NULL, NULL, NULL, "65000:1", "65535:65281", "65535:65282");
	if (ibgp && random_below(random, 2)) {
		r.originator = PICK(random, "9.9.9.9", "9.9.9.9", "10.0.0.3", "10.0.0.1");
		r.clusters = PICK(random, "8.8.8.8", "8.8.8.8 7.7.7.7", "10.0.0.1", "3.3.3.3");
	}
	return r;
}

static void step_announce(struct reference *ref, struct random_stream *random, int peer)
{
	struct route r = random_route(ref, random, peer);
	r.id = ref->net->peers[peer].about.codec.add_path_in ? (int)random_below(random, IDS) : 0;
	struct spec spec = { .next_hop = hop_text[r.hop], .path = r.path, .med = r.med,
			     .communities = r.communities, .originator = r.originator,
			     .clusters = r.clusters, .origin = r.origin, .path_id = (uint32_t)r.id,
			     .local_pref = internal(ref, peer) ? r.local_pref : 0 };
	char list[256] = "";
	for (int n = 1 + (int)random_below(random, 4); n > 0; n--) {
		int prefix = (int)random_below(random, PREFIXES);
		struct route *slot = &ref->routes[prefix][peer][r.id];
		if (has_word(list, prefix_text(prefix)))
			continue;
		bool was_best = slot->best;
		snprintf(list + strlen(list), sizeof(list) - strlen(list), " %s",
			 prefix_text(prefix));
		*slot = r;
		slot->best = was_best;
		decide(ref, prefix);
	}
	spec.prefixes = list;
	net_announce(ref->net, (uint32_t)peer, spec);
}

static void step_withdraw(struct reference *ref, struct random_stream *random, int peer)
{
	int prefix = (int)random_below(random, PREFIXES);
	int id = ref->net->peers[peer].about.codec.add_path_in ? (int)random_below(random, IDS) : 0;
	if (ref->routes[prefix][peer][id].present) {
		ref->routes[prefix][peer][id] = (struct route){ 0 };
		decide(ref, prefix);
	}
	net_withdraw(ref->net, (uint32_t)peer, prefix_text(prefix), (uint32_t)id);
}

static void step_local(struct reference *ref, struct random_stream *random)
{
	int prefix = (int)random_below(random, PREFIXES);
	struct route *slot = &ref->routes[prefix][LOCAL][0];
	bool before = slot->present, best = slot->best;
	*slot = (struct route){ 0 };
	if (before && random_below(random, 2)) {
		rib_retract(ref->net->rib, pfx(prefix_text(prefix)), now);
		decide(ref, prefix);
		return;
	}
	struct bgp_local_route local = { .prefix = pfx(prefix_text(prefix)) };
	*slot = (struct route){ .present = true, .peer = LOCAL, .hop = -1, .best = best };
	local.has_med = slot->has_med = random_below(random, 2);
	local.med = slot->med = slot->has_med ? 7 : 0;
	rib_originate(ref->net->rib, &local, now);
	decide(ref, prefix);
}

/* Session down, sometimes keeping routes as stale, or up again; stale ones are flushed a while
 * later. */
static void step_session(struct reference *ref, struct random_stream *random, int peer)
{
	struct net_peer *p = &ref->net->peers[peer];
	bool keep = p->up && random_below(random, 2);
	if (!p->up && random_below(random, 2)) {
		net_up(ref->net, (uint32_t)peer);
		return;
	}
	for (int prefix = 0; prefix < PREFIXES; prefix++) {
		bool touched = false;
		for (int id = 0; id < IDS; id++) {
			struct route *r = &ref->routes[prefix][peer][id];
			if (!r->present || (!p->up && !r->stale))
				continue;
			touched = true;
			if (keep && !r->stale)
				r->stale = true;
			else
				*r = (struct route){ 0 };
		}
		if (touched)
			decide(ref, prefix);
	}
	if (p->up) {
		p->blocked = false;
		net_down(ref->net, (uint32_t)peer, keep ? BGP_IPV4_UNICAST : 0);
	} else {
		rib_stale_flush(ref->net->rib, (uint32_t)peer, BGP_IPV4_UNICAST, now);
	}
}

static void step_next_hop(struct reference *ref, struct random_stream *random)
{
	int hop = (int)random_below(random, HOPS);
	struct bgp_next_hop_state before = hop_state[hop];
	hop_state[hop].reachable = random_below(random, 4) != 0;
	hop_state[hop].metric = (uint32_t)random_below(random, 3) * 10;
	if (memcmp(&before, &hop_state[hop], sizeof(before)) == 0)
		return;
	rib_next_hop_changed(ref->net->rib, addr(hop_text[hop]), hop_state[hop], now);
	for (int prefix = 0; prefix < PREFIXES; prefix++) {
		bool touched = false;
		for (int p = 0; p < PEERS; p++)
			for (int id = 0; id < IDS; id++) {
				const struct route *r = &ref->routes[prefix][p][id];
				touched |= r->present && r->hop == hop && feasible(ref, r);
			}
		if (touched)
			decide(ref, prefix);
	}
}

/* Export-relevant configuration changes: the peer moves to another update group, session and
 * all. */
static void step_configure(struct reference *ref, struct random_stream *random, int peer)
{
	struct net_peer *p = &ref->net->peers[peer];
	p->config.next_hop = random_below(random, 2) ? BGP_NEXT_HOP_SELF : BGP_NEXT_HOP_AUTO;
	rib_peer_configured(ref->net->rib, (uint32_t)peer, &p->config, now);
}

static void step(struct reference *ref, struct random_stream *random)
{
	int peer = (int)random_below(random, PEERS);
	struct net_peer *p = &ref->net->peers[peer];
	switch (random_below(random, 20)) {
	case 0: step_session(ref, random, peer); break;
	case 1: step_next_hop(ref, random); break;
	case 2: step_local(ref, random); break;
	case 3:
		if (p->blocked)
			net_unblock(ref->net, (uint32_t)peer);
		else
			p->blocked = p->up;
		break;
	case 4:
		if (p->up)
			rib_refresh(ref->net->rib, (uint32_t)peer, BGP_IPV4_UNICAST, false);
		break;
	case 5: step_configure(ref, random, peer); break;
	case 6: case 7: case 8:
		if (p->up)
			step_withdraw(ref, random, peer);
		break;
	default:
		if (p->up)
			step_announce(ref, random, peer);
	}
}

static void describe(struct net *net, bool add_path)
{
	static const char *const remotes[PEERS] = { "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5",
						    "10.0.0.6", "10.0.0.12", "10.0.0.13",
						    "10.0.0.14" };
	static const uint32_t as[PEERS] = { 65000, 65000, 65000, 65000,
					    65000, 65100, 65200, 65100 };
	for (uint32_t i = 0; i < PEERS; i++) {
		struct net_peer *peer = net_peer(net, i, remotes[i], as[i]);
		peer->config.rr_client = i < 3;
		if (add_path && (i == 1 || i == 2 || i == 4))
			peer->about.codec.add_path_in = peer->about.codec.add_path_out =
				BGP_IPV4_UNICAST;
	}
	net->peers[2].config.cluster_id = id4("3.3.3.3");
	net->peers[7].config.multihop = true;
	for (uint32_t i = 0; i < PEERS; i++)
		net_up(net, i);
}

static void history(uint64_t seed, struct bgp_profile profile, bool add_path)
{
	static struct net net;
	static struct reference ref;
	struct random_stream random = random_stream_of(seed, "history", profile.name);
	memset(&ref, 0, sizeof(ref));
	memset(hop_state, 0, sizeof(hop_state));
	for (int i = 0; i < HOPS; i++)
		hop_state[i] = net_resolve(addr(hop_text[i]));
	net_init(&net, profile);
	net.resolve = resolve;
	ref.net = &net;
	ref.seed = seed;
	describe(&net, add_path);
	net_run(&net);
	for (int i = 0; i < 120; i++) {
		step(&ref, &random);
		net_changes(&net);
		/* Several steps may meet in the same message. */
		if (random_below(&random, 3))
			continue;
		net_run(&net);
		judge(&ref);
	}
	for (int i = 0; i < PEERS; i++)
		if (net.peers[i].blocked)
			net_unblock(&net, (uint32_t)i);
	for (int i = 0; i < PEERS; i++)
		if (net.peers[i].up)
			rib_refresh(net.rib, (uint32_t)i, BGP_IPV4_UNICAST, false);
	net_run(&net);
	judge(&ref);
	net_free(&net);
}

static void histories(struct bgp_profile profile, bool add_path)
{
	for (uint64_t seed = 1; seed <= 25; seed++)
		history(seed, profile, add_path);
}

static void like_bird(void **state)
{
	(void)state;
	histories(profile_bird(), false);
}
static void like_bird_with_add_path(void **state)
{
	(void)state;
	histories(profile_bird(), true);
}
static void like_frr(void **state)
{
	(void)state;
	struct bgp_profile profile = profile_frr();
	/* Who else was in the group when a route was told, the reference does not remember. */
	profile.ebgp_next_hop = BGP_EBGP_NEXT_HOP_THIRD_PARTY;
	histories(profile, false);
}
static void like_bird2(void **state)
{
	(void)state;
	histories(bgp_profile_bird2, true);
}
static void like_gobgp(void **state)
{
	(void)state;
	struct bgp_profile profile = bgp_profile_gobgp;
	profile.overtaken_not_withdrawn = false; /* needs a memory, too */
	histories(profile, false);
}
static void like_openbgpd(void **state)
{
	(void)state;
	struct bgp_profile profile = bgp_profile_openbgpd;
	histories(profile, false);
}
static void like_frr_deterministic_med(void **state)
{
	(void)state;
	struct bgp_profile profile = profile_frr();
	profile.med_deterministic = true;
	profile.med_missing_worst = true;
	profile.reflect_to_source = false;
	profile.ebgp_next_hop = BGP_EBGP_NEXT_HOP_THIRD_PARTY;
	histories(profile, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_bird),
		cmocka_unit_test(like_bird_with_add_path),
		cmocka_unit_test(like_frr),
		cmocka_unit_test(like_bird2),
		cmocka_unit_test(like_gobgp),
		cmocka_unit_test(like_openbgpd),
		cmocka_unit_test(like_frr_deterministic_med),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
