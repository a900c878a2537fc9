/* Five speakers in one of four shapes, for random histories: what can happen to them, and the
 * policies they may be given. All on one subnet, 10.0.0.1 to 10.0.0.5.
 *
 *   REFLECTOR      1 reflects for 2, 3, 4; 5 is another AS, beside 1 and 2
 *   MESH           1, 2, 3 are a mesh; 4 and 5 are an AS each, beside 1, beside 2, and each other
 *   TWO_REFLECTORS 1 and 2, one cluster, reflect for 3 and 4; 5 is another AS, beside 3
 *   RING           five ASes in a ring */
#ifndef TESTS_BGP_SPEAKER_WORLD_H
#define TESTS_BGP_SPEAKER_WORLD_H

#include "tests/bgp/speaker_reference.h"

#define WORLD_SPEAKERS 5
#define WORLD_PEERS 4

enum world_shape { WORLD_REFLECTOR, WORLD_MESH, WORLD_TWO_REFLECTORS, WORLD_RING, WORLD_SHAPES };

struct world_links {
	uint32_t as[WORLD_SPEAKERS];
	struct {
		uint8_t a, b; /* from 1; 0 ends */
		bool b_is_client;
	} pairs[10];
};

static const struct world_links world_links[WORLD_SHAPES] = {
	[WORLD_REFLECTOR] = { { 65000, 65000, 65000, 65000, 65100 },
			      { { 1, 2, true }, { 1, 3, true }, { 1, 4, true }, { 1, 5, false },
				{ 2, 5, false } } },
	[WORLD_MESH] = { { 65000, 65000, 65000, 65100, 65200 },
			 { { 1, 2, false }, { 1, 3, false }, { 2, 3, false }, { 4, 1, false },
			   { 5, 2, false }, { 4, 5, false } } },
	[WORLD_TWO_REFLECTORS] = { { 65000, 65000, 65000, 65000, 65100 },
				   { { 1, 2, false }, { 1, 3, true }, { 1, 4, true }, { 2, 3, true },
				     { 2, 4, true }, { 3, 5, false } } },
	[WORLD_RING] = { { 65000, 65001, 65002, 65003, 65004 },
			 { { 1, 2, false }, { 2, 3, false }, { 3, 4, false }, { 4, 5, false },
			   { 5, 1, false } } },
};

static const uint32_t world_colour[] = { 0xfde80007 }, world_no_export[] = { 0xffffff01 },
		      world_no_advertise[] = { 0xffffff02 };
#define WORLD_NET(third, bits) { { IP_V4, { 20, 0, (third) } }, (bits) }
static const struct bgp_policy_rule world_rules[] = {
	{ .prefix = WORLD_NET(2, 24), .verdict = BGP_RULE_REJECT },
	{ .verdict = BGP_RULE_NEXT, .add_communities = world_colour, .add_community_count = 1 },
	{ .prefix = WORLD_NET(1, 24), .verdict = BGP_RULE_ACCEPT,
	  .add_communities = world_no_export, .add_community_count = 1 },
	{ .prefix = WORLD_NET(3, 24), .verdict = BGP_RULE_NEXT,
	  .add_communities = world_no_advertise, .add_community_count = 1 },
	{ .prefix = WORLD_NET(0, 22), .length_min = 23, .length_max = 25,
	  .verdict = BGP_RULE_ACCEPT },
	{ .prefix = WORLD_NET(0, 23), .verdict = BGP_RULE_ACCEPT, .set_local_pref = true,
	  .local_pref = 200 },
};
/* The last one prefers routes: only where two ASes meet once can that not go in circles. */
#define WORLD_POLICIES 6
static const struct bgp_policy world_policies[WORLD_POLICIES] = {
	{ &world_rules[0], 1, true }, { &world_rules[1], 1, true },  { &world_rules[2], 1, true },
	{ &world_rules[1], 3, true }, { &world_rules[4], 1, false }, { &world_rules[5], 1, true },
};

struct world_config {
	struct bgp_config config;
	struct bgp_peer_config peers[WORLD_PEERS];
};

struct world {
	struct pipe pipe;
	enum world_shape shape;
	struct bgp_profile profiles[WORLD_SPEAKERS];
	struct world_config configs[WORLD_SPEAKERS][2];
	bool turn[WORLD_SPEAKERS]; /* which of them comes next */
	struct bgp_local_route locals[WORLD_SPEAKERS][REF_PREFIXES];
	bool local[WORLD_SPEAKERS][REF_PREFIXES];
	struct reference ref;
};

static const char *const world_names[] = { "one", "two", "three", "four", "five" };

PIPE void world_join(struct world *world, uint32_t at, uint32_t other, bool client, bool graceful)
{
	struct world_config *to = &world->configs[at][0];
	assert_true(to->config.peer_count < WORLD_PEERS);
	to->peers[to->config.peer_count++] = (struct bgp_peer_config){
		.name = world_names[other],
		.remote = ip_addr_v4(0x0a000001u + other),
		.remote_as = world_links[world->shape].as[other],
		.families = BGP_IPV4_UNICAST,
		.rr_client = client,
		.graceful_restart = graceful,
	};
}

/* `kinds`: which profile each speaker has, two bits each. */
PIPE void world_init(struct world *world, enum world_shape shape, uint32_t kinds, bool graceful,
		     uint64_t seed)
{
	memset(world, 0, sizeof(*world));
	pipe_init(&world->pipe);
	world->pipe.seed = seed;
	world->shape = shape;
	world->ref.pipe = &world->pipe;
	const struct world_links *links = &world_links[shape];
	for (int i = 0; links->pairs[i].a; i++) {
		uint32_t a = links->pairs[i].a - 1u, b = links->pairs[i].b - 1u;
		world_join(world, a, b, links->pairs[i].b_is_client, graceful);
		world_join(world, b, a, false, graceful);
	}
	for (uint32_t i = 0; i < WORLD_SPEAKERS; i++) {
		static const struct bgp_profile *const kind[4] = {
			&bgp_profile_calico_bird, &bgp_profile_frr, &bgp_profile_quagga,
			&bgp_profile_calico_bird,
		};
		struct world_config *from = &world->configs[i][0];
		world->profiles[i] = reference_profile(kind[kinds >> 2 * i & 3]);
		struct pipe_speaker *node =
			pipe_add(&world->pipe, &world->profiles[i], 0x0a000001u + i,
				 links->as[i], from->peers, from->config.peer_count);
		if (shape == WORLD_TWO_REFLECTORS && i < 2)
			node->config.cluster_id = 0x0a0000fe;
		node->config.event_mask = 0;
		world->turn[i] = true;
	}
}

PIPE void world_start(struct world *world, uint32_t at)
{
	struct pipe_speaker *node = &world->pipe.speakers[at];
	if (node->speaker)
		return;
	memset(node->fib, 0, sizeof(node->fib));
	pipe_start(&world->pipe, node);
	for (int i = 0; i < REF_PREFIXES; i++)
		if (world->local[at][i])
			bgp_route_originated(node->speaker, world->pipe.now,
					     &world->locals[at][i]);
	pipe_poll(&world->pipe, node);
}

PIPE void world_originate(struct world *world, uint32_t at, int prefix, uint32_t med)
{
	struct pipe_speaker *node = &world->pipe.speakers[at];
	struct bgp_local_route *route = &world->locals[at][prefix];
	*route = (struct bgp_local_route){ .prefix = ref_prefix(prefix), .has_med = med > 0,
					   .med = med, .origin = med % 3 == 2 ? 2 : 0 };
	world->local[at][prefix] = true;
	ref_local(&world->ref, at, prefix, route);
	if (!node->speaker)
		return;
	bgp_route_originated(node->speaker, world->pipe.now, route);
	pipe_poll(&world->pipe, node);
}

PIPE void world_retract(struct world *world, uint32_t at, int prefix)
{
	struct pipe_speaker *node = &world->pipe.speakers[at];
	world->local[at][prefix] = false;
	ref_local(&world->ref, at, prefix, NULL);
	if (!node->speaker)
		return;
	bgp_route_retracted(node->speaker, world->pipe.now, ref_prefix(prefix));
	pipe_poll(&world->pipe, node);
}

PIPE void world_kill(struct world *world, uint32_t at)
{
	if (world->pipe.speakers[at].speaker)
		pipe_kill(&world->pipe, &world->pipe.speakers[at]);
}

/* Every connection of a speaker is lost. */
PIPE void world_cut(struct world *world, uint32_t at)
{
	for (uint32_t i = 0; i < world->pipe.link_count; i++)
		if (world->pipe.links[i].speaker[0] == at || world->pipe.links[i].speaker[1] == at)
			pipe_cut(&world->pipe, i);
}

/* Nothing gets through to it or from it; what was under way then is lost, and with it the
 * connections. */
PIPE void world_silence(struct world *world, uint32_t at, bool silent)
{
	struct pipe_speaker *node = &world->pipe.speakers[at];
	if (node->silent && !silent) {
		node->silent = false;
		world_cut(world, at);
	}
	node->silent = silent;
}

/* Another policy, or next-hop mode, for one session of a running speaker. */
PIPE void world_configure(struct world *world, uint32_t at, uint32_t peer, uint32_t import,
			  uint32_t export, enum bgp_next_hop_mode next_hop)
{
	struct pipe_speaker *node = &world->pipe.speakers[at];
	struct world_config *to = &world->configs[at][world->turn[at]];
	if (!node->speaker)
		return;
	to->config = node->config;
	memcpy(to->peers, node->config.peers, node->config.peer_count * sizeof(to->peers[0]));
	to->config.peers = to->peers;
	struct bgp_peer_config *changed = &to->peers[peer % node->config.peer_count];
	bool external = changed->remote_as != node->config.local_as;
	bool preferring = external && (world->shape == WORLD_REFLECTOR ||
				       world->shape == WORLD_TWO_REFLECTORS);
	uint32_t count = preferring ? WORLD_POLICIES : WORLD_POLICIES - 1;
	import %= count + 1;
	export %= WORLD_POLICIES;
	changed->import = import ? &world_policies[import - 1] : NULL;
	changed->export = export ? &world_policies[export - 1] : NULL;
	changed->next_hop = next_hop;
	bgp_configured(node->speaker, world->pipe.now, &to->config);
	pipe_poll(&world->pipe, node);
	node->config = to->config;
	world->turn[at] = !world->turn[at];
}

PIPE void world_free(struct world *world) { pipe_free(&world->pipe); }

#endif
