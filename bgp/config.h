/* What a speaker is told to be: plain values, owned by whoever made them. */
#ifndef BGP_CONFIG_H
#define BGP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

struct bgp_profile;

/* Address families, as bits. */
#define BGP_IPV4_UNICAST 1u
#define BGP_IPV6_UNICAST 2u
#define BGP_FAMILIES 2 /* family index 0 is IPv4 unicast, 1 is IPv6 unicast */

enum bgp_next_hop_mode {
	BGP_NEXT_HOP_AUTO, /* RFC 4271 5.1.3, with the profile's leanings */
	BGP_NEXT_HOP_SELF,
	BGP_NEXT_HOP_KEEP,
};

/* What we are to an eBGP neighbour (RFC 9234 3.1): the value in capability 9, plus one. */
enum bgp_role {
	BGP_ROLE_NONE, /* not told; no capability, no OTC */
	BGP_ROLE_PROVIDER,
	BGP_ROLE_ROUTE_SERVER,
	BGP_ROLE_ROUTE_SERVER_CLIENT,
	BGP_ROLE_CUSTOMER,
	BGP_ROLE_PEER,
	BGP_ROLES,
};

/* Where a route came from, as bits. */
#define BGP_FROM_LOCAL 1u
#define BGP_FROM_INTERNAL 2u
#define BGP_FROM_EXTERNAL 4u
#define BGP_FROM_ANY 7u

/* Policy is data: the first rule that matches decides. */
struct bgp_policy_rule {
	struct ip_prefix prefix;             /* no family: any prefix of either family */
	uint8_t length_min, length_max;      /* of the route; 0, 0: any length inside prefix */
	uint8_t from;                        /* BGP_FROM_*; 0: any */
	bool match_community;                /* only routes that came with `community`, host order */
	uint32_t community;
	enum { BGP_RULE_ACCEPT, BGP_RULE_REJECT, BGP_RULE_NEXT } verdict; /* NEXT: change and go on */
	const uint32_t *add_communities;     /* RFC 1997, host order */
	size_t add_community_count;
	bool set_local_pref;
	uint32_t local_pref;
};
struct bgp_policy {
	const struct bgp_policy_rule *rules;
	size_t count;
	bool accept_rest; /* what no rule decided */
};

struct bgp_peer_config {
	const char *name;          /* unique within the speaker: "Node_172_31_13_116", "172.31.13.27" */
	struct ip_addr remote;
	uint16_t remote_port;      /* 0: 179 */
	struct ip_addr local;      /* source address; none: the kernel picks */
	uint32_t remote_as;
	uint32_t local_as;         /* 0: the speaker's */
	bool local_as_received;    /* RFC 7705 3: that AS is put in front of what is received, too */
	bool local_as_and_own;     /* ... and what is sent has the speaker's own AS behind it */
	uint8_t families;          /* BGP_IPV4_UNICAST | ... */
	bool passive;
	bool rr_client;
	uint32_t cluster_id;       /* of this session; 0: the speaker's */
	enum bgp_next_hop_mode next_hop;
	bool multihop;             /* eBGP neighbour need not be on a shared subnet */
	uint8_t ttl;               /* 0: 1 for single-hop eBGP, else the profile's */
	uint8_t ttl_min;           /* GTSM: drop what arrives with less; 0: off */
	const char *password;      /* TCP-MD5, RFC 2385; NULL: none */
	uint16_t hold_time_s;      /* 0: the profile's; HOLD_TIME_OFF: none */
	uint16_t keepalive_s;      /* 0: the profile's rule */
	int32_t connect_retry_s;   /* 0: the profile's */
	bool graceful_restart;     /* announce capability 64 with our families */
	uint16_t restart_time_s;   /* 0: the profile's */
	uint32_t long_lived_max_s; /* RFC 9494: keep its routes that long beyond Restart Time, if it
				    * asks for it; 0: not at all */
	bool extended_next_hop;    /* RFC 8950: IPv4 prefixes with IPv6 next hops, both ways */
	bool add_path_send, add_path_receive; /* RFC 7911, for every family */
	enum bgp_role role;        /* of ours, on eBGP (RFC 9234) */
	bool role_strict;          /* the neighbour must say its own */
	bool enforce_first_as;     /* eBGP: AS_PATH must begin with the neighbour's AS */
	uint8_t allow_as_in;       /* own AS may stand in AS_PATH that often */
	uint32_t max_prefixes;     /* 0: no limit */
	bool shutdown;             /* configured, but administratively down */
	const char *shutdown_text; /* told to the peer with Cease 6/2 (RFC 9003); NULL: nothing */
	const struct bgp_policy *import, *export; /* NULL: none given (see ebgp_requires_policy) */
};
#define BGP_HOLD_TIME_OFF UINT16_MAX

struct bgp_config {
	const char *name;                 /* the node's */
	const struct bgp_profile *profile;
	uint32_t router_id;               /* host order, not 0 */
	uint32_t local_as;
	uint32_t cluster_id;              /* 0: router_id */
	uint16_t listen_port;             /* 0: 179 */
	uint8_t maximum_paths_external;   /* 0: the profile's */
	uint8_t maximum_paths_internal;
	bool long_lived;                  /* RFC 9494: LLGR_STALE routes come last in the decision, and
					   * go to peers with capability 71 only */
	bool clients_are_meshed;          /* no reflection from client to client (RFC 4456 6) */
	bool ebgp_requires_policy;        /* RFC 8212: without a policy an eBGP peer gets and gives nothing */
	bool errors_by_rfc;               /* malformed UPDATEs as RFC 7606 says, not as the profile */
	bool restarting;                  /* started as RFC 4724's restarting speaker */
	uint32_t event_mask;              /* 1u << enum bgp_event_kind */
	int64_t clock_phase_ns;           /* where in a tick the clock of this machine was at instant 0, for
					   * profiles whose timers run on ticks; 0: timers run exactly */
	const struct bgp_peer_config *peers;
	size_t peer_count;
};

#endif
