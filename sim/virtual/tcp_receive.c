/* The receiving half: data in and out of order, FIN, the window offered, when to acknowledge. */
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "sim/virtual/tcp_conn.h"

/* ---- the window ---------------------------------------------------------------------------- */

static uint32_t window_free(const struct tcp_conn *conn)
{
	uint32_t free_bytes = TCP_RECEIVE_WINDOW - conn->unread;
	if (conn->unread >= TCP_RECEIVE_WINDOW)
		return 0;
	/* Silly windows are not offered (RFC 9293 section 3.8.6.2.2). */
	if (free_bytes < TCP_RECEIVE_WINDOW / 16 || free_bytes < conn->segment_size)
		return 0;
	return free_bytes >> conn->receive_shift << conn->receive_shift;
}

uint32_t tcp_window_offer(struct tcp_conn *conn)
{
	uint32_t edge = conn->received + window_free(conn);
	if (seq_after(edge, conn->edge)) /* a window never shrinks: its right edge stays */
		conn->edge = edge;
	uint32_t window = seq_after(conn->edge, conn->received) ? conn->edge - conn->received : 0;
	uint32_t most = (uint32_t)UINT16_MAX << conn->receive_shift;
	return window < most ? window : most;
}

void tcp_window_opened(struct tcp_conn *conn)
{
	uint32_t offered = seq_after(conn->edge, conn->received) ? conn->edge - conn->received : 0;
	uint32_t now_free = window_free(conn);
	if (offered * 2 <= TCP_RECEIVE_WINDOW && now_free > 0 && now_free >= offered * 2)
		conn->owed |= TCP_OWE_ACK;
}

/* ---- acknowledging ------------------------------------------------------------------------- */

void tcp_quick_acks(struct tcp_conn *conn)
{
	conn->quick_acks = TCP_QUICK_ACKS;
	conn->ping_pong = false;
}

void tcp_ack_sent(struct tcp_conn *conn)
{
	conn->owed &= (uint8_t)~(TCP_OWE_ACK | TCP_OWE_BARE_ACK);
	conn->timer[TCP_TIMER_ACK] = INSTANT_NEVER;
	if (conn->quick_acks > 0 && conn->acked != conn->received)
		conn->quick_acks--;
	conn->acked = conn->received;
}

/* After in-order data. RFC 1122 section 4.2.3.2 asks for every second full segment and less than
 * half a second; Linux also answers at once while a connection is young, or was idle. */
static void ack_schedule(struct tcp_conn *conn, struct instant now)
{
	if (conn->received - conn->acked > conn->segment_size || conn->early.count > 0 ||
	    (conn->quick_acks > 0 && !conn->ping_pong))
		conn->owed |= TCP_OWE_ACK;
	else if (instant_is_never(conn->timer[TCP_TIMER_ACK]))
		conn->timer[TCP_TIMER_ACK] = instant_add(now, TCP_DELAYED_ACK_NS);
}

static void data_noticed(struct tcp_conn *conn, uint32_t length, struct instant now)
{
	if (length > conn->segment_size)
		conn->segment_size = length;
	/* Too long ago: the sender restarts slowly, so do not keep it waiting. */
	if (!instant_is_never(conn->data_at) &&
	    instant_since(now, conn->data_at) > conn->rto.base_ns)
		conn->quick_acks = TCP_QUICK_ACKS;
	conn->data_at = now;
}

/* ---- data ---------------------------------------------------------------------------------- */

static void bytes_append(struct tcp_host *host, struct tcp_conn *conn, const uint8_t *bytes,
			 uint32_t length)
{
	uint32_t needed = conn->unread + length;
	if (needed > conn->room) {
		uint32_t room;
		uint8_t *larger = tcp_buffer_take(host, needed, &room);
		if (conn->bytes) {
			memcpy(larger, conn->bytes, conn->unread);
			tcp_buffer_give(host, conn->bytes, conn->room);
		}
		conn->bytes = larger;
		conn->room = room;
	}
	memcpy(conn->bytes + conn->unread, bytes, length);
	conn->unread = needed;
	conn->received += length;
}

static void early_join(struct tcp_host *host, struct tcp_conn *conn)
{
	struct tcp_early_piece piece;
	while (tcp_early_take(&conn->early, conn->received, &piece)) {
		uint32_t known = conn->received - piece.sequence;
		if (known < piece.length)
			bytes_append(host, conn, piece.bytes + known, piece.length - known);
		free(piece.bytes);
	}
}

/* Cuts off what we have and what we never offered room for, then keeps the rest. */
static void payload_take(struct tcp_host *host, struct tcp_conn *conn,
			 const struct tcp_arrival *arrival)
{
	const uint8_t *bytes = arrival->header.payload;
	uint32_t sequence = arrival->header.sequence, length = arrival->header.length;
	if (seq_before(sequence, conn->received)) {
		uint32_t known = conn->received - sequence;
		if (known >= length) {
			if (length > 0) { /* a repetition: our ACK was lost or late */
				tcp_quick_acks(conn);
				conn->owed |= TCP_OWE_ACK;
			}
			return;
		}
		bytes += known;
		sequence += known;
		length -= known;
	}
	if (seq_after(sequence + length, conn->edge)) {
		uint32_t excess = sequence + length - conn->edge;
		conn->owed |= TCP_OWE_ACK;
		if (excess >= length)
			return;
		length -= excess;
	}
	if (length == 0)
		return;
	data_noticed(conn, arrival->header.length, arrival->now);
	if (sequence != conn->received) {
		tcp_early_add(&conn->early, sequence, bytes, length);
		tcp_quick_acks(conn);
		conn->owed |= TCP_OWE_ACK; /* a duplicate ACK, to tell of the hole */
		return;
	}
	bool filled = conn->early.count > 0;
	bytes_append(host, conn, bytes, length);
	early_join(host, conn);
	if (filled)
		conn->owed |= TCP_OWE_ACK; /* RFC 5681 section 4.2 */
	ack_schedule(conn, arrival->now);
	tcp_tell(host, conn, 0);
}

/* ---- FIN ----------------------------------------------------------------------------------- */

static void fin_take(struct tcp_host *host, struct tcp_conn *conn, struct instant now)
{
	conn->received++;
	conn->fin_seen = false;
	tcp_tell(host, conn, TCP_TELL_FIN);
	if (conn->state == TCP_ESTABLISHED) {
		conn->state = TCP_CLOSE_WAIT;
		/* The daemon will most likely close too: let the ACK ride on its FIN. */
		conn->ping_pong = true;
		ack_schedule(conn, now);
		return;
	}
	conn->owed |= TCP_OWE_ACK;
	if (conn->state == TCP_FIN_WAIT_1)
		conn->state = TCP_CLOSING;
	else
		tcp_conn_linger(host, conn, now);
}

static bool state_receives(const struct tcp_conn *conn)
{
	return conn->state == TCP_ESTABLISHED || conn->state == TCP_FIN_WAIT_1 ||
	       conn->state == TCP_FIN_WAIT_2;
}

void tcp_data_arrived(struct tcp_host *host, struct tcp_conn *conn,
		      const struct tcp_arrival *arrival)
{
	const struct tcp_header *header = &arrival->header;
	uint32_t end = header->sequence + header->length;
	if (!state_receives(conn)) { /* after its FIN: a repetition of it, or noise */
		conn->owed |= TCP_OWE_ACK;
		tcp_conn_touch(host, conn);
		return;
	}
	if (conn->orphan && header->length > 0 && seq_after(end, conn->received)) {
		/* Nobody will ever read it (RFC 1122 section 4.2.2.13). */
		tcp_reset_conn(host, conn);
		tcp_conn_finish(host, conn, TCP_CLOSE_RESET);
		return;
	}
	if (header->length > 0)
		payload_take(host, conn, arrival);
	if (header->flags & TCP_FIN) {
		conn->fin_seen = true;
		conn->fin_sequence = end;
		if (conn->received != end)
			conn->owed |= TCP_OWE_ACK;
	}
	if (conn->fin_seen && conn->received == conn->fin_sequence)
		fin_take(host, conn, arrival->now);
	tcp_conn_touch(host, conn);
}
