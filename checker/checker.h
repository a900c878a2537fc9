/* Judges a run from its stream of observations alone. It folds the stream into what is so at the
 * present instant (checker/state.h), lets each expectation look at every change, and says at the
 * end of each: passed or not, what was measured, since when it failed, and which observations prove
 * it. */
#ifndef CHECKER_CHECKER_H
#define CHECKER_CHECKER_H

#include "base/memory.h"
#include "base/text.h"
#include "topo/model.h"
#include "trace/trace.h"

enum verdict_result { VERDICT_PASS, VERDICT_FAIL, VERDICT_WARN, VERDICT_NOT_JUDGED };
/* "pass", "fail", "warn", "not judged" */
const char *verdict_result_name(enum verdict_result result);

struct verdict {
	const struct model_expect *expect;
	enum verdict_result result;
	const char *measured;      /* "5 of 5 in 2.214s", "longest outage 151.300s" */
	const char *limit;         /* "<= 30s" with U+2264; "" if none */
	int64_t first_failing_ns;  /* MODEL_NO_TIME if none */
	const uint64_t *evidence;  /* observation numbers */
	uint32_t evidence_count;
	const char *why; /* several lines, indented by nothing: the same text for terminal, JUnit,
			  * HTML and `simrun why`; "" when passed */
	/* Places the reason points at, worst first: for annotations. */
	const struct source_pos *places;
	const char *const *place_texts;
	uint32_t place_count;
};

/* A time in which a flow was silent, or a session down: for reports and plots. */
struct outage {
	uint32_t flow;
	int64_t from_ns, until_ns; /* until: the end of the run if it never came back */
	enum disposition disposition;
	bool back;                 /* it was the answer's way that failed */
};

struct checker;
/* `only`: glob of expectation names (-k), NULL for all. The model is borrowed. */
struct checker *checker_new(const struct model *model, const char *only);
void checker_free(struct checker *checker);
struct trace_sink *checker_sink(struct checker *checker);
/* Judges at the end. Results live as long as the checker. */
const struct verdict *checker_finish(struct checker *checker, int64_t end_ns, uint32_t *count);
/* All outages of all flows, by flow then time; after checker_finish. */
const struct outage *checker_outages(const struct checker *checker, uint32_t *count);

/* Exit code of the whole: 0 all hold, 1 some failed, 5 nothing judged. */
int checker_exit_code(const struct verdict *verdicts, uint32_t count, bool strict);

struct state;
const struct state *checker_state(const struct checker *checker);

/* Why a flow is as it is, at the state's instant: hop by hop, since when, and because of which
 * lines. Appends several lines. */
void explain_flow(const struct state *state, uint32_t flow, struct text *out);

#endif
