/* Archives written by BIRD, OpenBGPD, Quagga, MRTd and Zebra: every record is taken, is of no
 * concern to us, or is refused with a reason; how many of each is written down here, a row a file.
 * What was taken is the same after it was interned, written and read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/bgp/corpus.h"

struct counts {
	size_t records, other, refused; /* refused: the record as such */
	size_t peers, routes, routes_refused;
	size_t updates, updates_refused, opens, notifications, keepalives, refreshes;
	size_t messages_refused;        /* of these others */
	size_t states;
};

static const struct archive {
	const char *path, *tool;
	bool add_path;   /* sessions with ADD-PATH, though the archive does not say so */
	struct counts counts;
	const char *end;  /* NULL: the last record ends the file; else why reading ended before */
	const char *why;  /* of the records refused */
} archives[] = {
#define SAMPLE(name, ...)                                                                          \
	{ "mrtparse-samples/samples/" name, NULL, false, { __VA_ARGS__ }, NULL, NULL }
#define RIPE(name, ...)                                                                            \
	{ "bgpkit-fixtures/tests/fixtures/ripe/" name, "gzip -dc", false, { __VA_ARGS__ }, NULL,   \
	  NULL }
	/* records, other, refused; peers, routes, refused; updates, refused, o, n, k, r, bad;
	 * states */
	SAMPLE("bird-mrtdump_bgp", 27, 0, 0, 0, 0, 0, 6, 0, 2, 1, 5, 1, 0, 12),
	/* Not BGP's routes: no attribute at all. */
	SAMPLE("bird-mrtdump_rib", 14, 0, 0, 4, 12, 6, 0, 0, 0, 0, 0, 0, 0, 0),
	SAMPLE("bird6-mrtdump_bgp", 27, 0, 0, 0, 0, 0, 6, 0, 2, 1, 5, 1, 0, 12),
	SAMPLE("bird6-mrtdump_rib", 9, 0, 0, 3, 6, 4, 0, 0, 0, 0, 0, 0, 0, 0),
	/* Before RFC 8050 nobody could tell path identifiers from prefixes. */
	SAMPLE("bird_bgp", 29, 0, 0, 0, 0, 0, 2, 6, 2, 1, 5, 1, 0, 12),
	SAMPLE("bird6_bgp", 29, 0, 0, 0, 0, 0, 2, 6, 2, 1, 5, 1, 0, 12),
	{ "mrtparse-samples/samples/bird_bgp", NULL, true,
	  { 29, 0, 0, 0, 0, 0, 8, 0, 2, 1, 5, 1, 0, 12 }, NULL, NULL },
	{ "mrtparse-samples/samples/bird6_bgp", NULL, true,
	  { 29, 0, 0, 0, 0, 0, 8, 0, 2, 1, 5, 1, 0, 12 }, NULL, NULL },
	SAMPLE("openbgpd_bgp", 87, 0, 0, 0, 0, 0, 48, 0, 4, 2, 13, 4, 0, 16),
	SAMPLE("openbgpd_rib_table", 31, 0, 0, 0, 31, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	/* BGP4MP_ENTRY, which RFC 6396 did not take over. */
	SAMPLE("openbgpd_rib_table-mp", 31, 31, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	SAMPLE("openbgpd_rib_table-v2", 24, 2, 0, 3, 31, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	SAMPLE("quagga_bgp", 67, 0, 0, 0, 0, 0, 24, 0, 4, 2, 10, 7, 0, 20),
	SAMPLE("quagga_rib", 7, 0, 0, 2, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	RIPE("rrc00/1999.09/updates.19990903.1041.gz", 24242, 0, 0, 0, 0, 0, 24216, 0, 1, 0, 21,
	     0, 0, 4),
	RIPE("rrc00/1999.12/updates.19991214.1621.gz", 18203, 0, 0, 0, 0, 0, 18054, 0, 1, 1, 120,
	     0, 0, 27),
	RIPE("rrc00/2000.01/updates.20000102.2014.gz", 3957, 0, 0, 0, 0, 0, 3818, 0, 0, 0, 123, 0,
	     0, 16),
	/* Many entries a record, and the record four octets longer than it says. */
	RIPE("rrc00/2000.01/bview.20000111.0032.gz", 2490, 0, 0, 0, 452018, 0, 0, 0, 0, 0, 0, 0, 0,
	     0),
	{ "bgpkit-fixtures/tests/fixtures/ripe/rrc01/2000.11/updates.20001104.0124.gz", "gzip -dc",
	  false, { 1286, 0, 63, 0, 0, 0, 266, 0, 9, 8, 618, 0, 0, 322 }, NULL,
	  "42 times the session's address family is neither IPv4 nor IPv6, "
	  "21 times the record is too short" },
	RIPE("rrc03/2010.02/updates.20100227.1600.first-796-records.gz", 796, 0, 0, 0, 0, 0, 768,
	     0, 0, 1, 23, 0, 0, 4),
	{ "bgpkit-fixtures/examples/local_only/updates.bz2", "bzip2 -dc", false,
	  { 85, 0, 0, 0, 0, 0, 85, 0, 0, 0, 0, 0, 0, 0 }, NULL, NULL },
};


struct taking {
	const struct archive *archive;
	struct steady steady;
	struct counts counts;
	struct {
		const char *why;
		size_t count;
	} reasons[4];
	struct text why; /* all of them */
	const char *end;
	size_t refusals[BGP_OUTCOME_RESET + 1][256];
};

/* A table's route, as the UPDATE a speaker would have got for it. */
static bool route_is_steady(struct taking *taking, const struct mrt_entry *entry)
{
	struct steady *steady = &taking->steady;
	struct bgp_attrs attrs;
	uint8_t bad, field[5 + 17];
	arena_rewind(&steady->arena);
	enum bgp_outcome outcome = mrt_entry_attrs(entry, &steady->arena, &attrs, &bad);
	if (outcome > BGP_OUTCOME_DISCARD) {
		taking->refusals[outcome][bad]++;
		return false;
	}
	assert_true(ip_prefix_is_network(entry->prefix));
	bool wide = entry->prefix.addr.family == IP_V6;
	if (attrs.next_hop.family == IP_NONE)
		return true; /* nothing to write */
	struct writer out = writer_of(field, sizeof(field));
	struct bgp_nlri_item item = { entry->prefix, entry->path_id };
	bgp_nlri_put(&out, &item, true);
	struct bgp_nlri nlri = { field, (uint32_t)writer_used(&out), 1,
				 wide ? BGP_IPV6_UNICAST : BGP_IPV4_UNICAST, true };
	struct bgp_codec codec = {
		.as4 = entry->as4, .families = BOTH_FAMILIES, .add_path_in = BOTH_FAMILIES,
		.external = !bgp_has(&attrs, BGP_ATTR_LOCAL_PREF),
	};
	uint32_t id = steady_classic(steady->table, bgp_attrs_intern(steady->table, &attrs));
	assert_true(steady_rewritten(steady, &codec, id, &nlri));
	bgp_attrs_unref(steady->table, id);
	return true;
}

static void rib_taken(struct taking *taking, struct mrt_content *content)
{
	struct mrt_entry entry;
	uint32_t count = 0;
	while (mrt_entry_next(content, &entry)) {
		count++;
		if (!entry.has_peer)
			assert_true(entry.peer_index < taking->counts.peers);
		if (route_is_steady(taking, &entry))
			taking->counts.routes++;
		else
			taking->counts.routes_refused++;
	}
	assert_int_equal(count, content->count);
}

static void update_taken(struct taking *taking, const struct mrt_content *content)
{
	struct bgp_codec codec = mrt_codec(content);
	if (taking->archive->add_path)
		codec.add_path_in = BOTH_FAMILIES;
	struct bgp_update update;
	uint32_t ids[2];
	uint8_t bad;
	enum bgp_outcome outcome = steady_update(&taking->steady, content->body,
						 content->body_length, &codec, &update, ids, &bad);
	steady_done(&taking->steady, ids);
	if (outcome <= BGP_OUTCOME_DISCARD) {
		taking->counts.updates++;
	} else {
		taking->counts.updates_refused++;
		taking->refusals[outcome][bad]++;
	}
}

static void message_taken(struct taking *taking, const struct mrt_content *content)
{
	struct bgp_open open;
	struct bgp_error error;
	struct bgp_route_refresh refresh;
	bool good = true;
	switch (content->message_type) {
	case BGP_UPDATE:
		update_taken(taking, content);
		return;
	case BGP_OPEN:
		good = bgp_open_decode(content->body, content->body_length, &open, &error);
		taking->counts.opens += good;
		break;
	case BGP_NOTIFICATION:
		good = bgp_notification_decode(content->body, content->body_length, &error);
		taking->counts.notifications += good;
		break;
	case BGP_KEEPALIVE:
		taking->counts.keepalives++;
		break;
	case BGP_ROUTE_REFRESH:
		good = bgp_route_refresh_decode(content->body, content->body_length, &refresh,
						&error);
		taking->counts.refreshes += good;
		break;
	}
	taking->counts.messages_refused += !good;
}

static void reason_counted(struct taking *taking, const char *why)
{
	size_t i = 0;
	while (taking->reasons[i].why && strcmp(taking->reasons[i].why, why) != 0)
		i++;
	assert_true(i < sizeof(taking->reasons) / sizeof(taking->reasons[0]));
	taking->reasons[i].why = why;
	taking->reasons[i].count++;
}

static void reasons_put(struct taking *taking)
{
	for (size_t i = 0; i < 4 && taking->reasons[i].why; i++)
		text_printf(&taking->why, "%s%zu times %s", i ? ", " : "",
			    taking->reasons[i].count, taking->reasons[i].why);
}

static void record_taken(struct taking *taking, const struct mrt_record *record)
{
	struct mrt_content content;
	struct mrt_peer peer;
	const char *why;
	taking->counts.records++;
	if (!mrt_decode(record, &content, &why)) {
		taking->counts.refused++;
		reason_counted(taking, why);
		return;
	}
	switch (content.kind) {
	case MRT_OTHER:
		taking->counts.other++;
		break;
	case MRT_PEERS:
		while (mrt_peer_next(&content, &peer))
			taking->counts.peers++;
		break;
	case MRT_RIB:
		rib_taken(taking, &content);
		break;
	case MRT_MESSAGE:
		message_taken(taking, &content);
		break;
	case MRT_STATE:
		taking->counts.states++;
		break;
	}
}

static void archive_read(struct taking *taking, const struct blob *blob)
{
	struct mrt_record record;
	enum mrt_result result;
	size_t at = 0;
	for (;;) {
		taking->end = NULL;
		result = mrt_record_next(blob->bytes + at, blob->length - at, &record,
					 &taking->end);
		if (result != MRT_READY)
			break;
		at += record.total_length;
		record_taken(taking, &record);
	}
	if (result == MRT_MORE)
		taking->end = at < blob->length ? "cut short" : NULL;
}

static void counts_print(const struct archive *archive, const struct taking *taking)
{
	const struct counts *c = &taking->counts;
	const char *name = strrchr(archive->path, '/') + 1;
	print_message("%s: %zu records (%zu other, %zu refused%s%s), %zu peers, %zu + %zu routes, "
		      "%zu + %zu updates, %zu o %zu n %zu k %zu r, %zu bad, %zu states%s%s\n",
		      name, c->records, c->other, c->refused, taking->why.length ? ": " : "",
		      text_string(&taking->why), c->peers, c->routes, c->routes_refused,
		      c->updates, c->updates_refused, c->opens, c->notifications, c->keepalives,
		      c->refreshes, c->messages_refused, c->states, taking->end ? "; END: " : "",
		      taking->end ? taking->end : "");
	for (int outcome = BGP_OUTCOME_WITHDRAW; outcome <= BGP_OUTCOME_RESET; outcome++)
		for (unsigned code = 0; code < 256; code++)
			if (taking->refusals[outcome][code])
				print_message("   %zu %s for attribute %u\n",
					      taking->refusals[outcome][code],
					      bgp_outcome_name((enum bgp_outcome)outcome), code);
}

static bool same_text(const char *one, const char *two)
{
	return one == two || (one && two && strcmp(one, two) == 0);
}

static void archives_are_taken(void **state)
{
	(void)state;
	static struct taking taking;
	size_t judged = 0, wrong = 0;
	for (size_t i = 0; i < sizeof(archives) / sizeof(archives[0]); i++) {
		struct blob blob = shared_blob(archives[i].path, archives[i].tool);
		if (!blob.bytes)
			skip();
		memset(&taking, 0, sizeof(taking));
		taking.archive = &archives[i];
		steady_init(&taking.steady);
		archive_read(&taking, &blob);
		reasons_put(&taking);
		counts_print(&archives[i], &taking);
		if (memcmp(&taking.counts, &archives[i].counts, sizeof(taking.counts)) != 0 ||
		    !same_text(text_string(&taking.why), archives[i].why ? archives[i].why : "") ||
		    !same_text(taking.end, archives[i].end)) {
			print_message("^ not as written down\n");
			wrong++;
		}
		judged += taking.counts.records;
		text_free(&taking.why);
		steady_free(&taking.steady);
		free(blob.bytes);
	}
	print_message("%zu records judged\n", judged);
	assert_int_equal(wrong, 0);
	assert_true(judged > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(archives_are_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
