/* Gathers what a person wants to read of a run, in order: steps, and what followed from them. */
#ifndef REPORTS_TIMELINE_H
#define REPORTS_TIMELINE_H

#include "reports/run.h"
#include "trace/trace.h"

struct timeline;

/* Sessions that go down together for one reason are one line, so a line may be told a little later,
 * before the next one. */
/* `told` is called for each line as it happens; may be NULL. */
struct timeline *timeline_new(const struct model *model,
			      void (*told)(void *context, const struct run_event *event),
			      void *context);
void timeline_free(struct timeline *timeline);
struct trace_sink *timeline_sink(struct timeline *timeline);
/* Adds a line of the caller's: "start", "end". Texts are copied. */
void timeline_add(struct timeline *timeline, int64_t at_ns, const char *name, const char *text);
const struct run_event *timeline_events(struct timeline *timeline, uint32_t *count);
/* Sessions that are up, of those configured (counted once, not from both sides). */
void timeline_sessions(const struct timeline *timeline, uint32_t *up, uint32_t *configured);

#endif
