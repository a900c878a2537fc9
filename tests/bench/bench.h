/* Speed, printed and never judged. Each measurement runs in a process of its own, so that its peak
 * memory is its own; figures that are compared are taken alternately. */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <stdint.h>

struct cluster_result {
	double wall_s, simulated_s;
	uint64_t events, messages, frames;
	uint64_t entries; /* kernel routes over all nodes */
	long rss_kib;     /* peak, of the whole process */
	int complete;     /* every node has every block */
};

/* 2 reflectors, N nodes in all, `blocks` each; no capture, sessions only in the trace; until every
 * node has every route. */
struct cluster_result bench_cluster(uint32_t nodes, uint32_t blocks);

/* Events a second: hold model (pop one, push one) at `pending`. */
double bench_heap(uint64_t pending, uint64_t rounds);
double bench_engine(uint64_t pending, uint64_t rounds);
/* One message: heap at 1e5, UPDATE of four prefixes taken apart, attributes decoded, encoded again and
 * copied. Messages a second. */
double bench_micro(uint64_t rounds);

double bench_now_s(void);

#endif
