/* Explanations, told into a story. Only facts from the model and the trace: never a guess.
 * Private to the checker; explain_flow (checker.h) is the public way in. */
#ifndef CHECKER_EXPLAIN_H
#define CHECKER_EXPLAIN_H

#include "checker/story.h"

/* The way there (0) or back (1) of a flow, as it is now; at_ns is the time to put above it. */
void explain_way(const struct state *state, uint32_t flow, int way, int64_t at_ns,
		 struct story *story);
/* Where the ways of a flow lead, and what becomes of its packets there, as one number. */
uint64_t explain_key(const struct state *state, uint32_t flow);
/* That observation may change what explain_way said of the flow when its key was told_key. */
bool explain_concerns(const struct state *state, uint32_t flow, const struct observation *o,
		      uint64_t told_key);
void explain_session(const struct state *state, const uint32_t node[2], const char *const name[2],
		     struct ip_addr address, int64_t at_ns, struct story *story);

/* A walk that is being explained: what the rules of "because" look at. */
struct walk {
	const struct state *state;
	const struct model *model;
	const struct model_flow *flow;
	int way;
	uint32_t from, to;             /* nodes */
	struct ip_addr destination;
	enum disposition disposition;
	const struct observed_hop *hops;
	uint32_t hop_count;
	uint32_t failing_node;         /* where the packet dies */
	struct ip_addr failing_next_hop; /* whom the last node could not hand it to; none */
	const char *detail;
};
/* Bullets, with the places they point at. */
void explain_because(const struct walk *walk, struct story *story);
/* "off since 60.000s, rr1-crash, line 45"; false: nothing is wrong with the node itself. */
bool explain_node_trouble(const struct state *state, uint32_t node, struct story *story);
/* What stands between a node and its routes: its sessions that are down, and why. */
void explain_sessions_down(const struct state *state, uint32_t node, struct story *story);
/* Bullets about two sides of a session that do not fit. False: they fit. */
bool explain_mismatch(const struct state *state, uint32_t node, const struct model_neighbor *mine,
		      uint32_t peer, struct story *story);
/* Bullets about the rules of the two ends' firewalls that keep them from connecting. False: none. */
bool explain_call(const struct state *state, uint32_t node, const struct model_neighbor *mine,
		  uint32_t peer, const struct model_neighbor *theirs, struct story *story);

/* Starts a bullet line / ends it with the place it points at. */
void bullet(struct story *story);
void bullet_end(const struct state *state, struct story *story, struct source_pos pos);

#endif
