/* Calico's selector language (libcalico-go/lib/selector): `has(a) && b in {'c', "d"} || !all()`.
 *
 *   selector = [ or ]                    empty or only blanks: matches everything
 *   or       = and { "||" and }
 *   and      = op { "&&" op }
 *   op       = { "!" } ( "has(" id ")" | "all()" | "global()" | id compare | "(" or ")" )
 *   compare  = ( "==" | "!=" | "contains" | "starts with" | "ends with" ) string
 *            | ( "in" | "not in" ) "{" [ string { "," string } [ "," ] ] "}"
 *
 * Blanks are space and tab; a line break between tokens is an error. A selector is kept as a
 * postfix program, so neither reading nor matching it recurses. */
#ifndef TOPO_CALICO_SELECTOR_H
#define TOPO_CALICO_SELECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

#define SELECTOR_DEPTH_MAX 512u /* parentheses and operators open at one time */
#define SELECTOR_LABEL_MAX 512u /* bytes of a label's name */

struct selector_label {
	const char *key, *value;
};

struct selector_op;
struct selector {
	const struct selector_op *ops; /* postfix; none: matches everything */
	size_t count;
};

struct selector_error {
	size_t offset, length; /* bytes of the text; length may be 0 at its end */
	const char *text;      /* static: "expected a quoted string" */
};

/* False: *error says where and why. Strings are copied into the arena. */
bool selector_parse(struct arena *arena, const char *text, size_t length, struct selector *out,
		    struct selector_error *error);
/* Labels are sorted by key, bytewise, each key once. */
bool selector_matches(const struct selector *selector, const struct selector_label *labels,
		      size_t count);

#endif
