/* Inside bgp/ only: what the files of the speaker share. The speaker joins sessions with the RIB
 * and holds no rule of its own: sessions queue actions, the RIB changes, and both become effects.
 *
 *   speaker.c            life, facts, wake-ups
 *   speaker_effects.c    actions and changes -> effects
 *   speaker_configured.c a new configuration against the old one */
#ifndef BGP_SPEAKER_H
#define BGP_SPEAKER_H

#include "base/hash.h"
#include "base/heap.h"
#include "bgp/bgp.h"
#include "bgp/route/rib.h"
#include "bgp/session/session.h"

struct bgp_speaker {
	struct bgp_table *table;         /* borrowed */
	const struct bgp_config *config; /* borrowed */
	struct rib *rib;
	struct session_context context;
	struct session *sessions;        /* the index is the RIB's peer index too */
	size_t session_count, session_capacity;
	struct hash_index by_address;    /* peer address -> session */
	struct hash_index by_connection; /* connection -> session * 2 + (came in) */
	struct heap wakeups;             /* value: session, or SPEAKER_WAKEUP */
	struct instant now;
	bool started, stopped;
	bool holding;                    /* RFC 4724 4.1: the RIB waits for the peers */
	struct instant hold_until;
	bool recovering;                 /* RECOVERED is still to be said */
	struct ip_addr *unanswered;      /* next hops asked about while recovering */
	size_t unanswered_count, unanswered_capacity;

	struct bgp_effect *effects;
	size_t effect_count, effect_capacity, effect_head;
	struct bgp_event *events;        /* of the EVENT effects, in their order */
	size_t event_count, event_capacity, event_head;
	struct bgp_event event_out;      /* lent until the next poll */
	struct bgp_slice *slice_out;     /* owned until the next poll */
};
#define SPEAKER_WAKEUP UINT64_MAX

/* Carries out all actions the sessions have queued. */
void speaker_settle(struct bgp_speaker *speaker);
/* Sees to it that the speaker wakes up no later than the session needs. */
void speaker_rearm(struct bgp_speaker *speaker, struct session *session);
/* After a fact about one session. */
void speaker_finish(struct bgp_speaker *speaker, struct session *session);
/* Stops waiting as a restarting speaker, if there is nothing left to wait for. */
void speaker_maybe_release(struct bgp_speaker *speaker);
void speaker_index_addresses(struct bgp_speaker *speaker);
void speaker_context_of(struct bgp_speaker *speaker, const struct bgp_config *config);
/* A slot for one more session, not among the first `reserved` unless live is false there. */
struct session *speaker_session_add(struct bgp_speaker *speaker, uint32_t number,
				    const struct bgp_peer_config *peer);
void speaker_connection_add(struct bgp_speaker *speaker, uint32_t connection, uint32_t value);
/* RECOVERED waits for the answers about next hops: without them nothing can have been selected. */
void speaker_asked(struct bgp_speaker *speaker, struct ip_addr next_hop);
void speaker_answered(struct bgp_speaker *speaker, struct ip_addr next_hop);
bool speaker_wants(const struct bgp_speaker *speaker, enum bgp_event_kind kind);
struct bgp_event *speaker_event(struct bgp_speaker *speaker, enum bgp_event_kind kind,
				const struct bgp_peer_config *peer);

#endif
