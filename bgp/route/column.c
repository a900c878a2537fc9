#include "bgp/route/column.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void column_free(struct column *column)
{
	for (size_t i = 0; i < column->page_count; i++)
		free(column->pages[i]);
	free(column->pages);
	*column = (struct column){ 0 };
}

static struct column_page *page_of(struct column *column, uint32_t page)
{
	if (page >= column->page_count) {
		size_t capacity = column->page_count;
		column->pages = memory_grow(column->pages, &capacity, (size_t)page + 1,
					    sizeof(struct column_page *));
		memset(column->pages + column->page_count, 0,
		       (capacity - column->page_count) * sizeof(struct column_page *));
		column->page_count = capacity;
	}
	if (!column->pages[page])
		column->pages[page] = memory_zalloc(sizeof(struct column_page));
	return column->pages[page];
}

void column_set(struct column *column, uint32_t at, uint32_t value)
{
	uint32_t number = at / COLUMN_PAGE;
	if (value == 0 && (number >= column->page_count || !column->pages[number]))
		return;
	struct column_page *page = page_of(column, number);
	uint32_t *slot = &page->values[at % COLUMN_PAGE];
	uint32_t more = (value != 0) - (uint32_t)(*slot != 0);
	page->used += more;
	column->used += more;
	*slot = value;
	if (page->used == 0) {
		free(page);
		column->pages[number] = NULL;
	}
}

bool column_next(const struct column *column, uint32_t *at)
{
	uint32_t i = *at;
	while (i / COLUMN_PAGE < column->page_count) {
		const struct column_page *page = column->pages[i / COLUMN_PAGE];
		if (!page) {
			i = (i / COLUMN_PAGE + 1) * COLUMN_PAGE;
			continue;
		}
		if (page->values[i % COLUMN_PAGE]) {
			*at = i;
			return true;
		}
		i++;
	}
	return false;
}
