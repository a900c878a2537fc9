/* fuzz: bgp base
 *
 * The containers against naive twins: heap, trie, hash index, slab; the RIB's column and its
 * interned path lists. The first octet says which; every further one or few are an operation. */
#include "base/hash.h"
#include "base/heap.h"
#include "base/memory.h"
#include "base/trie.h"
#include "bgp/route/column.h"
#include "bgp/route/paths.h"
#include "tests/fuzz/fuzz.h"

#define TWIN_MAX 512u

/* ---- heap: an unsorted array, searched ------------------------------------------------------- */

static void heap_fuzzed(struct feed *feed)
{
	struct heap heap;
	struct heap_entry twin[TWIN_MAX];
	size_t count = 0;
	uint64_t sequence = 0;
	heap_init(&heap);
	while (feed_left(feed)) {
		uint8_t what = feed_u8(feed);
		if (what & 1 && count < TWIN_MAX) {
			int64_t key = what & 2 ? (int8_t)feed_u8(feed)
					       : (int64_t)((uint64_t)feed_u32(feed) << 32);
			heap_push(&heap, key, sequence * 3);
			twin[count++] = (struct heap_entry){ key, sequence, sequence * 3 };
			sequence++;
		} else if (count) {
			size_t least = 0;
			for (size_t i = 1; i < count; i++)
				if (twin[i].key < twin[least].key ||
				    (twin[i].key == twin[least].key &&
				     twin[i].sequence < twin[least].sequence))
					least = i;
			ASSERT(heap_top(&heap)->value == twin[least].value);
			struct heap_entry entry = heap_pop(&heap);
			ASSERT(entry.key == twin[least].key && entry.value == twin[least].value);
			twin[least] = twin[--count];
		}
		ASSERT(heap.count == count && (heap_top(&heap) != NULL) == (count > 0));
	}
	heap_free(&heap);
}

/* ---- trie: a list of prefixes ---------------------------------------------------------------- */

struct trie_twin {
	struct ip_prefix prefix;
	uint32_t value;
};

/* Few bits differ, so that prefixes lie inside each other. */
static struct ip_prefix prefix_of(struct feed *feed)
{
	uint8_t what = feed_u8(feed);
	struct ip_prefix prefix = { .addr.family = what & 1 ? IP_V6 : IP_V4 };
	uint32_t bits = feed_u16(feed);
	prefix.length = (uint8_t)(feed_u8(feed) % (what & 1 ? 129u : 33u));
	unsigned at = what & 1 ? what >> 1 & 7 : 0;
	prefix.addr.bytes[at * 2] = (uint8_t)(bits >> 8);
	prefix.addr.bytes[at * 2 + 1] = (uint8_t)bits;
	if (what & 0x80)
		prefix.addr.bytes[what & 1 ? 15 : 3] = (uint8_t)bits;
	return prefix;
}

struct trie_walk {
	const struct trie_twin *twin;
	size_t count, seen;
	struct ip_prefix last;
};

static struct trie_twin *twin_find(struct trie_twin *twin, size_t count, struct ip_prefix prefix)
{
	for (size_t i = 0; i < count; i++)
		if (ip_prefix_equal(twin[i].prefix, ip_prefix_masked(prefix)))
			return &twin[i];
	return NULL;
}

static bool trie_visit(void *context, struct ip_prefix prefix, uint32_t value)
{
	struct trie_walk *walk = context;
	ASSERT(walk->seen == 0 || ip_prefix_compare(walk->last, prefix) < 0);
	walk->last = prefix;
	walk->seen++;
	bool found = false;
	for (size_t i = 0; i < walk->count; i++)
		found |= ip_prefix_equal(walk->twin[i].prefix, prefix) &&
			 walk->twin[i].value == value;
	ASSERT(found);
	return true;
}

static void trie_asked(const struct trie *trie, const struct trie_twin *twin, size_t count,
		       struct ip_addr addr)
{
	uint32_t values[TRIE_DEPTH_MAX], wanted = 0;
	int got = trie_containing(trie, addr, values), before = -1;
	for (size_t i = 0; i < count; i++)
		wanted += ip_prefix_contains(twin[i].prefix, addr);
	ASSERT(got >= 0 && (uint32_t)got == wanted);
	for (int i = 0; i < got; i++) {
		size_t at = 0;
		while (at < count && twin[at].value != values[i])
			at++;
		ASSERT(at < count && ip_prefix_contains(twin[at].prefix, addr));
		ASSERT(twin[at].prefix.length > before); /* shortest first */
		before = twin[at].prefix.length;
	}
	ASSERT(trie_longest(trie, addr) == (got ? values[got - 1] : TRIE_NONE));
}

static void trie_fuzzed(struct feed *feed)
{
	struct trie trie;
	struct trie_twin twin[128];
	size_t count = 0;
	uint32_t value = 0;
	trie_init(&trie);
	while (feed_left(feed)) {
		uint8_t what = feed_u8(feed);
		struct ip_prefix prefix = prefix_of(feed);
		struct trie_twin *found = twin_find(twin, count, prefix);
		uint32_t former = found ? found->value : TRIE_NONE;
		ASSERT(trie_get(&trie, prefix) == former);
		if (what % 4 < 2 && (found || count < 128)) {
			ASSERT(trie_set(&trie, prefix, value) == former);
			if (!found)
				found = &twin[count++];
			*found = (struct trie_twin){ ip_prefix_masked(prefix), value++ };
		} else if (what % 4 == 2) {
			ASSERT(trie_remove(&trie, prefix) == former);
			if (found)
				*found = twin[--count];
		} else {
			trie_asked(&trie, twin, count, prefix.addr);
		}
		ASSERT(trie.count == count);
	}
	struct trie_walk walk = { .twin = twin, .count = count };
	trie_each(&trie, trie_visit, &walk);
	ASSERT(walk.seen == count);
	trie_free(&trie);
}

/* ---- hash index: which values stand in it ---------------------------------------------------- */

/* Poor on purpose: many are equal, and tags and slots collide. */
static uint64_t poor_hash(const void *context, uint32_t value)
{
	const uint8_t *kind = context;
	return (uint64_t)(value % (1u + *kind)) * (*kind & 1 ? 0x100000001u : 0x9e3779b97f4a7c15u);
}

static void hash_fuzzed(struct feed *feed)
{
	struct hash_index index;
	bool there[TWIN_MAX] = { false };
	uint8_t kind = feed_u8(feed);
	uint32_t count = 0;
	hash_index_init(&index);
	while (feed_left(feed)) {
		uint8_t what = feed_u8(feed);
		uint32_t value = feed_u16(feed) % TWIN_MAX;
		uint64_t hash = poor_hash(&kind, value);
		if (what & 1 && !there[value]) {
			hash_index_add(&index, hash, value, poor_hash, &kind);
			there[value] = true;
			count++;
		} else {
			ASSERT(hash_index_remove(&index, hash, value) == there[value]);
			count -= there[value];
			there[value] = false;
		}
		ASSERT(index.used == count);
		if (what & 6)
			continue;
		/* Every value of that hash is a candidate, once; others may be. */
		uint32_t seen[TWIN_MAX] = { 0 }, cursor = HASH_NONE, candidate;
		while ((candidate = hash_index_next(&index, hash, &cursor)) != HASH_NONE) {
			ASSERT(candidate < TWIN_MAX && there[candidate] && !seen[candidate]);
			seen[candidate] = 1;
		}
		for (uint32_t i = 0; i < TWIN_MAX; i++)
			ASSERT(!there[i] || poor_hash(&kind, i) != hash || seen[i]);
	}
	hash_index_free(&index);
}

/* ---- slab: what was written into each item --------------------------------------------------- */

static void slab_fuzzed(struct feed *feed)
{
	struct slab slab;
	size_t size = 4u + feed_u8(feed) % 60u;
	uint32_t numbers[TWIN_MAX];
	size_t count = 0;
	slab_init(&slab, size);
	while (feed_left(feed)) {
		uint8_t what = feed_u8(feed);
		for (uint32_t n = what & 0x40 ? 300 : 1; what & 1 && n > 0 && count < TWIN_MAX; n--) {
			uint32_t number = slab_take(&slab);
			ASSERT(number != 0);
			for (size_t i = 0; i < count; i++)
				ASSERT(numbers[i] != number);
			memset(slab_at(&slab, number), (int)(number & 0xff), size);
			numbers[count++] = number;
		}
		if (!(what & 1) && count) {
			size_t at = feed_u16(feed) % count;
			const uint8_t *item = slab_at(&slab, numbers[at]);
			for (size_t i = 0; i < size; i++)
				ASSERT(item[i] == (numbers[at] & 0xff));
			slab_give(&slab, numbers[at]);
			numbers[at] = numbers[--count];
		}
		ASSERT(slab.live == count);
	}
	slab_free(&slab);
}

/* ---- column: a plain array ------------------------------------------------------------------- */

#define COLUMN_MAX 4096u

static void column_fuzzed(struct feed *feed)
{
	struct column column = { 0 };
	uint32_t *twin = calloc(COLUMN_MAX, sizeof(*twin));
	uint32_t used = 0;
	ASSERT(twin);
	while (feed_left(feed)) {
		uint32_t at = feed_u16(feed) % COLUMN_MAX, value = feed_u8(feed) % 3;
		used += (value != 0) - (uint32_t)(twin[at] != 0);
		twin[at] = value;
		column_set(&column, at, value);
		ASSERT(column_get(&column, at) == value && column.used == used);
		ASSERT(column_get(&column, at ^ 1) == twin[at ^ 1]);
	}
	uint32_t expected = 0, seen = 0;
	for (uint32_t at = 0; column_next(&column, &at); at++, expected++, seen++) {
		for (; expected < at; expected++)
			ASSERT(twin[expected] == 0);
		ASSERT(at < COLUMN_MAX && twin[at] != 0);
		if (at % 3 == 0) /* it stands changes */
			column_set(&column, at, 0);
	}
	ASSERT(seen == used);
	for (; expected < COLUMN_MAX; expected++)
		ASSERT(twin[expected] == 0);
	column_free(&column);
	free(twin);
}

/* ---- path lists: equal contents, equal number ------------------------------------------------ */

#define LISTS_MAX 64u
#define LIST_PATHS_MAX 6u

struct list_twin {
	uint32_t number, count, references;
	struct path paths[LIST_PATHS_MAX];
};

static uint32_t an_attrs(struct bgp_table *table, uint8_t which)
{
	struct bgp_attrs attrs = {
		.present = UINT64_C(1) << BGP_ATTR_ORIGIN | UINT64_C(1) << BGP_ATTR_MED,
		.med = which, .next_hop = ip_addr_v4(0x0a000000u + which % 3),
	};
	return bgp_attrs_intern(table, &attrs);
}

static void list_made(struct feed *feed, struct bgp_table *table, struct list_twin *twins,
		      uint32_t *used)
{
	struct list_twin made = { .count = feed_below(feed, LIST_PATHS_MAX + 1), .references = 1 };
	memset(made.paths, 0, sizeof(made.paths));
	for (uint32_t i = 0; i < made.count; i++) {
		uint8_t what = feed_u8(feed);
		made.paths[i].raw = an_attrs(table, what & 7);
		made.paths[i].attrs = an_attrs(table, what >> 3 & 7);
		made.paths[i].peer = what >> 6;
		made.paths[i].slot = (uint16_t)i;
	}
	made.number = path_list_intern(table, bgp_prefix_id(table, (struct ip_prefix){
		.addr = ip_addr_v4(0x14000000), .length = 24 }), made.paths, made.count);
	ASSERT((made.number == 0) == (made.count == 0));
	for (uint32_t i = 0; i < made.count; i++) {
		bgp_attrs_unref(table, made.paths[i].raw);
		bgp_attrs_unref(table, made.paths[i].attrs);
	}
	if (!made.count)
		return;
	for (uint32_t i = 0; i < *used; i++) {
		bool equal = twins[i].count == made.count &&
			     memcmp(twins[i].paths, made.paths,
				    made.count * sizeof(made.paths[0])) == 0;
		ASSERT(equal == (twins[i].number == made.number));
		if (equal) {
			twins[i].references++;
			return;
		}
	}
	if (*used == LISTS_MAX)
		path_list_unref(table, made.number);
	else
		twins[(*used)++] = made;
}

static void lists_fuzzed(struct feed *feed)
{
	struct bgp_table *table = bgp_table_new();
	struct list_twin twins[LISTS_MAX];
	uint32_t used = 0;
	while (feed_left(feed)) {
		uint8_t what = feed_u8(feed);
		uint32_t at = used ? what / 4u % used : 0;
		if (what % 4 < 2 || used == 0) {
			list_made(feed, table, twins, &used);
		} else if (what % 4 == 2) {
			path_list_ref(table, twins[at].number);
			twins[at].references++;
		} else {
			uint32_t count;
			const struct path *paths = path_list_of(table, twins[at].number, &count);
			ASSERT(count == twins[at].count &&
			       memcmp(paths, twins[at].paths, count * sizeof(*paths)) == 0);
			for (uint32_t i = 0; i < count; i++)
				ASSERT(bgp_attrs_of(table, paths[i].attrs)->med < 8);
			path_list_unref(table, twins[at].number);
			if (--twins[at].references == 0)
				twins[at] = twins[--used];
		}
		ASSERT(path_lists_live(table) == used);
	}
	for (uint32_t i = 0; i < used; i++)
		while (twins[i].references--)
			path_list_unref(table, twins[i].number);
	ASSERT(path_lists_live(table) == 0 && bgp_attrs_live(table) == 0);
	bgp_table_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const containers[])(struct feed *feed) = {
		heap_fuzzed, trie_fuzzed, hash_fuzzed, slab_fuzzed, column_fuzzed, lists_fuzzed,
	};
	struct feed feed = feed_of(data, size);
	containers[feed_u8(&feed) % 6](&feed);
	return 0;
}
