/* The `+---+` table of calicoctl up to v3.32 (semantics: tablewriter 0.0.4/0.0.5): upper-case centred
 * headers, left cells, wrapped at 30 columns with the least sum of squared slack. */
#ifndef REPORTS_TABLE_H
#define REPORTS_TABLE_H

#include <stddef.h>

#include "base/text.h"

/* cells: row_count rows of `columns` strings. */
void table_print(const char *const *headers, size_t columns, const char *const *cells,
		 size_t row_count, struct text *out);

#endif
