/* What is done about a malformed UPDATE, where an implementation does not do as RFC 7606 says. The
 * decoders know the RFC's way; they ask here, once something is wrong, whether a table has another.
 * Without a table (codec->reactions NULL) it is always the RFC's. */
#ifndef BGP_WIRE_REACTION_H
#define BGP_WIRE_REACTION_H

#include "bgp/wire/attr.h"

/* What is wrong, finer than the subcode of a NOTIFICATION. The last four are no errors at all, but
 * some implementations make something of them. */
enum bgp_fault {
	BGP_FAULT_LENGTH = 1,         /* of the value */
	BGP_FAULT_EMPTY,              /* a list of none; without a row of its own it is a LENGTH */
	BGP_FAULT_VALUE,
	BGP_FAULT_FLAGS,              /* Optional, Transitive */
	BGP_FAULT_MISSING,
	BGP_FAULT_DUPLICATE,
	BGP_FAULT_UNKNOWN_WELL_KNOWN,
	BGP_FAULT_OVERRUN,            /* beyond the block of attributes */
	BGP_FAULT_SEGMENT,            /* AS_PATH: unknown type, or beyond the attribute */
	BGP_FAULT_SEGMENT_EMPTY,
	BGP_FAULT_AS_ZERO,
	BGP_FAULT_HOP_ZERO,           /* NEXT_HOP 0.0.0.0 */
	BGP_FAULT_HOP_MARTIAN,        /* another one no host can have */
	BGP_FAULT_MP_HOP_LENGTH,
	BGP_FAULT_PREFIX_LENGTH,      /* more bits than the family has */
	BGP_FAULT_PREFIX_CUT,         /* beyond the end */
	BGP_FAULT_AS4_UNWANTED,       /* AS4_PATH from a speaker of four-octet numbers */
	BGP_FAULT_NON_TRANSITIVE,     /* unknown, optional: to be forgotten */
	BGP_FAULT_LOW_FLAGS,          /* the four bits without a meaning */
	BGP_FAULT_LONG_FORM,          /* Extended Length where one octet would do */
};

#define BGP_ON_INTERNAL 1u
#define BGP_ON_EXTERNAL 2u
#define BGP_ON_ANY 3u

struct bgp_reaction {
	uint8_t fault;
	uint8_t attribute;  /* type code; 0: any */
	uint8_t sessions;   /* BGP_ON_* */
	uint8_t outcome;    /* enum bgp_outcome; OK: taken as it is */
	uint8_t subcode;    /* of UPDATE Message Error, if RESET; 0: the usual one */
	bool differs;       /* leaves a trace: the route is not taken for the one before, and told
			     * again though it comes out the same */
	bool derails;       /* FRR: if attributes follow, the parser loses its way: 3/10 */
	bool whole;         /* DISCARD is of everything the UPDATE announces, without withdrawing */
};
struct bgp_reactions {
	uint8_t number;     /* of this table: sets decoded by different ones are kept apart */
	size_t count;
	const struct bgp_reaction *rows; /* the first that fits */
};

/* The RFC's way in, the implementation's out. `last`: no attribute follows. */
struct bgp_reaction bgp_react(const struct bgp_codec *codec, enum bgp_fault fault,
			      uint8_t attribute, enum bgp_outcome outcome, uint8_t subcode,
			      bool last);

#endif
