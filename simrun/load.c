#include "simrun/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/summary.h"
#include "reports/terminal.h"

static bool colour_on_stderr(const struct options *options)
{
	if (!isatty(STDERR_FILENO) || getenv("NO_COLOR"))
		return false;
	return options->style.colour || !isatty(STDOUT_FILENO);
}

void load_print(struct diag_list *diags, const struct options *options, bool notes)
{
	struct text out;
	text_init(&out);
	diag_sort(diags);
	for (size_t i = 0; i < diags->count; i++) {
		if (diags->items[i].severity != DIAG_NOTE || notes)
			diag_print(&diags->items[i], &out, colour_on_stderr(options));
	}
	if (diags->full)
		text_printf(&out, "%zu errors and %zu warnings in all; the first %u are shown\n",
			    diags->errors, diags->warnings, DIAG_MAX);
	struct text plain;
	text_init(&plain);
	terminal_plain(&options->style, text_string(&out), &plain);
	fputs(text_string(&plain), stderr);
	text_free(&plain);
	if (options->github) {
		text_clear(&out);
		github_diagnostics(diags, &out);
		fputs(text_string(&out), stdout);
	}
	text_free(&out);
}

void load_count(const struct model *model, uint32_t *sessions, uint32_t *pods)
{
	struct arena arena;
	arena_init(&arena);
	uint32_t count;
	struct topo_session *all = topo_sessions(model, 0, &arena, &count);
	*sessions = *pods = 0;
	for (uint32_t i = 0; i < count; i++)
		*sessions += all[i].status == TOPO_SESSION_UNIQUE_MATCH;
	*sessions /= 2;
	for (uint32_t i = 0; i < model->node_count; i++)
		*pods += model->revisions[0].nodes[i]->pod_count;
	arena_free(&arena);
}
