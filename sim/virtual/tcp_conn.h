/* The inside of a TCP host: what its files share, and nobody else includes.
 *
 *   tcp.c         life, sockets, looking in        tcp_input.c    segments, states, ACKs
 *   tcp_table.c   numbers, four-tuples, timers     tcp_receive.c  data, FIN, windows, when to ACK
 *   tcp_listen.c  listeners, accept queues         tcp_output.c   what to send, and strays
 *   tcp_event.c   events for the owner             tcp_timer.c    what happens when time passes */
#ifndef SIM_VIRTUAL_TCP_CONN_H
#define SIM_VIRTUAL_TCP_CONN_H

#include <sys/queue.h>

#include "base/hash.h"
#include "base/heap.h"
#include "base/memory.h"
#include "sim/virtual/tcp.h"
#include "sim/virtual/tcp_congestion.h"
#include "sim/virtual/tcp_early.h"
#include "sim/virtual/tcp_md5.h"
#include "sim/virtual/tcp_queue.h"
#include "sim/virtual/tcp_rto.h"
#include "sim/virtual/tcp_segment.h"

#define TCP_RECEIVE_WINDOW 64256u /* Linux's "win 502" with scale 7 */
#define TCP_SYN_WINDOW 64240u     /* 44 * 1460, unscaled, as Linux's SYNs have it */
#define TCP_WINDOW_SHIFT 7u
#define TCP_MSS_DEFAULT 536u      /* RFC 9293 section 3.7.1 */
#define TCP_MSS_LEAST 88u         /* smaller offers are raised, as Linux's TCP_MIN_SND_MSS does */
#define TCP_DELAYED_ACK_NS (40 * NS_PER_MS)
#define TCP_QUICK_ACKS 16u        /* TCP_MAX_QUICKACKS */
#define TCP_LINGER_NS (60 * NS_PER_S) /* TIME-WAIT, and FIN-WAIT-2 of a closed socket */
#define TCP_CHALLENGE_GAP_NS (500 * NS_PER_MS) /* tcp_invalid_ratelimit */

enum tcp_timer {
	TCP_TIMER_RETRANSMIT, /* SYN, data, FIN; or the zero-window probe */
	TCP_TIMER_ACK,        /* delayed acknowledgment */
	TCP_TIMER_LINGER,     /* TIME-WAIT, orphaned FIN-WAIT-2 */
	TCP_TIMERS,
};

/* What tcp_output_next still has to send for a connection, besides what the queue allows. */
enum tcp_owed {
	TCP_OWE_SYN = 1,        /* SYN, or SYN-ACK in SYN_RECEIVED */
	TCP_OWE_ACK = 2,        /* may ride on data */
	TCP_OWE_BARE_ACK = 4,   /* a segment of its own: the handshake's third */
	TCP_OWE_RETRANSMIT = 8, /* the first unacknowledged segment, whatever the windows say */
	TCP_OWE_PROBE = 16,     /* zero-window probe */
};

/* What tcp_event_next still has to tell about a connection, besides received bytes. */
enum tcp_untold {
	TCP_TELL_OPENED = 1,
	TCP_TELL_ACCEPTED = 2,
	TCP_TELL_FIN = 4,
	TCP_TELL_CLOSED = 8,
};

struct tcp_conn {
	tcp_id id;
	struct ip_addr local, remote;
	uint16_t local_port, remote_port;
	uint64_t cookie;
	enum tcp_state state;
	struct tcp_listener *listener; /* until accepted; NULL for those we dialled */
	struct tcp_md5_key *md5;       /* owned; NULL: none */
	uint8_t ttl, min_ttl;
	bool nodelay;
	bool orphan;        /* the owner has closed it, or was told it is over */
	bool fin_queued;    /* a FIN follows the queue's last byte */
	bool reading;
	bool soft_error;    /* ICMP said unreachable since the last ACK */

	/* Sending: RFC 9293's SND.UNA and so on. The queue begins at `una`. */
	uint32_t iss, una, next, max; /* next falls back to una at a timeout, max does not */
	uint32_t window, window_max;  /* the peer's, unscaled */
	uint32_t window_sequence;     /* SND.WL1 */
	uint32_t small_end;           /* end of the last segment below mss, for Nagle */
	uint8_t send_shift, receive_shift;
	uint16_t peer_mss;
	struct tcp_queue queue;
	size_t sent_untold;           /* acknowledged since the last SENT event */
	struct tcp_congestion congestion;
	struct tcp_rto rto;
	bool timing;                  /* one segment at a time is timed (Karn: no repeated one) */
	uint32_t timed_end;
	struct instant timed_at, sent_at, head_sent_at;
	uint32_t attempts;            /* repetitions without an answer */
	struct instant stalled_since; /* when what is being repeated was first sent */

	/* Receiving. */
	uint32_t irs, received, edge; /* RCV.NXT; the farthest right edge ever offered */
	uint32_t acked;               /* RCV.NXT in our last ACK */
	uint8_t *bytes;               /* received in order, not read; owned; NULL if none */
	uint32_t unread, room;
	struct tcp_early early;
	bool fin_seen;                /* a FIN came early, at fin_sequence */
	uint32_t fin_sequence;
	uint32_t segment_size;        /* of full segments the peer sends, as far as seen */
	uint8_t quick_acks;
	bool ping_pong;               /* data goes both ways: ACKs can wait for it */
	struct instant data_at;       /* when data came last; INSTANT_NEVER: not yet */
	struct instant challenged_at;

	struct instant timer[TCP_TIMERS];
	struct instant armed; /* the one entry in the host's heap that counts */
	uint8_t owed, untold;
	enum tcp_close_reason reason;
	bool busy, in_output, in_events, in_waiting;
	TAILQ_ENTRY(tcp_conn) output_link, event_link, listener_link;
};
TAILQ_HEAD(tcp_conn_list, tcp_conn);

struct tcp_listener {
	tcp_id id;
	struct tcp_listen_options options;
	struct tcp_conn_list opening;  /* SYN_RECEIVED */
	struct tcp_conn_list waiting;  /* established, not accepted: the accept queue */
	uint32_t waiting_count;
	struct tcp_listener *next;
};

/* An answer without a connection, ready to go: header and at most a signature. */
struct tcp_stray {
	struct ip_addr source, destination;
	uint8_t ttl, length;
	uint8_t bytes[TCP_HEADER_BYTES + TCP_MD5_OPTION_BYTES];
};

struct tcp_slot {
	struct tcp_conn *conn; /* owned; NULL: the slot is free */
	uint32_t next_free;    /* while free: the next free slot, 0 ends the chain */
	uint32_t generation;
};

struct tcp_host {
	struct tcp_host_config config;
	struct tcp_counters counters;
	struct tcp_slot *slots; /* owned; slot 0 is never used */
	size_t slot_capacity;
	uint32_t slot_count, free_slot, live;
	struct hash_index tuples; /* four-tuple -> slot number */
	struct heap wakeups;      /* -> tcp_id; entries that are not conn->armed are stale */
	struct tcp_conn_list output, events;
	struct tcp_listener *listeners; /* owned, oldest first */
	uint32_t listener_numbers;
	struct tcp_stray *strays; /* owned; first_stray .. stray_count wait */
	size_t stray_capacity, stray_count, first_stray;
	uint32_t busy; /* connections with conn->busy */
	bool reading;
	uint8_t *lent;  /* the last RECEIVED event's bytes; owned */
	uint8_t *spare; /* a receive buffer of spare_room bytes to use again; owned, or NULL */
	uint32_t lent_room, spare_room;
	uint8_t *scratch; /* owned: headroom, the longest header, an mtu */
};

/* A segment as it arrived, and the host it arrived at. */
struct tcp_arrival {
	struct instant now;
	struct ip_addr source, destination;
	uint8_t ttl;
	const uint8_t *bytes;
	size_t length;
	struct tcp_header header;
};

/* ---- tcp_table.c --------------------------------------------------------------------------- */

struct tcp_conn *tcp_conn_new(struct tcp_host *host); /* state TCP_CLOSED, not in the table yet */
void tcp_conn_free(struct tcp_host *host, struct tcp_conn *conn);
/* By number; NULL if it is over. tcp_conn_owned: NULL too if the owner has no more say in it. */
struct tcp_conn *tcp_conn_of(const struct tcp_host *host, tcp_id id);
struct tcp_conn *tcp_conn_owned(const struct tcp_host *host, tcp_id id);
/* Every connection, slot after slot from 1 to slot_count - 1: NULL if that one is free. */
struct tcp_conn *tcp_conn_numbered(const struct tcp_host *host, uint32_t number);
struct tcp_conn *tcp_conn_find(const struct tcp_host *host, struct ip_addr local,
			       uint16_t local_port, struct ip_addr remote, uint16_t remote_port);
void tcp_conn_enter(struct tcp_host *host, struct tcp_conn *conn);  /* into the table */
void tcp_conn_leave(struct tcp_host *host, struct tcp_conn *conn);  /* out of it */
/* Draws for a connection with `remote` made now, whatever is drawn for others. */
struct random_stream tcp_random(const struct tcp_host *host, struct ip_addr remote,
				struct instant now);
/* 0: none free */
uint16_t tcp_port_pick(struct tcp_host *host, const struct tcp_conn *conn,
		       struct random_stream *random);
/* After anything happened to it: timers, output list, quietness. */
void tcp_conn_touch(struct tcp_host *host, struct tcp_conn *conn);
void tcp_conn_settle(struct tcp_host *host, struct tcp_conn *conn); /* the same, nothing to send */
/* It is over. Frees it at once, or when the owner has polled CLOSED. */
void tcp_conn_finish(struct tcp_host *host, struct tcp_conn *conn, enum tcp_close_reason reason);
/* Into TIME-WAIT, from which it is freed after TCP_LINGER_NS. */
void tcp_conn_linger(struct tcp_host *host, struct tcp_conn *conn, struct instant now);
void tcp_conn_options(struct tcp_conn *conn, const struct tcp_options *options);

/* ---- tcp_event.c --------------------------------------------------------------------------- */

void tcp_tell(struct tcp_host *host, struct tcp_conn *conn, uint8_t what); /* 0: bytes, SENT */
uint8_t *tcp_buffer_take(struct tcp_host *host, uint32_t needed, uint32_t *room);
void tcp_buffer_give(struct tcp_host *host, uint8_t *bytes, uint32_t room);

/* ---- tcp_listen.c -------------------------------------------------------------------------- */

struct tcp_listener *tcp_listener_find(const struct tcp_host *host, struct ip_addr local,
				       uint16_t port);
void tcp_listener_options(const struct tcp_listener *listener, struct ip_addr remote,
			  struct tcp_options *options);
bool tcp_listener_full(const struct tcp_listener *listener);
void tcp_listener_opened(struct tcp_host *host, struct tcp_conn *conn); /* into the accept queue */
void tcp_listener_forget(struct tcp_conn *conn); /* out of either queue */
/* A SYN for a listener; `iss` non-NULL: begin there (a TIME-WAIT's successor). */
void tcp_listener_syn(struct tcp_host *host, struct tcp_listener *listener,
		      const struct tcp_arrival *arrival, const uint32_t *iss);
void tcp_listener_close(struct tcp_host *host, struct tcp_listener *listener);

/* ---- tcp_input.c --------------------------------------------------------------------------- */

/* What a SYN says about the connection to be. */
void tcp_syn_taken(struct tcp_conn *conn, const struct tcp_host *host,
		   const struct tcp_header *header);
void tcp_established(struct tcp_conn *conn, const struct tcp_arrival *arrival);
void tcp_challenge(struct tcp_host *host, struct tcp_conn *conn, struct instant now);

/* ---- tcp_receive.c ------------------------------------------------------------------------- */

void tcp_data_arrived(struct tcp_host *host, struct tcp_conn *conn,
		      const struct tcp_arrival *arrival);
/* The window to offer now, in bytes; moves conn->edge. */
uint32_t tcp_window_offer(struct tcp_conn *conn);
void tcp_window_opened(struct tcp_conn *conn); /* the owner has read: is an update due? */
void tcp_ack_sent(struct tcp_conn *conn);
void tcp_quick_acks(struct tcp_conn *conn);

/* ---- tcp_output.c -------------------------------------------------------------------------- */

uint16_t tcp_mss_ours(const struct tcp_host *host, struct ip_addr local);
/* RST for a segment that belongs to no connection, or is unacceptable in one being opened. */
void tcp_reset_stray(struct tcp_host *host, const struct tcp_arrival *arrival,
		     const struct tcp_md5_key *md5);
/* RST for a connection; its state is left to the caller. */
void tcp_reset_conn(struct tcp_host *host, const struct tcp_conn *conn);

#endif
