/* GoBGP 3.10.0. Where each value comes from: docs/profiles.md. */
#include "base/time.h"
#include "bgp/profile.h"
#include "bgp/wire/message.h"

static const uint8_t capabilities[] = {
	BGP_CAP_ROUTE_REFRESH, BGP_CAP_FQDN, BGP_CAP_MULTIPROTOCOL, BGP_CAP_AS4,
	BGP_CAP_EXTENDED_NEXT_HOP, 0,
};

#define EXACT(seconds) { (seconds) * NS_PER_S, 0, BGP_JITTER_NONE }

const struct bgp_profile bgp_profile_gobgp = {
	.name = "gobgp",
	.title = "GoBGP 3.10.0",
	.timers = {
		/* The connect loop: 5 s plus 0..4 the first time, then 120 s plus 0..119. */
		[BGP_TIMER_START] = { 5 * NS_PER_S, 0, BGP_JITTER_PLUS },
		[BGP_TIMER_CONNECT_RETRY] = { 120 * NS_PER_S, 0, BGP_JITTER_PLUS },
		[BGP_TIMER_HOLD] = EXACT(90),
		[BGP_TIMER_KEEPALIVE] = EXACT(30),
		[BGP_TIMER_OPEN_HOLD] = EXACT(240),
		/* Then the connect loop from its beginning; errors are not told apart. */
		[BGP_TIMER_IDLE_AFTER_LOSS] = EXACT(5),
		[BGP_TIMER_IDLE_AFTER_ERROR] = EXACT(5),
		[BGP_TIMER_RESTART_WAIT] = EXACT(360),
	},
	.decision = {
		BGP_RULE_USABLE, BGP_RULE_LOCAL_PREF, BGP_RULE_WEIGHT_LOCAL,
		BGP_RULE_AS_PATH_LENGTH, BGP_RULE_ORIGIN, BGP_RULE_MED, BGP_RULE_EXTERNAL,
		BGP_RULE_OLDEST_EXTERNAL, BGP_RULE_PEER_ID, BGP_RULE_PEER_ADDRESS,
		BGP_RULE_PATH_ID, BGP_RULE_END,
	},
	.multipath_stop = BGP_RULE_OLDEST_EXTERNAL,
	.maximum_paths_external = 1,
	.maximum_paths_internal = 1,
	.idle_refuses = true,
	.single_connection = true,
	.starts_active = true,
	.retry_counts_from_dial = true,
	.ttl_internal = 64,
	.keepalive_third = true,
	.capabilities = capabilities,
	.restart_time_s = 90,
	.stop_sends_cease = true,
	.stop_subcode = 3,
	.reactions = &bgp_reactions_gobgp,
	.any_marker = true,
	.long_keepalive = true,
	.refresh_error_own = true,
	.ebgp_next_hop = BGP_EBGP_NEXT_HOP_SELF,
	.next_hop_recursive = true,
	.cluster_loop = BGP_CLUSTER_LOOP_TO_CLIENTS,
	.external_marks = BGP_EXTERNAL_MARKED_TO_CLIENTS,
	.marks_to_clients_only = true,
	.overtaken_not_withdrawn = true,
	.ignores_well_known = true,
	.repeats_unchanged = true,
	.one_prefix_per_update = true,
	.unreachable_reflected = true,
	.listen_backlog = 4096,
};
