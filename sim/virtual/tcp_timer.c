/* What happens when time passes. A connection has a few deadlines and at most one entry in the
 * host's heap that counts; deadlines pushed back cost nothing until the old one comes up. */
#include "sim/virtual/tcp_conn.h"

#define SYN_RETRIES 6u        /* net.ipv4.tcp_syn_retries */
#define SYN_ACK_RETRIES 5u    /* net.ipv4.tcp_synack_retries */
#define PROBE_RETRIES 15u     /* net.ipv4.tcp_retries2, for probes nobody answers */
#define ORPHAN_RETRIES 8u     /* net.ipv4.tcp_orphan_retries = 0 */
/* tcp_retries2 and tcp_orphan_retries, in the time they would take from a timeout of 200 ms:
 * 0.2 s * (2^10 - 1) + 6 * 120 s, and 0.2 s * (2^9 - 1). */
#define GIVE_UP_NS (924600 * NS_PER_MS)
#define ORPHAN_GIVE_UP_NS (102200 * NS_PER_MS)

static void give_up(struct tcp_host *host, struct tcp_conn *conn)
{
	tcp_conn_finish(host, conn, conn->soft_error ? TCP_CLOSE_UNREACHABLE : TCP_CLOSE_TIMED_OUT);
}

static void restart(struct tcp_conn *conn, struct instant now)
{
	conn->timer[TCP_TIMER_RETRANSMIT] = instant_add(now, tcp_rto_now(&conn->rto));
}

static void syn_late(struct tcp_host *host, struct tcp_conn *conn, struct instant now)
{
	uint32_t linear = conn->listener ? 0 : (uint32_t)host->config.syn_linear_timeouts;
	uint32_t retries = conn->listener ? SYN_ACK_RETRIES : SYN_RETRIES + linear;
	if (conn->attempts >= retries) {
		give_up(host, conn);
		return;
	}
	conn->attempts++;
	if (conn->attempts > linear)
		tcp_rto_back_off(&conn->rto);
	conn->owed |= TCP_OWE_SYN;
	restart(conn, now);
	tcp_conn_touch(host, conn);
}

static void data_late(struct tcp_host *host, struct tcp_conn *conn, struct instant now)
{
	if (conn->attempts == 0)
		conn->stalled_since =
			(struct instant){ now.ns - tcp_rto_now(&conn->rto) };
	int64_t patience_ns = conn->orphan ? ORPHAN_GIVE_UP_NS : GIVE_UP_NS;
	if (instant_since(now, conn->stalled_since) >= patience_ns) {
		give_up(host, conn);
		return;
	}
	host->counters.timeouts++;
	tcp_congestion_timeout(&conn->congestion, conn->max - conn->una, conn->max,
			       conn->attempts == 0);
	conn->attempts++;
	conn->next = conn->una; /* and from there on, as the window grows again */
	conn->timing = false;
	tcp_rto_back_off(&conn->rto);
	conn->owed |= TCP_OWE_RETRANSMIT;
	restart(conn, now);
	tcp_conn_touch(host, conn);
}

static void probe_due(struct tcp_host *host, struct tcp_conn *conn, struct instant now)
{
	if (tcp_queue_length(&conn->queue) == 0 && !conn->fin_queued)
		return;
	if (conn->attempts >= (conn->orphan ? ORPHAN_RETRIES : PROBE_RETRIES)) {
		give_up(host, conn);
		return;
	}
	conn->attempts++;
	tcp_rto_back_off(&conn->rto);
	conn->owed |= TCP_OWE_PROBE;
	restart(conn, now);
	tcp_conn_touch(host, conn);
}

static void retransmit_due(struct tcp_host *host, struct tcp_conn *conn, struct instant now)
{
	if (conn->state == TCP_SYN_SENT || conn->state == TCP_SYN_RECEIVED)
		syn_late(host, conn, now);
	else if (conn->una != conn->max)
		data_late(host, conn, now);
	else
		probe_due(host, conn, now);
}

static void ack_due(struct tcp_host *host, struct tcp_conn *conn, struct instant now)
{
	(void)now;
	conn->ping_pong = false; /* no data came for it to ride on */
	conn->owed |= TCP_OWE_ACK;
	tcp_conn_touch(host, conn);
}

static void linger_due(struct tcp_host *host, struct tcp_conn *conn, struct instant now)
{
	(void)now;
	tcp_conn_finish(host, conn, TCP_CLOSE_FIN);
}

static void (*const timer_due[TCP_TIMERS])(struct tcp_host *host, struct tcp_conn *conn,
					   struct instant now) = {
	[TCP_TIMER_RETRANSMIT] = retransmit_due,
	[TCP_TIMER_ACK] = ack_due,
	[TCP_TIMER_LINGER] = linger_due,
};

static void conn_time_reached(struct tcp_host *host, tcp_id id, struct instant now)
{
	for (int i = 0; i < TCP_TIMERS; i++) {
		struct tcp_conn *conn = tcp_conn_of(host, id);
		if (!conn) /* the timer before this one ended it */
			return;
		if (instant_before(now, conn->timer[i]))
			continue;
		conn->timer[i] = INSTANT_NEVER;
		timer_due[i](host, conn, now);
	}
	struct tcp_conn *conn = tcp_conn_of(host, id);
	if (conn)
		tcp_conn_settle(host, conn);
}

/* The connection an entry wakes, or NULL if the entry is stale. */
static struct tcp_conn *entry_conn(const struct tcp_host *host, const struct heap_entry *entry)
{
	struct tcp_conn *conn = tcp_conn_of(host, (tcp_id)entry->value);
	return conn && conn->armed.ns == entry->key ? conn : NULL;
}

struct instant tcp_next_wakeup(struct tcp_host *host)
{
	const struct heap_entry *top;
	while ((top = heap_top(&host->wakeups)) != NULL) {
		struct tcp_conn *conn = entry_conn(host, top);
		if (conn)
			for (int i = 0; i < TCP_TIMERS; i++)
				if (conn->timer[i].ns <= top->key)
					return (struct instant){ top->key };
		heap_pop(&host->wakeups);
		if (conn) {
			conn->armed = INSTANT_NEVER;
			tcp_conn_settle(host, conn); /* puts it back at its true time */
		}
	}
	return INSTANT_NEVER;
}

void tcp_time_reached(struct tcp_host *host, struct instant now)
{
	const struct heap_entry *top;
	while ((top = heap_top(&host->wakeups)) != NULL && top->key <= now.ns) {
		struct heap_entry entry = heap_pop(&host->wakeups);
		struct tcp_conn *conn = entry_conn(host, &entry);
		if (!conn)
			continue;
		conn->armed = INSTANT_NEVER;
		conn_time_reached(host, (tcp_id)entry.value, now);
	}
}
