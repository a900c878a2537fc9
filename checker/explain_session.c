/* Why a BGP session is not up: what each side last saw of it, and where the two do not fit. */
#include <string.h>

#include "checker/explain.h"
#include "checker/lookup.h"
#include "checker/words.h"
#include "topo/topo.h"

static const char *name_of(const struct state *state, uint32_t node)
{
	return state_model(state)->nodes[node].name;
}

static void put_trace(const struct state *state, uint32_t node, const char *neighbor,
		      struct text *out)
{
	const struct state_session *session = state_session_find(state, node, neighbor);
	if (!session) {
		text_put(out, "never started");
		return;
	}
	text_printf(out, "%s since ", session->state);
	text_seconds(out, session->since_ns);
	if (session->reason[0])
		text_printf(out, ", %s", session->reason);
	if (session->error[0])
		text_printf(out, ", %s", session->error);
	else if (session->last_error[0])
		text_printf(out, ", %s", session->last_error);
	if (!session->ever_established)
		text_put(out, "; was never up");
}

static uint32_t as_of(const struct model_bgp *bgp, const struct model_neighbor *neighbor)
{
	return neighbor && neighbor->local_as ? neighbor->local_as : bgp->local_as;
}

static void mismatch(const struct state *state, struct story *story, struct source_pos pos,
		     const char *text)
{
	bullet(story);
	text_put(&story->text, text);
	bullet_end(state, story, pos);
	story_place(story, pos, "%s", text);
}

/* Their AS, as this side expects it and as it is. */
static bool other_as(const struct state *state, uint32_t node, const struct model_neighbor *mine,
		     uint32_t peer, const struct model_neighbor *theirs, struct story *story)
{
	uint32_t as = as_of(&config_now(state, peer)->bgp, theirs);
	if (mine->remote_as == as || !mine->remote_as)
		return false;
	struct text text;
	text_init(&text);
	text_printf(&text, "%s expects AS %u of %s, which has AS %u", name_of(state, node),
		    mine->remote_as, name_of(state, peer), as);
	mismatch(state, story, mine->remote_as_pos.source ? mine->remote_as_pos : mine->pos,
		 text_string(&text));
	text_free(&text);
	return true;
}

static bool other_password(const struct state *state, uint32_t node,
			   const struct model_neighbor *mine, uint32_t peer,
			   const struct model_neighbor *theirs, struct story *story)
{
	const char *a = mine->password, *b = theirs->password;
	if ((!a && !b) || (a && b && strcmp(a, b) == 0))
		return false;
	struct text text;
	text_init(&text);
	if (a && b)
		text_printf(&text, "%s and %s have different passwords for each other",
			    name_of(state, node), name_of(state, peer));
	else
		text_printf(&text, "%s has a password for %s, %s has none for %s",
			    name_of(state, a ? node : peer), name_of(state, a ? peer : node),
			    name_of(state, a ? peer : node), name_of(state, a ? node : peer));
	const struct model_neighbor *with = a ? mine : theirs;
	mismatch(state, story, with->password_pos.source ? with->password_pos : with->pos,
		 text_string(&text));
	text_free(&text);
	return true;
}

static bool no_daemon(const struct state *state, uint32_t peer, struct story *story)
{
	const struct model_bgp *bgp = &config_now(state, peer)->bgp;
	if (bgp->enabled)
		return false;
	struct text text;
	text_init(&text);
	text_printf(&text, "%s runs no BGP daemon%s%s", name_of(state, peer),
		    bgp->why_not ? ": " : "", bgp->why_not ? bgp->why_not : "");
	mismatch(state, story, bgp->pos, text_string(&text));
	text_free(&text);
	return true;
}

/* Whatever else does not fit, in the session matrix's own words. */
static bool other_misfit(const struct state *state, uint32_t node,
			 const struct model_neighbor *mine, struct story *story)
{
	const struct model_bgp *bgp = &config_now(state, node)->bgp;
	struct arena arena;
	arena_init(&arena);
	const char *why = topo_session_misfit(state_model(state), state_revision(state), &arena,
					      node, (uint32_t)(mine - bgp->neighbors));
	if (why)
		mismatch(state, story, mine->pos, why);
	arena_free(&arena);
	return why != NULL;
}

bool explain_mismatch(const struct state *state, uint32_t node, const struct model_neighbor *mine,
		      uint32_t peer, struct story *story)
{
	if (no_daemon(state, peer, story))
		return true;
	const struct model_neighbor *theirs = neighbor_towards(state, peer, node);
	if (!theirs || theirs->shutdown) {
		struct text text;
		text_init(&text);
		text_printf(&text, theirs ? "%s has its neighbor %s shut down" :
					    "%s has no neighbor for %s",
			    name_of(state, peer), name_of(state, node));
		mismatch(state, story, theirs ? theirs->pos : mine->pos, text_string(&text));
		text_free(&text);
		return true;
	}
	bool found = other_as(state, node, mine, peer, theirs, story);
	found |= other_as(state, peer, theirs, node, mine, story);
	found |= other_password(state, node, mine, peer, theirs, story);
	if (!found)
		found = other_misfit(state, node, mine, story);
	return explain_call(state, node, mine, peer, theirs, story) | found;
}

static bool trouble(const struct state *state, uint32_t node, struct story *story)
{
	int64_t since_ns;
	const struct state_node *it = state_node_at(state, node);
	if (state_node_alive(state, node, &since_ns) && daemon_running(state, node))
		return false;
	bullet(story);
	text_printf(&story->text, "%s ", name_of(state, node));
	bool alive = state_node_alive(state, node, &since_ns);
	if (alive || !explain_node_trouble(state, node, story)) {
		const char *process = config_now(state, node)->bgp.process;
		text_printf(&story->text, "has %s %s since ", process ? process : "its BGP daemon",
			    it->process_state);
		text_seconds(&story->text, it->process_since_ns);
		words_step(&story->text, state_model(state), it->last_step, ", ");
	}
	bullet_end(state, story, (struct source_pos){ 0 });
	return true;
}

void explain_session(const struct state *state, const uint32_t node[2], const char *const name[2],
		     struct ip_addr address, int64_t at_ns, struct story *story)
{
	struct text *out = &story->text;
	text_printf(out, "why, for %s " BOTH_WAYS " ", name_of(state, node[0]));
	uint32_t peer = node[1] != MODEL_NONE ? node[1] : owner_of(state, address);
	if (peer != MODEL_NONE)
		text_put(out, name_of(state, peer));
	else
		words_addr(out, address);
	text_put(out, " at ");
	text_seconds(out, at_ns);
	text_char(out, '\n');
	for (int side = 0; side < 2 && node[side] != MODEL_NONE; side++) {
		const struct model_neighbor *neighbor =
			neighbor_named(state, node[side], name[side]);
		text_printf(out, "  %s, neighbor %s: ", name_of(state, node[side]), name[side]);
		put_trace(state, node[side], name[side], out);
		if (neighbor)
			words_place(out, state_model(state), neighbor->pos, "     ");
		text_char(out, '\n');
	}
	size_t before = out->length;
	text_put(out, "because\n");
	size_t after = out->length;
	const struct model_neighbor *mine = neighbor_named(state, node[0], name[0]);
	trouble(state, node[0], story);
	if (peer == MODEL_NONE) {
		bullet(story);
		text_put(out, "no node has the address ");
		words_addr(out, address);
		bullet_end(state, story, mine ? mine->pos : (struct source_pos){ 0 });
		if (mine)
			story_place(story, mine->pos, "no node has this address");
	} else {
		trouble(state, peer, story);
		if (mine)
			explain_mismatch(state, node[0], mine, peer, story);
	}
	if (out->length == after) {
		out->length = before;
		out->data[before] = '\0';
	}
}

void explain_sessions_down(const struct state *state, uint32_t node, struct story *story)
{
	enum { MOST = 6 };
	const struct model_bgp *bgp = &config_now(state, node)->bgp;
	uint32_t down = 0;
	if (!bgp->enabled && bgp->why_not)
		no_daemon(state, node, story);
	for (uint32_t i = 0; bgp->enabled && i < bgp->neighbor_count; i++) {
		const struct model_neighbor *neighbor = &bgp->neighbors[i];
		const struct state_session *session =
			state_session_find(state, node, neighbor->name);
		if (neighbor->shutdown || (session && strcmp(session->state, "Established") == 0))
			continue;
		if (down++ >= MOST)
			continue;
		uint32_t peer = owner_of(state, neighbor->address);
		bullet(story);
		text_printf(&story->text, "%s's session with ", name_of(state, node));
		if (peer != MODEL_NONE)
			text_printf(&story->text, "%s (", name_of(state, peer));
		words_addr(&story->text, neighbor->address);
		text_put(&story->text, peer != MODEL_NONE ? ") is down: " : " is down: ");
		put_trace(state, node, neighbor->name, &story->text);
		bullet_end(state, story, neighbor->pos);
		if (peer == MODEL_NONE)
			continue;
		trouble(state, peer, story);
		explain_mismatch(state, node, neighbor, peer, story);
	}
	if (down > MOST) {
		bullet(story);
		text_printf(&story->text, "and %u more sessions of %s are down", down - MOST,
			    name_of(state, node));
		bullet_end(state, story, (struct source_pos){ 0 });
	}
}
