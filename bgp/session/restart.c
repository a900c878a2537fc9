/* Graceful restart. As helper: a peer that vanished without a NOTIFICATION may be restarting while
 * its kernel goes on forwarding, so its routes are kept, marked stale, for its Restart Time (RFC
 * 4724 4.2). As restarting speaker: nothing is selected or sent until the peers have told all they
 * know (4.1). RFC 8538 extends keeping to sessions ended by NOTIFICATION, if both agreed. */
#include <string.h>

#include "base/time.h"
#include "bgp/session/fsm.h"

uint8_t restart_keep(const struct fsm *fsm, const struct session_connection *connection)
{
	const struct session_terms *terms = &connection->terms;
	const struct session_cause *cause = &fsm->session->cause;
	uint8_t families = terms->restart_time_s ? terms->restart_families
						 : long_lived_families(terms);
	if (!terms->restart)
		return 0;
	if (fsm->event == SESSION_MANUAL_STOP || fsm->event == SESSION_AUTOMATIC_STOP)
		return 0;
	if (cause->code != 0) {
		bool hard = cause->code == 6 && cause->subcode == 9;
		if (!terms->restart_notification || hard)
			return 0;
	}
	return families;
}

void restart_lost(const struct fsm *fsm, const struct session_connection *connection, uint8_t keep)
{
	struct session *session = fsm->session;
	int64_t time_ns = connection->terms.restart_time_s * NS_PER_S;
	session->stale_families = keep;
	long_lived_lost(session, &connection->terms);
	long_lived_end(session, (uint8_t)~keep);
	session->stale_until = INSTANT_NEVER;
	if (keep)
		session->stale_until = timer_end(
			fsm->context, fsm->now,
			session_draw(session, fsm->context, BGP_TIMER_RESTART, time_ns));
	restart_stop_waiting(session, fsm->context);
}

void restart_flush(struct session *session, struct session_context *context, uint8_t families)
{
	families &= session->stale_families;
	session->stale_families &= (uint8_t)~families;
	long_lived_end(session, families);
	if (session->stale_families == 0)
		session->stale_until = INSTANT_NEVER;
	if (families)
		action_push(context, session, SESSION_DO_STALE_FLUSH)->families = families;
}

/* Who needs not be waited for: a peer without graceful restart sends no End-of-RIB we could rely
 * on, and one that restarts itself waits for us. */
static bool sends_end_of_rib(const struct session_terms *terms)
{
	return terms->restart && !terms->restarting;
}

void restart_came_back(const struct fsm *fsm, const struct session_connection *connection)
{
	struct session *session = fsm->session;
	struct session_context *context = fsm->context;
	const struct session_terms *terms = &connection->terms;
	/* RFC 4724 4.2: what the peer lists no more, or did not keep forwarding for, goes now. */
	uint8_t forwarding = terms->forwarding_families, long_lived = long_lived_running(session);
	forwarding = (uint8_t)((forwarding & ~long_lived) |
			       (terms->long_lived_forwarding & long_lived)); /* RFC 9494 4.2 */
	restart_flush(session, context, (uint8_t)~forwarding);
	if (session->stale_families && context->profile->timers[BGP_TIMER_STALE_MAX].value_ns)
		session->stale_until = timer_end(
			fsm->context, fsm->now,
			session_draw(session, context, BGP_TIMER_STALE_MAX, -1));
	session->end_of_rib_seen = 0;
	context->came_up = true;
	if (!context->restarting)
		return;
	if (!context->profile->restart_waits_for_all && !session->awaited) {
		session->awaited = true;
		context->awaited++;
	}
	if (!sends_end_of_rib(terms))
		restart_stop_waiting(session, context);
}

void restart_end_of_rib(struct session *session, struct session_context *context,
			const struct session_connection *connection, uint8_t family)
{
	restart_flush(session, context, family);
	session->end_of_rib_seen |= family;
	if ((connection->terms.families & ~session->end_of_rib_seen) == 0)
		restart_stop_waiting(session, context);
}

void restart_stop_waiting(struct session *session, struct session_context *context)
{
	if (!session->awaited)
		return;
	session->awaited = false;
	context->awaited--;
}

bool session_restart_over(const struct session_context *context)
{
	return context->awaited == 0 &&
	       (context->came_up || context->profile->restart_waits_for_all);
}

struct bgp_error restart_cease(const struct session_connection *connection,
			       const struct bgp_error *error)
{
	struct bgp_error hard = { .code = 6, .subcode = 9, .data_length = 2 };
	bool for_good = error->code == 6 && error->subcode >= 1 && error->subcode <= 4;
	if (!for_good || connection->state != BGP_ESTABLISHED ||
	    !connection->terms.restart_notification)
		return *error;
	hard.data[0] = error->code;
	hard.data[1] = error->subcode;
	size_t length = error->data_length;
	if (length > sizeof(hard.data) - 2)
		length = sizeof(hard.data) - 2;
	memcpy(hard.data + 2, error->data, length);
	hard.data_length = (uint16_t)(2 + length);
	return hard;
}
