#include "checker/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "checker/words.h"

const struct expect_kind *const expect_kinds[] = {
	[MODEL_EXPECT_ESTABLISHED] = &expect_established,
	[MODEL_EXPECT_ROUTES] = &expect_routes,
	[MODEL_EXPECT_REACHABLE] = &expect_reachable,
	[MODEL_EXPECT_SOURCE_PRESERVED] = &expect_source,
	[MODEL_EXPECT_NEVER] = &expect_never,
	[MODEL_EXPECT_CONVERGED] = &expect_converged,
};

void judge_init(struct judge *judge, const struct model_expect *expect, const struct state *state)
{
	*judge = (struct judge){ .expect = expect, .kind = expect_kinds[expect->kind],
				 .state = state, .model = state_model(state),
				 .wake_ns = INT64_MAX, .teller = MODEL_NONE, .kept_ns = -1,
				 .worst_ns = -1 };
	arena_init(&judge->arena);
	story_init(&judge->story);
	story_init(&judge->kept);
	story_init(&judge->worst);
	watch_window(&judge->watch, judge->model, expect);
	judge->kind->begin(judge);
	judge_touch_all(judge);
}

void judge_free(struct judge *judge)
{
	if (judge->kind->release)
		judge->kind->release(judge);
	story_free(&judge->story);
	story_free(&judge->kept);
	story_free(&judge->worst);
	arena_free(&judge->arena);
}

void judge_items(struct judge *judge, uint32_t count, bool ok)
{
	watch_items(&judge->watch, &judge->arena, count, ok);
	judge->touched = arena_alloc(&judge->arena, (count + 1) * sizeof(*judge->touched));
	judge->is_touched = arena_alloc(&judge->arena, (count + 1) * sizeof(*judge->is_touched));
}

void judge_touch(struct judge *judge, uint32_t item)
{
	ASSERT(item < judge->watch.count);
	if (!judge->is_touched[item])
		judge->touched[judge->touched_count++] = item;
	judge->is_touched[item] = true;
}

void judge_touch_all(struct judge *judge)
{
	for (uint32_t i = 0; i < judge->watch.count; i++)
		judge_touch(judge, i);
}

void judge_set(struct judge *judge, uint32_t item, bool ok, uint32_t reason, uint64_t evidence)
{
	watch_set(&judge->watch, item, ok, reason, judge->now_ns, evidence);
}

void judge_observe(struct judge *judge, const struct observation *o)
{
	uint32_t bit = 1u << o->kind;
	if (judge->kind->observes & bit)
		judge->kind->observe(judge, o);
	if ((judge->kind->told_by & bit) && judge->teller != MODEL_NONE &&
	    (!judge->kind->concerns || judge->kind->concerns(judge, judge->teller, o)))
		judge->story_old = true;
}

/* ---- the story of what is worst ------------------------------------------------------------- */

/* A story is told while the thing is still bad, for afterwards the state no longer shows why. So
 * one bad item at a time is followed, the first to have become bad, and its story told anew
 * whenever something it is made of changed. Of these tellings the one that stood longest is kept,
 * for it is what mattered most; and of all bad times the longest. */
static void telling_ends(struct judge *judge, int64_t at_ns)
{
	if (at_ns - judge->told_ns <= judge->kept_ns)
		return;
	judge->kept_ns = at_ns - judge->told_ns;
	story_swap(&judge->story, &judge->kept);
}

static void story_ends(struct judge *judge, int64_t at_ns)
{
	int64_t length_ns = judge->watch.items[judge->teller].last_ns;
	telling_ends(judge, at_ns);
	if (length_ns > judge->watch.allowed_ns && length_ns > judge->worst_ns) {
		judge->worst_ns = length_ns;
		story_swap(&judge->kept, &judge->worst);
	}
	judge->teller = MODEL_NONE;
	judge->kept_ns = -1;
}

static uint32_t first_bad(const struct watch *watch)
{
	uint32_t first = MODEL_NONE;
	for (uint32_t i = 0; watch->bad && i < watch->count; i++) {
		const struct watch_item *it = &watch->items[i];
		if (!it->ok && it->counted &&
		    (first == MODEL_NONE || it->since_ns < watch->items[first].since_ns))
			first = i;
	}
	return first;
}

static void follow_story(struct judge *judge, int64_t now_ns, int64_t next_ns)
{
	struct watch *watch = &judge->watch;
	if (judge->teller != MODEL_NONE && watch->items[judge->teller].ok)
		story_ends(judge, watch->items[judge->teller].since_ns);
	if (!judge->kind->explain || !watch_in_zone(watch, now_ns, next_ns))
		return;
	int64_t at_ns = now_ns > watch->zone_ns ? now_ns : watch->zone_ns;
	if (judge->teller == MODEL_NONE) {
		judge->teller = first_bad(watch);
		judge->story_old = true;
		judge->told_ns = at_ns;
	}
	if (judge->teller == MODEL_NONE || !judge->story_old)
		return;
	telling_ends(judge, at_ns);
	story_clear(&judge->story);
	judge->told_ns = at_ns;
	judge->kind->explain(judge, judge->teller, at_ns, &judge->story);
	judge->story_old = false;
}

static void look(struct judge *judge, int64_t at_ns)
{
	judge->now_ns = at_ns;
	for (uint32_t i = 0; i < judge->touched_count; i++) {
		judge->is_touched[judge->touched[i]] = false;
		judge->kind->check(judge, judge->touched[i]);
	}
	judge->touched_count = 0;
}

void judge_pass(struct judge *judge, int64_t now_ns, int64_t next_ns)
{
	if (judge->nothing || now_ns >= judge->watch.until_ns)
		return;
	bool open = watch_open(&judge->watch, now_ns, next_ns);
	if (open && !judge->open)
		judge_touch_all(judge);
	judge->open = open;
	look(judge, now_ns);
	while (judge->wake_ns < next_ns) {
		int64_t at_ns = judge->wake_ns > now_ns ? judge->wake_ns : now_ns;
		judge->wake_ns = INT64_MAX;
		judge_touch_all(judge);
		look(judge, at_ns);
		now_ns = at_ns;
	}
	follow_story(judge, now_ns, next_ns);
}

/* ---- the verdict ---------------------------------------------------------------------------- */

uint32_t judge_failed(const struct judge *judge, uint32_t *counted)
{
	uint32_t failed = 0;
	*counted = 0;
	for (uint32_t i = 0; i < judge->watch.count; i++) {
		*counted += judge->watch.items[i].counted;
		failed += watch_failed(&judge->watch, i);
	}
	return failed;
}

/* Why nothing can be said, "" if something can. */
static const char *not_judged(struct judge *judge, int64_t end_ns, bool failed)
{
	const struct watch *watch = &judge->watch;
	int64_t needed = watch->needed_ns;
	if (watch->until_ns <= watch->from_ns)
		return "its window is empty";
	if (watch->mode == WATCH_ALWAYS && !failed && watch->until_ns != INT64_MAX &&
	    watch->until_ns > needed)
		needed = watch->until_ns;
	if (end_ns >= needed)
		return judge->nothing ? judge->nothing : "";
	struct text text;
	text_init(&text);
	text_put(&text, "the run ended at ");
	text_seconds(&text, end_ns);
	bool early = end_ns < watch->needed_ns;
	int64_t missed_ns = watch->mode == WATCH_ALWAYS ? watch->from_ns : watch->needed_ns;
	const char *word = !early ? ", inside its window, which ends at "
			   : missed_ns > end_ns ? ", before " : ", and nothing was seen after ";
	text_put(&text, word);
	text_seconds(&text, early ? missed_ns : watch->until_ns);
	const char *copy = arena_strdup(&judge->arena, text_string(&text));
	text_free(&text);
	return copy;
}

static void put_span(struct text *out, const struct watch *watch, const struct watch_item *it)
{
	if (watch->mode == WATCH_AT)
		return;
	int64_t from_ns = watch->mode == WATCH_ALWAYS ? it->longest_from_ns : it->longest_since_ns;
	bool ended = it->longest_ended || watch->mode == WATCH_ALWAYS;
	text_put(out, ended ? "     " : "     since ");
	text_seconds(out, from_ns);
	if (ended) {
		text_put(out, " " ELLIPSIS " ");
		text_seconds(out, it->longest_until_ns);
	}
}

static bool same_failure(const struct watch *watch, const struct watch_item *a,
			 const struct watch_item *b)
{
	return a->longest_reason == b->longest_reason &&
	       (watch->mode == WATCH_AT || (a->longest_from_ns == b->longest_from_ns &&
					    a->longest_until_ns == b->longest_until_ns));
}

#define GROUPS_MAX 8
#define NAMES_MAX 12

/* One line: how many, who, from when to when. */
static void put_group(struct judge *judge, struct text *out, uint32_t first, bool *done)
{
	const struct watch *watch = &judge->watch;
	const char **names = memory_alloc(watch->count * sizeof(*names));
	size_t count = 0;
	uint32_t counted, failed = judge_failed(judge, &counted);
	(void)failed;
	struct text name;
	text_init(&name);
	for (uint32_t i = first; i < watch->count; i++) {
		if (done[i] || !watch_failed(watch, i) ||
		    !same_failure(watch, &watch->items[first], &watch->items[i]))
			continue;
		done[i] = true;
		text_clear(&name);
		judge->kind->name(judge, i, &name);
		names[count++] = arena_strdup(&judge->arena, text_string(&name));
	}
	text_printf(out, "%zu ", count);
	if (!judge->kind->uncounted)
		text_printf(out, "of %u ", counted);
	text_put(out, (judge->kind->uncounted ? count : counted) == 1 ? judge->kind->item :
									judge->kind->items);
	text_put(out, ":  ");
	words_names(out, names, count, NAMES_MAX);
	put_span(out, watch, &watch->items[first]);
	const char *reason = judge->kind->reason ?
		judge->kind->reason(watch->items[first].longest_reason) : "";
	if (reason[0])
		text_printf(out, "     %s", reason);
	text_char(out, '\n');
	text_free(&name);
	free(names);
}

static void put_groups(struct judge *judge, struct text *out)
{
	bool *done = memory_zalloc((judge->watch.count + 1) * sizeof(*done));
	uint32_t groups = 0, left = 0;
	for (uint32_t i = 0; i < judge->watch.count; i++) {
		if (done[i] || !watch_failed(&judge->watch, i))
			continue;
		if (groups++ < GROUPS_MAX)
			put_group(judge, out, i, done);
		else
			left++;
	}
	if (left)
		text_printf(out, "and %u more %s, each at its own time\n", left,
			    left == 1 ? judge->kind->item : judge->kind->items);
	free(done);
}

static void put_why(struct judge *judge, struct verdict *verdict)
{
	struct text out;
	text_init(&out);
	if (!judge->kind->untold)
		put_groups(judge, &out);
	if (judge->worst_ns >= 0 && judge->worst.text.length) {
		if (out.length)
			text_char(&out, '\n');
		text_put(&out, text_string(&judge->worst.text));
	}
	while (out.length && out.data[out.length - 1] == '\n')
		out.data[--out.length] = '\0';
	verdict->why = arena_strdup(&judge->arena, text_string(&out));
	text_free(&out);
}

static void put_places(struct judge *judge, struct verdict *verdict)
{
	size_t count = judge->worst_ns >= 0 ? judge->worst.place_count : 0;
	struct source_pos *places = arena_alloc(&judge->arena, (count + 1) * sizeof(*places));
	const char **texts = arena_alloc(&judge->arena, (count + 1) * sizeof(*texts));
	struct text headline;
	text_init(&headline);
	text_printf(&headline, "%s: %s", judge->expect->name, verdict->measured);
	if (verdict->limit[0])
		text_printf(&headline, " (limit %s)", verdict->limit);
	places[0] = judge->expect->limit_pos.source ? judge->expect->limit_pos : judge->expect->pos;
	texts[0] = arena_strdup(&judge->arena, text_string(&headline));
	for (size_t i = 0; i < count; i++) {
		places[1 + i] = judge->worst.places[i].pos;
		texts[1 + i] = arena_strdup(&judge->arena, judge->worst.places[i].text);
	}
	verdict->places = places;
	verdict->place_texts = texts;
	verdict->place_count = (uint32_t)count + 1;
	text_free(&headline);
}

/* The observations that began and ended the bad times, of a few items. */
static void put_evidence(struct judge *judge, struct verdict *verdict)
{
	enum { MOST = 8 };
	uint64_t *evidence = arena_alloc(&judge->arena, 2 * MOST * sizeof(*evidence));
	uint32_t count = 0, items = 0;
	verdict->first_failing_ns = MODEL_NO_TIME;
	for (uint32_t i = 0; i < judge->watch.count; i++) {
		const struct watch_item *it = &judge->watch.items[i];
		if (!watch_failed(&judge->watch, i))
			continue;
		if (verdict->first_failing_ns == MODEL_NO_TIME ||
		    it->longest_from_ns < verdict->first_failing_ns)
			verdict->first_failing_ns = it->longest_from_ns;
		if (items++ >= MOST)
			continue;
		if (it->longest_began)
			evidence[count++] = it->longest_began;
		if (it->longest_ended)
			evidence[count++] = it->longest_ended;
	}
	verdict->evidence = evidence;
	verdict->evidence_count = count;
}

static void measure_within(const struct watch *watch, struct text *out, uint32_t failed,
			   uint32_t counted)
{
	int64_t held_ns = watch->base_ns, lost_ns = INT64_MAX;
	for (uint32_t i = 0; i < watch->count; i++) {
		const struct watch_item *it = &watch->items[i];
		if (it->counted && it->bad_until_ns > held_ns)
			held_ns = it->bad_until_ns;
		if (watch_failed(watch, i) && it->longest_from_ns < lost_ns)
			lost_ns = it->longest_from_ns;
	}
	text_printf(out, "%u of %u ", counted - failed, counted);
	text_put(out, failed ? "at " : "in ");
	text_seconds(out, failed ? lost_ns : held_ns - watch->base_ns);
}

static void measure(const struct judge *judge, struct text *out, uint32_t failed, uint32_t counted)
{
	const struct watch *watch = &judge->watch;
	int64_t longest_ns = 0;
	switch (watch->mode) {
	case WATCH_WITHIN: measure_within(watch, out, failed, counted); return;
	case WATCH_AT:
		text_printf(out, "%u of %u %s", counted - failed, counted,
			    counted == 1 ? judge->kind->item : judge->kind->items);
		if (watch->from_ns != judge->model->end_ns) {
			text_put(out, " at ");
			text_seconds(out, watch->from_ns);
		}
		return;
	case WATCH_ALWAYS: break;
	}
	if (!watch->measures_outage) {
		text_printf(out, "%u of %u throughout", counted - failed, counted);
		return;
	}
	for (uint32_t i = 0; i < watch->count; i++) {
		const struct watch_item *it = &watch->items[i];
		if (it->counted && it->longest_until_ns - it->longest_from_ns > longest_ns)
			longest_ns = it->longest_until_ns - it->longest_from_ns;
	}
	text_put(out, "longest outage ");
	text_seconds(out, longest_ns);
}

static void put_limit(struct judge *judge, struct verdict *verdict)
{
	struct text out;
	int64_t limit_ns = judge->watch.measures_outage ? judge->expect->max_outage_ns :
							  judge->expect->within_ns;
	text_init(&out);
	if (limit_ns != MODEL_NO_TIME) {
		text_put(&out, AT_MOST " ");
		words_span(&out, limit_ns);
	}
	verdict->limit = arena_strdup(&judge->arena, text_string(&out));
	text_free(&out);
}

void judge_finish(struct judge *judge, int64_t end_ns, struct verdict *verdict)
{
	uint32_t counted, failed;
	struct text measured;
	judge_pass(judge, state_now_ns(judge->state), end_ns + 1);
	watch_close(&judge->watch, end_ns);
	if (judge->teller != MODEL_NONE)
		story_ends(judge, end_ns + 1);
	failed = judge_failed(judge, &counted);
	if (!judge->nothing && counted == 0)
		judge->nothing = arena_printf(&judge->arena, "there are no %s", judge->kind->items);
	const char *nothing = not_judged(judge, end_ns, failed != 0);
	*verdict = (struct verdict){ .expect = judge->expect, .why = "", .limit = "",
				     .first_failing_ns = MODEL_NO_TIME };
	put_limit(judge, verdict);
	if (nothing[0]) {
		verdict->result = VERDICT_NOT_JUDGED;
		verdict->measured = "not judged";
		verdict->why = nothing;
		return;
	}
	text_init(&measured);
	measure(judge, &measured, failed, counted);
	verdict->measured = arena_strdup(&judge->arena, text_string(&measured));
	text_free(&measured);
	verdict->result = failed ? VERDICT_FAIL : VERDICT_PASS;
	if (judge->kind->finish)
		judge->kind->finish(judge, end_ns, verdict);
	if (verdict->result == VERDICT_FAIL) {
		put_evidence(judge, verdict);
		put_why(judge, verdict);
		put_places(judge, verdict);
		if (judge->expect->warning)
			verdict->result = VERDICT_WARN;
	}
}
