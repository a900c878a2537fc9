#include "bgp/session/role.h"

/* RFC 9234 4.2, table 2: the only neighbour each role can have. */
static const uint8_t counterparts[BGP_ROLES] = {
	[BGP_ROLE_PROVIDER] = BGP_ROLE_CUSTOMER,
	[BGP_ROLE_CUSTOMER] = BGP_ROLE_PROVIDER,
	[BGP_ROLE_ROUTE_SERVER] = BGP_ROLE_ROUTE_SERVER_CLIENT,
	[BGP_ROLE_ROUTE_SERVER_CLIENT] = BGP_ROLE_ROUTE_SERVER,
	[BGP_ROLE_PEER] = BGP_ROLE_PEER,
};

bool role_fits(enum bgp_role ours, bool strict, const struct bgp_capabilities *theirs)
{
	if (ours == BGP_ROLE_NONE)
		return true;
	if (!theirs->has_role)
		return !strict;
	return !theirs->role_unclear && theirs->role + 1u == counterparts[ours];
}
