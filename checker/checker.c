#include "checker/checker.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "checker/judge.h"
#include "checker/outages.h"
#include "checker/state.h"

struct checker {
	struct trace_sink sink;
	const struct model *model;
	struct state *state;
	struct outages outages;
	struct judge *judges;
	uint32_t judge_count;
	struct verdict *verdicts;
};

const char *verdict_result_name(enum verdict_result result)
{
	static const char *const names[] = { "pass", "fail", "warn", "not judged" };
	return names[result];
}

static void pass_time(struct checker *checker, int64_t next_ns)
{
	int64_t now_ns = state_now_ns(checker->state);
	for (uint32_t i = 0; i < checker->judge_count; i++)
		judge_pass(&checker->judges[i], now_ns, next_ns);
	outages_pass(&checker->outages, checker->state);
}

static void sink_observe(struct trace_sink *sink, const struct observation *o)
{
	struct checker *checker = (struct checker *)sink;
	if (o->at_ns > state_now_ns(checker->state))
		pass_time(checker, o->at_ns);
	struct trace_sink *state = state_sink(checker->state);
	state->observe(state, o);
	for (uint32_t i = 0; i < checker->judge_count; i++)
		judge_observe(&checker->judges[i], o);
	if (o->kind == OBSERVE_FLOW)
		outages_touch(&checker->outages, o->flow.flow);
}

struct checker *checker_new(const struct model *model, const char *only)
{
	struct checker *checker = memory_zalloc(sizeof(*checker));
	checker->sink.observe = sink_observe;
	checker->model = model;
	checker->state = state_new(model);
	outages_init(&checker->outages, model);
	checker->judges = memory_zalloc((model->expect_count + 1) * sizeof(*checker->judges));
	checker->verdicts = memory_zalloc((model->expect_count + 1) * sizeof(*checker->verdicts));
	for (uint32_t i = 0; i < model->expect_count; i++)
		if (!only || fnmatch(only, model->expects[i].name, 0) == 0)
			judge_init(&checker->judges[checker->judge_count++], &model->expects[i],
				   checker->state);
	return checker;
}

void checker_free(struct checker *checker)
{
	if (!checker)
		return;
	for (uint32_t i = 0; i < checker->judge_count; i++)
		judge_free(&checker->judges[i]);
	outages_free(&checker->outages);
	state_free(checker->state);
	free(checker->judges);
	free(checker->verdicts);
	free(checker);
}

struct trace_sink *checker_sink(struct checker *checker) { return &checker->sink; }
const struct state *checker_state(const struct checker *checker) { return checker->state; }

const struct verdict *checker_finish(struct checker *checker, int64_t end_ns, uint32_t *count)
{
	for (uint32_t i = 0; i < checker->judge_count; i++)
		judge_finish(&checker->judges[i], end_ns, &checker->verdicts[i]);
	outages_pass(&checker->outages, checker->state);
	outages_finish(&checker->outages, end_ns);
	*count = checker->judge_count;
	return checker->verdicts;
}

const struct outage *checker_outages(const struct checker *checker, uint32_t *count)
{
	*count = (uint32_t)checker->outages.count;
	return checker->outages.items;
}

int checker_exit_code(const struct verdict *verdicts, uint32_t count, bool strict)
{
	bool judged = false, failed = false;
	for (uint32_t i = 0; i < count; i++) {
		judged |= verdicts[i].result != VERDICT_NOT_JUDGED;
		failed |= verdicts[i].result == VERDICT_FAIL ||
			  (strict && verdicts[i].result == VERDICT_WARN);
	}
	return failed ? 1 : judged ? 0 : 5;
}
