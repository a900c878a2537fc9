/* What was seen: the only thing that leaves a world. Observations are typed, flat and append-only;
 * times are nanoseconds since the start. Strings and arrays are borrowed for the call that hands an
 * observation on; who keeps one copies it.
 *
 * Nodes, links and flows are named by their index in the model; the run database keeps the
 * names. */
#ifndef TRACE_OBSERVATION_H
#define TRACE_OBSERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum observation_kind {
	OBSERVE_STEP,     /* a step of the timeline took effect */
	OBSERVE_NODE,     /* a node went up or down */
	OBSERVE_PROCESS,  /* its BGP daemon: running, stopped, killed, hung */
	OBSERVE_LINK,     /* a link or one end of it: cut, mended, impaired */
	OBSERVE_SESSION,  /* a BGP session changed state */
	OBSERVE_MESSAGE,  /* a BGP message left or arrived */
	OBSERVE_PATH,     /* Adj-RIB-In: a path came, changed or went */
	OBSERVE_BEST,     /* Loc-RIB: another path is best */
	OBSERVE_FIB,      /* a kernel route was set or removed */
	OBSERVE_NEIGHBOR, /* an ARP entry changed state */
	OBSERVE_FLOW,     /* the forwarding path of a watched flow changed */
	OBSERVE_PROBE,    /* a probe packet was answered, or was not */
	OBSERVE_NOTE,     /* something a person should see at that time: text only */
	OBSERVE_KINDS,
};
const char *observation_kind_name(enum observation_kind kind); /* "step", "node", ... */

/* What becomes of a packet; Batfish's names, and five of ours. */
enum disposition {
	DISPOSITION_ACCEPTED,             /* success: reached the address itself */
	DISPOSITION_DELIVERED_TO_SUBNET,
	DISPOSITION_EXITS_NETWORK,
	DISPOSITION_DENIED_IN,            /* failures from here on */
	DISPOSITION_DENIED_OUT,
	DISPOSITION_LOOP,
	DISPOSITION_NEIGHBOR_UNREACHABLE, /* ARP failed */
	DISPOSITION_NO_ROUTE,
	DISPOSITION_NULL_ROUTED,          /* blackhole route */
	DISPOSITION_INSUFFICIENT_INFO,
	DISPOSITION_NODE_DOWN,
	DISPOSITION_LINK_DOWN,
	DISPOSITION_TTL_EXPIRED,
	DISPOSITION_NOT_FORWARDING,       /* ip_forward is 0 */
	DISPOSITION_RP_FILTERED,          /* reverse path filter */
	DISPOSITIONS,
};
const char *disposition_name(enum disposition disposition); /* "NEIGHBOR_UNREACHABLE" */
bool disposition_success(enum disposition disposition);

enum route_source { /* as `ip route` shows "proto" */
	ROUTE_CONNECTED, ROUTE_STATIC, ROUTE_POD, ROUTE_BLACKHOLE_BLOCK, ROUTE_BGP, ROUTE_LOCAL,
};
const char *route_source_name(enum route_source source); /* "connected", "static", ... */

struct observed_next_hop {
	struct ip_addr via;    /* none: on link */
	const char *interface; /* "" for blackhole */
};

/* One step of a walk: the route a node used, and where it led. */
struct observed_hop {
	uint32_t node;
	bool has_route;
	struct ip_prefix prefix;
	enum route_source source;
	struct observed_next_hop next_hop; /* the one chosen of the group */
	uint32_t next_hop_count;           /* size of the group */
	const char *neighbor_state;        /* ARP state of the next hop: "REACHABLE", ... or "" */
};

struct observed_attrs {
	uint32_t id;            /* equal ids are equal sets within a run; 0: none */
	uint8_t origin;
	const char *as_path;    /* "64512 7675", "" */
	struct ip_addr next_hop;
	bool has_med, has_local_pref, has_originator;
	uint32_t med, local_pref, originator_id;
	const char *cluster_list; /* "172.31.13.27 172.31.13.28", "" */
	const char *communities;  /* "64512:100 65535:65281", "" */
};

struct observation {
	int64_t at_ns;
	uint64_t sequence; /* given by the trace: order of happening, from 1 */
	enum observation_kind kind;
	uint32_t node;     /* UINT32_MAX where there is none */
	const char *json;  /* its fields as canonical JSON, while being handed on; else NULL */
	size_t json_length;
	union {
		struct {
			uint32_t index;        /* in model.steps */
			const char *name, *text;
			bool undone;           /* the end of `for:` */
		} step;
		struct {
			bool up;
		} node_state;
		struct {
			const char *name;      /* "bird", "bgpd" */
			const char *state;     /* "running", "stopped", "killed", "hung" */
		} process;
		struct {
			uint32_t link, end;    /* end UINT32_MAX: the whole link */
			bool up;
			const char *text;      /* "delay 5ms loss 10%", "" */
		} link;
		struct {
			const char *neighbor;  /* name within the node */
			struct ip_addr peer, local;
			const char *old_state, *new_state; /* "Idle" ... "Established" */
			const char *reason;    /* "hold timer expired" */
			uint8_t error_code, error_subcode;
			bool error_sent;
			const char *error;     /* "Hold Timer Expired", "" */
			const char *last_error; /* as BIRD's INFO column has it, "" */
			bool graceful;         /* its routes stay as stale */
			bool waiting; /* BIRD's `wait`: export held back by its own restart */
			uint32_t hold_s, keepalive_s; /* negotiated */
		} session;
		struct {
			const char *neighbor;
			bool sent;
			uint32_t type, length, announced, withdrawn;
		} message;
		struct {                       /* PATH and BEST */
			const char *neighbor;  /* "" for a local route */
			struct ip_prefix prefix;
			uint32_t path_id;
			bool gone, stale;
			struct observed_attrs attrs;
			const char *rule;      /* BEST: which rule decided */
			uint32_t multipath;
		} path;
		struct {
			struct ip_prefix prefix;
			bool removed;
			enum route_source source;
			uint32_t metric;
			const struct observed_next_hop *next_hops;
			uint32_t next_hop_count; /* 0: blackhole */
		} fib;
		struct {
			const char *interface;
			struct ip_addr address;
			const char *state; /* "INCOMPLETE" "REACHABLE" "STALE" "DELAY" "PROBE"
					      "FAILED" "NONE" */
			struct mac_addr mac;
		} neighbor;
		struct {
			uint32_t flow;         /* in model.flows */
			bool back;             /* the answer's way */
			enum disposition disposition;
			struct ip_addr source; /* the packet's source as it arrives (NAT) */
			const struct observed_hop *hops;
			uint32_t hop_count;
			const char *detail;    /* "ARP for 172.31.13.27 FAILED", "" */
		} flow;
		struct {
			uint32_t flow, number;
			bool answered;
			int64_t sent_ns, round_trip_ns;
			const char *answer; /* "echo reply", "SYN/ACK", "host unreachable from
					       172.31.13.116", "" */
		} probe;
		struct {
			const char *text;
		} note;
	};
};

/* A frame as it passes a link end; what captures are made of. */
struct observed_frame {
	int64_t at_ns;
	uint32_t link, end;    /* where it was seen */
	bool sent;             /* by the node at that end; else received there */
	bool dropped;          /* lost on the way: seen at the sender only */
	const uint8_t *bytes;  /* whole Ethernet frame without FCS; borrowed for the call */
	size_t length;
};

struct frame_sink {
	void (*seen)(struct frame_sink *sink, const struct observed_frame *frame);
};

#endif
