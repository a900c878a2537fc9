#include "trace/trace.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/text.h"

struct trace_digest {
	XXH3_state_t *hash;
	struct text line; /* the observation at hand */
};

void trace_init(struct trace *trace)
{
	*trace = (struct trace){ 0 };
	trace->digest = memory_zalloc(sizeof(*trace->digest));
	text_init(&trace->digest->line);
	trace->digest->hash = XXH3_createState();
	ASSERT(trace->digest->hash);
	XXH3_64bits_reset(trace->digest->hash);
}

void trace_free(struct trace *trace)
{
	if (trace->digest) {
		XXH3_freeState(trace->digest->hash);
		text_free(&trace->digest->line);
		free(trace->digest);
	}
	*trace = (struct trace){ 0 };
}

void trace_add_sink(struct trace *trace, struct trace_sink *sink)
{
	ASSERT(trace->sink_count < TRACE_SINKS_MAX);
	trace->sinks[trace->sink_count++] = sink;
}

void trace_observe(struct trace *trace, struct observation *observation)
{
	static const char data_key[] = "\"data\":";
	struct text *line = &trace->digest->line;
	observation->sequence = ++trace->count;
	text_clear(line);
	observation_write(observation, line);
	text_char(line, '\n');
	XXH3_64bits_update(trace->digest->hash, line->data, line->length);
	/* Nothing before it can hold a quoted "data": only numbers and the kind's name. */
	observation->json = strstr(line->data, data_key) + sizeof(data_key) - 1;
	observation->json_length = (size_t)(line->data + line->length - 2 - observation->json);
	for (uint32_t i = 0; i < trace->sink_count; i++)
		trace->sinks[i]->observe(trace->sinks[i], observation);
	observation->json = NULL;
	observation->json_length = 0;
}

uint64_t trace_digest(const struct trace *trace)
{
	return XXH3_64bits_digest(trace->digest->hash);
}
