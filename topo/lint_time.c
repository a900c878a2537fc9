/* Lints about the timeline: steps that find the network as it already is. */
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
				warn(lint, step, name, off ? "off" : "without a BGP daemon already");
			fate->daemon_off[node] = 1;
			break;
		case MODEL_STEP_START:
			if (off || !fate->daemon_off[node])
				warn(lint, step, name, off ? "off" : "running its BGP daemon already");
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
