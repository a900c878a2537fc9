/* Routes of a peer that is away for long: RFC 9494 sections 4.2 and 4.3. */
#include "tests/bgp/route_net.h"

/* 0: internal, knows about it; 1: internal, does not; 2 and 3: external sources. */
static void up(struct net *net, bool helps)
{
	net_init(net, profile_frr());
	net->config.long_lived = helps;
	struct bgp_config *config = &net->config;
	rib_configured(net->rib, config, now);
	rib_free(net->rib);
	net->rib = rib_new(net->table, config);
	net_peer(net, 0, "10.0.0.2", 65000)->about.long_lived = true;
	net_peer(net, 1, "10.0.0.3", 65000);
	net_peer(net, 2, "10.0.0.5", 65100);
	net_peer(net, 3, "10.0.0.6", 65200);
	for (uint32_t i = 0; i < 4; i++)
		net_up(net, i);
}

static void announce(struct net *net, uint32_t peer, const char *prefixes, const char *communities,
		     const char *path)
{
	net_announce(net, peer, (struct spec){ .prefixes = prefixes, .path = path,
					       .next_hop = peer == 2 ? "10.0.0.5" : "10.0.0.6",
					       .communities = communities });
}

/* 4.2: the community is added, NO_LLGR routes go; 4.3: only who knows it is told, and it is the
 * last resort, whatever the rest of the decision says. */
static void last_resort(void **state)
{
	(void)state;
	static struct net net;
	up(&net, true);
	announce(&net, 2, "20.0.1.0/24", NULL, "65100");
	announce(&net, 2, "20.0.2.0/24", "65535:7", "65100");
	announce(&net, 2, "20.0.3.0/24", "65000:1", "65100");
	announce(&net, 3, "20.0.3.0/24", NULL, "65200 1 2 3");
	net_run(&net);
	assert_string_equal(net.fib[2], "10.0.0.5");
	net_down(&net, 2, BGP_IPV4_UNICAST);
	net_run(&net);
	net_clear(&net);
	rib_long_stale(net.rib, 2, BGP_IPV6_UNICAST, now);
	net_run(&net);
	assert_int_equal(net.peers[0].messages, 0);
	rib_long_stale(net.rib, 2, BGP_IPV4_UNICAST, now);
	net_run(&net);
	assert_int_equal(rib_peer_prefixes(net.rib, 2), 2);
	assert_string_equal(net.fib[0], "10.0.0.5");
	assert_string_equal(net.fib[1], "");
	assert_string_equal(net.fib[2], "10.0.0.6");
	assert_string_equal(net_told(&net, 0, "20.0.1.0/24"),
			    "P=[65100] NH=10.0.0.5 LP=100 C=65535:6");
	assert_string_equal(net_told(&net, 1, "20.0.1.0/24"), "-");
	assert_string_equal(net_told(&net, 3, "20.0.1.0/24"), "-");
	for (uint32_t to = 0; to < 2; to++) {
		assert_string_equal(net_told(&net, to, "20.0.2.0/24"), "-");
		assert_string_equal(net_told(&net, to, "20.0.3.0/24"),
				    "P=[65200, 1, 2, 3] NH=10.0.0.6 LP=100");
	}
	/* Judged anew meanwhile, it keeps the community. */
	static const struct bgp_policy all = { .accept_rest = true };
	struct bgp_peer_config config = net.peers[2].config;
	config.import = &all;
	rib_peer_configured(net.rib, 2, &config, now);
	net_run(&net);
	assert_string_equal(net_told(&net, 0, "20.0.1.0/24"),
			    "P=[65100] NH=10.0.0.5 LP=100 C=65535:6");
	/* Back, and told again: a route like any other. */
	net.peers[2].config = config;
	net_up(&net, 2);
	announce(&net, 2, "20.0.1.0/24", NULL, "65100");
	net_run(&net);
	assert_string_equal(net_told(&net, 1, "20.0.1.0/24"), "P=[65100] NH=10.0.0.5 LP=100");
	rib_stale_flush(net.rib, 2, BGP_IPV4_UNICAST, now);
	net_run(&net);
	assert_int_equal(rib_peer_prefixes(net.rib, 2), 1);
	net_free(&net);
}

/* 4.3: a route that came with the community is treated alike, by who takes part in this. */
static void received_so(void **state)
{
	(void)state;
	for (int helps = 0; helps < 2; helps++) {
		static struct net net;
		up(&net, helps);
		announce(&net, 2, "20.0.1.0/24", "65535:6", "65100");
		announce(&net, 3, "20.0.1.0/24", NULL, "65200 1 2 3");
		announce(&net, 2, "20.0.2.0/24", "65535:6", "65100");
		net_run(&net);
		assert_string_equal(net.fib[0], helps ? "10.0.0.6" : "10.0.0.5");
		assert_string_equal(net_told(&net, 0, "20.0.2.0/24"),
				    "P=[65100] NH=10.0.0.5 LP=100 C=65535:6");
		assert_string_equal(net_told(&net, 1, "20.0.2.0/24"),
				    helps ? "-" : "P=[65100] NH=10.0.0.5 LP=100 C=65535:6");
		net_free(&net);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_resort),
		cmocka_unit_test(received_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
