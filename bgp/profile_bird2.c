/* BIRD 2.0.12 with its own defaults. Where each value comes from: docs/profiles.md. */
#include "base/time.h"
#include "bgp/profile.h"
#include "bgp/wire/message.h"

static const uint8_t capabilities[] = {
	BGP_CAP_MULTIPROTOCOL, BGP_CAP_ROUTE_REFRESH,    BGP_CAP_GRACEFUL_RESTART,
	BGP_CAP_AS4,           BGP_CAP_ADD_PATH,         BGP_CAP_ENHANCED_REFRESH,
	BGP_CAP_LONG_LIVED_GR, 0,
};

#define SPREAD BGP_JITTER_RFC
#define EXACT(seconds) { (seconds) * NS_PER_S, 0, BGP_JITTER_NONE }

const struct bgp_profile bgp_profile_bird2 = {
	.name = "bird2",
	.title = "BIRD 2.0.12",
	.timers = {
		[BGP_TIMER_START] = { 5 * NS_PER_S, 0, SPREAD },
		[BGP_TIMER_CONNECT_RETRY] = { 120 * NS_PER_S, 0, SPREAD },
		[BGP_TIMER_HOLD] = { 240 * NS_PER_S, 0, SPREAD },
		[BGP_TIMER_KEEPALIVE] = { 80 * NS_PER_S, 0, SPREAD },
		[BGP_TIMER_OPEN_HOLD] = { 240 * NS_PER_S, 0, SPREAD },
		/* No pause of its own: at once to Active and the connect delay. */
		[BGP_TIMER_IDLE_AFTER_LOSS] = EXACT(0),
		[BGP_TIMER_IDLE_AFTER_ERROR] = { 60 * NS_PER_S, 300 * NS_PER_S, SPREAD },
		[BGP_TIMER_RESTART_WAIT] = EXACT(240),
	},
	.decision = {
		/* Protocol preference (static 200, BGP 100) comes before anything BGP. */
		BGP_RULE_WEIGHT_LOCAL, BGP_RULE_USABLE, BGP_RULE_LOCAL_PREF,
		BGP_RULE_AS_PATH_LENGTH, BGP_RULE_ORIGIN, BGP_RULE_MED, BGP_RULE_EXTERNAL,
		BGP_RULE_IGP_METRIC, BGP_RULE_ROUTER_ID, BGP_RULE_CLUSTER_LIST,
		BGP_RULE_PEER_ADDRESS, BGP_RULE_PATH_ID, BGP_RULE_END,
	},
	.multipath_stop = BGP_RULE_ROUTER_ID,
	.maximum_paths_external = 1,
	.maximum_paths_internal = 1,
	.idle_refuses = true,
	.established_restart = true,
	.starts_active = true,
	.refused_goes_idle = true,
	.update_confirms = true,
	.pause_on = BGP_PAUSE_SENT_ERROR | BGP_PAUSE_SENT_HOLD | BGP_PAUSE_RECEIVED_ERROR,
	.error_memory_ns = 300 * NS_PER_S,
	.ttl_internal = 64,
	.keepalive_third = true,
	.fast_external_fallover = true, /* check link, on for direct neighbours */
	.capabilities = capabilities,
	.restart_helper = true,
	.helper_sends_time = true,
	.restart_waits_for_all = true,
	.restart_time_s = 120,
	.stop_sends_cease = true,
	.stop_subcode = 2,
	.kernel_kept_on_kill = true,
	.reactions = &bgp_reactions_bird2,
	.long_keepalive = true,
	.ebgp_next_hop = BGP_EBGP_NEXT_HOP_SELF_IF_MULTIHOP,
	.next_hop_recursive = true,
	.suppress_next_hop_of_peer = true,
	.repeats_unchanged = true,
	.cluster_loop = BGP_CLUSTER_LOOP_FROM_CLIENTS,
	.unknown_sets_partial = true,
	.unreachable_reflected = true,
	.kernel_metric = 32,
	.listen_backlog = 8,
};
