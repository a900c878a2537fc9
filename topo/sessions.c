/* Does every session fit its other side? One rule a row; the first that is broken is the reason. */
#include <string.h>

#include "topo/matrix.h"
#include "topo/topo.h"

const char *topo_session_status_name(enum topo_session_status status)
{
	static const char *const names[] = {
		[TOPO_SESSION_UNIQUE_MATCH] = "UNIQUE_MATCH",
		[TOPO_SESSION_HALF_OPEN] = "HALF_OPEN",
		[TOPO_SESSION_UNKNOWN_REMOTE] = "UNKNOWN_REMOTE",
		[TOPO_SESSION_NO_MATCH_FOUND] = "NO_MATCH_FOUND",
		[TOPO_SESSION_MULTIPLE_REMOTES] = "MULTIPLE_REMOTES",
		[TOPO_SESSION_DUPLICATE] = "DUPLICATE",
	};
	return names[status];
}

/* Both ends of a session that was matched by addresses. */
struct side {
	const char *name;
	const struct model_config *config;
	const struct model_bgp *bgp;
	const struct model_neighbor *neighbor; /* as this side configures the other */
};

static uint32_t own_as(const struct side *side)
{
	return side->neighbor->local_as ? side->neighbor->local_as : side->bgp->local_as;
}

static uint16_t or_179(uint16_t port) { return port ? port : 179; }

static const char *bad_shutdown(struct arena *arena, const struct side *us, const struct side *them)
{
	const struct side *who = us->neighbor->shutdown ? us : them;
	return who->neighbor->shutdown ? arena_printf(arena, "shut down on %s", who->name) : NULL;
}

static const char *bad_as(struct arena *arena, const struct side *us, const struct side *them)
{
	if (us->neighbor->remote_as != own_as(them))
		return arena_printf(arena, "%s expects AS %u, but %s is AS %u", us->name,
				    us->neighbor->remote_as, them->name, own_as(them));
	if (them->neighbor->remote_as != own_as(us))
		return arena_printf(arena, "%s expects AS %u, but %s is AS %u", them->name,
				    them->neighbor->remote_as, us->name, own_as(us));
	return NULL;
}

static const char *bad_password(struct arena *arena, const struct side *us,
				const struct side *them)
{
	const char *a = us->neighbor->password, *b = them->neighbor->password;
	if (!a && !b)
		return NULL;
	if (a && b)
		return strcmp(a, b) == 0 ? NULL : "the passwords differ";
	return arena_printf(arena, "%s has a password for the session, %s has none",
			    a ? us->name : them->name, a ? them->name : us->name);
}

static const char *bad_passive(struct arena *arena, const struct side *us, const struct side *them)
{
	(void)arena;
	return us->neighbor->passive && them->neighbor->passive
		? "both sides are passive: nobody opens the session" : NULL;
}

/* One side that reaches the other's port is enough. */
static const char *bad_port(struct arena *arena, const struct side *us, const struct side *them)
{
	bool we_reach = or_179(us->neighbor->port) == or_179(them->bgp->listen_port);
	bool they_reach = or_179(them->neighbor->port) == or_179(us->bgp->listen_port);
	if ((we_reach && !us->neighbor->passive) || (they_reach && !them->neighbor->passive))
		return NULL;
	return arena_printf(arena, "%s dials port %u, but %s listens on %u", us->name,
			    or_179(us->neighbor->port), them->name, or_179(them->bgp->listen_port));
}

static const char *bad_families(struct arena *arena, const struct side *us,
				const struct side *them)
{
	(void)arena;
	bool ipv4 = us->neighbor->ipv4 && them->neighbor->ipv4;
	bool ipv6 = us->neighbor->ipv6 && them->neighbor->ipv6;
	return ipv4 || ipv6 ? NULL : "no address family is activated on both sides";
}

static bool on_our_subnet(const struct side *us, struct ip_addr address)
{
	for (uint32_t i = 0; i < us->config->address_count; i++)
		if (ip_prefix_contains(us->config->addresses[i].address, address))
			return true;
	return false;
}

static const char *bad_hops(struct arena *arena, const struct side *us, const struct side *them)
{
	const struct side *sides[] = { us, them };
	for (int i = 0; i < 2; i++) {
		const struct side *side = sides[i];
		bool external = side->neighbor->remote_as != own_as(side);
		if (external && !side->neighbor->multihop &&
		    !on_our_subnet(side, side->neighbor->address))
			return arena_printf(arena, "%s is not on a subnet of %s, and the eBGP "
					    "session is not multihop", sides[1 - i]->name,
					    side->name);
	}
	return NULL;
}

/* RFC 6286 2.2: identifiers are unique within an AS; across, they may be equal. */
static const char *bad_router_id(struct arena *arena, const struct side *us,
				 const struct side *them)
{
	char buffer[IP_TEXT_MAX];
	if (us->bgp->router_id != them->bgp->router_id || own_as(us) != own_as(them))
		return NULL;
	return arena_printf(arena, "both have the router id %s",
			    ip_addr_format(ip_addr_v4(us->bgp->router_id), buffer));
}

struct rule {
	const char *code;
	const char *(*broken)(struct arena *arena, const struct side *us, const struct side *them);
};

static const struct rule rules[] = {
	{ "W018", bad_shutdown }, { "W012", bad_as }, { "W013", bad_password },
	{ "W018", bad_passive }, { "W018", bad_port }, { "W018", bad_families },
	{ "W018", bad_hops }, { "W029", bad_router_id },
};

static bool already_listed(const struct matrix *matrix, const struct topo_session *session)
{
	const struct model_bgp *bgp = &matrix->revision->nodes[session->node]->bgp;
	const struct model_neighbor *neighbor = &bgp->neighbors[session->neighbor];
	uint32_t first = matrix_neighbor(matrix, session->node, neighbor->address);
	return first < session->neighbor &&
	       or_179(bgp->neighbors[first].port) == or_179(neighbor->port);
}

/* The neighbor entry of the other side that means us: by the address we speak from, or any of ours
 * if the kernel picks. */
static uint32_t entry_for_us(const struct matrix *matrix, uint32_t us, uint32_t them,
			     const struct model_neighbor *neighbor)
{
	const struct model_config *config = matrix->revision->nodes[us];
	if (neighbor->source.family != IP_NONE)
		return matrix_neighbor(matrix, them, neighbor->source);
	for (uint32_t i = 0; i < config->address_count; i++) {
		uint32_t found = matrix_neighbor(matrix, them, config->addresses[i].address.addr);
		if (found != MODEL_NONE)
			return found;
	}
	return MODEL_NONE;
}

static void judge(const struct matrix *matrix, struct arena *arena, struct topo_session *session)
{
	const struct model_node *nodes = matrix->model->nodes;
	const struct model_config *ours = matrix->revision->nodes[session->node];
	const struct model_neighbor *neighbor = &ours->bgp.neighbors[session->neighbor];
	const char *our_name = nodes[session->node].name;
	char buffer[IP_TEXT_MAX];
	uint32_t node = MODEL_NONE, number;
	ip_addr_format(neighbor->address, buffer);
	uint32_t owners = matrix_owners(matrix, neighbor->address, &node, &number);
	if (already_listed(matrix, session)) {
		session->status = TOPO_SESSION_DUPLICATE;
		session->code = "W019";
		session->why =
			arena_printf(arena, "%s has another session to %s", our_name, buffer);
		return;
	}
	if (owners != 1) {
		session->status = owners ? TOPO_SESSION_MULTIPLE_REMOTES
					 : TOPO_SESSION_UNKNOWN_REMOTE;
		session->code = owners ? "W028" : "W011";
		session->why = owners ? arena_printf(arena, "%u nodes have %s", owners, buffer)
				      : arena_printf(arena, "nobody has %s", buffer);
		return;
	}
	session->peer_node = node;
	const struct model_config *theirs = matrix->revision->nodes[node];
	if (node == session->node || !theirs->bgp.enabled) {
		session->status = TOPO_SESSION_HALF_OPEN;
		session->code = "W010";
		session->why = node == session->node ? "this is its own address"
			: arena_printf(arena, "%s runs no BGP: %s", nodes[node].name,
				       theirs->bgp.why_not ? theirs->bgp.why_not : "it is a host");
		return;
	}
	session->peer_neighbor = entry_for_us(matrix, session->node, node, neighbor);
	if (session->peer_neighbor == MODEL_NONE) {
		session->status = TOPO_SESSION_HALF_OPEN;
		session->code = "W010";
		session->why = arena_printf(arena, "%s has no neighbor for %s", nodes[node].name,
					    our_name);
		return;
	}
	struct side us = { our_name, ours, &ours->bgp, neighbor };
	struct side them = { nodes[node].name, theirs, &theirs->bgp,
			     &theirs->bgp.neighbors[session->peer_neighbor] };
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]) && !session->why; i++) {
		session->why = rules[i].broken(arena, &us, &them);
		session->code = session->why ? rules[i].code : NULL;
	}
	session->status = session->why ? TOPO_SESSION_NO_MATCH_FOUND : TOPO_SESSION_UNIQUE_MATCH;
}

struct topo_session *topo_sessions(const struct model *model, uint32_t revision,
				   struct arena *arena, uint32_t *count)
{
	struct matrix matrix;
	size_t total = 0;
	matrix_init(&matrix, model, revision, arena);
	for (uint32_t i = 0; i < model->node_count; i++)
		if (matrix.revision->nodes[i]->bgp.enabled)
			total += matrix.revision->nodes[i]->bgp.neighbor_count;
	struct topo_session *sessions = arena_alloc(arena, total * sizeof(*sessions));
	*count = 0;
	for (uint32_t i = 0; i < model->node_count; i++) {
		const struct model_bgp *bgp = &matrix.revision->nodes[i]->bgp;
		for (uint32_t k = 0; bgp->enabled && k < bgp->neighbor_count; k++) {
			struct topo_session *session = &sessions[(*count)++];
			*session = (struct topo_session){ i, k, MODEL_NONE, MODEL_NONE,
							  TOPO_SESSION_UNIQUE_MATCH, NULL, NULL };
			judge(&matrix, arena, session);
		}
	}
	matrix_free(&matrix);
	return sessions;
}

const char *topo_session_misfit(const struct model *model, uint32_t revision, struct arena *arena,
				uint32_t node, uint32_t neighbor)
{
	struct topo_session session = { node, neighbor, MODEL_NONE, MODEL_NONE,
					TOPO_SESSION_UNIQUE_MATCH, NULL, NULL };
	struct matrix matrix;
	matrix_init(&matrix, model, revision, arena);
	judge(&matrix, arena, &session);
	matrix_free(&matrix);
	return session.why;
}
