#include "bgp/route/leak.h"

/* For each role of ours: where the neighbour stands. */
static const struct {
	bool above_or_beside; /* it is provider, route server or peer to us */
	bool below_or_beside; /* customer, route server client or peer */
} neighbours[BGP_ROLES] = {
	[BGP_ROLE_PROVIDER] = { .below_or_beside = true },
	[BGP_ROLE_ROUTE_SERVER] = { .below_or_beside = true },
	[BGP_ROLE_ROUTE_SERVER_CLIENT] = { .above_or_beside = true },
	[BGP_ROLE_CUSTOMER] = { .above_or_beside = true },
	[BGP_ROLE_PEER] = { true, true },
};

static void mark(struct bgp_attrs *attrs, uint32_t as_number)
{
	attrs->present |= UINT64_C(1) << BGP_ATTR_OTC;
	attrs->otc = as_number;
}

bool leak_received(enum bgp_role role, uint32_t remote_as, const struct bgp_attrs *attrs)
{
	if (!neighbours[role].below_or_beside || !bgp_has(attrs, BGP_ATTR_OTC))
		return false;
	/* A peer may mark its own customers' routes for us, with its own number. */
	return role != BGP_ROLE_PEER || attrs->otc != remote_as;
}

bool leak_mark_received(enum bgp_role role, uint32_t remote_as, struct bgp_attrs *attrs)
{
	if (!neighbours[role].above_or_beside || bgp_has(attrs, BGP_ATTR_OTC))
		return false;
	mark(attrs, remote_as);
	return true;
}

bool leak_forbidden(enum bgp_role role, const struct bgp_attrs *attrs)
{
	return neighbours[role].above_or_beside && bgp_has(attrs, BGP_ATTR_OTC);
}

void leak_mark_sent(enum bgp_role role, uint32_t local_as, struct bgp_attrs *attrs)
{
	if (neighbours[role].below_or_beside && !bgp_has(attrs, BGP_ATTR_OTC))
		mark(attrs, local_as);
}
