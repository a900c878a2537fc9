/* Inside session/ only: the state machine and the parts its handlers are made of. */
#ifndef BGP_SESSION_FSM_H
#define BGP_SESSION_FSM_H

#include "bgp/session/session.h"

/* What comes with an event; only what it needs is set. */
struct session_input {
	const struct bgp_error *error; /* to send (2, 8, 21, 22, 23, 28), or received (24, 25) */
	const struct bgp_open *open;   /* 19, 20 */
	enum bgp_close_reason close_reason; /* 18 */
	const char *communication;     /* 25: RFC 9003 */
	const char *reason;            /* overrides the event's usual words */
	bool still_open;               /* 18: the transport is ours to close */
};

/* One event being handled. */
struct fsm {
	struct session *session;
	struct session_context *context;
	struct instant now;
	enum session_event event;
	enum bgp_state state;              /* the event found this */
	struct session_connection *connection; /* the one it is about; NULL: the whole session */
	const struct session_input *input; /* never NULL */
};

/* Runs one event, then shows the owner a changed state; starts over at once where the profile has
 * no pause. */
void session_event(struct session *session, struct session_context *context, struct instant now,
		   enum session_event event, struct session_connection *connection,
		   const struct session_input *input);
const char *session_event_name(enum session_event event);
/* Ends a connection: CLOSE if it is `ours` to close, DOWN if it was Established. */
void connection_leave(const struct fsm *fsm, struct session_connection *connection, bool ours);
struct session_connection *session_connection_of(struct session *session, uint32_t number);
struct session_connection *session_rival(struct session *session,
					 const struct session_connection *connection);

/* actions.c */
struct session_action *action_push(struct session_context *context, const struct session *session,
				   enum session_action_kind kind);
void send_slice(struct session *session, struct session_context *context, struct instant now,
		struct session_connection *connection, struct bgp_slice *slice, uint8_t type,
		uint32_t announced, uint32_t withdrawn);
void send_keepalive(const struct fsm *fsm, struct session_connection *connection);
void send_notification(const struct fsm *fsm, struct session_connection *connection,
		       const struct bgp_error *error);
void send_open(const struct fsm *fsm, struct session_connection *connection);
struct bgp_slice *slice_of(const struct writer *bytes);

/* open.c */
void open_build(const struct session *session, const struct session_context *context,
		struct instant now, struct bgp_open *open);
/* Codes of the capabilities to send, in order, 0-terminated. */
#define OPEN_ORDER_MAX 32u
void open_order(const struct session *session, const struct session_context *context,
		uint8_t order[OPEN_ORDER_MAX]);
/* RFC 4271 6.2, as far as it depends on who the peer is. False: *error. */
bool open_check(const struct session *session, const struct session_context *context,
		const struct bgp_open *theirs, struct bgp_error *error);
struct session_terms open_agree(const struct session *session,
				const struct session_context *context, struct instant now,
				const struct bgp_open *theirs);

/* collision.c: does a connection we dialled outlive one that came in? */
bool collision_keeps_outgoing(uint32_t local_id, uint32_t local_as, uint32_t remote_id,
			      uint32_t remote_as);
/* An OPEN came on fsm->connection. True: it lost, and has been closed. */
bool collision_lost(struct fsm *fsm, const struct bgp_open *open);

/* timers.c */
void connection_timers_clear(struct session_connection *connection);
/* When a timer of that span ends: a daemon whose clock counts whole ticks ends it with a tick, in
 * (span - tick, span]. */
struct instant timer_end(const struct session_context *context, struct instant now, int64_t span_ns);
void arm_connect_retry(const struct fsm *fsm);
void arm_active(const struct fsm *fsm); /* in Active, before (re)dialling */
void arm_hold(const struct fsm *fsm, struct session_connection *connection);
void arm_open_hold(const struct fsm *fsm, struct session_connection *connection);
void arm_keepalive(const struct fsm *fsm, struct session_connection *connection);
void arm_send_hold(const struct session_context *context, struct instant now,
		   struct session_connection *connection);
/* Idle's pause after what fsm->session->cause says. */
int64_t idle_pause(const struct fsm *fsm);

/* restart.c */
/* Families to keep as stale when an Established connection ends as `cause` says. */
uint8_t restart_keep(const struct fsm *fsm, const struct session_connection *connection);
void restart_lost(const struct fsm *fsm, const struct session_connection *connection, uint8_t keep);
void restart_came_back(const struct fsm *fsm, const struct session_connection *connection);
void restart_end_of_rib(struct session *session, struct session_context *context,
			const struct session_connection *connection, uint8_t family);
void restart_flush(struct session *session, struct session_context *context, uint8_t families);
void restart_stop_waiting(struct session *session, struct session_context *context);
/* RFC 8538 3.1: what is meant to end the session for good is wrapped into a Hard Reset. */
struct bgp_error restart_cease(const struct session_connection *connection,
			       const struct bgp_error *error);

/* refresh.c */
void refresh_received(const struct fsm *fsm, const struct bgp_route_refresh *refresh);
/* EoRR, or the time for it is over. */
void refresh_ended(struct session *session, struct session_context *context, uint8_t families);
void refresh_forgotten(struct session *session);

/* long_lived.c */
uint8_t long_lived_families(const struct session_terms *terms);
void long_lived_agree(struct session_terms *terms, const struct session *session,
		      const struct bgp_capabilities *ours, const struct bgp_capabilities *theirs);
void long_lived_lost(struct session *session, const struct session_terms *terms);
/* Restart Time is over: what may stay longer does; returns the families that may not. */
uint8_t long_lived_begin(struct session *session, struct session_context *context,
			 struct instant now);
void long_lived_end(struct session *session, uint8_t families);
/* Families whose long-lived time is running. */
uint8_t long_lived_running(const struct session *session);
struct instant long_lived_deadline(const struct session *session);
/* Families whose time is over at that instant. */
uint8_t long_lived_due(const struct session *session, struct instant at);

/* pace.c */
void pace_begin(const struct fsm *fsm);
void pace_end(struct session *session);

#endif
