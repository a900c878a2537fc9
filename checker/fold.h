/* Inside the state: what its halves share. Private to the checker. */
#ifndef CHECKER_FOLD_H
#define CHECKER_FOLD_H

#include "checker/state.h"
#include "checker/table.h"

struct session_row {
	struct row row;
	struct state_session session;
	uint32_t order; /* in the daemon's list; MODEL_NONE: not configured any more */
};
struct path_row {
	struct row row;
	struct state_path path;
	bool held; /* seen in an Adj-RIB-In; else known only as the best */
};
struct best_row {
	struct row row;
	struct ip_prefix prefix;
	const char *neighbor;
	uint32_t path_id;
};
struct route_row {
	struct row row;
	struct state_route route;
};
struct neighbor_row {
	struct row row;
	struct state_neighbor neighbor;
};

struct state {
	struct trace_sink sink;
	const struct model *model; /* borrowed */
	struct arena arena;        /* interned strings */
	const char **strings;
	size_t string_count, string_capacity;
	struct hash_index string_index;
	int64_t now_ns;
	uint64_t sequence;
	uint32_t revision, last_step, partition;
	struct state_node *nodes;
	struct state_flow *flows;
	struct state_link *links;  /* of each link the whole, then its ends */
	uint32_t *link_start;
	struct table sessions, paths, bests, routes, neighbors;
};

/* The one copy of a string; equal strings are equal pointers. NULL counts as "". */
const char *state_intern(struct state *state, const char *string);

void tables_init(struct state *state);
void tables_free(struct state *state);
void fold_session(struct state *state, const struct observation *o);
void fold_message(struct state *state, const struct observation *o);
void fold_path(struct state *state, const struct observation *o);
void fold_best(struct state *state, const struct observation *o);
void fold_fib(struct state *state, const struct observation *o);
void fold_neighbor(struct state *state, const struct observation *o);
/* What a node forgets: its daemon's memory; with its power also what the kernel knew. */
void forget_daemon(struct state *state, uint32_t node, const char *reason);
void forget_kernel(struct state *state, uint32_t node);
void order_sessions(struct state *state); /* after another revision came into force */

#endif
