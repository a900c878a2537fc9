/* What differs from one implementation to the next, as a table of values and named rules. Logic
 * reads values and calls the rules a profile lists; it never asks which profile it has.
 * Sources: the daemons' own code and measurements; see docs/profiles.md. */
#ifndef BGP_PROFILE_H
#define BGP_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"

/* How a timer of `value_ns` is spread. */
enum bgp_jitter {
	BGP_JITTER_NONE,
	BGP_JITTER_RFC,            /* RFC 4271 10: uniform in [0.75, 1] of the value, in ns */
	BGP_JITTER_WHOLE_SECONDS,  /* BIRD 1.6: v - v/4 + uniform whole seconds 0..v/4 */
	BGP_JITTER_HALF,           /* Quagga's start timer: uniform in [0.5, 1.5] */
	BGP_JITTER_PLUS,           /* GoBGP: v + whole seconds, 0 to just below v */
};

/* What is followed by IDLE_AFTER_ERROR instead of IDLE_AFTER_LOSS, as bits. */
#define BGP_PAUSE_SENT_ERROR 1u     /* we sent a NOTIFICATION, neither Cease nor hold time */
#define BGP_PAUSE_SENT_HOLD 2u
#define BGP_PAUSE_SENT_CEASE 4u
#define BGP_PAUSE_RECEIVED_ERROR 8u
#define BGP_PAUSE_RECEIVED_CEASE 16u
#define BGP_PAUSE_LOST 32u          /* the transport ended it, without a NOTIFICATION */

enum bgp_timer_kind {
	BGP_TIMER_START,           /* before the first connect, after (automatic) start */
	BGP_TIMER_CONNECT_RETRY,
	BGP_TIMER_HOLD,
	BGP_TIMER_KEEPALIVE,
	BGP_TIMER_OPEN_HOLD,       /* while in OpenSent */
	BGP_TIMER_IDLE_AFTER_LOSS, /* pause after a session was lost without an error of protocol */
	BGP_TIMER_IDLE_AFTER_ERROR,/* first pause after a protocol error; doubles to a maximum */
	BGP_TIMER_MRAI_EXTERNAL,   /* MinRouteAdvertisementInterval */
	BGP_TIMER_MRAI_INTERNAL,
	BGP_TIMER_COALESCE,        /* wait before the first dump to new peers */
	BGP_TIMER_RESTART_WAIT,    /* restarting speaker: longest wait for the peers' End-of-RIB */
	BGP_TIMER_STALE_MAX,       /* helper: upper bound for stale routes once the session
				    * is back; 0: the restart timer just goes on until End-of-RIB */
	BGP_TIMER_DELAY_OPEN,      /* RFC 4271 8.1.1: before our OPEN on a new connection */
	BGP_TIMER_RESTART,         /* helper: how a peer's Restart Time is spread */
	BGP_TIMER_SEND_HOLD,       /* RFC 9687: value is unused, see send_hold_multiple */
	BGP_TIMER_KINDS,
};
const char *bgp_timer_name(enum bgp_timer_kind kind);

struct bgp_timer_rule {
	int64_t value_ns;   /* 0: this profile has no such timer (OPEN_HOLD: the hold time) */
	int64_t maximum_ns; /* for those that double; else 0 */
	enum bgp_jitter jitter;
};

/* One step of the decision process; see bgp/route/decision.h. */
enum bgp_decision_rule {
	BGP_RULE_END,
	BGP_RULE_USABLE,            /* next hop resolvable */
	BGP_RULE_NOT_STALE,
	BGP_RULE_WEIGHT_LOCAL,      /* locally originated first */
	BGP_RULE_LOCAL_PREF,
	BGP_RULE_AS_PATH_LENGTH,
	BGP_RULE_ORIGIN,
	BGP_RULE_MED,               /* among paths of the same neighbouring AS */
	BGP_RULE_EXTERNAL,          /* eBGP over iBGP */
	BGP_RULE_IGP_METRIC,
	BGP_RULE_OLDEST_EXTERNAL,   /* both eBGP: keep the one that was selected */
	BGP_RULE_ROUTER_ID,         /* ORIGINATOR_ID or the peer's identifier */
	BGP_RULE_PEER_ID,           /* the peer's identifier, whatever ORIGINATOR_ID says */
	BGP_RULE_CLUSTER_LIST,
	BGP_RULE_PEER_ADDRESS,
	BGP_RULE_PATH_ID,
};
#define BGP_DECISION_STEPS_MAX 20

enum bgp_ebgp_next_hop {
	BGP_EBGP_NEXT_HOP_SELF_IF_MULTIHOP, /* BIRD: a multihop peer always gets our own address,
					     * a direct one the original if it shares the subnet */
	BGP_EBGP_NEXT_HOP_THIRD_PARTY,      /* Quagga: the original if on the peer's subnet */
	BGP_EBGP_NEXT_HOP_THIRD_PARTY_OTHER,/* FRR: likewise, if its update group has a member
					     * that is not the route's source */
	BGP_EBGP_NEXT_HOP_SELF,             /* GoBGP: always our own */
};

/* Where a reflector looks for its own cluster id (RFC 4456 section 8). */
enum bgp_cluster_loop {
	BGP_CLUSTER_LOOP_RECEIVED,     /* in whatever an internal peer sends */
	BGP_CLUSTER_LOOP_FROM_CLIENTS, /* BIRD: only in what clients send */
	BGP_CLUSTER_LOOP_TO_CLIENTS,   /* GoBGP: only before sending to a client */
};

/* Whether routes learned over eBGP get ORIGINATOR_ID and CLUSTER_LIST. */
enum bgp_external_marks {
	BGP_EXTERNAL_UNMARKED,
	BGP_EXTERNAL_MARKED_TO_CLIENTS, /* GoBGP: sent to a client, the eBGP peer as originator */
	BGP_EXTERNAL_MARKED_RECEIVED,   /* OpenBGPD, once it has a client: marked when it comes in,
					 * itself as originator */
};

struct bgp_reactions; /* bgp/wire/reaction.h */
extern const struct bgp_reactions bgp_reactions_bird;
extern const struct bgp_reactions bgp_reactions_bird2;
extern const struct bgp_reactions bgp_reactions_frr;
extern const struct bgp_reactions bgp_reactions_gobgp;
extern const struct bgp_reactions bgp_reactions_openbgpd;

struct bgp_profile {
	const char *name;               /* "calico-bird", "bird", "bird2", "frr", ... */
	const char *title;              /* "BIRD 1.6.8 as Calico v3.23 runs it" */
	struct bgp_timer_rule timers[BGP_TIMER_KINDS];
	int64_t timer_tick_ns;          /* timers end with a tick of the daemon's clock (BIRD 1.6 counts
					 * whole seconds); 0: exactly */
	uint8_t decision[BGP_DECISION_STEPS_MAX]; /* enum bgp_decision_rule, END-terminated */
	uint8_t multipath_stop;         /* paths equal up to (not including) this rule share load */
	bool med_missing_worst;
	bool med_deterministic;         /* groups per neighbouring AS before comparing */
	uint8_t maximum_paths_external, maximum_paths_internal;
	bool ebgp_requires_policy;
	/* Sessions */
	bool idle_refuses;              /* connections that arrive while Idle are refused ... */
	uint8_t idle_accepts_below;     /* ... unless fewer errors than that were counted */
	bool single_connection;         /* GoBGP, OpenBGPD: no collision is ever resolved: what comes
					 * in replaces a dial, or is refused from OpenSent on */
	bool established_restart;       /* a new connection on an Established session counts as the
					 * peer's graceful restart (RFC 4724 4.2) */
	bool collision_in_open_sent;    /* RFC 4271 6.8's option */
	bool starts_active;             /* BIRD: waits in Active, not in Idle, before dialling */
	bool refused_goes_idle;         /* RFC 4271: a failed connect starts over after
					 * IDLE_AFTER_LOSS; else Active and ConnectRetry */
	bool newer_incoming_replaces;   /* FRR: a second incoming connection ousts the first;
					 * else it is refused */
	bool update_confirms;           /* BIRD: an UPDATE in OpenConfirm counts as a KEEPALIVE */
	bool notification_answered;     /* RFC 4271 8.2.2 to the letter: one that comes in OpenSent
					 * is answered by an FSM error */
	bool update_defers_keepalive;   /* RFC 4271: sending an UPDATE restarts KeepaliveTimer */
	uint8_t pause_on;               /* BGP_PAUSE_* */
	int64_t error_memory_ns;        /* quiet, then doubling starts anew; 0: Established */
	bool error_pause_halves;        /* OpenBGPD: instead, the pause halves each time the session
					 * has stood for as long as it */
	bool dial_outlasts_retry;       /* OpenBGPD: a dial ends when the transport says so */
	bool retry_counts_from_dial;    /* GoBGP: a failed dial does not restart ConnectRetryTimer */
	uint8_t send_hold_multiple;     /* RFC 9687: this many hold times; 0: no such timer */
	uint8_t ttl_internal;           /* of iBGP and multihop sessions */
	bool keepalive_third;           /* hold/3; else the smaller of the value and hold/3 */
	bool fast_external_fallover;
	/* OPEN */
	const uint8_t *capabilities;    /* codes in the order they are sent, 0-terminated */
	bool capability_per_parameter;  /* FRR, IOS: one optional parameter each */
	bool restart_helper;            /* keeps a restarting peer's routes */
	bool helper_sends_time;         /* FRR: Restart Time also without families of its own */
	bool restart_bit_at_start;      /* FRR: R bit for restart_time_s after any start */
	bool restart_bit_always;        /* OpenBGPD */
	bool restart_waits_for_all;     /* restarting: waits for every configured peer (BIRD); else
					 * for those that came up */
	bool add_path_receive_always;   /* FRR offers to receive without being told */
	bool long_lived_listed;         /* capability 71 lists our families: F bit, time 0 */
	bool restart_notification;      /* RFC 8538's N bit */
	uint16_t restart_time_s;
	bool stop_sends_cease;          /* 6/2 on SIGTERM */
	uint8_t stop_subcode;
	bool kernel_kept_on_kill;       /* kernel routes outlive SIGKILL */
	bool kernel_kept_on_stop;       /* ... and an orderly stop */
	/* Malformed messages */
	const struct bgp_reactions *reactions; /* to UPDATEs; NULL: RFC 7606 */
	bool any_marker;                /* GoBGP does not look at the header's marker */
	bool long_keepalive;            /* BIRD, GoBGP: a KEEPALIVE may be longer than its header */
	bool refresh_error_own;         /* GoBGP: a bad ROUTE-REFRESH is always 7/1 (RFC 7313) */
	/* Routes */
	enum bgp_ebgp_next_hop ebgp_next_hop;
	bool next_hop_recursive;        /* resolves through any non-BGP route, not only connected */
	bool suppress_next_hop_of_peer; /* a route whose next hop is the receiver is not sent */
	bool reflect_to_source;         /* FRR: also back to the client it came from */
	bool cluster_list_sorted;       /* BIRD 1.6 writes the list in ascending order */
	enum bgp_cluster_loop cluster_loop;
	enum bgp_external_marks external_marks;
	bool marks_to_clients_only;     /* GoBGP: what goes to a non-client bears no ORIGINATOR_ID
					 * and no CLUSTER_LIST */
	bool overtaken_not_withdrawn;   /* GoBGP: non-clients told of a client's route hear nothing
					 * when one from a non-client takes its place */
	bool ignores_well_known;        /* GoBGP: RFC 1997's communities are just passed on */
	bool next_hop_self_for_owner;   /* OpenBGPD: a route whose next hop is the receiver is sent
					 * with our own address */
	bool new_next_hop_unusable;     /* OpenBGPD: a route is withdrawn until its new next hop is
					 * known; else the decision waits */
	bool repeats_unchanged;         /* what changed for us is told again, though it comes out
					 * as it was (LOCAL_PREF, to an external peer) */
	bool one_prefix_per_update;     /* GoBGP */
	bool withdraws_along;           /* OpenBGPD: withdrawals ride in the next announcement */
	bool med_zero_reflected;        /* FRR 8, Quagga: MED 0 on what has none and was never
					 * reflected before */
	bool med_zero_to_external;      /* BIRD 1.6: MED 0 instead of none */
	bool unknown_sets_partial;
	bool unreachable_reflected;     /* a path with no resolvable next hop is still advertised */
	bool as_path_extended_length;   /* FRR: AS_PATH always with the extended-length bit */
	int64_t advertise_delay_ns;     /* from a change to its UPDATE (FRR's work queue) */
	int64_t kernel_delay_ns;        /* from a decision to the kernel's table */
	bool restarts_gracefully;       /* started as a restarting speaker: bird -R */
	bool kernel_nexthop_objects;    /* zebra: groups; Linux skips members it cannot reach */
	uint32_t kernel_metric;         /* of the routes it installs */
	uint32_t listen_backlog;        /* as given to listen(2) */
};

/* The value of a timer this time, drawn where the rule has jitter. `value_ns` < 0: the rule's. */
int64_t bgp_timer_draw(const struct bgp_profile *profile, enum bgp_timer_kind kind,
		       int64_t value_ns, struct random_stream *random);

/* NULL if there is none of that name. */
const struct bgp_profile *bgp_profile_by_name(const char *name);
/* All of them, in a fixed order; NULL ends the walk. */
const struct bgp_profile *bgp_profile_at(size_t index);

extern const struct bgp_profile bgp_profile_calico_bird;
extern const struct bgp_profile bgp_profile_bird;
extern const struct bgp_profile bgp_profile_bird2;
extern const struct bgp_profile bgp_profile_frr;
extern const struct bgp_profile bgp_profile_frr_datacenter;
extern const struct bgp_profile bgp_profile_quagga;
extern const struct bgp_profile bgp_profile_gobgp;
extern const struct bgp_profile bgp_profile_openbgpd;

#endif
