#include "simbgpd/peers.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "simbgpd/log.h"

void peers_init(struct peers *peers) { *peers = (struct peers){ 0 }; }

void peers_free(struct peers *peers) { free(peers->records); }

static const struct peer_record *by_name(const struct peers *peers, const char *name)
{
	for (size_t i = 0; peers->config && i < peers->config->peer_count; i++)
		if (strcmp(peers->config->peers[i].name, name) == 0)
			return &peers->records[i];
	return NULL;
}

void peers_configured(struct peers *peers, const struct bgp_config *config)
{
	struct peer_record *records =
		memory_zalloc((config->peer_count + 1) * sizeof(struct peer_record));
	for (size_t i = 0; i < config->peer_count; i++) {
		const struct peer_record *former = by_name(peers, config->peers[i].name);
		if (former)
			records[i] = *former;
	}
	free(peers->records);
	peers->records = records;
	peers->config = config;
}

static struct peer_record *record_of(const struct peers *peers, const struct bgp_peer_config *peer)
{
	const struct bgp_config *config = peers->config;
	if (!peer || !config->peer_count || peer < config->peers ||
	    peer >= config->peers + config->peer_count)
		return NULL;
	return &peers->records[peer - config->peers];
}

const struct peer_record *peers_record(const struct peers *peers,
				       const struct bgp_peer_config *peer)
{
	return record_of(peers, peer);
}

static void session_told(struct peer_record *record, struct instant now,
			 const struct bgp_event *event)
{
	bool up = event->new_state == BGP_ESTABLISHED, was_up = event->old_state == BGP_ESTABLISHED;
	if (record && (up || was_up)) {
		record->changed = now;
		record->changed_once = true;
		record->established += up;
		record->dropped += was_up;
	}
	if (record && event->new_state < event->old_state && event->reason) {
		record->reason = event->reason;
		record->error_code = event->error_code;
		record->error_subcode = event->error_subcode;
		record->error_sent = event->error_sent;
	}
	const char *name = event->peer ? event->peer->name : "?";
	if (up)
		log_line("%s: Established, hold time %us", name, event->hold_time_s);
	else if (was_up || event->error_code)
		log_line("%s: %s -> %s: %s%s", name, bgp_state_name(event->old_state),
			 bgp_state_name(event->new_state), event->reason ? event->reason : "",
			 event->graceful ? "; its routes are kept" : "");
}

void peers_told(struct peers *peers, struct instant now, const struct bgp_event *event)
{
	struct peer_record *record = record_of(peers, event->peer);
	uint8_t type = event->message_type < PEER_MESSAGE_TYPES ? event->message_type : 0;
	switch (event->kind) {
	case BGP_EVENT_SESSION: session_told(record, now, event); break;
	case BGP_EVENT_MESSAGE:
		if (!record)
			break;
		(event->sent ? record->sent : record->received)[type]++;
		record->announced += event->sent ? 0 : event->announced;
		record->withdrawn += event->sent ? 0 : event->withdrawn;
		break;
	case BGP_EVENT_TREATED:
		if (peers->treated++ < 100)
			log_line("%s: UPDATE with a bad attribute %u: %s",
				 event->peer ? event->peer->name : "?", event->attribute,
				 event->what);
		break;
	case BGP_EVENT_PATH:
	case BGP_EVENT_BEST:
	case BGP_EVENT_TIMER: break;
	}
}
