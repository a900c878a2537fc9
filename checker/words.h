/* How the checker puts things: times, spans, places, lists of names. Private to the checker. */
#ifndef CHECKER_WORDS_H
#define CHECKER_WORDS_H

#include "base/text.h"
#include "checker/state.h"

#define ARROW "\xe2\x86\x92"      /* U+2192 */
#define BOTH_WAYS "\xe2\x86\x94"  /* U+2194 */
#define CROSS "\xe2\x9c\x97"      /* U+2717 */
#define TICK "\xe2\x9c\x93"       /* U+2713 */
#define BULLET "\xe2\x80\xa2"     /* U+2022 */
#define ELLIPSIS "\xe2\x80\xa6"   /* U+2026 */
#define AT_MOST "\xe2\x89\xa4"    /* U+2264 */

/* A span as its user wrote it: "30s", "1.5s", "500ms". */
void words_span(struct text *out, int64_t ns);
/* ", line 45", or ", FILE:45" outside the scenario; nothing for a place that is nowhere. `before`
 * goes in front. */
void words_place(struct text *out, const struct model *model, struct source_pos pos,
		 const char *before);
/* "rr1-crash, line 45"; nothing for MODEL_NONE. */
void words_step(struct text *out, const struct model *model, uint32_t step, const char *before);
/* Names in few words: "client → k8s-2/172.27.209.5 .6, k8s-3/172.27.210.5". At most `most`. */
void words_names(struct text *out, const char *const *names, size_t count, size_t most);
/* Pads what was added since `start` to that many columns, or by one blank. */
void words_pad(struct text *out, size_t start, size_t columns);
void words_addr(struct text *out, struct ip_addr addr);
void words_prefix(struct text *out, struct ip_prefix prefix);

#endif
