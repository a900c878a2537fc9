/* What happens to a session from outside, as events for its state machine. */
#include "bgp/session/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"
#include "bgp/session/fsm.h"
#include "bgp/wire/communication.h"

void session_init(struct session *session, uint32_t number, const struct bgp_peer_config *peer)
{
	*session = (struct session){ .number = number,
				     .peer = peer,
				     .live = true,
				     .name_hash = hash_bytes(peer->name, strlen(peer->name)) };
	session->connect_retry_at = session->idle_hold_at = INSTANT_NEVER;
	session->stale_until = session->repeat_until = session->armed_at = INSTANT_NEVER;
	session->stood_since = INSTANT_NEVER;
	long_lived_end(session, UINT8_MAX);
	connection_timers_clear(&session->outgoing);
	connection_timers_clear(&session->incoming);
}

void session_free(struct session *session)
{
	free(session->outgoing.partial);
	free(session->incoming.partial);
	free(session->heard);
	session->heard = NULL;
	session->outgoing.partial = session->incoming.partial = NULL;
	session->live = false;
}

uint32_t session_local_as(const struct session *session, const struct session_context *context)
{
	return session->peer->local_as ? session->peer->local_as : context->local_as;
}

bool session_external(const struct session *session, const struct session_context *context)
{
	return session->peer->remote_as != session_local_as(session, context);
}

const struct session_connection *session_established(const struct session *session)
{
	if (session->outgoing.state == BGP_ESTABLISHED)
		return &session->outgoing;
	return session->incoming.state == BGP_ESTABLISHED ? &session->incoming : NULL;
}

void session_start(struct session *session, struct session_context *context, struct instant now)
{
	const struct bgp_profile *profile = context->profile;
	static const struct session_input nothing = { 0 };
	if (session->peer->shutdown)
		return;
	session->started = true;
	session->plain_open = false;
	if (context->restarting && profile->restart_waits_for_all && !session->awaited) {
		session->awaited = true;
		context->awaited++;
	}
	int64_t delay_ns = profile->starts_active ? 0
						  : session_draw(session, context, BGP_TIMER_START, -1);
	if (delay_ns)
		session->idle_hold_at = timer_end(context, now, delay_ns);
	else
		session_event(session, context, now, SESSION_AUTOMATIC_START, NULL, &nothing);
}

void session_stop(struct session *session, struct session_context *context, struct instant now,
		  uint8_t cease_subcode, const char *reason)
{
	struct bgp_error cease = { .code = 6, .subcode = cease_subcode };
	struct session_input input = { .error = cease_subcode ? &cease : NULL, .reason = reason };
	if (cease_subcode == 2 && session->peer->shutdown_text)
		bgp_communication_put(&cease, session->peer->shutdown_text);
	session->started = false;
	session->idle_hold_at = INSTANT_NEVER;
	session_event(session, context, now, SESSION_MANUAL_STOP, NULL, &input);
	/* Whoever stops a session does not want its routes back either. */
	restart_flush(session, context, session->stale_families);
	restart_stop_waiting(session, context);
}

void session_opened(struct session *session, struct session_context *context, struct instant now,
		    uint32_t number, struct ip_addr local)
{
	static const struct session_input nothing = { 0 };
	struct session_connection *connection = session_connection_of(session, number);
	if (!connection || connection->open)
		return;
	connection->local = local;
	session_event(session, context, now, SESSION_TCP_ACKED, connection, &nothing);
}

/* RFC 4724 4.2: a new connection, while the end of the old one went unnoticed, is a restart. */
static void maybe_restarted(struct session *session, struct session_context *context,
			    struct instant now)
{
	const struct session_input input = {
		.still_open = true,
		.reason = "peer restarted: it connected anew",
	};
	struct session_connection *old = &session->outgoing;
	if (old->state != BGP_ESTABLISHED)
		old = &session->incoming;
	if (old->state == BGP_ESTABLISHED && context->profile->established_restart &&
	    old->terms.restart && old->terms.restart_families)
		session_event(session, context, now, SESSION_TCP_FAILS, old, &input);
}

uint32_t session_arrived(struct session *session, struct session_context *context,
			 struct instant now, struct ip_addr local)
{
	static const struct session_input nothing = { 0 };
	struct session_connection *connection = &session->incoming;
	if (!session->started)
		return 0;
	bool was_established = session_established(session) != NULL;
	maybe_restarted(session, context, now);
	bool restarted = was_established && !session_established(session);
	if (session_state(session) == BGP_IDLE) {
		bool tolerant = session->retry_counter < context->profile->idle_accepts_below;
		if (context->profile->idle_refuses && !tolerant && !restarted)
			return 0;
		session->base = BGP_ACTIVE;
		session->idle_hold_at = INSTANT_NEVER;
	}
	if (context->profile->single_connection && session->outgoing.number) {
		if (session->outgoing.state >= BGP_OPEN_SENT)
			return 0;
		const struct fsm fsm = { .session = session, .context = context, .now = now,
					 .event = SESSION_TCP_CONFIRMED, .input = &nothing };
		connection_leave(&fsm, &session->outgoing, true);
		session->connect_retry_at = INSTANT_NEVER;
		session->base = BGP_ACTIVE;
	}
	if (connection->number) {
		bool oust = restarted || context->profile->newer_incoming_replaces;
		if (!oust || connection->state == BGP_ESTABLISHED)
			return 0;
		const struct fsm fsm = { .session = session, .context = context, .now = now,
					 .event = SESSION_TCP_CONFIRMED, .input = &nothing };
		connection_leave(&fsm, connection, true);
	}
	connection->number = ++context->last_connection;
	connection->state = session->base;
	connection->open = true;
	connection->local = local;
	uint32_t number = connection->number;
	session_event(session, context, now, SESSION_TCP_CONFIRMED, connection, &nothing);
	return number;
}

void session_closed(struct session *session, struct session_context *context, struct instant now,
		    uint32_t number, enum bgp_close_reason reason)
{
	const struct session_input input = { .close_reason = reason };
	struct session_connection *connection = session_connection_of(session, number);
	if (connection)
		session_event(session, context, now, SESSION_TCP_FAILS, connection, &input);
}

void session_sent(struct session *session, struct session_context *context, struct instant now,
		  uint32_t number, size_t bytes)
{
	struct session_connection *connection = session_connection_of(session, number);
	if (!connection)
		return;
	connection->unsent -= bytes < connection->unsent ? (uint32_t)bytes : connection->unsent;
	connection->send_hold_at = INSTANT_NEVER; /* something moved */
	arm_send_hold(context, now, connection);
	if (connection->state == BGP_ESTABLISHED && session_room(session))
		action_push(context, session, SESSION_DO_DRAIN);
}

void session_link_down(struct session *session, struct session_context *context,
		       struct instant now, struct ip_addr local)
{
	const struct session_input input = { .still_open = true, .reason = "interface down" };
	struct session_connection *both[] = { &session->outgoing, &session->incoming };
	if (!context->profile->fast_external_fallover || session->peer->multihop ||
	    !session_external(session, context))
		return;
	for (size_t i = 0; i < 2; i++)
		if (both[i]->number && both[i]->open && ip_addr_equal(both[i]->local, local))
			session_event(session, context, now, SESSION_TCP_FAILS, both[i], &input);
}
