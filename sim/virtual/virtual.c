/* The virtual world is a list of its parts and a table of what a step does to them. */
#include "sim/virtual/virtual.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "sim/virtual/probe.h"
#include "sim/virtual/walk.h"

struct world_virtual {
	struct world world; /* first */
	struct network_observer observer;
	struct network network;
	struct node_world node_world;
	struct trace *trace;
	const struct model *model;
	struct bgp_table *table;
	struct node *nodes;
	struct link *links;
	uint32_t revision;
};

static struct world_virtual *virtual_of(struct world *world)
{
	return (struct world_virtual *)(void *)world;
}

/* ---- what is seen ---------------------------------------------------------------------------- */

static void network_observed(struct network_observer *observer, struct observation *seen)
{
	struct world_virtual *v = (struct world_virtual *)(void *)((char *)observer -
								   offsetof(struct world_virtual,
									    observer));
	trace_observe(v->trace, seen);
}

static void node_observed(struct node_world *world, struct observation *seen)
{
	struct world_virtual *v =
		(struct world_virtual *)(void *)((char *)world -
						 offsetof(struct world_virtual, node_world));
	trace_observe(v->trace, seen);
}

static void impairment_text(const struct model_impairment *impairment, struct text *out)
{
	if (impairment->delay_ns)
		text_printf(out, "delay %lldus ", (long long)(impairment->delay_ns / NS_PER_US));
	if (impairment->jitter_ns)
		text_printf(out, "jitter %lldus ", (long long)(impairment->jitter_ns / NS_PER_US));
	if (impairment->loss_ppm)
		text_printf(out, "loss %u.%04u%% ", impairment->loss_ppm / 10000,
			    impairment->loss_ppm % 10000);
	if (impairment->rate_bps)
		text_printf(out, "rate %llubit ", (unsigned long long)impairment->rate_bps);
}

static void observe_link(struct world_virtual *v, uint32_t link, uint32_t end, bool up,
			 const struct model_impairment *impairment)
{
	struct text text;
	text_init(&text);
	if (impairment)
		impairment_text(impairment, &text);
	struct observation seen = { .at_ns = v->network.engine.now.ns,
				    .kind = OBSERVE_LINK,
				    .node = UINT32_MAX };
	if (end != MODEL_NONE)
		seen.node = v->model->links[link].ends[end].node;
	seen.link.link = link;
	seen.link.end = end;
	seen.link.up = up;
	seen.link.text = text_string(&text);
	trace_observe(v->trace, &seen);
	text_free(&text);
}

/* ---- steps ----------------------------------------------------------------------------------- */

typedef void step_action(struct world_virtual *v, const struct model_step *step, bool undo);

static void each_node(struct world_virtual *v, const struct model_step *step,
		      void (*act)(struct node *node))
{
	for (uint32_t i = 0; i < step->node_count; i++)
		act(&v->nodes[step->nodes[i]]);
}

static void step_crash(struct world_virtual *v, const struct model_step *step, bool undo)
{
	each_node(v, step, undo ? node_boot : node_crash);
}

static void step_boot(struct world_virtual *v, const struct model_step *step, bool undo)
{
	(void)undo;
	each_node(v, step, node_boot);
}

static void step_kill(struct world_virtual *v, const struct model_step *step, bool undo)
{
	(void)undo;
	for (uint32_t i = 0; i < step->node_count; i++)
		node_daemon_kill(&v->nodes[step->nodes[i]], step->signal);
}

static void step_stop(struct world_virtual *v, const struct model_step *step, bool undo)
{
	(void)undo;
	each_node(v, step, node_daemon_stop);
}

static void step_start(struct world_virtual *v, const struct model_step *step, bool undo)
{
	(void)undo;
	each_node(v, step, node_daemon_start);
}

#define SIGKILL_NUMBER 9

/* `kubectl delete pod` of a DaemonSet whose grace period is 0: killed, and started again. */
static void step_restart(struct world_virtual *v, const struct model_step *step, bool undo)
{
	(void)undo;
	for (uint32_t i = 0; i < step->node_count; i++) {
		node_daemon_kill(&v->nodes[step->nodes[i]], SIGKILL_NUMBER);
		node_daemon_start(&v->nodes[step->nodes[i]]);
	}
}

static void step_hang(struct world_virtual *v, const struct model_step *step, bool undo)
{
	each_node(v, step, undo ? node_daemon_continue : node_daemon_hang);
}

static void step_continue(struct world_virtual *v, const struct model_step *step, bool undo)
{
	(void)undo;
	each_node(v, step, node_daemon_continue);
}

static void step_cut(struct world_virtual *v, const struct model_step *step, bool undo)
{
	struct link *link = &v->links[step->link];
	uint32_t end = step->link_end == MODEL_NONE ? LINK_ALL_ENDS : step->link_end;
	observe_link(v, step->link, step->link_end, undo, NULL);
	if (undo)
		link_mend(link, end, step->direction);
	else
		link_cut(link, end, step->direction);
}

/* A link's own values hold for what its ends send. What an end meets while receiving comes on top, so
 * only what a step says otherwise than the link itself counts there. */
static struct model_impairment on_top(const struct model_impairment *how,
				      const struct model_impairment *own)
{
	return (struct model_impairment){
		.delay_ns = how->delay_ns == own->delay_ns ? 0 : how->delay_ns,
		.jitter_ns = how->jitter_ns == own->jitter_ns ? 0 : how->jitter_ns,
		.loss_ppm = how->loss_ppm == own->loss_ppm ? 0 : how->loss_ppm,
		.rate_bps = how->rate_bps == own->rate_bps ? 0 : how->rate_bps,
		.queue_frames = how->queue_frames == own->queue_frames ? 0 : how->queue_frames,
	};
}

static void impair(struct world_virtual *v, const struct model_step *step, uint32_t end,
		   const struct model_impairment *how)
{
	struct link *link = &v->links[step->link];
	struct model_impairment receiving = on_top(how, &v->model->links[step->link].impairment);
	if (step->direction != MODEL_RECEIVE_ONLY)
		link_impair(link, end, MODEL_SEND_ONLY, how);
	if (step->direction != MODEL_SEND_ONLY && end != LINK_ALL_ENDS)
		link_impair(link, end, MODEL_RECEIVE_ONLY, &receiving);
}

/* As the link was made: an end alone, or the whole link with all its ends. */
static void unimpair(struct world_virtual *v, const struct model_step *step)
{
	const struct model_link *model = &v->model->links[step->link];
	for (uint32_t end = 0; end < model->end_count; end++)
		if (step->link_end == MODEL_NONE || step->link_end == end)
			impair(v, step, end, &model->impairment);
}

static void step_mend(struct world_virtual *v, const struct model_step *step, bool undo)
{
	(void)undo;
	step_cut(v, step, true);
	unimpair(v, step);
}

static void step_impair(struct world_virtual *v, const struct model_step *step, bool undo)
{
	uint32_t end = step->link_end == MODEL_NONE ? LINK_ALL_ENDS : step->link_end;
	const struct model_impairment *how =
		undo ? &v->model->links[step->link].impairment : &step->impairment;
	observe_link(v, step->link, step->link_end, true, how);
	impair(v, step, end, how);
}

static void step_partition(struct world_virtual *v, const struct model_step *step, bool undo)
{
	network_partition(&v->network, undo ? NULL : step->group_of);
}

static void step_heal(struct world_virtual *v, const struct model_step *step, bool undo)
{
	(void)step;
	(void)undo;
	network_partition(&v->network, NULL);
}

static void step_configure(struct world_virtual *v, const struct model_step *step, bool undo)
{
	(void)undo;
	v->revision = step->revision;
	for (uint32_t i = 0; i < v->model->node_count; i++)
		node_configured(&v->nodes[i], step->revision);
}

static void step_end(struct world_virtual *v, const struct model_step *step, bool undo)
{
	(void)v;
	(void)step;
	(void)undo;
}

static step_action *const actions[] = {
	[MODEL_STEP_CRASH] = step_crash,	 [MODEL_STEP_BOOT] = step_boot,
	[MODEL_STEP_KILL] = step_kill,		 [MODEL_STEP_STOP] = step_stop,
	[MODEL_STEP_START] = step_start,	 [MODEL_STEP_RESTART] = step_restart,
	[MODEL_STEP_HANG] = step_hang,		 [MODEL_STEP_CONTINUE] = step_continue,
	[MODEL_STEP_CUT] = step_cut,		 [MODEL_STEP_MEND] = step_mend,
	[MODEL_STEP_IMPAIR] = step_impair,	 [MODEL_STEP_PARTITION] = step_partition,
	[MODEL_STEP_HEAL] = step_heal,		 [MODEL_STEP_CONFIGURE] = step_configure,
	[MODEL_STEP_END] = step_end,
};

static int virtual_apply(struct world *world, const struct model_step *step, bool undo)
{
	ASSERT((size_t)step->kind < sizeof(actions) / sizeof(actions[0]));
	actions[step->kind](virtual_of(world), step, undo);
	return 0;
}

/* ---- the world's other duties ---------------------------------------------------------------- */

static int virtual_start(struct world *world)
{
	struct world_virtual *v = virtual_of(world);
	for (uint32_t i = 0; i < v->model->node_count; i++)
		node_boot(&v->nodes[i]);
	return 0;
}

static int virtual_advance(struct world *world, struct instant until)
{
	engine_run_until(&virtual_of(world)->network.engine, until);
	return 0;
}

static void virtual_probe(struct world *world, uint32_t flow)
{
	prober_send(virtual_of(world)->network.prober, flow);
}

static bool virtual_settled(const struct world *world)
{
	const struct world_virtual *v = (const struct world_virtual *)(const void *)world;
	if (v->network.link_world.frames_flying > 0)
		return false;
	for (uint32_t i = 0; i < v->model->node_count; i++)
		if (v->nodes[i].tcp && !tcp_quiet(v->nodes[i].tcp))
			return false;
	return true;
}

static struct world_counts virtual_counts(const struct world *world)
{
	const struct world_virtual *v = (const struct world_virtual *)(const void *)world;
	return (struct world_counts){ .events = v->network.engine.fired,
				      .frames = v->network.link_world.frames_sent,
				      .messages = v->node_world.messages,
				      .route_deliveries = v->node_world.route_deliveries };
}

static void virtual_free(struct world *world)
{
	struct world_virtual *v = virtual_of(world);
	prober_free(v->network.prober);
	watch_free(v->network.watch);
	v->network.prober = NULL;
	v->network.watch = NULL;
	for (uint32_t i = 0; i < v->model->node_count; i++)
		node_free(&v->nodes[i]);
	for (uint32_t i = 0; i < v->model->link_count; i++)
		link_free(&v->links[i]);
	network_free(&v->network);
	bgp_table_free(v->table);
	free(v->network.stacks);
	free(v->nodes);
	free(v->links);
	free(v);
}

static const struct world_ops virtual_ops = {
	.start = virtual_start,
	.advance = virtual_advance,
	.apply = virtual_apply,
	.probe = virtual_probe,
	.settled = virtual_settled,
	.counts = virtual_counts,
	.free = virtual_free,
};

static uint32_t event_mask(const struct world_options *options)
{
	uint32_t mask = 1u << BGP_EVENT_SESSION;
	if (options->trace_messages)
		mask |= 1u << BGP_EVENT_MESSAGE;
	if (options->trace_routes)
		mask |= 1u << BGP_EVENT_PATH | 1u << BGP_EVENT_BEST;
	return mask;
}

struct world *virtual_new(const struct model *model, const struct world_options *options)
{
	struct world_virtual *v = memory_zalloc(sizeof(*v));
	v->world.ops = &virtual_ops;
	v->model = model;
	v->trace = options->trace;
	v->table = bgp_table_new();
	v->observer.observed = network_observed;
	network_init(&v->network, options->seed, options->frames);
	v->network.table = v->table;
	v->network.model = model;
	v->network.observer = &v->observer;
	v->network.observe_routes = options->trace_routes;
	v->network.observe_neighbors = options->trace_routes;
	v->node_world = (struct node_world){ .network = &v->network,
					     .model = model,
					     .seed = options->seed,
					     .event_mask = event_mask(options),
					     .observed = node_observed };
	v->links = memory_zalloc(model->link_count * sizeof(*v->links));
	v->nodes = memory_zalloc(model->node_count * sizeof(*v->nodes));
	v->network.links = v->links;
	v->network.stacks = memory_zalloc(model->node_count * sizeof(*v->network.stacks));
	v->network.stack_count = model->node_count;
	for (uint32_t i = 0; i < model->link_count; i++)
		link_init(&v->links[i], &v->network.link_world, &model->links[i], i);
	for (uint32_t i = 0; i < model->node_count; i++) {
		v->network.stacks[i] = &v->nodes[i].stack;
		node_init(&v->nodes[i], &v->node_world, i);
	}
	v->network.watch = watch_new(&v->network);
	v->network.prober = prober_new(&v->network);
	return &v->world;
}

const struct node *virtual_node(const struct world *world, uint32_t index)
{
	const struct world_virtual *v = (const struct world_virtual *)(const void *)world;
	ASSERT(index < v->model->node_count);
	return &v->nodes[index];
}
