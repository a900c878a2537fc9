/* A new configuration against the old one. Matched by name; only what changed restarts. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "bgp/speaker.h"

static bool same_text(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

/* Is it the same session? What only the RIB looks at (next hop, policies, loop allowance) and the
 * prefix limit change without a new start. */
static bool same_session(const struct bgp_peer_config *a, const struct bgp_peer_config *b)
{
	return ip_addr_equal(a->remote, b->remote) && a->remote_port == b->remote_port &&
	       ip_addr_equal(a->local, b->local) && a->remote_as == b->remote_as &&
	       a->local_as == b->local_as && a->families == b->families &&
	       a->passive == b->passive && a->rr_client == b->rr_client &&
	       a->cluster_id == b->cluster_id && a->multihop == b->multihop && a->ttl == b->ttl &&
	       a->ttl_min == b->ttl_min && same_text(a->password, b->password) &&
	       a->hold_time_s == b->hold_time_s && a->keepalive_s == b->keepalive_s &&
	       a->connect_retry_s == b->connect_retry_s &&
	       a->graceful_restart == b->graceful_restart &&
	       a->restart_time_s == b->restart_time_s &&
	       a->long_lived_max_s == b->long_lived_max_s && a->add_path_send == b->add_path_send &&
	       a->add_path_receive == b->add_path_receive && a->role == b->role &&
	       a->extended_next_hop == b->extended_next_hop &&
	       a->role_strict == b->role_strict;
}

static bool same_speaker(const struct bgp_config *a, const struct bgp_config *b)
{
	return a->router_id == b->router_id && a->local_as == b->local_as &&
	       a->profile == b->profile && a->listen_port == b->listen_port;
}

static uint64_t name_hash(const void *context, uint32_t value)
{
	const struct bgp_speaker *speaker = context;
	const char *name = speaker->sessions[value].peer->name;
	return hash_bytes(name, strlen(name));
}

/* For each new peer the session that has its name, or HASH_NONE. */
static uint32_t *match_names(const struct bgp_speaker *speaker, const struct bgp_config *config)
{
	struct hash_index names;
	uint32_t *found = memory_alloc((config->peer_count + 1) * sizeof(*found));
	hash_index_init(&names);
	for (size_t i = 0; i < speaker->session_count; i++)
		if (speaker->sessions[i].live)
			hash_index_add(&names, name_hash(speaker, (uint32_t)i), (uint32_t)i,
				       name_hash, speaker);
	for (size_t i = 0; i < config->peer_count; i++) {
		const char *name = config->peers[i].name;
		uint64_t hash = hash_bytes(name, strlen(name));
		uint32_t cursor = HASH_NONE;
		do {
			found[i] = hash_index_next(&names, hash, &cursor);
		} while (found[i] != HASH_NONE &&
			 strcmp(speaker->sessions[found[i]].peer->name, name) != 0);
	}
	hash_index_free(&names);
	return found;
}

static void stop(struct bgp_speaker *speaker, struct session *session, uint8_t subcode,
		 const char *reason)
{
	session_stop(session, &speaker->context, speaker->now, subcode, reason);
	speaker_settle(speaker);
}

/* Peers that are named no more. Their slots are reused from the next change on, when nobody speaks
 * of them any longer. */
static void remove_peers(struct bgp_speaker *speaker, const uint32_t *found, size_t count,
			 bool *taken)
{
	for (size_t i = 0; i < count; i++)
		if (found[i] != HASH_NONE)
			taken[found[i]] = true;
	for (size_t i = 0; i < speaker->session_count; i++) {
		struct session *session = &speaker->sessions[i];
		bool gone = session->live && !taken[i];
		if (!gone)
			continue;
		taken[i] = true;
		stop(speaker, session, 3, "peer removed from the configuration");
		session_free(session);
	}
}

static void change_peer(struct bgp_speaker *speaker, struct session *session,
			const struct bgp_peer_config *peer, bool whole_speaker)
{
	const struct bgp_peer_config *old = session->peer;
	bool was_down = old->shutdown;
	bool restart = whole_speaker || !same_session(old, peer);
	if (peer->shutdown && !was_down) {
		session->peer = peer; /* it has the words to go with */
		stop(speaker, session, 2, "shut down");
	} else if (restart && !was_down) {
		stop(speaker, session, 6, "configuration changed");
	}
	session->peer = peer;
	rib_peer_configured(speaker->rib, session->number, peer, speaker->now);
	if (speaker->started && !speaker->stopped && !peer->shutdown && (restart || was_down))
		session_start(session, &speaker->context, speaker->now);
}

static uint32_t free_slot(const struct bgp_speaker *speaker, const bool *taken, size_t taken_count,
			  uint32_t from)
{
	uint32_t slot = from;
	while (slot < speaker->session_count &&
	       (speaker->sessions[slot].live || (slot < taken_count && taken[slot])))
		slot++;
	return slot;
}

void bgp_configured(struct bgp_speaker *speaker, struct instant now,
		    const struct bgp_config *config)
{
	size_t old_count = speaker->session_count;
	bool whole = !same_speaker(speaker->config, config);
	uint32_t *found = match_names(speaker, config);
	bool *taken = memory_zalloc(old_count + 1);
	uint32_t slot = 0;
	speaker->now = now;
	remove_peers(speaker, found, config->peer_count, taken);
	speaker_context_of(speaker, config);
	rib_configured(speaker->rib, config, now);
	for (size_t i = 0; i < config->peer_count; i++) {
		struct session *session;
		if (found[i] != HASH_NONE) {
			session = &speaker->sessions[found[i]];
			change_peer(speaker, session, &config->peers[i], whole);
		} else {
			slot = free_slot(speaker, taken, old_count, slot);
			session = speaker_session_add(speaker, slot, &config->peers[i]);
			if (speaker->started && !speaker->stopped)
				session_start(session, &speaker->context, now);
		}
		speaker_settle(speaker);
		speaker_rearm(speaker, session);
	}
	speaker_index_addresses(speaker);
	speaker_maybe_release(speaker);
	free(found);
	free(taken);
}
