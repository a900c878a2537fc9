/* The routing of one speaker, slow and obvious: every route a plain record, everything worked out
 * anew on demand. For test_route_random.c, which says what it is compared with. */
#ifndef TESTS_BGP_ROUTE_REFERENCE_H
#define TESTS_BGP_ROUTE_REFERENCE_H

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

/* ---- the obvious way: one route ------------------------------------------------------------- */

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
	if (ref->net->profile.cluster_loop == BGP_CLUSTER_LOOP_TO_CLIENTS ||
	    (ref->net->profile.cluster_loop == BGP_CLUSTER_LOOP_FROM_CLIENTS &&
	     !client(ref, r->peer)))
		return true;
	return !has_word(r->clusters, cluster(ref, r->peer));
}
static bool reachable(const struct route *r) { return r->hop < 0 || hop_state[r->hop].reachable; }

static uint32_t first_as(const struct route *r)
{
	return r->path ? (uint32_t)strtoul(r->path, NULL, 10) : 0;
}

/* OpenBGPD: an external route that bears our own marks. */
static bool marked(const struct reference *ref, int peer)
{
	return external(ref, peer) &&
	       ref->net->profile.external_marks == BGP_EXTERNAL_MARKED_RECEIVED;
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
		x = marked(ref, a->peer) ? id4("10.0.0.1") : x;
		y = marked(ref, b->peer) ? id4("10.0.0.1") : y;
		break;
	case BGP_RULE_PEER_ID:
		x = a->peer == LOCAL ? id4("10.0.0.1") : peers[a->peer].about.router_id;
		y = b->peer == LOCAL ? id4("10.0.0.1") : peers[b->peer].about.router_id;
		break;
	case BGP_RULE_CLUSTER_LIST:
		x = internal(ref, a->peer) ? words(a->clusters) : marked(ref, a->peer);
		y = internal(ref, b->peer) ? words(b->clusters) : marked(ref, b->peer);
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

/* ---- the obvious way: the decision ---------------------------------------------------------- */

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

/* ---- the obvious way: what a peer is told --------------------------------------------------- */

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
	if (ref->net->profile.ebgp_next_hop == BGP_EBGP_NEXT_HOP_SELF)
		return false;
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
	bool own = marked(ref, r->peer) && !ebgp;
	bool bears = profile->marks_to_clients_only ? client(ref, to) && r->peer != LOCAL : reflected;
	if (!feasible(ref, r) || (!reachable(r) && !profile->unreachable_reflected))
		return false;
	if (r->peer == to && !profile->reflect_to_source)
		return false;
	if (!profile->ignores_well_known &&
	    (has_word(r->communities, "65535:65282") ||
	     (ebgp && has_word(r->communities, "65535:65281"))))
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
	if (profile->next_hop_self_for_owner && strcmp(hop, remote) == 0)
		hop = "10.0.0.1";
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
	else if (!r->has_med && profile->med_zero_reflected && reflected && !r->originator)
		text_put(out, " MED=0");
	if (!ebgp)
		text_printf(out, " LP=%u", internal(ref, r->peer) ? r->local_pref : 100);
	if (r->communities)
		text_printf(out, " C=%s", r->communities);
	if (own)
		text_put(out, " O=10.0.0.1 CL=10.0.0.1");
	if (bears) {
		char id[IP_TEXT_MAX];
		ip_addr_format(ip_addr_v4(ref->net->peers[r->peer].about.router_id), id);
		text_printf(out, " O=%s", r->originator ? r->originator : id);
		clusters_text(ref, r, to, out);
	}
	return true;
}

#endif
