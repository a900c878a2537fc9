#include "simbgpd/daemon.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "bgp/profile.h"
#include "simbgpd/log.h"
#include "simbgpd/privileges.h"
#include "simbgpd/show.h"

#define ROUNDS_A_TURN 16            /* effects and writes, before sockets are looked at again */
#define FAREWELL_NS (2 * NS_PER_S)  /* for peers to read our Cease */

/* ---- effects --------------------------------------------------------------------------------- */

static void carry_out(struct daemon *d, const struct bgp_effect *effect)
{
	switch (effect->kind) {
	case BGP_EFFECT_CONNECT: connections_dial(&d->connections, effect); break;
	case BGP_EFFECT_SEND:
		connections_send(&d->connections, effect->connection, effect->slice);
		break;
	case BGP_EFFECT_CLOSE:
		connections_close(&d->connections, effect->connection, effect->reset);
		break;
	case BGP_EFFECT_NEXT_HOP_WATCH:
		watches_add(&d->watches, &d->kernel, d->speaker, d->loop.now,
				effect->next_hop);
		break;
	case BGP_EFFECT_NEXT_HOP_UNWATCH:
		watches_remove(&d->watches, effect->next_hop);
		break;
	case BGP_EFFECT_FIB_SET:
		kernel_install(&d->kernel, effect->prefix, effect->next_hops,
			       effect->next_hop_count);
		break;
	case BGP_EFFECT_FIB_REMOVE: kernel_uninstall(&d->kernel, effect->prefix); break;
	case BGP_EFFECT_RECOVERED: kernel_sweep(&d->kernel); break;
	case BGP_EFFECT_EVENT: peers_told(&d->peers, d->loop.now, effect->event); break;
	}
}

static void pump(struct daemon *d)
{
	d->busy = true;
	for (unsigned round = 0; d->busy && round < ROUNDS_A_TURN; round++) {
		struct bgp_effect effect;
		while (bgp_effect_next(d->speaker, &effect))
			carry_out(d, &effect);
		d->busy = connections_flush(&d->connections);
	}
}

/* ---- routes of our own ----------------------------------------------------------------------- */

/* What is to be originated now against what was: both in order of prefix. */
static void originate(struct daemon *d)
{
	struct arena scratch;
	arena_init(&scratch);
	uint32_t count, j = 0;
	struct bgp_local_route *routes =
		settings_local_routes(d->settings, &d->kernel, &scratch, &count);
	for (uint32_t i = 0; i < count; i++) {
		int order = 1;
		while (j < d->local_count &&
		       (order = ip_prefix_compare(d->local[j].prefix, routes[i].prefix)) < 0)
			bgp_route_retracted(d->speaker, d->loop.now, d->local[j++].prefix);
		bool known = j < d->local_count && order == 0;
		bool same = known && d->local[j].origin == routes[i].origin;
		j += known;
		if (!same)
			bgp_route_originated(d->speaker, d->loop.now, &routes[i]);
	}
	while (j < d->local_count)
		bgp_route_retracted(d->speaker, d->loop.now, d->local[j++].prefix);
	d->local = memory_resize(d->local, (count + 1) * sizeof(*d->local));
	memcpy(d->local, routes, count * sizeof(*d->local));
	d->local_count = count;
	arena_free(&scratch);
}

static void kernel_told(struct daemon *d)
{
	for (uint32_t i = 0; i < d->kernel.lost_count; i++)
		bgp_link_down(d->speaker, d->loop.now, d->kernel.lost[i]);
	d->kernel.lost_count = 0;
	if (d->kernel.overrun) {
		int error = kernel_read_again(&d->kernel);
		if (error)
			log_error("netlink", error);
	}
	if (!d->kernel.changed)
		return;
	d->kernel.changed = false;
	watches_changed(&d->watches, &d->kernel, d->speaker, d->loop.now);
	originate(d);
}

/* ---- signals --------------------------------------------------------------------------------- */

static void reload(struct daemon *d)
{
	struct settings *former = d->settings;
	struct settings *fresh = settings_read(&d->options->choice, &d->kernel);
	if (!fresh) {
		log_line("the configuration stays as it was");
		return;
	}
	fresh->bgp.restarting = former->bgp.restarting;
	d->settings = fresh;
	bgp_configured(d->speaker, d->loop.now, &fresh->bgp);
	connections_configured(&d->connections, &fresh->bgp);
	originate(d);
	pump(d); /* effects may still speak of the former */
	while (d->busy)
		pump(d);
	peers_configured(&d->peers, &fresh->bgp);
	settings_free(former);
	log_line("configuration read again: %zu peers", fresh->bgp.peer_count);
}

static void signals(struct daemon *d)
{
	uint32_t came = d->loop.signalled;
	d->loop.signalled = 0;
	if ((came & 1u << SIGHUP) && !d->stopping)
		reload(d);
	if ((came & (1u << SIGTERM | 1u << SIGINT)) && !d->stopping) {
		log_line("ending");
		d->stopping = true;
		d->stop_by = instant_add(d->loop.now, FAREWELL_NS);
		bgp_stopped(d->speaker, d->loop.now);
	}
}

/* ---- the control socket ---------------------------------------------------------------------- */

static void answer(void *context, const struct command *command, struct text *out)
{
	const struct daemon *d = context;
	const struct show about = {
		.speaker = d->speaker,
		.table = d->table,
		.config = &d->settings->bgp,
		.peers = &d->peers,
		.connections = &d->connections,
		.kernel = &d->kernel,
		.now = d->loop.now,
		.wall_s = time(NULL),
	};
	show(&about, command, out);
}

/* ---- life ------------------------------------------------------------------------------------ */

static int write_pid(const char *path)
{
	FILE *file = path ? fopen(path, "w") : NULL;
	if (!path)
		return 0;
	if (!file)
		return -errno;
	fprintf(file, "%ld\n", (long)getpid());
	return fclose(file) == 0 ? 0 : -errno;
}

static int failed(const char *what, int error)
{
	log_error(what, error);
	return SIMBGPD_ENVIRONMENT;
}

/* Everything that needs the machine; -1, or an exit code. */
static int open_all(struct daemon *d)
{
	const struct options *options = d->options;
	int error = loop_init(&d->loop);
	if (error)
		return failed("event loop", error);
	struct kernel_options kernel = options->kernel;
	const struct bgp_profile *profile =
		bgp_profile_by_name(options->choice.profile ? options->choice.profile : "frr");
	kernel.metric = profile->kernel_metric;
	error = kernel_open(&d->kernel, &d->loop, &kernel);
	if (error)
		return failed("netlink", error);
	d->settings = settings_read(&options->choice, &d->kernel);
	if (!d->settings || options->check)
		return d->settings ? SIMBGPD_GOOD : SIMBGPD_UNREADABLE;
	error = connections_listen(&d->connections, &d->settings->bgp, options->listen,
				   options->listen_count);
	if (error)
		return failed("listening", error);
	error = control_open(&d->control, &d->loop, options->socket_path);
	if (error)
		return failed(options->socket_path, error);
	error = write_pid(options->pid_path);
	if (error)
		return failed(options->pid_path, error);
	error = privileges_drop(options->user);
	if (error)
		return failed("giving up privileges", error);
	return -1;
}

static struct random_stream random_of(const struct daemon *d)
{
	uint64_t seed = (uint64_t)getpid();
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		log_line("no entropy: jitter is drawn from the process id");
	return random_stream_of(seed, d->settings->bgp.name, "bgp");
}

static void begin(struct daemon *d)
{
	const struct bgp_config *config = &d->settings->bgp;
	d->table = bgp_table_new();
	d->speaker = bgp_speaker_new(d->table, config, random_of(d));
	d->connections.speaker = d->speaker;
	peers_configured(&d->peers, config);
	bgp_started(d->speaker, d->loop.now);
	originate(d);
	if (!config->restarting)
		kernel_sweep(&d->kernel);
	d->kernel.changed = false;
	d->busy = true;
	log_line("%s: AS %lu, %zu peers, as %s", config->name, (unsigned long)config->local_as,
		 config->peer_count, config->profile->title);
}

static struct instant deadline(const struct daemon *d)
{
	struct instant first = instant_min(bgp_next_wakeup(d->speaker),
					   connections_deadline(&d->connections));
	return d->stopping ? instant_min(first, d->stop_by) : first;
}

static bool is_over(const struct daemon *d)
{
	bool silent = d->connections.count == 0 && !d->connections.closing;
	return d->stopping && (silent || !instant_before(d->loop.now, d->stop_by));
}

static int turns(struct daemon *d)
{
	while (!is_over(d)) {
		int error = loop_turn(&d->loop, deadline(d), d->busy);
		if (error)
			return failed("event loop", error);
		signals(d);
		kernel_told(d);
		if (!instant_before(d->loop.now, bgp_next_wakeup(d->speaker)))
			bgp_time_reached(d->speaker, d->loop.now);
		connections_time_reached(&d->connections);
		pump(d);
	}
	return SIMBGPD_GOOD;
}

static void end(struct daemon *d)
{
	control_close(&d->control);
	connections_free(&d->connections);
	kernel_close(&d->kernel);
	watches_free(&d->watches);
	if (d->speaker)
		bgp_speaker_free(d->speaker);
	if (d->table)
		bgp_table_free(d->table);
	peers_free(&d->peers);
	settings_free(d->settings);
	free(d->local);
	if (d->options->pid_path && d->speaker)
		unlink(d->options->pid_path);
	loop_free(&d->loop);
}

int daemon_run(const struct options *options)
{
	struct daemon d = { .options = options };
	d.control = (struct control){ .watch.fd = -1, .answer = answer, .context = &d };
	watches_init(&d.watches);
	connections_init(&d.connections, &d.loop);
	peers_init(&d.peers);
	int code = open_all(&d);
	if (code < 0) {
		begin(&d);
		code = turns(&d);
	}
	end(&d);
	return code;
}
