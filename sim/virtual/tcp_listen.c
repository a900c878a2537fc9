#include <stdlib.h>

#include "base/assert.h"
#include "sim/virtual/tcp_conn.h"

#define LISTENER_BIT 0x80000000u

struct tcp_listener *tcp_listener_find(const struct tcp_host *host, struct ip_addr local,
				       uint16_t port)
{
	struct tcp_listener *any = NULL;
	for (struct tcp_listener *l = host->listeners; l; l = l->next) {
		if (l->options.port != port)
			continue;
		if (ip_addr_equal(l->options.local, local))
			return l;
		if (l->options.local.family == IP_NONE)
			any = l;
	}
	return any;
}

tcp_id tcp_listen(struct tcp_host *host, const struct tcp_listen_options *options)
{
	struct tcp_listener **end = &host->listeners;
	for (; *end; end = &(*end)->next) {
		const struct tcp_listen_options *other = &(*end)->options;
		if (other->port == options->port &&
		    (ip_addr_equal(other->local, options->local) ||
		     other->local.family == IP_NONE || options->local.family == IP_NONE))
			return 0;
	}
	struct tcp_listener *listener = memory_zalloc(sizeof(*listener));
	listener->id = LISTENER_BIT | ++host->listener_numbers;
	listener->options = *options;
	TAILQ_INIT(&listener->opening);
	TAILQ_INIT(&listener->waiting);
	*end = listener;
	return listener->id;
}

void tcp_listener_options(const struct tcp_listener *listener, struct ip_addr remote,
			  struct tcp_options *options)
{
	*options = (struct tcp_options){ 0 };
	if (listener->options.peer &&
	    !listener->options.peer(listener->options.context, remote, options))
		*options = (struct tcp_options){ 0 };
}

/* Linux compares with >, so a backlog of n lets n + 1 wait. */
bool tcp_listener_full(const struct tcp_listener *listener)
{
	return listener->waiting_count > listener->options.backlog;
}

void tcp_listener_opened(struct tcp_host *host, struct tcp_conn *conn)
{
	struct tcp_listener *listener = conn->listener;
	TAILQ_REMOVE(&listener->opening, conn, listener_link);
	TAILQ_INSERT_TAIL(&listener->waiting, conn, listener_link);
	listener->waiting_count++;
	conn->in_waiting = true;
	tcp_tell(host, conn, TCP_TELL_ACCEPTED);
}

/* Out of whichever of the two queues it stands in. */
void tcp_listener_forget(struct tcp_conn *conn)
{
	struct tcp_listener *listener = conn->listener;
	if (!listener)
		return;
	if (conn->in_waiting) {
		TAILQ_REMOVE(&listener->waiting, conn, listener_link);
		listener->waiting_count--;
		conn->in_waiting = false;
	} else {
		TAILQ_REMOVE(&listener->opening, conn, listener_link);
	}
	conn->listener = NULL;
}

void tcp_listener_syn(struct tcp_host *host, struct tcp_listener *listener,
		      const struct tcp_arrival *arrival, const uint32_t *iss)
{
	if (tcp_listener_full(listener)) {
		host->counters.listen_overflows++;
		return;
	}
	struct tcp_options options;
	tcp_listener_options(listener, arrival->source, &options);
	struct random_stream random = tcp_random(host, arrival->source, arrival->now);
	struct tcp_conn *conn = tcp_conn_new(host);
	tcp_conn_options(conn, &options);
	conn->local = arrival->destination;
	conn->local_port = arrival->header.destination_port;
	conn->remote = arrival->source;
	conn->remote_port = arrival->header.source_port;
	conn->state = TCP_SYN_RECEIVED;
	conn->listener = listener;
	TAILQ_INSERT_TAIL(&listener->opening, conn, listener_link);
	tcp_conn_enter(host, conn);
	conn->iss = iss ? *iss : (uint32_t)random_u64(&random);
	conn->una = conn->next = conn->max = conn->iss;
	tcp_syn_taken(conn, host, &arrival->header);
	conn->owed = TCP_OWE_SYN;
	tcp_conn_touch(host, conn);
}

void tcp_listener_close(struct tcp_host *host, struct tcp_listener *listener)
{
	struct tcp_listener **at = &host->listeners;
	while (*at != listener)
		at = &(*at)->next;
	*at = listener->next;
	struct tcp_conn *conn;
	while ((conn = TAILQ_FIRST(&listener->opening)) != NULL)
		tcp_conn_free(host, conn); /* the peer finds out when it says something */
	while ((conn = TAILQ_FIRST(&listener->waiting)) != NULL) {
		if (conn->state != TCP_CLOSED)
			tcp_reset_conn(host, conn);
		tcp_conn_free(host, conn);
	}
	free(listener);
}

void tcp_listen_close(struct tcp_host *host, struct instant now, tcp_id listener_id)
{
	(void)now;
	for (struct tcp_listener *l = host->listeners; l; l = l->next)
		if (l->id == listener_id) {
			tcp_listener_close(host, l);
			return;
		}
}
