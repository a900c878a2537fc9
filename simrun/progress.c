#include "simrun/progress.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

static volatile sig_atomic_t signal_came; /* a signal handler can reach nothing else */

static void on_signal(int number)
{
	signal_came = number;
}

void signals_catch(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND }, former;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (sigaction(numbers[i], NULL, &former) == 0 && former.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL); /* nohup keeps its promise */
	signal(SIGPIPE, SIG_IGN);
}

bool signals_came(void) { return signal_came != 0; }

static int64_t clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

void progress_begin(struct progress *progress)
{
	progress->started_ns = progress->shown_ns = progress->committed_ns = clock_ns();
	progress->terminal = isatty(STDERR_FILENO) != 0;
}

int64_t progress_wall_ns(const struct progress *progress)
{
	return clock_ns() - progress->started_ns;
}

void progress_clear(struct progress *progress)
{
	if (progress->shown && progress->terminal)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}

#define BAR_WIDTH 20
#define COMMIT_EVERY_NS (500 * NS_PER_MS)

static void show(struct progress *progress, struct instant now, int64_t wall_ns)
{
	struct text line;
	text_init(&line);
	int filled = progress->end_ns ? (int)(now.ns * BAR_WIDTH / progress->end_ns) : BAR_WIDTH;
	text_printf(&line, "%s  [", progress->model->name);
	for (int i = 0; i < BAR_WIDTH; i++)
		text_char(&line, i < filled ? '=' : i == filled ? '>' : ' ');
	uint32_t up, configured;
	timeline_sessions(progress->timeline, &up, &configured);
	struct world_counts counts = progress->world->ops->counts(progress->world);
	text_printf(&line, "] %llds/%llds  %.1fM events  sessions %u/%u  %.2fs",
		    (long long)(now.ns / NS_PER_S), (long long)(progress->end_ns / NS_PER_S),
		    (double)counts.events / 1e6, up, configured, (double)wall_ns / 1e9);
	if (progress->terminal)
		fprintf(stderr, "\r\033[K%s", text_string(&line));
	else
		fprintf(stderr, "%s\n", text_string(&line));
	fflush(stderr);
	progress->shown = true;
	text_free(&line);
}

bool progress_look(void *context, struct instant now, const struct model_step *step)
{
	struct progress *progress = context;
	(void)step;
	if (signals_came() || (progress->db && rundb_failed(progress->db)))
		return false;
	int64_t at = clock_ns();
	if (progress->db && at - progress->committed_ns >= COMMIT_EVERY_NS) {
		progress->committed_ns = at;
		rundb_commit(progress->db);
	}
	if (progress->options->no_progress || progress->options->quiet)
		return true;
	int64_t pause = progress->terminal ? 100 * NS_PER_MS : 10 * NS_PER_S;
	if (at - progress->shown_ns >= pause) {
		progress->shown_ns = at;
		show(progress, now, at - progress->started_ns);
	}
	return true;
}
