/* Route leaks: OTC on its way in and out (RFC 9234 section 5), and the neighbour's AS in front. */
#include "tests/bgp/route_net.h"

#define OTC(as) (const uint8_t[]){ 0xc0, 35, 4, 0, 0, (as) >> 8, (as) & 0xff }, 7

static struct spec spec_with(const uint8_t *otc, uint16_t length)
{
	return (struct spec){ .prefixes = "20.0.1.0/24", .next_hop = "10.0.0.5",
			      .path = "65100 65300", .unknown = otc, .unknown_length = length };
}

/* What an internal neighbour is told of a route that a neighbour of AS 65100 sent: its OTC. "-": it
 * was not used. */
static long received(enum bgp_role ours, const uint8_t *otc, uint16_t length)
{
	static struct net net;
	long found = -1;
	net_init(&net, profile_bird());
	net_peer(&net, 0, "10.0.0.2", 65000);
	net_peer(&net, 2, "10.0.0.5", 65100)->config.role = ours;
	net_up(&net, 0);
	net_up(&net, 2);
	net_announce(&net, 2, spec_with(otc, length));
	net_changes(&net);
	struct rib_update_counts counts;
	struct bgp_slice *slice = rib_send_next(net.rib, 0, &counts);
	assert_non_null(slice);
	for (uint32_t i = 23; counts.announced && i + 7 <= slice->length; i++)
		if (slice->bytes[i] == 0xc0 && slice->bytes[i + 1] == 35)
			found = slice->bytes[i + 5] << 8 | slice->bytes[i + 6];
	if (counts.announced && found < 0)
		found = 0;
	bgp_slice_unref(slice);
	net_run(&net);
	net_free(&net);
	return found;
}

static void ingress(void **state)
{
	(void)state;
	static const struct {
		enum bgp_role ours;
		long without, same, other; /* OTC afterwards; 0: none; -1: a leak */
	} rows[] = {
		{ BGP_ROLE_NONE, 0, 65100, 65300 },
		{ BGP_ROLE_PROVIDER, 0, -1, -1 },
		{ BGP_ROLE_ROUTE_SERVER, 0, -1, -1 },
		{ BGP_ROLE_ROUTE_SERVER_CLIENT, 65100, 65100, 65300 },
		{ BGP_ROLE_CUSTOMER, 65100, 65100, 65300 },
		{ BGP_ROLE_PEER, 65100, 65100, -1 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(received(rows[i].ours, NULL, 0), rows[i].without);
		assert_int_equal(received(rows[i].ours, OTC(65100)), rows[i].same);
		assert_int_equal(received(rows[i].ours, OTC(65300)), rows[i].other);
	}
}

/* What a neighbour is told of a route with (without) OTC, by our role to it. */
static void egress(void **state)
{
	(void)state;
	static const struct {
		enum bgp_role ours;
		bool marks, passes;
	} rows[] = {
		{ BGP_ROLE_NONE, false, true },
		{ BGP_ROLE_PROVIDER, true, true },
		{ BGP_ROLE_ROUTE_SERVER, true, true },
		{ BGP_ROLE_ROUTE_SERVER_CLIENT, false, false },
		{ BGP_ROLE_CUSTOMER, false, false },
		{ BGP_ROLE_PEER, true, false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct net net;
		net_init(&net, profile_bird());
		net_peer(&net, 2, "10.0.0.5", 65100);
		net_peer(&net, 3, "10.0.0.6", 65200)->config.role = rows[i].ours;
		net_up(&net, 2);
		net_up(&net, 3);
		struct spec marked = spec_with(OTC(65300));
		net_announce(&net, 2, marked);
		net_announce(&net, 2, (struct spec){ .prefixes = "20.0.2.0/24", .path = "65100",
						     .next_hop = "10.0.0.5" });
		net_changes(&net);
		bool passed = false, plain = false, plain_marked = false;
		struct bgp_slice *slice;
		struct rib_update_counts counts;
		while ((slice = rib_send_next(net.rib, 3, &counts))) {
			const uint8_t *end = slice->bytes + slice->length;
			static const uint8_t ours[] = { 0xc0, 35, 4, 0, 0, 65000 >> 8,
							65000 & 0xff };
			if (counts.announced && end[-1] == 1)
				passed = true;
			if (counts.announced && end[-1] == 2) {
				plain = true;
				plain_marked = memmem(slice->bytes, slice->length, ours,
						      sizeof(ours)) != NULL;
			}
			bgp_slice_unref(slice);
		}
		assert_true(plain);
		assert_int_equal(passed, rows[i].passes);
		assert_int_equal(plain_marked, rows[i].marks);
		net_run(&net);
		net_free(&net);
	}
}

/* A role that changes is applied to what is there already. */
static void role_changed(void **state)
{
	(void)state;
	static struct net net;
	net_init(&net, profile_bird());
	net_peer(&net, 2, "10.0.0.5", 65100);
	net_up(&net, 2);
	net_announce(&net, 2, spec_with(OTC(65300)));
	net_run(&net);
	assert_string_equal(net.fib[0], "10.0.0.5");
	struct bgp_peer_config config = net.peers[2].config;
	config.role = BGP_ROLE_PROVIDER;
	rib_peer_configured(net.rib, 2, &config, now);
	net_run(&net);
	assert_string_equal(net.fib[0], "");
	net_free(&net);
}

static enum bgp_outcome with_first_as(struct net *net, uint32_t peer, const char *path)
{
	static uint8_t room[BGP_MESSAGE_MAX];
	struct spec spec = { .prefixes = "20.0.1.0/24", .next_hop = "10.0.0.5", .path = path };
	struct bgp_update_writer writer;
	struct rib_update_counts counts;
	arena_rewind(&net->arena);
	if (peer == 0)
		spec.local_pref = 100;
	struct bgp_attrs attrs = spec_attrs(&spec, &net->arena);
	bgp_update_begin(&writer, room, sizeof(room), &attrs, &net->peers[peer].about.codec,
			 BGP_IPV4_UNICAST);
	put_all(&writer, spec.prefixes, 0);
	enum bgp_outcome outcome = net_send(net, peer, room, bgp_update_finish(&writer), &counts);
	assert_int_equal(counts.bad_attribute, outcome == BGP_OUTCOME_OK ? 0 : BGP_ATTR_AS_PATH);
	net_run(net);
	return outcome;
}

/* RFC 4271 6.3, RFC 7606 7.2: treat-as-withdraw, if so configured, and on eBGP only. */
static void first_as(void **state)
{
	(void)state;
	static struct net net;
	net_init(&net, profile_frr());
	net_peer(&net, 0, "10.0.0.2", 65000)->config.enforce_first_as = true;
	net_peer(&net, 2, "10.0.0.5", 65100);
	net_up(&net, 0);
	net_up(&net, 2);
	assert_int_equal(with_first_as(&net, 2, "65300 65100"), BGP_OUTCOME_OK);
	assert_string_equal(net.fib[0], "10.0.0.5");
	net.peers[2].config.enforce_first_as = true;
	assert_int_equal(with_first_as(&net, 2, "65300 65100"), BGP_OUTCOME_WITHDRAW);
	assert_string_equal(net.fib[0], "");
	assert_int_equal(rib_peer_prefixes(net.rib, 2), 0);
	assert_int_equal(with_first_as(&net, 2, "65100 65300"), BGP_OUTCOME_OK);
	assert_string_equal(net.fib[0], "10.0.0.5");
	assert_int_equal(with_first_as(&net, 2, NULL), BGP_OUTCOME_WITHDRAW);
	assert_int_equal(with_first_as(&net, 0, "65300"), BGP_OUTCOME_OK);
	net_free(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ingress),
		cmocka_unit_test(egress),
		cmocka_unit_test(role_changed),
		cmocka_unit_test(first_as),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
