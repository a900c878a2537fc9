/* Packing UPDATEs. IPv4 goes the classic way unless its next hop is IPv6 (RFC 8950), IPv6 by MP_REACH
 * and MP_UNREACH; each message carries one of announcements and withdrawals (RFC 7606 5.1). */
#include "base/assert.h"
#include "bgp/wire/attr_table.h"
#include "bgp/wire/update.h"

static void mp_head_put(struct bgp_update_writer *writer, uint8_t code)
{
	uint16_t afi;
	uint8_t safi;
	bgp_family_codes(writer->family, &afi, &safi);
	writer_u8(&writer->out, BGP_FLAG_OPTIONAL | BGP_FLAG_EXTENDED);
	writer_u8(&writer->out, code);
	writer->mp_length_at = writer_room(&writer->out, 2);
	writer_u16(&writer->out, afi);
	writer_u8(&writer->out, safi);
}

static void mp_reach_put(struct bgp_update_writer *writer, const struct bgp_attrs *attrs)
{
	ASSERT(attrs->next_hop.family == IP_V6);
	mp_head_put(writer, BGP_ATTR_MP_REACH);
	bool link = attrs->next_hop_link.family == IP_V6;
	writer_u8(&writer->out, link ? 32 : 16);
	writer_bytes(&writer->out, attrs->next_hop.bytes, 16);
	if (link)
		writer_bytes(&writer->out, attrs->next_hop_link.bytes, 16);
	writer_u8(&writer->out, 0); /* reserved */
}

/* Parks what was written since `start` at the end of the buffer, to go behind the prefixes. */
static void tail_parked(struct bgp_update_writer *writer, uint8_t *start)
{
	struct writer *out = &writer->out;
	size_t length = (size_t)(out->at - start);
	out->end -= length;
	if (length)
		memmove(out->end, start, length);
	out->at = start;
	writer->tail_length = (uint32_t)length;
}

void bgp_update_begin(struct bgp_update_writer *writer, void *buffer, size_t message_max,
		      const struct bgp_attrs *attrs, const struct bgp_codec *codec, uint8_t family)
{
	ASSERT(message_max >= BGP_MESSAGE_MAX && message_max <= BGP_MESSAGE_MAX_EXTENDED);
	ASSERT(family == BGP_IPV4_UNICAST || family == BGP_IPV6_UNICAST);
	*writer = (struct bgp_update_writer){
		.out = writer_of(buffer, message_max),
		.family = family,
		.add_path = codec->add_path_out & family,
		.withdraw = attrs == NULL,
	};
	struct writer *out = &writer->out;
	memset(writer_room(out, 16), 0xff, 16);
	writer_u16(out, 0);
	writer_u8(out, BGP_UPDATE);
	writer->withdrawn_length_at = writer_room(out, 2);
	put_u16(writer->withdrawn_length_at, 0);
	if (family == BGP_IPV4_UNICAST && !attrs) {
		out->end -= 2; /* for the length of no attributes */
		return;
	}
	writer->attr_length_at = writer_room(out, 2);
	if (!attrs) {
		mp_head_put(writer, BGP_ATTR_MP_UNREACH);
		return;
	}
	uint8_t *start = out->at;
	bgp_attrs_encode(attrs, codec, out);
	if (out->failed)
		return;
	if (family == BGP_IPV4_UNICAST && attrs->next_hop.family == IP_V4) {
		put_u16(writer->attr_length_at, (uint16_t)(out->at - start));
		return;
	}
	ASSERT(family == BGP_IPV6_UNICAST || codec->extended_next_hop);
	tail_parked(writer, start);
	mp_reach_put(writer, attrs);
}

bool bgp_update_add(struct bgp_update_writer *writer, const struct bgp_nlri_item *item)
{
	struct writer *out = &writer->out;
	if (out->failed || writer_left(out) < bgp_nlri_size(item->prefix, writer->add_path))
		return false;
	bgp_nlri_put(out, item, writer->add_path);
	writer->count++;
	return true;
}

size_t bgp_update_finish(struct bgp_update_writer *writer)
{
	struct writer *out = &writer->out;
	if (out->failed || (!writer->withdraw && writer->count == 0))
		return 0;
	if (!writer->attr_length_at) {
		put_u16(writer->withdrawn_length_at,
			(uint16_t)(out->at - writer->withdrawn_length_at - 2));
		out->end += 2;
		writer_u16(out, 0);
	} else if (writer->mp_length_at) {
		put_u16(writer->mp_length_at, (uint16_t)(out->at - writer->mp_length_at - 2));
		if (writer->tail_length)
			memmove(out->at, out->end, writer->tail_length);
		out->at += writer->tail_length;
		out->end += writer->tail_length;
		put_u16(writer->attr_length_at, (uint16_t)(out->at - writer->attr_length_at - 2));
	}
	size_t total = writer_used(out);
	put_u16(out->start + 16, (uint16_t)total);
	return total;
}
