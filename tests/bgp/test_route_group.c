/* Update groups: one encoding for all, late joiners, slow ones, and the few things a member is told
 * apart from its group. */
#include "bgp/route/rib_inside.h"
#include "tests/bgp/route_net.h"

static void three_clients(struct net *net, struct bgp_profile profile)
{
	net_init(net, profile);
	net_peer(net, 0, "10.0.0.2", 65000)->config.rr_client = true;
	net_peer(net, 1, "10.0.0.3", 65000)->config.rr_client = true;
	net_peer(net, 2, "10.0.0.4", 65000)->config.rr_client = true;
	for (uint32_t i = 0; i < 3; i++)
		net_up(net, i);
	net_run(net);
	net_clear(net);
}

/* Routes with the same attributes leave in one UPDATE, encoded once. */
static void packed_and_shared(void **state)
{
	(void)state;
	static struct net net;
	three_clients(&net, profile_bird());
	assert_int_equal(net.rib->group_count, 1);
	net_announce(&net, 0, (struct spec){ .prefixes = "20.0.1.0/24 20.0.2.0/24",
					     .next_hop = "10.0.0.2", .local_pref = 100 });
	net_announce(&net, 0, (struct spec){ .prefixes = "20.0.9.0/24", .next_hop = "10.0.0.12",
					     .local_pref = 100 });
	net_announce(&net, 0, (struct spec){ .prefixes = "20.0.3.0/24 20.0.4.0/24",
					     .next_hop = "10.0.0.2", .local_pref = 100 });
	net_run(&net);
	assert_int_equal(net.peers[0].messages, 0);
	assert_int_equal(net.peers[1].messages, 2);
	assert_int_equal(net.peers[1].announced, 5);
	assert_int_equal(net.peers[2].messages, 2);
	assert_true(net.slices_shared >= 2);
	net_clear(&net);
	net_withdraw(&net, 0, "20.0.1.0/24 20.0.3.0/24", 0);
	net_withdraw(&net, 0, "20.0.9.0/24", 0);
	net_run(&net);
	assert_int_equal(net.peers[2].messages, 1);
	assert_int_equal(net.peers[2].withdrawn, 3);
	net_free(&net);
}

/* What comes and goes before anybody had room is not said at all. */
static void flaps_are_absorbed(void **state)
{
	(void)state;
	static struct net net;
	three_clients(&net, profile_bird());
	struct spec spec = { .prefixes = "20.0.1.0/24", .next_hop = "10.0.0.2", .local_pref = 100 };
	net_announce(&net, 0, spec);
	net_run(&net);
	net_clear(&net);
	net_withdraw(&net, 0, "20.0.1.0/24", 0);
	net_announce(&net, 0, spec);
	net_run(&net);
	assert_int_equal(net.peers[1].messages, 0);
	net_announce(&net, 0, spec); /* an exact repeat */
	assert_int_equal(rib_pending_peer(net.rib), UINT32_MAX);
	net_free(&net);
}

static void late_joiner_gets_everything_then_end_of_rib(void **state)
{
	(void)state;
	static struct net net;
	three_clients(&net, profile_bird());
	net_down(&net, 2, 0);
	char prefixes[4096] = "";
	for (int i = 0; i < 200; i++)
		snprintf(prefixes + strlen(prefixes), sizeof(prefixes) - strlen(prefixes),
			 " 20.%d.%d.0/24", i / 100, i % 100);
	net_announce(&net, 0, (struct spec){ .prefixes = prefixes, .next_hop = "10.0.0.2",
					     .local_pref = 100 });
	net_run(&net);
	net_clear(&net);
	net_up(&net, 2);
	net_run(&net);
	assert_int_equal(net.peers[1].messages, 0);
	assert_int_equal(net.peers[2].announced, 200);
	assert_int_equal(net.peers[2].messages, 2); /* 200 prefixes in one, End-of-RIB */
	assert_int_equal(net.peers[2].end_of_rib, BGP_IPV4_UNICAST);
	/* The source comes back: its own routes are not among what it is told. */
	net_clear(&net);
	net_down(&net, 0, BGP_IPV4_UNICAST);
	net_up(&net, 0);
	net_run(&net);
	assert_int_equal(net.peers[0].announced, 0);
	assert_int_equal(net.peers[0].end_of_rib, BGP_IPV4_UNICAST);
	net_free(&net);
}

/* In the middle of its dump a member hears of changes, once each. */
static void changes_during_a_dump(void **state)
{
	(void)state;
	static struct net net;
	three_clients(&net, profile_bird());
	net_down(&net, 2, 0);
	char prefix[32];
	for (int i = 0; i < 600; i++) { /* three pages */
		snprintf(prefix, sizeof(prefix), "20.%d.%d.0/24", i / 200, i % 200);
		net_announce(&net, 0, (struct spec){ .prefixes = prefix, .next_hop = "10.0.0.2",
						     .local_pref = 100 + (uint32_t)i % 7 });
	}
	net_run(&net);
	net_clear(&net);
	net_up(&net, 2);
	struct rib_update_counts counts;
	struct bgp_slice *slice = rib_send_next(net.rib, 2, &counts);
	assert_non_null(slice);
	net_receive(&net, &net.peers[2], slice, counts);
	bgp_slice_unref(slice);
	net_withdraw(&net, 0, "20.0.0.0/24 20.2.199.0/24", 0);
	net_announce(&net, 0, (struct spec){ .prefixes = "20.0.1.0/24 20.2.198.0/24",
					     .next_hop = "10.0.0.2", .local_pref = 500 });
	net_run(&net);
	assert_int_equal(net.peers[2].spurious, 0);
	assert_int_equal(net.peers[2].told_count, 598);
	assert_int_equal(net.peers[2].announced, 600); /* 599 dumped, 20.0.1.0 again */
	assert_int_equal(net.peers[2].withdrawn, 1);
	assert_string_equal(net_told(&net, 2, "20.2.198.0/24"), net_told(&net, 1, "20.2.198.0/24"));
	net_free(&net);
}

/* The best path moves to the very peer: it must forget what it was told before. */
static void withdrawn_from_the_new_source(void **state)
{
	(void)state;
	static struct net net;
	three_clients(&net, profile_bird());
	struct spec spec = { .prefixes = "20.0.1.0/24", .next_hop = "10.0.0.2", .local_pref = 100 };
	net_announce(&net, 0, spec);
	net_run(&net);
	net_clear(&net);
	spec.next_hop = "10.0.0.3";
	spec.local_pref = 200;
	net_announce(&net, 1, spec);
	net_run(&net);
	assert_string_equal(text_string(&net.peers[1].log), "WD 20.0.1.0/24\n");
	assert_int_equal(net.peers[0].announced, 1);
	net_clear(&net);
	net_withdraw(&net, 1, "20.0.1.0/24", 0);
	net_run(&net);
	assert_int_equal(net.peers[1].announced, 1);
	assert_string_equal(text_string(&net.peers[0].log), "WD 20.0.1.0/24\n");
	net_free(&net);
}

/* Word for word the same route, but from another member: the two change places. */
static void same_words_from_another_source(void **state)
{
	(void)state;
	static struct net net;
	net_init(&net, profile_bird());
	for (uint32_t i = 0; i < 3; i++) {
		char remote[32];
		snprintf(remote, sizeof(remote), "10.0.0.%u", i + 2);
		net_peer(&net, i, remote, 65100);
		net_up(&net, i);
	}
	struct spec spec = { .prefixes = "20.0.1.0/24", .next_hop = "10.0.0.99", .path = "65100" };
	net_announce(&net, 0, spec);
	net_announce(&net, 1, spec);
	net_run(&net);
	assert_string_equal(net_told(&net, 0, "20.0.1.0/24"), "-");
	net_clear(&net);
	net_withdraw(&net, 0, "20.0.1.0/24", 0);
	net_run(&net);
	assert_int_equal(net.peers[0].announced, 1);
	assert_string_equal(text_string(&net.peers[1].log), "WD 20.0.1.0/24\n");
	net_free(&net);
}

/* A route whose next hop is the receiver is withheld from it alone. */
static void next_hop_of_the_receiver(void **state)
{
	(void)state;
	static struct net net;
	three_clients(&net, profile_bird());
	struct spec spec = { .prefixes = "20.0.1.0/24", .next_hop = "10.0.0.4", .local_pref = 100 };
	net_announce(&net, 0, spec);
	net_run(&net);
	assert_int_equal(net.peers[1].announced, 1);
	assert_int_equal(net.peers[2].messages, 0);
	spec.next_hop = "10.0.0.12";
	net_announce(&net, 0, spec);
	net_run(&net);
	assert_int_equal(net.peers[2].announced, 1);
	spec.next_hop = "10.0.0.4";
	net_announce(&net, 0, spec);
	net_run(&net);
	assert_string_equal(net_told(&net, 2, "20.0.1.0/24"), "-");
	net_clear(&net);
	net_withdraw(&net, 0, "20.0.1.0/24", 0);
	net_run(&net);
	assert_int_equal(net.peers[2].messages, 0);
	assert_int_equal(net.peers[1].withdrawn, 1);
	net_free(&net);
}

/* The journal keeps what somebody has still to take, and no more. */
static void journal_is_trimmed(void **state)
{
	(void)state;
	static struct net net;
	three_clients(&net, profile_bird());
	struct group *group = net.rib->groups[0];
	struct spec spec = { .prefixes = "20.0.1.0/24", .next_hop = "10.0.0.2" };
	net.peers[2].blocked = true;
	for (uint32_t i = 1; i <= 10; i++) {
		spec.local_pref = i;
		net_announce(&net, 0, spec);
		net_run(&net);
	}
	/* 1 and 0 took all ten; 0 was the source of each. */
	assert_int_equal(group->journal.count - group->journal_head, 10);
	net_unblock(&net, 2);
	assert_int_equal(group->journal.count - group->journal_head, 0);
	assert_int_equal(net.peers[2].announced, 10);
	net_free(&net);
}

/* Somebody who takes nothing for long costs a list of prefixes, not a journal without end. */
static void slow_member_is_compacted(void **state)
{
	(void)state;
	static struct net net;
	three_clients(&net, profile_bird());
	struct group *group = net.rib->groups[0];
	net_announce(&net, 0, (struct spec){ .prefixes = "20.0.7.0/24 20.0.8.0/24",
					     .next_hop = "10.0.0.2", .local_pref = 100 });
	net_run(&net);
	net.peers[2].blocked = true;
	struct spec spec = { .next_hop = "10.0.0.2" };
	size_t longest = 0;
	for (uint32_t i = 1; i <= 9000; i++) {
		spec.prefixes = i % 2 ? "20.0.1.0/24" : "20.0.2.0/24";
		spec.local_pref = i;
		net_announce(&net, 0, spec);
		if (i == 100)
			net_withdraw(&net, 0, "20.0.7.0/24", 0);
		net_run(&net);
		size_t length = group->journal.count - group->journal_head;
		longest = length > longest ? length : longest;
	}
	assert_true(longest <= 4200);
	net_withdraw(&net, 0, "20.0.1.0/24", 0);
	net_run(&net);
	net_clear(&net);
	net_unblock(&net, 2);
	assert_int_equal(net.peers[2].spurious, 0);
	assert_int_equal(net.peers[2].told_count, 2);
	assert_string_equal(net_told(&net, 2, "20.0.7.0/24"), "-");
	assert_string_equal(net_told(&net, 2, "20.0.2.0/24"), net_told(&net, 1, "20.0.2.0/24"));
	assert_string_not_equal(net_told(&net, 2, "20.0.8.0/24"), "-");
	net_free(&net);
}

static void groups_by_what_is_told(void **state)
{
	(void)state;
	static struct net net;
	static const uint32_t no_export[] = { BGP_NO_EXPORT };
	static const struct bgp_policy_rule rules_a[] = {
		{ .verdict = BGP_RULE_ACCEPT, .add_communities = no_export,
		  .add_community_count = 1 } };
	static const struct bgp_policy_rule rules_b[] = {
		{ .verdict = BGP_RULE_ACCEPT, .add_communities = no_export,
		  .add_community_count = 1 } };
	static const struct bgp_policy a = { rules_a, 1, false }, b = { rules_b, 1, false };
	net_init(&net, profile_bird());
	for (uint32_t i = 0; i < 6; i++) {
		char remote[32];
		snprintf(remote, sizeof(remote), "10.0.0.%u", i + 20);
		net_peer(&net, i, remote, i < 4 ? 65000 : 65100);
	}
	net.peers[0].config.export = &a;
	net.peers[1].config.export = &b; /* the same rules elsewhere */
	net.peers[3].config.rr_client = true;
	for (uint32_t i = 0; i < 6; i++)
		net_up(&net, i);
	assert_int_equal(net.rib->group_count, 4);
	assert_ptr_equal(net.rib->peers[0]->group, net.rib->peers[1]->group);
	assert_ptr_not_equal(net.rib->peers[0]->group, net.rib->peers[2]->group);
	assert_ptr_equal(net.rib->peers[4]->group, net.rib->peers[5]->group);
	net_originate(&net, "20.0.1.0/24", NULL);
	net_run(&net);
	assert_string_equal(net_told(&net, 1, "20.0.1.0/24"),
			    "P=empty NH=10.0.0.1 LP=100 C=65535:65281");
	assert_string_equal(net_told(&net, 2, "20.0.1.0/24"), "P=empty NH=10.0.0.1 LP=100");
	for (uint32_t i = 0; i < 6; i++)
		net_down(&net, i, 0);
	assert_int_equal(net.rib->group_count, 0);
	net_free(&net);
}

/* Between internal peers that are no clients nothing is said, and nothing is kept for saying it. */
static void silent_group_costs_nothing(void **state)
{
	(void)state;
	static struct net net;
	net_init(&net, profile_bird());
	net_peer(&net, 0, "10.0.0.2", 65000);
	net_peer(&net, 1, "10.0.0.3", 65000);
	net_up(&net, 0);
	net_up(&net, 1);
	net_run(&net);
	net_announce(&net, 0, (struct spec){ .prefixes = "20.0.1.0/24", .next_hop = "10.0.0.2",
					     .local_pref = 100 });
	net_run(&net);
	assert_int_equal(net.rib->groups[0]->out.used, 0);
	assert_int_equal(net.peers[1].announced, 0);
	net_free(&net);
}

/* RFC 2918, and framed as RFC 7313 has it. */
static void refreshed(void **state)
{
	(void)state;
	static struct net net;
	three_clients(&net, profile_bird());
	net_announce(&net, 0, (struct spec){ .prefixes = "20.0.1.0/24 20.0.2.0/24",
					     .next_hop = "10.0.0.2", .local_pref = 100 });
	net_run(&net);
	net_clear(&net);
	rib_refresh(net.rib, 1, BGP_IPV4_UNICAST | BGP_IPV6_UNICAST, false);
	net_run(&net);
	assert_int_equal(net.peers[1].announced, 2);
	assert_int_equal(net.peers[1].end_of_rib, 0);
	assert_int_equal(net.peers[2].messages, 0);
	rib_refresh(net.rib, 1, BGP_IPV4_UNICAST, true);
	static const uint8_t begin[] = { 0, 23, 5, 0, 1, 1, 1 }, end[] = { 0, 23, 5, 0, 1, 2, 1 };
	struct rib_update_counts counts;
	struct bgp_slice *slice[3];
	for (int i = 0; i < 3; i++)
		slice[i] = rib_send_next(net.rib, 1, &counts);
	assert_memory_equal(slice[0]->bytes + 16, begin, sizeof(begin));
	assert_int_equal(slice[1]->bytes[18], BGP_UPDATE);
	assert_memory_equal(slice[2]->bytes + 16, end, sizeof(end));
	assert_null(rib_send_next(net.rib, 1, &counts));
	for (int i = 0; i < 3; i++)
		bgp_slice_unref(slice[i]);
	net_free(&net);
}

/* RFC 7911: all paths, with small ids of our own, to those who want them; the best to others. */
static void additional_paths(void **state)
{
	(void)state;
	static struct net net;
	net_init(&net, profile_bird());
	for (uint32_t i = 0; i < 4; i++) {
		char remote[32];
		snprintf(remote, sizeof(remote), "10.0.0.%u", i + 2);
		struct net_peer *peer = net_peer(&net, i, remote, 65000);
		peer->config.rr_client = true;
		if (i != 3)
			peer->about.codec.add_path_in = peer->about.codec.add_path_out =
				BGP_IPV4_UNICAST;
		net_up(&net, i);
	}
	net_run(&net);
	net_clear(&net);
	struct spec spec = { .prefixes = "70.0.1.0/24", .next_hop = "10.0.0.2", .local_pref = 100,
			     .path_id = 777 };
	net_announce(&net, 0, spec);
	net_run(&net);
	spec.next_hop = "10.0.0.3";
	spec.path_id = 9;
	net_announce(&net, 1, spec);
	net_run(&net);
#define FIRST "P=empty NH=10.0.0.2 LP=100 O=10.0.0.2 CL=10.0.0.1\n"
#define SECOND "P=empty NH=10.0.0.3 LP=100 O=10.0.0.3 CL=10.0.0.1\n"
	assert_string_equal(text_string(&net.peers[0].log), "ANN 70.0.1.0/24#2 " SECOND);
	assert_string_equal(text_string(&net.peers[1].log), "ANN 70.0.1.0/24#1 " FIRST);
	assert_string_equal(text_string(&net.peers[2].log),
			    "ANN 70.0.1.0/24#1 " FIRST "ANN 70.0.1.0/24#2 " SECOND);
	assert_string_equal(text_string(&net.peers[3].log), "ANN 70.0.1.0/24 " FIRST);
	net_clear(&net);
	net_withdraw(&net, 0, "70.0.1.0/24", 777);
	net_run(&net);
	assert_string_equal(text_string(&net.peers[0].log), "");
	assert_string_equal(text_string(&net.peers[2].log), "WD 70.0.1.0/24#1\n");
	assert_string_equal(text_string(&net.peers[3].log), "ANN 70.0.1.0/24 " SECOND);
	net_free(&net);
}

/* Two paths from one peer for a prefix are two entries, and leave one by one. */
static void additional_paths_received(void **state)
{
	(void)state;
	static struct net net;
	net_init(&net, profile_bird());
	net_peer(&net, 0, "10.0.0.2", 65000)->about.codec.add_path_in = BGP_IPV4_UNICAST;
	net_up(&net, 0);
	struct spec spec = { .prefixes = "70.0.1.0/24", .next_hop = "10.0.0.12", .local_pref = 100,
			     .path_id = 1 };
	net_announce(&net, 0, spec);
	spec.next_hop = "10.0.0.13";
	spec.path_id = 2;
	net_announce(&net, 0, spec);
	net_run(&net);
	assert_int_equal(rib_peer_prefixes(net.rib, 0), 2);
	assert_string_equal(net.fib[0], "10.0.0.12 10.0.0.13");
	net_withdraw(&net, 0, "70.0.1.0/24", 1);
	net_run(&net);
	assert_string_equal(net.fib[0], "10.0.0.13");
	net_free(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packed_and_shared),
		cmocka_unit_test(flaps_are_absorbed),
		cmocka_unit_test(late_joiner_gets_everything_then_end_of_rib),
		cmocka_unit_test(changes_during_a_dump),
		cmocka_unit_test(withdrawn_from_the_new_source),
		cmocka_unit_test(same_words_from_another_source),
		cmocka_unit_test(next_hop_of_the_receiver),
		cmocka_unit_test(journal_is_trimmed),
		cmocka_unit_test(slow_member_is_compacted),
		cmocka_unit_test(groups_by_what_is_told),
		cmocka_unit_test(silent_group_costs_nothing),
		cmocka_unit_test(refreshed),
		cmocka_unit_test(additional_paths),
		cmocka_unit_test(additional_paths_received),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
