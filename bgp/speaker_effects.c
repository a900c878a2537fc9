/* What sessions and the RIB want done, as effects. Facts fill the queue; polling empties it, and
 * when it is empty asks the RIB for more: first its changes, then the peers it has something for,
 * one at a time, so that the queue stays short however much there is to send. */
#include "base/assert.h"
#include "base/memory.h"
#include "bgp/speaker.h"

bool speaker_wants(const struct bgp_speaker *speaker, enum bgp_event_kind kind)
{
	return speaker->config->event_mask & 1u << kind;
}

static struct bgp_effect *effect_push(struct bgp_speaker *speaker, enum bgp_effect_kind kind)
{
	struct bgp_effect effect = { .kind = kind };
	ARRAY_PUSH(speaker->effects, speaker->effect_count, speaker->effect_capacity, effect);
	return &speaker->effects[speaker->effect_count - 1];
}

struct bgp_event *speaker_event(struct bgp_speaker *speaker, enum bgp_event_kind kind,
				const struct bgp_peer_config *peer)
{
	struct bgp_event event = { .kind = kind, .peer = peer };
	effect_push(speaker, BGP_EFFECT_EVENT);
	ARRAY_PUSH(speaker->events, speaker->event_count, speaker->event_capacity, event);
	return &speaker->events[speaker->event_count - 1];
}

/* ---- actions of sessions ---- */

typedef void carry_out(struct bgp_speaker *speaker, struct session *session,
		       const struct session_action *action);

static void do_connect(struct bgp_speaker *speaker, struct session *session,
		       const struct session_action *action)
{
	struct bgp_effect *effect = effect_push(speaker, BGP_EFFECT_CONNECT);
	effect->connection = action->connection;
	effect->peer = session->peer;
	speaker_connection_add(speaker, action->connection, session->number * 2);
}

static void do_send(struct bgp_speaker *speaker, struct session *session,
		    const struct session_action *action)
{
	struct bgp_effect *effect = effect_push(speaker, BGP_EFFECT_SEND);
	effect->connection = action->connection;
	effect->peer = session->peer;
	effect->slice = action->slice; /* with its reference */
}

static void do_close(struct bgp_speaker *speaker, struct session *session,
		     const struct session_action *action)
{
	struct bgp_effect *effect = effect_push(speaker, BGP_EFFECT_CLOSE);
	uint64_t hash = hash_u64(action->connection);
	effect->connection = action->connection;
	effect->peer = session->peer;
	effect->reset = action->flag;
	if (!hash_index_remove(&speaker->by_connection, hash, session->number * 2))
		hash_index_remove(&speaker->by_connection, hash, session->number * 2 + 1);
}

static void do_up(struct bgp_speaker *speaker, struct session *session,
		  const struct session_action *action)
{
	const struct bgp_profile *profile = speaker->config->profile;
	const struct session_connection *connection = session_established(session);
	if (!connection || connection->number != action->connection)
		return; /* gone again before we came to it */
	const struct session_terms *terms = &connection->terms;
	bool external = session_external(session, &speaker->context);
	struct rib_peer peer = {
		.config = session->peer,
		.codec = {
			.as4 = terms->as4,
			.external = external,
			.add_path_in = terms->add_path_in,
			.add_path_out = terms->add_path_out,
			.families = terms->families,
			.extended_next_hop = terms->extended_next_hop,
			.unknown_sets_partial = profile->unknown_sets_partial,
			.reactions = speaker->config->errors_by_rfc ? NULL : profile->reactions,
			.as_path_extended_length = profile->as_path_extended_length,
		},
		.router_id = terms->router_id,
		.long_lived = terms->long_lived,
		.external = external,
		.local_as = session_local_as(session, &speaker->context),
		.local = connection->local,
		.message_max = terms->extended_message ? BGP_MESSAGE_MAX_EXTENDED
						       : BGP_MESSAGE_MAX,
	};
	rib_peer_up(speaker->rib, session->number, &peer, speaker->now);
}

static void do_down(struct bgp_speaker *speaker, struct session *session,
		    const struct session_action *action)
{
	/* What came and went within the same bytes was never told to the RIB. */
	if (rib_peer_is_up(speaker->rib, session->number))
		rib_peer_down(speaker->rib, session->number, action->families, speaker->now);
}

static void do_stale_flush(struct bgp_speaker *speaker, struct session *session,
			   const struct session_action *action)
{
	rib_stale_flush(speaker->rib, session->number, action->families, speaker->now);
}

static void do_long_stale(struct bgp_speaker *speaker, struct session *session,
			  const struct session_action *action)
{
	rib_long_stale(speaker->rib, session->number, action->families, speaker->now);
}

static void do_refresh(struct bgp_speaker *speaker, struct session *session,
		       const struct session_action *action)
{
	rib_refresh(speaker->rib, session->number, action->families, action->flag);
}

static void do_repeat_begin(struct bgp_speaker *speaker, struct session *session,
			    const struct session_action *action)
{
	rib_repeat_begin(speaker->rib, session->number, action->families, speaker->now);
}

static void do_repeat_end(struct bgp_speaker *speaker, struct session *session,
			  const struct session_action *action)
{
	rib_repeat_end(speaker->rib, session->number, action->families, speaker->now);
}

static void drain(struct bgp_speaker *speaker, struct session *session)
{
	while (session_room(session) > 0) {
		struct rib_update_counts counts = { 0 };
		struct bgp_slice *slice = rib_send_next(speaker->rib, session->number, &counts);
		if (!slice) {
			session_drained(session, &speaker->context, speaker->now);
			return;
		}
		session_send(session, &speaker->context, speaker->now, slice, counts.announced,
			     counts.withdrawn);
	}
}

static void do_drain(struct bgp_speaker *speaker, struct session *session,
		     const struct session_action *action)
{
	(void)action;
	drain(speaker, session);
}

static void tell_state(struct bgp_speaker *speaker, struct session *session,
		       const struct session_action *action)
{
	const struct session_cause *cause = &action->cause;
	struct bgp_event *event = speaker_event(speaker, BGP_EVENT_SESSION, session->peer);
	event->old_state = action->old_state;
	event->new_state = action->new_state;
	event->reason = cause->reason;
	event->error_code = cause->code;
	event->error_subcode = cause->subcode;
	event->error_sent = cause->sent;
	event->communication = cause->communication;
	event->graceful = cause->graceful;
	event->waiting = speaker->holding && action->new_state == BGP_ESTABLISHED;
	event->has_close_reason = cause->has_close;
	event->close_reason = cause->close_reason;
	event->hold_time_s = action->hold_s;
	event->keepalive_s = action->keepalive_s;
	event->local = action->local;
}

static void tell_message(struct bgp_speaker *speaker, struct session *session,
			 const struct session_action *action)
{
	struct bgp_event *event = speaker_event(speaker, BGP_EVENT_MESSAGE, session->peer);
	event->sent = action->flag;
	event->message_type = action->message_type;
	event->message_length = action->message_length;
	event->announced = action->announced;
	event->withdrawn = action->withdrawn;
}

static void tell_timer(struct bgp_speaker *speaker, struct session *session,
		       const struct session_action *action)
{
	speaker_event(speaker, BGP_EVENT_TIMER, session->peer)->what = action->what;
}

static carry_out *const actions[] = {
	[SESSION_DO_CONNECT] = do_connect,
	[SESSION_DO_SEND] = do_send,
	[SESSION_DO_CLOSE] = do_close,
	[SESSION_DO_UP] = do_up,
	[SESSION_DO_DOWN] = do_down,
	[SESSION_DO_STALE_FLUSH] = do_stale_flush,
	[SESSION_DO_LONG_STALE] = do_long_stale,
	[SESSION_DO_REFRESH] = do_refresh,
	[SESSION_DO_REPEAT_BEGIN] = do_repeat_begin,
	[SESSION_DO_REPEAT_END] = do_repeat_end,
	[SESSION_DO_DRAIN] = do_drain,
	[SESSION_TELL_STATE] = tell_state,
	[SESSION_TELL_MESSAGE] = tell_message,
	[SESSION_TELL_TIMER] = tell_timer,
};

void speaker_settle(struct bgp_speaker *speaker)
{
	struct session_action action;
	while (session_action_next(&speaker->context, &action))
		actions[action.kind](speaker, &speaker->sessions[action.session], &action);
}

/* ---- changes of the RIB ---- */

static void change_event(struct bgp_speaker *speaker, const struct rib_change *change)
{
	bool path = change->kind == RIB_PATH;
	const struct bgp_peer_config *peer =
		change->peer == UINT32_MAX ? NULL : speaker->sessions[change->peer].peer;
	struct bgp_event *event =
		speaker_event(speaker, path ? BGP_EVENT_PATH : BGP_EVENT_BEST, peer);
	event->prefix_id = change->prefix_id;
	event->attrs_id = change->attrs_id;
	event->path_id = change->path_id;
	event->prefix = bgp_prefix_of(speaker->table, change->prefix_id);
	event->stale = change->stale;
	event->rule = change->rule;
	event->multipath_count = change->next_hop_count;
}

/* The kernel keeps its routes through an orderly stop where the profile says so. */
static bool fib_is_left_alone(const struct bgp_speaker *speaker)
{
	return speaker->stopped && speaker->config->profile->kernel_kept_on_stop;
}

/* True: it became an effect, either *effect itself (that lends the RIB's next hops) or queued. */
static bool change_effect(struct bgp_speaker *speaker, const struct rib_change *change,
			  struct bgp_effect *effect, bool *queued)
{
	*effect = (struct bgp_effect){ 0 };
	*queued = false;
	switch (change->kind) {
	case RIB_FIB_SET:
	case RIB_FIB_REMOVE:
		if (fib_is_left_alone(speaker))
			return false;
		effect->kind = change->kind == RIB_FIB_SET ? BGP_EFFECT_FIB_SET
							   : BGP_EFFECT_FIB_REMOVE;
		effect->prefix_id = change->prefix_id;
		effect->prefix = bgp_prefix_of(speaker->table, change->prefix_id);
		effect->next_hops = change->next_hops;
		effect->next_hop_count = change->next_hop_count;
		effect->external = change->external;
		return true;
	case RIB_WATCH:
	case RIB_UNWATCH:
		effect->kind = change->kind == RIB_WATCH ? BGP_EFFECT_NEXT_HOP_WATCH
							 : BGP_EFFECT_NEXT_HOP_UNWATCH;
		effect->next_hop = change->next_hop;
		if (change->kind == RIB_WATCH)
			speaker_asked(speaker, change->next_hop);
		else
			speaker_answered(speaker, change->next_hop);
		return true;
	case RIB_PATH:
	case RIB_BEST:
		change_event(speaker, change);
		*queued = true;
		return true;
	}
	UNREACHABLE();
}

/* ---- the end of our own restart ---- */

void speaker_asked(struct bgp_speaker *speaker, struct ip_addr next_hop)
{
	if (speaker->recovering)
		ARRAY_PUSH(speaker->unanswered, speaker->unanswered_count,
			   speaker->unanswered_capacity, next_hop);
}

void speaker_answered(struct bgp_speaker *speaker, struct ip_addr next_hop)
{
	for (size_t i = speaker->unanswered_count; i-- > 0;)
		if (ip_addr_equal(speaker->unanswered[i], next_hop))
			speaker->unanswered[i] = speaker->unanswered[--speaker->unanswered_count];
}

static bool recovered(struct bgp_speaker *speaker, struct bgp_effect *effect)
{
	if (!speaker->recovering || speaker->holding || speaker->unanswered_count)
		return false;
	speaker->recovering = false;
	*effect = (struct bgp_effect){ .kind = BGP_EFFECT_RECOVERED };
	return true;
}

/* ---- polling ---- */

static void release_lent(struct bgp_speaker *speaker)
{
	if (speaker->slice_out)
		bgp_slice_unref(speaker->slice_out);
	speaker->slice_out = NULL;
}

static bool effect_pop(struct bgp_speaker *speaker, struct bgp_effect *effect)
{
	if (speaker->effect_head == speaker->effect_count) {
		speaker->effect_head = speaker->effect_count = 0;
		speaker->event_head = speaker->event_count = 0;
		return false;
	}
	*effect = speaker->effects[speaker->effect_head++];
	if (effect->kind == BGP_EFFECT_SEND)
		speaker->slice_out = effect->slice;
	if (effect->kind == BGP_EFFECT_EVENT) {
		speaker->event_out = speaker->events[speaker->event_head++];
		effect->event = &speaker->event_out;
	}
	return true;
}

bool bgp_effect_next(struct bgp_speaker *speaker, struct bgp_effect *effect)
{
	release_lent(speaker);
	for (;;) {
		struct rib_change change;
		bool queued;
		if (effect_pop(speaker, effect))
			return true;
		if (rib_change_next(speaker->rib, &change)) {
			if (change_effect(speaker, &change, effect, &queued) && !queued)
				return true;
			continue;
		}
		uint32_t peer = rib_pending_peer(speaker->rib);
		if (peer == UINT32_MAX)
			return recovered(speaker, effect);
		struct session *session = &speaker->sessions[peer];
		if (session_pending(session, &speaker->context, speaker->now))
			drain(speaker, session);
		speaker_settle(speaker);
		speaker_rearm(speaker, session);
	}
}
