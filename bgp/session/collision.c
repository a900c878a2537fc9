/* Two connections with one peer: RFC 4271 6.8, with RFC 6286's tie-break. */
#include "bgp/session/fsm.h"

bool collision_keeps_outgoing(uint32_t local_id, uint32_t local_as, uint32_t remote_id,
			      uint32_t remote_as)
{
	if (local_id != remote_id)
		return local_id > remote_id;
	return local_as > remote_as;
}

static void dump(struct fsm *fsm, struct session_connection *loser)
{
	const struct bgp_error cease = { .code = 6, .subcode = 7 };
	fsm->session->cause = (struct session_cause){ .reason = "lost a connection collision",
						      .code = 6, .subcode = 7, .sent = true };
	send_notification(fsm, loser, &cease);
	connection_leave(fsm, loser, true);
}

bool collision_lost(struct fsm *fsm, const struct bgp_open *open)
{
	struct session *session = fsm->session;
	const struct session_context *context = fsm->context;
	struct session_connection *mine = fsm->connection, *rival = session_rival(session, mine);
	if (!rival->number)
		return false;
	if (rival->state == BGP_ESTABLISHED) { /* the new one goes, whoever dialled it */
		dump(fsm, mine);
		return true;
	}
	if (rival->state < BGP_OPEN_SENT) { /* not yet a connection that could collide */
		connection_leave(fsm, rival, true);
		return false;
	}
	if (rival->state == BGP_OPEN_SENT && !context->profile->collision_in_open_sent)
		return false;
	bool keep_outgoing = collision_keeps_outgoing(context->router_id,
						      session_local_as(session, context),
						      open->router_id, open->as_number);
	bool mine_stays = keep_outgoing == (mine == &session->outgoing);
	dump(fsm, mine_stays ? rival : mine);
	return !mine_stays;
}
