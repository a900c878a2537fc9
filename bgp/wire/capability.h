/* Capabilities (RFC 5492) as a table: a row each. Inside wire/ only. */
#ifndef BGP_WIRE_CAPABILITY_H
#define BGP_WIRE_CAPABILITY_H

#include "bgp/wire/message.h"

struct capability_row {
	uint8_t code;
	/* A value's length must be `least` plus a multiple of `step`; step 0: exactly `least`. */
	uint8_t least, step;
	void (*decode)(struct bgp_open *open, struct reader *value);
	/* Writes the value of the given instance (0, 1, ...); false: there is none (any more). */
	bool (*encode)(const struct bgp_open *open, unsigned instance, struct writer *out);
};
const struct capability_row *capability_row(uint8_t code); /* NULL: unknown */

#endif
