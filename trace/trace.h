/* The stream of observations: numbered here, digested here, handed on to every sink in order. */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include "trace/observation.h"

/* A sink is a struct of its own with this embedded first. */
struct trace_sink {
	void (*observe)(struct trace_sink *sink, const struct observation *observation);
};

#define TRACE_SINKS_MAX 8
struct trace_digest;
struct trace {
	struct trace_sink *sinks[TRACE_SINKS_MAX]; /* borrowed; called in order of adding */
	uint32_t sink_count;
	uint64_t count;
	struct trace_digest *digest;               /* owned */
};

void trace_init(struct trace *trace);
void trace_free(struct trace *trace);
void trace_add_sink(struct trace *trace, struct trace_sink *sink);
/* Numbers it (sequence), adds its canonical text to the digest, and hands it on. */
void trace_observe(struct trace *trace, struct observation *observation);
/* XXH3 over every canonical text so far, each ended by a newline. */
uint64_t trace_digest(const struct trace *trace);

/* The canonical text of an observation: one line of JSON, fields in a fixed order, the same on
 * every machine and compiler. And back; strings then belong to the arena. */
struct text;
struct arena;
void observation_write(const struct observation *observation, struct text *out);
bool observation_read(const char *json, size_t length, struct arena *arena,
		      struct observation *observation);
/* Only the fields of its kind, as the run database keeps them: the object behind "data". Reading
 * takes the kind from *observation and fills in the fields of that kind. */
void observation_write_data(const struct observation *observation, struct text *out);
bool observation_read_data(const char *json, size_t length, struct arena *arena,
			   struct observation *observation);

#endif
