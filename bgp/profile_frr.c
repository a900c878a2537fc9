/* FRR 8.4.4, traditional profile. Where each value comes from: docs/profiles.md. */
#include "base/time.h"
#include "bgp/profile.h"
#include "bgp/wire/message.h"

static const uint8_t capabilities[] = {
	BGP_CAP_MULTIPROTOCOL,    BGP_CAP_REFRESH_OLD,   BGP_CAP_ROUTE_REFRESH,
	BGP_CAP_ENHANCED_REFRESH, BGP_CAP_AS4,           BGP_CAP_EXTENDED_MESSAGE,
	BGP_CAP_ADD_PATH,         BGP_CAP_FQDN,          BGP_CAP_GRACEFUL_RESTART,
	BGP_CAP_LONG_LIVED_GR,    0,
};

#define EXACT(seconds) { (seconds) * NS_PER_S, 0, BGP_JITTER_NONE }

const struct bgp_profile bgp_profile_frr = {
	.name = "frr",
	.title = "FRR 8.4.4, traditional profile",
	.timers = {
		[BGP_TIMER_START] = EXACT(1),
		[BGP_TIMER_CONNECT_RETRY] = EXACT(120),
		[BGP_TIMER_HOLD] = EXACT(180),
		[BGP_TIMER_KEEPALIVE] = EXACT(60),
		[BGP_TIMER_IDLE_AFTER_LOSS] = EXACT(1),
		[BGP_TIMER_IDLE_AFTER_ERROR] = { 2 * NS_PER_S, 120 * NS_PER_S, BGP_JITTER_NONE },
		[BGP_TIMER_COALESCE] = EXACT(1),
		[BGP_TIMER_RESTART_WAIT] = EXACT(360),
		[BGP_TIMER_STALE_MAX] = EXACT(360),
	},
	.decision = {
		BGP_RULE_USABLE, BGP_RULE_WEIGHT_LOCAL, BGP_RULE_LOCAL_PREF,
		BGP_RULE_AS_PATH_LENGTH, BGP_RULE_ORIGIN, BGP_RULE_MED, BGP_RULE_EXTERNAL,
		BGP_RULE_IGP_METRIC, BGP_RULE_OLDEST_EXTERNAL, BGP_RULE_ROUTER_ID,
		BGP_RULE_CLUSTER_LIST, BGP_RULE_NOT_STALE, BGP_RULE_PEER_ADDRESS,
		BGP_RULE_PATH_ID, BGP_RULE_END,
	},
	.multipath_stop = BGP_RULE_OLDEST_EXTERNAL,
	.maximum_paths_external = 64,
	.maximum_paths_internal = 64,
	.ebgp_requires_policy = true,
	.established_restart = true,
	.collision_in_open_sent = true,
	.newer_incoming_replaces = true,
	.notification_answered = true,
	.pause_on = BGP_PAUSE_RECEIVED_ERROR | BGP_PAUSE_RECEIVED_CEASE,
	.send_hold_multiple = 2,
	.ttl_internal = 255,
	.fast_external_fallover = true,
	.capabilities = capabilities,
	.capability_per_parameter = true,
	.restart_helper = true,
	.helper_sends_time = true,
	.restart_bit_at_start = true,
	.restart_notification = true,
	.add_path_receive_always = true,
	.long_lived_listed = true,
	.restart_time_s = 120,
	.stop_sends_cease = true,
	.stop_subcode = 3,
	.reactions = &bgp_reactions_frr,
	.ebgp_next_hop = BGP_EBGP_NEXT_HOP_THIRD_PARTY_OTHER,
	.next_hop_recursive = true,
	.reflect_to_source = true,
	.repeats_unchanged = true,
	.med_zero_reflected = true,
	.unknown_sets_partial = true,
	.as_path_extended_length = true,
	.advertise_delay_ns = 50 * NS_PER_MS,
	.kernel_nexthop_objects = true,
	.kernel_metric = 20,
	.listen_backlog = 4096,
};
