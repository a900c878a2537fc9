/* The network as people described it: one model, built by topo_load and frozen from then on. Every
 * string and array is owned by the model's arena and lives as long as the model. Whatever a user
 * wrote carries the place it was written at, so that a verdict can point there.
 *
 * Configuration that changes during a run (apply, kubectl label, vtysh, ip ...) is worked out at load
 * time: each such step leads to the next `revision`, a whole configuration of every node (shared
 * where nothing changed), so mistakes in it are found before anything runs. */
#ifndef TOPO_MODEL_H
#define TOPO_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/diag.h"

#define MODEL_NONE UINT32_MAX

enum model_kind { MODEL_FRR, MODEL_QUAGGA, MODEL_CALICO_NODE, MODEL_HOST };
const char *model_kind_name(enum model_kind kind); /* "frr", "quagga", "calico-node", "host" */

/* What tc-netem(8) calls delay, jitter, loss, rate and limit. */
struct model_impairment {
	int64_t delay_ns, jitter_ns;
	uint32_t loss_ppm;      /* lost frames per million */
	uint64_t rate_bps;      /* bits a second; 0: unlimited */
	uint32_t queue_frames;  /* frames that may wait for the rate; 0: 1000 */
};

struct model_link_end {
	uint32_t node, interface; /* interface: index in model_node.interfaces */
	struct source_pos pos;
};

/* Two ends make a cable, more an Ethernet segment. */
struct model_link {
	const char *name;
	struct model_link_end *ends;
	uint32_t end_count;
	struct model_impairment impairment;
	struct source_pos pos;
};

/* What is fixed about a node. */
struct model_interface {
	const char *name;
	uint32_t link, link_end; /* MODEL_NONE: not plugged in */
};
struct model_node {
	const char *name;
	enum model_kind kind;
	struct model_interface *interfaces;
	uint32_t interface_count;
	struct source_pos pos;
};

/* ---- what a revision says of a node ---------------------------------------------------------- */

struct model_address {
	uint32_t interface;
	struct ip_prefix address; /* with host bits: 172.31.13.116/24 */
	struct source_pos pos;
};

struct model_route {
	struct ip_prefix prefix;
	struct ip_addr via;      /* none: on link, or blackhole */
	uint32_t interface;      /* MODEL_NONE: found through via */
	bool blackhole;
	uint32_t metric;
	struct source_pos pos;
};

struct model_filter {
	enum { MODEL_INPUT, MODEL_FORWARD, MODEL_OUTPUT } chain;
	uint8_t protocol;         /* 0 any, 1, 6, 17 */
	struct ip_prefix source, destination; /* no family: any */
	uint16_t source_port, destination_port; /* 0: any */
	uint32_t in_interface;    /* MODEL_NONE: any */
	bool established_only;    /* -m conntrack --ctstate ESTABLISHED */
	enum { MODEL_ACCEPT, MODEL_DROP, MODEL_REJECT } verdict;
	struct source_pos pos;
};

struct model_pod {
	const char *name;         /* "k8s-3/172.27.210.5" unless named */
	struct ip_addr address;
	struct source_pos pos;
};

struct model_block {
	struct ip_prefix prefix;
	bool exported;            /* not of a pool with disableBGPExport */
	struct source_pos pos;
};

/* A prefix list of verdicts, in order; mirrors what a speaker is told (bgp/config.h). */
struct model_policy_rule {
	struct ip_prefix prefix;  /* no family: any */
	uint8_t length_min, length_max; /* 0, 0: any length inside */
	enum { MODEL_RULE_ACCEPT, MODEL_RULE_REJECT, MODEL_RULE_NEXT } verdict;
	const uint32_t *add_communities;
	uint32_t add_community_count;
	bool set_local_pref;
	uint32_t local_pref;
	struct source_pos pos;
};
struct model_policy {
	const struct model_policy_rule *rules;
	uint32_t count;
	bool accept_rest;
};

enum model_next_hop { MODEL_NEXT_HOP_AUTO, MODEL_NEXT_HOP_SELF, MODEL_NEXT_HOP_KEEP };
enum model_peer_type { MODEL_PEER_PLAIN, MODEL_PEER_MESH, MODEL_PEER_NODE, MODEL_PEER_GLOBAL };

struct model_neighbor {
	const char *name;          /* "Node_172_31_13_116"; for FRR the address */
	enum model_peer_type type; /* what `calicoctl node status` calls PEER TYPE */
	struct ip_addr address;
	uint16_t port;             /* 0: 179 */
	struct ip_addr source;     /* none: the kernel picks */
	uint32_t remote_as, local_as; /* local_as 0: the node's */
	bool passive, rr_client;
	uint32_t cluster_id;       /* with rr_client */
	enum model_next_hop next_hop;
	bool multihop;
	uint8_t ttl_hops;          /* eBGP multihop or GTSM hops; 0: the kind's default */
	bool ttl_security;
	const char *password;      /* NULL: none */
	uint16_t hold_s, keepalive_s, connect_retry_s; /* 0: the daemon's */
	uint16_t restart_time_s;   /* graceful restart; 0: the daemon's */
	bool graceful_restart;     /* announces it for its families */
	bool add_path;
	uint8_t allow_as_in;
	uint32_t max_prefixes;
	bool shutdown;
	bool ipv4, ipv6;           /* families exchanged */
	const struct model_policy *import, *export; /* NULL: none */
	/* Where from: the line that makes this neighbour, and those that set what matters most. */
	const char *resource;      /* "BGPPeer/rr-peer", "neighbor 172.31.13.27", "node-to-node mesh" */
	struct source_pos pos, next_hop_pos, timers_pos, password_pos, remote_as_pos;
};

struct model_network { /* `network` lines */
	struct ip_prefix prefix;
	struct source_pos pos;
};

struct model_bgp {
	bool enabled;              /* false: no BGP daemon here, `why_not` says why */
	const char *why_not;
	const char *process;       /* "bird" or "bgpd" */
	const char *profile;       /* "calico-bird", "frr", "quagga" */
	uint32_t local_as, router_id; /* router_id in host order */
	uint32_t cluster_id;       /* 0: not a reflector / router id */
	uint16_t listen_port;      /* 0: 179 */
	uint8_t maximum_paths, maximum_paths_ibgp; /* 0: the profile's */
	bool ebgp_requires_policy;
	bool redistribute_connected, redistribute_static, redistribute_kernel;
	struct model_neighbor *neighbors; /* in the order the daemon lists them */
	uint32_t neighbor_count;
	struct model_network *networks;
	uint32_t network_count;
	struct source_pos pos;
};

/* Calico's kernel filter (semantics.md 6.1): which BGP routes bird programs, in order; the first
 * that contains the route's prefix decides, others are programmed as they are. */
struct model_kernel_rule {
	struct ip_prefix prefix;
	enum { MODEL_KERNEL_PLAIN, MODEL_KERNEL_SKIP, MODEL_KERNEL_TUNNEL, MODEL_KERNEL_TUNNEL_CROSS } how;
};

struct model_config {
	struct model_address *addresses;
	uint32_t address_count;
	struct model_route *routes;
	uint32_t route_count;
	struct model_filter *filters;
	uint32_t filter_count;
	struct model_pod *pods;
	uint32_t pod_count;
	struct model_block *blocks;
	uint32_t block_count;
	struct model_kernel_rule *kernel_rules;
	uint32_t kernel_rule_count;
	bool ip_forward;
	struct source_pos ip_forward_pos;
	uint8_t rp_filter;         /* 0 off, 1 strict, 2 loose */
	struct model_bgp bgp;
	bool reflector;
	uint8_t nat_outgoing;      /* some pool of this node's pods has natOutgoing */
	struct source_pos nat_outgoing_pos;
};

struct model_pool {
	const char *name;
	struct ip_prefix cidr;
	bool nat_outgoing, disabled, export_disabled;
	enum { MODEL_ENCAP_NEVER, MODEL_ENCAP_ALWAYS, MODEL_ENCAP_CROSS_SUBNET } ipip, vxlan;
	struct source_pos pos, nat_pos;
};

/* Something about the design worth showing in reports: provenance, backend, versions. */
struct model_revision {
	const struct model_config **nodes; /* by node index */
	const struct model_pool *pools;
	uint32_t pool_count;
};

/* ---- timeline ------------------------------------------------------------------------------- */

enum model_step_kind {
	MODEL_STEP_CRASH, MODEL_STEP_BOOT,             /* a node's power */
	MODEL_STEP_KILL, MODEL_STEP_STOP, MODEL_STEP_START, MODEL_STEP_RESTART, /* its BGP daemon */
	MODEL_STEP_HANG, MODEL_STEP_CONTINUE,          /* SIGSTOP, SIGCONT */
	MODEL_STEP_CUT, MODEL_STEP_MEND, MODEL_STEP_IMPAIR, /* a link, an end of it, one direction */
	MODEL_STEP_PARTITION, MODEL_STEP_HEAL,
	MODEL_STEP_CONFIGURE,                          /* apply, delete, calicoctl, kubectl, vtysh, exec */
	MODEL_STEP_END,
};

enum model_direction { MODEL_BOTH, MODEL_SEND_ONLY, MODEL_RECEIVE_ONLY }; /* seen from the end */

struct model_step {
	int64_t at_ns;
	const char *name;        /* unique; made up ("step-3") if the user gave none */
	enum model_step_kind kind;
	const char *text;        /* for people, one line: "k8s-1 off", "kubectl label node k8s-2 ..." */
	uint32_t *nodes;         /* CRASH .. CONTINUE: which */
	uint32_t node_count;
	int signal;              /* KILL */
	uint32_t link;           /* CUT, MEND, IMPAIR */
	uint32_t link_end;       /* MODEL_NONE: the whole link */
	enum model_direction direction;
	struct model_impairment impairment; /* IMPAIR: the whole new set of values */
	int64_t for_ns;          /* IMPAIR, CUT: undone after that long; 0: stays */
	uint32_t *group_of;      /* PARTITION: by node index, which island; HEAL: NULL */
	uint32_t revision;       /* CONFIGURE: index of the configuration from then on */
	struct source_pos pos;
};

/* ---- expectations --------------------------------------------------------------------------- */

/* A watched flow: outside host or pod to pod or host, and the answer back. */
struct model_flow {
	const char *name;        /* "client -> k8s-3/172.27.210.5" (with the arrow U+2192) */
	uint32_t from_node, to_node;
	struct ip_addr from, to; /* from: none means the sending host picks its source address */
	uint8_t protocol;        /* 1 ICMP, 6 TCP */
	uint16_t port;
};

enum model_expect_kind {
	MODEL_EXPECT_ESTABLISHED, MODEL_EXPECT_ROUTES, MODEL_EXPECT_REACHABLE,
	MODEL_EXPECT_SOURCE_PRESERVED, MODEL_EXPECT_NEVER, MODEL_EXPECT_CONVERGED,
};
#define MODEL_NEVER_LOOP 1u
#define MODEL_NEVER_BLACKHOLE 2u

/* One route as a user wrote it; only what is written is compared. */
struct model_expect_route {
	struct ip_prefix prefix;
	bool absent;                     /* must not be there */
	struct ip_addr *vias;            /* any order; none written: not compared */
	uint32_t via_count;
	const char *interface;           /* NULL: not compared */
	bool has_originator, has_clusters, has_as_path, has_local_pref, has_med;
	uint32_t originator_id;
	const uint32_t *clusters;        /* in order, host order */
	uint32_t cluster_count;
	const char *as_path;             /* "64512" */
	uint32_t local_pref, med;
	struct source_pos pos;
};

struct model_expect {
	const char *name, *description;
	enum model_expect_kind kind;
	bool warning;                    /* level: warning */
	/* When. All in ns since start; MODEL_NO_TIME where not written. */
	int64_t at_ns;                   /* judged at this instant ("end" is the scenario's end) */
	int64_t within_ns;               /* must hold at some instant <= this, and from then on
					  * (with `after`: counted from there) */
	int64_t after_ns;                /* judged from here on */
	int64_t from_ns, until_ns;       /* during: a .. b */
	const char *window;              /* its text: "rr1-crash .. rr1-back" */
	int64_t max_outage_ns;           /* longest allowed silence of any one flow */
	uint32_t *flows;                 /* REACHABLE, SOURCE_PRESERVED */
	uint32_t flow_count;
	uint32_t node;                   /* ROUTES; ESTABLISHED: MODEL_NONE means all */
	const char *neighbor;            /* ESTABLISHED: one session only, else NULL */
	bool fib;                        /* ROUTES: kernel table instead of BGP's */
	bool exact;                      /* ROUTES: no other BGP route may be there */
	struct model_expect_route *routes;
	uint32_t route_count;
	uint32_t never;                  /* MODEL_NEVER_* */
	struct source_pos pos, limit_pos;
};
#define MODEL_NO_TIME INT64_MIN

struct model {
	struct arena *arena;             /* the diag_list's; owns everything here */
	const char *name, *path, *calico_version;
	const struct source *const *sources; /* every file read, the .topo first */
	uint32_t source_count;
	const struct model_node *nodes;
	uint32_t node_count;
	const struct model_link *links;
	uint32_t link_count;
	const struct model_revision *revisions; /* 0 is the start */
	uint32_t revision_count;
	const struct model_step *steps;  /* by time; ties as written */
	uint32_t step_count;
	const struct model_flow *flows;
	uint32_t flow_count;
	const struct model_expect *expects; /* as written */
	uint32_t expect_count;
	uint32_t resource_count;
	int64_t end_ns;
};

uint32_t model_node_find(const struct model *model, const char *name); /* MODEL_NONE if none */

#endif
