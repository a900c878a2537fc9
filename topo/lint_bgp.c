/* Lints about who tells whom which routes, and with which next hop. */
#include <stdlib.h>
#include <string.h>

#include "topo/lint.h"

static uint32_t local_as(const struct model_bgp *bgp, const struct model_neighbor *neighbor)
{
	return neighbor->local_as ? neighbor->local_as : bgp->local_as;
}

static bool is_external(const struct model_bgp *bgp, const struct model_neighbor *neighbor)
{
	return neighbor->remote_as != local_as(bgp, neighbor);
}

static const char *peer_name(const struct lint *lint, const struct topo_session *session)
{
	char buffer[IP_TEXT_MAX];
	if (session->peer_node != MODEL_NONE)
		return lint->model->nodes[session->peer_node].name;
	const struct model_bgp *bgp = &lint->start->nodes[session->node]->bgp;
	return arena_strdup(&lint->diags->arena,
			    ip_addr_format(bgp->neighbors[session->neighbor].address, buffer));
}

/* How long a dead neighbor is trusted: the smaller of both hold times (RFC 4271 4.2). Where none is
 * configured, FRR and Quagga offer 180 s, BIRD 240 s. */
static unsigned hold_seconds(const struct lint *lint, const struct topo_session *session)
{
	const struct model_config *ours = lint->start->nodes[session->node];
	unsigned hold = ours->bgp.neighbors[session->neighbor].hold_s, other = 0;
	if (hold == 0)
		hold = lint->model->nodes[session->node].kind == MODEL_CALICO_NODE ? 240 : 180;
	if (session->peer_neighbor == MODEL_NONE)
		return hold < 180 ? hold : 180;
	const struct model_config *theirs = lint->start->nodes[session->peer_node];
	other = theirs->bgp.neighbors[session->peer_neighbor].hold_s;
	if (other == 0)
		other = lint->model->nodes[session->peer_node].kind == MODEL_CALICO_NODE ? 240
											 : 180;
	return hold < other ? hold : other;
}

void lint_next_hop_self(struct lint *lint)
{
	struct source_pos reported = { 0 };
	for (uint32_t i = 0; i < lint->session_count; i++) {
		const struct topo_session *session = &lint->sessions[i];
		const struct model_config *config = lint->start->nodes[session->node];
		const struct model_neighbor *neighbor = &config->bgp.neighbors[session->neighbor];
		if (!config->reflector || !is_external(&config->bgp, neighbor) ||
		    neighbor->next_hop == MODEL_NEXT_HOP_KEEP)
			continue;
		if (neighbor->pos.source == reported.source && neighbor->pos.line == reported.line)
			continue; /* one BGPPeer, several reflectors */
		reported = neighbor->pos;
		diag_add(lint->diags, DIAG_WARNING, "W014", neighbor->pos,
			 "routes to %s will carry the reflector's address as next hop",
			 peer_name(lint, session));
		diag_note(lint->diags,
			  "eBGP peer of a route reflector without keepOriginalNextHop; "
			  "losing %s then costs up to %us",
			  lint->model->nodes[session->node].name, hold_seconds(lint, session));
	}
}

void lint_reflectors(struct lint *lint)
{
	uint32_t count = 0, only = MODEL_NONE, clients = 0, other = MODEL_NONE;
	const struct model *model = lint->model;
	for (uint32_t i = 0; i < model->node_count; i++) {
		const struct model_config *config = lint->start->nodes[i];
		if (!config->bgp.enabled)
			continue;
		for (uint32_t k = 0; config->reflector && k < config->bgp.neighbor_count; k++)
			clients += config->bgp.neighbors[k].rr_client;
		if (!config->reflector)
			continue;
		if (count && config->bgp.cluster_id !=
				     lint->start->nodes[only]->bgp.cluster_id)
			other = i;
		only = count++ ? only : i;
	}
	if (count == 1 && clients > 1) {
		diag_add(lint->diags, DIAG_WARNING, "W015", lint->start->nodes[only]->bgp.pos,
			 "%s is the only route reflector", model->nodes[only].name);
		diag_note(lint->diags, "when it is lost, its %u clients no longer hear of each "
				       "other's pods; a second one takes over", clients);
	}
	if (other != MODEL_NONE)
		diag_add(lint->diags, DIAG_NOTE, "N001", lint->start->nodes[other]->bgp.pos,
			 "%s and %s reflect with different cluster ids: that works, and costs "
			 "each of them the other's copies", model->nodes[only].name,
			 model->nodes[other].name);
}

/* ---- does everybody hear of everybody? ----------------------------------------------------- */

#define COVERAGE_WORK_MAX 50000000u /* sessions looked at; larger networks are not checked */

#define HEARD_PLAIN 1u  /* from a plain peer: goes to clients only */
#define HEARD_CLIENT 2u /* from one of its own clients: goes to everybody */
#define HEARD_LOOPED 4u /* its own cluster id is in the list: used here, passed to nobody */

struct coverage {
	struct lint *lint;
	uint32_t *first;   /* by node: its sessions begin here in lint->sessions */
	uint8_t *heard;    /* HEARD_* */
	uint32_t *queue;
};

static void visit(struct coverage *coverage, uint32_t *tail, uint32_t node, uint8_t how)
{
	if (coverage->heard[node] & how)
		return;
	coverage->heard[node] |= how;
	coverage->queue[(*tail)++] = node << 3 | how;
}

/* RFC 4456 8: a reflector that sees its own cluster id in the list does not reflect again. */
static bool same_cluster(const struct lint *lint, uint32_t a, uint32_t b)
{
	const struct model_config *x = lint->start->nodes[a], *y = lint->start->nodes[b];
	return x->reflector && y->reflector && x->bgp.cluster_id == y->bgp.cluster_id;
}

/* RFC 4456 6: what a client sent goes to everybody, what a plain peer sent goes to clients. */
static void spread_from(struct coverage *coverage, uint32_t source)
{
	const struct lint *lint = coverage->lint;
	uint32_t head = 0, tail = 0;
	memset(coverage->heard, 0, lint->model->node_count);
	visit(coverage, &tail, source, HEARD_CLIENT);
	while (head < tail) {
		uint32_t node = coverage->queue[head] >> 3, how = coverage->queue[head] & 7;
		const struct model_bgp *bgp = &lint->start->nodes[node]->bgp;
		head++;
		for (uint32_t i = coverage->first[node]; i < coverage->first[node + 1]; i++) {
			const struct topo_session *session = &lint->sessions[i];
			const struct model_neighbor *ours = &bgp->neighbors[session->neighbor];
			if (session->status != TOPO_SESSION_UNIQUE_MATCH ||
			    is_external(bgp, ours) || how == HEARD_LOOPED ||
			    (how == HEARD_PLAIN && !ours->rr_client))
				continue;
			const struct model_neighbor *theirs =
				&lint->start->nodes[session->peer_node]
					 ->bgp.neighbors[session->peer_neighbor];
			bool looped =
				node != source && same_cluster(lint, node, session->peer_node);
			if (looped && theirs->rr_client)
				continue; /* BIRD drops it on a client session */
			visit(coverage, &tail, session->peer_node,
			      looped ? HEARD_LOOPED
				     : theirs->rr_client ? HEARD_CLIENT : HEARD_PLAIN);
		}
	}
}

static bool may_report(const struct lint *lint, uint32_t node)
{
	return lint->model->nodes[node].kind == MODEL_CALICO_NODE &&
	       lint->start->nodes[node]->bgp.enabled;
}

/* One report for a source: the first node that misses its routes, and how many do. */
static bool report_deaf(const struct coverage *coverage, uint32_t source)
{
	const struct lint *lint = coverage->lint;
	const struct model *model = lint->model;
	uint32_t deaf = 0, example = MODEL_NONE;
	uint32_t as = lint->start->nodes[source]->bgp.local_as;
	for (uint32_t i = 0; i < model->node_count; i++) {
		if (i == source || coverage->heard[i] || !may_report(lint, i) ||
		    lint->start->nodes[i]->bgp.local_as != as)
			continue;
		example = deaf++ ? example : i;
	}
	if (deaf == 0)
		return false;
	diag_add(lint->diags, DIAG_WARNING, "W017", lint->start->nodes[source]->bgp.pos,
		 "%s never hears of the pods on %s", model->nodes[example].name,
		 model->nodes[source].name);
	diag_note(lint->diags, "no session between them, and no route reflector that both are "
			       "clients of%s", deaf > 1 ? "; others do not, either" : "");
	return true;
}

void lint_coverage(struct lint *lint)
{
	uint32_t count = lint->model->node_count, reports = 0;
	struct arena *arena = &lint->diags->arena;
	if (count == 0 || count >= 1u << 29 ||
	    (uint64_t)count * lint->session_count > COVERAGE_WORK_MAX)
		return;
	struct coverage coverage = { .lint = lint,
				     .first = arena_alloc(arena, (count + 1) * sizeof(uint32_t)),
				     .heard = arena_alloc(arena, count),
				     .queue = arena_alloc(arena, 3 * (size_t)count *
								 sizeof(uint32_t)) };
	for (uint32_t i = 0; i < lint->session_count; i++)
		coverage.first[lint->sessions[i].node + 1]++;
	for (uint32_t i = 0; i < count; i++)
		coverage.first[i + 1] += coverage.first[i];
	for (uint32_t i = 0; i < count && reports < 5; i++) {
		if (!may_report(lint, i))
			continue;
		spread_from(&coverage, i);
		reports += report_deaf(&coverage, i);
	}
}

/* RFC 8212, on by default in FRR since 7.4 ("frr defaults traditional" has it, too). */
void lint_policies(struct lint *lint)
{
	for (uint32_t i = 0; i < lint->session_count; i++) {
		const struct topo_session *session = &lint->sessions[i];
		const struct model_bgp *bgp = &lint->start->nodes[session->node]->bgp;
		const struct model_neighbor *neighbor = &bgp->neighbors[session->neighbor];
		if (!bgp->ebgp_requires_policy || !is_external(bgp, neighbor) ||
		    (neighbor->import && neighbor->export))
			continue;
		diag_add(lint->diags, DIAG_WARNING, "W020", neighbor->pos,
			 "%s exchanges no routes with %s: (Policy)",
			 lint->model->nodes[session->node].name, peer_name(lint, session));
		diag_note(lint->diags,
			  "FRR exchanges nothing with an eBGP neighbor that has no "
			  "route-map; say no bgp ebgp-requires-policy, or give it one");
	}
}
