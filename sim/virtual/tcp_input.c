/* A segment arrives: whose it is, whether it may be believed, and what its ACK field does. The
 * order of the checks is that of RFC 9293 section 3.10.7, made careful by RFC 5961. */
#include "base/assert.h"
#include "sim/virtual/tcp_conn.h"

/* ---- openings ------------------------------------------------------------------------------ */

void tcp_syn_taken(struct tcp_conn *conn, const struct tcp_host *host,
		   const struct tcp_header *header)
{
	uint16_t offered = header->mss ? header->mss : TCP_MSS_DEFAULT;
	uint16_t ours = tcp_mss_ours(host, conn->local);
	if (offered < TCP_MSS_LEAST)
		offered = TCP_MSS_LEAST;
	conn->peer_mss = offered < ours ? offered : ours;
	/* RFC 7323 section 2.2: scaling holds only if both SYNs carry the option; ours does. */
	bool scaled = header->shift != TCP_NO_SHIFT;
	conn->send_shift = scaled ? header->shift : 0;
	conn->receive_shift = scaled ? TCP_WINDOW_SHIFT : 0;
	conn->irs = header->sequence;
	conn->received = conn->acked = header->sequence + 1;
	conn->edge = conn->received + TCP_SYN_WINDOW;
	conn->window = conn->window_max = header->window; /* a SYN's is never scaled */
	conn->window_sequence = header->sequence;
	uint32_t mss = conn->peer_mss - (conn->md5 ? TCP_MD5_OPTION_BYTES : 0);
	tcp_congestion_init(&conn->congestion, mss, conn->iss + 1);
}

void tcp_established(struct tcp_conn *conn, const struct tcp_arrival *arrival)
{
	const struct tcp_header *header = &arrival->header;
	conn->state = TCP_ESTABLISHED;
	conn->una = conn->next = header->acknowledgment;
	conn->small_end = conn->una;
	if (!(header->flags & TCP_SYN))
		conn->window = (uint32_t)header->window << conn->send_shift;
	conn->window_max = conn->window;
	conn->window_sequence = header->sequence;
	if (conn->timing)
		tcp_rto_measured(&conn->rto, instant_since(arrival->now, conn->timed_at));
	else
		conn->rto.base_ns = TCP_RTO_FALLBACK_NS;
	conn->rto.backoff = 0;
	conn->timing = false;
	conn->attempts = 0;
	conn->owed &= (uint8_t)~TCP_OWE_SYN;
	conn->timer[TCP_TIMER_RETRANSMIT] = INSTANT_NEVER;
}

static void syn_sent_input(struct tcp_host *host, struct tcp_conn *conn,
			   const struct tcp_arrival *arrival)
{
	const struct tcp_header *header = &arrival->header;
	bool ack = header->flags & TCP_ACK;
	if (ack && header->acknowledgment != conn->iss + 1) {
		tcp_reset_stray(host, arrival, conn->md5); /* says nothing to a RST */
		return;
	}
	if (header->flags & TCP_RST) {
		if (ack)
			tcp_conn_finish(host, conn, TCP_CLOSE_REFUSED);
		return;
	}
	if (!(header->flags & TCP_SYN))
		return;
	tcp_syn_taken(conn, host, header);
	if (ack) {
		tcp_established(conn, arrival);
		conn->owed |= TCP_OWE_BARE_ACK;
		tcp_tell(host, conn, TCP_TELL_OPENED);
	} else { /* both dialled at once: RFC 9293 figure 8 */
		conn->state = TCP_SYN_RECEIVED;
		conn->owed |= TCP_OWE_SYN;
	}
	tcp_conn_touch(host, conn);
}

/* True: the handshake is complete, and the segment may hold more. */
static bool syn_received_input(struct tcp_host *host, struct tcp_conn *conn,
			       const struct tcp_arrival *arrival)
{
	if (arrival->header.acknowledgment != conn->iss + 1) {
		tcp_reset_stray(host, arrival, conn->md5);
		return false;
	}
	/* As Linux without tcp_abort_on_overflow: the client believes it is connected, and our
	 * SYN-ACK goes out again until there is room or it has been repeated too often. */
	if (conn->listener && tcp_listener_full(conn->listener)) {
		host->counters.listen_overflows++;
		return false;
	}
	tcp_established(conn, arrival);
	if (conn->listener)
		tcp_listener_opened(host, conn);
	else
		tcp_tell(host, conn, TCP_TELL_OPENED);
	return true;
}

/* ---- acknowledgments ----------------------------------------------------------------------- */

static void fin_acked(struct tcp_host *host, struct tcp_conn *conn, struct instant now)
{
	if (conn->state == TCP_FIN_WAIT_1) {
		conn->state = TCP_FIN_WAIT_2;
		if (conn->orphan)
			conn->timer[TCP_TIMER_LINGER] = instant_add(now, TCP_LINGER_NS);
	} else if (conn->state == TCP_CLOSING) {
		tcp_conn_linger(host, conn, now);
	} else if (conn->state == TCP_LAST_ACK) {
		tcp_conn_finish(host, conn, TCP_CLOSE_FIN);
	}
}

/* SND.UNA moves. False: the connection's sending side is over, and with it perhaps the whole. */
static bool una_moved(struct tcp_host *host, struct tcp_conn *conn, uint32_t ack,
		      struct instant now)
{
	uint32_t acked = ack - conn->una, in_flight = conn->max - conn->una;
	size_t queued = tcp_queue_length(&conn->queue);
	size_t data = acked < queued ? acked : queued;
	tcp_queue_drop(&conn->queue, data);
	if (!conn->orphan)
		conn->sent_untold += data;
	conn->una = ack;
	if (seq_before(conn->next, ack))
		conn->next = ack;
	if (conn->timing && !seq_before(ack, conn->timed_end)) {
		tcp_rto_measured(&conn->rto, instant_since(now, conn->timed_at));
		conn->timing = false;
	}
	conn->rto.backoff = 0;
	conn->attempts = 0;
	conn->soft_error = false;
	conn->head_sent_at = now; /* close enough: what is now first left about a round trip ago */
	if (tcp_congestion_acked(&conn->congestion, ack, acked, in_flight, conn->max))
		conn->owed |= TCP_OWE_RETRANSMIT;
	conn->timer[TCP_TIMER_RETRANSMIT] = ack == conn->max
		? INSTANT_NEVER : instant_add(now, tcp_rto_now(&conn->rto));
	if (data > 0)
		tcp_tell(host, conn, 0);
	if (acked > queued) {
		conn->fin_queued = false; /* sent and done */
		fin_acked(host, conn, now);
		return false;
	}
	return true;
}

static void window_update(struct tcp_conn *conn, const struct tcp_header *header, bool newer)
{
	uint32_t window = (uint32_t)header->window << conn->send_shift;
	if (!newer && !seq_after(header->sequence, conn->window_sequence) &&
	    !(header->sequence == conn->window_sequence && window > conn->window))
		return;
	conn->window_sequence = header->sequence;
	conn->window = window;
	if (window > conn->window_max)
		conn->window_max = window;
}

/* The window is open and nothing is in flight: the timer, if it runs, is a probe's. */
static void probe_stop(struct tcp_conn *conn)
{
	conn->timer[TCP_TIMER_RETRANSMIT] = INSTANT_NEVER;
	conn->rto.backoff = 0;
	conn->attempts = 0;
	conn->owed &= (uint8_t)~TCP_OWE_PROBE;
}

/* RFC 5681 section 2: nothing new in it, and something outstanding. */
static bool ack_is_duplicate(const struct tcp_conn *conn, const struct tcp_header *header)
{
	return header->acknowledgment == conn->una && conn->max != conn->una &&
	       header->length == 0 && !(header->flags & (TCP_SYN | TCP_FIN)) &&
	       (uint32_t)header->window << conn->send_shift == conn->window;
}

/* The ACK field. False: the rest of the segment is not for us to read. */
static bool ack_input(struct tcp_host *host, struct tcp_conn *conn,
		      const struct tcp_arrival *arrival)
{
	const struct tcp_header *header = &arrival->header;
	uint32_t ack = header->acknowledgment;
	if (seq_after(ack, conn->max) || seq_before(ack, conn->una - conn->window_max)) {
		tcp_challenge(host, conn, arrival->now); /* RFC 5961 section 5.2 */
		return false;
	}
	if (seq_before(ack, conn->una))
		return true;
	bool duplicate = ack_is_duplicate(conn, header);
	bool newer = seq_after(ack, conn->una);
	window_update(conn, header, newer);
	if (conn->window == 0)
		conn->attempts = 0; /* it is alive and full: probes may go on for ever */
	else if (conn->una == conn->max)
		probe_stop(conn);
	if (duplicate) {
		if (tcp_congestion_duplicate(&conn->congestion, conn->una, conn->max - conn->una,
					     conn->max)) {
			conn->owed |= TCP_OWE_RETRANSMIT;
			host->counters.fast_retransmits++;
		}
		return true;
	}
	if (!newer)
		return true;
	tcp_id id = conn->id;
	return una_moved(host, conn, ack, arrival->now) ||
	       (tcp_conn_of(host, id) && conn->state == TCP_FIN_WAIT_2);
}

/* ---- the synchronized states ---------------------------------------------------------------- */

/* Not more often than tcp_invalid_ratelimit: two confused ends must not talk for ever. */
void tcp_challenge(struct tcp_host *host, struct tcp_conn *conn, struct instant now)
{
	if (instant_since(now, conn->challenged_at) < TCP_CHALLENGE_GAP_NS)
		return;
	conn->challenged_at = now;
	conn->owed |= TCP_OWE_ACK;
	host->counters.challenges_sent++;
	tcp_conn_touch(host, conn);
}

static bool sequence_acceptable(const struct tcp_conn *conn, const struct tcp_header *header)
{
	/* Back to our last ACK, as Linux: an old pure ACK may still carry news in its ACK field. */
	return !seq_before(header->sequence + tcp_header_span(header), conn->acked) &&
	       !seq_after(header->sequence, conn->edge);
}

static void out_of_window(struct tcp_host *host, struct tcp_conn *conn,
			  const struct tcp_arrival *arrival)
{
	const struct tcp_header *header = &arrival->header;
	if (header->flags & TCP_RST)
		return;
	if (header->length == 0 || (header->flags & TCP_SYN)) {
		tcp_challenge(host, conn, arrival->now);
		return;
	}
	if (seq_before(header->sequence, conn->received))
		tcp_quick_acks(conn); /* our ACK was lost */
	conn->owed |= TCP_OWE_ACK;
	tcp_conn_touch(host, conn);
}

static void reset_input(struct tcp_host *host, struct tcp_conn *conn,
			const struct tcp_arrival *arrival)
{
	/* RFC 5961 section 3.2: only the exact number resets. */
	if (arrival->header.sequence != conn->received)
		tcp_challenge(host, conn, arrival->now);
	else
		tcp_conn_finish(host, conn, conn->state == TCP_SYN_RECEIVED ? TCP_CLOSE_REFUSED
									    : TCP_CLOSE_RESET);
}

/* A SYN where there should be none. True: it belongs to our handshake after all. */
static bool syn_input(struct tcp_host *host, struct tcp_conn *conn,
		      const struct tcp_arrival *arrival)
{
	const struct tcp_header *header = &arrival->header;
	if (conn->state == TCP_SYN_RECEIVED && header->sequence == conn->irs) {
		if (header->flags & TCP_ACK)
			return true; /* the other half of a simultaneous open */
		conn->owed |= TCP_OWE_SYN; /* our SYN-ACK was lost */
		tcp_conn_touch(host, conn);
		return false;
	}
	tcp_challenge(host, conn, arrival->now); /* RFC 5961 section 4.2 */
	return false;
}

static void synchronized_input(struct tcp_host *host, struct tcp_conn *conn,
			       const struct tcp_arrival *arrival)
{
	const struct tcp_header *header = &arrival->header;
	bool again = conn->state == TCP_SYN_RECEIVED && (header->flags & TCP_SYN) &&
		     header->sequence == conn->irs;
	if (!again && !sequence_acceptable(conn, header)) {
		out_of_window(host, conn, arrival);
		return;
	}
	if (header->flags & TCP_RST) {
		reset_input(host, conn, arrival);
		return;
	}
	if ((header->flags & TCP_SYN) && !syn_input(host, conn, arrival))
		return;
	if (!(header->flags & TCP_ACK))
		return;
	if (conn->state == TCP_SYN_RECEIVED) {
		if (!syn_received_input(host, conn, arrival))
			return;
	} else if (!ack_input(host, conn, arrival)) {
		return;
	}
	if ((header->length > 0 || (header->flags & TCP_FIN)) && !(header->flags & TCP_SYN))
		tcp_data_arrived(host, conn, arrival);
	else
		tcp_conn_touch(host, conn);
}

static void time_wait_input(struct tcp_host *host, struct tcp_conn *conn,
			    const struct tcp_arrival *arrival)
{
	const struct tcp_header *header = &arrival->header;
	if (header->flags & TCP_RST) {
		if (header->sequence == conn->received) /* tcp_rfc1337 = 0 */
			tcp_conn_finish(host, conn, TCP_CLOSE_FIN);
		return;
	}
	struct tcp_listener *listener =
		tcp_listener_find(host, arrival->destination, header->destination_port);
	if ((header->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && listener && conn->orphan &&
	    seq_after(header->sequence, conn->received)) {
		/* RFC 6191 in Linux's form: the new one begins beyond the old one's window. */
		uint32_t iss = conn->max + 65537u;
		tcp_conn_free(host, conn);
		tcp_listener_syn(host, listener, arrival, &iss);
		return;
	}
	if (tcp_header_span(header) == 0 && sequence_acceptable(conn, header))
		return;
	if (header->flags & TCP_FIN)
		conn->timer[TCP_TIMER_LINGER] = instant_add(arrival->now, TCP_LINGER_NS);
	if (tcp_header_span(header) > 0)
		conn->owed |= TCP_OWE_ACK;
	else
		tcp_challenge(host, conn, arrival->now);
	tcp_conn_touch(host, conn);
}

/* ---- whose is it --------------------------------------------------------------------------- */

static void listener_input(struct tcp_host *host, struct tcp_listener *listener,
			   const struct tcp_arrival *arrival)
{
	struct tcp_options options;
	tcp_listener_options(listener, arrival->source, &options);
	if (arrival->ttl < options.min_ttl) {
		host->counters.ttl_dropped++;
		return;
	}
	if (!tcp_md5_matches(options.md5, arrival->source, arrival->destination, arrival->bytes,
			     arrival->length, &arrival->header)) {
		host->counters.md5_dropped++;
		return;
	}
	uint8_t flags = arrival->header.flags;
	if (flags & (TCP_RST | TCP_ACK))
		tcp_reset_stray(host, arrival, options.md5);
	else if (flags & TCP_SYN)
		tcp_listener_syn(host, listener, arrival, NULL);
}

static void conn_input(struct tcp_host *host, struct tcp_conn *conn,
		       const struct tcp_arrival *arrival)
{
	if (arrival->ttl < conn->min_ttl) {
		host->counters.ttl_dropped++;
		return;
	}
	if (!tcp_md5_matches(conn->md5, arrival->source, arrival->destination, arrival->bytes,
			     arrival->length, &arrival->header)) {
		host->counters.md5_dropped++;
		return;
	}
	if (conn->state == TCP_SYN_SENT)
		syn_sent_input(host, conn, arrival);
	else if (conn->state == TCP_TIME_WAIT)
		time_wait_input(host, conn, arrival);
	else
		synchronized_input(host, conn, arrival);
}

void tcp_segment_arrived(struct tcp_host *host, struct instant now, struct ip_addr source,
			 struct ip_addr destination, uint8_t ttl, const uint8_t *bytes,
			 size_t length)
{
	struct tcp_arrival arrival = { .now = now, .source = source, .destination = destination,
				       .ttl = ttl, .bytes = bytes, .length = length };
	host->counters.received++;
	if (length > UINT16_MAX || !tcp_header_parse(bytes, length, &arrival.header) ||
	    tcp_checksum(source, destination, bytes, length) != 0) {
		host->counters.bad_segments++;
		return;
	}
	const struct tcp_header *header = &arrival.header;
	struct tcp_conn *conn = tcp_conn_find(host, destination, header->destination_port, source,
					      header->source_port);
	if (conn) {
		conn_input(host, conn, &arrival);
		return;
	}
	struct tcp_listener *listener =
		tcp_listener_find(host, destination, header->destination_port);
	if (listener)
		listener_input(host, listener, &arrival);
	else
		tcp_reset_stray(host, &arrival, NULL);
}

void tcp_unreachable(struct tcp_host *host, struct instant now, struct ip_addr local,
		     uint16_t local_port, struct ip_addr remote, uint16_t remote_port,
		     uint32_t sequence, enum tcp_unreachable why)
{
	struct tcp_conn *conn = tcp_conn_find(host, local, local_port, remote, remote_port);
	if (!conn || conn->state == TCP_TIME_WAIT || seq_before(sequence, conn->una) ||
	    seq_after(sequence, conn->max))
		return;
	if (conn->state == TCP_SYN_SENT || conn->state == TCP_SYN_RECEIVED) {
		tcp_conn_finish(host, conn, why == TCP_UNREACHABLE_PORT ? TCP_CLOSE_REFUSED
									: TCP_CLOSE_UNREACHABLE);
		return;
	}
	conn->soft_error = true;
	/* RFC 6069: the segment was not lost to congestion, so one doubling is taken back. Not when
	 * it failed in the instant it was sent: that was our own routing table, and Linux makes no
	 * ICMP error of it. */
	if (why != TCP_UNREACHABLE_HOST || sequence != conn->una || !conn->attempts ||
	    !conn->rto.backoff || conn->una == conn->max || conn->head_sent_at.ns == now.ns)
		return;
	conn->rto.backoff--;
	struct instant due = instant_add(conn->head_sent_at, tcp_rto_now(&conn->rto));
	conn->timer[TCP_TIMER_RETRANSMIT] = instant_before(due, now) ? now : due;
	tcp_conn_settle(host, conn);
}
