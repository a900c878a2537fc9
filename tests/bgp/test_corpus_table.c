/* A real table through two speakers' RIBs: bview.20020722.2337's full feed of AS 1853, 112,986
 * routes, comes to A over eBGP as UPDATEs, goes to B over iBGP, and arrives equal. And the tables
 * cut out of such files, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "bgp/profile.h"
#include "bgp/route/paths.h"
#include "bgp/route/rib.h"
#include "tests/bgp/corpus.h"

#define FEED "bgpdump/test_data/bview.20020722.2337.gz"
#define ROUTES 112986u

static const struct instant now = { 0 };

/* What the archive says, in a table of its own: an attribute set by prefix id. */
struct archive {
	struct bgp_table *table;
	struct arena arena;
	uint32_t *attrs;
	size_t capacity, count;
};

static bool feed_entry(struct mrt_content *content, struct mrt_entry *entry)
{
	return content->kind == MRT_RIB && mrt_entry_next(content, entry) &&
	       entry->peer.as_number == 1853;
}

static void archive_add(struct archive *archive, const struct mrt_entry *entry)
{
	struct bgp_attrs attrs;
	uint8_t bad;
	arena_rewind(&archive->arena);
	assert_in_range(mrt_entry_attrs(entry, &archive->arena, &attrs, &bad), BGP_OUTCOME_OK,
			BGP_OUTCOME_DISCARD);
	uint32_t id = bgp_prefix_id(archive->table, entry->prefix);
	assert_int_equal(id, archive->count); /* each once */
	ARRAY_PUSH(archive->attrs, archive->count, archive->capacity,
		   bgp_attrs_intern(archive->table, &attrs));
}

static void archive_free(struct archive *archive)
{
	for (size_t i = 0; i < archive->count; i++)
		bgp_attrs_unref(archive->table, archive->attrs[i]);
	assert_int_equal(bgp_attrs_live(archive->table), 0);
	bgp_table_free(archive->table);
	arena_free(&archive->arena);
	free(archive->attrs);
}

/* Calls `take` for each route of the feed; false: the file is not here. */
static bool feed_each(void (*take)(void *context, const struct mrt_entry *entry), void *context)
{
	struct blob blob = shared_blob(FEED, "gzip -dc");
	struct mrt_record record;
	struct mrt_content content;
	struct mrt_entry entry;
	const char *why;
	if (!blob.bytes)
		return false;
	for (size_t at = 0; mrt_record_next(blob.bytes + at, blob.length - at, &record, &why) ==
			    MRT_READY;) {
		at += record.total_length;
		assert_true(mrt_decode(&record, &content, &why));
		if (feed_entry(&content, &entry))
			take(context, &entry);
	}
	free(blob.bytes);
	return true;
}

/* ---- two speakers --------------------------------------------------------------------------- */

struct node {
	struct bgp_table *table;
	struct bgp_config config;
	struct bgp_peer_config peers[2];
	struct rib *rib;
	size_t fib_set, fib_removed;
};

static void node_init(struct node *node, const char *name, uint32_t router_id)
{
	*node = (struct node){ .table = bgp_table_new() };
	node->config = (struct bgp_config){ .name = name, .profile = &bgp_profile_frr,
					    .router_id = router_id, .local_as = 65000 };
	node->rib = rib_new(node->table, &node->config);
}

static void node_peer(struct node *node, uint32_t index, uint32_t remote, uint32_t remote_as,
		      bool as4)
{
	bool external = remote_as != 65000;
	node->peers[index] = (struct bgp_peer_config){
		.name = external ? "feed" : "inside", .remote = ip_addr_v4(remote),
		.remote_as = remote_as, .families = BGP_IPV4_UNICAST,
		.next_hop = BGP_NEXT_HOP_KEEP,
	};
	struct rib_peer about = {
		.config = &node->peers[index],
		.codec = { .as4 = as4, .external = external, .families = BGP_IPV4_UNICAST },
		.router_id = remote, .external = external, .local_as = 65000,
		.local = ip_addr_v4(node->config.router_id), .message_max = BGP_MESSAGE_MAX,
	};
	rib_peer_up(node->rib, index, &about, now);
}

static void node_changes(struct node *node)
{
	struct rib_change change;
	const struct bgp_next_hop_state reach = { .reachable = true, .metric = 10 };
	while (rib_change_next(node->rib, &change)) {
		node->fib_set += change.kind == RIB_FIB_SET;
		node->fib_removed += change.kind == RIB_FIB_REMOVE;
		if (change.kind == RIB_WATCH)
			rib_next_hop_changed(node->rib, change.next_hop, reach, now);
	}
}

static void node_free(struct node *node)
{
	rib_free(node->rib);
	assert_int_equal(bgp_attrs_live(node->table), 0);
	assert_int_equal(path_lists_live(node->table), 0);
	bgp_table_free(node->table);
}

struct pair {
	struct node a, b;
	struct archive archive;
	size_t received, discarded;  /* by A */
	size_t messages, announced, withdrawn, ends; /* from A to B */
	size_t equal;
};

static void pair_feed(void *context, const struct mrt_entry *entry)
{
	struct pair *pair = context;
	uint8_t body[BGP_MESSAGE_MAX];
	struct writer out = writer_of(body, sizeof(body));
	struct bgp_nlri_item item = { entry->prefix, 0 };
	struct rib_update_counts counts;
	struct bgp_error error;
	writer_u16(&out, 0);
	writer_u16(&out, entry->attr_length);
	writer_bytes(&out, entry->attrs, entry->attr_length);
	bgp_nlri_put(&out, &item, false);
	assert_false(out.failed);
	enum bgp_outcome outcome =
		rib_update(pair->a.rib, 0, body, writer_used(&out), now, &counts, &error);
	assert_in_range(outcome, BGP_OUTCOME_OK, BGP_OUTCOME_DISCARD);
	assert_int_equal(counts.announced, 1);
	pair->received++;
	pair->discarded += outcome == BGP_OUTCOME_DISCARD;
	archive_add(&pair->archive, entry);
}

static void pair_run(struct pair *pair)
{
	struct rib_update_counts sent, taken;
	struct bgp_error error;
	struct bgp_slice *slice;
	node_changes(&pair->a);
	while ((slice = rib_send_next(pair->a.rib, 1, &sent))) {
		assert_int_equal(rib_update(pair->b.rib, 0, slice->bytes + BGP_HEADER_BYTES,
					    slice->length - BGP_HEADER_BYTES, now, &taken, &error),
				 BGP_OUTCOME_OK);
		assert_int_equal(sent.announced, taken.announced);
		assert_int_equal(sent.withdrawn, taken.withdrawn);
		pair->messages++;
		pair->announced += sent.announced;
		pair->withdrawn += sent.withdrawn;
		pair->ends += sent.end_of_rib != 0;
		bgp_slice_unref(slice);
		node_changes(&pair->a);
		node_changes(&pair->b);
	}
}

/* RFC 4271 5.1.5: what came over eBGP has LOCAL_PREF inside, and nothing else is new. */
static void route_compared(void *context, uint32_t prefix_id, uint32_t peer, uint32_t attrs_id,
			   uint32_t path_id, bool best, bool multipath, bool stale, bool usable)
{
	struct pair *pair = context;
	struct bgp_attrs attrs = *bgp_attrs_of(pair->b.table, attrs_id);
	assert_true(best && usable && !stale && peer == 0 && path_id == 0);
	(void)multipath;
	assert_true(bgp_has(&attrs, BGP_ATTR_LOCAL_PREF));
	assert_int_equal(attrs.local_pref, 100);
	attrs.present &= ~(UINT64_C(1) << BGP_ATTR_LOCAL_PREF);
	attrs.local_pref = 0;
	struct archive *archive = &pair->archive;
	uint32_t at = bgp_prefix_find(archive->table, bgp_prefix_of(pair->b.table, prefix_id));
	assert_true(at < archive->count);
	uint32_t id = bgp_attrs_intern(archive->table, &attrs);
	assert_int_equal(id, archive->attrs[at]);
	bgp_attrs_unref(archive->table, id);
	pair->equal++;
}

static void no_route(void *context, uint32_t prefix_id, uint32_t peer, uint32_t attrs_id,
		     uint32_t path_id, bool best, bool multipath, bool stale, bool usable)
{
	(void)context, (void)prefix_id, (void)peer, (void)attrs_id, (void)path_id;
	(void)best, (void)multipath, (void)stale, (void)usable;
	fail_msg("a route is left");
}

static void full_table_arrives_equal(void **state)
{
	(void)state;
	struct pair pair = { .archive = { .table = bgp_table_new() } };
	arena_init(&pair.archive.arena);
	node_init(&pair.a, "a", 0x0a000002);
	node_init(&pair.b, "b", 0x0a000003);
	node_peer(&pair.a, 0, 0xc1cb0001, 1853, false);
	node_peer(&pair.a, 1, 0x0a000003, 65000, true);
	node_peer(&pair.b, 0, 0x0a000002, 65000, true);
	bool here = feed_each(pair_feed, &pair);
	if (here) {
		pair_run(&pair);
		rib_each(pair.b.rib, route_compared, &pair);
		print_message("%zu routes received, %zu attribute sets, %zu in %zu messages, "
			      "%zu arrived equal\n",
			      pair.received, (size_t)bgp_attrs_live(pair.archive.table),
			      pair.announced, pair.messages, pair.equal);
		assert_int_equal(pair.received, ROUTES);
		assert_int_equal(pair.announced, ROUTES);
		assert_int_equal(pair.equal, ROUTES);
		assert_int_equal(pair.ends, 1);
		assert_int_equal(pair.a.fib_set, ROUTES);
		assert_int_equal(pair.b.fib_set, ROUTES);
		assert_int_equal(rib_peer_prefixes(pair.b.rib, 0), ROUTES);
		rib_peer_down(pair.a.rib, 0, 0, now); /* and all the way back */
		pair_run(&pair);
		rib_each(pair.b.rib, no_route, NULL);
		assert_int_equal(pair.withdrawn, ROUTES);
		assert_int_equal(pair.b.fib_removed, ROUTES);
	}
	node_free(&pair.a);
	node_free(&pair.b);
	archive_free(&pair.archive);
	if (!here)
		skip();
}

/* ---- real-rib-slice ------------------------------------------------------------------------- */

static void archive_take(void *context, const struct mrt_entry *entry)
{
	archive_add(context, entry);
}

/* 10,000 rows of that feed: the same route by route. */
static void slice_of_the_feed(void **state)
{
	(void)state;
	struct archive archive = { .table = bgp_table_new() };
	arena_init(&archive.arena);
	struct blob rows = shared_blob("real-rib-slice/rib-2002-as1853-10k.tsv.gz", "gzip -dc");
	bool here = rows.bytes && feed_each(archive_take, &archive);
	struct text text = { 0 };
	size_t at = 0, judged = 0;
	for (char *line; here && (line = blob_line(&rows, &at));) {
		struct ip_prefix prefix;
		if (line[0] == '#')
			continue;
		assert_true(ip_prefix_parse(line, strcspn(line, "\t"), false, &prefix));
		uint32_t id = bgp_prefix_find(archive.table, prefix);
		assert_true(id < archive.count);
		text_clear(&text);
		text_printf(&text, "%.*s\t193.203.0.1\t1853", (int)strcspn(line, "\t"), line);
		columns_put(bgp_attrs_of(archive.table, archive.attrs[id]), '\t', &text);
		if (strcmp(text_string(&text), line) != 0) {
			char *zero = strstr(line, "\t0 0.0.0.0");
			assert_non_null(zero); /* RFC 7607: AGGREGATOR with AS 0 is discarded */
			zero[1] = '\0';
			assert_string_equal(text_string(&text), line);
		}
		judged++;
	}
	text_free(&text);
	free(rows.bytes);
	archive_free(&archive);
	if (!here)
		skip();
	print_message("%zu rows\n", judged);
	assert_int_equal(judged, 10000);
}

static void path_parse(const char *text, struct arena *arena, struct bgp_attrs *attrs)
{
	uint8_t *path = arena_alloc(arena, 6 * strlen(text) + 6), *count = NULL, *to = path;
	bool set = false;
	for (const char *at = text; *at;) {
		if (*at == ' ' || *at == ',') {
			at++;
		} else if (*at == '{' || *at == '}') {
			set = *at++ == '{';
			count = NULL;
		} else {
			if (!count) {
				*to++ = set ? BGP_AS_SET : BGP_AS_SEQUENCE;
				*(count = to++) = 0;
			}
			char *end;
			put_u32(to, (uint32_t)strtoul(at, &end, 10));
			to += 4;
			++*count;
			at = end;
		}
	}
	attrs->as_path = path;
	attrs->as_path_length = (uint32_t)(to - path);
}

static struct bgp_attrs row_attrs(char **column, struct arena *arena)
{
	struct bgp_attrs attrs = { .present = 1u << BGP_ATTR_ORIGIN | 1u << BGP_ATTR_AS_PATH |
					      1u << BGP_ATTR_NEXT_HOP };
	path_parse(column[3], arena, &attrs);
	attrs.origin = column[4][0] == 'I' && column[4][1] == 'G' ? 0 : column[4][0] == 'E' ? 1 : 2;
	assert_true(ip_addr_parse(column[5], strlen(column[5]), &attrs.next_hop));
	attrs.med = (uint32_t)strtoul(column[7], NULL, 10);
	attrs.present |= attrs.med ? 1u << BGP_ATTR_MED : 0;
	uint8_t *list = arena_alloc(arena, 4 * strlen(column[8]) + 4);
	for (char *at = column[8]; at && *at;) {
		unsigned high = 0xffff, low = 0xff01;
		if (strncmp(at, "no-export", 9) != 0)
			assert_int_equal(sscanf(at, "%u:%u", &high, &low), 2);
		put_u32(list + 4 * attrs.community_count++, high << 16 | low);
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	attrs.communities = list;
	attrs.present |= attrs.community_count ? 1u << BGP_ATTR_COMMUNITIES : 0;
	attrs.atomic_aggregate = strcmp(column[9], "AG") == 0;
	attrs.present |= attrs.atomic_aggregate ? 1u << BGP_ATTR_ATOMIC_AGGREGATE : 0;
	char *space = strchr(column[10], ' ');
	struct ip_addr id;
	if (space && ip_addr_parse(space + 1, strlen(space + 1), &id)) {
		attrs.aggregator_as = (uint32_t)strtoul(column[10], NULL, 10);
		attrs.aggregator_id = ip_addr_to_v4(id);
		attrs.present |= 1u << BGP_ATTR_AGGREGATOR;
	}
	return attrs;
}

/* Two full feeds of 2010, of whose archive only these rows are left: written, read, printed. */
static void slice_of_two_feeds(void **state)
{
	(void)state;
	struct blob rows = shared_blob("real-rib-slice/rib-2010-two-peers-5k.tsv.gz", "gzip -dc");
	if (!rows.bytes)
		skip();
	static struct steady steady;
	steady_init(&steady);
	struct arena arena;
	arena_init(&arena);
	struct text text = { 0 };
	size_t at = 0, judged = 0;
	for (char *line, *column[11]; (line = blob_line(&rows, &at));) {
		char copy[4096];
		struct bgp_nlri_item item = { .path_id = 0 };
		struct bgp_update_writer writer;
		struct bgp_update update;
		uint8_t message[BGP_MESSAGE_MAX], bad;
		uint32_t ids[2];
		if (line[0] == '#')
			continue;
		snprintf(copy, sizeof(copy), "%s", line);
		columns_split(copy, column, 11);
		assert_true(ip_prefix_parse(column[0], strlen(column[0]), false, &item.prefix));
		arena_rewind(&arena);
		struct bgp_attrs attrs = row_attrs(column, &arena);
		struct bgp_codec codec = { .external = true, .families = BOTH_FAMILIES,
					   .as4 = judged & 1 };
		bgp_update_begin(&writer, message, sizeof(message), &attrs, &codec,
				 BGP_IPV4_UNICAST);
		assert_true(bgp_update_add(&writer, &item));
		size_t length = bgp_update_finish(&writer);
		assert_int_equal(steady_update(&steady, message + BGP_HEADER_BYTES,
					       length - BGP_HEADER_BYTES, &codec, &update, ids,
					       &bad),
				 BGP_OUTCOME_OK);
		text_clear(&text);
		text_printf(&text, "%s\t%s\t%s", column[0], column[1], column[2]);
		columns_put(bgp_attrs_of(steady.table, ids[0]), '\t', &text);
		assert_string_equal(text_string(&text), line);
		steady_done(&steady, ids);
		judged++;
	}
	print_message("%zu rows\n", judged);
	text_free(&text);
	arena_free(&arena);
	steady_free(&steady);
	free(rows.bytes);
	assert_int_equal(judged, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_table_arrives_equal),
		cmocka_unit_test(slice_of_the_feed),
		cmocka_unit_test(slice_of_two_feeds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
