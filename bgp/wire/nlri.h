/* Inside wire/ only. */
#ifndef BGP_WIRE_NLRI_H
#define BGP_WIRE_NLRI_H

#include "bgp/wire/update.h"

/* Checks every prefix of bytes/length/family/add_path and counts them. False: malformed. */
bool nlri_check(struct bgp_nlri *nlri);

#endif
