/* Records: their boundaries, and which reader takes which kind. */
#include "bgp/mrt/inside.h"

/* RFC 6396 4 and appendix B, RFC 8050. A type from outside means that the boundary was lost. */
static bool type_is_known(uint16_t type)
{
	const uint64_t known = ((UINT64_C(1) << 14) - 1) /* 0 to 13 */ | UINT64_C(3) << 16 |
			       UINT64_C(3) << 32 | UINT64_C(3) << 48;
	return type < 64 && known >> type & 1;
}

static bool has_microseconds(uint16_t type) { return type == 17 || type == 33 || type == 49; }

enum mrt_result mrt_record_next(const uint8_t *bytes, size_t length, struct mrt_record *record,
				const char **why)
{
	struct reader in = reader_of(bytes, length);
	*record = (struct mrt_record){ .time_s = reader_u32(&in) };
	record->type = reader_u16(&in);
	record->subtype = reader_u16(&in);
	size_t body_length = reader_u32(&in);
	if (in.failed)
		return MRT_MORE;
	*why = "no such record type";
	if (!type_is_known(record->type))
		return MRT_BAD;
	*why = "a record longer than any";
	if (body_length > MRT_RECORD_MAX)
		return MRT_BAD;
	*why = "no room for the microseconds";
	if (has_microseconds(record->type) && body_length < 4)
		return MRT_BAD;
	if (reader_left(&in) < body_length)
		return MRT_MORE;
	if (record->type == MRT_TABLE_DUMP && record->subtype == AFI_IPV4)
		body_length = mrt_table_dump_length(in.at, body_length);
	if (reader_left(&in) < body_length)
		return MRT_MORE;
	struct reader body = reader_sub(&in, body_length);
	if (has_microseconds(record->type))
		record->time_us = reader_u32(&body);
	record->body = body.at;
	record->body_length = reader_left(&body);
	record->total_length = MRT_HEADER_BYTES + body_length;
	return MRT_READY;
}

/* Subtypes of unicast; the others of these types (multicast, VPNs, geography) are not ours. */
static const struct mrt_row rows[] = {
	{ .type = MRT_BGP, .subtype = 1, .read = mrt_old_message_read },
	{ .type = MRT_BGP, .subtype = 3, .read = mrt_old_state_read },
	{ .type = MRT_BGP, .subtype = 5, .read = mrt_old_message_read },
	{ .type = MRT_BGP, .subtype = 6, .read = mrt_old_message_read },
	{ .type = MRT_BGP, .subtype = 7, .read = mrt_old_message_read },
	{ .type = MRT_TABLE_DUMP, .subtype = 1, .afi = AFI_IPV4, .read = mrt_table_dump_read },
	{ .type = MRT_TABLE_DUMP, .subtype = 2, .afi = AFI_IPV6, .read = mrt_table_dump_read },
	{ .type = MRT_TABLE_DUMP_V2, .subtype = 1, .read = mrt_peers_read },
	{ .type = MRT_TABLE_DUMP_V2, .subtype = 2, .afi = AFI_IPV4, .as4 = true,
	  .read = mrt_rib_read },
	{ .type = MRT_TABLE_DUMP_V2, .subtype = 4, .afi = AFI_IPV6, .as4 = true,
	  .read = mrt_rib_read },
	{ .type = MRT_TABLE_DUMP_V2, .subtype = 8, .afi = AFI_IPV4, .as4 = true, .add_path = true,
	  .read = mrt_rib_read },
	{ .type = MRT_TABLE_DUMP_V2, .subtype = 10, .afi = AFI_IPV6, .as4 = true, .add_path = true,
	  .read = mrt_rib_read },
	{ .type = MRT_BGP4MP, .subtype = 0, .read = mrt_state_read },
	{ .type = MRT_BGP4MP, .subtype = 1, .read = mrt_message_read },
	{ .type = MRT_BGP4MP, .subtype = 4, .as4 = true, .read = mrt_message_read },
	{ .type = MRT_BGP4MP, .subtype = 5, .as4 = true, .read = mrt_state_read },
	{ .type = MRT_BGP4MP, .subtype = 6, .sent = true, .read = mrt_message_read },
	{ .type = MRT_BGP4MP, .subtype = 7, .as4 = true, .sent = true, .read = mrt_message_read },
	{ .type = MRT_BGP4MP, .subtype = 8, .add_path = true, .read = mrt_message_read },
	{ .type = MRT_BGP4MP, .subtype = 9, .as4 = true, .add_path = true,
	  .read = mrt_message_read },
	{ .type = MRT_BGP4MP, .subtype = 10, .add_path = true, .sent = true,
	  .read = mrt_message_read },
	{ .type = MRT_BGP4MP, .subtype = 11, .as4 = true, .add_path = true, .sent = true,
	  .read = mrt_message_read },
};

static const struct mrt_row *row_of(const struct mrt_record *record)
{
	uint16_t type = record->type == MRT_BGP4MP_ET ? MRT_BGP4MP : record->type;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type && rows[i].subtype == record->subtype)
			return &rows[i];
	return NULL;
}

bool mrt_decode(const struct mrt_record *record, struct mrt_content *content, const char **why)
{
	*content = (struct mrt_content){ .type = record->type, .subtype = record->subtype };
	const struct mrt_row *row = row_of(record);
	if (!row)
		return true;
	content->as4 = row->as4;
	content->add_path = row->add_path;
	content->sent = row->sent;
	struct reader in = reader_of(record->body, record->body_length);
	*why = row->read(&in, row, content);
	if (*why)
		return false;
	return true;
}

struct ip_addr mrt_addr_read(struct reader *in, uint16_t afi)
{
	struct ip_addr addr = { 0 };
	bool wide = afi == AFI_IPV6;
	if (!wide && afi != AFI_IPV4)
		in->failed = true;
	const uint8_t *bytes = reader_bytes(in, wide ? 16 : 4);
	if (!bytes)
		return addr;
	addr.family = wide ? IP_V6 : IP_V4;
	memcpy(addr.bytes, bytes, wide ? 16 : 4);
	return addr;
}
