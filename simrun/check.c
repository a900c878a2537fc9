/* simrun check: read, find mistakes, print how each session fits its other side; run nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "simrun/load.h"
#include "simrun/verbs.h"

static int explain(const char *code)
{
	const struct topo_code *row;
	for (size_t i = 0; (row = topo_code_at(i)); i++) {
		if (strcmp(row->code, code) != 0)
			continue;
		printf("%s: %s\n\n%s\n", row->code, row->title, row->text);
		return EXIT_HOLDS;
	}
	fprintf(stderr, "simrun: no diagnostic has the code '%s'\n", code);
	return EXIT_UNREADABLE;
}

static void print_padded(const char *string, size_t width)
{
	fputs(string, stdout);
	for (size_t n = text_width(string, strlen(string)); n < width; n++)
		putchar(' ');
}

static const struct topo_session *between(const struct topo_session *sessions, uint32_t count,
					  uint32_t a, uint32_t b)
{
	for (uint32_t i = 0; i < count; i++)
		if (sessions[i].node == a && sessions[i].peer_node == b)
			return &sessions[i];
	return NULL;
}

#define MATRIX_NODES_MAX 12

static void print_matrix(const struct model *model, const struct topo_session *sessions,
			 uint32_t count, const uint32_t *speakers, uint32_t speaker_count)
{
	size_t width = 8;
	for (uint32_t i = 0; i < speaker_count; i++) {
		size_t n = strlen(model->nodes[speakers[i]].name) + 1;
		width = n > width ? n : width;
	}
	for (uint32_t i = 0; i < count; i++) {
		size_t n = strlen(topo_session_status_name(sessions[i].status)) + 1;
		if (sessions[i].status != TOPO_SESSION_UNIQUE_MATCH && n > width)
			width = n;
	}
	print_padded("session matrix", width + 18);
	for (uint32_t i = 0; i < speaker_count; i++)
		print_padded(model->nodes[speakers[i]].name, width);
	putchar('\n');
	for (uint32_t i = 0; i < speaker_count; i++) {
		const struct model_config *config = model->revisions[0].nodes[speakers[i]];
		struct text head;
		text_init(&head);
		text_printf(&head, "%s%s", model->nodes[speakers[i]].name,
			    config->reflector ? " rr" : "");
		fputs("  ", stdout);
		print_padded(text_string(&head), width + 4);
		text_clear(&head);
		text_printf(&head, "AS %u", config->bgp.local_as);
		print_padded(text_string(&head), 12);
		for (uint32_t j = 0; j < speaker_count; j++) {
			const struct topo_session *session =
				between(sessions, count, speakers[i], speakers[j]);
			const char *word = "-";
			if (i == j)
				word = ".";
			else if (session && session->status == TOPO_SESSION_UNIQUE_MATCH)
				word = "UNIQUE";
			else if (session)
				word = topo_session_status_name(session->status);
			print_padded(word, width);
		}
		putchar('\n');
		text_free(&head);
	}
}

/* Whatever does not match is listed with its reason; in a large network that is all there is. */
static void print_misfits(const struct model *model, const struct topo_session *sessions,
			  uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct topo_session *session = &sessions[i];
		if (session->status == TOPO_SESSION_UNIQUE_MATCH)
			continue;
		char buffer[IP_TEXT_MAX];
		const struct model_neighbor *neighbor =
			&model->revisions[0].nodes[session->node]->bgp.neighbors[session->neighbor];
		printf("  %s -> %s: %s, %s\n", model->nodes[session->node].name,
		       ip_addr_format(neighbor->address, buffer),
		       topo_session_status_name(session->status), session->why);
	}
}

static void print_sessions(const struct model *model)
{
	struct arena arena;
	arena_init(&arena);
	uint32_t count, speaker_count = 0, matched = 0;
	struct topo_session *sessions = topo_sessions(model, 0, &arena, &count);
	uint32_t *speakers = arena_alloc(&arena, (model->node_count + 1) * sizeof(*speakers));
	for (uint32_t i = 0; i < model->node_count; i++)
		if (model->revisions[0].nodes[i]->bgp.enabled)
			speakers[speaker_count++] = i;
	for (uint32_t i = 0; i < count; i++)
		matched += sessions[i].status == TOPO_SESSION_UNIQUE_MATCH;
	if (speaker_count <= MATRIX_NODES_MAX)
		print_matrix(model, sessions, count, speakers, speaker_count);
	else
		printf("%u speakers, %u sessions that match on both sides\n", speaker_count,
		       matched / 2);
	print_misfits(model, sessions, count);
	arena_free(&arena);
}

static int check_file(const struct options *options, const char *path)
{
	struct diag_list diags;
	diag_list_init(&diags);
	const struct model *model = topo_load(&diags, path);
	load_print(&diags, options, true);
	int code = EXIT_HOLDS;
	if (!model)
		code = EXIT_UNREADABLE;
	else if (options->strict && diags.warnings > 0)
		code = EXIT_FAILED;
	if (model) {
		if (options->file_count > 1)
			printf("%s\n", path);
		print_sessions(model);
	}
	size_t notes = diags.count > diags.errors + diags.warnings ?
			       diags.count - diags.errors - diags.warnings : 0;
	printf("%zu error%s, %zu warning%s, %zu note%s\n", diags.errors,
	       diags.errors == 1 ? "" : "s", diags.warnings, diags.warnings == 1 ? "" : "s", notes,
	       notes == 1 ? "" : "s");
	diag_list_free(&diags);
	return code;
}

int verb_check(const struct options *options)
{
	if (options->explain)
		return explain(options->explain);
	if (options->file_count == 0) {
		fputs("simrun: check which file? (simrun check FILE.topo)\n", stderr);
		return EXIT_UNREADABLE;
	}
	int worst = EXIT_HOLDS;
	for (int i = 0; i < options->file_count; i++) {
		int code = check_file(options, options->files[i]);
		worst = code > worst ? code : worst;
	}
	return worst;
}
