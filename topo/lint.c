/* All lints, in a row, and those about single sessions. */
#include "topo/lint.h"

#include "topo/scenario.h"

static bool still_bad(const struct lint *lint, const struct topo_session *session,
		      const struct topo_session *last, uint32_t last_count)
{
	const struct model_revision *end = &lint->model->revisions[lint->model->revision_count - 1];
	const struct model_neighbor *ours =
		&lint->start->nodes[session->node]->bgp.neighbors[session->neighbor];
	for (uint32_t i = 0; i < last_count; i++)
		if (last[i].node == session->node && last[i].status == session->status &&
		    ip_addr_equal(end->nodes[last[i].node]->bgp.neighbors[last[i].neighbor].address,
				  ours->address))
			return true;
	return false;
}

/* A mismatch is seen from both sides; it is reported where the one that lacks something is. */
static const struct model_neighbor *place_of(const struct lint *lint,
					     const struct topo_session *session,
					     struct source_pos *pos)
{
	const struct model_neighbor *ours =
		&lint->start->nodes[session->node]->bgp.neighbors[session->neighbor];
	*pos = ours->pos;
	if (session->peer_neighbor == MODEL_NONE)
		return ours;
	const struct model_neighbor *theirs =
		&lint->start->nodes[session->peer_node]->bgp.neighbors[session->peer_neighbor];
	bool password = session->code && session->code[3] == '3';
	bool as = session->code && session->code[3] == '2';
	if (password && ours->password && !theirs->password)
		*pos = theirs->pos;
	else if (password && ours->password_pos.source)
		*pos = ours->password_pos;
	else if (as && ours->remote_as_pos.source)
		*pos = ours->remote_as_pos;
	return ours;
}

static void lint_sessions(struct lint *lint)
{
	uint32_t last_count = 0;
	const struct topo_session *last = lint->sessions;
	const struct model *model = lint->model;
	/* A fault the timeline mends is part of the story; one it makes is the user's purpose. */
	if (model->revision_count > 1)
		last = topo_sessions(model, model->revision_count - 1, &lint->diags->arena,
				     &last_count);
	for (uint32_t i = 0; i < lint->session_count; i++) {
		const struct topo_session *session = &lint->sessions[i];
		struct source_pos pos;
		if (session->status == TOPO_SESSION_UNIQUE_MATCH ||
		    (session->peer_neighbor != MODEL_NONE && session->peer_node < session->node) ||
		    (model->revision_count > 1 && !still_bad(lint, session, last, last_count)))
			continue;
		const struct model_neighbor *neighbor = place_of(lint, session, &pos);
		char buffer[IP_TEXT_MAX];
		diag_add(lint->diags, DIAG_WARNING, session->code, pos,
			 "the session %s - %s cannot come up: %s", model->nodes[session->node].name,
			 session->peer_node == MODEL_NONE
				 ? ip_addr_format(neighbor->address, buffer)
				 : model->nodes[session->peer_node].name,
			 session->why);
		diag_note(lint->diags, "%s on %s",
			  neighbor->resource ? neighbor->resource : "neighbor",
			  model->nodes[session->node].name);
	}
}

static void lint_unplayed(struct lint *lint)
{
	const struct model_neighbor *first = NULL;
	uint32_t count = 0, node = 0;
	for (uint32_t i = 0; i < lint->session_count; i++) {
		const struct topo_session *session = &lint->sessions[i];
		const struct model_neighbor *neighbor =
			&lint->start->nodes[session->node]->bgp.neighbors[session->neighbor];
		if (neighbor->address.family != IP_V6 ||
		    (session->peer_neighbor != MODEL_NONE && session->peer_node < session->node) ||
		    count++)
			continue;
		first = neighbor;
		node = session->node;
	}
	if (!first)
		return;
	char buffer[IP_TEXT_MAX];
	diag_add(lint->diags, DIAG_WARNING, "W046", first->pos,
		 "the session of %s with %s is not played: simulated wires carry IPv4",
		 lint->model->nodes[node].name, ip_addr_format(first->address, buffer));
	if (count > 1)
		diag_note(lint->diags, "nor are the others between IPv6 addresses: %u in all", count);
}

static void (*const lints[])(struct lint *lint) = {
	lint_sessions, lint_unplayed, lint_next_hop_self, lint_reflectors, lint_coverage,
	lint_policies, lint_addresses, lint_gateways, lint_forwarding, lint_flows,
	lint_source_nat, lint_underlay, lint_encapsulation, lint_blocks, lint_power, lint_window,
};

void lint_model(struct diag_list *diags, const struct model *model)
{
	struct lint lint = { .diags = diags, .model = model, .start = &model->revisions[0] };
	matrix_init(&lint.matrix, model, 0, &diags->arena);
	lint.sessions = topo_sessions(model, 0, &diags->arena, &lint.session_count);
	for (size_t i = 0; i < sizeof(lints) / sizeof(lints[0]); i++)
		lints[i](&lint);
	/* The design a timeline arrives at: a procedure replayed step by step ends in one. */
	if (model->revision_count > 1) {
		struct lint end = lint;
		end.start = &model->revisions[model->revision_count - 1];
		end.sessions = topo_sessions(model, model->revision_count - 1, &diags->arena,
					     &end.session_count);
		lint_next_hop_self(&end);
	}
	matrix_free(&lint.matrix);
}
