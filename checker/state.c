#include "checker/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "checker/fold.h"

static uint64_t string_hash(const void *context, uint32_t value)
{
	const struct state *state = context;
	return hash_bytes(state->strings[value], strlen(state->strings[value]));
}

const char *state_intern(struct state *state, const char *string)
{
	if (!string)
		string = "";
	uint64_t hash = hash_bytes(string, strlen(string));
	uint32_t cursor = HASH_NONE, number;
	while ((number = hash_index_next(&state->string_index, hash, &cursor)) != HASH_NONE)
		if (strcmp(state->strings[number], string) == 0)
			return state->strings[number];
	const char *copy = arena_strdup(&state->arena, string);
	number = (uint32_t)state->string_count;
	ARRAY_PUSH(state->strings, state->string_count, state->string_capacity, copy);
	hash_index_add(&state->string_index, hash, number, string_hash, state);
	return copy;
}

/* ---- what a step touches -------------------------------------------------------------------- */

static void touch_configured(struct state *state, const struct model_step *step, uint32_t number)
{
	const struct model *model = state->model;
	if (step->revision >= model->revision_count)
		return;
	const struct model_revision *before = &model->revisions[state->revision];
	const struct model_revision *after = &model->revisions[step->revision];
	for (uint32_t node = 0; node < model->node_count; node++)
		if (before->nodes[node] != after->nodes[node])
			state->nodes[node].last_step = number;
	state->revision = step->revision;
	order_sessions(state);
}

static void touch_link(struct state *state, const struct model_step *step, uint32_t number)
{
	if (step->link >= state->model->link_count)
		return;
	uint32_t start = state->link_start[step->link];
	if (step->link_end < state->model->links[step->link].end_count)
		state->links[start + 1 + step->link_end].last_step = number;
	else
		state->links[start].last_step = number;
}

static void fold_step(struct state *state, const struct observation *o)
{
	uint32_t number = o->step.index;
	if (number >= state->model->step_count)
		return;
	const struct model_step *step = &state->model->steps[number];
	state->last_step = number;
	for (uint32_t i = 0; i < step->node_count; i++)
		state->nodes[step->nodes[i]].last_step = number;
	switch (step->kind) {
	case MODEL_STEP_CONFIGURE: touch_configured(state, step, number); break;
	case MODEL_STEP_CUT:
	case MODEL_STEP_MEND:
	case MODEL_STEP_IMPAIR: touch_link(state, step, number); break;
	case MODEL_STEP_PARTITION: state->partition = number; break;
	case MODEL_STEP_HEAL: state->partition = MODEL_NONE; break;
	default: break;
	}
}

static void fold_node(struct state *state, const struct observation *o)
{
	struct state_node *node = &state->nodes[o->node];
	if (node->up != o->node_state.up)
		node->since_ns = o->at_ns;
	node->up = o->node_state.up;
	if (node->up)
		return;
	node->process_state = state_intern(state, "");
	node->process_since_ns = o->at_ns;
	forget_daemon(state, o->node, "node off");
	forget_kernel(state, o->node);
}

static void fold_process(struct state *state, const struct observation *o)
{
	struct state_node *node = &state->nodes[o->node];
	const char *to = state_intern(state, o->process.state);
	if (node->process_state != to)
		node->process_since_ns = o->at_ns;
	node->process_state = to;
	if (strcmp(to, "killed") == 0 || strcmp(to, "stopped") == 0)
		forget_daemon(state, o->node, to);
}

static void fold_link(struct state *state, const struct observation *o)
{
	if (o->link.link >= state->model->link_count)
		return;
	uint32_t at = state->link_start[o->link.link];
	if (o->link.end < state->model->links[o->link.link].end_count)
		at += 1 + o->link.end;
	struct state_link *link = &state->links[at];
	if (link->up != o->link.up)
		link->since_ns = o->at_ns;
	link->up = o->link.up;
	link->text = state_intern(state, o->link.text);
}

static void fold_flow(struct state *state, const struct observation *o)
{
	if (o->flow.flow >= state->model->flow_count)
		return;
	struct state_flow *flow = &state->flows[o->flow.flow];
	int way = o->flow.back;
	free((void *)(uintptr_t)flow->hops[way]);
	struct observed_hop *hops = memory_alloc((o->flow.hop_count + 1) * sizeof(*hops));
	for (uint32_t i = 0; i < o->flow.hop_count; i++) {
		hops[i] = o->flow.hops[i];
		hops[i].next_hop.interface = state_intern(state, hops[i].next_hop.interface);
		hops[i].neighbor_state = state_intern(state, hops[i].neighbor_state);
	}
	if (!flow->known[way] || flow->disposition[way] != o->flow.disposition)
		flow->since_ns[way] = o->at_ns;
	flow->known[way] = true;
	flow->disposition[way] = o->flow.disposition;
	flow->hops[way] = hops;
	flow->hop_count[way] = o->flow.hop_count;
	flow->detail[way] = state_intern(state, o->flow.detail);
	flow->source[way] = o->flow.source;
	flow->sequence[way] = o->sequence;
}

static void fold_nothing(struct state *state, const struct observation *o)
{
	(void)state;
	(void)o;
}

static const struct {
	void (*fold)(struct state *state, const struct observation *o);
	bool needs_node;
} folds[OBSERVE_KINDS] = {
	[OBSERVE_STEP] = { fold_step, false },
	[OBSERVE_NODE] = { fold_node, true },
	[OBSERVE_PROCESS] = { fold_process, true },
	[OBSERVE_LINK] = { fold_link, false },
	[OBSERVE_SESSION] = { fold_session, true },
	[OBSERVE_MESSAGE] = { fold_message, true },
	[OBSERVE_PATH] = { fold_path, true },
	[OBSERVE_BEST] = { fold_best, true },
	[OBSERVE_FIB] = { fold_fib, true },
	[OBSERVE_NEIGHBOR] = { fold_neighbor, true },
	[OBSERVE_FLOW] = { fold_flow, false },
	[OBSERVE_PROBE] = { fold_nothing, false },
	[OBSERVE_NOTE] = { fold_nothing, false },
};

/* An observation of a node the model does not have comes from another model's trace: left out. */
static void sink_observe(struct trace_sink *sink, const struct observation *o)
{
	struct state *state = (struct state *)sink;
	ASSERT(o->kind < OBSERVE_KINDS);
	state->now_ns = o->at_ns;
	state->sequence = o->sequence;
	if (!folds[o->kind].needs_node || o->node < state->model->node_count)
		folds[o->kind].fold(state, o);
}

struct state *state_new(const struct model *model)
{
	struct state *state = memory_zalloc(sizeof(*state));
	state->sink.observe = sink_observe;
	state->model = model;
	arena_init(&state->arena);
	hash_index_init(&state->string_index);
	state->last_step = state->partition = MODEL_NONE;
	const char *none = state_intern(state, "");
	state->nodes = memory_zalloc((model->node_count + 1) * sizeof(*state->nodes));
	for (uint32_t i = 0; i < model->node_count; i++)
		state->nodes[i] = (struct state_node){ .up = true, .process_state = none,
						       .last_step = MODEL_NONE };
	state->flows = memory_zalloc((model->flow_count + 1) * sizeof(*state->flows));
	for (uint32_t i = 0; i < model->flow_count; i++)
		state->flows[i] = (struct state_flow){
			.disposition = { DISPOSITION_INSUFFICIENT_INFO,
					 DISPOSITION_INSUFFICIENT_INFO },
			.detail = { none, none },
		};
	state->link_start = memory_zalloc((model->link_count + 1) * sizeof(*state->link_start));
	uint32_t total = 0;
	for (uint32_t i = 0; i < model->link_count; i++) {
		state->link_start[i] = total;
		total += 1 + model->links[i].end_count;
	}
	state->links = memory_zalloc((total + 1) * sizeof(*state->links));
	for (uint32_t i = 0; i < total; i++)
		state->links[i] = (struct state_link){ true, 0, MODEL_NONE, none };
	tables_init(state);
	return state;
}

void state_free(struct state *state)
{
	if (!state)
		return;
	for (uint32_t i = 0; i < state->model->flow_count; i++)
		for (int way = 0; way < 2; way++)
			free((void *)(uintptr_t)state->flows[i].hops[way]);
	tables_free(state);
	free(state->nodes);
	free(state->flows);
	free(state->links);
	free(state->link_start);
	free(state->strings);
	hash_index_free(&state->string_index);
	arena_free(&state->arena);
	free(state);
}

struct trace_sink *state_sink(struct state *state) { return &state->sink; }
int64_t state_now_ns(const struct state *state) { return state->now_ns; }
const struct model *state_model(const struct state *state) { return state->model; }
uint32_t state_revision(const struct state *state) { return state->revision; }
uint32_t state_last_step(const struct state *state) { return state->last_step; }
uint32_t state_partition(const struct state *state) { return state->partition; }
uint64_t state_sequence(const struct state *state) { return state->sequence; }

const struct state_node *state_node_at(const struct state *state, uint32_t node)
{
	ASSERT(node < state->model->node_count);
	return &state->nodes[node];
}

const struct state_flow *state_flow_at(const struct state *state, uint32_t flow)
{
	ASSERT(flow < state->model->flow_count);
	return &state->flows[flow];
}

const struct state_link *state_link_at(const struct state *state, uint32_t link, uint32_t end)
{
	ASSERT(link < state->model->link_count);
	uint32_t at = state->link_start[link];
	return &state->links[end == MODEL_NONE ? at : at + 1 + end];
}

bool state_node_alive(const struct state *state, uint32_t node, int64_t *since_ns)
{
	const struct model_node *fixed = &state->model->nodes[node];
	int64_t since = INT64_MAX;
	if (!state->nodes[node].up)
		return false;
	if (fixed->interface_count == 0)
		since = 0;
	for (uint32_t i = 0; i < fixed->interface_count; i++) {
		const struct model_interface *port = &fixed->interfaces[i];
		if (port->link == MODEL_NONE)
			continue;
		const struct state_link *link = state_link_at(state, port->link, MODEL_NONE);
		const struct state_link *end = state_link_at(state, port->link, port->link_end);
		int64_t both = link->since_ns > end->since_ns ? link->since_ns : end->since_ns;
		if (link->up && end->up && both < since)
			since = both;
	}
	if (since == INT64_MAX)
		return false;
	*since_ns = since > state->nodes[node].since_ns ? since : state->nodes[node].since_ns;
	return true;
}
