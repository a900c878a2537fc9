/* The speaker's life and the facts it is told. */
#include "bgp/speaker.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/time.h"

static const char *const state_names[SESSION_STATES] = {
	[BGP_IDLE] = "Idle",
	[BGP_CONNECT] = "Connect",
	[BGP_ACTIVE] = "Active",
	[BGP_OPEN_SENT] = "OpenSent",
	[BGP_OPEN_CONFIRM] = "OpenConfirm",
	[BGP_ESTABLISHED] = "Established",
};

const char *bgp_state_name(enum bgp_state state)
{
	ASSERT((size_t)state < SESSION_STATES);
	return state_names[state];
}

/* ---- indexes ---- */

static uint64_t address_hash(const void *context, uint32_t value)
{
	const struct bgp_speaker *speaker = context;
	return ip_addr_hash(speaker->sessions[value].peer->remote);
}

void speaker_index_addresses(struct bgp_speaker *speaker)
{
	hash_index_free(&speaker->by_address);
	for (size_t i = 0; i < speaker->session_count; i++)
		if (speaker->sessions[i].live)
			hash_index_add(&speaker->by_address, address_hash(speaker, (uint32_t)i),
				       (uint32_t)i, address_hash, speaker);
}

static uint64_t connection_hash(const void *context, uint32_t value)
{
	const struct bgp_speaker *speaker = context;
	const struct session *session = &speaker->sessions[value / 2];
	return hash_u64(value % 2 ? session->incoming.number : session->outgoing.number);
}

void speaker_connection_add(struct bgp_speaker *speaker, uint32_t connection, uint32_t value)
{
	hash_index_add(&speaker->by_connection, hash_u64(connection), value, connection_hash,
		       speaker);
}

static struct session *session_by_connection(struct bgp_speaker *speaker, uint32_t connection)
{
	uint32_t cursor = HASH_NONE, value;
	while ((value = hash_index_next(&speaker->by_connection, hash_u64(connection), &cursor)) !=
	       HASH_NONE) {
		struct session *session = &speaker->sessions[value / 2];
		if (session->outgoing.number == connection ||
		    session->incoming.number == connection)
			return session;
	}
	return NULL;
}

/* Of several peers with that address the one that was configured first, as BIRD does it. */
static struct session *session_by_address(struct bgp_speaker *speaker, struct ip_addr remote,
					  struct ip_addr local)
{
	struct session *best = NULL;
	uint32_t cursor = HASH_NONE, value;
	while ((value = hash_index_next(&speaker->by_address, ip_addr_hash(remote), &cursor)) !=
	       HASH_NONE) {
		struct session *session = &speaker->sessions[value];
		const struct bgp_peer_config *peer = session->peer;
		if (!ip_addr_equal(peer->remote, remote) ||
		    (peer->local.family && !ip_addr_equal(peer->local, local)))
			continue;
		if (!best || peer < best->peer)
			best = session;
	}
	return best;
}

/* ---- wake-ups ---- */

/* One entry a session, at its earliest known deadline. A deadline pushed back leaves the entry
 * where it is: when that comes, the session is looked at and armed anew. */
void speaker_rearm(struct bgp_speaker *speaker, struct session *session)
{
	struct instant deadline = session_deadline(session);
	if (!instant_before(deadline, session->armed_at))
		return;
	session->armed_at = deadline;
	heap_push(&speaker->wakeups, deadline.ns, session->number);
}

struct instant bgp_next_wakeup(const struct bgp_speaker *speaker)
{
	const struct heap_entry *top = heap_top(&speaker->wakeups);
	return top ? (struct instant){ top->key } : INSTANT_NEVER;
}

void speaker_maybe_release(struct bgp_speaker *speaker)
{
	if (!speaker->holding)
		return;
	if (!session_restart_over(&speaker->context) &&
	    instant_before(speaker->now, speaker->hold_until))
		return;
	speaker->holding = speaker->context.restarting = false;
	rib_hold(speaker->rib, false, speaker->now);
}

void speaker_finish(struct bgp_speaker *speaker, struct session *session)
{
	speaker_settle(speaker);
	speaker_rearm(speaker, session);
	speaker_maybe_release(speaker);
}

void bgp_time_reached(struct bgp_speaker *speaker, struct instant now)
{
	const struct heap_entry *top;
	speaker->now = now;
	while ((top = heap_top(&speaker->wakeups)) && top->key <= now.ns) {
		struct heap_entry entry = heap_pop(&speaker->wakeups);
		if (entry.value == SPEAKER_WAKEUP) {
			speaker_maybe_release(speaker);
			continue;
		}
		struct session *session = &speaker->sessions[entry.value];
		if (!session->live || session->armed_at.ns != entry.key)
			continue; /* an earlier entry has taken its place */
		session->armed_at = INSTANT_NEVER;
		session_time(session, &speaker->context, now);
		speaker_finish(speaker, session);
	}
}

/* ---- life ---- */

void speaker_context_of(struct bgp_speaker *speaker, const struct bgp_config *config)
{
	struct session_context *context = &speaker->context;
	speaker->config = config;
	context->profile = config->profile;
	context->host_name = config->name;
	context->router_id = config->router_id;
	context->local_as = config->local_as;
	context->event_mask = config->event_mask;
	context->clock_phase_ns = config->clock_phase_ns;
}

struct session *speaker_session_add(struct bgp_speaker *speaker, uint32_t number,
				    const struct bgp_peer_config *peer)
{
	struct session empty = { 0 };
	while (speaker->session_count <= number)
		ARRAY_PUSH(speaker->sessions, speaker->session_count, speaker->session_capacity,
			   empty);
	session_init(&speaker->sessions[number], number, peer);
	return &speaker->sessions[number];
}

struct bgp_speaker *bgp_speaker_new(struct bgp_table *table, const struct bgp_config *config,
				    struct random_stream random)
{
	struct bgp_speaker *speaker = memory_zalloc(sizeof(*speaker));
	speaker->table = table;
	speaker->rib = rib_new(table, config);
	speaker->context.random = random;
	speaker_context_of(speaker, config);
	session_context_init(&speaker->context);
	hash_index_init(&speaker->by_address);
	hash_index_init(&speaker->by_connection);
	heap_init(&speaker->wakeups);
	for (size_t i = 0; i < config->peer_count; i++)
		speaker_session_add(speaker, (uint32_t)i, &config->peers[i]);
	speaker_index_addresses(speaker);
	return speaker;
}

void bgp_speaker_free(struct bgp_speaker *speaker)
{
	if (!speaker)
		return;
	struct bgp_effect effect;
	for (size_t i = speaker->effect_head; i < speaker->effect_count; i++) {
		effect = speaker->effects[i];
		if (effect.kind == BGP_EFFECT_SEND)
			bgp_slice_unref(effect.slice);
	}
	if (speaker->slice_out)
		bgp_slice_unref(speaker->slice_out);
	for (size_t i = 0; i < speaker->session_count; i++)
		session_free(&speaker->sessions[i]);
	session_context_free(&speaker->context);
	rib_free(speaker->rib);
	hash_index_free(&speaker->by_address);
	hash_index_free(&speaker->by_connection);
	heap_free(&speaker->wakeups);
	free(speaker->sessions);
	free(speaker->effects);
	free(speaker->events);
	free(speaker->unanswered);
	free(speaker);
}

static void hold_routes(struct bgp_speaker *speaker, struct instant now)
{
	struct session_context *context = &speaker->context;
	int64_t wait_ns = bgp_timer_draw(context->profile, BGP_TIMER_RESTART_WAIT, -1,
					 &context->random);
	context->restarting = true;
	speaker->recovering = true;
	if (wait_ns == 0)
		return;
	speaker->holding = true;
	speaker->hold_until = instant_add(now, wait_ns);
	heap_push(&speaker->wakeups, speaker->hold_until.ns, SPEAKER_WAKEUP);
	rib_hold(speaker->rib, true, now);
}

void bgp_started(struct bgp_speaker *speaker, struct instant now)
{
	struct session_context *context = &speaker->context;
	speaker->now = now;
	speaker->started = true;
	context->restart_bit_until =
		instant_add(now, context->profile->restart_time_s * NS_PER_S);
	if (speaker->config->restarting)
		hold_routes(speaker, now);
	for (size_t i = 0; i < speaker->session_count; i++) {
		session_start(&speaker->sessions[i], context, now);
		speaker_settle(speaker);
		speaker_rearm(speaker, &speaker->sessions[i]);
	}
	speaker_maybe_release(speaker);
}

void bgp_stopped(struct bgp_speaker *speaker, struct instant now)
{
	const struct bgp_profile *profile = speaker->config->profile;
	speaker->now = now;
	speaker->stopped = true;
	for (size_t i = 0; i < speaker->session_count; i++) {
		struct session *session = &speaker->sessions[i];
		if (!session->live)
			continue;
		session_stop(session, &speaker->context, now,
			     profile->stop_sends_cease ? profile->stop_subcode : 0,
			     "speaker stopped");
		speaker_settle(speaker);
	}
}

/* ---- facts ---- */

void bgp_transport_opened(struct bgp_speaker *speaker, struct instant now, uint32_t connection,
			  struct ip_addr local, uint16_t local_port)
{
	(void)local_port;
	speaker->now = now;
	struct session *session = session_by_connection(speaker, connection);
	if (!session)
		return;
	session_opened(session, &speaker->context, now, connection, local);
	speaker_finish(speaker, session);
}

uint32_t bgp_connection_arrived(struct bgp_speaker *speaker, struct instant now,
				struct ip_addr remote, uint16_t remote_port, struct ip_addr local)
{
	(void)remote_port;
	speaker->now = now;
	if (!speaker->started || speaker->stopped)
		return 0;
	struct session *session = session_by_address(speaker, remote, local);
	if (!session)
		return 0;
	uint32_t connection = session_arrived(session, &speaker->context, now, local);
	/* Settled first: the connection it may have taken the place of must leave the index. */
	speaker_settle(speaker);
	if (connection)
		speaker_connection_add(speaker, connection, session->number * 2 + 1);
	speaker_finish(speaker, session);
	return connection;
}

void bgp_bytes_received(struct bgp_speaker *speaker, struct instant now, uint32_t connection,
			const uint8_t *bytes, size_t length)
{
	speaker->now = now;
	struct session *session = session_by_connection(speaker, connection);
	if (!session)
		return;
	struct session_context *context = &speaker->context;
	struct reader in = reader_of(bytes, length);
	struct session_update update;
	while (session_read(session, context, now, connection, &in, &update)) {
		struct rib_update_counts counts = { 0 };
		speaker_settle(speaker); /* it may have come up with these very bytes */
		update.outcome = rib_update(speaker->rib, session->number, update.body,
					    update.length, now, &counts, &update.error);
		update.announced = counts.announced;
		update.withdrawn = counts.withdrawn;
		update.end_of_rib = counts.end_of_rib;
		update.prefixes = rib_peer_prefixes(speaker->rib, session->number);
		if (update.outcome != BGP_OUTCOME_OK && speaker_wants(speaker, BGP_EVENT_TREATED)) {
			struct bgp_event *event =
				speaker_event(speaker, BGP_EVENT_TREATED, session->peer);
			event->what = bgp_outcome_name(update.outcome);
			event->attribute = counts.bad_attribute;
		}
		session_update_done(session, context, now, connection, &update);
	}
	speaker_finish(speaker, session);
}

void bgp_bytes_sent(struct bgp_speaker *speaker, struct instant now, uint32_t connection,
		    size_t bytes)
{
	speaker->now = now;
	struct session *session = session_by_connection(speaker, connection);
	if (!session)
		return;
	session_sent(session, &speaker->context, now, connection, bytes);
	speaker_finish(speaker, session);
}

void bgp_transport_closed(struct bgp_speaker *speaker, struct instant now, uint32_t connection,
			  enum bgp_close_reason reason)
{
	speaker->now = now;
	struct session *session = session_by_connection(speaker, connection);
	if (!session)
		return;
	uint32_t came_in = session->incoming.number == connection;
	hash_index_remove(&speaker->by_connection, hash_u64(connection),
			  session->number * 2 + came_in);
	session_closed(session, &speaker->context, now, connection, reason);
	speaker_finish(speaker, session);
}

void bgp_link_down(struct bgp_speaker *speaker, struct instant now, struct ip_addr local)
{
	speaker->now = now;
	for (size_t i = 0; i < speaker->session_count; i++) {
		if (!speaker->sessions[i].live)
			continue;
		session_link_down(&speaker->sessions[i], &speaker->context, now, local);
		speaker_finish(speaker, &speaker->sessions[i]);
	}
}

void bgp_next_hop_changed(struct bgp_speaker *speaker, struct instant now, struct ip_addr next_hop,
			  struct bgp_next_hop_state state)
{
	speaker->now = now;
	speaker_answered(speaker, next_hop);
	rib_next_hop_changed(speaker->rib, next_hop, state, now);
}

void bgp_route_originated(struct bgp_speaker *speaker, struct instant now,
			  const struct bgp_local_route *route)
{
	speaker->now = now;
	rib_originate(speaker->rib, route, now);
}

void bgp_route_retracted(struct bgp_speaker *speaker, struct instant now, struct ip_prefix prefix)
{
	speaker->now = now;
	rib_retract(speaker->rib, prefix, now);
}

/* ---- looking in ---- */

enum bgp_state bgp_peer_state(const struct bgp_speaker *speaker, const char *peer_name)
{
	for (size_t i = 0; i < speaker->session_count; i++) {
		const struct session *session = &speaker->sessions[i];
		if (session->live && strcmp(session->peer->name, peer_name) == 0)
			return session_state(session);
	}
	return BGP_IDLE;
}

static struct bgp_peer_view peer_view(const struct bgp_speaker *speaker,
				      const struct session *session)
{
	const struct session_connection *connection = session_established(session);
	struct bgp_peer_view view = {
		.peer = session->peer,
		.state = session_state(session),
		.prefixes = rib_peer_prefixes(speaker->rib, session->number),
		.stale_families = session->stale_families,
	};
	if (!connection)
		return view;
	const struct session_terms *terms = &connection->terms;
	view.local = connection->local;
	view.router_id = terms->router_id;
	view.hold_time_s = terms->hold_s;
	view.keepalive_s = terms->keepalive_s;
	view.families = terms->families;
	view.add_path_in = terms->add_path_in;
	view.add_path_out = terms->add_path_out;
	view.restart_time_s = terms->restart_time_s;
	view.as4 = terms->as4;
	view.route_refresh = terms->route_refresh;
	view.enhanced_refresh = terms->enhanced_refresh;
	view.extended_message = terms->extended_message;
	view.graceful_restart = terms->restart;
	return view;
}

void bgp_peers_each(const struct bgp_speaker *speaker,
		    void (*visit)(void *context, const struct bgp_peer_view *peer), void *context)
{
	const struct bgp_config *config = speaker->config;
	uint32_t cursor, number;
	for (size_t i = 0; i < config->peer_count; i++) {
		uint64_t hash = ip_addr_hash(config->peers[i].remote);
		cursor = HASH_NONE;
		while ((number = hash_index_next(&speaker->by_address, hash, &cursor)) !=
		       HASH_NONE) {
			if (speaker->sessions[number].peer != &config->peers[i])
				continue;
			struct bgp_peer_view view = peer_view(speaker, &speaker->sessions[number]);
			visit(context, &view);
		}
	}
}

struct paths_visit {
	const struct bgp_speaker *speaker;
	void (*visit)(void *context, const struct bgp_path_view *path);
	void *context;
};

static void path_visit(void *context, uint32_t prefix_id, uint32_t peer, uint32_t attrs_id,
		       uint32_t path_id, bool best, bool multipath, bool stale, bool usable)
{
	const struct paths_visit *visit = context;
	const struct bgp_speaker *speaker = visit->speaker;
	struct bgp_path_view view = {
		.prefix = bgp_prefix_of(speaker->table, prefix_id),
		.peer = peer == UINT32_MAX ? NULL : speaker->sessions[peer].peer,
		.attrs_id = attrs_id,
		.path_id = path_id,
		.best = best,
		.multipath = multipath,
		.stale = stale,
		.usable = usable,
	};
	visit->visit(visit->context, &view);
}

void bgp_paths_each(const struct bgp_speaker *speaker,
		    void (*visit)(void *context, const struct bgp_path_view *path), void *context)
{
	struct paths_visit paths = { speaker, visit, context };
	rib_each(speaker->rib, path_visit, &paths);
}
