/* fuzz: topo base */
/* libFuzzer: any text is read without harm, and a selector that is valid and its negation never
 * agree. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "topo/calico/selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct selector_label labels[] = { { "a", "b" }, { "c", "" }, { "in", "x" } };
	struct arena arena;
	struct selector selector, negated;
	struct selector_error error = { 0 };
	arena_init(&arena);
	if (selector_parse(&arena, (const char *)data, size, &selector, &error)) {
		char *text = malloc(size + 3);
		ASSERT(text);
		text[0] = '!';
		text[1] = '(';
		memcpy(text + 2, data, size);
		text[size + 2] = ')';
		/* "" matches all, but "!()" is no selector; and depth may just have run out. */
		if (selector.count && selector_parse(&arena, text, size + 3, &negated, &error))
			ASSERT(selector_matches(&selector, labels, 3) !=
			       selector_matches(&negated, labels, 3));
		free(text);
	} else {
		ASSERT(error.text && error.offset + error.length <= size);
	}
	arena_free(&arena);
	return 0;
}
