/* Route leaks: the OTC attribute ("only to customer") between neighbours whose roles are known, RFC
 * 9234 section 5. `role` is ours. */
#ifndef BGP_ROUTE_LEAK_H
#define BGP_ROUTE_LEAK_H

#include "bgp/config.h"
#include "bgp/wire/attr.h"

/* Came from somewhere it can only have leaked from. */
bool leak_received(enum bgp_role role, uint32_t remote_as, const struct bgp_attrs *attrs);
/* Marks what comes from above or from the side; true: something was changed. */
bool leak_mark_received(enum bgp_role role, uint32_t remote_as, struct bgp_attrs *attrs);
/* Would leak if it were sent there. */
bool leak_forbidden(enum bgp_role role, const struct bgp_attrs *attrs);
/* Marks what goes down or to the side. */
void leak_mark_sent(enum bgp_role role, uint32_t local_as, struct bgp_attrs *attrs);

#endif
