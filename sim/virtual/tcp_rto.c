#include "sim/virtual/tcp_rto.h"

#define BACKOFF_MAX 20u /* 200 ms doubled so often is far beyond the maximum */

void tcp_rto_init(struct tcp_rto *rto) { *rto = (struct tcp_rto){ .base_ns = TCP_RTO_INITIAL_NS }; }

void tcp_rto_measured(struct tcp_rto *rto, int64_t round_trip_ns)
{
	int64_t sample = round_trip_ns > 0 ? round_trip_ns : 1;
	if (rto->smoothed_ns == 0) {
		rto->smoothed_ns = sample;
		rto->variation_ns = sample / 2;
	} else {
		int64_t error = sample - rto->smoothed_ns;
		rto->variation_ns += ((error < 0 ? -error : error) - rto->variation_ns) / 4;
		rto->smoothed_ns += error / 8;
		if (rto->smoothed_ns < 1)
			rto->smoothed_ns = 1;
	}
	/* Linux puts its minimum under the variation, not under the sum: a LAN's timeout is the
	 * round trip plus 200 ms. */
	int64_t spread = 4 * rto->variation_ns;
	rto->base_ns = rto->smoothed_ns + (spread > TCP_RTO_MIN_NS ? spread : TCP_RTO_MIN_NS);
	if (rto->base_ns > TCP_RTO_MAX_NS)
		rto->base_ns = TCP_RTO_MAX_NS;
}

int64_t tcp_rto_now(const struct tcp_rto *rto)
{
	int64_t timeout_ns = rto->base_ns << rto->backoff;
	return timeout_ns < TCP_RTO_MAX_NS ? timeout_ns : TCP_RTO_MAX_NS;
}

void tcp_rto_back_off(struct tcp_rto *rto)
{
	if (rto->backoff < BACKOFF_MAX)
		rto->backoff++;
}
