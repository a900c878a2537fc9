#include "bgp/wire/nlri.h"

#include "base/assert.h"

/* RFC 7606 5.3: a length beyond the family's, or a prefix beyond the end, cannot be repaired. */
bool nlri_check(struct bgp_nlri *nlri)
{
	if (nlri->length == 0) /* and then perhaps no bytes at all */
		return true;
	const uint8_t *at = nlri->bytes, *end = at + nlri->length;
	const unsigned bits_max = nlri->family == BGP_IPV6_UNICAST ? 128 : 32;
	const size_t head = nlri->add_path ? 5 : 1;
	uint32_t count = 0;
	while (at < end) {
		if ((size_t)(end - at) < head)
			return false;
		unsigned bits = at[head - 1];
		size_t bytes = (bits + 7) / 8;
		at += head;
		if (bits > bits_max || (size_t)(end - at) < bytes)
			return false;
		at += bytes;
		count++;
	}
	nlri->count = count;
	return true;
}

bool bgp_nlri_next(const struct bgp_nlri *nlri, uint32_t *offset, struct bgp_nlri_item *item)
{
	if (*offset >= nlri->length)
		return false;
	const uint8_t *at = nlri->bytes + *offset;
	item->path_id = 0;
	if (nlri->add_path) {
		item->path_id = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
				(uint32_t)at[2] << 8 | at[3];
		at += 4;
	}
	unsigned bits = *at++;
	unsigned bytes = (bits + 7) / 8;
	item->prefix = (struct ip_prefix){
		.addr.family = nlri->family == BGP_IPV6_UNICAST ? IP_V6 : IP_V4,
		.length = (uint8_t)bits,
	};
	for (unsigned i = 0; i < bytes; i++)
		item->prefix.addr.bytes[i] = at[i];
	if (bits & 7) /* RFC 4271 4.3: the trailing bits mean nothing */
		item->prefix.addr.bytes[bytes - 1] &= (uint8_t)(0xff00 >> (bits & 7));
	*offset = (uint32_t)(at + bytes - nlri->bytes);
	return true;
}

uint32_t bgp_nlri_size(struct ip_prefix prefix, bool add_path)
{
	return (add_path ? 5u : 1u) + (prefix.length + 7u) / 8u;
}

void bgp_nlri_put(struct writer *out, const struct bgp_nlri_item *item, bool add_path)
{
	unsigned bits = item->prefix.length;
	unsigned bytes = (bits + 7) / 8;
	ASSERT(bits <= ip_addr_bits(item->prefix.addr));
	uint8_t *at = writer_room(out, bgp_nlri_size(item->prefix, add_path));
	if (!at)
		return;
	if (add_path) {
		put_u32(at, item->path_id);
		at += 4;
	}
	*at++ = (uint8_t)bits;
	for (unsigned i = 0; i < bytes; i++)
		at[i] = item->prefix.addr.bytes[i];
	if (bits & 7)
		at[bytes - 1] &= (uint8_t)(0xff00 >> (bits & 7));
}
