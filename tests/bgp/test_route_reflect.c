/* Who hears of a route, and in which words: RFC 4456 sections 6 to 10, RFC 4271 5.1 and 9.1.3, RFC
 * 1997. By the textbook: none of a daemon's ways. */
#include "tests/bgp/route_net.h"

enum kind { CLIENT, OTHER_CLIENT, NON_CLIENT, OTHER_NON_CLIENT, EXTERNAL, OTHER_EXTERNAL, KINDS };
static const char *const remotes[KINDS] = { "10.0.0.2", "10.0.0.3", "10.0.0.4",
					    "10.0.0.5", "10.0.0.6", "10.0.0.7" };

static struct bgp_profile textbook(void)
{
	struct bgp_profile profile = profile_frr();
	profile.reflect_to_source = false;
	profile.ebgp_requires_policy = false;
	return profile;
}

static void up(struct net *net)
{
	net_init(net, textbook());
	for (uint32_t i = 0; i < KINDS; i++) {
		uint32_t as_number = i < EXTERNAL ? 65000 : i == EXTERNAL ? 65100 : 65200;
		net_peer(net, i, remotes[i], as_number)->config.rr_client = i <= OTHER_CLIENT;
		net_up(net, i);
	}
}

/* A route as that kind of peer would send it. */
static struct spec from(enum kind kind)
{
	struct spec spec = { .prefixes = "20.0.1.0/24", .next_hop = "192.0.2.1",
			     .path = "65300", .med = 7, .local_pref = 250, .communities = "65000:1" };
	if (kind >= EXTERNAL) {
		spec.path = kind == EXTERNAL ? "65100 65300" : "65200 65300";
		spec.next_hop = remotes[kind];
		spec.local_pref = 0;
	}
	return spec;
}

#define REFLECTED "P=[65300] NH=192.0.2.1 MED=7 LP=250 C=65000:1 O=%s CL=10.0.0.1"
#define TO_EXTERNAL "P=[65000, 65300] NH=10.0.0.1 C=65000:1"

/* RFC 4456 6: from a client to everybody, from a non-client to clients; eBGP to everybody; what is
 * reflected is not changed otherwise (10); ORIGINATOR_ID and CLUSTER_LIST (8) stay inside. */
static void who_hears(void **state)
{
	(void)state;
	static const char *const wanted[KINDS][KINDS] = {
		[CLIENT] = { "-", REFLECTED, REFLECTED, REFLECTED, TO_EXTERNAL, TO_EXTERNAL },
		[NON_CLIENT] = { REFLECTED, REFLECTED, "-", "-", TO_EXTERNAL, TO_EXTERNAL },
	};
	static const enum kind sources[] = { CLIENT, NON_CLIENT };
	for (size_t s = 0; s < 2; s++) {
		static struct net net;
		up(&net);
		net_announce(&net, sources[s], from(sources[s]));
		net_run(&net);
		for (uint32_t to = 0; to < KINDS; to++) {
			char text[256];
			const char *pattern = wanted[sources[s]][to];
			if (strcmp(pattern, REFLECTED) == 0)
				snprintf(text, sizeof(text), REFLECTED, remotes[sources[s]]);
			else
				snprintf(text, sizeof(text), "%s", pattern);
			assert_string_equal(net_told(&net, to, "20.0.1.0/24"), text);
			assert_int_equal(net.peers[to].spurious, 0);
		}
		net_free(&net);
	}
}

/* RFC 4271 9.1.3, 5.1: an external route, and one of our own. No reflection, so no ORIGINATOR_ID. */
static void external_and_own(void **state)
{
	(void)state;
	static struct net net;
	up(&net);
	net_announce(&net, EXTERNAL, from(EXTERNAL));
	net_originate(&net, "20.0.9.0/24", NULL);
	net_run(&net);
	for (uint32_t to = 0; to < EXTERNAL; to++) {
		assert_string_equal(net_told(&net, to, "20.0.1.0/24"),
				    "P=[65100, 65300] NH=10.0.0.6 MED=7 LP=100 C=65000:1");
		assert_string_equal(net_told(&net, to, "20.0.9.0/24"),
				    "P=empty NH=10.0.0.1 LP=100");
	}
	assert_string_equal(net_told(&net, EXTERNAL, "20.0.1.0/24"), "-");
	/* The next hop shares the subnet: it stays (5.1.3); MED does not (5.1.4). */
	assert_string_equal(net_told(&net, OTHER_EXTERNAL, "20.0.1.0/24"),
			    "P=[65000, 65100, 65300] NH=10.0.0.6 C=65000:1");
	assert_string_equal(net_told(&net, OTHER_EXTERNAL, "20.0.9.0/24"),
			    "P=[65000] NH=10.0.0.1");
	net_free(&net);
}

/* RFC 4456 6: clients that talk to each other need no reflector among them, and the option can be
 * turned at any time. */
static void meshed_clients(void **state)
{
	(void)state;
	static struct net net;
	up(&net);
	net_announce(&net, CLIENT, from(CLIENT));
	net_run(&net);
	for (int meshed = 1; meshed >= 0; meshed--) {
		struct bgp_config config = net.config;
		config.clients_are_meshed = meshed;
		rib_configured(net.rib, &config, now);
		net_run(&net);
		assert_int_equal(strcmp(net_told(&net, OTHER_CLIENT, "20.0.1.0/24"), "-") == 0,
				 meshed);
		assert_string_not_equal(net_told(&net, NON_CLIENT, "20.0.1.0/24"), "-");
		rib_configured(net.rib, &net.config, now);
		net_run(&net);
	}
	net_free(&net);
}

/* RFC 7705 3: towards one neighbour we are AS 64999. */
static void another_as_of_ours(void **state)
{
	(void)state;
	static const struct {
		bool received, and_own;
		const char *sent, *kept;
	} rows[] = {
		{ false, false, "P=[64999, 65300] NH=10.0.0.1 C=65000:1",
		  "P=[65100, 65300] NH=10.0.0.6 MED=7 LP=100 C=65000:1" },
		{ false, true, "P=[64999, 65000, 65300] NH=10.0.0.1 C=65000:1",
		  "P=[65100, 65300] NH=10.0.0.6 MED=7 LP=100 C=65000:1" },
		{ true, true, "P=[64999, 65000, 65300] NH=10.0.0.1 C=65000:1",
		  "P=[64999, 65100, 65300] NH=10.0.0.6 MED=7 LP=100 C=65000:1" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct net net;
		struct spec own = from(CLIENT);
		own.prefixes = "20.0.2.0/24";
		up(&net);
		net_down(&net, EXTERNAL, 0);
		struct net_peer *peer = &net.peers[EXTERNAL];
		peer->config.local_as = peer->about.local_as = 64999;
		peer->config.local_as_received = rows[i].received;
		peer->config.local_as_and_own = rows[i].and_own;
		net_up(&net, EXTERNAL);
		net_announce(&net, EXTERNAL, from(EXTERNAL));
		net_announce(&net, CLIENT, own);
		net_run(&net);
		assert_string_equal(net_told(&net, EXTERNAL, "20.0.2.0/24"), rows[i].sent);
		assert_string_equal(net_told(&net, CLIENT, "20.0.1.0/24"), rows[i].kept);
		/* Either of our numbers in a path is a loop. */
		struct spec loop = from(EXTERNAL);
		loop.prefixes = "20.0.3.0/24 20.0.4.0/24";
		loop.path = "65100 64999";
		net_announce(&net, EXTERNAL, loop);
		loop.prefixes = "20.0.4.0/24";
		loop.path = "65100 65000";
		net_announce(&net, EXTERNAL, loop);
		net_run(&net);
		assert_string_equal(net_told(&net, CLIENT, "20.0.3.0/24"), "-");
		assert_string_equal(net_told(&net, CLIENT, "20.0.4.0/24"), "-");
		net_free(&net);
	}
}

/* RFC 4456 8: ORIGINATOR_ID stays as it is, CLUSTER_LIST grows in front. */
static void second_reflector(void **state)
{
	(void)state;
	static struct net net;
	struct spec spec = from(CLIENT);
	spec.originator = "8.8.8.8";
	spec.clusters = "9.9.9.9 1.1.1.1";
	up(&net);
	net_announce(&net, CLIENT, spec);
	net_run(&net);
	assert_string_equal(net_told(&net, NON_CLIENT, "20.0.1.0/24"),
			    "P=[65300] NH=192.0.2.1 MED=7 LP=250 C=65000:1 O=8.8.8.8 "
			    "CL=10.0.0.1,9.9.9.9,1.1.1.1");
	net_free(&net);
}

/* RFC 4456 8: our identifier as originator, our cluster in the list: not taken. From outside neither
 * means anything (RFC 7606 7.9, 7.10: dropped). */
static void loops(void **state)
{
	(void)state;
	static const struct {
		const char *originator, *clusters;
		bool taken;
	} rows[] = {
		{ "8.8.8.8", "9.9.9.9", true },
		{ "10.0.0.1", "9.9.9.9", false },
		{ "8.8.8.8", "10.0.0.1", false },
		{ "8.8.8.8", "9.9.9.9 10.0.0.1 7.7.7.7", false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (uint32_t source = CLIENT; source <= NON_CLIENT; source += 2) {
			static struct net net;
			struct spec spec = from(source);
			spec.originator = rows[i].originator;
			spec.clusters = rows[i].clusters;
			up(&net);
			net_announce(&net, source, spec);
			net_run(&net);
			assert_string_equal(net.fib[0], rows[i].taken ? "192.0.2.1" : "");
			assert_string_equal(net_told(&net, OTHER_EXTERNAL, "20.0.1.0/24"),
					    rows[i].taken ? TO_EXTERNAL : "-");
			net_free(&net);
		}
}

/* RFC 4456 9: ORIGINATOR_ID stands for the identifier, then the shorter CLUSTER_LIST wins, then the
 * lower address. */
static void tie_breaks(void **state)
{
	(void)state;
	static const struct {
		const char *a_originator, *a_clusters, *b_originator, *b_clusters;
		const char *winner;
	} rows[] = {
		{ NULL, NULL, NULL, NULL, "10.0.0.4" },                 /* identifiers .4, .5 */
		{ "9.0.0.2", "1.1.1.1", "9.0.0.1", "1.1.1.1", "10.0.0.5" },
		{ "99.0.0.1", "1.1.1.1", NULL, NULL, "10.0.0.5" },
		{ "9.0.0.1", "1.1.1.1 2.2.2.2", "9.0.0.1", "1.1.1.1", "10.0.0.5" },
		{ "9.0.0.1", "1.1.1.1", "9.0.0.1", "1.1.1.1", "10.0.0.4" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct net net;
		struct spec a = from(NON_CLIENT), b = from(OTHER_NON_CLIENT);
		up(&net);
		net.config.maximum_paths_internal = 1;
		struct bgp_config config = net.config;
		rib_configured(net.rib, &config, now);
		a.next_hop = remotes[NON_CLIENT];
		b.next_hop = remotes[OTHER_NON_CLIENT];
		a.originator = rows[i].a_originator;
		a.clusters = rows[i].a_clusters;
		b.originator = rows[i].b_originator;
		b.clusters = rows[i].b_clusters;
		net_announce(&net, OTHER_NON_CLIENT, b);
		net_announce(&net, NON_CLIENT, a);
		net_run(&net);
		assert_string_equal(net.fib[0], rows[i].winner);
		net_free(&net);
	}
}

static bool told(struct net *net, uint32_t to)
{
	return strcmp(net_told(net, to, "20.0.1.0/24"), "-") != 0;
}

/* RFC 1997: obeyed when sending, and passed on unchanged. */
static void well_known_communities(void **state)
{
	(void)state;
	static const struct {
		const char *community;
		bool internal, external;
	} rows[] = {
		{ "65000:1", true, true },
		{ "65535:65281", true, false },  /* NO_EXPORT */
		{ "65535:65282", false, false }, /* NO_ADVERTISE */
		{ "65535:65283", true, false },  /* NO_EXPORT_SUBCONFED */
		{ "65535:0", true, true },       /* GRACEFUL_SHUTDOWN */
		{ "65535:666", true, true },     /* BLACKHOLE */
		{ "65000:1 65535:65281 65000:2", true, false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct net net;
		struct spec spec = from(EXTERNAL);
		spec.communities = rows[i].community;
		up(&net);
		net_announce(&net, EXTERNAL, spec);
		net_run(&net);
		assert_string_equal(net.fib[0], "10.0.0.6"); /* used all the same */
		assert_int_equal(told(&net, CLIENT), rows[i].internal);
		assert_int_equal(told(&net, NON_CLIENT), rows[i].internal);
		assert_int_equal(told(&net, OTHER_EXTERNAL), rows[i].external);
		net_free(&net);
	}
}

/* RFC 4360 6: extended communities that are not transitive (0x40) do not leave the AS. */
static void non_transitive_communities(void **state)
{
	(void)state;
	static const struct {
		uint8_t bytes[19];
		uint16_t length;
		const char *inside, *outside; /* as they are found in the message; "": none */
	} rows[] = {
		{ { 0xc0, 16, 8, 0x00, 2, 1, 1, 0, 0, 0, 9 }, 11, "\xc0\x10\x08\x00", "\xc0\x10\x08\x00" },
		{ { 0xc0, 16, 8, 0x40, 4, 1, 1, 0, 0, 0, 9 }, 11, "\xc0\x10\x08\x40", "" },
		{ { 0xc0, 16, 16, 0x40, 4, 1, 1, 0, 0, 0, 9, 0x01, 2, 1, 1, 0, 0, 0, 8 }, 19,
		  "\xc0\x10\x10\x40", "\xc0\x10\x08\x01" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int outside = 0; outside < 2; outside++) {
			static struct net net;
			struct spec spec = from(CLIENT);
			struct rib_update_counts counts;
			spec.unknown = rows[i].bytes;
			spec.unknown_length = rows[i].length;
			up(&net);
			net_announce(&net, CLIENT, spec);
			net_changes(&net);
			struct bgp_slice *slice =
				rib_send_next(net.rib, outside ? EXTERNAL : NON_CLIENT, &counts);
			assert_int_equal(counts.announced, 1);
			const char *wanted = outside ? rows[i].outside : rows[i].inside;
			const uint8_t *end = slice->bytes + slice->length, *found = NULL;
			for (const uint8_t *at = slice->bytes + 23; at + 4 <= end && !found; at++)
				if (at[0] == 0xc0 && at[1] == 16)
					found = at;
			assert_int_equal(found != NULL, outside ? rows[i].outside[0] != 0 : 1);
			if (found)
				assert_memory_equal(found, wanted, 4);
			bgp_slice_unref(slice);
			net_run(&net);
			net_free(&net);
		}
}

/* RFC 4271 4.3: withdrawn and announced in one UPDATE, the announcement counts. */
static void announcement_counts(void **state)
{
	(void)state;
	static uint8_t body[] = { 0, 4, 24, 20, 0, 1, 0, 18, 0x40, 1, 1, 0, 0x40, 2, 4, 2, 1, 0, 0,
				  0x40, 3, 4, 10, 0, 0, 6, 24, 20, 0, 1 };
	static struct net net;
	struct rib_update_counts counts;
	struct bgp_error error;
	up(&net);
	net.peers[EXTERNAL].about.codec.as4 = false;
	net_down(&net, EXTERNAL, 0);
	net_up(&net, EXTERNAL);
	put_u16(body + 17, 65100);
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(rib_update(net.rib, EXTERNAL, body, sizeof(body), now, &counts,
					    &error), BGP_OUTCOME_OK);
		net_run(&net);
		assert_int_equal(counts.announced, 1);
		assert_int_equal(counts.withdrawn, 1);
		assert_string_equal(net.fib[0], "10.0.0.6");
	}
	/* Nobody saw it go in between. */
	for (uint32_t to = 0; to < EXTERNAL; to++) {
		assert_int_equal(net.peers[to].announced, 1);
		assert_int_equal(net.peers[to].withdrawn, 0);
	}
	net_free(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_hears),
		cmocka_unit_test(external_and_own),
		cmocka_unit_test(meshed_clients),
		cmocka_unit_test(another_as_of_ours),
		cmocka_unit_test(second_reflector),
		cmocka_unit_test(loops),
		cmocka_unit_test(tie_breaks),
		cmocka_unit_test(well_known_communities),
		cmocka_unit_test(non_transitive_communities),
		cmocka_unit_test(announcement_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
