/* Bytes to messages to events (RFC 4271 6). Most messages lie whole in what arrived and are read
 * there; only one that was cut is gathered in a buffer of its own, which goes when it is done. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "bgp/session/fsm.h"
#include "bgp/wire/communication.h"

static size_t message_max(const struct session_connection *connection)
{
	return connection->terms.extended_message ? BGP_MESSAGE_MAX_EXTENDED : BGP_MESSAGE_MAX;
}

static void partial_drop(struct session_connection *connection)
{
	free(connection->partial);
	connection->partial = NULL;
	connection->partial_length = 0;
	connection->partial_done = false;
}

/* Bytes to have before looking again: the header, then what it says. */
static size_t partial_goal(const struct session_connection *connection)
{
	if (connection->partial_length < BGP_HEADER_BYTES)
		return BGP_HEADER_BYTES;
	return (size_t)connection->partial[16] << 8 | connection->partial[17];
}

static void partial_take(struct session_connection *connection, struct reader *in, size_t goal)
{
	size_t take = goal - connection->partial_length;
	if (take > reader_left(in))
		take = reader_left(in);
	connection->partial = memory_resize(connection->partial, goal);
	const uint8_t *bytes = reader_bytes(in, take);
	memcpy(connection->partial + connection->partial_length, bytes, take);
	connection->partial_length += (uint32_t)take;
}

static unsigned leniency_of(const struct bgp_profile *profile)
{
	return (profile->any_marker ? BGP_FRAME_ANY_MARKER : 0) |
	       (profile->long_keepalive ? BGP_FRAME_LONG_KEEPALIVE : 0);
}

static enum bgp_frame_result next_frame(struct session_connection *connection, struct reader *in,
					unsigned leniency, struct bgp_frame *frame,
					struct bgp_error *error)
{
	size_t limit = message_max(connection);
	if (connection->partial_done)
		partial_drop(connection);
	if (connection->partial_length == 0) {
		if (reader_left(in) == 0)
			return BGP_FRAME_MORE;
		enum bgp_frame_result result =
			bgp_frame_next_lenient(in->at, reader_left(in), limit, leniency, frame,
					       error);
		if (result == BGP_FRAME_READY)
			(void)reader_bytes(in, frame->total_length);
		if (result != BGP_FRAME_MORE)
			return result;
	}
	/* Twice at most: once for the header, once for the rest. */
	while (reader_left(in) > 0) {
		size_t goal = partial_goal(connection);
		partial_take(connection, in, goal);
		if (connection->partial_length < goal)
			return BGP_FRAME_MORE;
		enum bgp_frame_result result = bgp_frame_next_lenient(
			connection->partial, connection->partial_length, limit, leniency, frame,
			error);
		connection->partial_done = result == BGP_FRAME_READY;
		if (result != BGP_FRAME_MORE)
			return result;
	}
	return BGP_FRAME_MORE;
}

static void read_open(struct session *session, struct session_context *context,
		      struct instant now, struct session_connection *connection,
		      const struct bgp_frame *frame)
{
	struct bgp_open open;
	struct bgp_error error = { 0 };
	struct session_input input = { .open = &open };
	enum session_event event = instant_is_never(connection->delay_open_at)
					   ? SESSION_OPEN
					   : SESSION_OPEN_DELAYED;
	if (!bgp_open_decode(frame->body, frame->body_length, &open, &error) ||
	    !open_check(session, context, &open, &error)) {
		input.error = &error;
		event = SESSION_OPEN_ERROR;
	}
	session_event(session, context, now, event, connection, &input);
}

/* RFC 5492 4: who does not like our capabilities may still like an OPEN without. Two-octet AS
 * numbers only, or there would be nothing to put into it. */
static void maybe_go_plain(struct session *session, const struct session_context *context,
			   const struct session_connection *connection,
			   const struct bgp_error *error)
{
	bool disliked = error->code == 2 && (error->subcode == 4 || error->subcode == 7);
	bool early = connection->state == BGP_OPEN_SENT || connection->state == BGP_OPEN_CONFIRM;
	if (disliked && early && session_local_as(session, context) <= UINT16_MAX)
		session->plain_open = true;
}

/* RFC 9003 2: the words are for people, and the session keeps them for its owner. */
static const char *communication_of(struct session *session, const struct bgp_error *error)
{
	struct text text;
	text_init(&text);
	free(session->heard);
	session->heard = NULL;
	if (bgp_communication_get(error, &text))
		session->heard = memory_strdup(text_string(&text));
	text_free(&text);
	return session->heard;
}

static void read_notification(struct session *session, struct session_context *context,
			      struct instant now, struct session_connection *connection,
			      const struct bgp_frame *frame)
{
	struct bgp_error error = { 0 };
	struct session_input input = { 0 };
	if (bgp_notification_decode(frame->body, frame->body_length, &error))
		input.error = &error;
	input.communication = communication_of(session, &error);
	bool version = error.code == 2 && error.subcode == 1;
	maybe_go_plain(session, context, connection, &error);
	session_event(session, context, now,
		      version ? SESSION_NOTIFICATION_VERSION : SESSION_NOTIFICATION, connection,
		      &input);
}

static void read_refresh(struct session *session, struct session_context *context,
			 struct instant now, struct session_connection *connection,
			 const struct bgp_frame *frame)
{
	static const struct session_input nothing = { 0 };
	struct bgp_route_refresh refresh;
	struct bgp_error error = { 0 };
	if (connection->state != BGP_ESTABLISHED) {
		session_event(session, context, now, SESSION_UPDATE, connection, &nothing);
		return;
	}
	if (!bgp_route_refresh_decode(frame->body, frame->body_length, &refresh, &error)) {
		/* RFC 7313 5: only with its capability is 7/1 an error of its own. */
		if (context->profile->refresh_error_own) {
			error.code = 7;
			error.subcode = 1;
		} else if (!connection->terms.enhanced_refresh) {
			error = (struct bgp_error){ .code = 1, .subcode = 2, .data_length = 2 };
			put_u16(error.data, (uint16_t)frame->total_length);
		}
		struct session_input input = { .error = &error, .reason = "bad ROUTE-REFRESH" };
		session_event(session, context, now, SESSION_HEADER_ERROR, connection, &input);
		return;
	}
	const struct fsm fsm = { .session = session, .context = context, .now = now,
				 .connection = connection, .input = &nothing };
	refresh_received(&fsm, &refresh);
}

static void tell_received(const struct session *session, struct session_context *context,
			  uint32_t connection, uint8_t type, size_t length,
			  const struct session_update *update)
{
	if (!(context->event_mask & 1u << BGP_EVENT_MESSAGE))
		return;
	struct session_action *tell = action_push(context, session, SESSION_TELL_MESSAGE);
	tell->connection = connection;
	tell->message_type = type;
	tell->message_length = (uint32_t)length;
	tell->announced = update ? update->announced : 0;
	tell->withdrawn = update ? update->withdrawn : 0;
}

/* True: an UPDATE to be applied. */
static bool read_update(struct session *session, struct session_context *context,
			struct instant now, struct session_connection *connection,
			const struct bgp_frame *frame, struct session_update *update)
{
	static const struct session_input nothing = { 0 };
	uint32_t number = connection->number;
	if (connection->state == BGP_OPEN_CONFIRM && context->profile->update_confirms)
		session_event(session, context, now, SESSION_KEEPALIVE, connection, &nothing);
	if (connection->state != BGP_ESTABLISHED)
		tell_received(session, context, number, BGP_UPDATE, frame->total_length, NULL);
	session_event(session, context, now, SESSION_UPDATE, connection, &nothing);
	if (connection->number != number || connection->state != BGP_ESTABLISHED)
		return false;
	*update = (struct session_update){ .body = frame->body, .length = frame->body_length };
	return true;
}

static bool read_frame(struct session *session, struct session_context *context,
		       struct instant now, struct session_connection *connection,
		       const struct bgp_frame *frame, struct session_update *update)
{
	static const struct session_input nothing = { 0 };
	if (frame->type == BGP_UPDATE)
		return read_update(session, context, now, connection, frame, update);
	tell_received(session, context, connection->number, frame->type, frame->total_length, NULL);
	if (frame->type == BGP_OPEN)
		read_open(session, context, now, connection, frame);
	else if (frame->type == BGP_NOTIFICATION)
		read_notification(session, context, now, connection, frame);
	else if (frame->type == BGP_ROUTE_REFRESH)
		read_refresh(session, context, now, connection, frame);
	else
		session_event(session, context, now, SESSION_KEEPALIVE, connection, &nothing);
	return false;
}

bool session_read(struct session *session, struct session_context *context, struct instant now,
		  uint32_t number, struct reader *in, struct session_update *update)
{
	for (;;) {
		struct bgp_frame frame;
		struct bgp_error error = { 0 };
		struct session_connection *connection = session_connection_of(session, number);
		if (!connection || !connection->open)
			return false; /* closed meanwhile: the rest is not for us */
		switch (next_frame(connection, in, leniency_of(context->profile), &frame, &error)) {
		case BGP_FRAME_MORE:
			return false;
		case BGP_FRAME_BAD: {
			struct session_input input = { .error = &error };
			session_event(session, context, now, SESSION_HEADER_ERROR, connection,
				      &input);
			return false;
		}
		case BGP_FRAME_READY:
			if (read_frame(session, context, now, connection, &frame, update))
				return true;
		}
	}
}

/* RFC 4486 4: which family, and how many would have been allowed. */
static struct bgp_error too_many(const struct session *session)
{
	struct bgp_error error = { .code = 6, .subcode = 1, .data_length = 7 };
	uint16_t afi;
	uint8_t safi, families = session->peer->families;
	bgp_family_codes(families & BGP_IPV4_UNICAST ? BGP_IPV4_UNICAST : BGP_IPV6_UNICAST, &afi,
			 &safi);
	put_u16(error.data, afi);
	error.data[2] = safi;
	put_u32(error.data + 3, session->peer->max_prefixes);
	return error;
}

void session_update_done(struct session *session, struct session_context *context,
			 struct instant now, uint32_t number, const struct session_update *update)
{
	struct session_connection *connection = session_connection_of(session, number);
	tell_received(session, context, number, BGP_UPDATE, update->length + BGP_HEADER_BYTES,
		      update);
	if (!connection)
		return;
	if (update->outcome == BGP_OUTCOME_RESET) {
		struct session_input input = { .error = &update->error };
		session_event(session, context, now, SESSION_UPDATE_ERROR, connection, &input);
		return;
	}
	if (update->end_of_rib)
		restart_end_of_rib(session, context, connection, update->end_of_rib);
	if (session->peer->max_prefixes && update->prefixes > session->peer->max_prefixes) {
		struct bgp_error error = too_many(session);
		struct session_input input = { .error = &error,
					       .reason = "too many prefixes" };
		session->started = false; /* until it is started by hand */
		session_event(session, context, now, SESSION_AUTOMATIC_STOP, NULL, &input);
	}
}
