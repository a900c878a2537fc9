#include "sim/virtual/tcp_congestion.h"

#include "sim/virtual/tcp_segment.h"

#define INITIAL_SEGMENTS 10u /* RFC 6928 */
#define DUPLICATES_FOR_LOSS 3u
#define WINDOW_MAX (4u << 20) /* tcp_wmem[2]: more is never queued by Linux either */

static uint32_t greater(uint32_t a, uint32_t b) { return a > b ? a : b; }
static uint32_t lesser(uint32_t a, uint32_t b) { return a < b ? a : b; }

void tcp_congestion_init(struct tcp_congestion *c, uint32_t mss, uint32_t next)
{
	*c = (struct tcp_congestion){
		.mss = mss,
		.window = INITIAL_SEGMENTS * mss,
		.threshold = WINDOW_MAX,
		.recover = next,
	};
}

static void window_grow(struct tcp_congestion *c, uint32_t acked, uint32_t in_flight)
{
	if (c->window < c->threshold) {
		/* A window that is not used proves nothing: growing needs it at least half full. */
		if (in_flight * 2 > c->window)
			c->window = lesser(c->window + acked, c->threshold);
		return;
	}
	if (in_flight + c->mss <= c->window)
		return;
	c->avoided += acked;
	if (c->avoided >= c->window) {
		c->avoided -= c->window;
		c->window = lesser(c->window + c->mss, WINDOW_MAX);
	}
}

bool tcp_congestion_acked(struct tcp_congestion *c, uint32_t una, uint32_t acked,
			  uint32_t in_flight, uint32_t max)
{
	if (!c->recovering) {
		c->duplicates = 0;
		window_grow(c, acked, in_flight);
		return false;
	}
	if (!seq_before(una, c->recover)) { /* RFC 6582 section 3.2 step 3, full: option 1 */
		c->window = lesser(c->threshold, greater(max - una, c->mss) + c->mss);
		c->recovering = false;
		c->duplicates = 0;
		return false;
	}
	/* Partial: deflate by what left the network, and let one more out. */
	c->window -= lesser(acked, c->window - c->mss);
	if (acked >= c->mss)
		c->window += c->mss;
	return true;
}

bool tcp_congestion_duplicate(struct tcp_congestion *c, uint32_t una, uint32_t in_flight,
			      uint32_t max)
{
	c->duplicates++;
	if (c->recovering) {
		c->window = lesser(c->window + c->mss, WINDOW_MAX);
		return false;
	}
	/* What was in flight at a timeout is being sent again: its duplicates tell nothing new. */
	if (c->duplicates != DUPLICATES_FOR_LOSS || seq_before(una, c->recover))
		return false;
	c->threshold = greater(in_flight / 2, 2 * c->mss);
	c->window = c->threshold + DUPLICATES_FOR_LOSS * c->mss;
	c->recover = max;
	c->recovering = true;
	return true;
}

void tcp_congestion_timeout(struct tcp_congestion *c, uint32_t in_flight, uint32_t max,
			    bool first)
{
	if (first)
		c->threshold = greater(in_flight / 2, 2 * c->mss);
	c->window = c->mss;
	c->avoided = 0;
	c->recover = max;
	c->recovering = false;
	c->duplicates = 0;
}

void tcp_congestion_idle(struct tcp_congestion *c, int64_t idle_ns, int64_t rto_ns)
{
	if (idle_ns <= rto_ns)
		return;
	uint32_t restart = lesser(c->window, INITIAL_SEGMENTS * c->mss);
	c->threshold = greater(c->threshold, c->window / 4 * 3);
	for (idle_ns -= rto_ns; idle_ns > 0 && c->window > restart; idle_ns -= rto_ns)
		c->window /= 2;
	c->window = greater(c->window, restart);
}

uint32_t tcp_congestion_window(const struct tcp_congestion *c)
{
	if (c->recovering)
		return c->window;
	return c->window + lesser(c->duplicates, DUPLICATES_FOR_LOSS - 1) * c->mss;
}
