/* fuzz: topo */
/* Whatever bytes a .topo holds: no crash, no leak, no endless loop; a model or errors, and every
 * diagnostic can be printed. Files it names are looked up in a folder that does not exist. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "topo/topo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag_list diags;
	struct text text = { 0 };
	diag_list_init(&diags);
	const struct model *model = topo_load_text(&diags, "/nonexistent/fuzz.topo",
						   (const char *)data, size);
	if ((model == NULL) != (diags.errors > 0))
		abort();
	diag_sort(&diags);
	for (size_t i = 0; i < diags.count; i++)
		diag_print(&diags.items[i], &text, false);
	for (uint32_t r = 0; model && r < model->revision_count; r++) {
		struct arena arena;
		uint32_t count;
		arena_init(&arena);
		topo_sessions(model, r, &arena, &count);
		arena_free(&arena);
	}
	text_free(&text);
	diag_list_free(&diags);
	return 0;
}
