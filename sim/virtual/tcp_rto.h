/* Round-trip time and the retransmission timeout: RFC 6298 with Linux's constants. */
#ifndef SIM_VIRTUAL_TCP_RTO_H
#define SIM_VIRTUAL_TCP_RTO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

#define TCP_RTO_INITIAL_NS NS_PER_S
#define TCP_RTO_MIN_NS (200 * NS_PER_MS)
#define TCP_RTO_MAX_NS (120 * NS_PER_S)
#define TCP_RTO_FALLBACK_NS (3 * NS_PER_S) /* RFC 6298 section 5.7: the SYN had to be repeated */

struct tcp_rto {
	int64_t smoothed_ns; /* 0: nothing measured yet */
	int64_t variation_ns;
	int64_t base_ns;     /* the timeout without back-off */
	uint8_t backoff;     /* doublings */
};

void tcp_rto_init(struct tcp_rto *rto);
void tcp_rto_measured(struct tcp_rto *rto, int64_t round_trip_ns);
int64_t tcp_rto_now(const struct tcp_rto *rto); /* with back-off, at most TCP_RTO_MAX_NS */
void tcp_rto_back_off(struct tcp_rto *rto);

#endif
