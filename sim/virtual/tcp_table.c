#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "sim/virtual/tcp_conn.h"

/* A number is generation << NUMBER_BITS | slot; listeners have the top bit. */
#define NUMBER_BITS 21u
#define NUMBER_MASK ((1u << NUMBER_BITS) - 1)
#define GENERATION_MASK 0x3ffu

#define PORT_FIRST 32768u /* net.ipv4.ip_local_port_range */
#define PORT_COUNT 28232u

static uint32_t slot_take(struct tcp_host *host)
{
	uint32_t number = host->free_slot;
	if (number) {
		host->free_slot = host->slots[number].next_free;
		return number;
	}
	if (host->slot_count == 0)
		host->slot_count = 1;
	number = host->slot_count++;
	ASSERT(number <= NUMBER_MASK);
	if (number >= host->slot_capacity)
		host->slots = memory_grow(host->slots, &host->slot_capacity, number + 1,
					  sizeof(*host->slots));
	host->slots[number] = (struct tcp_slot){ 0 };
	return number;
}

struct tcp_conn *tcp_conn_new(struct tcp_host *host)
{
	uint32_t number = slot_take(host);
	struct tcp_slot *slot = &host->slots[number];
	struct tcp_conn *conn = memory_zalloc(sizeof(*conn));
	slot->conn = conn;
	host->live++;
	conn->id = slot->generation << NUMBER_BITS | number;
	conn->reading = true;
	for (int i = 0; i < TCP_TIMERS; i++)
		conn->timer[i] = INSTANT_NEVER;
	conn->armed = conn->data_at = INSTANT_NEVER;
	conn->challenged_at = (struct instant){ -TCP_CHALLENGE_GAP_NS };
	conn->segment_size = TCP_MSS_DEFAULT;
	conn->quick_acks = TCP_QUICK_ACKS;
	tcp_rto_init(&conn->rto);
	return conn;
}

void tcp_conn_free(struct tcp_host *host, struct tcp_conn *conn)
{
	tcp_conn_leave(host, conn);
	tcp_listener_forget(conn);
	if (conn->in_output)
		TAILQ_REMOVE(&host->output, conn, output_link);
	if (conn->in_events)
		TAILQ_REMOVE(&host->events, conn, event_link);
	host->busy -= conn->busy;
	tcp_queue_free(&conn->queue);
	tcp_early_free(&conn->early);
	free(conn->bytes);
	free(conn->md5);
	uint32_t number = conn->id & NUMBER_MASK;
	struct tcp_slot *slot = &host->slots[number];
	slot->generation = (slot->generation + 1) & GENERATION_MASK;
	slot->conn = NULL;
	slot->next_free = host->free_slot;
	host->free_slot = number;
	host->live--;
	free(conn);
}

struct tcp_conn *tcp_conn_numbered(const struct tcp_host *host, uint32_t number)
{
	return number > 0 && number < host->slot_count ? host->slots[number].conn : NULL;
}

struct tcp_conn *tcp_conn_of(const struct tcp_host *host, tcp_id id)
{
	struct tcp_conn *conn = tcp_conn_numbered(host, id & NUMBER_MASK);
	return conn && conn->id == id ? conn : NULL;
}

struct tcp_conn *tcp_conn_owned(const struct tcp_host *host, tcp_id id)
{
	struct tcp_conn *conn = tcp_conn_of(host, id);
	return conn && !conn->orphan ? conn : NULL;
}

/* ---- four-tuples --------------------------------------------------------------------------- */

static uint64_t tuple_hash(struct ip_addr local, uint16_t local_port, struct ip_addr remote,
			   uint16_t remote_port)
{
	return hash_u64(ip_addr_hash(local) ^ hash_u64(ip_addr_hash(remote) ^
						       ((uint64_t)local_port << 16 | remote_port)));
}

static uint64_t conn_hash(const void *context, uint32_t number)
{
	const struct tcp_host *host = context;
	const struct tcp_conn *conn = host->slots[number].conn;
	return tuple_hash(conn->local, conn->local_port, conn->remote, conn->remote_port);
}

struct tcp_conn *tcp_conn_find(const struct tcp_host *host, struct ip_addr local,
			       uint16_t local_port, struct ip_addr remote, uint16_t remote_port)
{
	uint64_t hash = tuple_hash(local, local_port, remote, remote_port);
	uint32_t cursor = HASH_NONE, number;
	while ((number = hash_index_next(&host->tuples, hash, &cursor)) != HASH_NONE) {
		struct tcp_conn *conn = host->slots[number].conn;
		if (conn->local_port == local_port && conn->remote_port == remote_port &&
		    ip_addr_equal(conn->remote, remote) && ip_addr_equal(conn->local, local))
			return conn;
	}
	return NULL;
}

void tcp_conn_enter(struct tcp_host *host, struct tcp_conn *conn)
{
	uint32_t number = conn->id & NUMBER_MASK;
	hash_index_add(&host->tuples, conn_hash(host, number), number, conn_hash, host);
}

void tcp_conn_leave(struct tcp_host *host, struct tcp_conn *conn)
{
	if (conn->state == TCP_CLOSED)
		return;
	uint32_t number = conn->id & NUMBER_MASK;
	bool found = hash_index_remove(&host->tuples, conn_hash(host, number), number);
	ASSERT(found);
	conn->state = TCP_CLOSED;
}

struct random_stream tcp_random(const struct tcp_host *host, struct ip_addr remote,
				struct instant now)
{
	struct random_stream random =
		random_stream_part(&host->config.random, ip_addr_hash(remote));
	random.counter = (uint64_t)now.ns << 8;
	return random;
}

uint16_t tcp_port_pick(struct tcp_host *host, const struct tcp_conn *conn,
		       struct random_stream *random)
{
	uint32_t first = (uint32_t)random_below(random, PORT_COUNT);
	for (uint32_t i = 0; i < PORT_COUNT; i++) {
		uint16_t port = (uint16_t)(PORT_FIRST + (first + i) % PORT_COUNT);
		if (!tcp_listener_find(host, conn->local, port) &&
		    !tcp_conn_find(host, conn->local, port, conn->remote, conn->remote_port))
			return port;
	}
	return 0;
}

/* ---- life ---------------------------------------------------------------------------------- */

static bool conn_is_busy(const struct tcp_conn *conn)
{
	if (conn->owed || conn->untold || conn->sent_untold || conn->unread || conn->early.count)
		return true;
	switch (conn->state) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECEIVED:
		return true;
	case TCP_CLOSED:
	case TCP_TIME_WAIT:
	case TCP_FIN_WAIT_2:
		return false;
	default:
		return conn->una != conn->max || conn->fin_queued ||
		       tcp_queue_length(&conn->queue) ||
		       !instant_is_never(conn->timer[TCP_TIMER_ACK]);
	}
}

static void conn_arm(struct tcp_host *host, struct tcp_conn *conn)
{
	struct instant soonest = conn->timer[0];
	for (int i = 1; i < TCP_TIMERS; i++)
		soonest = instant_min(soonest, conn->timer[i]);
	/* A timer pushed back leaves its early entry in the heap: tcp_next_wakeup moves it. */
	if (instant_before(soonest, conn->armed)) {
		conn->armed = soonest;
		heap_push(&host->wakeups, soonest.ns, conn->id);
	}
}

void tcp_conn_settle(struct tcp_host *host, struct tcp_conn *conn)
{
	bool busy = conn_is_busy(conn);
	host->busy += busy;
	host->busy -= conn->busy;
	conn->busy = busy;
	conn_arm(host, conn);
}

void tcp_conn_touch(struct tcp_host *host, struct tcp_conn *conn)
{
	if (!conn->in_output && conn->state != TCP_CLOSED) {
		conn->in_output = true;
		TAILQ_INSERT_TAIL(&host->output, conn, output_link);
	}
	tcp_conn_settle(host, conn);
}

/* Nothing will be sent or timed any more. */
static void conn_silence(struct tcp_host *host, struct tcp_conn *conn)
{
	conn->owed = 0;
	for (int i = 0; i < TCP_TIMERS; i++)
		conn->timer[i] = INSTANT_NEVER;
	tcp_queue_free(&conn->queue);
	tcp_early_free(&conn->early);
	if (conn->in_output)
		TAILQ_REMOVE(&host->output, conn, output_link);
	conn->in_output = false;
}

void tcp_conn_finish(struct tcp_host *host, struct tcp_conn *conn, enum tcp_close_reason reason)
{
	bool opening = conn->listener && conn->state == TCP_SYN_RECEIVED;
	if (conn->orphan || opening) {
		tcp_conn_free(host, conn);
		return;
	}
	tcp_conn_leave(host, conn);
	conn_silence(host, conn);
	conn->reason = reason;
	tcp_tell(host, conn, TCP_TELL_CLOSED);
	tcp_conn_settle(host, conn);
}

void tcp_conn_linger(struct tcp_host *host, struct tcp_conn *conn, struct instant now)
{
	uint8_t owed = conn->owed & TCP_OWE_ACK;
	conn_silence(host, conn);
	conn->state = TCP_TIME_WAIT;
	conn->owed = owed;
	conn->timer[TCP_TIMER_LINGER] = instant_add(now, TCP_LINGER_NS);
	if (!conn->orphan) {
		conn->reason = TCP_CLOSE_FIN;
		tcp_tell(host, conn, TCP_TELL_CLOSED);
	}
	tcp_conn_touch(host, conn);
}

void tcp_conn_options(struct tcp_conn *conn, const struct tcp_options *options)
{
	conn->ttl = options->ttl ? options->ttl : TCP_DEFAULT_TTL;
	conn->min_ttl = options->min_ttl;
	conn->nodelay = options->nodelay;
	free(conn->md5);
	conn->md5 = NULL;
	if (options->md5) {
		ASSERT(options->md5->length >= 1 && options->md5->length <= TCP_MD5_KEY_MAX);
		conn->md5 = memory_alloc(sizeof(*conn->md5));
		*conn->md5 = *options->md5;
	}
}
