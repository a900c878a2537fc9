/* Lints about the timeline: steps that find the network as it already is. */
#include <signal.h>

#include "topo/lint.h"

struct fate {
	uint8_t *node_off, *daemon_off, *link_cut;
	bool partitioned;
};

static void warn(struct lint *lint, const struct model_step *step, const char *what,
		 const char *state)
{
	diag_add(lint->diags, DIAG_WARNING, "W034", step->pos, "%s is %s at this moment", what,
		 state);
}

static void watch_nodes(struct lint *lint, const struct model_step *step, struct fate *fate)
{
	for (uint32_t i = 0; i < step->node_count; i++) {
		uint32_t node = step->nodes[i];
		const char *name = lint->model->nodes[node].name;
		bool off = fate->node_off[node];
		switch (step->kind) {
		case MODEL_STEP_CRASH:
			if (off)
				warn(lint, step, name, "off already");
			fate->node_off[node] = 1;
			break;
		case MODEL_STEP_BOOT:
			if (!off)
				warn(lint, step, name, "on already");
			fate->node_off[node] = fate->daemon_off[node] = 0;
			break;
		case MODEL_STEP_STOP:
			if (off || fate->daemon_off[node])
				warn(lint, step, name,
				     off ? "off" : "without a BGP daemon already");
			fate->daemon_off[node] = 1;
			break;
		case MODEL_STEP_KILL:
			if (off || fate->daemon_off[node])
				warn(lint, step, name, off ? "off" : "without a BGP daemon");
			/* Stopped, continued or told to reload it lives on; any other signal ends it. */
			if (step->signal != SIGSTOP && step->signal != SIGCONT &&
			    step->signal != SIGHUP)
				fate->daemon_off[node] = 1;
			break;
		case MODEL_STEP_START:
			if (off || !fate->daemon_off[node])
				warn(lint, step, name,
				     off ? "off" : "running its BGP daemon already");
			fate->daemon_off[node] = 0;
			break;
		default:
			if (off || fate->daemon_off[node])
				warn(lint, step, name, off ? "off" : "without a BGP daemon");
			break;
		}
	}
}

static void watch_link(struct lint *lint, const struct model_step *step, struct fate *fate)
{
	const struct model_link *link = &lint->model->links[step->link];
	if ((step->kind == MODEL_STEP_CUT || step->kind == MODEL_STEP_IMPAIR) && step->for_ns == 0)
		fate->link_cut[step->link] = 1;
	if (step->kind != MODEL_STEP_MEND)
		return;
	if (!fate->link_cut[step->link])
		warn(lint, step, link->name, "neither cut nor impaired");
	if (step->link_end == MODEL_NONE)
		fate->link_cut[step->link] = 0;
}

void lint_power(struct lint *lint)
{
	const struct model *model = lint->model;
	struct arena *arena = &lint->diags->arena;
	struct fate fate = { arena_alloc(arena, model->node_count + 1),
			     arena_alloc(arena, model->node_count + 1),
			     arena_alloc(arena, model->link_count + 1), false };
	for (uint32_t i = 0; i < model->step_count; i++) {
		const struct model_step *step = &model->steps[i];
		watch_nodes(lint, step, &fate);
		if (step->link != MODEL_NONE)
			watch_link(lint, step, &fate);
		if (step->kind == MODEL_STEP_HEAL && !fate.partitioned)
			warn(lint, step, "the network", "not partitioned");
		if (step->kind == MODEL_STEP_PARTITION || step->kind == MODEL_STEP_HEAL)
			fate.partitioned = step->kind == MODEL_STEP_PARTITION;
	}
}

/* ---- windows without sessions -------------------------------------------------------------- */

#define WINDOW_REVISIONS_MAX 64u
#define WINDOW_NODES_MAX 1000u

static uint32_t count_internal(struct lint *lint, uint32_t revision)
{
	struct arena arena;
	uint32_t count, good = 0;
	arena_init(&arena);
	const struct topo_session *sessions =
		topo_sessions(lint->model, revision, &arena, &count);
	for (uint32_t i = 0; i < count; i++)
		good += sessions[i].status == TOPO_SESSION_UNIQUE_MATCH &&
			lint->model->nodes[sessions[i].node].kind == MODEL_CALICO_NODE &&
			lint->model->nodes[sessions[i].peer_node].kind == MODEL_CALICO_NODE;
	arena_free(&arena);
	return good;
}

/* Mesh off first, peers afterwards: in between the nodes know nothing of each other. */
void lint_window(struct lint *lint)
{
	const struct model *model = lint->model;
	uint32_t counts[WINDOW_REVISIONS_MAX], last = model->revision_count - 1;
	if (model->revision_count < 3 || model->revision_count > WINDOW_REVISIONS_MAX ||
	    model->node_count > WINDOW_NODES_MAX)
		return;
	for (uint32_t r = 0; r <= last; r++)
		counts[r] = count_internal(lint, r);
	for (uint32_t i = 0; i < model->step_count; i++) {
		const struct model_step *step = &model->steps[i];
		uint32_t r = step->revision;
		if (step->kind != MODEL_STEP_CONFIGURE || r == 0 || counts[r] || !counts[r - 1] ||
		    !counts[last])
			continue;
		diag_add(lint->diags, DIAG_WARNING, "W016", step->pos,
			 "from here on the nodes have no session with each other");
		diag_note(lint->diags, "a later step gives them new ones; done first, it would "
				       "leave no gap");
	}
}
