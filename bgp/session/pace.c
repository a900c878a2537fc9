/* When a peer may be sent what has changed: at once, unless the profile batches the first dump
 * (COALESCE), works a queue with a delay (advertise_delay_ns), or spaces its advertisements
 * (MinRouteAdvertisementInterval, RFC 4271 9.2.1.1; withdrawals wait with the rest, like Quagga's).
 * A batch once begun goes on as far as the window lets it. */
#include "base/assert.h"
#include "base/time.h"
#include "bgp/session/fsm.h"

void pace_begin(const struct fsm *fsm)
{
	struct session_context *context = fsm->context;
	fsm->session->pace = (struct session_pace){
		.not_before = instant_add(fsm->now, session_draw(fsm->session, context,
								 BGP_TIMER_COALESCE, -1)),
	};
}

void pace_end(struct session *session) { session->pace = (struct session_pace){ 0 }; }

bool session_pending(struct session *session, struct session_context *context, struct instant now)
{
	struct session_pace *pace = &session->pace;
	if (!session_established(session) || pace->draining || pace->waiting)
		return false;
	struct instant ready = instant_add(now, context->profile->advertise_delay_ns);
	if (instant_before(ready, pace->not_before))
		ready = pace->not_before;
	if (instant_before(now, ready)) {
		pace->waiting = true;
		pace->ready_at = ready;
		return false;
	}
	pace->draining = true;
	return true;
}

size_t session_room(const struct session *session)
{
	const struct session_connection *connection = session_established(session);
	if (!connection || !session->pace.draining || connection->unsent >= BGP_UNSENT_MAX)
		return 0;
	return BGP_UNSENT_MAX - connection->unsent;
}

void session_send(struct session *session, struct session_context *context, struct instant now,
		  struct bgp_slice *slice, uint32_t announced, uint32_t withdrawn)
{
	static const struct session_input nothing = { 0 };
	struct session_connection *connection = &session->outgoing;
	if (connection->state != BGP_ESTABLISHED)
		connection = &session->incoming;
	ASSERT(connection->state == BGP_ESTABLISHED);
	session->pace.begun = true;
	send_slice(session, context, now, connection, slice, BGP_UPDATE, announced, withdrawn);
	if (context->profile->update_defers_keepalive) {
		struct fsm fsm = { .session = session, .context = context, .now = now,
				   .state = BGP_ESTABLISHED, .connection = connection,
				   .input = &nothing };
		arm_keepalive(&fsm, connection);
	}
}

void session_drained(struct session *session, struct session_context *context, struct instant now)
{
	struct session_pace *pace = &session->pace;
	enum bgp_timer_kind kind = session_external(session, context) ? BGP_TIMER_MRAI_EXTERNAL
								      : BGP_TIMER_MRAI_INTERNAL;
	if (pace->begun)
		pace->not_before = instant_add(now, session_draw(session, context, kind, -1));
	pace->draining = pace->begun = false;
}
