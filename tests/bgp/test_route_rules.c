/* Rules of routes that only some profiles have, where the measured matrix (test_route_matrix.c)
 * does not reach. */
#include "tests/bgp/route_net.h"

static void peers(struct net *net, struct bgp_profile profile)
{
	net_init(net, profile);
	net_peer(net, 0, "10.0.0.2", 65000)->config.rr_client = true;
	net_peer(net, 1, "10.0.0.3", 65000)->config.rr_client = true;
	net_peer(net, 2, "10.0.0.4", 65000);
	net_peer(net, 3, "10.0.0.7", 65000);
	for (uint32_t i = 0; i < 4; i++)
		net_up(net, i);
	net_run(net);
}

/* OpenBGPD: who owns the next hop is told our address instead, now and in a dump, and only he. */
static void next_hop_self_for_owner(void **state)
{
	(void)state;
	static struct net net;
	const struct spec route = { "20.0.1.0/24 20.0.2.0/24", .next_hop = "10.0.0.3",
				    .local_pref = 100 };
	peers(&net, bgp_profile_openbgpd);
	net_announce(&net, 0, route);
	net_run(&net);
	for (int again = 0; again < 2; again++) {
		assert_non_null(strstr(net_told(&net, 1, "20.0.1.0/24"), "NH=10.0.0.1 "));
		assert_non_null(strstr(net_told(&net, 2, "20.0.2.0/24"), "NH=10.0.0.3 "));
		net_down(&net, 1, 0);
		net_up(&net, 1);
		net_run(&net);
	}
	net_withdraw(&net, 0, "20.0.1.0/24", 0);
	net_run(&net);
	assert_string_equal(net_told(&net, 1, "20.0.1.0/24"), "-");
	net_free(&net);
}

/* GoBGP: non-clients keep a client's route that was overtaken; one who comes later never hears of
 * it; and a route of a client again is told to all. */
static void overtaken_not_withdrawn(void **state)
{
	(void)state;
	static struct net net;
	const struct spec low = { "20.0.1.0/24", .next_hop = "10.0.0.2", .local_pref = 100 };
	const struct spec high = { "20.0.1.0/24", .next_hop = "10.0.0.4", .local_pref = 200 };
	const struct spec top = { "20.0.1.0/24", .next_hop = "10.0.0.3", .local_pref = 300 };
	peers(&net, bgp_profile_gobgp);
	net_announce(&net, 0, low);
	net_run(&net);
	net_announce(&net, 2, high);
	net_run(&net);
	assert_non_null(strstr(net_told(&net, 3, "20.0.1.0/24"), "NH=10.0.0.2 "));
	assert_non_null(strstr(net_told(&net, 1, "20.0.1.0/24"), "NH=10.0.0.4 "));
	net_withdraw(&net, 0, "20.0.1.0/24", 0);
	net_run(&net);
	net_withdraw(&net, 2, "20.0.1.0/24", 0);
	net_run(&net);
	assert_non_null(strstr(net_told(&net, 3, "20.0.1.0/24"), "NH=10.0.0.2 "));
	assert_string_equal(net_told(&net, 1, "20.0.1.0/24"), "-");
	net_down(&net, 3, 0);
	net_up(&net, 3);
	net_run(&net);
	assert_string_equal(net_told(&net, 3, "20.0.1.0/24"), "-");
	net_announce(&net, 1, top);
	net_run(&net);
	assert_non_null(strstr(net_told(&net, 3, "20.0.1.0/24"), "NH=10.0.0.3 "));
	net_withdraw(&net, 1, "20.0.1.0/24", 0);
	net_run(&net);
	assert_string_equal(net_told(&net, 3, "20.0.1.0/24"), "-");
	net_free(&net);
}

/* OpenBGPD: until a new next hop is known the route is gone. Others wait with what they had. */
static void new_next_hop_unusable(void **state)
{
	(void)state;
	static struct net net;
	for (int waits = 0; waits < 2; waits++) {
		struct bgp_profile profile = bgp_profile_openbgpd;
		profile.new_next_hop_unusable = !waits;
		peers(&net, profile);
		net_announce(&net, 0, (struct spec){ "20.0.1.0/24", .next_hop = "10.0.0.2",
						     .local_pref = 100 });
		net_run(&net);
		net.answer = false;
		net_announce(&net, 0, (struct spec){ "20.0.1.0/24", .next_hop = "10.0.0.9",
						     .local_pref = 100 });
		net_run(&net);
		const char *told = net_told(&net, 1, "20.0.1.0/24");
		if (waits)
			assert_non_null(strstr(told, "NH=10.0.0.2 "));
		else
			assert_string_equal(told, "-");
		rib_next_hop_changed(net.rib, addr("10.0.0.9"), net_resolve(addr("10.0.0.9")),
				     now);
		net_run(&net);
		assert_non_null(strstr(net_told(&net, 1, "20.0.1.0/24"), "NH=10.0.0.9 "));
		net_free(&net);
	}
}

/* FRR keeps a third party's next hop only if its group has somebody beside the source. */
static void third_party_for_others(void **state)
{
	(void)state;
	static struct net net;
	const struct spec route = { "20.0.1.0/24", .next_hop = "10.0.0.99", .path = "65100" };
	net_init(&net, profile_frr());
	net_peer(&net, 0, "10.0.0.5", 65100);
	net_peer(&net, 1, "10.0.0.6", 65200);
	net_up(&net, 0);
	net_run(&net);
	net_announce(&net, 0, route);
	net_run(&net);
	assert_non_null(strstr(net_told(&net, 0, "20.0.1.0/24"), "NH=10.0.0.1"));
	net_up(&net, 1);
	net_withdraw(&net, 0, "20.0.1.0/24", 0);
	net_run(&net);
	net_announce(&net, 0, route);
	net_run(&net);
	assert_non_null(strstr(net_told(&net, 0, "20.0.1.0/24"), "NH=10.0.0.99"));
	assert_non_null(strstr(net_told(&net, 1, "20.0.1.0/24"), "NH=10.0.0.99"));
	net_free(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_hop_self_for_owner),
		cmocka_unit_test(overtaken_not_withdrawn),
		cmocka_unit_test(new_next_hop_unusable),
		cmocka_unit_test(third_party_for_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
