/* The queue of what sessions want done, and the messages they make themselves. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "bgp/session/fsm.h"

void session_context_init(struct session_context *context)
{
	uint8_t room[BGP_HEADER_BYTES];
	struct writer out = writer_of(room, sizeof(room));
	bgp_keepalive_encode(&out);
	context->keepalive = slice_of(&out);
}

void session_context_free(struct session_context *context)
{
	struct session_action action;
	while (session_action_next(context, &action))
		if (action.slice)
			bgp_slice_unref(action.slice);
	free(context->actions);
	bgp_slice_unref(context->keepalive);
	context->actions = NULL;
	context->keepalive = NULL;
}

bool session_action_next(struct session_context *context, struct session_action *action)
{
	if (context->action_head == context->action_count) {
		context->action_head = context->action_count = 0;
		return false;
	}
	*action = context->actions[context->action_head++];
	return true;
}

struct session_action *action_push(struct session_context *context, const struct session *session,
				   enum session_action_kind kind)
{
	struct session_action action = { .kind = kind, .session = session->number };
	ARRAY_PUSH(context->actions, context->action_count, context->action_capacity, action);
	return &context->actions[context->action_count - 1];
}

struct bgp_slice *slice_of(const struct writer *bytes)
{
	ASSERT(!bytes->failed);
	size_t length = writer_used(bytes);
	struct bgp_slice *slice = memory_alloc(sizeof(*slice) + length);
	slice->references = 1;
	slice->length = (uint32_t)length;
	memcpy(slice->bytes, bytes->start, length);
	return slice;
}

void send_slice(struct session *session, struct session_context *context, struct instant now,
		struct session_connection *connection, struct bgp_slice *slice, uint8_t type,
		uint32_t announced, uint32_t withdrawn)
{
	struct session_action *send = action_push(context, session, SESSION_DO_SEND);
	send->connection = connection->number;
	send->slice = slice;
	connection->unsent += slice->length;
	arm_send_hold(context, now, connection);
	if (!(context->event_mask & 1u << BGP_EVENT_MESSAGE))
		return;
	struct session_action *tell = action_push(context, session, SESSION_TELL_MESSAGE);
	tell->connection = connection->number;
	tell->flag = true;
	tell->message_type = type;
	tell->message_length = slice->length;
	tell->announced = announced;
	tell->withdrawn = withdrawn;
}

void send_keepalive(const struct fsm *fsm, struct session_connection *connection)
{
	send_slice(fsm->session, fsm->context, fsm->now, connection,
		   bgp_slice_ref(fsm->context->keepalive), BGP_KEEPALIVE, 0, 0);
}

void send_notification(const struct fsm *fsm, struct session_connection *connection,
		       const struct bgp_error *error)
{
	uint8_t room[BGP_HEADER_BYTES + 2 + sizeof(error->data)];
	struct writer out = writer_of(room, sizeof(room));
	bgp_notification_encode(error, &out);
	send_slice(fsm->session, fsm->context, fsm->now, connection, slice_of(&out),
		   BGP_NOTIFICATION, 0, 0);
}

void send_open(const struct fsm *fsm, struct session_connection *connection)
{
	const struct bgp_profile *profile = fsm->context->profile;
	uint8_t order[OPEN_ORDER_MAX];
	uint8_t room[BGP_MESSAGE_MAX];
	struct writer out = writer_of(room, sizeof(room));
	struct bgp_open open;
	open_build(fsm->session, fsm->context, fsm->now, &open);
	open_order(fsm->session, fsm->context, order);
	bgp_open_encode(&open, order, profile->capability_per_parameter, &out);
	send_slice(fsm->session, fsm->context, fsm->now, connection, slice_of(&out), BGP_OPEN,
		   0, 0);
}
