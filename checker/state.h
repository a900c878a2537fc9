/* The trace folded: what is so at the instant of the last observation taken in. Serves the
 * expectations, `simrun show`, `simrun why` and the reports. */
#ifndef CHECKER_STATE_H
#define CHECKER_STATE_H

#include "topo/model.h"
#include "trace/trace.h"

struct state_session {
	uint32_t node;
	const char *neighbor;
	struct ip_addr peer, local;
	const char *state, *reason, *error, *last_error;
	bool graceful, waiting, ever_established;
	uint32_t hold_s, keepalive_s;
	int64_t since_ns;            /* last change of state */
	int64_t protocol_since_ns;   /* last change of what BIRD calls the protocol's state */
	int64_t last_established_ns; /* when it last became so; MODEL_NO_TIME: never */
	int64_t last_heard_ns;       /* last message received; MODEL_NO_TIME: none seen */
	uint64_t messages_sent, messages_received;
	uint32_t prefixes_received;  /* paths held from it */
	uint32_t prefixes_sent;      /* announced less withdrawn, of the messages seen */
	uint64_t sequence;           /* observation of the last change */
};

struct state_path {
	uint32_t node;
	const char *neighbor;        /* "" local */
	struct ip_prefix prefix;
	uint32_t path_id;
	struct observed_attrs attrs;
	bool stale, best;
	const char *rule;
	int64_t since_ns;
	uint64_t sequence;
};

struct state_route { /* a kernel route */
	uint32_t node;
	struct ip_prefix prefix;
	enum route_source source;
	uint32_t metric;
	const struct observed_next_hop *next_hops;
	uint32_t next_hop_count;
	int64_t since_ns;
	uint64_t sequence;
};

struct state_neighbor { /* an ARP entry */
	uint32_t node;
	const char *interface, *state;
	struct ip_addr address;
	struct mac_addr mac;
	int64_t since_ns;
};

struct state_flow {
	bool known[2];               /* [0] the way there, [1] the way back */
	enum disposition disposition[2];
	const struct observed_hop *hops[2];
	uint32_t hop_count[2];
	const char *detail[2];
	struct ip_addr source[2];
	int64_t since_ns[2];         /* this disposition holds since */
	uint64_t sequence[2];
};

struct state_node {
	bool up;
	int64_t since_ns;
	const char *process_state;   /* "running", "killed", ... "" before it started */
	int64_t process_since_ns;
	uint32_t last_step;          /* step that last touched it; MODEL_NONE */
};

/* A link, or one end of it. */
struct state_link {
	bool up;
	int64_t since_ns;
	uint32_t last_step;          /* step that last touched it; MODEL_NONE */
	const char *text;            /* "delay 5ms loss 10%", "" */
};

struct state;
struct state *state_new(const struct model *model);
void state_free(struct state *state);
struct trace_sink *state_sink(struct state *state);

int64_t state_now_ns(const struct state *state);
const struct model *state_model(const struct state *state);
uint32_t state_revision(const struct state *state); /* configuration in force */
const struct state_node *state_node_at(const struct state *state, uint32_t node);
const struct state_flow *state_flow_at(const struct state *state, uint32_t flow);
/* end MODEL_NONE: the link as a whole. */
const struct state_link *state_link_at(const struct state *state, uint32_t link, uint32_t end);
uint32_t state_last_step(const struct state *state); /* taken last; MODEL_NONE before the first */
uint32_t state_partition(const struct state *state); /* PARTITION step in force; MODEL_NONE */
uint64_t state_sequence(const struct state *state);  /* of the last observation taken in */
/* A node that is on, and has a plugged-in interface whose link is not cut (or none at all). */
bool state_node_alive(const struct state *state, uint32_t node, int64_t *since_ns);
const struct state_session *state_session_find(const struct state *state, uint32_t node,
					       const char *neighbor);
/* Walks in a fixed order: sessions in the daemon's own order; routes and paths by prefix (best path
 * first); neighbours by address. *cursor starts at 0; NULL ends. */
const struct state_session *state_session_next(const struct state *state, uint32_t node,
					       uint32_t *cursor);
const struct state_route *state_route_next(const struct state *state, uint32_t node,
					   uint32_t *cursor);
const struct state_path *state_path_next(const struct state *state, uint32_t node,
					 uint32_t *cursor);
const struct state_neighbor *state_neighbor_next(const struct state *state, uint32_t node,
						 uint32_t *cursor);
const struct state_route *state_route_find(const struct state *state, uint32_t node,
					   struct ip_prefix prefix);
/* The best path to exactly that prefix, NULL if none. */
const struct state_path *state_best_find(const struct state *state, uint32_t node,
					 struct ip_prefix prefix);

#endif
