#include "bgp/wire/message.h"

/* The IANA registry of BGP error codes and subcodes. Subcode 0 names the code itself; it also
 * stands for subcodes nobody has assigned. */
static const struct error_row {
	uint8_t code, subcode;
	const char *name;
} errors[] = {
	{ 1, 0, "Message Header Error" },
	{ 1, 1, "Message Header Error/Connection Not Synchronized" },
	{ 1, 2, "Message Header Error/Bad Message Length" },
	{ 1, 3, "Message Header Error/Bad Message Type" },
	{ 2, 0, "OPEN Message Error" },
	{ 2, 1, "OPEN Message Error/Unsupported Version Number" },
	{ 2, 2, "OPEN Message Error/Bad Peer AS" },
	{ 2, 3, "OPEN Message Error/Bad BGP Identifier" },
	{ 2, 4, "OPEN Message Error/Unsupported Optional Parameter" },
	{ 2, 5, "OPEN Message Error/Authentication Failure" }, /* deprecated: decoded only */
	{ 2, 6, "OPEN Message Error/Unacceptable Hold Time" },
	{ 2, 7, "OPEN Message Error/Unsupported Capability" },
	{ 2, 11, "OPEN Message Error/Role Mismatch" },
	{ 3, 0, "UPDATE Message Error" },
	{ 3, 1, "UPDATE Message Error/Malformed Attribute List" },
	{ 3, 2, "UPDATE Message Error/Unrecognized Well-known Attribute" },
	{ 3, 3, "UPDATE Message Error/Missing Well-known Attribute" },
	{ 3, 4, "UPDATE Message Error/Attribute Flags Error" },
	{ 3, 5, "UPDATE Message Error/Attribute Length Error" },
	{ 3, 6, "UPDATE Message Error/Invalid ORIGIN Attribute" },
	{ 3, 7, "UPDATE Message Error/AS Routing Loop" }, /* deprecated: decoded only */
	{ 3, 8, "UPDATE Message Error/Invalid NEXT_HOP Attribute" },
	{ 3, 9, "UPDATE Message Error/Optional Attribute Error" },
	{ 3, 10, "UPDATE Message Error/Invalid Network Field" },
	{ 3, 11, "UPDATE Message Error/Malformed AS_PATH" },
	{ 4, 0, "Hold Timer Expired" },
	{ 5, 0, "Finite State Machine Error" },
	{ 5, 1, "Finite State Machine Error/Unexpected Message in OpenSent" },
	{ 5, 2, "Finite State Machine Error/Unexpected Message in OpenConfirm" },
	{ 5, 3, "Finite State Machine Error/Unexpected Message in Established" },
	{ 6, 0, "Cease" },
	{ 6, 1, "Cease/Maximum Number of Prefixes Reached" },
	{ 6, 2, "Cease/Administrative Shutdown" },
	{ 6, 3, "Cease/Peer De-configured" },
	{ 6, 4, "Cease/Administrative Reset" },
	{ 6, 5, "Cease/Connection Rejected" },
	{ 6, 6, "Cease/Other Configuration Change" },
	{ 6, 7, "Cease/Connection Collision Resolution" },
	{ 6, 8, "Cease/Out of Resources" },
	{ 6, 9, "Cease/Hard Reset" },
	{ 6, 10, "Cease/BFD Down" },
	{ 7, 0, "ROUTE-REFRESH Message Error" },
	{ 7, 1, "ROUTE-REFRESH Message Error/Invalid Message Length" },
	{ 8, 0, "Send Hold Timer Expired" },
};

const char *bgp_error_name(uint8_t code, uint8_t subcode)
{
	const char *name = "unknown error";
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].code != code)
			continue;
		if (errors[i].subcode == 0 || errors[i].subcode == subcode)
			name = errors[i].name;
	}
	return name;
}
