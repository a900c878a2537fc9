/* The inside of the attribute table. Inside wire/ only. */
#ifndef BGP_WIRE_ATTR_TABLE_H
#define BGP_WIRE_ATTR_TABLE_H

#include "bgp/wire/attr.h"
#include "bgp/wire/message.h"
#include "bgp/wire/reaction.h"

/* Subcodes of UPDATE Message Error, RFC 4271 6.3. */
enum update_subcode {
	UPDATE_MALFORMED_LIST = 1,
	UPDATE_UNKNOWN_WELL_KNOWN = 2,
	UPDATE_MISSING_WELL_KNOWN = 3,
	UPDATE_FLAGS = 4,
	UPDATE_LENGTH = 5,
	UPDATE_ORIGIN = 6,
	UPDATE_NEXT_HOP = 8,
	UPDATE_OPTIONAL = 9,
	UPDATE_NETWORK = 10,
	UPDATE_AS_PATH = 11,
};

struct attr_header {
	uint8_t flags, code;
	uint32_t head, length, total; /* bytes of the header, of the value, of both */
};

/* False if the attribute overruns the block (RFC 7606 4); then code is 0 unless it was there. */
static inline bool attr_header_read(const uint8_t *at, size_t left, struct attr_header *header)
{
	header->code = left >= 2 ? at[1] : 0;
	if (left < 3)
		return false;
	header->flags = at[0];
	header->head = 3;
	header->length = at[2];
	if (header->flags & BGP_FLAG_EXTENDED) {
		if (left < 4)
			return false;
		header->head = 4;
		header->length = (uint32_t)(at[2] << 8 | at[3]);
	}
	header->total = header->head + header->length;
	return header->total <= left;
}

/* What is in hand while one attribute set is decoded. */
struct attr_decoding {
	const struct bgp_codec *codec;
	bool classic;
	struct arena *arena;
	struct bgp_attrs *attrs;
	uint8_t fault;              /* enum bgp_fault, where a decoder's subcode says too little */
	/* RFC 6793: kept apart until both halves are known. */
	const uint8_t *as4_path;
	uint32_t as4_path_length;
	bool has_as4_aggregator;
	uint32_t as4_aggregator_as, as4_aggregator_id;
};

struct attr_row {
	struct bgp_attr_row known;
	bool internal_only;         /* attribute discard when it comes from an external peer */
	bool derived;               /* not in `present`: its encoder itself knows when */
	enum bgp_outcome malformed; /* RFC 7606 7 on a bad value */
	const char *label;          /* for people */
	uint16_t field, count;      /* offsets in struct bgp_attrs, for the decoders that share */
	uint16_t unit;              /* bytes of a list's item */
	/* 0, or the subcode of what is wrong with the value. */
	uint8_t (*decode)(struct attr_decoding *decoding, const struct attr_row *row,
			  const uint8_t *value, uint32_t length);
	void (*encode)(const struct attr_row *row, const struct bgp_attrs *attrs,
		       const struct bgp_codec *codec, struct writer *out);
	void (*print)(const struct attr_row *row, const struct bgp_attrs *attrs, struct text *out);
};
const struct attr_row *attr_row(uint8_t code); /* NULL: unknown */
#define ATTR_CODES 36u /* the highest code we know, plus one */

/* Header of an attribute whose value follows; `extended` forces the two-octet length. */
void attr_head_put(const struct attr_row *row, const struct bgp_attrs *attrs, size_t length,
		   bool extended, struct writer *out);

/* bgp/wire/as_path.c */
uint8_t as_path_decode(struct attr_decoding *, const struct attr_row *, const uint8_t *, uint32_t);
uint8_t as4_path_decode(struct attr_decoding *, const struct attr_row *, const uint8_t *, uint32_t);
void as_path_encode(const struct attr_row *, const struct bgp_attrs *, const struct bgp_codec *,
		    struct writer *);
void as4_path_encode(const struct attr_row *, const struct bgp_attrs *, const struct bgp_codec *,
		     struct writer *);
void as_path_merge(struct attr_decoding *decoding); /* RFC 6793 4.2.3 */

/* A fault found by a decoder: false if the profile takes the value as it is. Else it is noted. */
bool attr_fault(struct attr_decoding *decoding, enum bgp_fault fault, uint8_t code);
/* Leaves a trace of something odd in the set. */
void attr_odd(struct bgp_attrs *attrs, enum bgp_fault fault, uint8_t code);

static inline uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint32_t get_u16(const uint8_t *p) { return (uint32_t)(p[0] << 8 | p[1]); }

#endif
