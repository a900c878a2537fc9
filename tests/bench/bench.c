#include "bench.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 3

double bench_now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* A fresh process of this program, so that its peak memory holds nothing of ours. */
static struct cluster_result in_child(uint32_t nodes, uint32_t blocks)
{
	struct cluster_result result = { 0 };
	char n[16], k[16], fd[16], self[] = "/proc/self/exe", mode[] = "--child";
	int ends[2];
	if (pipe(ends) != 0)
		return result;
	snprintf(n, sizeof(n), "%u", nodes);
	snprintf(k, sizeof(k), "%u", blocks);
	snprintf(fd, sizeof(fd), "%d", ends[1]);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		execl(self, self, mode, n, k, fd, (char *)NULL);
		_exit(1);
	}
	close(ends[1]);
	if (read(ends[0], &result, sizeof(result)) != sizeof(result))
		memset(&result, 0, sizeof(result));
	close(ends[0]);
	waitpid(child, NULL, 0);
	return result;
}

static int child_main(char **argv)
{
	struct cluster_result result = bench_cluster((uint32_t)strtoul(argv[2], NULL, 10),
						     (uint32_t)strtoul(argv[3], NULL, 10));
	ssize_t wrote = write((int)strtol(argv[4], NULL, 10), &result, sizeof(result));
	return wrote == sizeof(result) ? 0 : 1;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), ascending);
	return values[ROUNDS / 2];
}

struct figure {
	uint32_t nodes, blocks;
	double wall_s, spread_low, spread_high;
	long rss_kib;
};

/* Route messages as a world without batching would deliver them: each reflector to every other client,
 * to the other reflector and to the switch (shared comparison figures count the same). */
static double deliveries(const struct figure *figure)
{
	return 2.0 * figure->nodes * (figure->nodes + 1.0) * figure->blocks;
}

static double paths(const struct figure *figure)
{
	return 2.0 * figure->nodes * figure->nodes * figure->blocks;
}

static struct figure one_cluster(uint32_t nodes, uint32_t blocks)
{
	struct figure figure = { .nodes = nodes, .blocks = blocks };
	double walls[ROUNDS];
	struct cluster_result last = { 0 };
	for (int i = 0; i < ROUNDS; i++) {
		last = in_child(nodes, blocks);
		walls[i] = last.wall_s;
	}
	figure.wall_s = median(walls);
	figure.spread_low = walls[0];
	figure.spread_high = walls[ROUNDS - 1];
	figure.rss_kib = last.rss_kib;
	printf("%5u nodes x %u  %7.3f s (%.3f..%.3f)  %6.1f MB  %6.2f M events  %7.2f M frames  "
	       "%.3f s simulated%s\n",
	       nodes, blocks, figure.wall_s, figure.spread_low, figure.spread_high,
	       (double)last.rss_kib / 1024, (double)last.events / 1e6, (double)last.frames / 1e6,
	       last.simulated_s, last.complete ? "" : "  NOT COMPLETE");
	return figure;
}

static double exponent(const struct figure *small, const struct figure *large, bool memory)
{
	double ratio = memory ? (double)large->rss_kib / (double)small->rss_kib
			      : large->wall_s / small->wall_s;
	return log(ratio) / log((double)large->nodes / small->nodes);
}

/* Elsewhere measured on a machine of this kind, by hand: C-BGP 2.2.0 and ns-3.37 (deliveries a
 * second of 60-byte messages); neither is in this run, so these two ratios are rough. */
#define CBGP_500_1_S 3.46
#define CBGP_500_4_S 17.8
#define CBGP_1000_4_S 105.5
#define NS3_MESSAGES_PER_S 18900.0

static double engine_figures(void)
{
	static const uint64_t pendings[] = { 1000, 100000, 1000000 };
	double ratio = 0;
	printf("events a second, hold model, engine beside a bare 4-ary heap, alternating\n");
	for (size_t i = 0; i < 3; i++) {
		double heap[ROUNDS], engine[ROUNDS];
		for (int j = 0; j < ROUNDS; j++) {
			heap[j] = bench_heap(pendings[i], 2000000);
			engine[j] = bench_engine(pendings[i], 2000000);
		}
		double h = median(heap), e = median(engine);
		ratio = e / h;
		printf("%8llu pending  heap %5.2f M/s  engine %5.2f M/s  ratio %.2f\n",
		       (unsigned long long)pendings[i], h / 1e6, e / 1e6, ratio);
	}
	return ratio;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "--child") == 0)
		return child_main(argv);
	uint32_t most = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000;
	printf("every figure: median of %d, in brackets the least and the greatest\n\n", ROUNDS);
	double engine = engine_figures();
	double micros[ROUNDS];
	for (int j = 0; j < ROUNDS; j++)
		micros[j] = bench_micro(1000000);
	double micro = median(micros);
	printf("one UPDATE of 4 prefixes: heap at 1e5, encode, copy, parse: %.2f M/s (%.2f..%.2f)\n",
	       micro / 1e6, micros[0] / 1e6, micros[ROUNDS - 1] / 1e6);
	printf("\nclusters: 2 reflectors, N nodes in all, 4 blocks each, one segment, no capture, "
	       "until every node has every route\n");
	static const uint32_t fours[] = { 50, 100, 200, 500, 1000, 2000 };
	struct figure four[6] = { 0 }, one[4] = { 0 };
	size_t count = 0;
	for (; count < 6 && fours[count] <= most; count++)
		four[count] = one_cluster(fours[count], 4);
	printf("1 block each\n");
	static const uint32_t ones[] = { 250, 500, 1000, 2000 };
	size_t single = 0;
	for (; single < 4 && ones[single] <= most; single++)
		one[single] = one_cluster(ones[single], 1);
	if (count < 5 || single < 3)
		return 0;
	printf("\nS1  delivered route messages a second, N=500 x 1, over the bare UPDATE above: %.2f\n",
	       deliveries(&one[1]) / one[1].wall_s / micro);
	printf("S2  wall time over C-BGP's (by hand, another run): N=500 x 1 %.2f, 500 x 4 %.3f, "
	       "1000 x 4 %.3f\n",
	       one[1].wall_s / CBGP_500_1_S, four[3].wall_s / CBGP_500_4_S,
	       four[4].wall_s / CBGP_1000_4_S);
	printf("S3  deliveries a second over ns-3's fan-out at N=200 (by hand, another run): %.0f\n",
	       deliveries(&four[2]) / four[2].wall_s / NS3_MESSAGES_PER_S);
	printf("S4  peak memory over 2*N*N*K paths, N=1000 x 4: %.1f bytes\n",
	       (double)four[4].rss_kib * 1024 / paths(&four[4]));
	printf("S5  growth exponent of wall time: 50 to 1000 x 4 %.2f, 500 to 1000 x 4 %.2f, "
	       "250 to %u x 1 %.2f\n",
	       exponent(&four[0], &four[4], false), exponent(&four[3], &four[4], false),
	       ones[single - 1], exponent(&one[0], &one[single - 1], false));
	printf("S6  growth exponent of peak memory: 500 to 1000 x 4 %.2f, 250 to %u x 1 %.2f\n",
	       exponent(&four[3], &four[4], true), ones[single - 1],
	       exponent(&one[0], &one[single - 1], true));
	printf("S7  engine over heap at 1e6 pending: %.2f\n", engine);
	return 0;
}
