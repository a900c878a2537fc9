/* `never: [loop, blackhole]`: over every watched flow, each way.
 *
 * A loop is one however short. A blackhole is a packet that silently goes nowhere although its
 * destination is alive: the node on, plugged in, and in the same island as the sender. A
 * destination that came (back) counts from the first time it was reached, or SETTLE_NS after it
 * came: routes to it need time to be learned, and what stays unreachable after that is a blackhole
 * after all. */
#include "checker/explain.h"
#include "checker/judge.h"
#include "checker/lookup.h"

#define SETTLE_NS (INT64_C(60) * 1000000000)

struct never {
	/* By way, 2 * flow + way: when its destination last came, and whether reached since. */
	int64_t *came_ns;
	bool *reached;
};

/* Four items a flow: each way can loop, and it can be a blackhole; one after the other must not
 * pass for one. */
static uint32_t item_of(uint32_t way, bool hole) { return 2 * way + hole; }

static void begin(struct judge *judge)
{
	struct never *own = arena_alloc(&judge->arena, sizeof(*own));
	uint32_t ways = 2 * judge->model->flow_count;
	judge->own = own;
	judge_items(judge, 2 * ways, true);
	for (uint32_t i = 0; i < 2 * ways; i++)
		judge->watch.items[i].counted = judge->expect->never &
			(i % 2 ? MODEL_NEVER_BLACKHOLE : MODEL_NEVER_LOOP);
	own->came_ns = arena_alloc(&judge->arena, (ways + 1) * sizeof(*own->came_ns));
	own->reached = arena_alloc(&judge->arena, (ways + 1) * sizeof(*own->reached));
	if (ways == 0)
		judge->nothing = "there are no watched flows";
}

static void touch_way(struct judge *judge, uint32_t way)
{
	judge_touch(judge, item_of(way, false));
	judge_touch(judge, item_of(way, true));
}

static void observe(struct judge *judge, const struct observation *o)
{
	if (o->kind == OBSERVE_FLOW) {
		if (o->flow.flow < judge->model->flow_count)
			touch_way(judge, 2 * o->flow.flow + o->flow.back);
		return;
	}
	for (uint32_t i = 0; i < judge->model->flow_count; i++) {
		const struct model_flow *flow = &judge->model->flows[i];
		if (o->kind == OBSERVE_NODE && flow->from_node != o->node &&
		    flow->to_node != o->node)
			continue;
		touch_way(judge, 2 * i);
		touch_way(judge, 2 * i + 1);
	}
}

static bool vanishes(enum disposition disposition)
{
	switch (disposition) {
	case DISPOSITION_NULL_ROUTED:
	case DISPOSITION_NO_ROUTE:
	case DISPOSITION_NEIGHBOR_UNREACHABLE:
	case DISPOSITION_NODE_DOWN:
	case DISPOSITION_LINK_DOWN:
	case DISPOSITION_NOT_FORWARDING:
	case DISPOSITION_RP_FILTERED: return true;
	default: return false;
	}
}

/* Both ends are alive, and since when; else false. */
static bool alive(const struct judge *judge, const struct model_flow *flow, int64_t *since_ns)
{
	int64_t from_ns, to_ns;
	if (!state_node_alive(judge->state, flow->from_node, &from_ns) ||
	    !state_node_alive(judge->state, flow->to_node, &to_ns) ||
	    !same_island(judge->state, flow->from_node, flow->to_node))
		return false;
	*since_ns = from_ns > to_ns ? from_ns : to_ns;
	return true;
}

/* A packet of this way vanishes, and its destination counts. */
static bool blackhole(struct judge *judge, uint32_t number)
{
	struct never *own = judge->own;
	const struct state_flow *now = state_flow_at(judge->state, number / 2);
	int way = number % 2;
	int64_t since_ns;
	if (!alive(judge, &judge->model->flows[number / 2], &since_ns)) {
		own->reached[number] = false;
		own->came_ns[number] = INT64_MAX;
		return false;
	}
	if (own->came_ns[number] == INT64_MAX)
		own->came_ns[number] = judge->now_ns;
	else if (since_ns > own->came_ns[number])
		own->came_ns[number] = since_ns;
	if (!now->known[way])
		return false;
	if (disposition_success(now->disposition[way]))
		own->reached[number] = true;
	if (!vanishes(now->disposition[way]))
		return false;
	int64_t counts_ns = own->came_ns[number] + SETTLE_NS;
	if (own->reached[number] || judge->now_ns >= counts_ns)
		return true;
	if (counts_ns < judge->wake_ns)
		judge->wake_ns = counts_ns;
	return false;
}

static void check(struct judge *judge, uint32_t item)
{
	uint32_t number = item / 2;
	const struct state_flow *now = state_flow_at(judge->state, number / 2);
	int way = number % 2;
	bool loop = now->known[way] && now->disposition[way] == DISPOSITION_LOOP;
	bool bad = item % 2 ? blackhole(judge, number) : loop;
	judge->watch.items[item].seen |= now->known[way];
	judge_set(judge, item, !bad || !judge->watch.items[item].counted, now->disposition[way],
		  now->sequence[way]);
}

static void name(const struct judge *judge, uint32_t item, struct text *out)
{
	text_put(out, judge->model->flows[item / 4].name);
	if (item / 2 % 2)
		text_put(out, " (back)");
}

static const char *reason(uint32_t code) { return disposition_name(code); }

static void explain(struct judge *judge, uint32_t item, int64_t at_ns, struct story *story)
{
	explain_way(judge->state, item / 4, item / 2 % 2, at_ns, story);
	judge->told_key = explain_key(judge->state, item / 4);
}

static void finish(struct judge *judge, int64_t end_ns, struct verdict *verdict)
{
	(void)end_ns;
	uint32_t loops = 0, holes = 0;
	bool seen = false;
	for (uint32_t i = 0; i < judge->watch.count; i++) {
		const struct watch_item *it = &judge->watch.items[i];
		seen |= it->seen;
		if (!watch_failed(&judge->watch, i))
			continue;
		if (i % 2)
			holes += it->bad_times;
		else
			loops += it->bad_times;
	}
	if (!seen) {
		verdict->result = VERDICT_NOT_JUDGED;
		verdict->measured = "not judged";
		verdict->why = "no flow was ever observed";
		return;
	}
	struct text out;
	text_init(&out);
	if (judge->expect->never & MODEL_NEVER_LOOP)
		text_printf(&out, "%u loop%s", loops, loops == 1 ? "" : "s");
	if (judge->expect->never & MODEL_NEVER_BLACKHOLE)
		text_printf(&out, "%s%u blackhole%s", out.length ? ", " : "", holes,
			    holes == 1 ? "" : "s");
	verdict->measured = arena_strdup(&judge->arena, text_string(&out));
	text_free(&out);
}

static bool concerns(const struct judge *judge, uint32_t item, const struct observation *o)
{
	return explain_concerns(judge->state, item / 4, o, judge->told_key);
}

const struct expect_kind expect_never = {
	.observes = 1u << OBSERVE_FLOW | 1u << OBSERVE_NODE | 1u << OBSERVE_LINK |
		    1u << OBSERVE_STEP,
	.told_by = 1u << OBSERVE_FLOW | 1u << OBSERVE_NODE | 1u << OBSERVE_PROCESS |
		   1u << OBSERVE_LINK | 1u << OBSERVE_FIB | 1u << OBSERVE_SESSION,
	.uncounted = true,
	.item = "way",
	.items = "ways",
	.begin = begin,
	.observe = observe,
	.check = check,
	.name = name,
	.reason = reason,
	.explain = explain,
	.concerns = concerns,
	.finish = finish,
};
