/* Who may be what to whom: RFC 9234 section 4. Inside session/ only. */
#ifndef BGP_SESSION_ROLE_H
#define BGP_SESSION_ROLE_H

#include "bgp/config.h"
#include "bgp/wire/message.h"

/* False: Role Mismatch, OPEN error 2/11. */
bool role_fits(enum bgp_role ours, bool strict, const struct bgp_capabilities *theirs);

#endif
