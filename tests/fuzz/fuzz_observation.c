/* fuzz: trace base
 *
 * The JSON an observation is kept as: any bytes are refused or read without harm, and what is read
 * is the same after it was written and read again. */
#include "base/memory.h"
#include "base/text.h"
#include "tests/fuzz/fuzz.h"
#include "trace/trace.h"

/* The first octet: the kind, whose fields alone follow; or, if it is none, a whole observation. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct feed feed = feed_of(data, size);
	struct observation first, again;
	struct arena arena;
	struct text one = { 0 }, two = { 0 };
	uint8_t kind = feed_u8(&feed);
	bool only_data = kind < OBSERVE_KINDS;
	size_t length = (size_t)(feed.end - feed.at);
	char *json = (char *)exact_copy(feed.at, length);
	arena_init(&arena);
	memset(&first, 0, sizeof(first));
	memset(&again, 0, sizeof(again));
	first.kind = again.kind = only_data ? (enum observation_kind)kind : OBSERVE_NOTE;
	bool taken = only_data ? observation_read_data(json, length, &arena, &first)
			       : observation_read(json, length, &arena, &first);
	if (taken) {
		ASSERT(first.kind < OBSERVE_KINDS);
		if (only_data) {
			observation_write_data(&first, &one);
			ASSERT(observation_read_data(one.data, one.length, &arena, &again));
			observation_write_data(&again, &two);
		} else {
			observation_write(&first, &one);
			ASSERT(observation_read(one.data, one.length, &arena, &again));
			observation_write(&again, &two);
		}
		ASSERT(one.length == two.length && memcmp(one.data, two.data, one.length) == 0);
	}
	text_free(&one);
	text_free(&two);
	arena_free(&arena);
	free(json);
	return 0;
}
