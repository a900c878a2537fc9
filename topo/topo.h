/* From what people write to the model: the one way in. */
#ifndef TOPO_TOPO_H
#define TOPO_TOPO_H

#include "base/diag.h"
#include "topo/model.h"

/* Reads a scenario and every file it names; reports all that is wrong with them, lints included.
 * Returns the model, owned by the list's arena, or NULL when there was an error. */
const struct model *topo_load(struct diag_list *diags, const char *path);
/* The same from memory (tests, fuzzers); files it names are looked up beside `path`. */
const struct model *topo_load_text(struct diag_list *diags, const char *path, const char *text,
				   size_t length);

/* How each configured session fits its other side; Batfish's names. */
enum topo_session_status {
	TOPO_SESSION_UNIQUE_MATCH,
	TOPO_SESSION_HALF_OPEN,       /* the other side has no such neighbour */
	TOPO_SESSION_UNKNOWN_REMOTE,  /* nobody has that address */
	TOPO_SESSION_NO_MATCH_FOUND,  /* the other side expects another AS, password or port */
	TOPO_SESSION_MULTIPLE_REMOTES,
	TOPO_SESSION_DUPLICATE,       /* a second protocol to the same neighbour : BIRD keeps it idle */
};
const char *topo_session_status_name(enum topo_session_status status);

struct topo_session {
	uint32_t node, neighbor;      /* index in that node's bgp.neighbors */
	uint32_t peer_node, peer_neighbor; /* MODEL_NONE if none */
	enum topo_session_status status;
	const char *why;              /* for anything but UNIQUE_MATCH: one clause */
	const char *code;             /* the lint that reports it: "W012"; NULL for UNIQUE_MATCH */
};
/* Every configured session of a revision, once from each side, in order of node and neighbour. */
struct topo_session *topo_sessions(const struct model *model, uint32_t revision,
				   struct arena *arena, uint32_t *count);
/* What keeps one of them from coming up, as one clause (the arena's); NULL: nothing that shows in
 * the configuration. */
const char *topo_session_misfit(const struct model *model, uint32_t revision, struct arena *arena,
				uint32_t node, uint32_t neighbor);

/* Every diagnostic code, what it means and what to do: `check --explain`. NULL ends the walk. */
struct topo_code {
	const char *code, *title, *text;
};
const struct topo_code *topo_code_at(size_t index);

#endif
