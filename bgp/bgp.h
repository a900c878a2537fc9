/* One BGP speaker, sans-IO: facts in, effects out.
 *
 * A host (a virtual node, the daemon, a test, a fuzzer) tells the speaker what happened, in the
 * past tense, each time with `now`; then it polls effects until none is left and carries them out;
 * then it asks when the speaker wants to be woken. Nothing re-enters: a fact only queues effects.
 *
 *      bgp_bytes_received(speaker, now, connection, bytes, length);
 *      while (bgp_effect_next(speaker, &effect))
 *              carry_out(&effect);
 *      wake_at(bgp_next_wakeup(speaker));
 *
 * The speaker reads no clock, opens no socket, writes no log, and draws only from the random stream
 * it was given. RFC 4271, 4456, 4760, 5492, 6793, 2918, 4724, 7911, 7606, 6286. */
#ifndef BGP_BGP_H
#define BGP_BGP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/random.h"
#include "base/time.h"
#include "bgp/config.h"

struct bgp_speaker;
struct bgp_table; /* interned prefixes and attribute sets, see bgp/route/table.h */

/* Bytes shared by every session they are sent on. Counted: whoever keeps a slice after the effect
 * was polled takes its own reference. */
struct bgp_slice {
	uint32_t references;
	uint32_t length;
	uint8_t bytes[];
};
struct bgp_slice *bgp_slice_ref(struct bgp_slice *slice);
void bgp_slice_unref(struct bgp_slice *slice);

/* ---- life ---------------------------------------------------------------------------------- */

/* The table is borrowed and must outlive the speaker; speakers of one world share one. The
 * configuration, and all it points to, is borrowed until the effects of the next bgp_configured
 * have been polled. */
struct bgp_speaker *bgp_speaker_new(struct bgp_table *table, const struct bgp_config *config,
				    struct random_stream random);
void bgp_speaker_free(struct bgp_speaker *speaker);

/* ---- facts --------------------------------------------------------------------------------- */

/* The process has started: sessions may begin. config->restarting says whether it comes back as a
 * restarting speaker (RFC 4724 section 4.1), keeping its forwarding state. */
void bgp_started(struct bgp_speaker *speaker, struct instant now);
/* An orderly stop was asked for: Cease 6/2 to everybody, routes removed as the profile says. */
void bgp_stopped(struct bgp_speaker *speaker, struct instant now);
/* The whole new configuration; only differences take effect: a removed peer gets 6/3, a changed one
 * 6/6 and a new start, others keep their sessions. */
void bgp_configured(struct bgp_speaker *speaker, struct instant now,
		    const struct bgp_config *config);

/* Connections are numbered by the speaker for those it asked for (BGP_EFFECT_CONNECT) and by
 * bgp_connection_arrived for those that came in. A number is never used twice. */
void bgp_transport_opened(struct bgp_speaker *speaker, struct instant now, uint32_t connection,
			  struct ip_addr local, uint16_t local_port);
/* Somebody connected to our port. Returns the connection's number, or 0: refuse it (RST). */
uint32_t bgp_connection_arrived(struct bgp_speaker *speaker, struct instant now,
				struct ip_addr remote, uint16_t remote_port, struct ip_addr local);
void bgp_bytes_received(struct bgp_speaker *speaker, struct instant now, uint32_t connection,
			const uint8_t *bytes, size_t length);
/* `bytes` more of what was handed over in SEND effects have left for the peer's kernel. The speaker
 * keeps at most BGP_UNSENT_MAX bytes a session outstanding and goes on from here. */
void bgp_bytes_sent(struct bgp_speaker *speaker, struct instant now, uint32_t connection,
		    size_t bytes);
#define BGP_UNSENT_MAX 65536u

enum bgp_close_reason {
	BGP_CLOSE_REFUSED,     /* connect: RST to our SYN */
	BGP_CLOSE_TIMED_OUT,   /* connect or retransmission gave up */
	BGP_CLOSE_UNREACHABLE, /* no route, or ICMP said so */
	BGP_CLOSE_FIN,         /* the peer closed */
	BGP_CLOSE_RESET,       /* the peer reset */
};
/* An attempt failed or a connection ended, from the other side. It is gone: no CLOSE follows. */
void bgp_transport_closed(struct bgp_speaker *speaker, struct instant now, uint32_t connection,
			  enum bgp_close_reason reason);

/* The clock has reached what bgp_next_wakeup asked for (or passed it; earlier calls do nothing). */
void bgp_time_reached(struct bgp_speaker *speaker, struct instant now);

struct bgp_next_hop_state {
	bool reachable; /* resolves through a route that is not itself BGP's */
	bool connected; /* on a subnet we share */
	struct ip_addr local; /* our address on that subnet, if connected; none: not told */
	uint32_t metric;
};
/* Answers BGP_EFFECT_NEXT_HOP_WATCH, and again whenever the answer changes. */
void bgp_next_hop_changed(struct bgp_speaker *speaker, struct instant now, struct ip_addr next_hop,
			  struct bgp_next_hop_state state);
/* The interface with that address lost its carrier (fast external fallover). */
void bgp_link_down(struct bgp_speaker *speaker, struct instant now, struct ip_addr local);

/* A route of our own to announce: a static or connected one, a `network` line, a Calico block. */
struct bgp_local_route {
	struct ip_prefix prefix;
	struct ip_addr next_hop; /* none: ourselves */
	uint8_t origin;          /* 0 IGP, 1 EGP, 2 INCOMPLETE */
	bool has_med;
	uint32_t med;
};
void bgp_route_originated(struct bgp_speaker *speaker, struct instant now,
			  const struct bgp_local_route *route); /* replaces the former one */
void bgp_route_retracted(struct bgp_speaker *speaker, struct instant now, struct ip_prefix prefix);

/* ---- effects ------------------------------------------------------------------------------- */

enum bgp_effect_kind {
	BGP_EFFECT_CONNECT,          /* dial */
	BGP_EFFECT_SEND,             /* queue these bytes; they leave in order */
	BGP_EFFECT_CLOSE,            /* close: FIN after all queued bytes, or reset at once */
	BGP_EFFECT_NEXT_HOP_WATCH,   /* tell me about this address, now and when it changes */
	BGP_EFFECT_NEXT_HOP_UNWATCH,
	BGP_EFFECT_FIB_SET,          /* install or replace the route for a prefix */
	BGP_EFFECT_FIB_REMOVE,
	BGP_EFFECT_RECOVERED,        /* restarting speaker: the first selection is done; kernel routes
				      * of a former life not set since may go (RFC 4724 4.1) */
	BGP_EFFECT_EVENT,            /* something to trace */
};

#define BGP_NEXT_HOPS_MAX 64u

struct bgp_effect {
	enum bgp_effect_kind kind;
	uint32_t connection;        /* CONNECT, SEND, CLOSE */
	const struct bgp_peer_config *peer; /* CONNECT: addresses, port, ttl, password */
	struct bgp_slice *slice;    /* SEND: borrowed until the next poll */
	bool reset;                 /* CLOSE: RST instead of FIN */
	struct ip_addr next_hop;    /* WATCH, UNWATCH */
	uint32_t prefix_id;         /* FIB_*: number in the shared table */
	struct ip_prefix prefix;    /* FIB_* */
	const struct ip_addr *next_hops; /* FIB_SET: borrowed until the next poll; best first */
	uint32_t next_hop_count;
	bool external;              /* FIB_SET: best path is eBGP */
	const struct bgp_event *event; /* EVENT: borrowed until the next poll */
};

/* False when there is nothing (more) to do. */
bool bgp_effect_next(struct bgp_speaker *speaker, struct bgp_effect *effect);
/* When bgp_time_reached wants to be called; INSTANT_NEVER if nothing is pending. */
struct instant bgp_next_wakeup(const struct bgp_speaker *speaker);

/* ---- events: what a trace keeps ------------------------------------------------------------ */

enum bgp_state {
	BGP_IDLE, BGP_CONNECT, BGP_ACTIVE, BGP_OPEN_SENT, BGP_OPEN_CONFIRM, BGP_ESTABLISHED,
};
const char *bgp_state_name(enum bgp_state state); /* "Idle", "Connect", ... "Established" */

enum bgp_event_kind {
	BGP_EVENT_SESSION,      /* the peer's state changed */
	BGP_EVENT_MESSAGE,      /* a message was sent or received */
	BGP_EVENT_PATH,         /* a path entered, changed in, or left Adj-RIB-In */
	BGP_EVENT_BEST,         /* another path (or none) is best for a prefix */
	BGP_EVENT_TIMER,        /* a timer ran out */
	BGP_EVENT_TREATED,      /* RFC 7606: an UPDATE was bad, and this is what was done */
};

/* Which kinds a host wants: bits 1u << kind, in bgp_config.event_mask. */

struct bgp_event {
	enum bgp_event_kind kind;
	const struct bgp_peer_config *peer; /* NULL for local routes */
	/* SESSION. `reason` is a short English clause, static: "hold timer expired". */
	enum bgp_state old_state, new_state;
	const char *reason;
	uint8_t error_code, error_subcode; /* NOTIFICATION that ended it; 0 if none */
	bool error_sent;                   /* we sent it, or we got it */
	const char *communication;         /* the words that came with it (RFC 9003), or NULL */
	bool graceful;                     /* routes are kept as stale */
	bool waiting;                      /* restarting: export and kernel are held back */
	bool has_close_reason;             /* the transport ended it: close_reason says how */
	enum bgp_close_reason close_reason;
	uint16_t hold_time_s, keepalive_s; /* negotiated, once Established */
	struct ip_addr local;
	/* MESSAGE */
	bool sent;
	uint8_t message_type;
	uint32_t message_length;
	uint32_t announced, withdrawn;     /* prefixes, in an UPDATE */
	/* PATH, BEST */
	uint32_t prefix_id, attrs_id, path_id; /* attrs_id 0: gone */
	struct ip_prefix prefix;
	bool stale;
	const char *rule;                  /* BEST: the decision rule that settled it, static */
	uint32_t multipath_count;          /* BEST: paths used for forwarding */
	/* TIMER, TREATED */
	const char *what;                  /* static: "ConnectRetryTimer", "treat-as-withdraw" */
	uint8_t attribute;                 /* TREATED: type code */
};

/* ---- looking in (tests, `show` while running; never needed by a host) ----------------------- */

enum bgp_state bgp_peer_state(const struct bgp_speaker *speaker, const char *peer_name);

struct bgp_peer_view {
	const struct bgp_peer_config *peer;
	enum bgp_state state;
	uint32_t prefixes;           /* in Adj-RIB-In */
	uint8_t stale_families;      /* kept while it restarts */
	/* The rest once Established. */
	struct ip_addr local;
	uint32_t router_id;          /* the peer's */
	uint16_t hold_time_s, keepalive_s;
	uint8_t families, add_path_in, add_path_out;
	uint16_t restart_time_s;     /* the peer's */
	bool as4, route_refresh, enhanced_refresh, extended_message, graceful_restart;
};
/* Every configured peer, in the order of the configuration. */
void bgp_peers_each(const struct bgp_speaker *speaker,
		    void (*visit)(void *context, const struct bgp_peer_view *peer), void *context);

struct bgp_path_view {
	struct ip_prefix prefix;
	const struct bgp_peer_config *peer; /* NULL: local */
	uint32_t attrs_id, path_id;
	bool best, multipath, stale, usable; /* usable: next hop resolves, no loop */
};
/* Every path of every prefix, prefixes in order of ip_prefix_compare, the best path first. */
void bgp_paths_each(const struct bgp_speaker *speaker,
		    void (*visit)(void *context, const struct bgp_path_view *path), void *context);

#endif
