/* Gathers what the pictures show, writes their data and scripts (reports/pictures.h), and runs
 * gnuplot on them. */
#include "reports/plots.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"
#include "reports/pictures.h"

extern char **environ;

struct plots {
	struct trace_sink sink; /* embedded first */
	const struct model *model;
	struct arena arena;
	struct gathered gathered;
};

#define SESSIONS_DRAWN 64

static uint8_t state_number(const char *name)
{
	static const char *const names[] = { "Idle",	 "Connect",	"Active",
					     "OpenSent", "OpenConfirm", "Established" };
	for (uint8_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return 0;
}

static const char *owner_of(const struct model *model, struct ip_addr address)
{
	const struct model_revision *start = &model->revisions[0];
	for (uint32_t i = 0; i < model->node_count; i++)
		for (uint32_t j = 0; j < start->nodes[i]->address_count; j++)
			if (ip_addr_equal(start->nodes[i]->addresses[j].address.addr, address))
				return model->nodes[i].name;
	return NULL;
}

/* "k8s-1: tor", or with the address where two sessions would be called the same. */
static const char *session_label(struct plots *plots, uint32_t node, struct ip_addr peer)
{
	char buffer[IP_TEXT_MAX];
	const char *name = plots->model->nodes[node].name;
	const char *other = owner_of(plots->model, peer);
	if (!other)
		return arena_printf(&plots->arena, "%s: %s", name, ip_addr_format(peer, buffer));
	const char *label = arena_printf(&plots->arena, "%s: %s", name, other);
	for (size_t i = 0; i < plots->gathered.session_count; i++)
		if (strcmp(plots->gathered.sessions[i].label, label) == 0)
			return arena_printf(&plots->arena, "%s %s", label,
					    ip_addr_format(peer, buffer));
	return label;
}

static uint32_t session_of(struct plots *plots, const struct observation *seen)
{
	struct gathered *g = &plots->gathered;
	for (size_t i = 0; i < g->session_count; i++)
		if (g->sessions[i].node == seen->node &&
		    strcmp(g->sessions[i].neighbor, seen->session.neighbor) == 0)
			return (uint32_t)i;
	if (g->session_count == SESSIONS_DRAWN) {
		g->sessions_left_out++;
		return MODEL_NONE;
	}
	struct session_name name = { seen->node,
				     arena_strdup(&plots->arena, seen->session.neighbor),
				     session_label(plots, seen->node, seen->session.peer) };
	ARRAY_PUSH(g->sessions, g->session_count, g->session_capacity, name);
	return (uint32_t)g->session_count - 1;
}

static void message_seen(struct gathered *g, const struct observation *seen)
{
	size_t second = (size_t)(seen->at_ns / NS_PER_S);
	if (!seen->message.sent || seen->message.type < 1 || seen->message.type > MESSAGE_TYPES)
		return;
	if (second >= g->second_count) {
		size_t count = second + 256;
		g->seconds = memory_resize(g->seconds, count * sizeof(*g->seconds));
		memset(g->seconds + g->second_count, 0,
		       (count - g->second_count) * sizeof(*g->seconds));
		g->second_count = count;
	}
	g->seconds[second][seen->message.type - 1]++;
}

static void span_begins(struct gathered *g, uint32_t session, int64_t at_ns, uint8_t state)
{
	struct session_span span = { session, at_ns, state };
	ARRAY_PUSH(g->spans, g->span_count, g->span_capacity, span);
}

static void observe(struct trace_sink *sink, const struct observation *seen)
{
	struct plots *plots = (struct plots *)(void *)sink;
	struct gathered *g = &plots->gathered;
	uint32_t session;
	switch (seen->kind) {
	case OBSERVE_MESSAGE: message_seen(g, seen); break;
	case OBSERVE_SESSION:
		session = session_of(plots, seen);
		if (session != MODEL_NONE)
			span_begins(g, session, seen->at_ns, state_number(seen->session.new_state));
		break;
	case OBSERVE_NODE: /* a machine that loses its power reports no session as lost */
		for (session = 0; session < g->session_count; session++)
			if (g->sessions[session].node == seen->node)
				span_begins(g, session, seen->at_ns,
					    seen->node_state.up ? 0 : SESSION_NO_POWER);
		break;
	default: break;
	}
}

struct plots *plots_new(const struct model *model)
{
	struct plots *plots = memory_zalloc(sizeof(*plots));
	plots->sink.observe = observe;
	plots->model = model;
	arena_init(&plots->arena);
	return plots;
}

void plots_free(struct plots *plots)
{
	free(plots->gathered.sessions);
	free(plots->gathered.spans);
	free(plots->gathered.seconds);
	arena_free(&plots->arena);
	free(plots);
}

struct trace_sink *plots_sink(struct plots *plots) { return &plots->sink; }

/* ---- files and gnuplot ----------------------------------------------------------------------- */

static bool write_file(const char *folder, const char *name, const char *ending,
		       const struct text *text, struct text *error)
{
	struct text path;
	text_init(&path);
	text_printf(&path, "%s/plots/%s.%s", folder, name, ending);
	FILE *file = fopen(text_string(&path), "wb");
	bool good = file && fwrite(text_string(text), 1, text->length, file) == text->length;
	if (file && fclose(file) != 0)
		good = false;
	if (!good)
		text_printf(error, "%s: %s", text_string(&path), strerror(errno));
	text_free(&path);
	return good;
}

/* Runs gnuplot in folder/plots, without a shell and without the user's ~/.gnuplot.
 * 0, its exit code, or -1 if there is no gnuplot. */
static int run_gnuplot(const char *folder, const char *name, bool png, char *errors_path)
{
	struct text plots, script;
	text_init(&plots);
	text_init(&script);
	text_printf(&plots, "%s/plots", folder);
	text_printf(&script, "%s.gp", name);
	char plain[] = "-d", option[] = "-e", png_on[] = "png=1", png_off[] = "png=0", program[] = "gnuplot";
	char *arguments[] = { program, plain, option, png ? png_on : png_off, script.data, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, errors_path, O_WRONLY, 0);
	posix_spawn_file_actions_addchdir_np(&actions, plots.data);
	pid_t child;
	int result = -1, status = 0;
	if (posix_spawnp(&child, program, &actions, NULL, arguments, environ) == 0) {
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		result = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
		if (result == 127)
			result = -1;
	}
	posix_spawn_file_actions_destroy(&actions);
	text_free(&plots);
	text_free(&script);
	return result;
}

/* gnuplot says nothing of a full disk: a picture is whole if it ends as pictures do. */
static bool picture_whole(const char *folder, const char *name, bool png)
{
	static const char *const ends[] = { "</svg>", "IEND" };
	char tail[16] = "";
	struct text path;
	text_init(&path);
	text_printf(&path, "%s/plots/%s.%s", folder, name, png ? "png" : "svg");
	FILE *file = fopen(text_string(&path), "rb");
	text_free(&path);
	bool whole = false;
	if (file && fseek(file, -12, SEEK_END) == 0) {
		size_t length = fread(tail, 1, 12, file);
		size_t wanted = strlen(ends[png]);
		for (size_t i = 0; i + wanted <= length && !whole; i++)
			whole = memcmp(tail + i, ends[png], wanted) == 0;
	}
	if (file)
		fclose(file);
	return whole;
}

static enum plots_result draw_files(const char *folder, struct text *error)
{
	char nowhere[] = "/dev/null";
	const struct picture_row *row;
	for (size_t i = 0; (row = picture_at(i)); i++)
		for (int png = 0; png < 2; png++) {
			int result = run_gnuplot(folder, row->name, png, nowhere);
			if (result < 0)
				return PLOTS_NO_GNUPLOT;
			if (result > 0 || !picture_whole(folder, row->name, png)) {
				text_printf(error, "gnuplot failed on %s/plots/%s.gp%s", folder,
					    row->name,
					    result ? "" : ": the picture is not whole");
				return PLOTS_FAILED;
			}
		}
	return PLOTS_DRAWN;
}

enum plots_result plots_write(struct plots *plots, const struct run *run, const char *folder,
			      struct text *error)
{
	struct text path;
	text_init(&path);
	text_printf(&path, "%s/plots", folder);
	int made = mkdir(text_string(&path), 0777);
	text_free(&path);
	if (made != 0 && errno != EEXIST) {
		text_printf(error, "%s/plots: %s", folder, strerror(errno));
		return PLOTS_FAILED;
	}
	bool good = true;
	const struct picture_row *row;
	for (size_t i = 0; good && (row = picture_at(i)); i++) {
		struct picture picture;
		text_init(&picture.data);
		text_init(&picture.script);
		row->draw(&plots->gathered, run, &picture);
		good = write_file(folder, row->name, "dat", &picture.data, error) &&
		       write_file(folder, row->name, "gp", &picture.script, error);
		text_free(&picture.data);
		text_free(&picture.script);
	}
	return good ? draw_files(folder, error) : PLOTS_FAILED;
}
