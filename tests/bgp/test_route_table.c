/* The intern table: prefixes, next hops, attribute sets by value and by wire bytes, path lists. */
#include "bgp/route/column.h"
#include "bgp/route/table_inside.h"
#include "tests/bgp/route_net.h"

static void prefixes_by_number(void **state)
{
	(void)state;
	struct bgp_table *table = bgp_table_new();
	uint32_t a = bgp_prefix_id(table, pfx("20.0.0.0/8")), b = bgp_prefix_id(table, pfx("::/0"));
	uint32_t c = bgp_prefix_id(table, pfx("20.1.0.0/16"));
	assert_int_equal(a, 0);
	assert_int_equal(bgp_prefix_id(table, pfx("::/0")), b);
	assert_int_equal(bgp_prefix_find(table, pfx("20.1.0.0/16")), c);
	assert_int_equal(bgp_prefix_find(table, pfx("20.1.0.0/17")), UINT32_MAX);
	assert_int_equal(bgp_prefix_count(table), 3);
	assert_true(ip_prefix_equal(bgp_prefix_of(table, c), pfx("20.1.0.0/16")));
	uint32_t ids[129];
	assert_int_equal(bgp_prefixes_containing(table, addr("20.1.2.3"), ids), 2);
	assert_int_equal(ids[0], a);
	assert_int_equal(ids[1], c);
	bgp_table_free(table);
}

static void next_hops_and_their_prefixes(void **state)
{
	(void)state;
	struct bgp_table *table = bgp_table_new();
	uint32_t hop = bgp_next_hop_id(table, addr("10.0.0.2")), cursor = 0;
	assert_int_equal(bgp_next_hop_id(table, (struct ip_addr){ 0 }), 0);
	assert_int_equal(bgp_next_hop_find(table, addr("10.0.0.3")), 0);
	assert_int_equal(bgp_next_hop_find(table, addr("10.0.0.2")), hop);
	table_pair_add(table, hop, 7);
	table_pair_add(table, hop, 3);
	table_pair_add(table, hop, 7);
	assert_int_equal(bgp_next_hop_prefix(table, hop, &cursor), 7);
	assert_int_equal(bgp_next_hop_prefix(table, hop, &cursor), 3);
	assert_int_equal(bgp_next_hop_prefix(table, hop, &cursor), UINT32_MAX);
	bgp_table_free(table);
}

/* Every value counts, absent ones do not, and equal sets are one. */
static void attribute_sets_by_value(void **state)
{
	(void)state;
	struct bgp_table *table = bgp_table_new();
	struct arena arena;
	arena_init(&arena);
	const struct spec specs[] = {
		{ .next_hop = "10.0.0.2" },
		{ .next_hop = "10.0.0.3" },
		{ .next_hop = "10.0.0.2", .origin = 2 },
		{ .next_hop = "10.0.0.2", .path = "65100" },
		{ .next_hop = "10.0.0.2", .path = "65101" },
		{ .next_hop = "10.0.0.2", .has_med = true },
		{ .next_hop = "10.0.0.2", .med = 1 },
		{ .next_hop = "10.0.0.2", .local_pref = 1 },
		{ .next_hop = "10.0.0.2", .communities = "1:1" },
		{ .next_hop = "10.0.0.2", .communities = "1:1 1:2" },
		{ .next_hop = "10.0.0.2", .originator = "1.1.1.1" },
		{ .next_hop = "10.0.0.2", .clusters = "1.1.1.1" },
	};
	enum { SPECS = sizeof(specs) / sizeof(specs[0]) };
	uint32_t ids[SPECS];
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < SPECS; i++) {
			struct bgp_attrs attrs = spec_attrs(&specs[i], &arena);
			attrs.aggregator_id = 5; /* not present: does not count */
			uint32_t id = bgp_attrs_intern(table, &attrs);
			for (int j = 0; j < i; j++)
				assert_int_not_equal(id, ids[j]);
			if (round)
				assert_int_equal(id, ids[i]);
			ids[i] = id;
		}
	assert_int_equal(bgp_attrs_live(table), SPECS);
	assert_int_equal(bgp_attrs_facts_of(table, ids[3])->hops, 1);
	assert_int_equal(bgp_attrs_facts_of(table, ids[3])->first_as, 65100);
	for (int i = 0; i < SPECS; i++) {
		bgp_attrs_ref(table, ids[i]);
		for (int n = 0; n < 3; n++)
			bgp_attrs_unref(table, ids[i]);
	}
	assert_int_equal(bgp_attrs_live(table), 0);
	assert_int_equal(table->aliases.live, 0);
	arena_free(&arena);
	bgp_table_free(table);
}

static uint32_t received(struct bgp_table *table, const struct bgp_update *update,
			 const struct bgp_codec *codec, struct arena *arena)
{
	enum bgp_outcome outcome;
	uint8_t bad;
	struct bgp_error error;
	uint32_t id = bgp_attrs_received(table, update, 0, codec, arena, &outcome, &bad, &error);
	assert_true(outcome <= BGP_OUTCOME_DISCARD);
	return id;
}

/* The same bytes on an eBGP and on an iBGP session may mean different things: LOCAL_PREF. */
static void attribute_sets_by_bytes(void **state)
{
	(void)state;
	struct bgp_table *table = bgp_table_new();
	struct arena arena;
	arena_init(&arena);
	struct spec spec = { .next_hop = "10.0.0.2", .path = "65100", .local_pref = 7 };
	struct bgp_attrs attrs = spec_attrs(&spec, &arena);
	struct bgp_codec internal = { .as4 = true, .families = 1 }, external = internal;
	external.external = true;
	uint8_t bytes[256];
	struct writer out = writer_of(bytes, sizeof(bytes));
	bgp_attrs_encode(&attrs, &internal, &out);
	struct bgp_update update = { .plain_bytes = bytes,
				     .plain_length = (uint32_t)writer_used(&out) };
	uint32_t a = received(table, &update, &internal, &arena);
	uint32_t b = received(table, &update, &internal, &arena);
	uint32_t c = received(table, &update, &external, &arena);
	assert_int_equal(a, b);
	assert_int_not_equal(a, c);
	assert_int_equal(bgp_attrs_of(table, a)->local_pref, 7);
	assert_false(bgp_has(bgp_attrs_of(table, c), BGP_ATTR_LOCAL_PREF));
	assert_int_equal(table->aliases.live, 2);
	bytes[out.at - bytes - 1]++;
	uint32_t d = received(table, &update, &internal, &arena);
	assert_int_equal(bgp_attrs_of(table, d)->local_pref, 8);
	bgp_attrs_unref(table, a);
	bgp_attrs_unref(table, b);
	bgp_attrs_unref(table, c);
	bgp_attrs_unref(table, d);
	assert_int_equal(bgp_attrs_live(table), 0);
	assert_int_equal(table->aliases.live, 0);
	arena_free(&arena);
	bgp_table_free(table);
}

/* Two speakers that heard the same hold the same number; a list of any length comes back. */
static void path_lists(void **state)
{
	(void)state;
	struct bgp_table *table = bgp_table_new();
	struct arena arena;
	arena_init(&arena);
	struct spec spec = { .next_hop = "10.0.0.2" };
	struct bgp_attrs attrs = spec_attrs(&spec, &arena);
	uint32_t set = bgp_attrs_intern(table, &attrs), count;
	struct path paths[5];
	memset(paths, 0, sizeof(paths));
	for (uint16_t i = 0; i < 5; i++)
		paths[i] = (struct path){ .raw = set, .attrs = set, .peer = i };
	for (uint32_t n = 1; n <= 5; n++) {
		uint32_t a = path_list_intern(table, 9, paths, n);
		uint32_t b = path_list_intern(table, 9, paths, n);
		uint32_t other = path_list_intern(table, 8, paths, n);
		assert_int_equal(a, b);
		assert_int_not_equal(a, other);
		const struct path *back = path_list_of(table, a, &count);
		assert_int_equal(count, n);
		assert_memory_equal(back, paths, n * sizeof(*paths));
		path_list_unref(table, a);
		path_list_unref(table, b);
		path_list_unref(table, other);
	}
	assert_int_equal(path_list_intern(table, 9, paths, 0), 0);
	assert_int_equal(path_lists_live(table), 0);
	bgp_attrs_unref(table, set);
	assert_int_equal(bgp_attrs_live(table), 0);
	arena_free(&arena);
	bgp_table_free(table);
}

static void columns(void **state)
{
	(void)state;
	struct column column = { 0 };
	static const uint32_t at[] = { 0, 255, 256, 70000, 70001 };
	for (size_t i = 0; i < 5; i++)
		column_set(&column, at[i], at[i] + 1);
	size_t seen = 0;
	for (uint32_t i = 0; column_next(&column, &i); i++) {
		assert_int_equal(i, at[seen++]);
		assert_int_equal(column_get(&column, i), i + 1);
		column_set(&column, i, 0); /* a page may go during the walk */
	}
	assert_int_equal(seen, 5);
	assert_int_equal(column.used, 0);
	assert_null(column.pages[0]);
	assert_int_equal(column_get(&column, 1u << 30), 0);
	column_set(&column, 1u << 30, 0);
	column_free(&column);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_by_number),
		cmocka_unit_test(next_hops_and_their_prefixes),
		cmocka_unit_test(attribute_sets_by_value),
		cmocka_unit_test(attribute_sets_by_bytes),
		cmocka_unit_test(path_lists),
		cmocka_unit_test(columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
