#include "bgp/profile.h"

#include <string.h>

#include "base/assert.h"
#include "base/time.h"

static const struct bgp_profile *const profiles[] = {
	&bgp_profile_calico_bird,
	&bgp_profile_bird,
	&bgp_profile_bird2,
	&bgp_profile_frr,
	&bgp_profile_frr_datacenter,
	&bgp_profile_quagga,
	&bgp_profile_gobgp,
	&bgp_profile_openbgpd,
};

static const char *const timer_names[BGP_TIMER_KINDS] = {
	[BGP_TIMER_START] = "StartTimer",
	[BGP_TIMER_CONNECT_RETRY] = "ConnectRetryTimer",
	[BGP_TIMER_HOLD] = "HoldTimer",
	[BGP_TIMER_KEEPALIVE] = "KeepaliveTimer",
	[BGP_TIMER_OPEN_HOLD] = "OpenHoldTimer",
	[BGP_TIMER_IDLE_AFTER_LOSS] = "IdleHoldTimer",
	[BGP_TIMER_IDLE_AFTER_ERROR] = "IdleHoldTimer (error)",
	[BGP_TIMER_MRAI_EXTERNAL] = "MinRouteAdvertisementIntervalTimer",
	[BGP_TIMER_MRAI_INTERNAL] = "MinRouteAdvertisementIntervalTimer (internal)",
	[BGP_TIMER_COALESCE] = "CoalesceTimer",
	[BGP_TIMER_RESTART_WAIT] = "RestartWaitTimer",
	[BGP_TIMER_STALE_MAX] = "StaleTimer",
	[BGP_TIMER_DELAY_OPEN] = "DelayOpenTimer",
	[BGP_TIMER_RESTART] = "RestartTimer",
	[BGP_TIMER_SEND_HOLD] = "SendHoldTimer",
};

const char *bgp_timer_name(enum bgp_timer_kind kind)
{
	ASSERT((size_t)kind < BGP_TIMER_KINDS);
	return timer_names[kind];
}

/* BIRD 1.6 counts in whole seconds, and a quarter is rounded down: 3 s is not spread at all. */
static int64_t draw_whole_seconds(int64_t value_ns, struct random_stream *random)
{
	int64_t quarter = value_ns / NS_PER_S / 4;
	if (quarter == 0)
		return value_ns;
	return value_ns - quarter * NS_PER_S + random_between(random, 0, quarter) * NS_PER_S;
}

/* GoBGP: so many seconds, and a whole number below that on top. */
static int64_t draw_plus(int64_t value_ns, struct random_stream *random)
{
	int64_t seconds = value_ns / NS_PER_S;
	if (seconds == 0)
		return value_ns;
	return value_ns + random_between(random, 0, seconds - 1) * NS_PER_S;
}

int64_t bgp_timer_draw(const struct bgp_profile *profile, enum bgp_timer_kind kind,
		       int64_t value_ns, struct random_stream *random)
{
	ASSERT((size_t)kind < BGP_TIMER_KINDS);
	const struct bgp_timer_rule *rule = &profile->timers[kind];
	int64_t value = value_ns < 0 ? rule->value_ns : value_ns;
	if (value == 0)
		return 0;
	switch (rule->jitter) {
	case BGP_JITTER_NONE:
		return value;
	case BGP_JITTER_RFC:
		return random_between(random, value - value / 4, value);
	case BGP_JITTER_WHOLE_SECONDS:
		return draw_whole_seconds(value, random);
	case BGP_JITTER_HALF:
		return random_between(random, value / 2, value + value / 2);
	case BGP_JITTER_PLUS:
		return draw_plus(value, random);
	}
	UNREACHABLE();
}

const struct bgp_profile *bgp_profile_at(size_t index)
{
	return index < sizeof(profiles) / sizeof(profiles[0]) ? profiles[index] : NULL;
}

const struct bgp_profile *bgp_profile_by_name(const char *name)
{
	for (size_t i = 0; bgp_profile_at(i); i++)
		if (strcmp(profiles[i]->name, name) == 0)
			return profiles[i];
	return NULL;
}
