/* A whole attribute set: from the wire under RFC 7606, to the wire, and for people. */
#include "base/assert.h"
#include "bgp/wire/attr_table.h"
#include "bgp/wire/update.h"

const char *bgp_outcome_name(enum bgp_outcome outcome)
{
	static const char *const names[] = {
		[BGP_OUTCOME_OK] = "ok",
		[BGP_OUTCOME_DISCARD] = "attribute-discard",
		[BGP_OUTCOME_WITHDRAW] = "treat-as-withdraw",
		[BGP_OUTCOME_RESET] = "session-reset",
	};
	ASSERT((size_t)outcome < sizeof(names) / sizeof(names[0]));
	return names[outcome];
}

bool bgp_has_community(const struct bgp_attrs *attrs, uint32_t community)
{
	for (size_t i = 0; i < attrs->community_count; i++)
		if (get_u32(attrs->communities + 4 * i) == community)
			return true;
	return false;
}

/* ---- decoding ------------------------------------------------------------------------------- */

struct set_decoding {
	struct attr_decoding common;
	uint64_t seen[4];        /* type codes, a bit each */
	uint64_t unknown[4];     /* those to be passed on */
	uint32_t unknown_at[256];/* where they stand in the block */
	size_t unknown_bytes;
	bool last;               /* nothing follows the attribute at hand */
	const uint8_t *block;
	enum bgp_outcome outcome;
	uint8_t *bad_attribute;
	struct bgp_error *error;
};

static bool bit_test_and_set(uint64_t bits[4], uint8_t code)
{
	uint64_t bit = UINT64_C(1) << (code & 63);
	bool was = bits[code >> 6] & bit;
	bits[code >> 6] |= bit;
	return was;
}

/* The strongest counts, and of equals the first (RFC 7606 3 h). */
static void judge(struct set_decoding *set, enum bgp_outcome outcome, uint8_t code,
		  uint8_t subcode, const void *data, size_t length)
{
	if (outcome <= set->outcome)
		return;
	set->outcome = outcome;
	*set->bad_attribute = code;
	bgp_error_set(set->error, 3, subcode, data, length);
}

/* Something is wrong: what the RFC makes of it, unless the profile has another way. */
static enum bgp_outcome found(struct set_decoding *set, enum bgp_fault fault, uint8_t code,
			      enum bgp_outcome outcome, uint8_t subcode, const void *data,
			      size_t length)
{
	struct bgp_reaction reaction = bgp_react(set->common.codec, fault, code, outcome, subcode,
						 set->last);
	if (reaction.differs)
		attr_odd(set->common.attrs, fault, code);
	judge(set, (enum bgp_outcome)reaction.outcome, code, reaction.subcode, data, length);
	return (enum bgp_outcome)reaction.outcome;
}

/* The fault behind a decoder's subcode, if it did not name it. */
static enum bgp_fault fault_of(const struct set_decoding *set, uint8_t subcode)
{
	if (set->common.fault)
		return (enum bgp_fault)set->common.fault;
	return subcode == UPDATE_LENGTH ? BGP_FAULT_LENGTH : BGP_FAULT_VALUE;
}

/* RFC 4271 5: an unrecognised one is passed on if transitive, dropped if not, and none of it may be
 * well-known. */
static void unknown_taken(struct set_decoding *set, const struct attr_header *header,
			  const uint8_t *at)
{
	if (!(header->flags & BGP_FLAG_OPTIONAL)) {
		found(set, BGP_FAULT_UNKNOWN_WELL_KNOWN, header->code, BGP_OUTCOME_RESET,
		      UPDATE_UNKNOWN_WELL_KNOWN, at, header->total);
		return;
	}
	if (!(header->flags & BGP_FLAG_TRANSITIVE)) {
		found(set, BGP_FAULT_NON_TRANSITIVE, header->code, BGP_OUTCOME_OK, 0, NULL, 0);
		return;
	}
	bit_test_and_set(set->unknown, header->code);
	set->unknown_at[header->code] = (uint32_t)(at - set->block);
	set->unknown_bytes += header->total;
}

/* Nothing to the RFC. */
static void oddities_found(struct set_decoding *set, const struct attr_header *header)
{
	if (header->flags & 0x0f)
		found(set, BGP_FAULT_LOW_FLAGS, header->code, BGP_OUTCOME_OK, UPDATE_FLAGS, NULL,
		      0);
	if (header->flags & BGP_FLAG_EXTENDED && header->length <= UINT8_MAX)
		found(set, BGP_FAULT_LONG_FORM, header->code, BGP_OUTCOME_OK, UPDATE_LENGTH, NULL,
		      0);
}

/* What only internal peers may send: the RFC drops it unread; some read it first. */
static void external_taken(struct set_decoding *set, const struct attr_row *row,
			   const struct attr_header *header, const uint8_t *at)
{
	struct bgp_attrs nowhere = { 0 };
	struct attr_decoding aside = set->common;
	aside.attrs = &nowhere;
	uint8_t subcode = row->decode(&aside, row, at + header->head, header->length);
	set->common.fault = aside.fault;
	if (subcode)
		found(set, fault_of(set, subcode), header->code, BGP_OUTCOME_DISCARD, subcode, at,
		      header->total);
	else
		judge(set, BGP_OUTCOME_DISCARD, header->code, UPDATE_OPTIONAL, at, header->total);
}

static void attribute_taken(struct set_decoding *set, const struct attr_header *header,
			    const uint8_t *at)
{
	if (set->common.codec->reactions)
		oddities_found(set, header);
	if (bit_test_and_set(set->seen, header->code)) { /* RFC 7606 3 g: the first one counts */
		found(set, BGP_FAULT_DUPLICATE, header->code, BGP_OUTCOME_OK,
		      UPDATE_MALFORMED_LIST, NULL, 0);
		return;
	}
	const struct attr_row *row = attr_row(header->code);
	if (!row) {
		unknown_taken(set, header, at);
		return;
	}
	if (!row->decode)
		return;
	const uint8_t kind = BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE;
	if ((header->flags & kind) != row->known.flags) { /* RFC 7606 3 c */
		found(set, BGP_FAULT_FLAGS, header->code, BGP_OUTCOME_WITHDRAW, UPDATE_FLAGS, at,
		      header->total);
		return;
	}
	set->common.fault = 0;
	if (row->internal_only && set->common.codec->external) {
		external_taken(set, row, header, at);
		return;
	}
	uint8_t subcode = row->decode(&set->common, row, at + header->head, header->length);
	if (subcode) {
		bool data = subcode != UPDATE_AS_PATH; /* RFC 4271 6.3 asks for none there */
		found(set, fault_of(set, subcode), header->code, row->malformed, subcode, at,
		      data ? header->total : 0);
		return;
	}
	bool ignored = row->derived || (header->code == BGP_ATTR_NEXT_HOP && !set->common.classic);
	if (ignored)
		return;
	uint64_t bit = UINT64_C(1) << header->code;
	set->common.attrs->present |= bit;
	if (row->known.flags == kind && (header->flags & BGP_FLAG_PARTIAL))
		set->common.attrs->partial |= bit;
}

/* RFC 7606 3 d. */
static void mandatory_looked_for(struct set_decoding *set)
{
	const struct {
		uint8_t code;
		bool wanted;
	} mandatory[] = {
		{ BGP_ATTR_ORIGIN, true },
		{ BGP_ATTR_AS_PATH, true },
		{ BGP_ATTR_NEXT_HOP, set->common.classic },
		{ BGP_ATTR_LOCAL_PREF, !set->common.codec->external },
	};
	for (size_t i = 0; i < sizeof(mandatory) / sizeof(mandatory[0]); i++) {
		uint8_t code = mandatory[i].code;
		bool seen = set->seen[0] >> code & 1;
		if (!mandatory[i].wanted || seen)
			continue;
		enum bgp_outcome outcome = found(set, BGP_FAULT_MISSING, code,
						 BGP_OUTCOME_WITHDRAW, UPDATE_MISSING_WELL_KNOWN,
						 &code, 1);
		if (outcome == BGP_OUTCOME_OK && code == BGP_ATTR_LOCAL_PREF) {
			set->common.attrs->present |= UINT64_C(1) << code;
			set->common.attrs->local_pref = 100;
		}
	}
}

/* Puts the unknown ones in order of code, their headers in one form. */
static void unknown_gathered(struct set_decoding *set)
{
	if (set->unknown_bytes == 0)
		return;
	uint8_t *room = arena_alloc(set->common.arena, set->unknown_bytes);
	struct writer out = writer_of(room, set->unknown_bytes);
	for (unsigned code = 0; code < 256; code++) {
		if (!(set->unknown[code >> 6] >> (code & 63) & 1))
			continue;
		const uint8_t *at = set->block + set->unknown_at[code];
		struct attr_header header;
		bool whole = attr_header_read(at, set->unknown_bytes, &header);
		ASSERT(whole);
		uint8_t flags = header.flags & (BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE |
						BGP_FLAG_PARTIAL);
		if (set->common.codec->unknown_sets_partial)
			flags |= BGP_FLAG_PARTIAL;
		bool extended = header.length > UINT8_MAX;
		writer_u8(&out, extended ? flags | BGP_FLAG_EXTENDED : flags);
		writer_u8(&out, (uint8_t)code);
		if (extended)
			writer_u16(&out, (uint16_t)header.length);
		else
			writer_u8(&out, (uint8_t)header.length);
		writer_bytes(&out, at + header.head, header.length);
	}
	ASSERT(!out.failed);
	set->common.attrs->unknown = room;
	set->common.attrs->unknown_length = (uint16_t)writer_used(&out);
}

enum bgp_outcome bgp_attrs_decode(const uint8_t *plain_bytes, size_t length,
				  const struct bgp_codec *codec, bool classic, bool reach,
				  struct arena *arena, struct bgp_attrs *attrs,
				  uint8_t *bad_attribute, struct bgp_error *error)
{
	struct set_decoding set;
	memset(set.seen, 0, sizeof(set.seen));
	memset(set.unknown, 0, sizeof(set.unknown));
	set.common = (struct attr_decoding){
		.codec = codec, .classic = classic, .arena = arena, .attrs = attrs,
	};
	set.unknown_bytes = 0;
	set.last = false;
	set.block = plain_bytes;
	set.outcome = BGP_OUTCOME_OK;
	set.bad_attribute = bad_attribute;
	set.error = error;
	*attrs = (struct bgp_attrs){ 0 };
	*bad_attribute = 0;
	error->code = error->subcode = error->data_length = 0;
	for (size_t at = 0; at < length && set.outcome != BGP_OUTCOME_RESET;) {
		struct attr_header header;
		if (!attr_header_read(plain_bytes + at, length - at, &header)) {
			found(&set, BGP_FAULT_OVERRUN, header.code, BGP_OUTCOME_WITHDRAW,
			      UPDATE_MALFORMED_LIST, NULL, 0);
			break;
		}
		set.last = at + header.total == length;
		attribute_taken(&set, &header, plain_bytes + at);
		at += header.total;
	}
	if (reach)
		mandatory_looked_for(&set);
	/* RFC 7606 5.2: with no reachable prefix in sight one may have been misread. */
	if (!reach && set.outcome == BGP_OUTCOME_WITHDRAW)
		set.outcome = BGP_OUTCOME_RESET;
	if (set.outcome <= BGP_OUTCOME_DISCARD) {
		as_path_merge(&set.common);
		unknown_gathered(&set);
		error->code = error->subcode = error->data_length = 0;
	}
	return set.outcome;
}

/* ---- encoding ------------------------------------------------------------------------------- */

/* Writes the unknown ones below `code` and returns what is left of them. */
static struct reader unknown_put(struct reader unknown, unsigned code, struct writer *out)
{
	struct attr_header header;
	while (reader_left(&unknown) > 0 && unknown.at[1] < code) {
		bool whole = attr_header_read(unknown.at, reader_left(&unknown), &header);
		ASSERT(whole);
		writer_bytes(out, unknown.at, header.total);
		unknown.at += header.total;
	}
	return unknown;
}

void bgp_attrs_encode(const struct bgp_attrs *attrs, const struct bgp_codec *codec,
		      struct writer *out)
{
	static const uint8_t nothing[1];
	struct reader unknown = reader_of(attrs->unknown_length ? attrs->unknown : nothing,
					  attrs->unknown_length);
	for (uint8_t code = 0; code < ATTR_CODES; code++) {
		const struct attr_row *row = attr_row(code);
		if (!row)
			continue;
		unknown = unknown_put(unknown, code, out);
		if (row->encode && (row->derived || (attrs->present >> code & 1)))
			row->encode(row, attrs, codec, out);
	}
	unknown_put(unknown, 256, out);
}

/* ---- printing ------------------------------------------------------------------------------- */

void bgp_attrs_print(const struct bgp_attrs *attrs, struct text *out)
{
	const char *comma = "";
	for (uint8_t code = 0; code < ATTR_CODES; code++) {
		const struct attr_row *row = attr_row(code);
		if (!row || !row->print || !(attrs->present >> code & 1))
			continue;
		text_put(out, comma);
		row->print(row, attrs, out);
		comma = ", ";
	}
	for (size_t at = 0; at < attrs->unknown_length;) {
		struct attr_header header;
		bool whole = attr_header_read(attrs->unknown + at, attrs->unknown_length - at,
					      &header);
		ASSERT(whole);
		text_printf(out, "%sattribute %u (%lu bytes)", comma, (unsigned)header.code,
			    (unsigned long)header.length);
		comma = ", ";
		at += header.total;
	}
}
