/* Heap, trie, hash index, slab and arena against the obvious: sorting, scanning, counting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/heap.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/trie.h"

static void test_heap_order(void **state)
{
	(void)state;
	struct heap heap;
	heap_init(&heap);
	struct random_stream random = random_stream_of(1, "heap", "test");
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 50; i++)
			heap_push(&heap, (int64_t)random_below(&random, 20), heap.next_sequence);
		int64_t key = -1;
		uint64_t sequence = 0;
		for (int i = 0; i < 45; i++) {
			struct heap_entry top = heap_pop(&heap);
			assert_true(top.key >= key);
			if (top.key == key)
				assert_true(top.sequence > sequence); /* first come, first out */
			key = top.key;
			sequence = top.sequence;
			assert_int_equal(top.value, top.sequence);
		}
	}
	assert_int_equal(heap.count, 200 * 5);
	heap_free(&heap);
}

struct listed {
	struct ip_prefix prefix;
	uint32_t value;
};

static uint32_t scan_longest(const struct listed *list, size_t count, struct ip_addr addr)
{
	uint32_t best = TRIE_NONE;
	int length = -1;
	for (size_t i = 0; i < count; i++)
		if (list[i].value != TRIE_NONE && ip_prefix_contains(list[i].prefix, addr) &&
		    list[i].prefix.length > length) {
			length = list[i].prefix.length;
			best = list[i].value;
		}
	return best;
}

struct order {
	struct ip_prefix last;
	uint32_t seen;
};

static bool in_order(void *context, struct ip_prefix prefix, uint32_t value)
{
	struct order *order = context;
	(void)value;
	if (order->seen++)
		assert_true(ip_prefix_compare(order->last, prefix) < 0);
	order->last = prefix;
	return true;
}

static void test_trie_against_scan(void **state)
{
	(void)state;
	enum { COUNT = 400 };
	struct listed list[COUNT];
	struct random_stream random = random_stream_of(7, "trie", "test");
	struct trie trie;
	trie_init(&trie);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct ip_prefix p = { ip_addr_v4((uint32_t)random_below(&random, 4096) << 20), 0 };
		p.length = (uint8_t)random_below(&random, 17);
		p = ip_prefix_masked(p);
		list[i] = (struct listed){ p, i };
		uint32_t former = trie_set(&trie, p, i);
		for (uint32_t j = 0; j < i; j++)
			if (list[j].value != TRIE_NONE && ip_prefix_equal(list[j].prefix, p)) {
				assert_int_equal(former, list[j].value);
				list[j].value = TRIE_NONE;
				former = TRIE_NONE;
			}
		assert_int_equal(former, TRIE_NONE);
	}
	for (int round = 0; round < 3000; round++) {
		struct ip_addr addr = ip_addr_v4((uint32_t)random_u64(&random));
		assert_int_equal(trie_longest(&trie, addr), scan_longest(list, COUNT, addr));
		uint32_t values[TRIE_DEPTH_MAX];
		int depth = trie_containing(&trie, addr, values);
		for (int i = 1; i < depth; i++)
			assert_true(list[values[i - 1]].prefix.length < list[values[i]].prefix.length);
		uint32_t victim = (uint32_t)random_below(&random, COUNT);
		if (round % 10 == 0 && list[victim].value != TRIE_NONE) {
			assert_int_equal(trie_remove(&trie, list[victim].prefix), victim);
			assert_int_equal(trie_get(&trie, list[victim].prefix), TRIE_NONE);
			list[victim].value = TRIE_NONE;
		}
	}
	struct order order = { .seen = 0 };
	trie_each(&trie, in_order, &order);
	assert_int_equal(order.seen, trie.count);
	assert_true(trie.count > 10);
	for (uint32_t i = 0; i < COUNT; i++)
		if (list[i].value != TRIE_NONE)
			assert_int_equal(trie_remove(&trie, list[i].prefix), i);
	assert_int_equal(trie.count, 0);
	assert_int_equal(trie.nodes.live, 0);
	trie_free(&trie);
}

static uint64_t weak_hash(const void *context, uint32_t value)
{
	(void)context;
	return value % 7; /* collisions on purpose */
}

static void test_hash_index(void **state)
{
	(void)state;
	struct hash_index index;
	hash_index_init(&index);
	for (uint32_t i = 0; i < 500; i++)
		hash_index_add(&index, weak_hash(NULL, i), i, weak_hash, NULL);
	for (uint32_t i = 0; i < 500; i += 2)
		assert_true(hash_index_remove(&index, weak_hash(NULL, i), i));
	assert_false(hash_index_remove(&index, weak_hash(NULL, 2), 2));
	for (uint32_t i = 0; i < 500; i++) {
		uint32_t cursor = HASH_NONE, found;
		bool there = false;
		while ((found = hash_index_next(&index, weak_hash(NULL, i), &cursor)) != HASH_NONE)
			there |= found == i;
		assert_int_equal(there, i % 2 == 1);
	}
	assert_int_equal(index.used, 250);
	hash_index_free(&index);
}

static void test_slab_and_arena(void **state)
{
	(void)state;
	struct slab slab;
	slab_init(&slab, 12);
	uint32_t taken[3000];
	for (int i = 0; i < 3000; i++) {
		taken[i] = slab_take(&slab);
		assert_int_not_equal(taken[i], 0);
		memset(slab_at(&slab, taken[i]), i & 0xff, 12);
	}
	for (int i = 0; i < 3000; i++)
		assert_int_equal(*((uint8_t *)slab_at(&slab, taken[i]) + 11), i & 0xff);
	for (int i = 0; i < 3000; i++)
		slab_give(&slab, taken[i]);
	assert_int_equal(slab.live, 0);
	assert_int_equal(slab_take(&slab), taken[2999]); /* reused, not grown */
	slab_free(&slab);

	struct arena arena;
	arena_init(&arena);
	char *small = arena_printf(&arena, "%d", 42);
	char *large = arena_alloc(&arena, 1 << 20);
	assert_string_equal(small, "42");
	assert_int_equal(large[(1 << 20) - 1], 0);
	assert_int_equal((uintptr_t)large % 16, 0);
	arena_rewind(&arena);
	assert_int_equal(arena.bytes, 0);
	assert_int_equal(*(char *)arena_alloc(&arena, 8), 0); /* cleared again */
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heap_order), cmocka_unit_test(test_trie_against_scan),
		cmocka_unit_test(test_hash_index), cmocka_unit_test(test_slab_and_arena)
	};
	return cmocka_run_group_tests_name("base/containers", tests, NULL, NULL);
}
