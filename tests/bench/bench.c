#include "bench.h"

#include <math.h>
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

static double one_cluster(uint32_t nodes, uint32_t blocks, double micro)
{
	double walls[ROUNDS];
	struct cluster_result last = { 0 };
	for (int i = 0; i < ROUNDS; i++) {
		last = in_child(nodes, blocks);
		walls[i] = last.wall_s;
	}
	double wall = median(walls);
	/* Paths held: two by each client of each remote block; what the reflectors hold is less. */
	double paths = 2.0 * nodes * nodes * blocks;
	double updates = 2.0 * nodes * (nodes + 1.0);
	printf("%5u nodes x %u  %7.3f s (%.3f..%.3f)  %6.1f MB  %5.1f B/path  %6.2f M events  "
	       "%5.2f M updates/s = %.2f of micro  %7.3f s simulated%s\n",
	       nodes, blocks, wall, walls[0], walls[ROUNDS - 1], (double)last.rss_kib / 1024,
	       (double)last.rss_kib * 1024 / paths, (double)last.events / 1e6,
	       updates / wall / 1e6, updates / wall / micro, last.simulated_s,
	       last.complete ? "" : "  NOT COMPLETE");
	return wall;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "--child") == 0)
		return child_main(argv);
	uint32_t most = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000;
	static const uint64_t pendings[] = { 1000, 100000, 1000000 };
	printf("engine beside a bare 4-ary heap, hold model, alternating, median of %d\n", ROUNDS);
	for (size_t i = 0; i < 3; i++) {
		double heap[ROUNDS], engine[ROUNDS];
		for (int j = 0; j < ROUNDS; j++) {
			heap[j] = bench_heap(pendings[i], 2000000);
			engine[j] = bench_engine(pendings[i], 2000000);
		}
		double h = median(heap), e = median(engine);
		printf("%8llu pending  heap %5.2f M/s  engine %5.2f M/s  ratio %.2f\n",
		       (unsigned long long)pendings[i], h / 1e6, e / 1e6, e / h);
	}
	double micros[ROUNDS];
	for (int j = 0; j < ROUNDS; j++)
		micros[j] = bench_micro(1000000);
	double micro = median(micros);
	printf("micro: heap(1e5) + encode + copy + parse of a 4-prefix UPDATE: %.2f M/s\n",
	       micro / 1e6);
	printf("\nclusters: 2 reflectors, N nodes in all, one segment, until every node has every "
	       "route\n");
	static const uint32_t sizes[] = { 50, 100, 200, 500, 1000, 2000 };
	double walls[6] = { 0 };
	for (size_t i = 0; i < 6 && sizes[i] <= most; i++) {
		walls[i] = one_cluster(sizes[i], 4, micro);
		if (i > 0)
			printf("      growth exponent from %u: %.2f\n", sizes[i - 1],
			       log(walls[i] / walls[i - 1]) /
				       log((double)sizes[i] / sizes[i - 1]));
	}
	one_cluster(500, 1, micro);
	return 0;
}
