/* All routes of one speaker: Adj-RIB-In, the decision process, export through update groups, and
 * what goes to the FIB. It knows peers by a small index and a plain description; it never sees a
 * session, a message queue or a timer.
 *
 * In:  rib_peer_up, rib_update, rib_peer_down, ...   (facts)
 * Out: rib_send_next (messages for one peer, when there is room), rib_change_next (FIB, best, path
 *      and next-hop-watch changes, in order)
 *
 * RFC 4271 section 9, RFC 4456, RFC 7911, RFC 4724's stale routes, RFC 1997's well-known
 * communities. */
#ifndef BGP_ROUTE_RIB_H
#define BGP_ROUTE_RIB_H

#include "bgp/bgp.h"
#include "bgp/profile.h"
#include "bgp/route/table.h"

struct rib;

struct rib *rib_new(struct bgp_table *table, const struct bgp_config *config);
void rib_free(struct rib *rib);
/* New speaker-wide values and policies (peers keep their indexes); what changed is decided anew. */
void rib_configured(struct rib *rib, const struct bgp_config *config, struct instant now);

/* What the RIB must know of an Established session. Copied. */
struct rib_peer {
	const struct bgp_peer_config *config; /* borrowed until rib_peer_configured; read as long
					       * as routes of the peer are left, stale ones too */
	struct bgp_codec codec;               /* negotiated */
	uint32_t router_id;                   /* the peer's */
	bool external;                        /* eBGP */
	bool long_lived;                      /* it knows about LLGR_STALE (RFC 9494) */
	uint32_t local_as;                    /* ours on this session */
	struct ip_addr local;                 /* our address on this session */
	size_t message_max;
};

/* Peer indexes are given by the caller: small and dense. */
void rib_peer_up(struct rib *rib, uint32_t peer, const struct rib_peer *description,
		 struct instant now);
/* The peer's configuration record moved or changed in what is not negotiated (policy, next hop).
 * The former record must still be there to compare with. */
void rib_peer_configured(struct rib *rib, uint32_t peer, const struct bgp_peer_config *config,
			 struct instant now);
/* The session ended. Routes of `keep_stale` families stay, marked stale (those stale already go);
 * all others are removed. */
void rib_peer_down(struct rib *rib, uint32_t peer, uint8_t keep_stale, struct instant now);
bool rib_peer_is_up(const struct rib *rib, uint32_t peer);
/* Removes what is still stale of those families: restart time over, F bit missing, End-of-RIB. */
void rib_stale_flush(struct rib *rib, uint32_t peer, uint8_t families, struct instant now);

/* Stale routes of those families get LLGR_STALE; those with NO_LLGR go (RFC 9494 4.2). */
void rib_long_stale(struct rib *rib, uint32_t peer, uint8_t families, struct instant now);
/* The peer tells all it has once more (RFC 7313): from BEGIN on its routes of those families wait
 * to be repeated, in force as before; what was not repeated until END is removed. */
void rib_repeat_begin(struct rib *rib, uint32_t peer, uint8_t families, struct instant now);
void rib_repeat_end(struct rib *rib, uint32_t peer, uint8_t families, struct instant now);

struct rib_update_counts {
	uint32_t announced, withdrawn; /* prefixes */
	uint8_t end_of_rib;            /* family */
	uint8_t bad_attribute;         /* type code */
};
/* An UPDATE of an Established session. Applies it and says what RFC 7606 made of it; with RESET
 * nothing was applied and *error is set. */
enum bgp_outcome rib_update(struct rib *rib, uint32_t peer, const uint8_t *body, size_t length,
			    struct instant now, struct rib_update_counts *counts,
			    struct bgp_error *error);
uint32_t rib_peer_prefixes(const struct rib *rib, uint32_t peer); /* in Adj-RIB-In, for limits */

void rib_originate(struct rib *rib, const struct bgp_local_route *route, struct instant now);
void rib_retract(struct rib *rib, struct ip_prefix prefix, struct instant now);
void rib_next_hop_changed(struct rib *rib, struct ip_addr next_hop, struct bgp_next_hop_state state,
			  struct instant now);

/* The peer asked for everything again (RFC 2918). `enhanced`: framed by BoRR and EoRR (RFC
 * 7313). */
void rib_refresh(struct rib *rib, uint32_t peer, uint8_t families, bool enhanced);
/* While held (a restarting speaker waiting for its peers, RFC 4724 4.1) nothing is selected for the
 * FIB or sent; letting go sends everything, then End-of-RIB. Hold before the first
 * route, or never. */
void rib_hold(struct rib *rib, bool hold, struct instant now);

/* The next message for that peer: a whole UPDATE (or the End-of-RIB marker, which follows the first
 * dump of each family whether or not RFC 4724 was negotiated; or a BoRR or EoRR, with counts all
 * zero), shared with the other
 * members of its update group wherever it can be. NULL: up to date. The caller owns a reference. */
struct bgp_slice *rib_send_next(struct rib *rib, uint32_t peer, struct rib_update_counts *counts);
bool rib_send_pending(const struct rib *rib, uint32_t peer);
/* A peer that has something to send, to be drained with rib_send_next; UINT32_MAX if none. Each
 * change of the RIB names a peer once: if it could not be drained, the caller remembers that and
 * goes on by itself (rib_send_pending). */
uint32_t rib_pending_peer(struct rib *rib);

enum rib_change_kind { RIB_FIB_SET, RIB_FIB_REMOVE, RIB_WATCH, RIB_UNWATCH, RIB_PATH, RIB_BEST };
struct rib_change {
	enum rib_change_kind kind;
	uint32_t prefix_id, attrs_id, path_id;
	uint32_t peer;                   /* PATH, BEST: UINT32_MAX for local */
	struct ip_addr next_hop;         /* WATCH, UNWATCH */
	const struct ip_addr *next_hops; /* FIB_SET: borrowed until the next call */
	uint32_t next_hop_count;         /* BEST: paths used for forwarding */
	bool external, stale;
	const char *rule;                /* BEST */
};
/* Pops the next change; PATH and BEST only if config->event_mask asks for them. */
bool rib_change_next(struct rib *rib, struct rib_change *change);

void rib_each(const struct rib *rib,
	      void (*visit)(void *context, uint32_t prefix_id, uint32_t peer, uint32_t attrs_id,
			    uint32_t path_id, bool best, bool multipath, bool stale, bool usable),
	      void *context);

#endif
