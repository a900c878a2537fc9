#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/random.h"
#include "sim/virtual/fib.h"

static struct ip_addr ip(const char *text)
{
	struct ip_addr addr = { 0 };
	assert_true(ip_addr_parse(text, strlen(text), &addr));
	return addr;
}

static struct ip_prefix net(const char *text)
{
	struct ip_prefix prefix;
	assert_true(ip_prefix_parse(text, strlen(text), false, &prefix));
	return prefix;
}

struct log {
	struct fib_listener listener; /* first */
	uint32_t count, prefix_id;
	int former_source, source;
};

static void changed(struct fib_listener *listener, uint32_t prefix_id,
		    const struct fib_route *former, const struct fib_route *now)
{
	struct log *log = (struct log *)listener;
	log->count++;
	log->prefix_id = prefix_id;
	log->former_source = former ? (int)former->source : -1;
	log->source = now ? (int)now->source : -1;
}

struct fixture {
	struct bgp_table *table;
	struct fib fib;
	struct log log;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	f->table = bgp_table_new();
	f->log.listener.changed = changed;
	fib_init(&f->fib, f->table, &f->log.listener);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	fib_free(&f->fib);
	bgp_table_free(f->table);
	free(f);
	return 0;
}

static void set(struct fixture *f, uint32_t id, enum route_source source, uint32_t metric,
		const char *via)
{
	struct fib_hop hop = { .interface = 0 };
	if (via)
		hop.via = ip(via);
	struct fib_spec spec = { .source = source, .metric = metric, .hops = &hop,
				 .hop_count = 1 };
	fib_set(&f->fib, id, &spec);
}

static void test_the_best_of_several_sources(void **state)
{
	struct fixture *f = *state;
	uint32_t id = bgp_prefix_id(f->table, net("10.1.0.0/16"));
	set(f, id, ROUTE_BGP, 20, "10.0.0.9");
	assert_int_equal(f->log.count, 1);
	assert_int_equal(f->log.former_source, -1);
	set(f, id, ROUTE_STATIC, 0, "10.0.0.8");
	assert_int_equal(f->log.count, 2);
	assert_int_equal(f->log.former_source, ROUTE_BGP);
	assert_int_equal(f->log.source, ROUTE_STATIC);
	set(f, id, ROUTE_CONNECTED, 0, NULL); /* the same metric: connected is used */
	assert_int_equal(fib_best(&f->fib, id)->source, ROUTE_CONNECTED);
	set(f, id, ROUTE_STATIC, 100, "10.0.0.7"); /* a second static, worse: nobody is told */
	assert_int_equal(f->log.count, 3);
	assert_true(fib_remove(&f->fib, id, ROUTE_CONNECTED, FIB_ANY_METRIC));
	assert_false(fib_remove(&f->fib, id, ROUTE_CONNECTED, FIB_ANY_METRIC));
	assert_int_equal(fib_best(&f->fib, id)->source, ROUTE_STATIC);
	assert_int_equal(fib_best(&f->fib, id)->metric, 0);
	assert_true(fib_remove(&f->fib, id, ROUTE_STATIC, FIB_ANY_METRIC)); /* both */
	assert_int_equal(fib_best(&f->fib, id)->source, ROUTE_BGP);
	assert_int_equal(f->fib.count, 1);
	fib_remove_source(&f->fib, ROUTE_BGP);
	assert_null(fib_best(&f->fib, id));
	assert_int_equal(f->log.source, -1);
	assert_int_equal(f->fib.count, 0);
	assert_int_equal(fib_next(&f->fib, 0), FIB_NO_PREFIX);
}

static void test_setting_the_same_again_is_nothing(void **state)
{
	struct fixture *f = *state;
	uint32_t id = bgp_prefix_id(f->table, net("10.1.0.0/16"));
	set(f, id, ROUTE_BGP, 20, "10.0.0.9");
	uint64_t generation = f->fib.generation;
	set(f, id, ROUTE_BGP, 20, "10.0.0.9");
	assert_int_equal(f->fib.generation, generation);
	assert_int_equal(f->log.count, 1);
	set(f, id, ROUTE_BGP, 20, "10.0.0.8");
	assert_int_equal(f->log.count, 2);
	assert_true(ip_addr_equal(fib_best(&f->fib, id)->hops[0].via, ip("10.0.0.8")));
}

static void test_longest_match(void **state)
{
	struct fixture *f = *state;
	const char *const prefixes[] = { "0.0.0.0/0", "172.27.208.0/22", "172.27.210.0/26",
					 "172.27.210.5/32", "172.27.210.64/26" };
	for (unsigned i = 0; i < 5; i++) {
		uint32_t id = bgp_prefix_id(f->table, net(prefixes[i]));
		if (i != 4) /* known to the table, but not to this node */
			set(f, id, i == 2 ? ROUTE_BGP : ROUTE_STATIC, 0, "10.0.0.1");
	}
	const struct { const char *to, *by; } rows[] = {
		{ "8.8.8.8", "0.0.0.0/0" },
		{ "172.27.208.1", "172.27.208.0/22" },
		{ "172.27.210.4", "172.27.210.0/26" },
		{ "172.27.210.5", "172.27.210.5/32" },
		{ "172.27.210.70", "172.27.208.0/22" },
	};
	for (unsigned i = 0; i < 5; i++) {
		uint32_t id = FIB_NO_PREFIX;
		assert_non_null(fib_lookup(&f->fib, ip(rows[i].to), false, &id));
		assert_true(ip_prefix_equal(bgp_prefix_of(f->table, id), net(rows[i].by)));
	}
	uint32_t id;
	fib_lookup(&f->fib, ip("172.27.210.4"), true, &id);
	assert_true(ip_prefix_equal(bgp_prefix_of(f->table, id), net("172.27.208.0/22")));
	fib_clear(&f->fib);
	assert_null(fib_lookup(&f->fib, ip("8.8.8.8"), false, NULL));
}

static void test_many_routes_few_contents(void **state)
{
	struct fixture *f = *state;
	for (uint32_t i = 0; i < 20000; i++) {
		struct ip_prefix prefix = { ip_addr_v4(0x0a000000u + i * 64), 26 };
		set(f, bgp_prefix_id(f->table, prefix), ROUTE_BGP, 20,
		    i % 2 ? "192.168.0.1" : "192.168.0.2");
	}
	assert_int_equal(f->fib.count, 20000);
	assert_int_equal(f->fib.route_count, 3); /* two, and number 0 */
	assert_int_equal(f->fib.chains.live, 0);
	uint32_t seen = 0;
	for (uint32_t id = fib_next(&f->fib, 0); id != FIB_NO_PREFIX;
	     id = fib_next(&f->fib, id + 1))
		seen++;
	assert_int_equal(seen, 20000);
	fib_clear(&f->fib);
	assert_int_equal(f->fib.count, 0);
	assert_int_equal(f->fib.by_content.used, 0);
}

/* Random sets and removals against a plain array of what each (prefix, source, metric) holds. */
static void test_against_a_naive_twin(void **state)
{
	struct fixture *f = *state;
	struct random_stream random = random_stream_of(3, "fib", "test");
	int twin[8][6][3]; /* prefix, source, metric: via, or -1 */
	memset(twin, -1, sizeof(twin));
	static const int rank[] = { [ROUTE_LOCAL] = 0,  [ROUTE_CONNECTED] = 1, [ROUTE_POD] = 2,
				    [ROUTE_STATIC] = 3, [ROUTE_BLACKHOLE_BLOCK] = 4,
				    [ROUTE_BGP] = 5 };
	uint32_t ids[8];
	for (uint32_t i = 0; i < 8; i++)
		ids[i] = bgp_prefix_id(f->table,
				       (struct ip_prefix){ ip_addr_v4(i << 24), 8 });
	for (int round = 0; round < 20000; round++) {
		uint32_t p = (uint32_t)random_below(&random, 8);
		uint32_t s = (uint32_t)random_below(&random, 6);
		uint32_t m = (uint32_t)random_below(&random, 3);
		int via = (int)random_below(&random, 4);
		if (random_below(&random, 3)) {
			struct fib_hop hop = { ip_addr_v4(0x0a000000u + (uint32_t)via), 1 };
			struct fib_spec spec = { .source = s, .metric = m, .hops = &hop,
						 .hop_count = 1 };
			fib_set(&f->fib, ids[p], &spec);
			twin[p][s][m] = via;
		} else {
			assert_int_equal(fib_remove(&f->fib, ids[p], s, m), twin[p][s][m] >= 0);
			twin[p][s][m] = -1;
		}
		int best = -1, best_rank = 99, best_metric = 99;
		for (int source = 0; source < 6; source++)
			for (int metric = 0; metric < 3; metric++)
				if (twin[p][source][metric] >= 0 &&
				    (metric < best_metric ||
				     (metric == best_metric && rank[source] < best_rank))) {
					best = twin[p][source][metric];
					best_rank = rank[source];
					best_metric = metric;
				}
		const struct fib_route *route = fib_best(&f->fib, ids[p]);
		if (best < 0) {
			assert_null(route);
		} else {
			assert_int_equal(route->metric, best_metric);
			assert_int_equal(rank[route->source], best_rank);
			assert_int_equal(ip_addr_to_v4(route->hops[0].via), 0x0a000000 + best);
		}
	}
}

static bool odd_is_good(const void *context, uint32_t hop)
{
	(void)context;
	return hop % 2 == 1;
}

static bool none_is_good(const void *context, uint32_t hop)
{
	(void)context;
	(void)hop;
	return false;
}

static void test_hash_threshold(void **state)
{
	(void)state;
	uint32_t hits[3] = { 0 };
	for (uint32_t i = 0; i < 3000; i++)
		hits[fib_select((uint32_t)(((uint64_t)i << 31) / 3000), 3, NULL, NULL)]++;
	assert_in_range(hits[0], 999, 1001);
	assert_in_range(hits[1], 999, 1001);
	assert_in_range(hits[2], 999, 1001);
	assert_int_equal(fib_select(0x7fffffff, 64, NULL, NULL), 63);
	assert_int_equal(fib_select(0x3fffffff, 2, NULL, NULL), 0);
	assert_int_equal(fib_select(0x40000000, 2, NULL, NULL), 1);
	/* Two members: the flow of a dead one goes to the other, whichever side it is on. */
	assert_int_equal(fib_select(0, 2, odd_is_good, NULL), 1);
	assert_int_equal(fib_select(0x7fffffff, 2, odd_is_good, NULL), 1);
	/* Three, only 1 good: flows of 0 and of 2 both end there. */
	assert_int_equal(fib_select(0x7fffffff, 3, odd_is_good, NULL), 1);
	assert_int_equal(fib_select(0x7fffffff, 3, none_is_good, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_best_of_several_sources, setup, teardown),
		cmocka_unit_test_setup_teardown(test_setting_the_same_again_is_nothing, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_longest_match, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_routes_few_contents, setup, teardown),
		cmocka_unit_test_setup_teardown(test_against_a_naive_twin, setup, teardown),
		cmocka_unit_test(test_hash_threshold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
