/* What leaves: cut when it is polled, so that all a daemon wrote in one instant shares segments and
 * an ACK rides on data whenever there is some. */
#include <string.h>

#include "base/assert.h"
#include "base/buf.h"
#include "sim/virtual/tcp_conn.h"

#define IP_AND_TCP_BYTES_V4 40u
#define IP_AND_TCP_BYTES_V6 60u

uint16_t tcp_mss_ours(const struct tcp_host *host, struct ip_addr local)
{
	uint32_t headers = local.family == IP_V6 ? IP_AND_TCP_BYTES_V6 : IP_AND_TCP_BYTES_V4;
	return (uint16_t)(host->config.mtu - headers);
}

/* ---- one segment --------------------------------------------------------------------------- */

/* Writes a header, its signature and checksum in front of `payload` bytes that already lie behind
 * TCP_HEADER_BYTES_MAX, and returns where the segment begins. */
static uint8_t *segment_seal(uint8_t *payload, uint32_t payload_length,
			     const struct tcp_header *header, const struct tcp_md5_key *md5,
			     struct ip_addr source, struct ip_addr destination, size_t *length)
{
	uint8_t bytes[TCP_HEADER_BYTES_MAX];
	size_t digest_at;
	size_t used = tcp_header_write(header, md5 != NULL, bytes, &digest_at);
	uint8_t *start = payload - used;
	memcpy(start, bytes, used);
	*length = used + payload_length;
	if (md5)
		tcp_md5_digest(md5, source, destination, start, used, *length, start + digest_at);
	put_u16(start + 16, tcp_checksum(source, destination, start, *length));
	return start;
}

static void conn_emit(struct tcp_host *host, struct tcp_conn *conn, uint32_t sequence,
		      uint8_t flags, uint32_t length, struct tcp_segment *segment)
{
	bool syn = flags & TCP_SYN;
	struct tcp_header header = {
		.source_port = conn->local_port,
		.destination_port = conn->remote_port,
		.sequence = sequence,
		.acknowledgment = flags & TCP_ACK ? conn->received : 0,
		.flags = flags,
		.shift = TCP_NO_SHIFT,
	};
	if (syn) {
		header.mss = tcp_mss_ours(host, conn->local);
		header.window = TCP_SYN_WINDOW;
		if (conn->state == TCP_SYN_SENT || conn->receive_shift)
			header.shift = TCP_WINDOW_SHIFT;
	} else {
		header.window = (uint16_t)(tcp_window_offer(conn) >> conn->receive_shift);
	}
	uint8_t *payload = host->scratch + TCP_HEADROOM + TCP_HEADER_BYTES_MAX;
	if (length > 0)
		tcp_queue_read(&conn->queue, sequence - conn->una, payload, length);
	*segment = (struct tcp_segment){
		.source = conn->local,
		.destination = conn->remote,
		.ttl = conn->ttl,
		.tos = TCP_DEFAULT_TOS,
		.connection = conn->id,
	};
	segment->bytes = segment_seal(payload, length, &header, conn->md5, conn->local,
				      conn->remote, &segment->length);
	if (flags & TCP_ACK)
		tcp_ack_sent(conn);
}

/* ---- a connection's next ------------------------------------------------------------------- */

/* Never more than half of the largest window the peer ever offered, as RFC 9293 section 3.8.6.2.1
 * and Linux have it. */
static uint32_t segment_limit(const struct tcp_conn *conn)
{
	uint32_t limit = conn->window_max;
	if (limit > TCP_MSS_DEFAULT)
		limit /= 2;
	if (limit == 0 || limit > conn->congestion.mss)
		limit = conn->congestion.mss;
	return limit;
}

static void timer_start(struct tcp_conn *conn, struct instant now)
{
	if (instant_is_never(conn->timer[TCP_TIMER_RETRANSMIT]))
		conn->timer[TCP_TIMER_RETRANSMIT] = instant_add(now, tcp_rto_now(&conn->rto));
}

static void syn_output(struct tcp_host *host, struct tcp_conn *conn, struct instant now,
		       struct tcp_segment *segment)
{
	conn->owed &= (uint8_t)~TCP_OWE_SYN;
	uint8_t flags = conn->state == TCP_SYN_SENT ? TCP_SYN : TCP_SYN | TCP_ACK;
	bool first = conn->max == conn->iss;
	conn_emit(host, conn, conn->iss, flags, 0, segment);
	host->counters.retransmitted += !first;
	conn->timing = first;
	if (first)
		conn->timed_at = now;
	conn->next = conn->max = conn->iss + 1;
	conn->sent_at = now;
	timer_start(conn, now);
}

/* Bookkeeping for `length` bytes and perhaps a FIN that have just been sent from `sequence`. */
static void data_sent(struct tcp_host *host, struct tcp_conn *conn, struct instant now,
		      uint32_t sequence, uint32_t length, bool fin)
{
	uint32_t end = sequence + length + fin;
	if (seq_before(sequence, conn->max)) {
		host->counters.retransmitted++;
		conn->timing = false; /* Karn: an ACK would not say which of the two it means */
	} else if (!conn->timing) {
		conn->timing = true;
		conn->timed_end = end;
		conn->timed_at = now;
	}
	if (length > 0 && length < segment_limit(conn))
		conn->small_end = sequence + length;
	if (sequence == conn->una)
		conn->head_sent_at = now;
	if (seq_after(end, conn->max))
		conn->max = end;
	if (seq_after(end, conn->next))
		conn->next = end;
	conn->sent_at = now;
	if (length > 0 && !instant_is_never(conn->data_at) &&
	    instant_since(now, conn->data_at) < TCP_DELAYED_ACK_NS)
		conn->ping_pong = true;
	timer_start(conn, now);
}

static void data_output(struct tcp_host *host, struct tcp_conn *conn, struct instant now,
			uint32_t sequence, uint32_t length, bool fin, struct tcp_segment *segment)
{
	size_t queued = tcp_queue_length(&conn->queue);
	uint8_t flags = TCP_ACK;
	if (length > 0 && sequence - conn->una + length == queued)
		flags |= TCP_PSH;
	if (fin)
		flags |= TCP_FIN;
	conn_emit(host, conn, sequence, flags, length, segment);
	data_sent(host, conn, now, sequence, length, fin);
}

static void head_output(struct tcp_host *host, struct tcp_conn *conn, struct instant now,
			struct tcp_segment *segment)
{
	conn->owed &= (uint8_t)~TCP_OWE_RETRANSMIT;
	size_t queued = tcp_queue_length(&conn->queue);
	uint32_t sent = conn->max - conn->una, length = segment_limit(conn);
	bool fin_sent = conn->fin_queued && sent > queued;
	if (length > sent - fin_sent)
		length = sent - fin_sent;
	data_output(host, conn, now, conn->una, length, fin_sent && length == queued, segment);
}

static void probe_output(struct tcp_host *host, struct tcp_conn *conn, struct instant now,
			 struct tcp_segment *segment)
{
	conn->owed &= (uint8_t)~TCP_OWE_PROBE;
	size_t queued = tcp_queue_length(&conn->queue);
	uint32_t length = segment_limit(conn);
	if (length > queued)
		length = (uint32_t)queued;
	if (length > conn->window)
		length = conn->window;
	if (length > 0) /* a window too small to be worth a segment, for too long */
		data_output(host, conn, now, conn->una, length, false, segment);
	else
		conn_emit(host, conn, conn->una - 1, TCP_ACK, 0, segment);
}

/* New data, or old data again after a timeout, as far as windows and Nagle let it. */
static bool queue_output(struct tcp_host *host, struct tcp_conn *conn, struct instant now,
			 struct tcp_segment *segment)
{
	size_t queued = tcp_queue_length(&conn->queue);
	uint32_t offset = conn->next - conn->una;
	if (offset > queued || (offset == queued && !conn->fin_queued))
		return false;
	uint32_t full = segment_limit(conn), length = full;
	if (length > queued - offset)
		length = (uint32_t)(queued - offset);
	bool fin = conn->fin_queued && offset + length == queued;
	uint32_t room = conn->window > offset ? conn->window - offset : 0;
	if (room < length || room == 0) {
		if (conn->una == conn->max)
			timer_start(conn, now); /* for a probe */
		return false;
	}
	if (conn->una == conn->max)
		tcp_congestion_idle(&conn->congestion, instant_since(now, conn->sent_at),
				    tcp_rto_now(&conn->rto));
	if (offset > 0 && offset + length > tcp_congestion_window(&conn->congestion))
		return false;
	/* RFC 896 as Minshall and Linux have it: one small segment may be on its way. */
	if (length < full && !conn->nodelay && !fin && conn->next == conn->max &&
	    seq_after(conn->small_end, conn->una))
		return false;
	data_output(host, conn, now, conn->next, length, fin, segment);
	return true;
}

static bool conn_output(struct tcp_host *host, struct tcp_conn *conn, struct instant now,
			struct tcp_segment *segment)
{
	bool opening = conn->state == TCP_SYN_SENT || conn->state == TCP_SYN_RECEIVED;
	if (opening && (conn->owed & TCP_OWE_SYN)) {
		syn_output(host, conn, now, segment);
		return true;
	}
	if (!opening && !(conn->owed & TCP_OWE_BARE_ACK)) {
		if ((conn->owed & TCP_OWE_RETRANSMIT) && conn->una != conn->max) {
			head_output(host, conn, now, segment);
			return true;
		}
		if (conn->owed & TCP_OWE_PROBE) {
			probe_output(host, conn, now, segment);
			return true;
		}
		if (queue_output(host, conn, now, segment))
			return true;
	}
	if (conn->state != TCP_SYN_SENT && (conn->owed & (TCP_OWE_ACK | TCP_OWE_BARE_ACK))) {
		conn_emit(host, conn, conn->next, TCP_ACK, 0, segment);
		return true;
	}
	conn->owed = 0;
	return false;
}

/* ---- strays -------------------------------------------------------------------------------- */

static void stray_add(struct tcp_host *host, struct ip_addr source, struct ip_addr destination,
		      uint8_t ttl, const struct tcp_header *header, const struct tcp_md5_key *md5)
{
	uint8_t room[TCP_HEADER_BYTES_MAX];
	size_t length;
	struct tcp_stray stray = { .source = source, .destination = destination, .ttl = ttl };
	const uint8_t *bytes = segment_seal(room + sizeof(room), 0, header, md5, source,
					    destination, &length);
	ASSERT(length <= sizeof(stray.bytes));
	memcpy(stray.bytes, bytes, length);
	stray.length = (uint8_t)length;
	ARRAY_PUSH(host->strays, host->stray_count, host->stray_capacity, stray);
	host->counters.resets_sent++;
}

/* RFC 9293 section 3.5.2, group 1. */
void tcp_reset_stray(struct tcp_host *host, const struct tcp_arrival *arrival,
		     const struct tcp_md5_key *md5)
{
	const struct tcp_header *cause = &arrival->header;
	if (cause->flags & TCP_RST)
		return;
	struct tcp_header header = {
		.source_port = cause->destination_port,
		.destination_port = cause->source_port,
		.flags = TCP_RST,
		.shift = TCP_NO_SHIFT,
	};
	if (cause->flags & TCP_ACK) {
		header.sequence = cause->acknowledgment;
	} else {
		header.flags |= TCP_ACK;
		header.acknowledgment = cause->sequence + tcp_header_span(cause);
	}
	stray_add(host, arrival->destination, arrival->source, TCP_DEFAULT_TTL, &header, md5);
}

void tcp_reset_conn(struct tcp_host *host, const struct tcp_conn *conn)
{
	/* What is queued behind `next` never leaves: the peer expects no more than it was sent. */
	struct tcp_header header = {
		.source_port = conn->local_port,
		.destination_port = conn->remote_port,
		.sequence = conn->next,
		.acknowledgment = conn->received,
		.flags = TCP_RST | TCP_ACK,
		.shift = TCP_NO_SHIFT,
	};
	stray_add(host, conn->local, conn->remote, conn->ttl, &header, conn->md5);
}

static void stray_output(struct tcp_host *host, struct tcp_segment *segment)
{
	const struct tcp_stray *stray = &host->strays[host->first_stray++];
	*segment = (struct tcp_segment){
		.source = stray->source,
		.destination = stray->destination,
		.ttl = stray->ttl,
		.tos = TCP_DEFAULT_TOS,
		.bytes = host->scratch + TCP_HEADROOM,
		.length = stray->length,
	};
	memcpy(segment->bytes, stray->bytes, stray->length);
	if (host->first_stray == host->stray_count)
		host->first_stray = host->stray_count = 0;
}

bool tcp_output_next(struct tcp_host *host, struct instant now, struct tcp_segment *segment)
{
	if (host->first_stray < host->stray_count) {
		stray_output(host, segment);
		host->counters.sent++;
		return true;
	}
	struct tcp_conn *conn;
	while ((conn = TAILQ_FIRST(&host->output)) != NULL) {
		if (conn_output(host, conn, now, segment)) {
			host->counters.sent++;
			return true;
		}
		TAILQ_REMOVE(&host->output, conn, output_link);
		conn->in_output = false;
		tcp_conn_settle(host, conn);
	}
	return false;
}
