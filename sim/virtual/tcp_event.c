#include <stdlib.h>

#include "base/assert.h"
#include "sim/virtual/tcp_conn.h"

#define BUFFER_LEAST 4096u

/* ---- receive buffers ------------------------------------------------------------------------ */

uint8_t *tcp_buffer_take(struct tcp_host *host, uint32_t needed, uint32_t *room)
{
	if (host->spare && host->spare_room >= needed) {
		uint8_t *bytes = host->spare;
		*room = host->spare_room;
		host->spare = NULL;
		return bytes;
	}
	*room = BUFFER_LEAST;
	while (*room < needed)
		*room *= 2;
	return memory_alloc(*room);
}

/* A daemon mostly reads at once, so one spare serves all connections of a host. */
void tcp_buffer_give(struct tcp_host *host, uint8_t *bytes, uint32_t room)
{
	if (host->spare && host->spare_room >= room) {
		free(bytes);
		return;
	}
	free(host->spare);
	host->spare = bytes;
	host->spare_room = room;
}

/* ---- events -------------------------------------------------------------------------------- */

void tcp_tell(struct tcp_host *host, struct tcp_conn *conn, uint8_t what)
{
	if (conn->orphan)
		return;
	conn->untold |= what;
	if (conn->in_events)
		return;
	if (conn->listener && conn->listener->options.manual_accept)
		return; /* nobody knows it yet: tcp_accept will bring it here */
	conn->in_events = true;
	TAILQ_INSERT_TAIL(&host->events, conn, event_link);
}

static void event_fill(struct tcp_event *event, enum tcp_event_kind kind,
		       const struct tcp_conn *conn)
{
	*event = (struct tcp_event){
		.kind = kind,
		.connection = conn->id,
		.cookie = conn->cookie,
		.local = conn->local,
		.remote = conn->remote,
		.local_port = conn->local_port,
		.remote_port = conn->remote_port,
	};
}

static void accepted_fill(struct tcp_event *event, struct tcp_conn *conn)
{
	event_fill(event, TCP_EVENT_ACCEPTED, conn);
	event->listener = conn->listener->id;
	conn->untold &= (uint8_t)~TCP_TELL_ACCEPTED;
	tcp_listener_forget(conn);
}

static void received_fill(struct tcp_host *host, struct tcp_conn *conn, struct tcp_event *event)
{
	event_fill(event, TCP_EVENT_RECEIVED, conn);
	event->bytes = host->lent = conn->bytes;
	event->length = conn->unread;
	host->lent_room = conn->room;
	conn->bytes = NULL;
	conn->unread = conn->room = 0;
	if (conn->state != TCP_CLOSED && conn->state != TCP_TIME_WAIT)
		tcp_window_opened(conn);
}

/* The owner knows it is over: what is left of it is the kernel's alone. */
static void closed_fill(struct tcp_host *host, struct tcp_conn *conn, struct tcp_event *event)
{
	event_fill(event, TCP_EVENT_CLOSED, conn);
	event->reason = conn->reason;
	conn->untold = 0;
	conn->orphan = true;
	conn->unread = 0; /* held by tcp_set_reading, and never asked for */
	if (conn->state == TCP_CLOSED)
		tcp_conn_free(host, conn);
	else
		tcp_conn_settle(host, conn);
}

/* The next event of this connection; false: none. It may be freed by telling its end. */
static bool conn_event(struct tcp_host *host, struct tcp_conn *conn, struct tcp_event *event)
{
	if (conn->orphan)
		return false;
	if (conn->untold & TCP_TELL_OPENED) {
		conn->untold &= (uint8_t)~TCP_TELL_OPENED;
		event_fill(event, TCP_EVENT_OPENED, conn);
	} else if (conn->untold & TCP_TELL_ACCEPTED) {
		accepted_fill(event, conn);
	} else if (conn->sent_untold > 0) {
		event_fill(event, TCP_EVENT_SENT, conn);
		event->length = conn->sent_untold;
		conn->sent_untold = 0;
	} else if (conn->unread > 0 && conn->reading) {
		received_fill(host, conn, event);
	} else if ((conn->untold & TCP_TELL_FIN) && conn->reading) {
		conn->untold &= (uint8_t)~TCP_TELL_FIN;
		event_fill(event, TCP_EVENT_PEER_FIN, conn);
	} else if (conn->untold & TCP_TELL_CLOSED) {
		closed_fill(host, conn, event);
		return true;
	} else {
		return false;
	}
	tcp_conn_touch(host, conn);
	return true;
}

static void lent_take_back(struct tcp_host *host)
{
	if (host->lent)
		tcp_buffer_give(host, host->lent, host->lent_room);
	host->lent = NULL;
}

bool tcp_event_next(struct tcp_host *host, struct instant now, struct tcp_event *event)
{
	(void)now; /* part of the waist: a world may give reading a duration one day */
	lent_take_back(host);
	if (!host->reading)
		return false;
	struct tcp_conn *conn;
	while ((conn = TAILQ_FIRST(&host->events)) != NULL) {
		if (conn_event(host, conn, event))
			return true;
		TAILQ_REMOVE(&host->events, conn, event_link);
		conn->in_events = false;
	}
	return false;
}

bool tcp_accept(struct tcp_host *host, tcp_id listener_id, struct tcp_event *event)
{
	for (struct tcp_listener *listener = host->listeners; listener; listener = listener->next) {
		struct tcp_conn *conn = TAILQ_FIRST(&listener->waiting);
		if (listener->id != listener_id || !conn)
			continue;
		accepted_fill(event, conn);
		tcp_tell(host, conn, 0);
		tcp_conn_touch(host, conn);
		return true;
	}
	return false;
}

void tcp_set_reading(struct tcp_host *host, struct instant now, tcp_id connection, bool reading)
{
	(void)now;
	struct tcp_conn *conn = tcp_conn_owned(host, connection);
	if (!conn)
		return;
	conn->reading = reading;
	tcp_tell(host, conn, 0);
}

void tcp_host_set_reading(struct tcp_host *host, struct instant now, bool reading)
{
	(void)now;
	host->reading = reading;
}
