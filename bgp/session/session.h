/* One BGP session: everything between a configured peer and an Established connection with it.
 *
 * A session is told what happened (session_arrived, session_read, session_time, ...) and appends
 * actions to the queue of its context; its owner carries them out in order. It knows connections by
 * number, never a socket; it knows that there are routes only from the UPDATEs it hands up and the
 * words UP, DOWN, STALE_FLUSH it says.
 *
 *   fsm.c        the table of RFC 4271 8.2.2: state x event -> handler
 *   open.c       our OPEN, the checks of the peer's, and what both together mean
 *   role.c       who may be what to whom (RFC 9234)
 *   collision.c  which of two connections stays (RFC 4271 6.8, RFC 6286)
 *   timers.c     deadlines, their draws, and the event each one becomes
 *   restart.c    graceful restart, both roles (RFC 4724, RFC 8538)
 *   long_lived.c what follows when the peer takes longer (RFC 9494)
 *   refresh.c    ROUTE-REFRESH received (RFC 2918, RFC 7313)
 *   input.c      bytes -> messages -> events
 *   pace.c       when a peer may be sent what has changed
 *   actions.c    the queue
 *
 * A peer has room for two connections: the one we dialled and the one that came in. Until one of
 * them is Established each has a state of its own; the session's is the further one. */
#ifndef BGP_SESSION_SESSION_H
#define BGP_SESSION_SESSION_H

#include "base/buf.h"
#include "bgp/bgp.h"
#include "bgp/profile.h"
#include "bgp/wire/attr.h"
#include "bgp/wire/message.h"

/* RFC 4271 8.1 by its numbers, and RFC 9687's. */
enum session_event {
	SESSION_MANUAL_START = 1,
	SESSION_MANUAL_STOP = 2,
	SESSION_AUTOMATIC_START = 3,
	SESSION_MANUAL_START_PASSIVE = 4,
	SESSION_AUTOMATIC_START_PASSIVE = 5,
	SESSION_AUTOMATIC_START_DAMPED = 6,
	SESSION_AUTOMATIC_START_DAMPED_PASSIVE = 7,
	SESSION_AUTOMATIC_STOP = 8,
	SESSION_CONNECT_RETRY_EXPIRES = 9,
	SESSION_HOLD_EXPIRES = 10,
	SESSION_KEEPALIVE_EXPIRES = 11,
	SESSION_DELAY_OPEN_EXPIRES = 12,
	SESSION_IDLE_HOLD_EXPIRES = 13,
	SESSION_TCP_VALID = 14,
	SESSION_TCP_INVALID = 15,
	SESSION_TCP_ACKED = 16,
	SESSION_TCP_CONFIRMED = 17,
	SESSION_TCP_FAILS = 18,
	SESSION_OPEN = 19,
	SESSION_OPEN_DELAYED = 20, /* OPEN while DelayOpenTimer runs */
	SESSION_HEADER_ERROR = 21,
	SESSION_OPEN_ERROR = 22,
	SESSION_COLLISION_DUMP = 23,
	SESSION_NOTIFICATION_VERSION = 24,
	SESSION_NOTIFICATION = 25,
	SESSION_KEEPALIVE = 26,
	SESSION_UPDATE = 27,
	SESSION_UPDATE_ERROR = 28,
	SESSION_SEND_HOLD_EXPIRES = 29,
	SESSION_EVENTS = 30,
};
#define SESSION_STATES 6 /* enum bgp_state */

/* What two OPENs agreed on. */
struct session_terms {
	uint32_t router_id;          /* the peer's */
	uint16_t hold_s, keepalive_s; /* 0: none */
	uint16_t restart_time_s;     /* the peer's */
	uint8_t families;            /* both have them */
	uint8_t add_path_in, add_path_out;
	uint8_t restart_families;    /* listed in the peer's capability 64, and ours too */
	uint8_t forwarding_families; /* ... with the F bit */
	bool as4, route_refresh, enhanced_refresh, extended_message, extended_next_hop;
	bool restart;                /* both sent capability 64 */
	bool restarting;             /* the peer's R bit */
	bool restart_notification;   /* RFC 8538's N bit, both */
	bool long_lived;             /* the peer has capability 71 */
	uint32_t long_lived_s[BGP_FAMILIES]; /* RFC 9494: how long beyond restart_time_s */
	uint8_t long_lived_forwarding; /* the peer's F bits there */
};

struct session_connection {
	uint32_t number;      /* 0: none */
	enum bgp_state state; /* Connect: dialling; Connect, Active: open, our OPEN delayed */
	bool open;
	bool partial_done;    /* the message in `partial` has been dealt with */
	uint32_t unsent;      /* bytes handed over in SEND and not reported as gone */
	struct instant hold_at, keepalive_at, delay_open_at, send_hold_at;
	struct session_terms terms; /* from OpenConfirm on */
	struct ip_addr local;
	uint8_t *partial;     /* owned: the beginning of a message whose end has not come */
	uint32_t partial_length;
};

/* Why the state changed last. */
struct session_cause {
	const char *reason; /* static */
	const char *communication; /* the session's, until the next NOTIFICATION; NULL: none */
	uint8_t code, subcode;
	bool sent, has_close, graceful;
	enum bgp_close_reason close_reason;
};

/* When a peer may be sent what has changed (pace.c). */
struct session_pace {
	bool waiting;             /* something is to be sent, `ready_at` says when */
	bool draining;            /* being sent; stopped only by a full window */
	bool begun;               /* has sent since it last ran dry */
	struct instant ready_at;
	struct instant not_before; /* MRAI, or the wait before the first dump */
};

struct session {
	uint32_t number;                    /* the owner's name for it */
	const struct bgp_peer_config *peer; /* borrowed */
	bool live;                          /* holds a peer */
	bool started;                       /* wants to be up */
	bool plain_open;                    /* RFC 5492: the peer did not like our capabilities */
	bool awaited;                       /* we are restarting and wait for its End-of-RIB */
	enum bgp_state base;                /* of no connection: Idle, Connect, Active */
	enum bgp_state shown;               /* last told to the owner */
	uint32_t retry_counter;             /* ConnectRetryCounter */
	int64_t error_pause_ns;             /* last pause after an error; doubles */
	struct instant last_error;
	struct instant stood_since;         /* Established; never: since the last pause it was not */
	struct instant connect_retry_at, idle_hold_at;
	struct session_connection outgoing, incoming;
	uint8_t stale_families;             /* kept while the peer restarts */
	uint8_t end_of_rib_seen;
	struct instant stale_until;
	uint32_t long_lived_s[BGP_FAMILIES]; /* of those, once stale_until has come */
	struct instant long_stale_until[BGP_FAMILIES];
	uint8_t repeating_families;         /* between BoRR and EoRR (RFC 7313) */
	struct instant repeat_until;
	struct session_pace pace;
	struct session_cause cause;
	uint64_t name_hash;                 /* what its draws are named by: see session_draw */
	uint32_t drawn[BGP_TIMER_KINDS];
	char *heard;                        /* owned: shutdown communication received last */
	struct instant armed_at;            /* the owner's: its earliest wake-up entry */
};

enum session_action_kind {
	SESSION_DO_CONNECT,
	SESSION_DO_SEND,       /* slice, the reference goes with the action */
	SESSION_DO_CLOSE,      /* reset or not */
	SESSION_DO_UP,         /* the connection is Established; its terms stand */
	SESSION_DO_DOWN,       /* families: keep them as stale */
	SESSION_DO_STALE_FLUSH,/* families */
	SESSION_DO_LONG_STALE, /* families: stale ones are long-lived stale now */
	SESSION_DO_REFRESH,    /* families; enhanced */
	SESSION_DO_REPEAT_BEGIN, /* families: the peer will tell all it has once more */
	SESSION_DO_REPEAT_END, /* families: what it did not repeat is gone */
	SESSION_DO_DRAIN,      /* it may be sent what has changed */
	SESSION_TELL_STATE,    /* the rest only if asked for: events for the trace */
	SESSION_TELL_MESSAGE,
	SESSION_TELL_TIMER,
};
struct session_action {
	enum session_action_kind kind;
	uint32_t session, connection;
	struct bgp_slice *slice;
	uint8_t families;
	bool flag;             /* CLOSE: reset; REFRESH: enhanced; MESSAGE: sent */
	uint8_t message_type;
	enum bgp_state old_state, new_state;
	uint32_t message_length, announced, withdrawn;
	const char *what;      /* TIMER */
	struct session_cause cause;
	uint16_t hold_s, keepalive_s;
	struct ip_addr local;
};

/* What all sessions of a speaker share: plain values, and the queue. The owner sets the first part
 * and calls session_context_init. */
struct session_context {
	const struct bgp_profile *profile;
	const char *host_name;
	uint32_t router_id, local_as;
	int64_t clock_phase_ns;       /* bgp_config.clock_phase_ns */
	uint32_t event_mask;
	bool restarting;              /* R and F bits are sent (RFC 4724 4.1) */
	struct instant restart_bit_until;
	struct random_stream random;

	uint32_t last_connection;
	uint32_t awaited;             /* sessions whose End-of-RIB a restarting speaker waits for */
	bool came_up;                 /* some session was Established */
	struct bgp_slice *keepalive;  /* one for all */
	struct session_action *actions;
	size_t action_count, action_capacity, action_head;
};

void session_context_init(struct session_context *context);
void session_context_free(struct session_context *context);
/* Pops the next action. A SEND's slice now belongs to the caller. */
bool session_action_next(struct session_context *context, struct session_action *action);

/* ---- life ---- */
void session_init(struct session *session, uint32_t number, const struct bgp_peer_config *peer);
void session_free(struct session *session); /* says nothing to anybody: stop it first */
/* Begins after the profile's start delay, unless the peer is shut down. */
void session_start(struct session *session, struct session_context *context, struct instant now);
/* Ends it with that Cease subcode (0: without a word); it stays down until session_start. */
void session_stop(struct session *session, struct session_context *context, struct instant now,
		  uint8_t cease_subcode, const char *reason);

/* bgp_timer_draw from a stream of that session and timer alone: what one session draws, or one timer,
 * is the same however many others there are and however often they draw. */
int64_t session_draw(struct session *session, const struct session_context *context,
		     enum bgp_timer_kind kind, int64_t value_ns);

/* ---- facts ---- */
void session_opened(struct session *session, struct session_context *context, struct instant now,
		    uint32_t connection, struct ip_addr local);
/* Returns the number the connection gets, or 0 to refuse it. */
uint32_t session_arrived(struct session *session, struct session_context *context,
			 struct instant now, struct ip_addr local);
void session_closed(struct session *session, struct session_context *context, struct instant now,
		    uint32_t connection, enum bgp_close_reason reason);
void session_sent(struct session *session, struct session_context *context, struct instant now,
		  uint32_t connection, size_t bytes);
void session_link_down(struct session *session, struct session_context *context,
		       struct instant now, struct ip_addr local);
void session_time(struct session *session, struct session_context *context, struct instant now);
struct instant session_deadline(const struct session *session);

/* An UPDATE that wants applying. The owner fills in the second part. */
struct session_update {
	const uint8_t *body; /* good until the next session_read */
	size_t length;
	/* what became of it */
	enum bgp_outcome outcome;
	struct bgp_error error; /* if RESET */
	uint32_t announced, withdrawn;
	uint8_t end_of_rib;
	uint32_t prefixes;      /* of that peer, now */
};
/* Takes messages from `in` until one is an UPDATE for the RIB (true: carry out the queued actions,
 * apply it, call session_update_done, and come again) or nothing whole is left (false). */
bool session_read(struct session *session, struct session_context *context, struct instant now,
		  uint32_t connection, struct reader *in, struct session_update *update);
void session_update_done(struct session *session, struct session_context *context,
			 struct instant now, uint32_t connection,
			 const struct session_update *update);

/* ---- sending what has changed ---- */
/* The peer has something to be sent. True: send now, else DRAIN comes when it is time. */
bool session_pending(struct session *session, struct session_context *context, struct instant now);
/* Room on the Established connection, in bytes; 0 if there is none or none is wanted. */
size_t session_room(const struct session *session);
/* Hands an UPDATE over; takes the reference. */
void session_send(struct session *session, struct session_context *context, struct instant now,
		  struct bgp_slice *slice, uint32_t announced, uint32_t withdrawn);
/* Nothing is left to send. */
void session_drained(struct session *session, struct session_context *context, struct instant now);

/* ---- looking in ---- */
enum bgp_state session_state(const struct session *session);
/* The Established connection, or NULL. */
const struct session_connection *session_established(const struct session *session);
uint32_t session_local_as(const struct session *session, const struct session_context *context);
bool session_external(const struct session *session, const struct session_context *context);

/* A restarting speaker has heard all it waits for (the owner minds RESTART_WAIT's deadline). */
bool session_restart_over(const struct session_context *context);

#endif
