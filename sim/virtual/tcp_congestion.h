/* How much may be in flight: slow start and congestion avoidance (RFC 5681, counting bytes),
 * NewReno recovery (RFC 6582), limited transmit (RFC 3042), restart after idle (RFC 2861).
 * It sees sequence numbers and sizes, never a connection. */
#ifndef SIM_VIRTUAL_TCP_CONGESTION_H
#define SIM_VIRTUAL_TCP_CONGESTION_H

#include <stdbool.h>
#include <stdint.h>

struct tcp_congestion {
	uint32_t mss;         /* payload bytes of a full segment */
	uint32_t window;      /* cwnd, bytes */
	uint32_t threshold;   /* ssthresh, bytes */
	uint32_t avoided;     /* bytes acknowledged since the window last grew by one mss */
	uint32_t recover;     /* end of what was in flight when the last loss was noticed */
	uint32_t duplicates;  /* duplicate ACKs in a row */
	bool recovering;      /* fast recovery */
};

/* `next` is the first sequence number of data. */
void tcp_congestion_init(struct tcp_congestion *c, uint32_t mss, uint32_t next);
/* New data was acknowledged up to `una`; in_flight as before this ACK; max: end of what was ever
 * sent. True: a partial acknowledgment, so retransmit the first segment. */
bool tcp_congestion_acked(struct tcp_congestion *c, uint32_t una, uint32_t acked,
			  uint32_t in_flight, uint32_t max);
/* A duplicate ACK. True: the third, so retransmit the first segment. */
bool tcp_congestion_duplicate(struct tcp_congestion *c, uint32_t una, uint32_t in_flight,
			      uint32_t max);
/* The retransmission timer ran out; `first` of this stall. */
void tcp_congestion_timeout(struct tcp_congestion *c, uint32_t in_flight, uint32_t max,
			    bool first);
/* About to send after `idle_ns` without anything in flight. */
void tcp_congestion_idle(struct tcp_congestion *c, int64_t idle_ns, int64_t rto_ns);
/* Bytes that may be in flight now. */
uint32_t tcp_congestion_window(const struct tcp_congestion *c);

#endif
