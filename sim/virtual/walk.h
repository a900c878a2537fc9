/* The exact way of a packet, without sending it; and the flows whose way is watched.
 *
 * A walk reads what a packet sent now would meet, and changes nothing: FIBs, filters, TTL, reverse
 * path, ECMP with its skipping of dead neighbours, ARP entries, carriers, cuts, partitions, power. A
 * neighbour entry that is still valid is believed, as the kernel believes it: a frame to a node that is
 * off vanishes (NODE_DOWN), one across a cut too (LINK_DOWN). A missing or failed entry is good if the
 * address's owner is up and reachable, for ARP would find it; otherwise NEIGHBOR_UNREACHABLE.
 *
 * A watch keeps, for each flow and direction, which nodes the last walk touched. What changes at a
 * node marks those flows only; at the end of the instant (after the events already queued for it) the
 * marked ones are walked again and what changed is observed. */
#ifndef SIM_VIRTUAL_WALK_H
#define SIM_VIRTUAL_WALK_H

#include "sim/virtual/stack.h"

#define WALK_HOPS_MAX 72u /* TTL 64 runs out before that */
#define WALK_DETAIL_MAX 192u

struct walk_query {
	uint32_t node;         /* where the packet starts */
	struct ip_addr source; /* none: the node picks. A pod's address: starts in the pod */
	struct ip_addr destination;
	uint8_t protocol;
	uint16_t source_port, destination_port; /* ICMP: the echo identifier in both */
	const struct walk *forth; /* the walk this one answers: connection tracking has seen it; NULL */
};

struct walk {
	enum disposition disposition;
	struct ip_addr source;      /* as it arrives */
	struct ip_addr first_source; /* as it left */
	uint32_t end_node;          /* where it ended */
	uint32_t hop_count;
	struct observed_hop hops[WALK_HOPS_MAX];
	uint32_t touched[WALK_HOPS_MAX + 1]; /* every node that had a say, the last one's owner too */
	uint32_t touched_count;
	char detail[WALK_DETAIL_MAX]; /* "ARP for 172.31.13.27 FAILED", "" */
};

/* Fills *walk. Its strings are good until a node is configured anew. A query without a destination (an
 * answer to a packet that had no source) ends as INSUFFICIENT_INFO. */
void walk_flow(const struct network *network, const struct walk_query *query, struct walk *walk);

struct watch;
/* Watches the model's flows, both directions. Makes network->watch; everything is walked and observed
 * for the first time at the end of the first instant something happens in, or by watch_flush. */
struct watch *watch_new(struct network *network);
void watch_free(struct watch *watch);
/* Walks what is marked now instead of at the end of the instant. */
void watch_flush(struct watch *watch);
/* The query of a flow's direction, as the watch walks it. */
void watch_query(const struct watch *watch, uint32_t flow, bool back, struct walk_query *query);
bool watch_delivered(const struct watch *watch, uint32_t flow, bool back); /* as last walked */
uint64_t watch_walks(const struct watch *watch); /* done so far */

/* Facts. watch may be NULL (nothing is watched). Stacks and links call these themselves. */
/* A cut, an impairment, an owner: whatever passes the link is walked again. */
void watch_link_changed(struct watch *watch, uint32_t link);
void watch_node_changed(struct watch *watch, uint32_t node);
void watch_route_changed(struct watch *watch, uint32_t node, struct ip_prefix prefix);
void watch_all_changed(struct watch *watch);

#endif
