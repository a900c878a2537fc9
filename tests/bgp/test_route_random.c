/* Random histories against a second implementation that is slow and obvious: it keeps every route as
 * a plain record, works everything out anew after each step, and knows nothing of groups, journals,
 * interning or next-hop indexes. What each peer holds, and the FIB, must be the same. */
#include "tests/bgp/route_net.h"

#define PEERS 8
#define PREFIXES 12
#define IDS 2 /* path ids 0 and 1 */
#define LOCAL PEERS
#define HOPS 10

static const char *const hop_text[HOPS] = {
	"10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.12", "10.0.0.13", "10.0.1.2", "10.9.0.1",
	"172.16.9.9", "10.0.0.1", "10.9.0.2",
};
static struct bgp_next_hop_state hop_state[HOPS];

static struct bgp_next_hop_state resolve(struct ip_addr next_hop)
{
	for (int i = 0; i < HOPS; i++)
		if (ip_addr_equal(addr(hop_text[i]), next_hop))
			return hop_state[i];
	return net_resolve(next_hop);
}

struct route {
	bool present, best, stale;
	int peer, id, hop; /* hop -1: ourselves */
	uint32_t local_pref, med;
	bool has_med;
	uint8_t origin;
	const char *path, *communities, *originator, *clusters;
};

struct reference {
	uint64_t seed;
	struct net *net;
	struct route routes[PREFIXES][PEERS + 1][IDS];
};

/* ---- the obvious way: one route --------------------------------------------------------------- */

static bool external(const struct reference *ref, int peer)
{
	return peer != LOCAL && ref->net->peers[peer].about.external;
}
static bool internal(const struct reference *ref, int peer)
{
	return peer != LOCAL && !ref->net->peers[peer].about.external;
}
static bool client(const struct reference *ref, int peer)
{
	return internal(ref, peer) && ref->net->peers[peer].config.rr_client;
}
static const char *cluster(const struct reference *ref, int peer)
{
	static char text[2][IP_TEXT_MAX];
	uint32_t id = ref->net->peers[peer].config.cluster_id;
	static int turn;
	turn = !turn;
	return ip_addr_format(ip_addr_v4(id ? id : ref->net->config.router_id), text[turn]);
}
static bool has_word(const char *list, const char *what)
{
	char w[64];
	for (const char *at = list; at && word(&at, w, sizeof(w));)
		if (strcmp(w, what) == 0)
			return true;
	return false;
}
static uint32_t words(const char *list)
{
	char w[64];
	uint32_t n = 0;
	for (const char *at = list; at && word(&at, w, sizeof(w));)
		n++;
	return n;
}
static const char *prefix_text(int prefix)
{
	static char text[2][32];
	static int turn;
	turn = !turn;
	snprintf(text[turn], sizeof(text[turn]), "20.0.%d.0/24", prefix);
	return text[turn];
}

static bool feasible(const struct reference *ref, const struct route *r)
{
	if (r->peer == LOCAL)
		return true;
	if (has_word(r->path, "65000") || strcmp(hop_text[r->hop], "10.0.0.1") == 0)
		return false;
	if (external(ref, r->peer))
		return true;
	if (r->originator && strcmp(r->originator, "10.0.0.1") == 0)
		return false;
	if (ref->net->profile.cluster_loop_clients_only && !client(ref, r->peer))
		return true;
	return !has_word(r->clusters, cluster(ref, r->peer));
}
static bool reachable(const struct route *r) { return r->hop < 0 || hop_state[r->hop].reachable; }

static uint32_t first_as(const struct route *r)
{
	return r->path ? (uint32_t)strtoul(r->path, NULL, 10) : 0;
}

/* Negative: a is better. */
static int rank(const struct reference *ref, int rule, const struct route *a, const struct route *b)
{
	const struct net_peer *peers = ref->net->peers;
	int64_t x = 0, y = 0;
	switch (rule) {
	case BGP_RULE_USABLE: x = !reachable(a), y = !reachable(b); break;
	case BGP_RULE_NOT_STALE: x = a->stale, y = b->stale; break;
	case BGP_RULE_WEIGHT_LOCAL: x = a->peer != LOCAL, y = b->peer != LOCAL; break;
	case BGP_RULE_LOCAL_PREF:
		x = external(ref, a->peer) || a->peer == LOCAL ? -100 : -(int64_t)a->local_pref;
		y = external(ref, b->peer) || b->peer == LOCAL ? -100 : -(int64_t)b->local_pref;
		break;
	case BGP_RULE_AS_PATH_LENGTH: x = words(a->path), y = words(b->path); break;
	case BGP_RULE_ORIGIN: x = a->origin, y = b->origin; break;
	case BGP_RULE_MED:
		if (first_as(a) == first_as(b)) {
			int64_t none = ref->net->profile.med_missing_worst ? UINT32_MAX : 0;
			x = a->has_med ? a->med : none, y = b->has_med ? b->med : none;
		}
		break;
	case BGP_RULE_EXTERNAL: x = internal(ref, a->peer), y = internal(ref, b->peer); break;
	case BGP_RULE_IGP_METRIC:
		x = a->hop < 0 ? 0 : hop_state[a->hop].metric;
		y = b->hop < 0 ? 0 : hop_state[b->hop].metric;
		break;
	case BGP_RULE_OLDEST_EXTERNAL:
		if (external(ref, a->peer) && external(ref, b->peer))
			x = !a->best, y = !b->best;
		break;
	case BGP_RULE_ROUTER_ID:
		x = a->peer == LOCAL ? id4("10.0.0.1") : peers[a->peer].about.router_id;
		y = b->peer == LOCAL ? id4("10.0.0.1") : peers[b->peer].about.router_id;
		if (a->originator && internal(ref, a->peer))
			x = id4(a->originator);
		if (b->originator && internal(ref, b->peer))
			y = id4(b->originator);
		break;
	case BGP_RULE_CLUSTER_LIST:
		x = internal(ref, a->peer) ? words(a->clusters) : 0;
		y = internal(ref, b->peer) ? words(b->clusters) : 0;
		break;
	case BGP_RULE_PEER_ADDRESS:
		x = a->peer == LOCAL ? 0 : ip_addr_to_v4(peers[a->peer].config.remote);
		y = b->peer == LOCAL ? 0 : ip_addr_to_v4(peers[b->peer].config.remote);
		break;
	case BGP_RULE_PATH_ID: x = a->id, y = b->id; break;
	default: fail();
	}
	return x < y ? -1 : x > y;
}

static int compare_until(const struct reference *ref, int stop, const struct route *a,
			 const struct route *b)
{
	const uint8_t *rules = ref->net->profile.decision;
	for (int i = 0; rules[i] != BGP_RULE_END && rules[i] != stop; i++) {
		int r = rank(ref, rules[i], a, b);
		if (r)
			return r;
	}
	return 0;
}

/* ---- the obvious way: the decision ------------------------------------------------------------- */

#define ALL ((PEERS + 1) * IDS)

/* Feasible routes: our own, then by peer and path id. */
static int contenders(struct reference *ref, int prefix, struct route *out[ALL])
{
	int n = 0;
	for (int i = -1; i < PEERS; i++)
		for (int id = 0; id < IDS; id++) {
			struct route *r = &ref->routes[prefix][i < 0 ? LOCAL : i][id];
			if (r->present && feasible(ref, r))
				out[n++] = r;
		}
	return n;
}

static struct route *champion(struct reference *ref, struct route *routes[], int count)
{
	struct route *best = NULL;
	for (int i = 0; i < count; i++)
		if (!best || compare_until(ref, -1, routes[i], best) < 0)
			best = routes[i];
	return best;
}

static void decide(struct reference *ref, int prefix)
{
	struct route *all[ALL], *group[ALL], *winners[ALL];
	int n = contenders(ref, prefix, all), won = 0;
	struct route *best;
	if (ref->net->profile.med_deterministic) {
		for (int i = 0; i < n; i++) {
			int size = 0;
			bool seen = false;
			for (int j = 0; j < n; j++) {
				if (first_as(all[j]) != first_as(all[i]))
					continue;
				seen |= j < i;
				group[size++] = all[j];
			}
			if (!seen)
				winners[won++] = champion(ref, group, size);
		}
		best = champion(ref, winners, won);
	} else {
		best = champion(ref, all, n);
	}
	for (int p = 0; p <= PEERS; p++)
		for (int id = 0; id < IDS; id++)
			ref->routes[prefix][p][id].best = false;
	if (best && (reachable(best) || ref->net->profile.unreachable_reflected))
		best->best = true;
}

static struct route *best_of(struct reference *ref, int prefix)
{
	for (int p = 0; p <= PEERS; p++)
		for (int id = 0; id < IDS; id++)
			if (ref->routes[prefix][p][id].best)
				return &ref->routes[prefix][p][id];
	return NULL;
}

static void fib_text(struct reference *ref, int prefix, char *out, size_t size)
{
	struct route *all[ALL], *best = best_of(ref, prefix);
	int n = contenders(ref, prefix, all);
	bool used[HOPS] = { false };
	out[0] = '\0';
	if (!best || !reachable(best) || best->peer == LOCAL)
		return;
	int limit = external(ref, best->peer) ? ref->net->profile.maximum_paths_external :
						ref->net->profile.maximum_paths_internal;
	for (struct route *next = best; next && limit > 0; limit--) {
		snprintf(out + strlen(out), size - strlen(out), "%s%s", out[0] ? " " : "",
			 hop_text[next->hop]);
		used[next->hop] = true;
		next = NULL;
		for (int i = 0; i < n; i++) {
			if (all[i]->hop < 0 || used[all[i]->hop] ||
			    compare_until(ref, ref->net->profile.multipath_stop, best, all[i]))
				continue;
			if (!next || compare_until(ref, -1, all[i], next) < 0)
				next = all[i];
		}
	}
}

/* ---- the obvious way: what a peer is told ------------------------------------------------------- */

static void clusters_text(struct reference *ref, const struct route *r, int to, struct text *out)
{
	uint32_t list[16], n = 0;
	char w[64], buffer[IP_TEXT_MAX];
	if (client(ref, to) && (!client(ref, r->peer) ||
				strcmp(cluster(ref, to), cluster(ref, r->peer)) != 0))
		list[n++] = id4(cluster(ref, to));
	if (client(ref, r->peer))
		list[n++] = id4(cluster(ref, r->peer));
	for (const char *at = r->clusters; at && word(&at, w, sizeof(w));)
		list[n++] = id4(w);
	for (uint32_t i = 0; ref->net->profile.cluster_list_sorted && i < n; i++)
		for (uint32_t j = i + 1; j < n; j++)
			if (list[j] < list[i]) {
				uint32_t t = list[i];
				list[i] = list[j], list[j] = t;
			}
	for (uint32_t i = 0; i < n; i++)
		text_printf(out, "%s%s", i ? "," : " CL=",
			    ip_addr_format(ip_addr_v4(list[i]), buffer));
}

static bool hop_kept(struct reference *ref, const struct route *r, int to)
{
	const struct bgp_peer_config *config = &ref->net->peers[to].config;
	if (r->hop < 0 || config->next_hop == BGP_NEXT_HOP_SELF)
		return false;
	if (config->next_hop == BGP_NEXT_HOP_KEEP || internal(ref, to))
		return true;
	if (config->multihop &&
	    ref->net->profile.ebgp_next_hop == BGP_EBGP_NEXT_HOP_SELF_IF_MULTIHOP)
		return false;
	return hop_state[r->hop].reachable && hop_state[r->hop].connected &&
	       strncmp(hop_text[r->hop], "10.0.0.", 7) == 0;
}

static bool tell(struct reference *ref, const struct route *r, int to, struct text *out)
{
	const struct bgp_profile *profile = &ref->net->profile;
	bool ebgp = external(ref, to), reflected = internal(ref, r->peer) && !ebgp;
	if (!feasible(ref, r) || (!reachable(r) && !profile->unreachable_reflected))
		return false;
	if (r->peer == to && !profile->reflect_to_source)
		return false;
	if (has_word(r->communities, "65535:65282") ||
	    (ebgp && has_word(r->communities, "65535:65281")))
		return false;
	if (reflected && !client(ref, r->peer) && !client(ref, to))
		return false;
	if (reflected && client(ref, to) && has_word(r->clusters, cluster(ref, to)))
		return false;
	const char *hop = hop_kept(ref, r, to) ? hop_text[r->hop] : "10.0.0.1";
	char remote[IP_TEXT_MAX];
	ip_addr_format(ref->net->peers[to].config.remote, remote);
	if (profile->suppress_next_hop_of_peer && strcmp(hop, remote) == 0)
		return false;
	struct text path;
	text_init(&path);
	text_put(&path, ebgp ? "65000" : "");
	char w[64];
	for (const char *at = r->path; at && word(&at, w, sizeof(w));)
		text_printf(&path, "%s%s", path.length ? ", " : "", w);
	text_put(out, path.length ? "P=[" : "P=empty");
	text_put(out, text_string(&path));
	text_printf(out, "%s NH=%s", path.length ? "]" : "", hop);
	text_free(&path);
	if (r->has_med && (!ebgp || r->peer == LOCAL))
		text_printf(out, " MED=%u", r->med);
	else if (r->has_med && profile->med_zero_to_external)
		text_put(out, " MED=0");
	if (!ebgp)
		text_printf(out, " LP=%u", internal(ref, r->peer) ? r->local_pref : 100);
	if (r->communities)
		text_printf(out, " C=%s", r->communities);
	if (reflected) {
		char id[IP_TEXT_MAX];
		ip_addr_format(ip_addr_v4(ref->net->peers[r->peer].about.router_id), id);
		text_printf(out, " O=%s", r->originator ? r->originator : id);
		clusters_text(ref, r, to, out);
	}
	return true;
}

/* ---- judging ----------------------------------------------------------------------------------- */

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

/* ---- histories --------------------------------------------------------------------------------- */

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

/* Session down, sometimes keeping routes as stale, or up again; stale ones are flushed a while later. */
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

/* Export-relevant configuration changes: the peer moves to another update group, session and all. */
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
	static const uint32_t as[PEERS] = { 65000, 65000, 65000, 65000, 65000, 65100, 65200, 65100 };
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
		/* Several steps may meet the same message. */
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
	histories(profile_frr(), false);
}
static void like_frr_deterministic_med(void **state)
{
	(void)state;
	struct bgp_profile profile = profile_frr();
	profile.med_deterministic = true;
	profile.med_missing_worst = true;
	profile.reflect_to_source = false;
	histories(profile, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_bird),
		cmocka_unit_test(like_bird_with_add_path),
		cmocka_unit_test(like_frr),
		cmocka_unit_test(like_frr_deterministic_med),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
