#include "checker/watch.h"

#include "base/assert.h"

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

int64_t next_step_ns(const struct model *model, int64_t at_ns)
{
	int64_t next = INT64_MAX;
	for (uint32_t i = 0; i < model->step_count; i++) {
		const struct model_step *step = &model->steps[i];
		if (step->kind == MODEL_STEP_END)
			continue;
		if (step->at_ns >= at_ns)
			next = earlier(next, step->at_ns);
		if (step->for_ns > 0 && step->at_ns + step->for_ns >= at_ns)
			next = earlier(next, step->at_ns + step->for_ns);
	}
	return next;
}

static void window_at(struct watch *watch, int64_t at_ns)
{
	watch->mode = WATCH_AT;
	watch->base_ns = watch->from_ns = watch->zone_ns = watch->needed_ns = at_ns;
	watch->until_ns = at_ns + 1;
}

void watch_window(struct watch *watch, const struct model *model, const struct model_expect *expect)
{
	bool during = expect->from_ns != MODEL_NO_TIME;
	int64_t from_ns = during ? expect->from_ns :
		expect->after_ns != MODEL_NO_TIME ? expect->after_ns : 0;
	*watch = (struct watch){ .mode = WATCH_ALWAYS, .base_ns = from_ns, .from_ns = from_ns,
				 .zone_ns = from_ns, .until_ns = INT64_MAX,
				 .needed_ns = from_ns + 1 };
	watch->measures_outage = expect->max_outage_ns != MODEL_NO_TIME;
	watch->allowed_ns = watch->measures_outage ? expect->max_outage_ns : 0;
	if (during && expect->until_ns != MODEL_NO_TIME)
		watch->until_ns = expect->until_ns;
	if (expect->at_ns != MODEL_NO_TIME) {
		window_at(watch, expect->at_ns);
	} else if (expect->within_ns != MODEL_NO_TIME) {
		int64_t deadline = from_ns + expect->within_ns;
		watch->zone_ns = watch->needed_ns = deadline;
		if (watch->measures_outage) { /* may settle first, and is measured from then on */
			watch->from_ns = deadline;
			watch->needed_ns = deadline + 1;
			return;
		}
		watch->mode = WATCH_WITHIN;
		watch->until_ns = earlier(watch->until_ns, next_step_ns(model, deadline));
		watch->zone_ns = earlier(deadline, watch->until_ns - 1);
	} else if (!during && expect->after_ns == MODEL_NO_TIME && !watch->measures_outage &&
		   expect->kind != MODEL_EXPECT_NEVER &&
		   expect->kind != MODEL_EXPECT_SOURCE_PRESERVED) {
		window_at(watch, model->end_ns); /* no word about time: in the end */
	}
}

void watch_items(struct watch *watch, struct arena *arena, uint32_t count, bool ok)
{
	watch->items = arena_alloc(arena, (count + 1) * sizeof(*watch->items));
	watch->count = count;
	watch->bad = ok ? 0 : count;
	for (uint32_t i = 0; i < count; i++) {
		watch->items[i].ok = ok;
		watch->items[i].counted = true;
		watch->items[i].bad_until_ns = MODEL_NO_TIME;
	}
}

static void change_reason(struct watch_item *it, uint32_t reason, int64_t at_ns)
{
	if (at_ns - it->reason_since_ns > it->main_reason_ns) {
		it->main_reason_ns = at_ns - it->reason_since_ns;
		it->main_reason = it->reason;
	}
	it->reason = reason;
	it->reason_since_ns = at_ns;
}

/* A bad time from it->since_ns to at_ns is over. */
static void bad_time(struct watch *watch, struct watch_item *it, int64_t at_ns, uint64_t ended)
{
	change_reason(it, it->reason, at_ns);
	int64_t until = earlier(at_ns, watch->until_ns);
	int64_t from = later(it->since_ns, watch->zone_ns);
	it->last_ns = 0;
	if (later(it->since_ns, watch->from_ns) < until)
		it->bad_until_ns = until;
	if (from >= until)
		return;
	it->last_ns = until - from;
	it->bad_times++;
	if (it->last_ns <= it->longest_until_ns - it->longest_from_ns)
		return;
	it->longest_from_ns = from;
	it->longest_until_ns = until;
	it->longest_since_ns = it->since_ns;
	it->longest_began = it->began;
	it->longest_ended = ended;
	it->longest_reason = it->main_reason;
}

void watch_set(struct watch *watch, uint32_t item, bool ok, uint32_t reason, int64_t at_ns,
	       uint64_t sequence)
{
	ASSERT(item < watch->count);
	struct watch_item *it = &watch->items[item];
	if (!ok && !it->ok && it->reason != reason)
		change_reason(it, reason, at_ns);
	if (!ok && !it->began)
		it->began = sequence;
	if (ok == it->ok)
		return;
	if (ok)
		bad_time(watch, it, at_ns, sequence);
	watch->bad += ok ? UINT32_MAX : 1;
	it->ok = ok;
	it->since_ns = at_ns;
	it->began = sequence;
	it->reason = reason;
	it->reason_since_ns = at_ns;
	it->main_reason = reason;
	it->main_reason_ns = 0;
}

void watch_close(struct watch *watch, int64_t end_ns)
{
	/* The end is an instant one can ask for, so it belongs to windows that name one. */
	int64_t close_ns = watch->mode == WATCH_ALWAYS ? end_ns : end_ns + 1;
	for (uint32_t i = 0; i < watch->count; i++)
		if (!watch->items[i].ok)
			bad_time(watch, &watch->items[i], later(close_ns, watch->items[i].since_ns),
				 0);
}

bool watch_failed(const struct watch *watch, uint32_t item)
{
	const struct watch_item *it = &watch->items[item];
	return it->counted && it->longest_until_ns - it->longest_from_ns > watch->allowed_ns;
}

bool watch_open(const struct watch *watch, int64_t from_ns, int64_t until_ns)
{
	return until_ns > watch->from_ns && from_ns < watch->until_ns;
}

bool watch_in_zone(const struct watch *watch, int64_t from_ns, int64_t until_ns)
{
	return until_ns > watch->zone_ns && from_ns < watch->until_ns;
}
