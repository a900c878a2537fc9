/* A paged column of 32-bit numbers, indexed by prefix id. Zero means "nothing there" and costs
 * nothing: a page of 256 exists only while something in it is set. */
#ifndef BGP_ROUTE_COLUMN_H
#define BGP_ROUTE_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COLUMN_PAGE 256u

struct column_page {
	uint32_t used; /* values that are not zero */
	uint32_t values[COLUMN_PAGE];
};

struct column {
	struct column_page **pages; /* owned; NULL where nothing is set */
	size_t page_count;
	uint32_t used;
};

void column_free(struct column *column);
void column_set(struct column *column, uint32_t at, uint32_t value);

static inline uint32_t column_get(const struct column *column, uint32_t at)
{
	uint32_t page = at / COLUMN_PAGE;
	if (page >= column->page_count || !column->pages[page])
		return 0;
	return column->pages[page]->values[at % COLUMN_PAGE];
}

/* The walk `for (uint32_t at = 0; column_next(&c, &at); at++)` sees every index that holds a value,
 * in ascending order, and stands any change of the column in its body. */
bool column_next(const struct column *column, uint32_t *at);

#endif
