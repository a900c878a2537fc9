/* `source-preserved`: what arrives bears the address it was sent from, on either way. Only packets
 * that arrive are judged: whether they do is `reachable`'s business. */
#include "checker/explain.h"
#include "checker/judge.h"
#include "checker/lookup.h"
#include "checker/words.h"

struct source_own {
	uint32_t *item_of; /* by flow; MODEL_NONE */
};

static void begin(struct judge *judge)
{
	struct source_own *own = arena_alloc(&judge->arena, sizeof(*own));
	uint32_t flows = judge->model->flow_count;
	judge->own = own;
	own->item_of = arena_alloc(&judge->arena, (flows + 1) * sizeof(*own->item_of));
	for (uint32_t i = 0; i < flows; i++)
		own->item_of[i] = MODEL_NONE;
	judge_items(judge, judge->expect->flow_count, true);
	for (uint32_t i = 0; i < judge->expect->flow_count; i++)
		own->item_of[judge->expect->flows[i]] = i;
}

static void observe(struct judge *judge, const struct observation *o)
{
	const struct source_own *own = judge->own;
	if (o->flow.flow < judge->model->flow_count && own->item_of[o->flow.flow] != MODEL_NONE)
		judge_touch(judge, own->item_of[o->flow.flow]);
}

/* The way there must come from `from` (or, if the host chose, from one of its addresses), the
 * answer from `to`. */
static bool kept(const struct judge *judge, const struct model_flow *flow, int way,
		 struct ip_addr source)
{
	if (way == 1)
		return ip_addr_equal(source, flow->to);
	if (flow->from.family)
		return ip_addr_equal(source, flow->from);
	return node_has_address(config_now(judge->state, flow->from_node), source);
}

static int changed_way(const struct judge *judge, uint32_t number, bool *delivered)
{
	const struct state_flow *now = state_flow_at(judge->state, number);
	const struct model_flow *flow = &judge->model->flows[number];
	for (int way = 0; way < 2; way++) {
		if (!now->known[way] || !disposition_success(now->disposition[way]))
			break; /* nothing arrives, so nothing is answered */
		if (way == 0)
			*delivered = true;
		if (now->source[way].family && !kept(judge, flow, way, now->source[way]))
			return way;
	}
	return -1;
}

static void check(struct judge *judge, uint32_t item)
{
	bool delivered = false;
	int way = changed_way(judge, judge->expect->flows[item], &delivered);
	judge->watch.items[item].seen |= delivered;
	judge_set(judge, item, way < 0, way == 1,
		  state_flow_at(judge->state, judge->expect->flows[item])->sequence[way == 1]);
}

static void name(const struct judge *judge, uint32_t item, struct text *out)
{
	text_put(out, judge->model->flows[judge->expect->flows[item]].name);
}

static void explain_nat(const struct judge *judge, const struct model_flow *flow,
			uint32_t rewriter, struct story *story)
{
	const struct model_config *config = config_now(judge->state, rewriter);
	text_put(&story->text, "because\n");
	bullet(story);
	text_printf(&story->text, "the source is an address of %s",
		    judge->model->nodes[rewriter].name);
	if (!config->nat_outgoing) {
		bullet_end(judge->state, story, (struct source_pos){ 0 });
		return;
	}
	const struct model_revision *revision =
		&judge->model->revisions[state_revision(judge->state)];
	struct source_pos pos = config->nat_outgoing_pos;
	for (uint32_t i = 0; i < revision->pool_count; i++) {
		const struct model_pool *pool = &revision->pools[i];
		if (!pool->nat_outgoing || !ip_prefix_contains(pool->cidr, flow->from))
			continue;
		text_printf(&story->text,
			    ": natOutgoing of IPPool/%s rewrites what leaves the pool", pool->name);
		if (pool->nat_pos.source)
			pos = pool->nat_pos;
		story_place(story, pos, "natOutgoing of IPPool/%s rewrites the source", pool->name);
		break;
	}
	bullet_end(judge->state, story, pos);
}

static void explain(struct judge *judge, uint32_t item, int64_t at_ns, struct story *story)
{
	uint32_t number = judge->expect->flows[item];
	const struct model_flow *flow = &judge->model->flows[number];
	bool delivered;
	int way = changed_way(judge, number, &delivered);
	if (way < 0)
		return;
	struct ip_addr seen = state_flow_at(judge->state, number)->source[way];
	struct text *out = &story->text;
	text_printf(out, "why, for %s%s at ", flow->name, way ? " (the answer)" : "");
	text_seconds(out, at_ns);
	text_printf(out, "\n  sent from ");
	if (way == 0 && !flow->from.family)
		text_printf(out, "%s", judge->model->nodes[flow->from_node].name);
	else
		words_addr(out, way ? flow->to : flow->from);
	text_put(out, ", arrives from ");
	words_addr(out, seen);
	text_char(out, '\n');
	uint32_t rewriter = owner_of(judge->state, seen);
	if (rewriter != MODEL_NONE)
		explain_nat(judge, flow, rewriter, story);
}

static void finish(struct judge *judge, int64_t end_ns, struct verdict *verdict)
{
	(void)end_ns;
	uint32_t delivered = 0, count = judge->watch.count, counted;
	for (uint32_t i = 0; i < count; i++)
		delivered += judge->watch.items[i].seen;
	if (delivered == 0) {
		verdict->result = VERDICT_NOT_JUDGED;
		verdict->measured = "not judged";
		verdict->why = "none of its flows was ever delivered";
		return;
	}
	uint32_t failed = judge_failed(judge, &counted);
	const char *rest = delivered == count ? "" :
		arena_printf(&judge->arena, ", %u never delivered", count - delivered);
	verdict->measured = failed ?
		arena_printf(&judge->arena, "%u of %u flows, %u rewritten%s", delivered - failed,
			     delivered, failed, rest) :
		arena_printf(&judge->arena, "%u of %u flows, no NAT%s", delivered, delivered, rest);
}

const struct expect_kind expect_source = {
	.observes = 1u << OBSERVE_FLOW,
	.told_by = 1u << OBSERVE_FLOW,
	.item = "flow",
	.items = "flows",
	.begin = begin,
	.observe = observe,
	.check = check,
	.name = name,
	.explain = explain,
	.finish = finish,
};
