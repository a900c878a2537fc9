/* The conductor: lets time pass from one appointment to the next. An appointment is a step of the
 * timeline, the end of a step that had `for:`, a round of probes, or a look at the progress. At one
 * instant they come in that order, and a step after everything the world itself does by then. */
#include "sim/conductor.h"

#include <stdlib.h>

#include "base/memory.h"

struct undo {
	int64_t at_ns;
	const struct model_step *step;
};

struct conductor {
	const struct model *model;
	struct world *world;
	struct trace *trace;
	const struct conductor_options *options;
	uint32_t next_step;
	struct undo *undos; /* few; searched, not sorted */
	size_t undo_count, undo_capacity;
	int64_t next_probe_ns, next_progress_ns, end_ns;
	int error;
};

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t next_appointment(const struct conductor *c)
{
	int64_t at = least(c->end_ns, least(c->next_probe_ns, c->next_progress_ns));
	if (c->next_step < c->model->step_count)
		at = least(at, c->model->steps[c->next_step].at_ns);
	for (size_t i = 0; i < c->undo_count; i++)
		at = least(at, c->undos[i].at_ns);
	return at;
}

static void observe_step(struct conductor *c, const struct model_step *step, int64_t now_ns,
			 bool undone)
{
	struct observation seen = { .at_ns = now_ns, .kind = OBSERVE_STEP, .node = UINT32_MAX };
	seen.step.index = (uint32_t)(step - c->model->steps);
	seen.step.name = step->name;
	seen.step.text = step->text;
	seen.step.undone = undone;
	trace_observe(c->trace, &seen);
}

/* The observation comes before the world acts, so that what follows from a step follows it. */
static bool carry_out(struct conductor *c, const struct model_step *step, int64_t now_ns, bool undo)
{
	observe_step(c, step, now_ns, undo);
	if (step->kind == MODEL_STEP_END)
		return true;
	c->error = c->world->ops->apply(c->world, step, undo);
	if (c->error == 0 && !undo && step->for_ns > 0) {
		struct undo later = { now_ns + step->for_ns, step };
		ARRAY_PUSH(c->undos, c->undo_count, c->undo_capacity, later);
	}
	return c->error == 0;
}

static bool due_undos(struct conductor *c, int64_t now_ns)
{
	for (size_t i = 0; i < c->undo_count;) {
		if (c->undos[i].at_ns != now_ns) {
			i++;
			continue;
		}
		const struct model_step *step = c->undos[i].step;
		for (size_t j = i + 1; j < c->undo_count; j++)
			c->undos[j - 1] = c->undos[j];
		c->undo_count--;
		if (!carry_out(c, step, now_ns, true))
			return false;
	}
	return true;
}

static bool progress(struct conductor *c, int64_t now_ns, const struct model_step *step)
{
	const struct conductor_options *options = c->options;
	if (!options->progress)
		return true;
	return options->progress(options->context, (struct instant){ now_ns }, step);
}

/* False: interrupted or failed (error says which). */
static bool keep_appointments(struct conductor *c, int64_t now_ns)
{
	while (c->next_step < c->model->step_count &&
	       c->model->steps[c->next_step].at_ns == now_ns) {
		const struct model_step *step = &c->model->steps[c->next_step++];
		if (!carry_out(c, step, now_ns, false) || !progress(c, now_ns, step))
			return false;
	}
	if (!due_undos(c, now_ns))
		return false;
	if (c->next_probe_ns == now_ns) {
		for (uint32_t flow = 0; flow < c->model->flow_count; flow++)
			c->world->ops->probe(c->world, flow);
		c->next_probe_ns = now_ns + c->options->probe_interval_ns;
	}
	if (c->next_progress_ns == now_ns) {
		c->next_progress_ns = now_ns + c->options->progress_interval_ns;
		return progress(c, now_ns, NULL);
	}
	return true;
}

enum conductor_result conductor_play(const struct model *model, struct world *world,
				     struct trace *trace, const struct conductor_options *options,
				     struct instant *end, int *error)
{
	struct conductor c = {
		.model = model,
		.world = world,
		.trace = trace,
		.options = options,
		.next_probe_ns = options->probe_interval_ns > 0 ? 0 : INT64_MAX,
		.next_progress_ns = options->progress_interval_ns > 0 ? 0 : INT64_MAX,
		.end_ns = model->end_ns,
	};
	if (options->until_ns > 0)
		c.end_ns = least(c.end_ns, options->until_ns);
	int64_t now_ns = 0;
	bool going = true;
	c.error = world->ops->start(world);
	while (c.error == 0 && going) {
		now_ns = next_appointment(&c);
		c.error = world->ops->advance(world, (struct instant){ now_ns });
		if (c.error)
			break;
		if (now_ns == c.end_ns && !(c.next_step < model->step_count &&
					    model->steps[c.next_step].at_ns == now_ns))
			break;
		going = keep_appointments(&c, now_ns);
		if (now_ns == c.end_ns)
			break;
	}
	free(c.undos);
	*end = (struct instant){ now_ns };
	*error = c.error;
	if (c.error)
		return CONDUCTOR_FAILED;
	return going ? CONDUCTOR_COMPLETE : CONDUCTOR_INTERRUPTED;
}
