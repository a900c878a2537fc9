#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <xxhash.h>

#include "base/memory.h"
#include "base/text.h"
#include "trace/trace.h"

struct listener {
	struct trace_sink sink;
	const char *name;
	struct text *heard;
};

static void hear(struct trace_sink *sink, const struct observation *observation)
{
	struct listener *listener = (struct listener *)sink;
	text_printf(listener->heard, "%s%llu:%.*s;", listener->name,
		    (unsigned long long)observation->sequence, (int)observation->json_length,
		    observation->json);
}

static void say(struct trace *trace, int64_t at_ns, const char *what)
{
	struct observation o = { .at_ns = at_ns, .kind = OBSERVE_NOTE, .node = UINT32_MAX,
				 .note = { what } };
	trace_observe(trace, &o);
	assert_null(o.json);
}

static void numbers_and_hands_on(void **state)
{
	(void)state;
	struct text heard;
	text_init(&heard);
	struct listener a = { { hear }, "a", &heard }, b = { { hear }, "b", &heard };
	struct trace trace;
	trace_init(&trace);
	trace_add_sink(&trace, &a.sink);
	trace_add_sink(&trace, &b.sink);
	say(&trace, 0, "x");
	say(&trace, 5, "\"data\":");
	assert_string_equal(text_string(&heard),
			    "a1:{\"text\":\"x\"};b1:{\"text\":\"x\"};"
			    "a2:{\"text\":\"\\\"data\\\":\"};b2:{\"text\":\"\\\"data\\\":\"};");
	assert_int_equal(trace.count, 2);
	trace_free(&trace);
	text_free(&heard);
}

static void digest_is_of_the_text(void **state)
{
	(void)state;
	struct trace trace, other;
	trace_init(&trace);
	trace_init(&other);
	assert_int_equal(trace_digest(&trace), XXH3_64bits("", 0));
	say(&trace, 1, "one");
	say(&trace, 2, "two");
	const char text[] = "{\"sequence\":1,\"at_ns\":1,\"kind\":\"note\",\"node\":null,"
			    "\"data\":{\"text\":\"one\"}}\n"
			    "{\"sequence\":2,\"at_ns\":2,\"kind\":\"note\",\"node\":null,"
			    "\"data\":{\"text\":\"two\"}}\n";
	assert_true(trace_digest(&trace) == XXH3_64bits(text, sizeof(text) - 1));
	say(&other, 1, "one");
	say(&other, 3, "two");
	assert_true(trace_digest(&trace) != trace_digest(&other));
	trace_free(&trace);
	trace_free(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_hands_on),
		cmocka_unit_test(digest_is_of_the_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
