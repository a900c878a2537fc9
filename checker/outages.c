#include "checker/outages.h"

#include <stdlib.h>

struct outage_watch {
	bool up, touched, back, main_back, known;
	int64_t since_ns, reason_since_ns, main_ns;
	enum disposition disposition, main_disposition; /* now; for the longest part so far */
};

void outages_init(struct outages *outages, const struct model *model)
{
	*outages = (struct outages){ .flow_count = model->flow_count };
	outages->flows = memory_zalloc((model->flow_count + 1) * sizeof(*outages->flows));
	outages->touched = memory_zalloc((model->flow_count + 1) * sizeof(*outages->touched));
	for (uint32_t i = 0; i < model->flow_count; i++)
		outages->flows[i].disposition = outages->flows[i].main_disposition =
			DISPOSITION_INSUFFICIENT_INFO;
}

void outages_free(struct outages *outages)
{
	free(outages->items);
	free(outages->flows);
	free(outages->touched);
	*outages = (struct outages){ 0 };
}

void outages_touch(struct outages *outages, uint32_t flow)
{
	if (flow >= outages->flow_count || outages->flows[flow].touched)
		return;
	outages->flows[flow].touched = true;
	outages->touched[outages->touched_count++] = flow;
}

static void end_reason(struct outage_watch *it, int64_t at_ns)
{
	if (at_ns - it->reason_since_ns <= it->main_ns)
		return;
	it->main_ns = at_ns - it->reason_since_ns;
	it->main_disposition = it->disposition;
	it->main_back = it->back;
}

static void end_outage(struct outages *outages, uint32_t flow, int64_t at_ns)
{
	struct outage_watch *it = &outages->flows[flow];
	end_reason(it, at_ns);
	if (at_ns <= it->since_ns)
		return;
	struct outage outage = { flow, it->since_ns, at_ns, it->main_disposition, it->main_back };
	ARRAY_PUSH(outages->items, outages->count, outages->capacity, outage);
}

static void look(struct outages *outages, const struct state *state, uint32_t number)
{
	const struct state_flow *flow = state_flow_at(state, number);
	struct outage_watch *it = &outages->flows[number];
	int64_t at_ns = state_now_ns(state);
	bool there = flow->known[0] && disposition_success(flow->disposition[0]);
	bool up = there && flow->known[1] && disposition_success(flow->disposition[1]);
	enum disposition disposition = flow->disposition[there];
	it->known = true;
	if (up != it->up) {
		if (up)
			end_outage(outages, number, at_ns);
		it->up = up;
		it->since_ns = it->reason_since_ns = at_ns;
		it->main_ns = 0;
		it->main_disposition = disposition;
		it->main_back = there;
	} else if (!up && (disposition != it->disposition || there != it->back)) {
		end_reason(it, at_ns);
		it->reason_since_ns = at_ns;
	}
	it->disposition = disposition;
	it->back = there;
}

void outages_pass(struct outages *outages, const struct state *state)
{
	for (uint32_t i = 0; i < outages->touched_count; i++) {
		look(outages, state, outages->touched[i]);
		outages->flows[outages->touched[i]].touched = false;
	}
	outages->touched_count = 0;
}

static int by_flow_and_time(const void *a, const void *b)
{
	const struct outage *x = a, *y = b;
	if (x->flow != y->flow)
		return x->flow < y->flow ? -1 : 1;
	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

void outages_finish(struct outages *outages, int64_t end_ns)
{
	for (uint32_t i = 0; i < outages->flow_count; i++)
		if (!outages->flows[i].up && outages->flows[i].known)
			end_outage(outages, i, end_ns);
	if (outages->count)
		qsort(outages->items, outages->count, sizeof(*outages->items), by_flow_and_time);
}
