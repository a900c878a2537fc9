/* What the tests of topo/ share: loading a scenario from text and looking at its diagnostics. */
#ifndef TESTS_TOPO_TOPO_TEST_H
#define TESTS_TOPO_TOPO_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "topo/topo.h"

struct loaded {
	struct diag_list diags;
	const struct model *model;
};

static inline struct loaded load_text(const char *text)
{
	struct loaded loaded;
	diag_list_init(&loaded.diags);
	loaded.model = topo_load_text(&loaded.diags, "test.topo", text, strlen(text));
	diag_sort(&loaded.diags);
	return loaded;
}

static inline void print_diags(const struct diag_list *diags)
{
	struct text text = { 0 };
	for (size_t i = 0; i < diags->count; i++)
		diag_print(&diags->items[i], &text, false);
	print_message("%s", text_string(&text));
	text_free(&text);
}

static inline const struct diag *find_code(const struct diag_list *diags, const char *code)
{
	for (size_t i = 0; i < diags->count; i++)
		if (strcmp(diags->items[i].code, code) == 0)
			return &diags->items[i];
	return NULL;
}

/* The model of a text without errors. */
static inline struct loaded load_good(const char *text)
{
	struct loaded loaded = load_text(text);
	if (!loaded.model)
		print_diags(&loaded.diags);
	assert_non_null(loaded.model);
	return loaded;
}

static inline void unload(struct loaded *loaded) { diag_list_free(&loaded->diags); }

static inline const char *address_text(struct ip_addr address)
{
	static char buffers[4][IP_TEXT_MAX];
	static unsigned next;
	return ip_addr_format(address, buffers[next++ % 4]);
}

#endif
