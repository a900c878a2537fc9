/* TCP for one virtual node, as Linux behaves where BGP can tell.
 *
 * Objects. A tcp_host is the kernel of one node: connections found by four-tuple through a
 * hash index and by number through a table of slots; listeners with their two queues; one
 * heap of wakeups; two lists, of connections that may have something to send and of those
 * with something to tell.  Nothing walks over all connections except tcp_host_close_all:
 * a segment, a timer and a poll each cost the same whether a reflector has ten clients or
 * ten thousand. The rules live in leaves that know no connection: tcp_segment and tcp_md5
 * (bytes), tcp_queue and tcp_early (what waits to be sent, or to be joined), tcp_rto (how
 * long to wait), tcp_congestion (how much may be in flight).
 *
 * In: tcp_segment_arrived, tcp_unreachable, tcp_time_reached, and the daemon's calls. They
 * change a connection, note what is owed (conn->owed, conn->untold) and put it on a list. Out:
 * tcp_event_next and tcp_output_next look at the lists. A segment is cut when it is polled,
 * so what was written in one instant leaves together and ACKs ride on data; the third segment
 * of a handshake is sent bare nevertheless, because Linux sends it before a daemon can wake up.
 *
 * Kept of Linux (6.x, default sysctls): SYN offers MSS and window scale 7 with a window of
 * 64240, later "win 502"; SYNs repeat after 1,1,1,1,1,2,4,8,16,32 s and give up 64 s later
 * (tcp_syn_linear_timeouts = 4; a kernel's timer wheel makes the long ones up to 1/8 longer),
 * SYN-ACKs after 1,2,4,8,16 s, with 32 s more; an accept queue of backlog + 1, behind which
 * SYNs and final ACKs are dropped; retransmission timeout = smoothed RTT + max(4 * deviation,
 * 200 ms), at most 120 s; 15 retries as a time (924.6 s; 102.2 s for a closed socket);
 * zero-length probes one byte back; 10 segments of initial window, slow start again after
 * idleness; Minshall's form of Nagle; quick ACKs while young or after idleness, else every
 * second full segment or 40 ms; a FIN's ACK delayed so that it can ride on the answering FIN;
 * RST instead of FIN when closing with unread bytes, and for data after close; TIME-WAIT and
 * orphaned FIN-WAIT-2 of 60 s, TIME-WAIT reused by a newer SYN; challenge ACKs (RFC 5961),
 * two a second a connection; unreachable ends a connect at once and later only takes back
 * a doubling (RFC 6069); MD5 signatures, on RSTs too: a stray segment is answered with the
 * listener's key, and without a listener with an unsigned RST its sender will ignore.
 *
 * Left out, legally: SACK and timestamps are not offered, so full segments carry 1460 bytes,
 * loss is repaired as NewReno does (RFC 6582) and a repeated SYN leaves no RTT sample (3
 * s then, RFC 6298).  Congestion avoidance is Reno, not CUBIC. No tail loss probe, F-RTO,
 * ECN, fast open, keepalive (no BGP daemon turns it on), urgent data, window auto-tuning:
 * the receive window stays at 64256, which is what fills while a process hangs; the send
 * queue is the owner's to limit.
 *
 * RFC 9293, 5681, 6582, 6298, 7323 (scaling), 5961, 6069, 6191, 2385, 5082. */
#include <stdlib.h>

#include "base/assert.h"
#include "sim/virtual/tcp_conn.h"

#define MTU_DEFAULT 1500u
#define MTU_LEAST 576u
#define SYN_LINEAR_TIMEOUTS 4

struct tcp_host *tcp_host_new(const struct tcp_host_config *config)
{
	struct tcp_host *host = memory_zalloc(sizeof(*host));
	host->config = *config;
	if (host->config.mtu == 0)
		host->config.mtu = MTU_DEFAULT;
	ASSERT(host->config.mtu >= MTU_LEAST);
	host->scratch = memory_alloc(TCP_HEADROOM + TCP_HEADER_BYTES_MAX + host->config.mtu);
	if (host->config.syn_linear_timeouts == 0)
		host->config.syn_linear_timeouts = SYN_LINEAR_TIMEOUTS;
	else if (host->config.syn_linear_timeouts < 0)
		host->config.syn_linear_timeouts = 0;
	hash_index_init(&host->tuples);
	heap_init(&host->wakeups);
	TAILQ_INIT(&host->output);
	TAILQ_INIT(&host->events);
	host->reading = true;
	return host;
}

void tcp_host_free(struct tcp_host *host)
{
	if (!host)
		return;
	for (uint32_t number = 1; number < host->slot_count; number++) {
		struct tcp_conn *conn = tcp_conn_numbered(host, number);
		if (conn)
			tcp_conn_free(host, conn);
	}
	while (host->listeners)
		tcp_listener_close(host, host->listeners);
	free(host->scratch);
	hash_index_free(&host->tuples);
	heap_free(&host->wakeups);
	free(host->slots);
	free(host->strays);
	free(host->lent);
	free(host->spare);
	free(host);
}

void tcp_host_close_all(struct tcp_host *host, struct instant now)
{
	while (host->listeners)
		tcp_listener_close(host, host->listeners);
	for (uint32_t number = 1; number < host->slot_count; number++) {
		struct tcp_conn *conn = tcp_conn_numbered(host, number);
		if (conn)
			tcp_close(host, now, conn->id);
	}
	host->reading = true;
}

/* ---- sockets ------------------------------------------------------------------------------- */

tcp_id tcp_connect(struct tcp_host *host, struct instant now,
		   const struct tcp_connect_options *options)
{
	/* the SYN leaves, and its timer starts, at the next poll */
	struct random_stream random = tcp_random(host, options->remote, now);
	struct ip_addr local = options->local;
	if (local.family == IP_NONE && host->config.choose_local)
		local = host->config.choose_local(host->config.context, options->remote);
	if (local.family == IP_NONE || local.family != options->remote.family)
		return 0;
	struct tcp_conn *conn = tcp_conn_new(host);
	conn->local = local;
	conn->remote = options->remote;
	conn->remote_port = options->remote_port;
	conn->local_port = options->local_port ? options->local_port
					       : tcp_port_pick(host, conn, &random);
	if (conn->local_port == 0 || tcp_conn_find(host, local, conn->local_port, conn->remote,
						   conn->remote_port)) {
		tcp_conn_free(host, conn);
		return 0;
	}
	conn->cookie = options->cookie;
	tcp_conn_options(conn, &options->socket);
	conn->iss = (uint32_t)random_u64(&random);
	conn->una = conn->next = conn->max = conn->iss;
	conn->state = TCP_SYN_SENT;
	tcp_conn_enter(host, conn);
	conn->owed = TCP_OWE_SYN;
	tcp_conn_touch(host, conn);
	return conn->id;
}

void tcp_set_cookie(struct tcp_host *host, tcp_id connection, uint64_t cookie)
{
	struct tcp_conn *conn = tcp_conn_owned(host, connection);
	if (conn)
		conn->cookie = cookie;
}

void tcp_set_options(struct tcp_host *host, tcp_id connection, const struct tcp_options *options)
{
	struct tcp_conn *conn = tcp_conn_owned(host, connection);
	if (!conn)
		return;
	tcp_conn_options(conn, options);
	if (conn->peer_mss)
		conn->congestion.mss = conn->peer_mss - (conn->md5 ? TCP_MD5_OPTION_BYTES : 0);
}

static struct tcp_conn *conn_writable(struct tcp_host *host, tcp_id connection)
{
	struct tcp_conn *conn = tcp_conn_owned(host, connection);
	if (!conn || conn->fin_queued)
		return NULL;
	switch (conn->state) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECEIVED:
	case TCP_ESTABLISHED:
	case TCP_CLOSE_WAIT:
		return conn;
	default:
		return NULL;
	}
}

bool tcp_send(struct tcp_host *host, tcp_id connection, const void *bytes, size_t length)
{
	ASSERT(length <= UINT32_MAX);
	struct tcp_conn *conn = conn_writable(host, connection);
	if (!conn)
		return false;
	if (length > 0) {
		tcp_queue_copy(&conn->queue, bytes, (uint32_t)length);
		tcp_conn_touch(host, conn);
	}
	return true;
}

bool tcp_send_borrowed(struct tcp_host *host, tcp_id connection, const uint8_t *bytes,
		       size_t length, void (*release)(void *context), void *context)
{
	ASSERT(length <= UINT32_MAX);
	struct tcp_conn *conn = conn_writable(host, connection);
	if (!conn || length == 0) {
		if (release)
			release(context);
		return conn != NULL;
	}
	tcp_queue_borrow(&conn->queue, bytes, (uint32_t)length, release, context);
	tcp_conn_touch(host, conn);
	return true;
}

static void sending_end(struct tcp_conn *conn)
{
	if (conn->state == TCP_ESTABLISHED)
		conn->state = TCP_FIN_WAIT_1;
	else if (conn->state == TCP_CLOSE_WAIT)
		conn->state = TCP_LAST_ACK;
	else
		return;
	conn->fin_queued = true;
}

void tcp_shutdown(struct tcp_host *host, struct instant now, tcp_id connection)
{
	(void)now;
	struct tcp_conn *conn = tcp_conn_owned(host, connection);
	if (!conn)
		return;
	sending_end(conn);
	tcp_conn_touch(host, conn);
}

/* The owner's interest ends here; the kernel's may go on. */
static void conn_disown(struct tcp_conn *conn)
{
	conn->orphan = true;
	conn->untold = 0;
	conn->sent_untold = 0;
	free(conn->bytes);
	conn->bytes = NULL;
	conn->unread = conn->room = 0;
}

void tcp_close(struct tcp_host *host, struct instant now, tcp_id connection)
{
	struct tcp_conn *conn = tcp_conn_owned(host, connection);
	if (!conn)
		return;
	if (conn->state == TCP_CLOSED || conn->state == TCP_SYN_SENT) {
		tcp_conn_free(host, conn);
		return;
	}
	if (conn->state == TCP_SYN_RECEIVED || (conn->unread > 0 && conn->state != TCP_TIME_WAIT)) {
		tcp_abort(host, now, connection); /* RFC 2525 section 2.17 */
		return;
	}
	conn_disown(conn);
	sending_end(conn);
	if (conn->state == TCP_FIN_WAIT_2)
		conn->timer[TCP_TIMER_LINGER] = instant_add(now, TCP_LINGER_NS);
	tcp_conn_touch(host, conn);
}

void tcp_abort(struct tcp_host *host, struct instant now, tcp_id connection)
{
	(void)now;
	struct tcp_conn *conn = tcp_conn_owned(host, connection);
	if (!conn)
		return;
	if (conn->state == TCP_TIME_WAIT) {
		conn_disown(conn);
		tcp_conn_settle(host, conn);
		return;
	}
	if (conn->state != TCP_CLOSED && conn->state != TCP_SYN_SENT)
		tcp_reset_conn(host, conn);
	tcp_conn_free(host, conn);
}

/* ---- looking in ---------------------------------------------------------------------------- */

const char *tcp_close_reason_name(enum tcp_close_reason reason)
{
	static const char *const names[] = {
		[TCP_CLOSE_REFUSED] = "connection refused",
		[TCP_CLOSE_TIMED_OUT] = "connection timed out",
		[TCP_CLOSE_UNREACHABLE] = "no route to host",
		[TCP_CLOSE_FIN] = "closed",
		[TCP_CLOSE_RESET] = "connection reset by peer",
	};
	ASSERT((size_t)reason < sizeof(names) / sizeof(names[0]));
	return names[reason];
}

const char *tcp_state_name(enum tcp_state state)
{
	static const char *const names[] = {
		[TCP_CLOSED] = "UNCONN",
		[TCP_SYN_SENT] = "SYN-SENT",
		[TCP_SYN_RECEIVED] = "SYN-RECV",
		[TCP_ESTABLISHED] = "ESTAB",
		[TCP_FIN_WAIT_1] = "FIN-WAIT-1",
		[TCP_FIN_WAIT_2] = "FIN-WAIT-2",
		[TCP_CLOSE_WAIT] = "CLOSE-WAIT",
		[TCP_CLOSING] = "CLOSING",
		[TCP_LAST_ACK] = "LAST-ACK",
		[TCP_TIME_WAIT] = "TIME-WAIT",
	};
	ASSERT((size_t)state < sizeof(names) / sizeof(names[0]));
	return names[state];
}

enum tcp_state tcp_connection_state(const struct tcp_host *host, tcp_id connection)
{
	const struct tcp_conn *conn = tcp_conn_of(host, connection);
	return conn ? conn->state : TCP_CLOSED;
}

size_t tcp_unacknowledged(const struct tcp_host *host, tcp_id connection)
{
	const struct tcp_conn *conn = tcp_conn_of(host, connection);
	return conn ? tcp_queue_length(&conn->queue) : 0;
}

bool tcp_quiet(const struct tcp_host *host)
{
	return host->busy == 0 && host->first_stray == host->stray_count;
}

const struct tcp_counters *tcp_counters(const struct tcp_host *host) { return &host->counters; }

uint32_t tcp_connection_count(const struct tcp_host *host) { return host->live; }
