/* A node's kernel as far as packets go: interfaces, addresses, ARP, IPv4, ICMP, filters, pods behind
 * /32 routes, and its FIB. TCP sits beside it (tcp.h); the node that hosts both joins them.
 *
 * Two ways in: frames from links, and packets from the node itself. One decision (ip_decide) says what
 * becomes of a packet; frames follow it with ARP, and walk.c follows it without sending anything, so
 * the walk cannot tell another story than the packets. */
#ifndef SIM_VIRTUAL_STACK_H
#define SIM_VIRTUAL_STACK_H

#include "sim/virtual/fib.h"
#include "sim/virtual/link.h"
#include "topo/model.h"

struct stack;
struct watch;
struct prober;

/* ---- what all stacks of a world share -------------------------------------------------------- */

struct network_observer {
	/* Something seen: OBSERVE_NEIGHBOR, OBSERVE_FIB (if network.observe_routes says so),
	 * OBSERVE_FLOW, OBSERVE_PROBE. Complete but for its sequence number. */
	void (*observed)(struct network_observer *observer, struct observation *observation);
};

struct network { /* embedded in the virtual world; filled in before the first stack_init */
	struct engine engine;
	struct frame_pool pool;
	struct link_world link_world;    /* .engine, .seed, .sink, .sink */
	struct bgp_table *table;         /* borrowed: prefix numbers of all FIBs */
	const struct model *model;       /* borrowed */
	struct network_observer *observer; /* borrowed; may be NULL */
	bool observe_routes;             /* OBSERVE_FIB for BGP routes too; others always */
	bool observe_neighbors;          /* every ARP state; otherwise only into and out of FAILED */
	struct link *links;              /* by model index; owned by the world */
	struct stack **stacks;           /* by node index; owned by the world */
	uint32_t stack_count;
	struct watch *watch;             /* borrowed; NULL: no flows are watched */
	struct prober *prober;           /* borrowed; NULL: no probes */
};

/* engine, pool and link_world of a zeroed network. */
void network_init(struct network *network, uint64_t seed, struct frame_sink *sink);
void network_free(struct network *network); /* stacks and links must be gone */
/* By node, which island; NULL heals. Borrowed until the next call. Carriers stay. */
void network_partition(struct network *network, const uint32_t *island_of);

/* ---- neighbours (ARP) ------------------------------------------------------------------------ */

enum neighbor_state { /* Linux's NUD_* */
	NEIGHBOR_NONE, NEIGHBOR_INCOMPLETE, NEIGHBOR_REACHABLE, NEIGHBOR_STALE, NEIGHBOR_DELAY,
	NEIGHBOR_PROBE, NEIGHBOR_FAILED,
};
const char *neighbor_state_name(enum neighbor_state state); /* "REACHABLE" */
/* NUD_VALID: the MAC address is used. */
static inline bool neighbor_valid(enum neighbor_state state)
{
	return state >= NEIGHBOR_REACHABLE && state <= NEIGHBOR_PROBE;
}

struct neighbor {
	struct ip_addr address;
	struct mac_addr mac;
	uint32_t interface;
	enum neighbor_state state;
	uint8_t probes;
	uint32_t number;           /* in its table */
	uint64_t serial;           /* of all entries this stack ever made */
	struct instant used, confirmed, updated;
	struct instant deadline;   /* NEVER: no timer */
	struct instant armed;      /* when the live event of the lazy timer fires */
	struct frame *waiting, *waiting_last; /* for resolution, oldest first */
	uint32_t waiting_count;
};

/* net.ipv4.neigh.*, Linux's defaults. Entries are never collected, as if gc_thresh1 were above the
 * number of neighbours: below it Linux collects none, and large clusters raise it. */
#define ARP_BASE_REACHABLE_NS (30 * NS_PER_S)
#define ARP_REACHABLE_REDRAW_NS (300 * NS_PER_S)
#define ARP_DELAY_FIRST_PROBE_NS (5 * NS_PER_S)
#define ARP_RETRANS_NS NS_PER_S
#define ARP_UNICAST_PROBES 3u
#define ARP_MULTICAST_PROBES 3u
#define ARP_LOCKTIME_NS NS_PER_S
#define ARP_QUEUE 101u     /* unres_qlen */

/* ---- interfaces ------------------------------------------------------------------------------ */

struct interface {
	struct link_receiver receiver; /* first */
	struct stack *stack;
	uint32_t index;         /* as in model_node.interfaces */
	const char *name;       /* borrowed */
	struct mac_addr mac;    /* 02:..., a hash of node and interface name */
	struct link *link;      /* NULL: not plugged in */
	uint32_t link_end;
	bool carrier;
	struct ip_prefix *addresses; /* with host bits, as configured; owned */
	uint32_t address_count;
	struct random_stream random; /* reachable time */
	int64_t reachable_ns;
	int64_t reachable_period;    /* number of the redraw it belongs to */
};

struct stack_pod {
	struct ip_addr address;
	char interface[16]; /* "cali" and eleven hexadecimal digits */
};

/* ---- the node's side ------------------------------------------------------------------------- */

struct stack_host { /* callbacks to the node; embedded there */
	/* A TCP segment for one of this node's addresses (not a pod's). Bytes borrowed. */
	void (*tcp_arrived)(struct stack_host *host, struct instant now, struct ip_addr source,
			    struct ip_addr destination, uint8_t ttl, const uint8_t *bytes,
			    size_t length);
	/* An ICMP error about a packet this node sent, or the same from its own ARP or routing table.
	 * port: ICMP port or protocol unreachable. Only for TCP; `sequence` is the quoted one. */
	void (*unreachable)(struct stack_host *host, struct instant now, struct ip_addr local,
			    uint16_t local_port, struct ip_addr remote, uint16_t remote_port,
			    uint32_t sequence, bool port);
	/* The kernel's route for a prefix changed (any source): time to look at tracked next hops. */
	void (*route_changed)(struct stack_host *host, struct instant now, uint32_t prefix_id,
			      const struct fib_route *former, const struct fib_route *route);
	/* An interface lost or regained its carrier. */
	void (*carrier_changed)(struct stack_host *host, struct instant now, uint32_t interface,
				bool up);
};

struct connection_track; /* filter.c */

struct stack {
	struct fib_listener fib_listener; /* first */
	struct event_handler arp_timer;   /* argument: neighbour serial and number */
	struct event_handler loopback;    /* argument: a frame to ourselves */
	struct network *network; /* borrowed */
	struct stack_host *host; /* borrowed; may be NULL */
	uint32_t node;           /* model index */
	const char *name;        /* borrowed */
	bool up;
	struct fib fib;
	struct interface *interfaces;
	uint32_t interface_count;
	struct hash_index locals; /* own addresses: interface << 8 | place */
	struct stack_pod *pods;
	uint32_t pod_count;
	struct hash_index pods_by_address;
	struct neighbor **neighbors; /* by number; owned */
	uint32_t neighbor_count, neighbor_capacity;
	struct hash_index neighbors_by_address;
	const struct model_config *config; /* borrowed; the last one, also while off */
	const struct model_pool *pools;    /* borrowed: where NAT does not apply */
	uint32_t pool_count;
	uint32_t flow_salt;      /* every kernel hashes flows its own way */
	uint16_t next_ip_id;
	struct connection_track *track;    /* NULL unless filters or NAT need it */
	uint64_t next_serial;
};

/* Interfaces come from the model; off and without addresses. host is borrowed. */
void stack_init(struct stack *stack, struct network *network, uint32_t node,
		struct stack_host *host);
void stack_free(struct stack *stack);

/* Power. Off: routes, addresses, neighbours and queued packets are gone at once and nothing is sent;
 * others are not told. On: as configured. */
void stack_power_on(struct stack *stack, const struct model_config *config,
		    const struct model_pool *pools, uint32_t pool_count);
void stack_power_off(struct stack *stack);
/* A new configuration of a running node: addresses with their connected routes, static routes, pods
 * with their /32 routes, filters, ip_forward, rp_filter and NAT become as it says; only differences
 * change anything. BGP routes and Calico's blackholed blocks are the node's (fib_set). */
void stack_configured(struct stack *stack, const struct model_config *config,
		      const struct model_pool *pools, uint32_t pool_count);

bool stack_is_local(const struct stack *stack, struct ip_addr address); /* pods' do not count */
const struct stack_pod *stack_pod_find(const struct stack *stack, struct ip_addr address);
uint32_t stack_interface_of(const struct stack *stack, struct ip_addr local); /* or FIB_NO_INTERFACE */
const char *stack_interface_name(const struct stack *stack, const struct fib_hop *hop,
				 struct ip_addr destination);
/* The source address the kernel picks for a destination; none if there is no route. */
struct ip_addr stack_choose_source(const struct stack *stack, struct ip_addr destination);
/* The node's address to show to a target out of an interface (inet_select_addr). */
struct ip_addr stack_address_toward(const struct stack *stack, uint32_t interface,
				    struct ip_addr target);
/* A frame to one of our own addresses: arrives in an event of its own. Takes the reference. */
void stack_loop_back(struct stack *stack, struct frame *frame);

struct stack_packet {
	struct ip_addr source, destination; /* source none: the kernel picks */
	uint8_t protocol, ttl, tos;         /* ttl 0: 64 */
	const uint8_t *bytes;               /* transport header and payload; borrowed for the call */
	size_t length;
};
/* Sends a packet of the node's own (to one of its own addresses, too). 0, or the errno the daemon's
 * call would see: -ENETUNREACH (no route), -EINVAL (blackhole), -EPERM (filter), -ENETDOWN (off). */
int stack_send(struct stack *stack, const struct stack_packet *packet);

/* TCP made progress with that peer (new data was acknowledged): Linux takes it as proof that the next
 * hop is alive (dst_confirm). Call on TCP_EVENT_SENT and on OPENED. */
void stack_confirm(struct stack *stack, struct ip_addr destination);

/* Where BGP next hops lead: the longest match that is not BGP's, followed through gateways until it
 * is on link (eight deep). */
struct stack_next_hop {
	bool reachable, connected; /* connected: itself on a subnet of ours */
	uint32_t metric;           /* of the first route */
	struct fib_hop hop;        /* what to install */
};
struct stack_next_hop stack_resolve(const struct stack *stack, struct ip_addr next_hop);

/* ---- arp.c ----------------------------------------------------------------------------------- */

/* NULL if there is no entry. */
const struct neighbor *arp_find(const struct stack *stack, uint32_t interface,
				struct ip_addr address);
void arp_received(struct stack *stack, struct interface *interface, const struct packet *packet);
/* Sends an IPv4 frame (reference moves along) to a neighbour, resolving it first if need be. */
void arp_output(struct stack *stack, struct interface *interface, struct ip_addr next_hop,
		struct frame *frame);
void arp_confirm(struct stack *stack, struct interface *interface, struct ip_addr next_hop);
void arp_flush(struct stack *stack, uint32_t interface); /* FIB_NO_INTERFACE: all */
void arp_free(struct stack *stack); /* the table itself, without a word */
void arp_set_deadline(struct stack *stack, struct neighbor *neighbor, struct instant deadline);
void arp_timer_fired(struct event_handler *handler, struct instant now, uint64_t argument);

/* ---- ip.c ------------------------------------------------------------------------------------ */

/* What a decision is made from. */
struct ip_query {
	struct ip_addr source, destination;
	uint8_t protocol;
	uint16_t source_port, destination_port;
	uint32_t in_interface; /* FIB_NO_INTERFACE: our own packet */
	bool from_pod;         /* left one of our pods: forwarded, not sent */
	bool established;      /* connection tracking has seen the other direction */
	bool unmasked;         /* an answer to a masked packet, already turned back to the pod */
	uint8_t ttl;           /* as it arrived */
};
enum ip_verdict { IP_LOCAL, IP_POD, IP_SEND, IP_DROP };
struct ip_decision {
	enum ip_verdict verdict;
	enum disposition why;       /* IP_DROP */
	bool reject;                /* a filter answers with ICMP */
	bool has_route;
	uint32_t prefix_id;
	const struct fib_route *route;
	struct fib_hop hop;         /* the member chosen */
	struct ip_addr next_hop;    /* whom to ask ARP for */
	struct ip_addr new_source;  /* NAT: rewritten to this; none: left alone */
	const struct model_filter *filter; /* that dropped it; NULL */
};
/* Changes nothing. Linux's order: local or not, ip_forward, route, reverse path, TTL, filter, NAT. */
void ip_decide(const struct stack *stack, const struct ip_query *query, struct ip_decision *out);
void ip_received(struct stack *stack, struct interface *interface, const struct packet *packet);
void ip_deliver(struct stack *stack, const struct packet *packet); /* for one of our addresses */
/* What ARP could not resolve: ICMP host unreachable to its sender, or EHOSTUNREACH to ourselves. */
void ip_unresolved(struct stack *stack, struct frame *frame);

/* ---- icmp.c ---------------------------------------------------------------------------------- */

/* About a packet that was read as *packet, unless RFC 1122 section 3.2.2 forbids (errors about
 * errors, broadcasts, not a first fragment). local: it is our own packet, tell ourselves. */
void icmp_send_error(struct stack *stack, const struct packet *packet, uint8_t type, uint8_t code,
		     bool local);
/* Echo requests are answered from the address they came to, errors handed to TCP and to probes. */
void icmp_received(struct stack *stack, const struct packet *packet);
const char *icmp_error_name(uint8_t type, uint8_t code); /* "host unreachable" */

/* ---- filter.c -------------------------------------------------------------------------------- */

/* The first rule of a chain that matches; NULL: none, and the packet passes. */
const struct model_filter *filter_match(const struct stack *stack, int chain,
					const struct ip_query *query);

/* ---- track.c --------------------------------------------------------------------------------- */

bool track_needed(const struct model_config *config);
/* Makes stack->track if the configuration needs it. The others want it made. */
bool track_ready(struct stack *stack);
/* Conntrack ESTABLISHED: an answer, or what follows one. */
bool track_seen(const struct stack *stack, const struct packet *packet);
/* The packet is let through; a new connection from a pod is to be masked as `mask` (none: not). Returns
 * what its source must become: the connection's mask if it has one and this is its own direction. */
struct ip_addr track_note(struct stack *stack, const struct packet *packet, struct ip_addr mask);
/* The pod behind a masqueraded answer; none if it is not one. */
struct ip_addr track_unmask(const struct stack *stack, const struct packet *packet);
void track_clear(struct stack *stack);

#endif
