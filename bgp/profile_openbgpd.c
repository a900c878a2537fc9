/* OpenBGPD portable 7.7. Where each value comes from: docs/profiles.md. */
#include "base/time.h"
#include "bgp/profile.h"
#include "bgp/wire/message.h"

static const uint8_t capabilities[] = {
	BGP_CAP_MULTIPROTOCOL, BGP_CAP_ROUTE_REFRESH, BGP_CAP_GRACEFUL_RESTART, BGP_CAP_AS4, 0,
};

#define EXACT(seconds) { (seconds) * NS_PER_S, 0, BGP_JITTER_NONE }

const struct bgp_profile bgp_profile_openbgpd = {
	.name = "openbgpd",
	.title = "OpenBGPD portable 7.7",
	.timers = {
		[BGP_TIMER_CONNECT_RETRY] = EXACT(120),
		[BGP_TIMER_HOLD] = EXACT(90),
		[BGP_TIMER_KEEPALIVE] = EXACT(30),
		[BGP_TIMER_OPEN_HOLD] = EXACT(240),
		/* One pause for every kind of end, a plain FIN too. */
		[BGP_TIMER_IDLE_AFTER_LOSS] = EXACT(30),
		[BGP_TIMER_IDLE_AFTER_ERROR] = { 30 * NS_PER_S, 3600 * NS_PER_S, BGP_JITTER_NONE },
	},
	.decision = {
		BGP_RULE_USABLE, BGP_RULE_LOCAL_PREF, BGP_RULE_AS_PATH_LENGTH, BGP_RULE_ORIGIN,
		BGP_RULE_MED, BGP_RULE_EXTERNAL, BGP_RULE_ROUTER_ID, BGP_RULE_CLUSTER_LIST,
		BGP_RULE_PEER_ADDRESS, BGP_RULE_PATH_ID, BGP_RULE_END,
	},
	.multipath_stop = BGP_RULE_ROUTER_ID,
	.med_deterministic = true,
	.maximum_paths_external = 1,
	.maximum_paths_internal = 1,
	.ebgp_requires_policy = true,
	.idle_refuses = true,
	.idle_accepts_below = 2,
	.single_connection = true,
	.established_restart = true,
	.pause_on = BGP_PAUSE_SENT_ERROR | BGP_PAUSE_SENT_HOLD | BGP_PAUSE_SENT_CEASE |
		    BGP_PAUSE_RECEIVED_ERROR | BGP_PAUSE_RECEIVED_CEASE | BGP_PAUSE_LOST,
	.error_memory_ns = INT64_MAX,
	.error_pause_halves = true,
	.dial_outlasts_retry = true,
	.send_hold_multiple = 1,
	.ttl_internal = 64,
	.keepalive_third = true,
	.capabilities = capabilities,
	.restart_helper = true,
	.restart_bit_always = true,
	.stop_sends_cease = true,
	.stop_subcode = 2,
	.reactions = &bgp_reactions_openbgpd,
	.ebgp_next_hop = BGP_EBGP_NEXT_HOP_SELF_IF_MULTIHOP,
	.next_hop_recursive = true,
	.external_marks = BGP_EXTERNAL_MARKED_RECEIVED,
	.next_hop_self_for_owner = true,
	.new_next_hop_unusable = true,
	.repeats_unchanged = true,
	.withdraws_along = true,
	.unknown_sets_partial = true,
	.unreachable_reflected = true, /* the Debian build has no FIB and believes every next hop */
	.listen_backlog = 128,
};
