/* The attributes of a table's route. */
#include "bgp/mrt/inside.h"

/* What the walk over an entry's attributes finds out. */
struct entry_scan {
	uint8_t *plain; /* without MP_REACH; arena */
	size_t plain_length;
	const uint8_t *reach;
	size_t reach_length;
	bool local_pref;
};

static struct entry_scan scan(const struct mrt_entry *entry, struct arena *arena)
{
	struct entry_scan found = { .plain = arena_alloc(arena, entry->attr_length + 1u) };
	struct writer out = writer_of(found.plain, entry->attr_length);
	struct reader in = reader_of(entry->attrs, entry->attr_length);
	while (!in.failed && reader_left(&in) > 0) {
		const uint8_t *start = in.at;
		uint8_t flags = reader_u8(&in), code = reader_u8(&in);
		size_t length = flags & BGP_FLAG_EXTENDED ? reader_u16(&in) : reader_u8(&in);
		const uint8_t *value = reader_bytes(&in, length);
		if (in.failed) /* bgp_attrs_decode says what is wrong */
			writer_bytes(&out, start, (size_t)(in.end - start));
		else if (code == BGP_ATTR_MP_REACH && !found.reach)
			found.reach = value, found.reach_length = length;
		else if (code != BGP_ATTR_MP_REACH && code != BGP_ATTR_MP_UNREACH)
			writer_bytes(&out, start, (size_t)(in.at - start));
		found.local_pref |= code == BGP_ATTR_LOCAL_PREF;
	}
	found.plain_length = writer_used(&out);
	return found;
}

/* RFC 6396 4.3.4: the next hop's length and the next hop alone. Many wrote the whole attribute,
 * with AFI, SAFI and even the prefix; its first octet is 0 then, the AFI's. */
static bool next_hop_taken(const struct entry_scan *found, struct bgp_attrs *attrs)
{
	struct reader in = reader_of(found->reach, found->reach_length);
	if (found->reach_length > 0 && found->reach[0] == 0) {
		reader_u16(&in);
		reader_u8(&in);
	}
	size_t length = reader_u8(&in);
	const uint8_t *bytes = reader_bytes(&in, length);
	if (!bytes || (length != 4 && length != 16 && length != 32))
		return false;
	attrs->next_hop = (struct ip_addr){ .family = length == 4 ? IP_V4 : IP_V6 };
	memcpy(attrs->next_hop.bytes, bytes, length == 4 ? 4 : 16);
	if (length != 32)
		return true;
	struct ip_addr link = { .family = IP_V6 };
	memcpy(link.bytes, bytes + 16, 16);
	bool real = link.bytes[0] == 0xfe && (link.bytes[1] & 0xc0) == 0x80;
	if (real && ip_addr_is_zero(attrs->next_hop))
		attrs->next_hop = link;
	if (real)
		attrs->next_hop_link = link;
	return true;
}

enum bgp_outcome mrt_entry_attrs(const struct mrt_entry *entry, struct arena *arena,
				 struct bgp_attrs *attrs, uint8_t *bad_attribute)
{
	struct entry_scan found = scan(entry, arena);
	bool classic = entry->prefix.addr.family == IP_V4 && !found.reach;
	struct bgp_codec codec = {
		.as4 = entry->as4,
		.external = !found.local_pref,
		.families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST,
	};
	struct bgp_error error;
	enum bgp_outcome outcome =
		bgp_attrs_decode(found.plain, found.plain_length, &codec, classic, true, arena,
				 attrs, bad_attribute, &error);
	if (classic || outcome > BGP_OUTCOME_DISCARD)
		return outcome;
	attrs->present &= ~(UINT64_C(1) << BGP_ATTR_NEXT_HOP);
	if (!found.reach)
		return outcome;
	if (next_hop_taken(&found, attrs)) {
		if (attrs->next_hop.family == IP_V4)
			attrs->present |= UINT64_C(1) << BGP_ATTR_NEXT_HOP;
		return outcome;
	}
	*bad_attribute = BGP_ATTR_MP_REACH;
	return BGP_OUTCOME_WITHDRAW;
}
