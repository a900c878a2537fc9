/* The attribute table, and the decoders, encoders and printers its rows share. AS_PATH's are in
 * as_path.c; MP_REACH and MP_UNREACH, which are no part of an attribute set, in update.c. */
#include "bgp/wire/attr_table.h"

#include <stddef.h>

/* ---- faults --------------------------------------------------------------------------------- */

void attr_odd(struct bgp_attrs *attrs, enum bgp_fault fault, uint8_t code)
{
	attrs->odd = attrs->odd * 16777619u + ((uint32_t)fault << 8 | code);
}

bool attr_fault(struct attr_decoding *decoding, enum bgp_fault fault, uint8_t code)
{
	struct bgp_reaction reaction = bgp_react(decoding->codec, fault, code,
						 BGP_OUTCOME_WITHDRAW, 0, true);
	if (reaction.outcome == BGP_OUTCOME_OK) {
		if (reaction.differs)
			attr_odd(decoding->attrs, fault, code);
		return false;
	}
	decoding->fault = (uint8_t)fault;
	return true;
}

/* ---- fields by offset ----------------------------------------------------------------------- */

static uint32_t number_of(const struct bgp_attrs *attrs, uint16_t field)
{
	uint32_t number;
	memcpy(&number, (const char *)attrs + field, sizeof(number));
	return number;
}

static const uint8_t *list_of(const struct attr_row *row, const struct bgp_attrs *attrs,
			      uint16_t *count)
{
	const uint8_t *list;
	memcpy(&list, (const char *)attrs + row->field, sizeof(list));
	memcpy(count, (const char *)attrs + row->count, sizeof(*count));
	return list;
}

void attr_head_put(const struct attr_row *row, const struct bgp_attrs *attrs, size_t length,
		   bool extended, struct writer *out)
{
	uint8_t flags = row->known.flags;
	if (attrs->partial >> row->known.code & 1)
		flags |= BGP_FLAG_PARTIAL;
	if (length > UINT16_MAX) {
		out->failed = true; /* no message can hold it */
		return;
	}
	extended |= length > UINT8_MAX;
	writer_u8(out, extended ? flags | BGP_FLAG_EXTENDED : flags);
	writer_u8(out, row->known.code);
	if (extended)
		writer_u16(out, (uint16_t)length);
	else
		writer_u8(out, (uint8_t)length);
}

/* ---- one 32-bit number: MED, LOCAL_PREF, ORIGINATOR_ID, OTC ---------------------------------- */

static uint8_t number_decode(struct attr_decoding *decoding, const struct attr_row *row,
			     const uint8_t *value, uint32_t length)
{
	if (length != 4)
		return UPDATE_LENGTH;
	uint32_t number = get_u32(value);
	memcpy((char *)decoding->attrs + row->field, &number, sizeof(number));
	return 0;
}

static uint8_t otc_decode(struct attr_decoding *decoding, const struct attr_row *row,
			  const uint8_t *value, uint32_t length)
{
	uint8_t subcode = number_decode(decoding, row, value, length);
	return subcode == 0 && decoding->attrs->otc == 0 ? UPDATE_OPTIONAL : subcode;
}

static void number_encode(const struct attr_row *row, const struct bgp_attrs *attrs,
			  const struct bgp_codec *codec, struct writer *out)
{
	(void)codec;
	attr_head_put(row, attrs, 4, false, out);
	writer_u32(out, number_of(attrs, row->field));
}

static void number_print(const struct attr_row *row, const struct bgp_attrs *attrs,
			 struct text *out)
{
	text_printf(out, "%s %lu", row->label, (unsigned long)number_of(attrs, row->field));
}

static void address_print(const struct attr_row *row, const struct bgp_attrs *attrs,
			  struct text *out)
{
	char buffer[IP_TEXT_MAX];
	struct ip_addr addr = ip_addr_v4(number_of(attrs, row->field));
	text_printf(out, "%s %s", row->label, ip_addr_format(addr, buffer));
}

/* ---- lists: CLUSTER_LIST and the three kinds of communities ---------------------------------- */

static uint8_t list_decode(struct attr_decoding *decoding, const struct attr_row *row,
			   const uint8_t *value, uint32_t length)
{
	if (length == 0)
		return attr_fault(decoding, BGP_FAULT_EMPTY, row->known.code) ? UPDATE_LENGTH : 0;
	if (length % row->unit != 0)
		return UPDATE_LENGTH;
	uint16_t count = (uint16_t)(length / row->unit);
	memcpy((char *)decoding->attrs + row->field, &value, sizeof(value));
	memcpy((char *)decoding->attrs + row->count, &count, sizeof(count));
	return 0;
}

/* RFC 8092 5: the same one twice is one. */
static uint8_t large_decode(struct attr_decoding *decoding, const struct attr_row *row,
			    const uint8_t *value, uint32_t length)
{
	uint8_t subcode = list_decode(decoding, row, value, length);
	struct bgp_attrs *attrs = decoding->attrs;
	uint16_t kept = 0;
	if (subcode)
		return subcode;
	uint8_t *list = arena_alloc(decoding->arena, length);
	for (uint16_t i = 0; i < attrs->large_count; i++) {
		const uint8_t *item = value + 12u * i;
		uint16_t same = 0;
		while (same < kept && memcmp(list + 12u * same, item, 12) != 0)
			same++;
		if (same == kept)
			memcpy(list + 12u * kept++, item, 12);
	}
	attrs->large_communities = list;
	attrs->large_count = kept;
	return 0;
}

static void list_encode(const struct attr_row *row, const struct bgp_attrs *attrs,
			const struct bgp_codec *codec, struct writer *out)
{
	(void)codec;
	uint16_t count;
	const uint8_t *list = list_of(row, attrs, &count);
	if (count == 0)
		return; /* an empty one would be malformed */
	attr_head_put(row, attrs, (size_t)count * row->unit, false, out);
	writer_bytes(out, list, (size_t)count * row->unit);
}

static void cluster_item(const uint8_t *item, struct text *out)
{
	char buffer[IP_TEXT_MAX];
	text_put(out, ip_addr_format(ip_addr_v4(get_u32(item)), buffer));
}

static void community_item(const uint8_t *item, struct text *out)
{
	static const struct {
		uint32_t value;
		const char *name;
	} well_known[] = {
		{ BGP_NO_EXPORT, "no-export" },
		{ BGP_NO_ADVERTISE, "no-advertise" },
		{ BGP_NO_EXPORT_SUBCONFED, "no-export-subconfed" },
		{ BGP_GRACEFUL_SHUTDOWN, "graceful-shutdown" },
	};
	for (size_t i = 0; i < sizeof(well_known) / sizeof(well_known[0]); i++)
		if (well_known[i].value == get_u32(item)) {
			text_put(out, well_known[i].name);
			return;
		}
	text_printf(out, "%u:%u", (unsigned)get_u16(item), (unsigned)get_u16(item + 2));
}

static void extended_item(const uint8_t *item, struct text *out)
{
	text_printf(out, "0x%08lx%08lx", (unsigned long)get_u32(item),
		    (unsigned long)get_u32(item + 4));
}

static void large_item(const uint8_t *item, struct text *out)
{
	text_printf(out, "%lu:%lu:%lu", (unsigned long)get_u32(item),
		    (unsigned long)get_u32(item + 4), (unsigned long)get_u32(item + 8));
}

static void items_print(const struct attr_row *row, const struct bgp_attrs *attrs,
			void (*item)(const uint8_t *item, struct text *out), struct text *out)
{
	uint16_t count;
	const uint8_t *list = list_of(row, attrs, &count);
	text_put(out, row->label);
	for (size_t i = 0; i < count; i++) {
		text_char(out, ' ');
		item(list + i * row->unit, out);
	}
}

static void clusters_print(const struct attr_row *row, const struct bgp_attrs *attrs,
			   struct text *out)
{
	items_print(row, attrs, cluster_item, out);
}

static void communities_print(const struct attr_row *row, const struct bgp_attrs *attrs,
			      struct text *out)
{
	items_print(row, attrs, community_item, out);
}

static void extended_print(const struct attr_row *row, const struct bgp_attrs *attrs,
			   struct text *out)
{
	items_print(row, attrs, extended_item, out);
}

static void large_print(const struct attr_row *row, const struct bgp_attrs *attrs,
			struct text *out)
{
	items_print(row, attrs, large_item, out);
}

/* ---- those that are like no other ------------------------------------------------------------ */

static uint8_t origin_decode(struct attr_decoding *decoding, const struct attr_row *row,
			     const uint8_t *value, uint32_t length)
{
	(void)row;
	if (length != 1)
		return UPDATE_LENGTH;
	decoding->attrs->origin = value[0];
	return value[0] > 2 ? UPDATE_ORIGIN : 0;
}

static void origin_encode(const struct attr_row *row, const struct bgp_attrs *attrs,
			  const struct bgp_codec *codec, struct writer *out)
{
	(void)codec;
	attr_head_put(row, attrs, 1, false, out);
	writer_u8(out, attrs->origin);
}

static void origin_print(const struct attr_row *row, const struct bgp_attrs *attrs,
			 struct text *out)
{
	static const char *const names[] = { "IGP", "EGP", "INCOMPLETE" };
	text_printf(out, "%s %s", row->label, attrs->origin < 3 ? names[attrs->origin] : "?");
}

static void as_path_print(const struct attr_row *row, const struct bgp_attrs *attrs,
			  struct text *out)
{
	text_printf(out, "%s ", row->label);
	if (attrs->as_path_length == 0)
		text_put(out, "empty");
	bgp_as_path_print(attrs, out);
}

/* RFC 4271 6.3: an address a host can have. 240.0.0.0/4 is let through: some networks use it. */
static bool next_hop_is_martian(uint32_t addr)
{
	return addr >> 24 == 0 || addr >> 24 == 127 || addr >> 28 == 0xe || addr == UINT32_MAX;
}

static uint8_t next_hop_decode(struct attr_decoding *decoding, const struct attr_row *row,
			       const uint8_t *value, uint32_t length)
{
	(void)row;
	if (length != 4)
		return UPDATE_LENGTH;
	if (!decoding->classic)
		return 0;
	decoding->attrs->next_hop = ip_addr_v4(get_u32(value));
	if (!next_hop_is_martian(get_u32(value)))
		return 0;
	bool zero = get_u32(value) == 0;
	return attr_fault(decoding, zero ? BGP_FAULT_HOP_ZERO : BGP_FAULT_HOP_MARTIAN,
			  BGP_ATTR_NEXT_HOP) ? UPDATE_NEXT_HOP : 0;
}

static void next_hop_encode(const struct attr_row *row, const struct bgp_attrs *attrs,
			    const struct bgp_codec *codec, struct writer *out)
{
	(void)codec;
	if (attrs->next_hop.family != IP_V4)
		return;
	attr_head_put(row, attrs, 4, false, out);
	writer_bytes(out, attrs->next_hop.bytes, 4);
}

static void next_hop_print(const struct attr_row *row, const struct bgp_attrs *attrs,
			   struct text *out)
{
	char buffer[IP_TEXT_MAX];
	text_printf(out, "%s %s", row->label, ip_addr_format(attrs->next_hop, buffer));
	if (attrs->next_hop_link.family != IP_NONE)
		text_printf(out, " (%s)", ip_addr_format(attrs->next_hop_link, buffer));
}

static uint8_t atomic_decode(struct attr_decoding *decoding, const struct attr_row *row,
			     const uint8_t *value, uint32_t length)
{
	(void)row;
	(void)value;
	if (length != 0)
		return UPDATE_LENGTH;
	decoding->attrs->atomic_aggregate = true;
	return 0;
}

static void atomic_encode(const struct attr_row *row, const struct bgp_attrs *attrs,
			  const struct bgp_codec *codec, struct writer *out)
{
	(void)codec;
	attr_head_put(row, attrs, 0, false, out);
}

static void atomic_print(const struct attr_row *row, const struct bgp_attrs *attrs,
			 struct text *out)
{
	(void)attrs;
	text_put(out, row->label);
}

static uint8_t aggregator_decode(struct attr_decoding *decoding, const struct attr_row *row,
				 const uint8_t *value, uint32_t length)
{
	(void)row;
	unsigned width = decoding->codec->as4 ? 4 : 2;
	if (length != width + 4)
		return UPDATE_LENGTH;
	uint32_t number = width == 4 ? get_u32(value) : get_u16(value);
	if (number == 0)
		return UPDATE_OPTIONAL; /* RFC 7607 */
	decoding->attrs->aggregator_as = number;
	decoding->attrs->aggregator_id = get_u32(value + width);
	return 0;
}

static void aggregator_encode(const struct attr_row *row, const struct bgp_attrs *attrs,
			      const struct bgp_codec *codec, struct writer *out)
{
	uint32_t number = attrs->aggregator_as;
	attr_head_put(row, attrs, codec->as4 ? 8 : 6, false, out);
	if (codec->as4)
		writer_u32(out, number);
	else
		writer_u16(out, (uint16_t)(number > UINT16_MAX ? BGP_AS_TRANS : number));
	writer_u32(out, attrs->aggregator_id);
}

static void aggregator_print(const struct attr_row *row, const struct bgp_attrs *attrs,
			     struct text *out)
{
	char buffer[IP_TEXT_MAX];
	text_printf(out, "%s %lu %s", row->label, (unsigned long)attrs->aggregator_as,
		    ip_addr_format(ip_addr_v4(attrs->aggregator_id), buffer));
}

static uint8_t as4_aggregator_decode(struct attr_decoding *decoding, const struct attr_row *row,
				     const uint8_t *value, uint32_t length)
{
	(void)row;
	if (decoding->codec->as4 || length != 8 || get_u32(value) == 0)
		return UPDATE_OPTIONAL;
	decoding->has_as4_aggregator = true;
	decoding->as4_aggregator_as = get_u32(value);
	decoding->as4_aggregator_id = get_u32(value + 4);
	return 0;
}

static void as4_aggregator_encode(const struct attr_row *row, const struct bgp_attrs *attrs,
				  const struct bgp_codec *codec, struct writer *out)
{
	bool wanted = bgp_has(attrs, BGP_ATTR_AGGREGATOR) && attrs->aggregator_as > UINT16_MAX;
	if (codec->as4 || !wanted)
		return;
	attr_head_put(row, attrs, 8, false, out);
	writer_u32(out, attrs->aggregator_as);
	writer_u32(out, attrs->aggregator_id);
}

/* ---- the table ------------------------------------------------------------------------------ */

#define WELL_KNOWN BGP_FLAG_TRANSITIVE
#define OPTIONAL BGP_FLAG_OPTIONAL
#define OPTIONAL_TRANSITIVE (BGP_FLAG_OPTIONAL | BGP_FLAG_TRANSITIVE)
#define DISCARD BGP_OUTCOME_DISCARD
#define WITHDRAW BGP_OUTCOME_WITHDRAW
#define FIELD(name) .field = offsetof(struct bgp_attrs, name)
#define LIST(name, count_name, size)                                                               \
	FIELD(name), .count = offsetof(struct bgp_attrs, count_name), .unit = (size),              \
		     .decode = list_decode, .encode = list_encode

/* Indexed by type code. */
static const struct attr_row rows[ATTR_CODES] = {
	[BGP_ATTR_ORIGIN] = { { BGP_ATTR_ORIGIN, WELL_KNOWN, "ORIGIN" },
		.malformed = WITHDRAW, .label = "origin",
		.decode = origin_decode, .encode = origin_encode, .print = origin_print },
	[BGP_ATTR_AS_PATH] = { { BGP_ATTR_AS_PATH, WELL_KNOWN, "AS_PATH" },
		.malformed = WITHDRAW, .label = "as-path",
		.decode = as_path_decode, .encode = as_path_encode, .print = as_path_print },
	[BGP_ATTR_NEXT_HOP] = { { BGP_ATTR_NEXT_HOP, WELL_KNOWN, "NEXT_HOP" },
		.malformed = WITHDRAW, .label = "next-hop",
		.decode = next_hop_decode, .encode = next_hop_encode, .print = next_hop_print },
	[BGP_ATTR_MED] = { { BGP_ATTR_MED, OPTIONAL, "MULTI_EXIT_DISC" },
		.malformed = WITHDRAW, .label = "med", FIELD(med),
		.decode = number_decode, .encode = number_encode, .print = number_print },
	[BGP_ATTR_LOCAL_PREF] = { { BGP_ATTR_LOCAL_PREF, WELL_KNOWN, "LOCAL_PREF" },
		.malformed = WITHDRAW, .internal_only = true, .label = "local-pref",
		FIELD(local_pref),
		.decode = number_decode, .encode = number_encode, .print = number_print },
	[BGP_ATTR_ATOMIC_AGGREGATE] = {
		{ BGP_ATTR_ATOMIC_AGGREGATE, WELL_KNOWN, "ATOMIC_AGGREGATE" },
		.malformed = DISCARD, .label = "atomic-aggregate",
		.decode = atomic_decode, .encode = atomic_encode, .print = atomic_print },
	[BGP_ATTR_AGGREGATOR] = { { BGP_ATTR_AGGREGATOR, OPTIONAL_TRANSITIVE, "AGGREGATOR" },
		.malformed = DISCARD, .label = "aggregator",
		.decode = aggregator_decode, .encode = aggregator_encode,
		.print = aggregator_print },
	[BGP_ATTR_COMMUNITIES] = { { BGP_ATTR_COMMUNITIES, OPTIONAL_TRANSITIVE, "COMMUNITIES" },
		.malformed = WITHDRAW, .label = "communities",
		LIST(communities, community_count, 4), .print = communities_print },
	[BGP_ATTR_ORIGINATOR_ID] = { { BGP_ATTR_ORIGINATOR_ID, OPTIONAL, "ORIGINATOR_ID" },
		.malformed = WITHDRAW, .internal_only = true, .label = "originator-id",
		FIELD(originator_id),
		.decode = number_decode, .encode = number_encode, .print = address_print },
	[BGP_ATTR_CLUSTER_LIST] = { { BGP_ATTR_CLUSTER_LIST, OPTIONAL, "CLUSTER_LIST" },
		.malformed = WITHDRAW, .internal_only = true, .label = "cluster-list",
		LIST(cluster_list, cluster_count, 4), .print = clusters_print },
	/* How these two are malformed, and how bad that is, is known to update.c alone. */
	[BGP_ATTR_MP_REACH] = { { BGP_ATTR_MP_REACH, OPTIONAL, "MP_REACH_NLRI" },
		.malformed = BGP_OUTCOME_RESET },
	[BGP_ATTR_MP_UNREACH] = { { BGP_ATTR_MP_UNREACH, OPTIONAL, "MP_UNREACH_NLRI" },
		.malformed = BGP_OUTCOME_RESET },
	[BGP_ATTR_EXTENDED_COMMUNITIES] = {
		{ BGP_ATTR_EXTENDED_COMMUNITIES, OPTIONAL_TRANSITIVE, "EXTENDED COMMUNITIES" },
		.malformed = WITHDRAW, .label = "extended-communities",
		LIST(extended_communities, extended_count, 8), .print = extended_print },
	[BGP_ATTR_AS4_PATH] = { { BGP_ATTR_AS4_PATH, OPTIONAL_TRANSITIVE, "AS4_PATH" },
		.malformed = DISCARD, .derived = true,
		.decode = as4_path_decode, .encode = as4_path_encode },
	[BGP_ATTR_AS4_AGGREGATOR] = {
		{ BGP_ATTR_AS4_AGGREGATOR, OPTIONAL_TRANSITIVE, "AS4_AGGREGATOR" },
		.malformed = DISCARD, .derived = true,
		.decode = as4_aggregator_decode, .encode = as4_aggregator_encode },
	[BGP_ATTR_LARGE_COMMUNITIES] = {
		{ BGP_ATTR_LARGE_COMMUNITIES, OPTIONAL_TRANSITIVE, "LARGE_COMMUNITY" },
		.malformed = WITHDRAW, .label = "large-communities",
		FIELD(large_communities), .count = offsetof(struct bgp_attrs, large_count),
		.unit = 12, .decode = large_decode, .encode = list_encode, .print = large_print },
	[BGP_ATTR_OTC] = { { BGP_ATTR_OTC, OPTIONAL_TRANSITIVE, "Only to Customer (OTC)" },
		.malformed = WITHDRAW, .label = "otc", FIELD(otc),
		.decode = otc_decode, .encode = number_encode, .print = number_print },
};
const struct attr_row *attr_row(uint8_t code)
{
	return code < ATTR_CODES && rows[code].known.name ? &rows[code] : NULL;
}

const struct bgp_attr_row *bgp_attr_row(uint8_t code)
{
	const struct attr_row *row = attr_row(code);
	return row ? &row->known : NULL;
}

const struct bgp_attr_row *bgp_attr_row_at(size_t index)
{
	for (size_t code = 0; code < ATTR_CODES; code++)
		if (rows[code].known.name && index-- == 0)
			return &rows[code].known;
	return NULL;
}
