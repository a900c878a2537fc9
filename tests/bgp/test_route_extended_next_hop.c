/* IPv4 prefixes with IPv6 next hops: RFC 8950, on the wire and through the RIB. */
#include "tests/bgp/route_net.h"
#include "tests/bgp/wire_bytes.h"

static void on_the_wire(void **state)
{
	(void)state;
	static const char message[] =
		"0000 0029 900e 001a 0001 01 10 20010db8000000000000000000000005 00"
		"18 140001 10 0a0a 40010100 400200";
	for (int agreed = 0; agreed < 2; agreed++) {
		const struct bgp_codec codec = { .as4 = true, .external = true, .families = 1,
						 .extended_next_hop = agreed };
		struct bgp_update update;
		struct arena arena;
		uint8_t body[128];
		char text[IP_TEXT_MAX];
		arena_init(&arena);
		size_t length = hex_bytes(message, body, sizeof(body));
		body[3] = (uint8_t)(length - 4);
		body[7] = (uint8_t)(length - 8 - 7);
		enum bgp_outcome outcome =
			bgp_update_split(body, length, &codec, &arena, &update);
		assert_int_equal(outcome, agreed ? BGP_OUTCOME_OK : BGP_OUTCOME_RESET);
		if (agreed) {
			assert_int_equal(update.announced[1].family, BGP_IPV4_UNICAST);
			assert_int_equal(update.announced[1].count, 2);
			assert_string_equal(ip_addr_format(update.mp_next_hop, text),
					    "2001:db8::5");
		}
		/* Neither 4, 16 nor 32 octets: as for any family (RFC 7606 7.11). */
		body[11] = 8;
		assert_int_equal(bgp_update_split(body, length, &codec, &arena, &update),
				 BGP_OUTCOME_RESET);
		arena_free(&arena);
	}
}

static struct net_peer *peer_over_v6(struct net *net, uint32_t index, const char *remote,
				     uint32_t remote_as, bool extended)
{
	struct net_peer *peer = net_peer(net, index, remote, remote_as);
	peer->about.local = addr("2001:db8::1");
	peer->about.router_id = index + 2;
	peer->about.codec.extended_next_hop = extended;
	return peer;
}

/* In with an IPv6 next hop, used, and told to those who can take it; classic next hops stay classic
 * for everybody. */
static void through_the_rib(void **state)
{
	(void)state;
	static struct net net;
	net_init(&net, profile_bird());
	peer_over_v6(&net, 0, "2001:db8::2", 65000, true)->config.rr_client = true;
	peer_over_v6(&net, 1, "2001:db8::3", 65000, false);
	peer_over_v6(&net, 2, "2001:db8::4", 65100, true);
	net_peer(&net, 3, "10.0.0.5", 65200);
	for (uint32_t i = 0; i < 4; i++)
		net_up(&net, i);
	net_announce(&net, 0, (struct spec){ .prefixes = "20.0.1.0/24", .next_hop = "2001:db8::2",
					     .local_pref = 100 });
	net_announce(&net, 3, (struct spec){ .prefixes = "20.0.2.0/24", .next_hop = "10.0.0.5",
					     .path = "65200" });
	net_originate(&net, "20.0.9.0/24", NULL);
	net_run(&net);
	assert_string_equal(net.fib[0], "2001:db8::2");
	assert_string_equal(net_told(&net, 1, "20.0.1.0/24"), "-"); /* nothing it would know */
	assert_string_equal(net_told(&net, 2, "20.0.1.0/24"), "P=[65000] NH=2001:db8::2");
	assert_string_equal(net_told(&net, 3, "20.0.1.0/24"), "P=[65000] NH=10.0.0.1");
	assert_string_equal(net_told(&net, 0, "20.0.2.0/24"), "P=[65200] NH=10.0.0.5 LP=100");
	assert_string_equal(net_told(&net, 1, "20.0.2.0/24"), "P=[65200] NH=10.0.0.5 LP=100");
	assert_string_equal(net_told(&net, 0, "20.0.9.0/24"), "P=empty NH=2001:db8::1 LP=100");
	assert_string_equal(net_told(&net, 1, "20.0.9.0/24"), "-");
	net_withdraw(&net, 0, "20.0.1.0/24", 0);
	net_run(&net);
	assert_string_equal(net.fib[0], "");
	assert_string_equal(net_told(&net, 2, "20.0.1.0/24"), "-");
	net_free(&net);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(on_the_wire),
		cmocka_unit_test(through_the_rib),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
