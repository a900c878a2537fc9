/* The words an operator may send along with Cease 6/2 and 6/4: RFC 9003 (before it RFC 8203). */
#ifndef BGP_WIRE_COMMUNICATION_H
#define BGP_WIRE_COMMUNICATION_H

#include "base/text.h"
#include "bgp/wire/message.h"

#define BGP_COMMUNICATION_MAX 255u

/* Appends the text, in UTF-8, to the data of a NOTIFICATION; what is beyond 255 octets is left out,
 * never in the middle of a character. */
void bgp_communication_put(struct bgp_error *error, const char *text);
/* Appends the words of a NOTIFICATION to `out`, control characters shown as '?'. Also looks into
 * the Hard Reset that 6/2 or 6/4 may be wrapped in (RFC 8538 3.1). False: there are none, or their
 * length or UTF-8 is wrong, which is no error of protocol. */
bool bgp_communication_get(const struct bgp_error *error, struct text *out);

#endif
