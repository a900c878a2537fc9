/* A new configuration: only what changed is touched. And what a host has to be told and asked. */
#include "bgp/speaker.h"
#include "tests/bgp/pipe.h"

#define HUB 0x0a000001u
#define LEAVES 3u

struct star {
	struct pipe pipe;
	struct bgp_peer_config hub_peers[LEAVES + 1], leaf_peers[LEAVES][1];
	struct pipe_speaker *hub, *leaves[LEAVES];
};

static const char *const leaf_names[] = { "leaf0", "leaf1", "leaf2", "leaf3" };

static struct bgp_peer_config peer_of(const char *name, uint32_t remote)
{
	return (struct bgp_peer_config){ .name = name,
					 .remote = ip_addr_v4(remote),
					 .remote_as = 64512,
					 .rr_client = true,
					 .families = BGP_IPV4_UNICAST };
}

/* A hub that calls, and leaves that wait to be called, all up. */
static struct star *star_new(void)
{
	struct star *star = memory_zalloc(sizeof(*star));
	pipe_init(&star->pipe);
	for (uint32_t i = 0; i < LEAVES; i++)
		star->hub_peers[i] = peer_of(leaf_names[i], HUB + 1 + i);
	star->hub = pipe_add(&star->pipe, &bgp_profile_calico_bird, HUB, 64512, star->hub_peers,
			     LEAVES);
	pipe_start(&star->pipe, star->hub);
	for (uint32_t i = 0; i < LEAVES; i++) {
		star->leaf_peers[i][0] = peer_of("hub", HUB);
		star->leaf_peers[i][0].rr_client = false;
		star->leaf_peers[i][0].passive = true;
		star->leaves[i] = pipe_add(&star->pipe, &bgp_profile_calico_bird, HUB + 1 + i,
					   64512, star->leaf_peers[i], 1);
		pipe_start(&star->pipe, star->leaves[i]);
	}
	pipe_run_s(&star->pipe, 10);
	for (uint32_t i = 0; i < LEAVES; i++)
		assert_int_equal(bgp_peer_state(star->hub->speaker, leaf_names[i]),
				 BGP_ESTABLISHED);
	return star;
}

static void star_free(struct star *star)
{
	pipe_free(&star->pipe);
	free(star);
}

static void configure(struct star *star, struct bgp_peer_config *peers, size_t count)
{
	star->hub->config.peers = peers;
	star->hub->config.peer_count = count;
	bgp_configured(star->hub->speaker, star->pipe.now, &star->hub->config);
	pipe_poll(&star->pipe, star->hub);
	pipe_run(&star->pipe, instant_add(star->pipe.now, 100 * NS_PER_MS));
}

/* The leaf's last way into Idle, since `from`. */
static const struct pipe_event *fall(const struct star *star, uint32_t leaf, struct instant from)
{
	const struct pipe_event *at, *last = NULL;
	for (int i = 0; (at = pipe_state_event(&star->pipe, star->leaves[leaf], BGP_IDLE, i)); i++)
		if (at->at.ns >= from.ns)
			last = at;
	return last;
}

static void only_differences(void **state)
{
	(void)state;
	struct star *star = star_new();
	struct bgp_peer_config peers[LEAVES + 1];
	struct instant from = star->pipe.now;
	/* leaf1 goes, leaf2 gets another hold time, one more comes; leaf0 moves in the list. */
	peers[0] = star->hub_peers[2];
	peers[0].hold_time_s = 90;
	peers[1] = star->hub_peers[0];
	peers[1].next_hop = BGP_NEXT_HOP_SELF; /* not a matter of the session */
	peers[2] = peer_of(leaf_names[3], HUB + 9);
	configure(star, peers, 3);
	assert_null(fall(star, 0, from));
	assert_int_equal(bgp_peer_state(star->hub->speaker, "leaf0"), BGP_ESTABLISHED);
	const struct pipe_event *gone = fall(star, 1, from), *changed = fall(star, 2, from);
	assert_non_null(gone);
	assert_int_equal(gone->event.error_code, 6);
	assert_int_equal(gone->event.error_subcode, 3);
	assert_non_null(changed);
	assert_int_equal(changed->event.error_code, 6);
	assert_int_equal(changed->event.error_subcode, 6);
	pipe_run_s(&star->pipe, 10);
	assert_int_equal(bgp_peer_state(star->hub->speaker, "leaf2"), BGP_ESTABLISHED);
	assert_int_equal(bgp_peer_state(star->hub->speaker, "leaf1"), BGP_IDLE);
	assert_int_equal(bgp_peer_state(star->hub->speaker, "leaf3"), BGP_CONNECT);
	/* ... and back again: the free slot is used, the address is known once more */
	configure(star, star->hub_peers, LEAVES);
	pipe_run_s(&star->pipe, 10);
	for (uint32_t i = 0; i < LEAVES; i++)
		assert_int_equal(bgp_peer_state(star->hub->speaker, leaf_names[i]),
				 BGP_ESTABLISHED);
	star_free(star);
}

static void nothing_changed(void **state)
{
	(void)state;
	struct star *star = star_new();
	struct bgp_peer_config copy[LEAVES];
	struct instant from = star->pipe.now;
	memcpy(copy, star->hub_peers, sizeof(copy));
	uint32_t sent = star->hub->bytes_sent;
	configure(star, copy, LEAVES);
	for (uint32_t i = 0; i < LEAVES; i++)
		assert_null(fall(star, i, from));
	assert_int_equal(star->hub->bytes_sent, sent);
	star_free(star);
}

static void shut_down_and_up(void **state)
{
	(void)state;
	struct star *star = star_new();
	struct bgp_peer_config peers[LEAVES];
	struct instant from = star->pipe.now;
	memcpy(peers, star->hub_peers, sizeof(peers));
	peers[0].shutdown = true;
	peers[0].shutdown_text = "new fans, back at 10:00";
	configure(star, peers, LEAVES);
	assert_int_equal(fall(star, 0, from)->event.error_subcode, 2);
	assert_string_equal(fall(star, 0, from)->communication, "new fans, back at 10:00");
	pipe_run_s(&star->pipe, 30);
	assert_int_equal(bgp_peer_state(star->hub->speaker, "leaf0"), BGP_IDLE);
	configure(star, star->hub_peers, LEAVES);
	pipe_run_s(&star->pipe, 10);
	assert_int_equal(bgp_peer_state(star->hub->speaker, "leaf0"), BGP_ESTABLISHED);
	star_free(star);
}

/* A reflector with three clients: each hears of the others' routes. */
static void reflects(void **state)
{
	(void)state;
	struct star *star = star_new();
	pipe_originate(&star->pipe, star->leaves[0], "10.100.0.0/26");
	pipe_originate(&star->pipe, star->leaves[1], "10.101.0.0/26");
	pipe_run_s(&star->pipe, 5);
	assert_non_null(pipe_fib(star->leaves[1], "10.100.0.0/26"));
	assert_non_null(pipe_fib(star->leaves[2], "10.100.0.0/26"));
	assert_non_null(pipe_fib(star->leaves[2], "10.101.0.0/26"));
	const struct pipe_fib *route = pipe_fib(star->leaves[2], "10.100.0.0/26");
	assert_true(ip_addr_equal(route->next_hops[0], star->leaves[0]->address));
	pipe_kill(&star->pipe, star->leaves[0]); /* no graceful restart here: gone at once */
	pipe_run_s(&star->pipe, 1);
	assert_null(pipe_fib(star->leaves[2], "10.100.0.0/26"));
	star_free(star);
}

/* Who is not configured is refused; and the password and port go to the host as they came. */
static void doors(void **state)
{
	(void)state;
	struct bgp_table *table = bgp_table_new();
	struct bgp_peer_config peer = peer_of("b", HUB + 1);
	struct bgp_effect effect;
	peer.password = "secret";
	peer.remote_port = 1790;
	peer.local = ip_addr_v4(HUB);
	struct bgp_config config = { .name = "a", .profile = &bgp_profile_calico_bird,
				     .router_id = HUB, .local_as = 64512, .peers = &peer,
				     .peer_count = 1 };
	struct bgp_speaker *speaker =
		bgp_speaker_new(table, &config, random_stream_of(1, "a", "bgp"));
	struct instant now = INSTANT_ZERO;
	struct ip_addr us = ip_addr_v4(HUB), them = peer.remote;
	assert_int_equal(bgp_connection_arrived(speaker, now, them, 1, us), 0); /* not started */
	bgp_started(speaker, now);
	assert_int_equal(bgp_connection_arrived(speaker, now, ip_addr_v4(1), 1, us), 0);
	assert_int_equal(bgp_connection_arrived(speaker, now, them, 1, ip_addr_v4(2)), 0);
	while (bgp_effect_next(speaker, &effect))
		assert_int_not_equal(effect.kind, BGP_EFFECT_CONNECT);
	now = bgp_next_wakeup(speaker);
	assert_int_equal(now.ns, 2 * NS_PER_S);
	bgp_time_reached(speaker, now);
	assert_true(bgp_effect_next(speaker, &effect));
	assert_int_equal(effect.kind, BGP_EFFECT_CONNECT);
	assert_string_equal(effect.peer->password, "secret");
	assert_int_equal(effect.peer->remote_port, 1790);
	assert_false(bgp_effect_next(speaker, &effect)); /* no event was asked for */
	uint32_t dialled = effect.connection, arrived;
	arrived = bgp_connection_arrived(speaker, now, them, 1, us);
	assert_true(arrived != 0 && arrived != dialled);
	/* Facts about numbers nobody knows do nothing. */
	bgp_transport_opened(speaker, now, 999, us, 1);
	bgp_bytes_received(speaker, now, 999, (const uint8_t *)"x", 1);
	bgp_bytes_sent(speaker, now, 999, 1);
	bgp_transport_closed(speaker, now, 999, BGP_CLOSE_FIN);
	bgp_speaker_free(speaker);
	bgp_table_free(table);
}

/* Thousands of sessions: a message costs no wake-up entry, and waking looks at its own only. */
struct seen {
	struct bgp_peer_view peers[LEAVES + 1];
	size_t count;
};

static void see(void *context, const struct bgp_peer_view *peer)
{
	struct seen *seen = context;
	assert_true(seen->count <= LEAVES);
	seen->peers[seen->count++] = *peer;
}

/* What `show` is told: in the order of the configuration in force, whatever the sessions' places. */
static void looked_at(void **state)
{
	(void)state;
	struct star *star = star_new();
	struct bgp_peer_config peers[LEAVES];
	struct seen seen = { .count = 0 };
	const struct bgp_local_route route = { .prefix = { ip_addr_v4(0x0a010000), 16 } };
	bgp_route_originated(star->leaves[1]->speaker, star->pipe.now, &route);
	pipe_poll(&star->pipe, star->leaves[1]);
	pipe_run_s(&star->pipe, 1);
	peers[0] = star->hub_peers[2];
	peers[1] = star->hub_peers[1];
	peers[2] = peer_of(leaf_names[3], HUB + 9);
	configure(star, peers, 3);
	bgp_peers_each(star->hub->speaker, see, &seen);
	assert_int_equal(seen.count, 3);
	for (size_t i = 0; i < seen.count; i++) {
		assert_ptr_equal(seen.peers[i].peer, &peers[i]);
		assert_int_equal(seen.peers[i].prefixes, i == 1);
		assert_int_equal(seen.peers[i].state == BGP_ESTABLISHED, i < 2);
	}
	assert_int_equal(seen.peers[1].router_id, HUB + 2);
	assert_int_equal(seen.peers[1].hold_time_s, 240);
	assert_int_equal(seen.peers[1].families, BGP_IPV4_UNICAST);
	assert_true(ip_addr_equal(seen.peers[1].local, ip_addr_v4(HUB)));
	assert_int_equal(seen.peers[2].router_id, 0);
	star_free(star);
}

static void many_sessions(void **state)
{
	(void)state;
	enum { PEERS = 2000 };
	struct bgp_table *table = bgp_table_new();
	struct bgp_peer_config *peers = memory_zalloc(PEERS * sizeof(*peers));
	char(*names)[16] = memory_alloc(PEERS * sizeof(*names));
	for (uint32_t i = 0; i < PEERS; i++) {
		snprintf(names[i], sizeof(names[i]), "p%u", i);
		peers[i] = peer_of(names[i], 0x0b000000 + i);
		peers[i].passive = true;
	}
	struct bgp_config config = { .name = "rr", .profile = &bgp_profile_calico_bird,
				     .router_id = HUB, .local_as = 64512, .peers = peers,
				     .peer_count = PEERS };
	struct bgp_speaker *speaker =
		bgp_speaker_new(table, &config, random_stream_of(1, "rr", "bgp"));
	struct bgp_effect effect;
	struct instant now = INSTANT_ZERO;
	uint32_t connections[PEERS];
	uint8_t open[64] = { 0 }, keepalive[19];
	memset(open, 0xff, 16);
	memcpy(open + 16, "\x00\x1d\x01\x04\xfc\x00\x00\xf0\x0b\x00\x00\x01", 13);
	memset(keepalive, 0xff, 16);
	memcpy(keepalive + 16, "\x00\x13\x04", 3);
	bgp_started(speaker, now);
	for (uint32_t i = 0; i < PEERS; i++) {
		connections[i] = bgp_connection_arrived(speaker, now, peers[i].remote, 1,
							ip_addr_v4(HUB));
		bgp_bytes_received(speaker, now, connections[i], open, 29);
		bgp_bytes_received(speaker, now, connections[i], keepalive, 19);
		assert_int_equal(bgp_peer_state(speaker, names[i]), BGP_ESTABLISHED);
		while (bgp_effect_next(speaker, &effect))
			continue;
	}
	int wakeups = 0, keepalives = 0;
	while (now.ns < 600 * NS_PER_S) {
		now = bgp_next_wakeup(speaker);
		bgp_time_reached(speaker, now);
		while (bgp_effect_next(speaker, &effect))
			keepalives += effect.kind == BGP_EFFECT_SEND;
		if (wakeups++ % 4 == 0)
			for (uint32_t i = 0; i < PEERS; i++)
				bgp_bytes_received(speaker, now, connections[i], keepalive, 19);
	}
	/* Whole seconds: at most one wake-up each. 2000 sessions, a KEEPALIVE every 60 to 80 s. */
	assert_true(wakeups <= 601);
	assert_true(speaker->wakeups.count < 3 * PEERS);
	assert_in_range(keepalives, 2000 * 600 / 80, 2000 * 600 / 60);
	for (uint32_t i = 0; i < PEERS; i++)
		assert_int_equal(bgp_peer_state(speaker, names[i]), BGP_ESTABLISHED);
	bgp_speaker_free(speaker);
	bgp_table_free(table);
	free(peers);
	free(names);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_differences), cmocka_unit_test(nothing_changed),
		cmocka_unit_test(shut_down_and_up), cmocka_unit_test(reflects),
		cmocka_unit_test(doors),            cmocka_unit_test(looked_at),
		cmocka_unit_test(many_sessions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
