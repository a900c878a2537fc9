/* `reachable`: a flow is good while both its ways succeed. Every flow the user named counts, also
 * one whose destination is down: it was the user who chose it. */
#include "checker/explain.h"
#include "checker/judge.h"

struct reachable {
	uint32_t *item_of; /* by flow; MODEL_NONE */
};

/* A reason is the disposition of the way that fails, and which way that is. */
static uint32_t reason_of(enum disposition disposition, bool back)
{
	return (uint32_t)disposition << 1 | back;
}

static void begin(struct judge *judge)
{
	struct reachable *own = arena_alloc(&judge->arena, sizeof(*own));
	uint32_t flows = judge->model->flow_count;
	judge->own = own;
	own->item_of = arena_alloc(&judge->arena, (flows + 1) * sizeof(*own->item_of));
	for (uint32_t i = 0; i < flows; i++)
		own->item_of[i] = MODEL_NONE;
	judge_items(judge, judge->expect->flow_count, false);
	for (uint32_t i = 0; i < judge->expect->flow_count; i++)
		own->item_of[judge->expect->flows[i]] = i;
}

static void observe(struct judge *judge, const struct observation *o)
{
	const struct reachable *own = judge->own;
	if (o->flow.flow < judge->model->flow_count && own->item_of[o->flow.flow] != MODEL_NONE)
		judge_touch(judge, own->item_of[o->flow.flow]);
}

static void check(struct judge *judge, uint32_t item)
{
	const struct state_flow *flow = state_flow_at(judge->state, judge->expect->flows[item]);
	bool up[2];
	for (int way = 0; way < 2; way++) {
		up[way] = flow->known[way] && disposition_success(flow->disposition[way]);
		judge->watch.items[item].seen |= flow->known[way];
	}
	bool back = up[0];
	judge_set(judge, item, up[0] && up[1], reason_of(flow->disposition[back], back),
		  flow->sequence[back]);
}

static void name(const struct judge *judge, uint32_t item, struct text *out)
{
	text_put(out, judge->model->flows[judge->expect->flows[item]].name);
}

static const char *reason(uint32_t code)
{
	static const char *const back[DISPOSITIONS] = {
		[DISPOSITION_DENIED_IN] = "DENIED_IN on the way back",
		[DISPOSITION_DENIED_OUT] = "DENIED_OUT on the way back",
		[DISPOSITION_LOOP] = "LOOP on the way back",
		[DISPOSITION_NEIGHBOR_UNREACHABLE] = "NEIGHBOR_UNREACHABLE on the way back",
		[DISPOSITION_NO_ROUTE] = "NO_ROUTE on the way back",
		[DISPOSITION_NULL_ROUTED] = "NULL_ROUTED on the way back",
		[DISPOSITION_INSUFFICIENT_INFO] = "INSUFFICIENT_INFO on the way back",
		[DISPOSITION_NODE_DOWN] = "NODE_DOWN on the way back",
		[DISPOSITION_LINK_DOWN] = "LINK_DOWN on the way back",
		[DISPOSITION_TTL_EXPIRED] = "TTL_EXPIRED on the way back",
		[DISPOSITION_NOT_FORWARDING] = "NOT_FORWARDING on the way back",
		[DISPOSITION_RP_FILTERED] = "RP_FILTERED on the way back",
	};
	if (code >= 2 * DISPOSITIONS || disposition_success(code >> 1))
		return "";
	return code & 1 ? back[code >> 1] : disposition_name(code >> 1);
}

static void explain(struct judge *judge, uint32_t item, int64_t at_ns, struct story *story)
{
	uint32_t flow = judge->expect->flows[item];
	const struct state_flow *now = state_flow_at(judge->state, flow);
	int way = now->known[0] && disposition_success(now->disposition[0]);
	explain_way(judge->state, flow, way, at_ns, story);
	judge->told_key = explain_key(judge->state, flow);
}

static void finish(struct judge *judge, int64_t end_ns, struct verdict *verdict)
{
	(void)end_ns;
	for (uint32_t i = 0; i < judge->watch.count; i++)
		if (judge->watch.items[i].seen)
			return;
	verdict->result = VERDICT_NOT_JUDGED;
	verdict->measured = "not judged";
	verdict->why = "none of its flows was ever observed";
}

static bool concerns(const struct judge *judge, uint32_t item, const struct observation *o)
{
	return explain_concerns(judge->state, judge->expect->flows[item], o, judge->told_key);
}

const struct expect_kind expect_reachable = {
	.observes = 1u << OBSERVE_FLOW,
	.told_by = 1u << OBSERVE_FLOW | 1u << OBSERVE_NODE | 1u << OBSERVE_PROCESS |
		   1u << OBSERVE_LINK | 1u << OBSERVE_FIB | 1u << OBSERVE_SESSION,
	.item = "flow",
	.items = "flows",
	.begin = begin,
	.observe = observe,
	.check = check,
	.name = name,
	.reason = reason,
	.explain = explain,
	.concerns = concerns,
	.finish = finish,
};
