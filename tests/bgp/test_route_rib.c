/* The RIB from the inside of one speaker: import, next hops, FIB, stale routes, holding back,
 * policy, reconfiguration, IPv6. What goes to peers: test_route_group.c, test_route_matrix.c. */
#include "bgp/route/rib_inside.h"
#include "tests/bgp/route_net.h"

/* 0 and 1 internal, 2 eBGP AS 65100, 3 eBGP AS 65200. */
static void four_peers(struct net *net, struct bgp_profile profile)
{
	net_init(net, profile);
	net_peer(net, 0, "10.0.0.2", 65000);
	net_peer(net, 1, "10.0.0.3", 65000);
	net_peer(net, 2, "10.0.0.5", 65100);
	net_peer(net, 3, "10.0.0.6", 65200);
	for (uint32_t i = 0; i < 4; i++)
		net_up(net, i);
	net_run(net);
	net_clear(net);
}

static const struct spec from_2 = { .prefixes = "20.0.1.0/24", .next_hop = "10.0.0.5",
				    .path = "65100" };
static const struct spec from_3 = { .prefixes = "20.0.1.0/24", .next_hop = "10.0.0.6",
				    .path = "65200" };

static void next_hop_is_watched_while_used(void **state)
{
	(void)state;
	static struct net net;
	four_peers(&net, profile_bird());
	net_announce(&net, 2, from_2);
	net_run(&net);
	assert_string_equal(text_string(&net.changes),
			    "WATCH 10.0.0.5\nFIB 20.0.1.0/24 10.0.0.5 external\n");
	net_clear(&net);
	struct spec spec = from_2;
	spec.med = 5;
	net_announce(&net, 2, spec); /* another route, the same next hop */
	net_run(&net);
	assert_string_equal(text_string(&net.changes), "");
	spec.next_hop = "10.0.0.12";
	net_announce(&net, 2, spec);
	net_run(&net);
	assert_string_equal(text_string(&net.changes),
			    "WATCH 10.0.0.12\nUNWATCH 10.0.0.5\n"
			    "FIB 20.0.1.0/24 10.0.0.12 external\n");
	net_clear(&net);
	net_withdraw(&net, 2, "20.0.1.0/24", 0);
	net_run(&net);
	assert_string_equal(text_string(&net.changes), "UNWATCH 10.0.0.12\nNOFIB 20.0.1.0/24\n");
	/* An answer that crossed the UNWATCH changes nothing. */
	rib_next_hop_changed(net.rib, addr("10.0.0.12"), net_resolve(addr("10.0.0.12")), now);
	net_run(&net);
	net_free(&net);
}

/* Until the host has answered, what was so stays so: no withdrawal for a moment of not knowing. */
static void waiting_for_the_answer(void **state)
{
	(void)state;
	static struct net net;
	four_peers(&net, profile_bird());
	net_announce(&net, 2, from_2);
	net_run(&net);
	net_clear(&net);
	net.answer = false;
	struct spec spec = from_2;
	spec.next_hop = "10.0.0.12";
	net_announce(&net, 2, spec);
	net_run(&net);
	assert_string_equal(text_string(&net.changes), "WATCH 10.0.0.12\nUNWATCH 10.0.0.5\n");
	assert_int_equal(net.peers[0].messages, 0);
	/* Even somebody who joins now is told the former route. */
	net_down(&net, 1, 0);
	net_up(&net, 1);
	net_run(&net);
	assert_string_equal(net_told(&net, 1, "20.0.1.0/24"), "P=[65100] NH=10.0.0.5 LP=100");
	rib_next_hop_changed(net.rib, addr("10.0.0.12"), net_resolve(addr("10.0.0.12")), now);
	net_run(&net);
	assert_string_equal(net_told(&net, 0, "20.0.1.0/24"), "P=[65100] NH=10.0.0.12 LP=100");
	assert_string_equal(net_told(&net, 1, "20.0.1.0/24"), "P=[65100] NH=10.0.0.12 LP=100");
	assert_int_equal(net.peers[0].withdrawn, 0);
	net_free(&net);
}

static void next_hop_lost_and_metric_changed(void **state)
{
	(void)state;
	static struct net net;
	struct bgp_profile profile = profile_frr();
	profile.maximum_paths_internal = 1;
	four_peers(&net, profile);
	struct spec spec = { .prefixes = "20.0.1.0/24 20.0.2.0/24", .next_hop = "10.9.0.1",
			     .local_pref = 100 };
	net_announce(&net, 0, spec);
	spec.next_hop = "10.9.0.2";
	net_announce(&net, 1, spec);
	net_run(&net);
	assert_string_equal(net.fib[0], "10.9.0.1"); /* lower router id */
	struct bgp_next_hop_state nearer = { .reachable = true, .metric = 5 };
	rib_next_hop_changed(net.rib, addr("10.9.0.2"), nearer, now);
	net_run(&net);
	assert_string_equal(net.fib[0], "10.9.0.2");
	assert_string_equal(net.fib[1], "10.9.0.2");
	struct bgp_next_hop_state gone = { .reachable = false };
	rib_next_hop_changed(net.rib, addr("10.9.0.2"), gone, now);
	net_run(&net);
	assert_string_equal(net.fib[0], "10.9.0.1");
	rib_next_hop_changed(net.rib, addr("10.9.0.1"), gone, now);
	net_run(&net);
	assert_string_equal(net.fib[0], "");
	assert_string_equal(net_told(&net, 2, "20.0.1.0/24"), "-");
	net_free(&net);
}

/* The older eBGP path stays, though for a moment nothing is known of the younger one's next hop. */
static void seniority_survives_waiting(void **state)
{
	(void)state;
	static struct net net;
	struct bgp_profile profile = profile_frr();
	profile.maximum_paths_external = 1;
	four_peers(&net, profile);
	struct spec spec = from_3;
	spec.next_hop = "10.9.0.1";
	net_announce(&net, 3, spec);
	net_run(&net);
	spec = from_2; /* the lower router id */
	spec.next_hop = "10.9.0.2";
	net_announce(&net, 2, spec);
	net_run(&net);
	assert_string_equal(net.fib[0], "10.9.0.1");
	net_free(&net);
}

static void multipath_in_order_without_repeats(void **state)
{
	(void)state;
	static struct net net;
	four_peers(&net, profile_bird());
	net_announce(&net, 3, from_3);
	net_announce(&net, 2, from_2);
	net_run(&net);
	assert_string_equal(net.fib[0], "10.0.0.5 10.0.0.6");
	struct spec spec = from_3;
	spec.next_hop = "10.0.0.5"; /* the same way out twice is one way */
	net_announce(&net, 3, spec);
	net_run(&net);
	assert_string_equal(net.fib[0], "10.0.0.5");
	struct bgp_config config = net.config;
	config.maximum_paths_external = 1;
	net_announce(&net, 3, from_3);
	rib_configured(net.rib, &config, now);
	net_run(&net);
	assert_string_equal(net.fib[0], "10.0.0.5");
	net_free(&net);
}

/* RFC 4724 section 4.2. */
static void stale_routes(void **state)
{
	(void)state;
	static struct net net;
	four_peers(&net, profile_bird());
	struct spec spec = from_2;
	spec.prefixes = "20.0.1.0/24 20.0.2.0/24 20.0.3.0/24";
	net_announce(&net, 2, spec);
	net_run(&net);
	net_clear(&net);
	net_down(&net, 2, BGP_IPV4_UNICAST);
	net_run(&net);
	assert_int_equal(rib_peer_prefixes(net.rib, 2), 3);
	assert_int_equal(net.peers[0].messages, 0);
	assert_string_equal(text_string(&net.changes), "");
	net_up(&net, 2);
	spec.prefixes = "20.0.1.0/24";
	net_announce(&net, 2, spec);
	net_run(&net);
	rib_stale_flush(net.rib, 2, BGP_IPV6_UNICAST, now);
	assert_int_equal(rib_peer_prefixes(net.rib, 2), 3);
	rib_stale_flush(net.rib, 2, BGP_IPV4_UNICAST, now);
	net_run(&net);
	assert_int_equal(rib_peer_prefixes(net.rib, 2), 1);
	assert_int_equal(net.peers[0].withdrawn, 2);
	/* Down twice: what is stale already goes. */
	net_down(&net, 2, BGP_IPV4_UNICAST);
	net_up(&net, 2);
	net_down(&net, 2, BGP_IPV4_UNICAST);
	net_run(&net);
	assert_int_equal(rib_peer_prefixes(net.rib, 2), 0);
	assert_string_equal(net.fib[0], "");
	net_free(&net);
}

/* RFC 7313 section 4: between BoRR and EoRR all stays in force; what was not repeated then goes. */
static void repeated_routes(void **state)
{
	(void)state;
	static struct net net;
	four_peers(&net, profile_frr());
	struct spec spec = from_2;
	spec.prefixes = "20.0.1.0/24 20.0.2.0/24 20.0.3.0/24";
	net_announce(&net, 2, spec);
	net_run(&net);
	net_clear(&net);
	rib_repeat_begin(net.rib, 2, BGP_IPV4_UNICAST, now);
	spec.prefixes = "20.0.1.0/24";
	net_announce(&net, 2, spec);
	net_run(&net);
	rib_repeat_begin(net.rib, 2, BGP_IPV4_UNICAST, now); /* nested: all over again */
	spec.prefixes = "20.0.2.0/24";
	net_announce(&net, 2, spec);
	rib_repeat_end(net.rib, 2, BGP_IPV6_UNICAST, now);
	net_run(&net);
	assert_int_equal(net.peers[0].messages, 0);
	assert_string_equal(text_string(&net.changes), "");
	rib_repeat_end(net.rib, 2, BGP_IPV4_UNICAST, now);
	net_run(&net);
	assert_int_equal(rib_peer_prefixes(net.rib, 2), 1);
	assert_int_equal(net.peers[0].withdrawn, 2);
	assert_int_equal(net.peers[0].announced, 0);
	assert_string_equal(net_told(&net, 0, "20.0.1.0/24"), "-");
	/* A session lost in the middle: what is kept as stale is not removed by a later EoRR. */
	rib_repeat_begin(net.rib, 2, BGP_IPV4_UNICAST, now);
	net_down(&net, 2, BGP_IPV4_UNICAST);
	net_up(&net, 2);
	rib_repeat_end(net.rib, 2, BGP_IPV4_UNICAST, now);
	net_run(&net);
	assert_int_equal(rib_peer_prefixes(net.rib, 2), 1);
	net_free(&net);
}

/* RFC 4724 section 4.1: nothing out, nothing selected, until all peers have spoken. */
static void held_back(void **state)
{
	(void)state;
	static struct net net;
	net_init(&net, profile_bird());
	net_peer(&net, 0, "10.0.0.2", 65000);
	net_peer(&net, 2, "10.0.0.5", 65100);
	rib_hold(net.rib, true, now);
	net_originate(&net, "20.0.9.0/24", NULL);
	net_up(&net, 0);
	net_up(&net, 2);
	net_announce(&net, 2, from_2);
	net_run(&net);
	assert_string_equal(text_string(&net.changes), "WATCH 10.0.0.5\n");
	assert_int_equal(net.peers[0].messages, 0);
	assert_false(rib_send_pending(net.rib, 0));
	rib_hold(net.rib, false, now);
	net_run(&net);
	assert_string_equal(net.fib[1], "10.0.0.5");
	assert_int_equal(net.peers[0].announced, 2);
	assert_int_equal(net.peers[0].end_of_rib, BGP_IPV4_UNICAST);
	net_free(&net);
}

static void loops_are_kept_out(void **state)
{
	(void)state;
	static struct net net;
	four_peers(&net, profile_frr());
	struct spec spec = from_2;
	spec.path = "65100 65000 65300";
	net_announce(&net, 2, spec);
	net_run(&net);
	assert_string_equal(text_string(&net.changes), ""); /* not even watched */
	assert_int_equal(rib_peer_prefixes(net.rib, 2), 1);
	struct bgp_peer_config lenient = net.peers[2].config;
	lenient.allow_as_in = 1;
	rib_peer_configured(net.rib, 2, &lenient, now);
	net_run(&net);
	assert_string_equal(net.fib[0], "10.0.0.5");
	spec.path = "65100 65000 65000";
	net_announce(&net, 2, spec);
	net_run(&net);
	assert_string_equal(net.fib[0], "");
	spec.path = "65100";
	spec.next_hop = "10.0.0.1"; /* ourselves */
	net_announce(&net, 2, spec);
	net_run(&net);
	assert_string_equal(net.fib[0], "");
	net_free(&net);
}

/* RFC 8212 */
static void no_policy_no_routes(void **state)
{
	(void)state;
	static struct net net;
	static const struct bgp_policy all = { .accept_rest = true };
	net_init(&net, profile_frr());
	net.config.ebgp_requires_policy = true;
	rib_configured(net.rib, &net.config, now);
	net_peer(&net, 0, "10.0.0.2", 65000);
	net_peer(&net, 2, "10.0.0.5", 65100);
	net_up(&net, 0);
	net_up(&net, 2);
	net_originate(&net, "20.0.9.0/24", NULL);
	net_announce(&net, 2, from_2);
	net_run(&net);
	assert_int_equal(net.peers[0].announced, 1);
	assert_int_equal(net.peers[2].announced, 0);
	struct bgp_peer_config config = net.peers[2].config;
	config.import = config.export = &all;
	rib_peer_configured(net.rib, 2, &config, now);
	net_run(&net);
	assert_int_equal(net.peers[0].announced, 2);
	assert_int_equal(net.peers[2].announced, 2); /* FRR: its own back, too */
	net_free(&net);
}

static void policy_first_match_decides(void **state)
{
	(void)state;
	static const uint32_t tag[] = { 65000u << 16 | 7, BGP_NO_ADVERTISE };
	static struct bgp_policy_rule rules[4];
	rules[0] = (struct bgp_policy_rule){ .prefix = pfx("20.0.0.0/8"), .length_min = 25,
					     .length_max = 32, .verdict = BGP_RULE_REJECT };
	rules[1] = (struct bgp_policy_rule){ .prefix = pfx("20.0.0.0/8"), .verdict = BGP_RULE_NEXT,
					     .add_communities = tag, .add_community_count = 1 };
	rules[2] = (struct bgp_policy_rule){ .prefix = pfx("20.0.1.0/24"), .set_local_pref = true,
					     .local_pref = 300, .verdict = BGP_RULE_ACCEPT };
	rules[3] = (struct bgp_policy_rule){ .from = BGP_FROM_INTERNAL,
					     .verdict = BGP_RULE_ACCEPT };
	static const struct bgp_policy policy = { rules, 4, false };
	static struct net net;
	net_init(&net, profile_bird());
	net_peer(&net, 0, "10.0.0.2", 65000)->config.rr_client = true;
	net_peer(&net, 2, "10.0.0.5", 65100)->config.import = &policy;
	net_up(&net, 0);
	net_up(&net, 2);
	struct spec spec = from_2;
	spec.prefixes = "20.0.1.0/24 20.0.1.0/25 20.0.2.0/24 30.0.0.0/8";
	net_announce(&net, 2, spec);
	net_run(&net);
	assert_int_equal(net.peers[0].told_count, 1);
	assert_string_equal(net_told(&net, 0, "20.0.1.0/24"),
			    "P=[65100] NH=10.0.0.5 LP=300 C=65000:7");
	assert_int_equal(rib_peer_prefixes(net.rib, 2), 4);
	/* Without the policy the routes as received come to light again. */
	struct bgp_peer_config open = net.peers[2].config;
	open.import = NULL;
	rib_peer_configured(net.rib, 2, &open, now);
	net_run(&net);
	assert_int_equal(net.peers[0].told_count, 4);
	assert_string_equal(net_told(&net, 0, "20.0.1.0/24"), "P=[65100] NH=10.0.0.5 LP=100");
	/* And on the way out. */
	struct bgp_peer_config out = net.peers[0].config;
	out.export = &policy;
	rib_peer_configured(net.rib, 0, &out, now);
	net_run(&net);
	assert_int_equal(net.peers[0].told_count, 1);
	assert_string_equal(net_told(&net, 0, "20.0.1.0/24"),
			    "P=[65100] NH=10.0.0.5 LP=300 C=65000:7");
	assert_int_equal(net.peers[0].spurious, 0);
	net_free(&net);
}

/* RFC 8326 4: routes that say they are about to go lose against any other, by LOCAL_PREF 0. */
static void graceful_shutdown(void **state)
{
	(void)state;
	static const struct bgp_policy_rule rules[] = {
		{ .match_community = true, .community = BGP_GRACEFUL_SHUTDOWN,
		  .set_local_pref = true, .local_pref = 0, .verdict = BGP_RULE_ACCEPT },
	};
	static const struct bgp_policy policy = { rules, 1, true };
	static struct net net;
	net_init(&net, profile_frr());
	net_peer(&net, 0, "10.0.0.2", 65000)->config.rr_client = true;
	net_peer(&net, 2, "10.0.0.5", 65100)->config.import = &policy;
	net_peer(&net, 3, "10.0.0.6", 65200)->config.import = &policy;
	net_up(&net, 0);
	net_up(&net, 2);
	net_up(&net, 3);
	struct spec spec = from_2;
	net_announce(&net, 2, spec);
	net_announce(&net, 3, (struct spec){ .prefixes = "20.0.1.0/24", .next_hop = "10.0.0.6",
					     .path = "65200 65300 65300" });
	net_run(&net);
	assert_string_equal(net.fib[0], "10.0.0.5");
	/* Planned maintenance: everything is told again with the community. */
	spec.communities = "65535:0";
	net_announce(&net, 2, spec);
	net_run(&net);
	assert_string_equal(net.fib[0], "10.0.0.6");
	/* It is still better than nothing. */
	net_withdraw(&net, 3, "20.0.1.0/24", 0);
	net_run(&net);
	assert_string_equal(net.fib[0], "10.0.0.5");
	assert_string_equal(net_told(&net, 0, "20.0.1.0/24"),
			    "P=[65100] NH=10.0.0.5 LP=0 C=65535:0");
	net_free(&net);
}

static void next_hop_modes(void **state)
{
	(void)state;
	static struct net net;
	net_init(&net, profile_bird());
	net_peer(&net, 0, "10.0.0.2", 65000);
	net_peer(&net, 2, "10.0.0.5", 65100);
	net_peer(&net, 3, "10.0.0.6", 65200);
	net_peer(&net, 4, "10.0.0.7", 65200)->config.multihop = true;
	net_peer(&net, 5, "10.0.0.8", 65200)->config.multihop = true;
	net_peer(&net, 6, "10.0.0.9", 65000)->config.next_hop = BGP_NEXT_HOP_SELF;
	net.peers[5].config.next_hop = BGP_NEXT_HOP_KEEP;
	for (uint32_t i = 0; i < 7; i++)
		if (net.peers[i].used)
			net_up(&net, i);
	net_announce(&net, 2, from_2);
	net_run(&net);
	assert_string_equal(net_told(&net, 0, "20.0.1.0/24"), "P=[65100] NH=10.0.0.5 LP=100");
	assert_string_equal(net_told(&net, 3, "20.0.1.0/24"), "P=[65000, 65100] NH=10.0.0.5");
	assert_string_equal(net_told(&net, 4, "20.0.1.0/24"), "P=[65000, 65100] NH=10.0.0.1");
	assert_string_equal(net_told(&net, 5, "20.0.1.0/24"), "P=[65000, 65100] NH=10.0.0.5");
	assert_string_equal(net_told(&net, 6, "20.0.1.0/24"), "P=[65100] NH=10.0.0.1 LP=100");
	net_free(&net);
}

static void between_two_clusters(void **state)
{
	(void)state;
	static struct net net;
	struct bgp_profile profile = profile_bird();
	profile.cluster_list_sorted = false;
	net_init(&net, profile);
	for (uint32_t i = 0; i < 3; i++) {
		char remote[32];
		snprintf(remote, sizeof(remote), "10.0.0.%u", i + 2);
		net_peer(&net, i, remote, 65000)->config.rr_client = true;
	}
	net.peers[1].config.cluster_id = net.peers[2].config.cluster_id = id4("9.9.9.9");
	for (uint32_t i = 0; i < 3; i++)
		net_up(&net, i);
	struct spec spec = { .prefixes = "20.0.1.0/24", .next_hop = "10.0.0.2", .local_pref = 100 };
	net_announce(&net, 0, spec);
	net_run(&net);
	assert_string_equal(net_told(&net, 1, "20.0.1.0/24"),
			    "P=empty NH=10.0.0.2 LP=100 O=10.0.0.2 CL=9.9.9.9,10.0.0.1");
	spec.clusters = "9.9.9.9"; /* it has been there: not again */
	spec.originator = "7.7.7.7";
	net_announce(&net, 0, spec);
	net_run(&net);
	assert_string_equal(net_told(&net, 1, "20.0.1.0/24"), "-");
	net_free(&net);
}

static void both_families(void **state)
{
	(void)state;
	static struct net net;
	net_init(&net, profile_bird());
	for (uint32_t i = 0; i < 2; i++) {
		struct net_peer *peer = net_peer(&net, i, i ? "2001:db8::3" : "2001:db8::2",
						 i ? 65100 : 65000);
		peer->about.codec.families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST;
		peer->about.local = addr("2001:db8::1");
		peer->about.router_id = i + 2;
		net_up(&net, i);
	}
	net_run(&net);
	assert_int_equal(net.peers[0].end_of_rib, 3);
	net_announce(&net, 0, (struct spec){ .prefixes = "2001:db8:1::/48 2001:db8:2::/48",
					     .next_hop = "2001:db8::2", .local_pref = 100 });
	net_originate(&net, "2001:db8:9::/48", NULL);
	net_run(&net);
	assert_string_equal(net.fib[0], "2001:db8::2");
	assert_string_equal(net_told(&net, 1, "2001:db8:2::/48"), "P=[65000] NH=2001:db8::2");
	assert_string_equal(net_told(&net, 1, "2001:db8:9::/48"), "P=[65000] NH=2001:db8::1");
	/* No IPv4 address of ours is known on this session: such a route cannot be told. */
	net_originate(&net, "20.0.9.0/24", NULL);
	net_run(&net);
	assert_string_equal(net_told(&net, 1, "20.0.9.0/24"), "-");
	net_withdraw(&net, 0, "2001:db8:2::/48", 0);
	net_run(&net);
	assert_string_equal(net_told(&net, 1, "2001:db8:2::/48"), "-");
	net_free(&net);
}

static void events(void **state)
{
	(void)state;
	static struct net net;
	four_peers(&net, profile_bird());
	net.config.event_mask = 1u << BGP_EVENT_PATH | 1u << BGP_EVENT_BEST;
	net.profile.maximum_paths_external = 1;
	rib_configured(net.rib, &net.config, now);
	net_announce(&net, 3, from_3);
	net_run(&net);
	net_clear(&net);
	net_announce(&net, 2, from_2);
	net_run(&net);
	assert_string_equal(text_string(&net.changes),
			    "WATCH 10.0.0.5\n"
			    "PATH 20.0.1.0/24 peer 2\n"
			    "FIB 20.0.1.0/24 10.0.0.5 external\n"
			    "BEST 20.0.1.0/24 peer 2 (lower router id)\n");
	net_clear(&net);
	net_originate(&net, "20.0.1.0/24", NULL);
	net_run(&net);
	assert_string_equal(text_string(&net.changes),
			    "PATH 20.0.1.0/24 local\nNOFIB 20.0.1.0/24\n"
			    "BEST 20.0.1.0/24 local (locally originated)\n");
	net_clear(&net);
	rib_retract(net.rib, pfx("20.0.1.0/24"), now);
	net_withdraw(&net, 2, "20.0.1.0/24", 0);
	net_down(&net, 3, 0);
	net_run(&net);
	assert_non_null(strstr(text_string(&net.changes), "BEST 20.0.1.0/24 none (no path)\n"));
	net_free(&net);
}

/* RFC 7606: treat-as-withdraw takes the former route away; a reset applies nothing. */
static void bad_updates(void **state)
{
	(void)state;
	static struct net net;
	struct bgp_profile profile = profile_bird();
	profile.reactions = NULL; /* as the RFC has it */
	four_peers(&net, profile);
	net_announce(&net, 2, from_2);
	net_run(&net);
	struct rib_update_counts counts;
	/* ORIGIN of 3 */
	uint8_t bad[] = { 0, 0, 0, 20, 0x40, 1, 1, 3, 0x40, 2, 6, 2, 1, 0, 0, 0xfe, 0x4c,
			  0x40, 3, 4, 10, 0, 0, 5, 24, 20, 0, 1 };
	struct bgp_error error;
	assert_int_equal(rib_update(net.rib, 2, bad, sizeof(bad), now, &counts, &error),
			 BGP_OUTCOME_WITHDRAW);
	assert_int_equal(counts.bad_attribute, BGP_ATTR_ORIGIN);
	assert_int_equal(rib_peer_prefixes(net.rib, 2), 0);
	net_announce(&net, 2, from_2);
	uint8_t broken[] = { 0, 4, 24, 20, 0, 1, 0, 9, 0 }; /* withdrawn, then lengths that lie */
	assert_int_equal(rib_update(net.rib, 2, broken, sizeof(broken), now, &counts, &error),
			 BGP_OUTCOME_RESET);
	assert_int_equal(rib_peer_prefixes(net.rib, 2), 1);
	net_free(&net);
}

/* Our own AS makes the attributes larger than a message: then the route is not told, and what was
 * told before is taken back. */
static void too_large_to_tell(void **state)
{
	(void)state;
	static struct net net;
	static uint8_t unknown[4100];
	four_peers(&net, profile_bird());
	net_announce(&net, 2, from_2);
	net_run(&net);
	unknown[0] = 0xd0;
	unknown[1] = 200;
	struct spec spec = from_2;
	spec.unknown = unknown;
	for (uint16_t size = 4020; size < 4050; size++) {
		put_u16(unknown + 2, size);
		spec.unknown_length = (uint16_t)(size + 4);
		arena_rewind(&net.arena);
		struct bgp_attrs attrs = spec_attrs(&spec, &net.arena);
		static uint8_t room[BGP_MESSAGE_MAX];
		struct bgp_update_writer writer;
		struct bgp_nlri_item item = { pfx("20.0.1.0/24"), 0 };
		bgp_update_begin(&writer, room, sizeof(room), &attrs, &net.peers[2].about.codec,
				 BGP_IPV4_UNICAST);
		if (!bgp_update_add(&writer, &item))
			break;
		struct rib_update_counts counts;
		assert_int_equal(net_send(&net, 2, room, bgp_update_finish(&writer), &counts),
				 BGP_OUTCOME_OK);
		net_clear(&net);
		net_run(&net);
	}
	assert_int_equal(net.peers[3].announced, 0);
	assert_string_equal(net_told(&net, 3, "20.0.1.0/24"), "-");
	net_free(&net);
}

static void visit(void *context, uint32_t prefix_id, uint32_t peer, uint32_t attrs_id,
		  uint32_t path_id, bool best, bool multipath, bool stale, bool usable)
{
	(void)attrs_id;
	text_printf(context, "%u:%d:%u%s%s%s%s ", prefix_id, (int)peer, path_id, best ? "b" : "",
		    multipath ? "m" : "", stale ? "s" : "", usable ? "u" : "");
}

static void looking_in(void **state)
{
	(void)state;
	static struct net net;
	four_peers(&net, profile_bird());
	net_announce(&net, 3, from_3);
	net_announce(&net, 2, from_2);
	net_originate(&net, "2001:db8::/32", NULL);
	net_originate(&net, "10.0.0.0/8", NULL);
	struct spec spec = from_2;
	spec.next_hop = "172.16.0.1";
	spec.prefixes = "30.0.0.0/8";
	net_announce(&net, 2, spec);
	net_run(&net);
	struct text text;
	text_init(&text);
	rib_each(net.rib, visit, &text);
	assert_string_equal(text_string(&text), "2:-1:0bmu 0:2:0bmu 0:3:0mu 3:2:0b 1:-1:0bmu ");
	text_free(&text);
	net_free(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(next_hop_is_watched_while_used),
		cmocka_unit_test(waiting_for_the_answer),
		cmocka_unit_test(next_hop_lost_and_metric_changed),
		cmocka_unit_test(seniority_survives_waiting),
		cmocka_unit_test(multipath_in_order_without_repeats),
		cmocka_unit_test(stale_routes),
		cmocka_unit_test(repeated_routes),
		cmocka_unit_test(held_back),
		cmocka_unit_test(loops_are_kept_out),
		cmocka_unit_test(no_policy_no_routes),
		cmocka_unit_test(policy_first_match_decides),
		cmocka_unit_test(graceful_shutdown),
		cmocka_unit_test(next_hop_modes),
		cmocka_unit_test(between_two_clusters),
		cmocka_unit_test(both_families),
		cmocka_unit_test(events),
		cmocka_unit_test(bad_updates),
		cmocka_unit_test(too_large_to_tell),
		cmocka_unit_test(looking_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
