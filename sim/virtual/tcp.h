/* A sans-IO TCP: one node's kernel half, as Linux behaves where BGP can tell.
 *
 * The owner (a node) tells it what happened, each time with `now`; then polls events until there is
 * none left, then segments until there is none left, then asks when it wants to be woken. Nothing
 * re-enters: a fact only queues events and output.
 *
 *      tcp_segment_arrived(host, now, source, destination, ttl, bytes, length);
 *      while (tcp_event_next(host, now, &event))
 *              ...                               the daemon reads, writes, connects, closes
 *      while (tcp_output_next(host, now, &segment))
 *              ...                               into an IP packet, out of an interface
 *      wake_at(tcp_next_wakeup(host));
 *
 * What the daemon writes in one instant leaves as full-size segments, because segments are cut only
 * when they are polled. It reads no clock, does no IO and draws only from the stream it was given.
 * The essay at the head of tcp.c says which of Linux's rules are kept and which are not. */
#ifndef SIM_VIRTUAL_TCP_H
#define SIM_VIRTUAL_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/random.h"
#include "base/time.h"

struct tcp_host;

/* A connection's or listener's number. 0 is none. A number that is over (its CLOSED event was
 * polled, or the owner closed it) is recognized as such: calls with it do nothing. Numbers are used
 * again only after 1024 others in the same place. */
typedef uint32_t tcp_id;

#define TCP_DEFAULT_TTL 64u
#define TCP_DEFAULT_TOS 0xc0u /* CS6, as BIRD, FRR and OpenBGPD mark their sessions */
#define TCP_MD5_KEY_MAX 80u   /* bytes, as Linux's TCP_MD5SIG_MAXKEYLEN */

/* RFC 2385. */
struct tcp_md5_key {
	uint8_t length; /* 1 .. TCP_MD5_KEY_MAX */
	uint8_t bytes[TCP_MD5_KEY_MAX];
};

/* What a daemon sets on a socket. All zero is a plain socket. */
struct tcp_options {
	uint8_t ttl;     /* of packets sent; 0: TCP_DEFAULT_TTL */
	uint8_t min_ttl; /* RFC 5082: packets below it are dropped silently; 0: any */
	bool nodelay;    /* TCP_NODELAY: Nagle's rule off. BIRD and FRR leave it on */
	const struct tcp_md5_key *md5; /* copied; NULL: none. With one, only signed ones count */
};

/* ---- life ---------------------------------------------------------------------------------- */

struct tcp_host_config {
	struct random_stream random; /* initial sequence numbers and ephemeral ports */
	uint16_t mtu;                /* of the interfaces, for our MSS; 0: 1500 */
	/* tcp_syn_linear_timeouts: SYN retransmissions one second apart before the exponential
	 * ones. Linux since 6.5 has 4; a negative value means 0, as in older kernels; 0 means 4. */
	int8_t syn_linear_timeouts;
	/* The source address for a destination, as the routing table picks it (none: no route).
	 * May be NULL if every tcp_connect names its local address. */
	struct ip_addr (*choose_local)(void *context, struct ip_addr remote);
	void *context; /* for choose_local */
};

struct tcp_host *tcp_host_new(const struct tcp_host_config *config);
/* The machine is off: everything is forgotten and nothing is sent. Queued bytes are released. */
void tcp_host_free(struct tcp_host *host);

/* The daemon's process died (SIGKILL, exit) and the kernel closes its sockets: listeners go,
 * connections still in accept queues are reset, each connection is closed as by tcp_close (FIN, or
 * RST where received bytes were not read). No events follow; the output does. Also makes a stopped
 * process's host readable again, for the next process. */
void tcp_host_close_all(struct tcp_host *host, struct instant now);

/* reading = false: the process hangs (SIGSTOP). The kernel goes on acknowledging until the receive
 * windows are full, and completing handshakes until the accept queues are; tcp_event_next is silent
 * until reading = true, when everything held comes out. */
void tcp_host_set_reading(struct tcp_host *host, struct instant now, bool reading);

/* ---- sockets ------------------------------------------------------------------------------- */

struct tcp_listen_options {
	struct ip_addr local; /* none: any address of the node (the owner hands in only its own) */
	uint16_t port;
	uint32_t backlog;   /* as listen(2): one more than this waits to be accepted; then SYNs and
			     * final ACKs are dropped */
	bool manual_accept; /* no ACCEPTED events: the owner calls tcp_accept at its own pace */
	/* What holds for connections from that address: key, TTLs, Nagle. May be NULL (a plain
	 * socket) and may return false for the same. Asked at each SYN; *options comes zeroed; the
	 * key is copied. */
	bool (*peer)(void *context, struct ip_addr remote, struct tcp_options *options);
	void *context;
};
/* Returns 0 if the port is taken on that address. */
tcp_id tcp_listen(struct tcp_host *host, const struct tcp_listen_options *options);
/* Connections waiting in the accept queue are reset; accepted ones live on. */
void tcp_listen_close(struct tcp_host *host, struct instant now, tcp_id listener);

struct tcp_connect_options {
	struct ip_addr local;  /* none: choose_local's answer */
	uint16_t local_port;   /* 0: ephemeral, 32768-60999 */
	struct ip_addr remote;
	uint16_t remote_port;
	struct tcp_options socket;
	uint64_t cookie;       /* comes back in every event */
};
/* Dials. Ends in one OPENED or one CLOSED event. Returns 0, with nothing done, if there is no local
 * address (no route), no free port, or the four-tuple is in use. */
tcp_id tcp_connect(struct tcp_host *host, struct instant now,
		   const struct tcp_connect_options *options);

void tcp_set_cookie(struct tcp_host *host, tcp_id connection, uint64_t cookie);
/* Changes TTLs, Nagle and key of a living connection (key NULL: none from now on). */
void tcp_set_options(struct tcp_host *host, tcp_id connection, const struct tcp_options *options);

/* Queues bytes, copying them. False if the connection is over or was closed by us. The queue has no
 * limit: SENT events tell how much left it, and the daemon keeps to its own (BGP_UNSENT_MAX). */
bool tcp_send(struct tcp_host *host, tcp_id connection, const void *bytes, size_t length);
/* Queues bytes without copying: they are borrowed until release(context) is called, once, when all
 * of them are acknowledged or the connection is gone (in this very call if it returns false). */
bool tcp_send_borrowed(struct tcp_host *host, tcp_id connection, const uint8_t *bytes,
		       size_t length, void (*release)(void *context), void *context);

/* close(2): queued data, then FIN; or RST at once if received bytes were not read. The number is
 * over for the owner: no more events. In SYN_SENT nothing is sent. */
void tcp_close(struct tcp_host *host, struct instant now, tcp_id connection);
/* shutdown(SHUT_WR): queued data, then FIN; receiving goes on. */
void tcp_shutdown(struct tcp_host *host, struct instant now, tcp_id connection);
/* RST at once, queued data dropped; also how an ACCEPTED connection is refused. No more events. */
void tcp_abort(struct tcp_host *host, struct instant now, tcp_id connection);
/* reading = false: RECEIVED and PEER_FIN of this connection are held and its window shrinks. */
void tcp_set_reading(struct tcp_host *host, struct instant now, tcp_id connection, bool reading);

/* ---- facts --------------------------------------------------------------------------------- */

/* A TCP segment (header, options, payload) for one of this node's addresses. Bytes are borrowed for
 * the call. A bad length or checksum drops it. */
void tcp_segment_arrived(struct tcp_host *host, struct instant now, struct ip_addr source,
			 struct ip_addr destination, uint8_t ttl, const uint8_t *bytes,
			 size_t length);

enum tcp_unreachable {
	TCP_UNREACHABLE_HOST, /* ICMP net or host unreachable, time exceeded, prohibited; ARP
			       * failure; no route when the segment was to leave */
	TCP_UNREACHABLE_PORT, /* ICMP port or protocol unreachable */
};
/* A segment of ours could not be delivered. `sequence` is that of the segment quoted. While
 * connecting this ends the attempt, as in Linux; later it only undoes a back-off (RFC 6069; not in
 * the instant of sending, when our own routing failed) and gives the reason should
 * retransmission give up. */
void tcp_unreachable(struct tcp_host *host, struct instant now, struct ip_addr local,
		     uint16_t local_port, struct ip_addr remote, uint16_t remote_port,
		     uint32_t sequence, enum tcp_unreachable why);

/* When tcp_time_reached wants to be called; INSTANT_NEVER if no timer runs. Exact. */
struct instant tcp_next_wakeup(struct tcp_host *host);
/* Earlier calls do nothing. Events and output may follow. */
void tcp_time_reached(struct tcp_host *host, struct instant now);

/* ---- effects ------------------------------------------------------------------------------- */

enum tcp_event_kind {
	TCP_EVENT_OPENED,   /* our connect succeeded */
	TCP_EVENT_ACCEPTED, /* a new connection on `listener`; tcp_abort refuses it */
	TCP_EVENT_RECEIVED, /* bytes, in order */
	TCP_EVENT_SENT,     /* `length` more bytes were acknowledged: there is room for more */
	TCP_EVENT_PEER_FIN, /* the peer will send no more; we still may */
	TCP_EVENT_CLOSED,   /* over, and so is its number */
};

enum tcp_close_reason {
	TCP_CLOSE_REFUSED,     /* RST to our SYN */
	TCP_CLOSE_TIMED_OUT,   /* ETIMEDOUT: connect or retransmission gave up */
	TCP_CLOSE_UNREACHABLE, /* EHOSTUNREACH: the same, or during connect, and ICMP had said so */
	TCP_CLOSE_FIN,         /* both sides have closed (after tcp_shutdown) */
	TCP_CLOSE_RESET,       /* ECONNRESET: RST from the peer */
};
const char *tcp_close_reason_name(enum tcp_close_reason reason);

struct tcp_event {
	enum tcp_event_kind kind;
	tcp_id connection;
	uint64_t cookie;              /* as given to tcp_connect or tcp_set_cookie; 0 before */
	tcp_id listener;              /* ACCEPTED */
	struct ip_addr local, remote; /* OPENED, ACCEPTED, CLOSED */
	uint16_t local_port, remote_port;
	const uint8_t *bytes;         /* RECEIVED: borrowed until the next poll, tcp_close or not */
	size_t length;                /* RECEIVED, SENT */
	enum tcp_close_reason reason; /* CLOSED */
};
/* In the order things happened, within a connection: OPENED or ACCEPTED, SENT, RECEIVED, PEER_FIN,
 * CLOSED; what happened several times since the last poll comes once, summed. False: none left. */
bool tcp_event_next(struct tcp_host *host, struct instant now, struct tcp_event *event);
/* With manual_accept: accept(2). Takes one connection off the queue as an ACCEPTED event; false if
 * it is empty. Its other events follow. */
bool tcp_accept(struct tcp_host *host, tcp_id listener, struct tcp_event *event);

#define TCP_HEADROOM 64u /* writable bytes before tcp_segment.bytes, for IP and link headers */

struct tcp_segment {
	struct ip_addr source, destination;
	uint8_t ttl, tos;
	uint8_t *bytes; /* header, options, payload; checksum right. Valid until the next poll */
	size_t length;
	tcp_id connection; /* 0: the answer to a stray segment, or its connection is over */
};
bool tcp_output_next(struct tcp_host *host, struct instant now, struct tcp_segment *segment);

/* ---- looking in ---------------------------------------------------------------------------- */

/* RFC 9293 section 3.3.2. */
enum tcp_state {
	TCP_CLOSED, TCP_SYN_SENT, TCP_SYN_RECEIVED, TCP_ESTABLISHED, TCP_FIN_WAIT_1,
	TCP_FIN_WAIT_2, TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK, TCP_TIME_WAIT,
};
const char *tcp_state_name(enum tcp_state state); /* as ss(8) prints it: "ESTAB", "FIN-WAIT-1" */
enum tcp_state tcp_connection_state(const struct tcp_host *host, tcp_id connection);
size_t tcp_unacknowledged(const struct tcp_host *host, tcp_id connection); /* queued bytes */
/* No handshake is going on and nothing is queued, in flight, unread or unpolled: only the clock or
 * the other side can make something happen, and only TIME-WAITs and the like are waited for. */
bool tcp_quiet(const struct tcp_host *host);

struct tcp_counters {
	uint64_t received, sent;         /* segments */
	uint64_t retransmitted;          /* segments, SYNs included */
	uint64_t fast_retransmits;       /* times recovery was entered by duplicate ACKs */
	uint64_t timeouts;               /* retransmission timer expiries */
	uint64_t resets_sent, challenges_sent;
	uint64_t bad_segments;           /* length or checksum */
	uint64_t md5_dropped;            /* signature missing, unexpected or wrong */
	uint64_t ttl_dropped;            /* below min_ttl */
	uint64_t listen_overflows;       /* SYN or final ACK dropped: accept queue full */
};
const struct tcp_counters *tcp_counters(const struct tcp_host *host);
uint32_t tcp_connection_count(const struct tcp_host *host); /* every state, TIME-WAIT too */

#endif
