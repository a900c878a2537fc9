/* Every timer of a session is a deadline in its struct. Pushing one back is a store: the owner has
 * one wake-up entry a session and looks again when that comes (see bgp/speaker.c). */
#include "base/time.h"
#include "bgp/session/fsm.h"

struct instant timer_end(const struct session_context *context, struct instant now, int64_t span_ns)
{
	int64_t tick = context->profile->timer_tick_ns, phase = context->clock_phase_ns;
	if (tick == 0 || phase == 0 || span_ns <= 0)
		return instant_add(now, span_ns);
	int64_t ticks = (now.ns + phase) / tick + (span_ns + tick - 1) / tick;
	return (struct instant){ ticks * tick - phase };
}

int64_t session_draw(struct session *session, const struct session_context *context,
		     enum bgp_timer_kind kind, int64_t value_ns)
{
	struct random_stream random =
		random_stream_part(&context->random, session->name_hash + kind);
	random.counter = (uint64_t)session->drawn[kind]++ << 8;
	return bgp_timer_draw(context->profile, kind, value_ns, &random);
}

static struct instant after(const struct fsm *fsm, enum bgp_timer_kind kind, int64_t value_ns)
{
	return timer_end(fsm->context, fsm->now,
			 session_draw(fsm->session, fsm->context, kind, value_ns));
}

void connection_timers_clear(struct session_connection *connection)
{
	connection->hold_at = connection->keepalive_at = INSTANT_NEVER;
	connection->delay_open_at = connection->send_hold_at = INSTANT_NEVER;
}

void arm_connect_retry(const struct fsm *fsm)
{
	int32_t wanted_s = fsm->session->peer->connect_retry_s;
	fsm->session->connect_retry_at =
		after(fsm, BGP_TIMER_CONNECT_RETRY, wanted_s > 0 ? wanted_s * NS_PER_S : -1);
}

/* RFC 4271 waits out ConnectRetryTimer; BIRD its connect delay. A passive side only listens. */
void arm_active(const struct fsm *fsm)
{
	struct session *session = fsm->session;
	if (session->peer->passive)
		session->connect_retry_at = INSTANT_NEVER;
	else if (fsm->context->profile->starts_active)
		session->connect_retry_at = after(fsm, BGP_TIMER_START, -1);
	else
		arm_connect_retry(fsm);
}

void arm_hold(const struct fsm *fsm, struct session_connection *connection)
{
	int64_t hold_s = connection->terms.hold_s;
	connection->hold_at = hold_s ? after(fsm, BGP_TIMER_HOLD, hold_s * NS_PER_S)
				     : INSTANT_NEVER;
}

/* RFC 4271 8.2.2 suggests four minutes; FRR and Quagga take the configured hold time. */
void arm_open_hold(const struct fsm *fsm, struct session_connection *connection)
{
	const struct bgp_profile *profile = fsm->context->profile;
	const struct bgp_peer_config *peer = fsm->session->peer;
	int64_t value = profile->timers[BGP_TIMER_OPEN_HOLD].value_ns;
	if (value == 0 && peer->hold_time_s && peer->hold_time_s != BGP_HOLD_TIME_OFF)
		value = peer->hold_time_s * NS_PER_S;
	if (value == 0)
		value = profile->timers[BGP_TIMER_HOLD].value_ns;
	connection->hold_at = after(fsm, BGP_TIMER_OPEN_HOLD, value);
}

void arm_keepalive(const struct fsm *fsm, struct session_connection *connection)
{
	int64_t keepalive_s = connection->terms.keepalive_s;
	connection->keepalive_at = keepalive_s
					   ? after(fsm, BGP_TIMER_KEEPALIVE, keepalive_s * NS_PER_S)
					   : INSTANT_NEVER;
}

/* RFC 9687: runs while something waits to leave. */
void arm_send_hold(const struct session_context *context, struct instant now,
		   struct session_connection *connection)
{
	int64_t span = (int64_t)context->profile->send_hold_multiple * connection->terms.hold_s;
	if (span == 0 || connection->state != BGP_ESTABLISHED || connection->unsent == 0)
		connection->send_hold_at = INSTANT_NEVER;
	else if (instant_is_never(connection->send_hold_at))
		connection->send_hold_at = instant_add(now, span * NS_PER_S);
}

static unsigned pause_bit(const struct session_cause *cause)
{
	if (cause->code == 0)
		return cause->has_close ? BGP_PAUSE_LOST : 0;
	if (!cause->sent)
		return cause->code == 6 ? BGP_PAUSE_RECEIVED_CEASE : BGP_PAUSE_RECEIVED_ERROR;
	if (cause->code == 6)
		return BGP_PAUSE_SENT_CEASE;
	return cause->code == 4 ? BGP_PAUSE_SENT_HOLD : BGP_PAUSE_SENT_ERROR;
}

/* OpenBGPD: the next pause halves for each time the session stood for as long as it, down to the
 * first one. */
static void pause_halves(struct session *session, int64_t stood_ns, int64_t least_ns)
{
	int64_t next_ns = session->error_pause_ns * 2;
	while (next_ns > least_ns && stood_ns >= next_ns) {
		stood_ns -= next_ns;
		next_ns /= 2;
	}
	session->error_pause_ns = next_ns > least_ns ? next_ns / 2 : 0;
	if (session->error_pause_ns == 0)
		session->retry_counter = 1; /* the one that is being handled */
}

int64_t idle_pause(const struct fsm *fsm)
{
	struct session *session = fsm->session;
	const struct bgp_profile *profile = fsm->context->profile;
	const struct bgp_timer_rule *rule = &profile->timers[BGP_TIMER_IDLE_AFTER_ERROR];
	if (!(pause_bit(&session->cause) & profile->pause_on))
		return session_draw(session, fsm->context, BGP_TIMER_IDLE_AFTER_LOSS, -1);
	bool forgotten = profile->error_memory_ns &&
			 instant_since(fsm->now, session->last_error) >= profile->error_memory_ns;
	if (profile->error_pause_halves && !instant_is_never(session->stood_since))
		pause_halves(session, instant_since(fsm->now, session->stood_since),
			     rule->value_ns);
	session->stood_since = INSTANT_NEVER;
	if (session->error_pause_ns == 0 || forgotten)
		session->error_pause_ns = rule->value_ns;
	else if (session->error_pause_ns > rule->maximum_ns / 2)
		session->error_pause_ns = rule->maximum_ns;
	else
		session->error_pause_ns *= 2;
	session->last_error = fsm->now;
	restart_stop_waiting(session, fsm->context);
	return session_draw(session, fsm->context, BGP_TIMER_IDLE_AFTER_ERROR,
			    session->error_pause_ns);
}

static struct instant connection_deadline(const struct session_connection *connection)
{
	return instant_min(instant_min(connection->hold_at, connection->keepalive_at),
			   instant_min(connection->delay_open_at, connection->send_hold_at));
}

struct instant session_deadline(const struct session *session)
{
	struct instant least = instant_min(session->connect_retry_at, session->idle_hold_at);
	least = instant_min(least, instant_min(session->stale_until, session->repeat_until));
	least = instant_min(least, long_lived_deadline(session));
	if (session->pace.waiting)
		least = instant_min(least, session->pace.ready_at);
	if (session->outgoing.number)
		least = instant_min(least, connection_deadline(&session->outgoing));
	if (session->incoming.number)
		least = instant_min(least, connection_deadline(&session->incoming));
	return least;
}

static void tell_timer(struct session *session, struct session_context *context,
		       enum bgp_timer_kind kind)
{
	if (context->event_mask & 1u << BGP_EVENT_TIMER)
		action_push(context, session, SESSION_TELL_TIMER)->what = bgp_timer_name(kind);
}

/* Takes a deadline that has come; it is off until armed again. */
static bool due(struct instant *deadline, struct instant at)
{
	if (deadline->ns != at.ns)
		return false;
	*deadline = INSTANT_NEVER;
	return true;
}

static bool connection_fire(struct session *session, struct session_context *context,
			    struct instant now, struct session_connection *connection,
			    struct instant at)
{
	static const struct session_input nothing = { 0 };
	enum session_event event;
	enum bgp_timer_kind kind;
	if (!connection->number)
		return false;
	if (due(&connection->hold_at, at)) {
		event = SESSION_HOLD_EXPIRES;
		kind = connection->state == BGP_OPEN_SENT ? BGP_TIMER_OPEN_HOLD : BGP_TIMER_HOLD;
	} else if (due(&connection->send_hold_at, at)) {
		event = SESSION_SEND_HOLD_EXPIRES;
		kind = BGP_TIMER_SEND_HOLD;
	} else if (due(&connection->delay_open_at, at)) {
		event = SESSION_DELAY_OPEN_EXPIRES;
		kind = BGP_TIMER_DELAY_OPEN;
	} else if (due(&connection->keepalive_at, at)) {
		event = SESSION_KEEPALIVE_EXPIRES;
		kind = BGP_TIMER_KEEPALIVE;
	} else {
		return false;
	}
	tell_timer(session, context, kind);
	session_event(session, context, now, event, connection, &nothing);
	return true;
}

static void session_fire(struct session *session, struct session_context *context,
			 struct instant now, struct instant at)
{
	static const struct session_input nothing = { 0 };
	if (session->pace.waiting && session->pace.ready_at.ns == at.ns) {
		session->pace.waiting = false;
		session->pace.draining = true;
		action_push(context, session, SESSION_DO_DRAIN);
	} else if (due(&session->stale_until, at)) {
		tell_timer(session, context, session_established(session) ? BGP_TIMER_STALE_MAX
									  : BGP_TIMER_RESTART);
		bool back = session_established(session) != NULL;
		restart_flush(session, context,
			      back ? session->stale_families
				   : long_lived_begin(session, context, now));
	} else if (long_lived_due(session, at)) {
		tell_timer(session, context, BGP_TIMER_RESTART);
		restart_flush(session, context, long_lived_due(session, at));
	} else if (due(&session->repeat_until, at)) {
		tell_timer(session, context, BGP_TIMER_STALE_MAX);
		refresh_ended(session, context, session->repeating_families);
	} else if (due(&session->connect_retry_at, at)) {
		tell_timer(session, context, BGP_TIMER_CONNECT_RETRY);
		session_event(session, context, now, SESSION_CONNECT_RETRY_EXPIRES,
			      session->outgoing.number ? &session->outgoing : NULL, &nothing);
	} else if (due(&session->idle_hold_at, at)) {
		tell_timer(session, context, BGP_TIMER_IDLE_AFTER_LOSS);
		session_event(session, context, now, SESSION_IDLE_HOLD_EXPIRES, NULL, &nothing);
	}
}

/* Earliest first, so that waking up late gives the same as waking up in time. */
void session_time(struct session *session, struct session_context *context, struct instant now)
{
	for (;;) {
		struct instant at = session_deadline(session);
		if (instant_is_never(at) || instant_before(now, at))
			return;
		if (!connection_fire(session, context, now, &session->outgoing, at) &&
		    !connection_fire(session, context, now, &session->incoming, at))
			session_fire(session, context, now, at);
	}
}
