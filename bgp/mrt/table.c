/* What stood in a table: TABLE_DUMP (RFC 6396 4.2) and TABLE_DUMP_V2 (4.3, RFC 8050 4). */
#include "bgp/mrt/inside.h"

static const char cut_short[] = "the record is too short";
static const char bytes_after[] = "octets after the last entry";

/* ---- TABLE_DUMP_V2: peers ------------------------------------------------------------------- */

static struct mrt_peer peer_read(struct reader *in)
{
	uint8_t type = reader_u8(in);
	struct mrt_peer peer = { .router_id = reader_u32(in) };
	peer.addr = mrt_addr_read(in, type & 1 ? AFI_IPV6 : AFI_IPV4);
	peer.as_number = type & 2 ? reader_u32(in) : reader_u16(in);
	return peer;
}

const char *mrt_peers_read(struct reader *in, const struct mrt_row *row,
			   struct mrt_content *content)
{
	(void)row;
	content->collector_id = reader_u32(in);
	reader_bytes(in, reader_u16(in)); /* the view's name */
	content->count = reader_u16(in);
	content->rest = *in;
	for (uint32_t i = 0; i < content->count; i++)
		peer_read(in);
	if (in->failed)
		return cut_short;
	if (reader_left(in) > 0)
		return "octets after the last peer";
	content->kind = MRT_PEERS;
	return NULL;
}

bool mrt_peer_next(struct mrt_content *content, struct mrt_peer *peer)
{
	if (content->kind != MRT_PEERS || reader_left(&content->rest) == 0)
		return false;
	*peer = peer_read(&content->rest);
	return true;
}

/* ---- TABLE_DUMP_V2: routes ------------------------------------------------------------------ */

static void attrs_read(struct reader *in, struct mrt_entry *entry)
{
	entry->attr_length = reader_u16(in);
	entry->attrs = reader_bytes(in, entry->attr_length);
}

static void rib_entry_read(struct reader *in, bool add_path, struct mrt_entry *entry)
{
	entry->peer_index = reader_u16(in);
	entry->originated_s = reader_u32(in);
	entry->path_id = add_path ? reader_u32(in) : 0;
	attrs_read(in, entry);
}

const char *mrt_rib_read(struct reader *in, const struct mrt_row *row, struct mrt_content *content)
{
	content->sequence = reader_u32(in);
	struct bgp_nlri nlri = { .family = row->afi == AFI_IPV6 ? BGP_IPV6_UNICAST
								: BGP_IPV4_UNICAST };
	nlri.bytes = in->at;
	uint8_t bits = reader_u8(in);
	reader_bytes(in, (bits + 7u) / 8u);
	if (in->failed)
		return cut_short;
	if (bits > (row->afi == AFI_IPV6 ? 128 : 32))
		return "a prefix longer than its family has bits";
	nlri.length = (uint32_t)(in->at - nlri.bytes);
	struct bgp_nlri_item item;
	uint32_t offset = 0;
	bgp_nlri_next(&nlri, &offset, &item);
	content->prefix = item.prefix;
	content->count = reader_u16(in);
	content->rest = *in;
	for (uint32_t i = 0; i < content->count; i++) {
		struct mrt_entry entry;
		rib_entry_read(in, row->add_path, &entry);
	}
	if (in->failed)
		return cut_short;
	if (reader_left(in) > 0)
		return bytes_after;
	content->kind = MRT_RIB;
	return NULL;
}

/* ---- TABLE_DUMP ----------------------------------------------------------------------------- */

static void dump_entry_read(struct reader *in, uint16_t afi, struct mrt_entry *entry)
{
	struct ip_prefix prefix = { .addr = mrt_addr_read(in, afi) };
	prefix.length = reader_u8(in);
	reader_u8(in); /* status, always 1 */
	entry->originated_s = reader_u32(in);
	entry->has_peer = true;
	entry->peer.addr = mrt_addr_read(in, afi);
	entry->peer.as_number = reader_u16(in);
	attrs_read(in, entry);
	if (prefix.length > ip_addr_bits(prefix.addr))
		in->failed = true;
	else
		entry->prefix = ip_prefix_masked(prefix);
}

/* Collectors of 2000 put many entries behind one view and sequence number, and forgot those four
 * octets in the header's length. The entries themselves tell where the record ends. */
size_t mrt_table_dump_length(const uint8_t *body, size_t declared)
{
	struct reader in = reader_of(body, declared);
	reader_u32(&in);
	unsigned entries = 0;
	while (!in.failed && reader_left(&in) > 0) {
		const size_t fixed = 16;
		reader_bytes(&in, fixed);
		size_t length = reader_u16(&in);
		if (!in.failed && entries > 0 && length == reader_left(&in) + 4)
			return declared + 4;
		reader_bytes(&in, length);
		entries++;
	}
	return declared;
}

const char *mrt_table_dump_read(struct reader *in, const struct mrt_row *row,
				struct mrt_content *content)
{
	reader_u16(in); /* view */
	content->sequence = reader_u16(in);
	content->rest = *in;
	while (!in->failed && reader_left(in) > 0) {
		struct mrt_entry entry;
		dump_entry_read(in, row->afi, &entry);
		content->count++;
	}
	if (in->failed || content->count == 0)
		return cut_short;
	content->kind = MRT_RIB;
	return NULL;
}

bool mrt_entry_next(struct mrt_content *content, struct mrt_entry *entry)
{
	if (content->kind != MRT_RIB || reader_left(&content->rest) == 0)
		return false;
	*entry = (struct mrt_entry){ .as4 = content->as4 };
	if (content->type == MRT_TABLE_DUMP) {
		dump_entry_read(&content->rest, content->subtype, entry);
	} else {
		rib_entry_read(&content->rest, content->add_path, entry);
		entry->prefix = content->prefix;
	}
	return true;
}
