/* The state machine of RFC 4271 8.2.2, as a table: state x event -> handler. Where implementations
 * differ, the handler asks the profile for a value.
 *
 * Handlers act on one connection (fsm->connection) or, for events of the whole session, on all.
 * "To Idle" therefore means: this connection is gone, and with the last one the session is Idle. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/time.h"
#include "bgp/session/fsm.h"

typedef void handler(struct fsm *fsm);

/* ---- parts of handlers ---- */

struct session_connection *session_connection_of(struct session *session, uint32_t number)
{
	if (number == 0)
		return NULL;
	if (session->outgoing.number == number)
		return &session->outgoing;
	return session->incoming.number == number ? &session->incoming : NULL;
}

struct session_connection *session_rival(struct session *session,
					 const struct session_connection *connection)
{
	return connection == &session->outgoing ? &session->incoming : &session->outgoing;
}

void connection_leave(const struct fsm *fsm, struct session_connection *connection, bool ours)
{
	struct session *session = fsm->session;
	bool established = connection->state == BGP_ESTABLISHED;
	if (ours) {
		struct session_action *close =
			action_push(fsm->context, session, SESSION_DO_CLOSE);
		close->connection = connection->number;
		close->flag = fsm->event == SESSION_SEND_HOLD_EXPIRES;
	}
	if (established) {
		uint8_t keep = restart_keep(fsm, connection);
		restart_lost(fsm, connection, keep);
		session->cause.graceful = keep != 0;
		action_push(fsm->context, session, SESSION_DO_DOWN)->families = keep;
		pace_end(session);
		refresh_forgotten(session);
	}
	free(connection->partial);
	*connection = (struct session_connection){ 0 };
	connection_timers_clear(connection);
}

static void to_idle(struct fsm *fsm)
{
	struct session *session = fsm->session;
	if (session->outgoing.number || session->incoming.number) {
		bool dialling = session->outgoing.number && !session->outgoing.open;
		session->base = dialling ? BGP_CONNECT : BGP_ACTIVE;
		return;
	}
	session->base = BGP_IDLE;
	session->connect_retry_at = INSTANT_NEVER;
	session->idle_hold_at =
		session->started ? timer_end(fsm->context, fsm->now, idle_pause(fsm)) : INSTANT_NEVER;
}

static void leave(struct fsm *fsm)
{
	bool ours = fsm->event != SESSION_TCP_FAILS || fsm->input->still_open;
	if (fsm->connection)
		connection_leave(fsm, fsm->connection, ours);
}

/* Every connection goes, each with that NOTIFICATION if it got as far as OpenSent. */
static void leave_all(struct fsm *fsm)
{
	struct session_connection *both[] = { &fsm->session->outgoing, &fsm->session->incoming };
	for (size_t i = 0; i < 2; i++) {
		if (!both[i]->number)
			continue;
		if (fsm->input->error && both[i]->state >= BGP_OPEN_SENT) {
			struct bgp_error error = restart_cease(both[i], fsm->input->error);
			send_notification(fsm, both[i], &error);
		}
		connection_leave(fsm, both[i], true);
	}
}

static void dial(struct fsm *fsm)
{
	struct session *session = fsm->session;
	struct session_connection *connection = &session->outgoing;
	connection->number = ++fsm->context->last_connection;
	connection->state = BGP_CONNECT;
	connection_timers_clear(connection);
	session->base = BGP_CONNECT;
	action_push(fsm->context, session, SESSION_DO_CONNECT)->connection = connection->number;
	session->connect_retry_at = INSTANT_NEVER;
	if (!fsm->context->profile->dial_outlasts_retry)
		arm_connect_retry(fsm);
}

static void say_open(struct fsm *fsm)
{
	ASSERT(fsm->connection);
	fsm->session->connect_retry_at = INSTANT_NEVER;
	fsm->connection->delay_open_at = INSTANT_NEVER;
	send_open(fsm, fsm->connection);
	fsm->connection->state = BGP_OPEN_SENT;
	arm_open_hold(fsm, fsm->connection);
}

/* Their OPEN is good: answer it and wait for theirs to be answered. */
static void agree(struct fsm *fsm)
{
	struct session_connection *connection = fsm->connection;
	connection->terms = open_agree(fsm->session, fsm->context, fsm->now, fsm->input->open);
	send_keepalive(fsm, connection);
	connection->state = BGP_OPEN_CONFIRM;
	arm_keepalive(fsm, connection);
	arm_hold(fsm, connection);
}

/* ---- handlers ---- */

static void ignore(struct fsm *fsm) { (void)fsm; }

static void start(struct fsm *fsm)
{
	struct session *session = fsm->session;
	bool passive = session->peer->passive || fsm->event == SESSION_MANUAL_START_PASSIVE ||
		       fsm->event == SESSION_AUTOMATIC_START_PASSIVE ||
		       fsm->event == SESSION_AUTOMATIC_START_DAMPED_PASSIVE;
	if (fsm->event != SESSION_IDLE_HOLD_EXPIRES)
		session->retry_counter = 0;
	session->started = true;
	session->idle_hold_at = INSTANT_NEVER;
	if (!passive && !fsm->context->profile->starts_active) {
		dial(fsm);
		return;
	}
	session->base = BGP_ACTIVE;
	session->connect_retry_at = INSTANT_NEVER;
	if (!passive)
		arm_active(fsm);
}

/* DampPeerOscillations: as long as IdleHoldTimer runs, a start has to wait for it. */
static void start_damped(struct fsm *fsm)
{
	if (instant_is_never(fsm->session->idle_hold_at))
		start(fsm);
}

static void refuse(struct fsm *fsm) { leave(fsm); }

static void stop_manual(struct fsm *fsm)
{
	struct session *session = fsm->session;
	leave_all(fsm);
	session->retry_counter = 0;
	session->started = false;
	session->base = BGP_IDLE;
	session->connect_retry_at = session->idle_hold_at = INSTANT_NEVER;
}

static void stop_automatic(struct fsm *fsm)
{
	leave_all(fsm);
	fsm->session->retry_counter++;
	to_idle(fsm);
}

/* Connection gone, counter up, Idle: what most surprises come to. */
static void fail(struct fsm *fsm)
{
	fsm->session->retry_counter++;
	if (fsm->connection)
		leave(fsm);
	else
		leave_all(fsm);
	to_idle(fsm);
}

static void fail_quietly(struct fsm *fsm)
{
	leave(fsm);
	to_idle(fsm);
}

static void fail_with(struct fsm *fsm, const struct bgp_error *error)
{
	if (fsm->connection) {
		struct bgp_error said = restart_cease(fsm->connection, error);
		send_notification(fsm, fsm->connection, &said);
	}
	fail(fsm);
}

static void fail_notified(struct fsm *fsm)
{
	ASSERT(fsm->input->error);
	fail_with(fsm, fsm->input->error);
}

static void hold_expired(struct fsm *fsm)
{
	const struct bgp_error error = { .code = 4 };
	fsm->session->cause.code = 4;
	fsm->session->cause.sent = true;
	fail_with(fsm, &error);
}

/* RFC 6608: the subcode says in which state it came. */
static void unexpected(struct fsm *fsm)
{
	struct bgp_error error = { .code = 5 };
	error.subcode = (uint8_t)(fsm->state - BGP_OPEN_SENT + 1);
	if (fsm->event == SESSION_NOTIFICATION && !fsm->context->profile->notification_answered) {
		fail(fsm);
		return;
	}
	if (fsm->event != SESSION_NOTIFICATION) {
		fsm->session->cause.code = 5;
		fsm->session->cause.subcode = error.subcode;
		fsm->session->cause.sent = true;
	}
	fail_with(fsm, &error);
}

static void redial(struct fsm *fsm)
{
	if (fsm->session->outgoing.number)
		connection_leave(fsm, &fsm->session->outgoing, true);
	dial(fsm);
}

static void connected(struct fsm *fsm)
{
	struct session_context *context = fsm->context;
	fsm->connection->open = true;
	fsm->session->connect_retry_at = INSTANT_NEVER;
	int64_t delay_ns = session_draw(fsm->session, context, BGP_TIMER_DELAY_OPEN, -1);
	if (delay_ns)
		fsm->connection->delay_open_at = instant_add(fsm->now, delay_ns);
	else
		say_open(fsm);
}

static void delay_over(struct fsm *fsm)
{
	if (fsm->connection && fsm->connection->open)
		say_open(fsm);
}

static void connect_failed(struct fsm *fsm)
{
	struct session *session = fsm->session;
	bool delayed = fsm->connection && !instant_is_never(fsm->connection->delay_open_at);
	leave(fsm);
	if (session->outgoing.number || session->incoming.number) {
		to_idle(fsm);
	} else if (delayed || !fsm->context->profile->refused_goes_idle) {
		session->base = BGP_ACTIVE;
		if (!fsm->context->profile->retry_counts_from_dial ||
		    instant_is_never(session->connect_retry_at))
			arm_connect_retry(fsm);
	} else {
		to_idle(fsm);
	}
}

static void open_sent_failed(struct fsm *fsm)
{
	struct session *session = fsm->session;
	leave(fsm);
	if (session->outgoing.number || session->incoming.number) {
		to_idle(fsm);
		return;
	}
	session->base = BGP_ACTIVE;
	arm_active(fsm);
}

/* RFC 4271 8.2.2, Connect and Active, event 24: counted unless DelayOpenTimer runs. */
static void version_refused_early(struct fsm *fsm)
{
	bool delayed = fsm->connection && !instant_is_never(fsm->connection->delay_open_at);
	if (delayed)
		fail_quietly(fsm);
	else
		fail(fsm);
}

static void open_early(struct fsm *fsm)
{
	if (!fsm->connection || !fsm->input->open) {
		fail(fsm);
		return;
	}
	if (collision_lost(fsm, fsm->input->open))
		return;
	say_open(fsm);
	agree(fsm);
}

static void open_received(struct fsm *fsm)
{
	if (!collision_lost(fsm, fsm->input->open))
		agree(fsm);
}

static void open_again(struct fsm *fsm) { (void)collision_lost(fsm, fsm->input->open); }

static void confirmed(struct fsm *fsm)
{
	struct session *session = fsm->session;
	struct session_connection *connection = fsm->connection;
	connection->state = BGP_ESTABLISHED;
	arm_hold(fsm, connection);
	session->stood_since = fsm->now;
	if (fsm->context->profile->error_memory_ns == 0)
		session->error_pause_ns = 0;
	pace_begin(fsm);
	struct session_action *up = action_push(fsm->context, session, SESSION_DO_UP);
	up->connection = connection->number;
	restart_came_back(fsm, connection);
}

static void keepalive_due(struct fsm *fsm)
{
	send_keepalive(fsm, fsm->connection);
	arm_keepalive(fsm, fsm->connection);
}

static void alive(struct fsm *fsm) { arm_hold(fsm, fsm->connection); }

/* ---- the table ---- */

/* In Connect and Active nothing was said yet, so nothing is answered either (8.1.1's optional
 * SendNOTIFICATIONwithoutOPEN is off). */
#define BEFORE_OPEN                                                                                \
	[1] = ignore, [2] = stop_manual, [3] = ignore, [4] = ignore, [5] = ignore, [6] = ignore,   \
	[7] = ignore, [8] = stop_automatic, [10] = fail, [11] = fail, [12] = delay_over,           \
	[13] = fail, [14] = ignore, [15] = ignore, [16] = connected, [17] = connected,             \
	[19] = fail, [20] = open_early, [21] = fail, [22] = fail, [23] = fail,                     \
	[24] = version_refused_early, [25] = fail, [26] = fail, [27] = fail, [28] = fail,          \
	[29] = ignore

/* A second connection runs in its own slot (see session_arrived), so 14 to 17 do nothing here. */
#define AFTER_OPEN                                                                                 \
	[1] = ignore, [2] = stop_manual, [3] = ignore, [4] = ignore, [5] = ignore, [6] = ignore,   \
	[7] = ignore, [8] = stop_automatic, [9] = unexpected, [10] = hold_expired,                 \
	[12] = unexpected, [13] = unexpected, [14] = ignore, [15] = ignore, [16] = ignore,         \
	[17] = ignore, [20] = unexpected, [21] = fail_notified, [23] = fail_notified

static handler *const table[SESSION_STATES][SESSION_EVENTS] = {
	[BGP_IDLE] = {
		[1] = start, [2] = ignore, [3] = start, [4] = start, [5] = start,
		[6] = start_damped, [7] = start_damped, [8] = ignore, [9] = ignore, [10] = ignore,
		[11] = ignore, [12] = ignore, [13] = start, [14] = refuse, [15] = ignore,
		[16] = refuse, [17] = refuse, [18] = ignore, [19] = ignore, [20] = ignore,
		[21] = ignore, [22] = ignore, [23] = ignore, [24] = ignore, [25] = ignore,
		[26] = ignore, [27] = ignore, [28] = ignore, [29] = ignore,
	},
	[BGP_CONNECT] = { BEFORE_OPEN, [9] = redial, [18] = connect_failed },
	[BGP_ACTIVE] = { BEFORE_OPEN, [9] = redial, [18] = fail },
	[BGP_OPEN_SENT] = {
		AFTER_OPEN, [11] = unexpected, [18] = open_sent_failed, [19] = open_received,
		[22] = fail_notified, [24] = fail_quietly, [25] = unexpected, [26] = unexpected,
		[27] = unexpected, [28] = unexpected, [29] = ignore,
	},
	[BGP_OPEN_CONFIRM] = {
		AFTER_OPEN, [11] = keepalive_due, [18] = fail, [19] = open_again,
		[22] = fail_notified, [24] = fail_quietly, [25] = fail, [26] = confirmed,
		[27] = unexpected, [28] = unexpected, [29] = ignore,
	},
	[BGP_ESTABLISHED] = {
		AFTER_OPEN, [11] = keepalive_due, [18] = fail, [19] = unexpected,
		[22] = unexpected, [24] = fail, [25] = fail, [26] = alive, [27] = alive,
		[28] = fail_notified, [29] = fail,
	},
};

static const struct {
	const char *name, *reason;
} words[SESSION_EVENTS] = {
	[1] = { "ManualStart", "started" },
	[2] = { "ManualStop", "stopped" },
	[3] = { "AutomaticStart", "started" },
	[4] = { "ManualStart_with_PassiveTcpEstablishment", "started, passive" },
	[5] = { "AutomaticStart_with_PassiveTcpEstablishment", "started, passive" },
	[6] = { "AutomaticStart_with_DampPeerOscillations", "started" },
	[7] = { "AutomaticStart_with_DampPeerOscillations_and_PassiveTcpEstablishment",
		"started, passive" },
	[8] = { "AutomaticStop", "stopped by the speaker" },
	[9] = { "ConnectRetryTimer_Expires", "connect retry timer expired" },
	[10] = { "HoldTimer_Expires", "hold timer expired" },
	[11] = { "KeepaliveTimer_Expires", "keepalive timer expired" },
	[12] = { "DelayOpenTimer_Expires", "delay open timer expired" },
	[13] = { "IdleHoldTimer_Expires", "tries again" },
	[14] = { "TcpConnection_Valid", "connection requested" },
	[15] = { "Tcp_CR_Invalid", "invalid connection request" },
	[16] = { "Tcp_CR_Acked", "connected" },
	[17] = { "TcpConnectionConfirmed", "peer connected" },
	[18] = { "TcpConnectionFails", "connection lost" },
	[19] = { "BGPOpen", "OPEN received" },
	[20] = { "BGPOpen with DelayOpenTimer running", "OPEN received" },
	[21] = { "BGPHeaderErr", "bad message header" },
	[22] = { "BGPOpenMsgErr", "bad OPEN" },
	[23] = { "OpenCollisionDump", "lost a connection collision" },
	[24] = { "NotifMsgVerErr", "peer does not speak this version" },
	[25] = { "NotifMsg", "NOTIFICATION received" },
	[26] = { "KeepAliveMsg", "KEEPALIVE received" },
	[27] = { "UpdateMsg", "UPDATE received" },
	[28] = { "UpdateMsgErr", "bad UPDATE" },
	[29] = { "SendHoldTimer_Expires", "send hold timer expired" },
};

static const char *const close_words[] = {
	[BGP_CLOSE_REFUSED] = "connection refused",
	[BGP_CLOSE_TIMED_OUT] = "connection timed out",
	[BGP_CLOSE_UNREACHABLE] = "no route to host",
	[BGP_CLOSE_FIN] = "connection closed",
	[BGP_CLOSE_RESET] = "connection reset by peer",
};

const char *session_event_name(enum session_event event) { return words[event].name; }

static struct session_cause cause_of(enum session_event event, const struct session_input *input)
{
	struct session_cause cause = { .reason = words[event].reason,
				       .communication = input->communication };
	bool received = event == SESSION_NOTIFICATION || event == SESSION_NOTIFICATION_VERSION;
	if (input->error) {
		cause.code = input->error->code;
		cause.subcode = input->error->subcode;
		cause.sent = !received;
	}
	if (event == SESSION_TCP_FAILS && !input->still_open) {
		cause.has_close = true;
		cause.close_reason = input->close_reason;
		cause.reason = close_words[input->close_reason];
	}
	if (input->reason)
		cause.reason = input->reason;
	return cause;
}

enum bgp_state session_state(const struct session *session)
{
	enum bgp_state further = session->outgoing.state > session->incoming.state
					 ? session->outgoing.state
					 : session->incoming.state;
	return further >= BGP_OPEN_SENT ? further : session->base;
}

static void show(struct session *session, struct session_context *context)
{
	enum bgp_state state = session_state(session);
	if (state == session->shown)
		return;
	enum bgp_state before = session->shown;
	session->shown = state;
	if (!(context->event_mask & 1u << BGP_EVENT_SESSION))
		return;
	struct session_action *tell = action_push(context, session, SESSION_TELL_STATE);
	const struct session_connection *established = session_established(session);
	tell->old_state = before;
	tell->new_state = state;
	tell->cause = session->cause;
	if (established) {
		tell->connection = established->number;
		tell->hold_s = established->terms.hold_s;
		tell->keepalive_s = established->terms.keepalive_s;
		tell->local = established->local;
	}
}

/* The one furthest on, for an event that names none. */
static struct session_connection *furthest(struct session *session)
{
	struct session_connection *a = &session->outgoing, *b = &session->incoming;
	if (!a->number || (b->number && b->state > a->state))
		a = b;
	return a->number ? a : NULL;
}

static void run(struct session *session, struct session_context *context, struct instant now,
		enum session_event event, struct session_connection *connection,
		const struct session_input *input)
{
	bool whole = event <= SESSION_AUTOMATIC_STOP;
	if (!connection && !whole)
		connection = furthest(session);
	struct fsm fsm = {
		.session = session,
		.context = context,
		.now = now,
		.event = event,
		.state = connection ? connection->state : session_state(session),
		.connection = connection,
		.input = input,
	};
	ASSERT(event > 0 && event < SESSION_EVENTS && table[fsm.state][event]);
	session->cause = cause_of(event, input);
	table[fsm.state][event](&fsm);
	show(session, context);
}

void session_event(struct session *session, struct session_context *context, struct instant now,
		   enum session_event event, struct session_connection *connection,
		   const struct session_input *input)
{
	static const struct session_input nothing = { 0 };
	run(session, context, now, event, connection, input);
	/* No pause in this profile: it starts over in the same instant. */
	if (session_state(session) == BGP_IDLE && session->idle_hold_at.ns <= now.ns)
		run(session, context, now, SESSION_IDLE_HOLD_EXPIRES, NULL, &nothing);
}
