/* `converged`: routes and sessions came to rest. A change is a kernel route, a best path, or a
 * session coming up or going down; a dead neighbour's retries (Connect, Active, ...) are none.
 *
 *   within W            nothing changes from W after the last step on (or after `after`)
 *   at T, after T       nothing changes from T on
 *
 * until the next step, or the end. */
#include <string.h>

#include "checker/judge.h"
#include "checker/words.h"

enum { SHOWN_MAX = 5 };

struct converged {
	bool changed, any;      /* in the instant at hand; ever */
	uint32_t late, shown;   /* changes in the zone; of which texts */
	const char *texts[SHOWN_MAX];
	int64_t last_ns;
};

static int64_t last_step_ns(const struct model *model)
{
	int64_t last = 0;
	for (uint32_t i = 0; i < model->step_count; i++) {
		const struct model_step *step = &model->steps[i];
		int64_t at_ns = step->at_ns + (step->for_ns > 0 ? step->for_ns : 0);
		if (step->kind != MODEL_STEP_END && at_ns > last)
			last = at_ns;
	}
	return last;
}

static void begin(struct judge *judge)
{
	const struct model_expect *expect = judge->expect;
	struct watch *watch = &judge->watch;
	struct model_expect window = *expect;
	judge->own = arena_alloc(&judge->arena, sizeof(struct converged));
	if (expect->at_ns != MODEL_NO_TIME) {
		window.at_ns = MODEL_NO_TIME;
		window.after_ns = expect->at_ns;
		window.within_ns = 0;
	} else if (expect->from_ns == MODEL_NO_TIME && expect->after_ns == MODEL_NO_TIME) {
		window.after_ns = last_step_ns(judge->model);
	} else if (expect->within_ns == MODEL_NO_TIME && expect->from_ns == MODEL_NO_TIME) {
		window.within_ns = 0;
	}
	watch_window(watch, judge->model, &window);
	if (watch->mode == WATCH_WITHIN && window.within_ns == 0) {
		/* The step that gave the time is not yet the next one. */
		watch->until_ns = next_step_ns(judge->model, watch->base_ns + 1);
	}
	if (watch->mode == WATCH_WITHIN) /* a change at the deadline itself is in time */
		watch->zone_ns = watch->needed_ns + 1;
	judge_items(judge, 1, true);
}

static void put_change(struct text *out, const struct judge *judge, const struct observation *o)
{
	text_seconds(out, o->at_ns);
	text_printf(out, "  %s  ", judge->model->nodes[o->node].name);
	if (o->kind == OBSERVE_SESSION) {
		text_printf(out, "session with %s: %s", o->session.neighbor, o->session.new_state);
		return;
	}
	if (o->kind == OBSERVE_BEST) {
		words_prefix(out, o->path.prefix);
		text_put(out, o->path.gone ? " has no best path" : " has another best path");
		return;
	}
	words_prefix(out, o->fib.prefix);
	text_put(out, o->fib.removed ? " removed from the kernel" : " set in the kernel");
}

static void observe(struct judge *judge, const struct observation *o)
{
	struct converged *own = judge->own;
	if (o->node >= judge->model->node_count)
		return;
	if (o->kind == OBSERVE_SESSION &&
	    (strcmp(o->session.old_state, "Established") == 0) ==
		    (strcmp(o->session.new_state, "Established") == 0))
		return;
	own->changed = own->any = true;
	judge_touch(judge, 0);
	if (!watch_in_zone(&judge->watch, o->at_ns, o->at_ns + 1))
		return;
	own->late++;
	own->last_ns = o->at_ns;
	if (own->shown < SHOWN_MAX) {
		struct text text;
		text_init(&text);
		put_change(&text, judge, o);
		own->texts[own->shown++] = arena_strdup(&judge->arena, text_string(&text));
		text_free(&text);
	}
}

/* A change is bad for the one nanosecond it happens in. */
static void check(struct judge *judge, uint32_t item)
{
	struct converged *own = judge->own;
	judge_set(judge, item, !own->changed, 0, state_sequence(judge->state));
	if (own->changed)
		judge->wake_ns = judge->now_ns + 1;
	own->changed = false;
}

static void name(const struct judge *judge, uint32_t item, struct text *out)
{
	(void)judge;
	(void)item;
	text_put(out, "the network");
}

static void finish(struct judge *judge, int64_t end_ns, struct verdict *verdict)
{
	const struct converged *own = judge->own;
	const struct watch_item *it = &judge->watch.items[0];
	(void)end_ns;
	if (!own->any) {
		verdict->result = VERDICT_NOT_JUDGED;
		verdict->measured = "not judged";
		verdict->why = "no route and no session was ever observed to change";
		return;
	}
	struct text out;
	text_init(&out);
	if (verdict->result == VERDICT_FAIL) {
		text_printf(&out, "%u change%s too late, the last at ", own->late,
			    own->late == 1 ? "" : "s");
		text_seconds(&out, own->last_ns);
	} else {
		int64_t quiet_ns = it->bad_until_ns == MODEL_NO_TIME ?
			judge->watch.base_ns : it->bad_until_ns - 1;
		text_put(&out, "at rest in ");
		text_seconds(&out, quiet_ns - judge->watch.base_ns);
	}
	verdict->measured = arena_strdup(&judge->arena, text_string(&out));
	text_free(&out);
	judge->worst_ns = 0;
	story_clear(&judge->worst);
	for (uint32_t i = 0; i < own->shown; i++)
		text_printf(&judge->worst.text, "%s\n", own->texts[i]);
	if (own->late > own->shown)
		text_printf(&judge->worst.text, "and %u more\n", own->late - own->shown);
}

const struct expect_kind expect_converged = {
	.observes = 1u << OBSERVE_SESSION | 1u << OBSERVE_BEST | 1u << OBSERVE_FIB,
	.item = "network",
	.items = "networks",
	.untold = true,
	.begin = begin,
	.observe = observe,
	.check = check,
	.name = name,
	.finish = finish,
};
