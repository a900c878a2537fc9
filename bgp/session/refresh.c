/* ROUTE-REFRESH as received: the peer wants everything again (RFC 2918), or is telling us all it
 * has, between BoRR and EoRR (RFC 7313). What it did not repeat until EoRR it has no longer. */
#include "base/time.h"
#include "bgp/session/fsm.h"

static void ask(struct session *session, struct session_context *context,
		const struct session_connection *connection, uint8_t families)
{
	struct session_action *action = action_push(context, session, SESSION_DO_REFRESH);
	action->connection = connection->number;
	action->families = families;
	action->flag = connection->terms.enhanced_refresh;
}

/* Another BoRR before EoRR begins anew: all is to be repeated once more. */
static void begun(const struct fsm *fsm, uint8_t families)
{
	struct session *session = fsm->session;
	struct session_context *context = fsm->context;
	session->repeating_families |= families;
	action_push(context, session, SESSION_DO_REPEAT_BEGIN)->families = families;
	/* RFC 7313 4: an upper bound for an EoRR that never comes, where the profile has one. */
	int64_t span_ns = bgp_timer_draw(context->profile, BGP_TIMER_STALE_MAX, -1,
					 &context->random);
	session->repeat_until = span_ns ? instant_add(fsm->now, span_ns) : INSTANT_NEVER;
}

void refresh_ended(struct session *session, struct session_context *context, uint8_t families)
{
	families &= session->repeating_families; /* EoRR alone means nothing */
	session->repeating_families &= (uint8_t)~families;
	if (session->repeating_families == 0)
		session->repeat_until = INSTANT_NEVER;
	if (families)
		action_push(context, session, SESSION_DO_REPEAT_END)->families = families;
}

void refresh_forgotten(struct session *session)
{
	session->repeating_families = 0;
	session->repeat_until = INSTANT_NEVER;
}

void refresh_received(const struct fsm *fsm, const struct bgp_route_refresh *refresh)
{
	const struct session_connection *connection = fsm->connection;
	const struct session_terms *terms = &connection->terms;
	uint8_t families = refresh->family & terms->families;
	if (!families || !terms->route_refresh)
		return;
	if (refresh->subtype == BGP_REFRESH_ASK)
		ask(fsm->session, fsm->context, connection, families);
	else if (refresh->subtype == BGP_REFRESH_BEGIN && terms->enhanced_refresh)
		begun(fsm, families);
	else if (refresh->subtype == BGP_REFRESH_END && terms->enhanced_refresh)
		refresh_ended(fsm->session, fsm->context, families);
}
