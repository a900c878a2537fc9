/* AS_PATH: its checks, its arithmetic, and the two widths of AS numbers (RFC 6793). Inside the
 * speaker a path always has four-octet numbers. */
#include "base/assert.h"
#include "bgp/wire/attr_table.h"

#define SEGMENT_MAX 255u

static uint32_t number_at(const uint8_t *numbers, unsigned width, uint32_t index)
{
	return width == 4 ? get_u32(numbers + 4u * index) : get_u16(numbers + 2u * index);
}

struct segment {
	uint8_t type;
	uint32_t count;
	const uint8_t *numbers;
};

/* Steps through a checked path; false at its end. */
static bool segment_next(const uint8_t **at, const uint8_t *end, unsigned width,
			 struct segment *segment)
{
	if (*at == end)
		return false;
	*segment = (struct segment){ (*at)[0], (*at)[1], *at + 2 };
	*at += 2 + width * segment->count;
	return true;
}

static bool is_confed(uint8_t type)
{
	return type == BGP_CONFED_SEQUENCE || type == BGP_CONFED_SET;
}

static bool bad(struct attr_decoding *decoding, enum bgp_fault fault)
{
	return attr_fault(decoding, fault, BGP_ATTR_AS_PATH);
}

/* RFC 7606 7.2, RFC 7607, RFC 6793 6. *empty: segments of none, if the profile lets them be. */
static bool path_is_sound(struct attr_decoding *decoding, const uint8_t *bytes, uint32_t length,
			  unsigned width, bool confed, uint32_t *empty)
{
	*empty = 0;
	for (uint32_t at = 0; at < length;) {
		if (length - at < 2)
			return !bad(decoding, BGP_FAULT_SEGMENT);
		uint8_t type = bytes[at];
		uint32_t count = bytes[at + 1];
		if (type < BGP_AS_SET || type > (confed ? BGP_CONFED_SET : BGP_AS_SEQUENCE))
			return !bad(decoding, BGP_FAULT_SEGMENT);
		at += 2;
		if (count * width > length - at)
			return !bad(decoding, BGP_FAULT_SEGMENT);
		if (count == 0 && bad(decoding, BGP_FAULT_SEGMENT_EMPTY))
			return false;
		*empty += count == 0;
		for (uint32_t i = 0; i < count; i++)
			if (number_at(bytes + at, width, i) == 0 &&
			    bad(decoding, BGP_FAULT_AS_ZERO))
				return false;
		at += count * width;
	}
	return true;
}

static uint32_t path_hops(const uint8_t *bytes, uint32_t length)
{
	uint32_t hops = 0;
	struct segment segment;
	for (const uint8_t *at = bytes; segment_next(&at, bytes + length, 4, &segment);)
		if (segment.type == BGP_AS_SEQUENCE)
			hops += segment.count;
		else if (segment.type == BGP_AS_SET)
			hops++;
	return hops;
}

uint32_t bgp_as_path_hops(const struct bgp_attrs *attrs)
{
	return attrs->as_path_length ? path_hops(attrs->as_path, attrs->as_path_length) : 0;
}

uint32_t bgp_as_path_first(const struct bgp_attrs *attrs)
{
	if (attrs->as_path_length == 0 || attrs->as_path[0] != BGP_AS_SEQUENCE)
		return 0;
	return get_u32(attrs->as_path + 2);
}

uint32_t bgp_as_path_count(const struct bgp_attrs *attrs, uint32_t as_number)
{
	if (attrs->as_path_length == 0)
		return 0;
	uint32_t count = 0;
	struct segment segment;
	const uint8_t *end = attrs->as_path + attrs->as_path_length;
	for (const uint8_t *at = attrs->as_path; segment_next(&at, end, 4, &segment);)
		for (uint32_t i = 0; i < segment.count; i++)
			count += number_at(segment.numbers, 4, i) == as_number;
	return count;
}

/* RFC 4271 5.1.2 b: a new segment if the first one is a SET or full. */
void bgp_as_path_prepend(struct bgp_attrs *attrs, uint32_t as_number, struct arena *arena)
{
	const uint8_t *old = attrs->as_path;
	uint32_t length = attrs->as_path_length;
	bool joins = length > 0 && old[0] == BGP_AS_SEQUENCE && old[1] < SEGMENT_MAX;
	uint32_t grown = length + (joins ? 4 : 6);
	uint8_t *path = arena_alloc(arena, grown);
	path[0] = BGP_AS_SEQUENCE;
	path[1] = joins ? (uint8_t)(old[1] + 1) : 1;
	put_u32(path + 2, as_number);
	if (length)
		memcpy(path + 6, joins ? old + 2 : old, joins ? length - 2 : length);
	attrs->as_path = path;
	attrs->as_path_length = grown;
	attrs->present |= UINT64_C(1) << BGP_ATTR_AS_PATH;
}

void bgp_as_path_print(const struct bgp_attrs *attrs, struct text *out)
{
	static const char *const brackets[][2] = {
		[BGP_AS_SET] = { "{", "}" },
		[BGP_AS_SEQUENCE] = { "", "" },
		[BGP_CONFED_SEQUENCE] = { "(", ")" },
		[BGP_CONFED_SET] = { "[", "]" },
	};
	if (attrs->as_path_length == 0)
		return;
	struct segment segment;
	const uint8_t *end = attrs->as_path + attrs->as_path_length;
	const char *space = "";
	for (const uint8_t *at = attrs->as_path; segment_next(&at, end, 4, &segment);) {
		text_put(out, space);
		text_put(out, brackets[segment.type][0]);
		for (uint32_t i = 0; i < segment.count; i++)
			text_printf(out, "%s%lu", i ? " " : "",
				    (unsigned long)number_at(segment.numbers, 4, i));
		text_put(out, brackets[segment.type][1]);
		space = " ";
	}
}

/* ---- the table's functions ------------------------------------------------------------------ */

/* Confederations are not spoken: their segments from anybody are malformed (RFC 5065 5). */
uint8_t as_path_decode(struct attr_decoding *decoding, const struct attr_row *row,
		       const uint8_t *value, uint32_t length)
{
	(void)row;
	struct bgp_attrs *attrs = decoding->attrs;
	unsigned width = decoding->codec->as4 ? 4 : 2;
	uint32_t empty;
	if (!path_is_sound(decoding, value, length, width, false, &empty))
		return UPDATE_AS_PATH;
	attrs->as_path = value;
	attrs->as_path_length = length;
	if ((width == 4 && !empty) || length == 0)
		return 0;
	uint8_t *wide = arena_alloc(decoding->arena, 2u * length);
	uint8_t *to = wide;
	struct segment segment;
	for (const uint8_t *at = value; segment_next(&at, value + length, width, &segment);) {
		if (segment.count == 0)
			continue;
		*to++ = segment.type;
		*to++ = (uint8_t)segment.count;
		for (uint32_t i = 0; i < segment.count; i++, to += 4)
			put_u32(to, number_at(segment.numbers, width, i));
	}
	attrs->as_path = wide;
	attrs->as_path_length = (uint32_t)(to - wide);
	return 0;
}

/* From a NEW speaker it has no business here and is discarded (RFC 6793 4.1), as is a bad one. */
uint8_t as4_path_decode(struct attr_decoding *decoding, const struct attr_row *row,
			const uint8_t *value, uint32_t length)
{
	(void)row;
	uint32_t empty;
	if (decoding->codec->as4 &&
	    attr_fault(decoding, BGP_FAULT_AS4_UNWANTED, BGP_ATTR_AS4_PATH))
		return UPDATE_OPTIONAL;
	if (length == 0 || !path_is_sound(decoding, value, length, 4, true, &empty) || empty)
		return UPDATE_OPTIONAL;
	decoding->as4_path = value;
	decoding->as4_path_length = length;
	return 0;
}

void as_path_encode(const struct attr_row *row, const struct bgp_attrs *attrs,
		    const struct bgp_codec *codec, struct writer *out)
{
	bool extended = codec->as_path_extended_length;
	if (codec->as4) {
		attr_head_put(row, attrs, attrs->as_path_length, extended, out);
		writer_bytes(out, attrs->as_path, attrs->as_path_length);
		return;
	}
	struct segment segment;
	const uint8_t *end = attrs->as_path_length ? attrs->as_path + attrs->as_path_length : NULL;
	const uint8_t *start = end ? attrs->as_path : NULL;
	size_t length = 0;
	for (const uint8_t *at = start; segment_next(&at, end, 4, &segment);)
		length += 2 + 2 * segment.count;
	attr_head_put(row, attrs, length, extended, out);
	for (const uint8_t *at = start; segment_next(&at, end, 4, &segment);) {
		writer_u8(out, segment.type);
		writer_u8(out, (uint8_t)segment.count);
		for (uint32_t i = 0; i < segment.count; i++) {
			uint32_t number = number_at(segment.numbers, 4, i);
			writer_u16(out, (uint16_t)(number > UINT16_MAX ? BGP_AS_TRANS : number));
		}
	}
}

/* RFC 6793 4.2.2: to an OLD speaker, only if a number does not fit, and without confederations. */
void as4_path_encode(const struct attr_row *row, const struct bgp_attrs *attrs,
		     const struct bgp_codec *codec, struct writer *out)
{
	if (codec->as4 || attrs->as_path_length == 0)
		return;
	struct segment segment;
	const uint8_t *end = attrs->as_path + attrs->as_path_length;
	size_t length = 0;
	bool wide = false;
	for (const uint8_t *at = attrs->as_path; segment_next(&at, end, 4, &segment);) {
		if (is_confed(segment.type))
			continue;
		length += 2 + 4 * segment.count;
		for (uint32_t i = 0; i < segment.count; i++)
			wide |= number_at(segment.numbers, 4, i) > UINT16_MAX;
	}
	if (!wide)
		return;
	attr_head_put(row, attrs, length, false, out);
	for (const uint8_t *at = attrs->as_path; segment_next(&at, end, 4, &segment);)
		if (!is_confed(segment.type))
			writer_bytes(out, segment.numbers - 2, 2 + 4 * segment.count);
}

/* ---- RFC 6793 4.2.3 ------------------------------------------------------------------------- */

/* Copies the first `hops` hops of a path; returns where the copy ends. *last: its last segment. */
static uint8_t *leading_copy(const struct bgp_attrs *attrs, uint32_t hops, uint8_t *to,
			     uint8_t **last)
{
	struct segment segment;
	const uint8_t *at = attrs->as_path, *end = at + attrs->as_path_length;
	while (hops > 0 && segment_next(&at, end, 4, &segment)) {
		bool set = segment.type == BGP_AS_SET;
		uint32_t take = set || segment.count <= hops ? segment.count : hops;
		*last = to;
		to[0] = segment.type;
		to[1] = (uint8_t)take;
		memcpy(to + 2, segment.numbers, 4u * take);
		to += 2 + 4 * take;
		hops -= set ? 1 : take;
	}
	return to;
}

static uint8_t *as4_append(const struct attr_decoding *decoding, uint8_t *to, uint8_t *last)
{
	struct segment segment;
	const uint8_t *at = decoding->as4_path, *end = at + decoding->as4_path_length;
	while (segment_next(&at, end, 4, &segment)) {
		if (is_confed(segment.type))
			continue; /* RFC 6793 6: those segments go, the rest counts */
		bool joins = last && last[0] == BGP_AS_SEQUENCE &&
			     segment.type == BGP_AS_SEQUENCE &&
			     last[1] + segment.count <= SEGMENT_MAX;
		if (joins) {
			last[1] = (uint8_t)(last[1] + segment.count);
		} else {
			to[0] = segment.type;
			to[1] = (uint8_t)segment.count;
			to += 2;
		}
		memcpy(to, segment.numbers, 4u * segment.count);
		to += 4 * segment.count;
		last = NULL; /* only the seam is closed */
	}
	return to;
}

void as_path_merge(struct attr_decoding *decoding)
{
	struct bgp_attrs *attrs = decoding->attrs;
	if (decoding->has_as4_aggregator && bgp_has(attrs, BGP_ATTR_AGGREGATOR)) {
		if (attrs->aggregator_as != BGP_AS_TRANS)
			return; /* an OLD speaker aggregated since: both AS4_* are out of date */
		attrs->aggregator_as = decoding->as4_aggregator_as;
		attrs->aggregator_id = decoding->as4_aggregator_id;
	}
	if (!decoding->as4_path || attrs->as_path_length == 0)
		return;
	uint32_t hops = path_hops(attrs->as_path, attrs->as_path_length);
	uint32_t as4_hops = path_hops(decoding->as4_path, decoding->as4_path_length);
	if (hops < as4_hops)
		return;
	uint8_t *path = arena_alloc(decoding->arena,
				    (size_t)attrs->as_path_length + decoding->as4_path_length);
	uint8_t *last = NULL;
	uint8_t *end = leading_copy(attrs, hops - as4_hops, path, &last);
	end = as4_append(decoding, end, last);
	attrs->as_path = path;
	attrs->as_path_length = (uint32_t)(end - path);
}
