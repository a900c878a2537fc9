/* What each daemon does about malformed UPDATEs, as far as it is not RFC 7606. Measured: 44 cases on
 * sessions of both kinds (tests/bgp/test_profile_malformed.c). Rows are looked through in order. */
#include "bgp/profile.h"
#include "bgp/wire/reaction.h"

#define OK BGP_OUTCOME_OK
#define DISCARD BGP_OUTCOME_DISCARD
#define WITHDRAW BGP_OUTCOME_WITHDRAW
#define RESET BGP_OUTCOME_RESET
#define INTERNAL BGP_ON_INTERNAL
#define EXTERNAL BGP_ON_EXTERNAL
#define ANY BGP_ON_ANY
#define ROW(fault_, attribute_, sessions_, outcome_)                                               \
	.fault = BGP_FAULT_##fault_, .attribute = (attribute_), .sessions = (sessions_),           \
	.outcome = (outcome_)
#define DIFFERS .differs = true
#define DERAILS .derails = true
#define TABLE(number_, rows_) { number_, sizeof(rows_) / sizeof((rows_)[0]), rows_ }

/* RFC 4271's way, but for a few optional attributes. */
static const struct bgp_reaction bird_rows[] = {
	{ ROW(EMPTY, BGP_ATTR_COMMUNITIES, ANY, OK), DIFFERS },
	{ ROW(LENGTH, BGP_ATTR_AGGREGATOR, ANY, WITHDRAW) },
	{ ROW(LENGTH, BGP_ATTR_COMMUNITIES, ANY, WITHDRAW) },
	{ ROW(LENGTH, BGP_ATTR_EXTENDED_COMMUNITIES, ANY, WITHDRAW) },
	{ ROW(LENGTH, BGP_ATTR_LARGE_COMMUNITIES, ANY, WITHDRAW) },
	{ ROW(LENGTH, BGP_ATTR_CLUSTER_LIST, EXTERNAL, DISCARD) },
	{ ROW(LENGTH, 0, ANY, RESET) },
	{ ROW(VALUE, BGP_ATTR_ORIGIN, ANY, RESET) },
	{ ROW(FLAGS, 0, ANY, RESET) },
	{ ROW(MISSING, BGP_ATTR_LOCAL_PREF, ANY, OK) },
	{ ROW(MISSING, 0, ANY, RESET) },
	{ ROW(DUPLICATE, 0, ANY, RESET) },
	{ ROW(OVERRUN, 0, ANY, RESET) },
	{ ROW(SEGMENT, 0, ANY, RESET) },
	{ ROW(SEGMENT_EMPTY, 0, ANY, OK) },
	{ ROW(AS_ZERO, 0, ANY, OK) },
	{ ROW(HOP_ZERO, 0, EXTERNAL, OK) },
	{ ROW(HOP_MARTIAN, 0, ANY, RESET) },
	{ ROW(MP_HOP_LENGTH, 0, ANY, DISCARD) },
	{ ROW(PREFIX_CUT, 0, ANY, RESET), .subcode = 1 },
	{ ROW(NON_TRANSITIVE, 0, ANY, OK), DIFFERS },
	{ ROW(LOW_FLAGS, 0, ANY, OK), DIFFERS },
	{ ROW(LONG_FORM, 0, ANY, OK), DIFFERS },
};

/* Nearly RFC 7606. */
static const struct bgp_reaction bird2_rows[] = {
	{ ROW(LENGTH, BGP_ATTR_LOCAL_PREF, EXTERNAL, DISCARD), DIFFERS },
	{ ROW(MISSING, BGP_ATTR_LOCAL_PREF, ANY, OK), DIFFERS },
	{ ROW(UNKNOWN_WELL_KNOWN, 0, ANY, WITHDRAW) },
	{ ROW(AS_ZERO, 0, ANY, OK) },
	{ ROW(HOP_MARTIAN, 0, INTERNAL, OK) },
	{ ROW(MP_HOP_LENGTH, 0, ANY, WITHDRAW) },
	{ ROW(PREFIX_CUT, 0, ANY, RESET), .subcode = 1 },
	{ ROW(NON_TRANSITIVE, 0, ANY, OK), DIFFERS },
	{ ROW(LOW_FLAGS, 0, ANY, OK), DIFFERS },
};

/* RFC 7606 on external sessions only, and there not without an accident. */
static const struct bgp_reaction frr_rows[] = {
	{ ROW(LENGTH, BGP_ATTR_COMMUNITIES, INTERNAL, RESET), .subcode = 9 },
	{ ROW(LENGTH, BGP_ATTR_EXTENDED_COMMUNITIES, INTERNAL, RESET), .subcode = 9 },
	{ ROW(LENGTH, BGP_ATTR_LARGE_COMMUNITIES, INTERNAL, RESET), .subcode = 9 },
	{ ROW(LENGTH, 0, INTERNAL, RESET) },
	{ ROW(LENGTH, BGP_ATTR_LOCAL_PREF, EXTERNAL, DISCARD) },
	{ ROW(LENGTH, BGP_ATTR_ATOMIC_AGGREGATE, EXTERNAL, DISCARD) },
	{ ROW(LENGTH, BGP_ATTR_AGGREGATOR, EXTERNAL, DISCARD) },
	{ ROW(LENGTH, 0, EXTERNAL, WITHDRAW), DERAILS },
	{ ROW(VALUE, BGP_ATTR_ORIGIN, INTERNAL, RESET) },
	{ ROW(VALUE, BGP_ATTR_ORIGIN, EXTERNAL, WITHDRAW), DERAILS },
	{ ROW(FLAGS, 0, INTERNAL, RESET) },
	{ ROW(FLAGS, 0, EXTERNAL, WITHDRAW), DERAILS },
	{ ROW(DUPLICATE, 0, ANY, RESET) },
	{ ROW(UNKNOWN_WELL_KNOWN, 0, EXTERNAL, RESET), .subcode = 1 },
	{ ROW(OVERRUN, 0, ANY, RESET), .subcode = 5 },
	{ ROW(SEGMENT, 0, INTERNAL, RESET) },
	{ ROW(SEGMENT, 0, EXTERNAL, WITHDRAW), DERAILS },
	{ ROW(SEGMENT_EMPTY, 0, INTERNAL, RESET) },
	{ ROW(SEGMENT_EMPTY, 0, EXTERNAL, WITHDRAW), DERAILS },
	{ ROW(HOP_ZERO, 0, ANY, RESET) },
	{ ROW(HOP_MARTIAN, 0, ANY, RESET) },
	{ ROW(MP_HOP_LENGTH, 0, ANY, RESET), .subcode = 1 },
};

static const struct bgp_reaction gobgp_rows[] = {
	{ ROW(EMPTY, BGP_ATTR_COMMUNITIES, ANY, OK), DIFFERS },
	{ ROW(LENGTH, BGP_ATTR_LOCAL_PREF, EXTERNAL, WITHDRAW) },
	{ ROW(LENGTH, BGP_ATTR_ORIGINATOR_ID, EXTERNAL, WITHDRAW) },
	{ ROW(LENGTH, BGP_ATTR_CLUSTER_LIST, EXTERNAL, WITHDRAW) },
	{ ROW(MISSING, BGP_ATTR_LOCAL_PREF, ANY, OK), DIFFERS },
	{ ROW(OVERRUN, 0, ANY, DISCARD) },
	{ ROW(AS_ZERO, 0, ANY, OK) },
	{ ROW(MP_HOP_LENGTH, 0, ANY, DISCARD), .whole = true },
	{ ROW(PREFIX_LENGTH, 0, ANY, RESET), .subcode = 1 },
	{ ROW(PREFIX_CUT, 0, ANY, RESET), .subcode = 1 },
	{ ROW(AS4_UNWANTED, 0, ANY, OK) },
	{ ROW(NON_TRANSITIVE, 0, ANY, OK), DIFFERS },
	{ ROW(LOW_FLAGS, 0, ANY, WITHDRAW) },
	{ ROW(LONG_FORM, 0, ANY, OK), DIFFERS },
};

/* Mostly RFC 4271's way. That an MP_REACH_NLRI of IPv4 with a next hop of three octets ends the
 * whole daemon is a bug, and not in here. */
static const struct bgp_reaction openbgpd_rows[] = {
	{ ROW(EMPTY, BGP_ATTR_COMMUNITIES, ANY, WITHDRAW) },
	{ ROW(LENGTH, BGP_ATTR_AGGREGATOR, ANY, DISCARD) },
	{ ROW(LENGTH, BGP_ATTR_EXTENDED_COMMUNITIES, ANY, RESET), .subcode = 4 },
	{ ROW(LENGTH, BGP_ATTR_LARGE_COMMUNITIES, ANY, RESET), .subcode = 4 },
	{ ROW(LENGTH, 0, ANY, RESET) },
	{ ROW(VALUE, BGP_ATTR_ORIGIN, ANY, RESET) },
	{ ROW(FLAGS, 0, ANY, RESET) },
	{ ROW(MISSING, 0, ANY, RESET) },
	{ ROW(DUPLICATE, 0, ANY, RESET) },
	{ ROW(OVERRUN, 0, ANY, RESET), .subcode = 5 },
	{ ROW(SEGMENT, 0, ANY, RESET) },
	{ ROW(SEGMENT_EMPTY, 0, ANY, RESET) },
	{ ROW(HOP_ZERO, 0, ANY, OK) },
	{ ROW(HOP_MARTIAN, 0, ANY, RESET) },
	{ ROW(AS4_UNWANTED, 0, ANY, DISCARD), DIFFERS },
	{ ROW(NON_TRANSITIVE, 0, ANY, OK), DIFFERS },
};

const struct bgp_reactions bgp_reactions_bird = TABLE(1, bird_rows);
const struct bgp_reactions bgp_reactions_bird2 = TABLE(2, bird2_rows);
const struct bgp_reactions bgp_reactions_frr = TABLE(3, frr_rows);
const struct bgp_reactions bgp_reactions_gobgp = TABLE(4, gobgp_rows);
const struct bgp_reactions bgp_reactions_openbgpd = TABLE(5, openbgpd_rows);
