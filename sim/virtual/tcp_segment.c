#include "sim/virtual/tcp_segment.h"

#include <string.h>

#include "base/buf.h"
#include "base/checksum.h"

enum {
	OPTION_END = 0,
	OPTION_NOP = 1,
	OPTION_MSS = 2,
	OPTION_SHIFT = 3,
	OPTION_MD5 = 19,
	IP_PROTOCOL_TCP = 6,
};

#define SHIFT_MAX 14u /* RFC 7323 section 2.3 */

/* An option of an odd length is ignored, as RFC 9293 asks for unknown ones. */
static void option_take(struct tcp_header *header, uint8_t kind, struct reader value)
{
	size_t length = reader_left(&value);
	if (kind == OPTION_MSS && length == 2) {
		header->mss = reader_u16(&value);
	} else if (kind == OPTION_SHIFT && length == 1) {
		uint8_t shift = reader_u8(&value);
		header->shift = shift > SHIFT_MAX ? SHIFT_MAX : shift;
	} else if (kind == OPTION_MD5 && length == TCP_MD5_BYTES) {
		header->md5 = value.at;
	}
}

static bool options_parse(struct tcp_header *header, struct reader options)
{
	while (reader_left(&options) > 0) {
		uint8_t kind = reader_u8(&options);
		if (kind == OPTION_END)
			return true;
		if (kind == OPTION_NOP)
			continue;
		uint8_t length = reader_u8(&options);
		if (length < 2)
			return false;
		struct reader value = reader_sub(&options, length - 2u);
		if (options.failed)
			return false;
		option_take(header, kind, value);
	}
	return true;
}

bool tcp_header_parse(const uint8_t *bytes, size_t length, struct tcp_header *header)
{
	struct reader r = reader_of(bytes, length);
	*header = (struct tcp_header){ .shift = TCP_NO_SHIFT };
	header->source_port = reader_u16(&r);
	header->destination_port = reader_u16(&r);
	header->sequence = reader_u32(&r);
	header->acknowledgment = reader_u32(&r);
	header->header_length = (uint16_t)((reader_u8(&r) >> 4) * 4);
	header->flags = reader_u8(&r);
	header->window = reader_u16(&r);
	reader_bytes(&r, 4); /* checksum, urgent pointer */
	if (r.failed || header->header_length < TCP_HEADER_BYTES)
		return false;
	struct reader options = reader_sub(&r, header->header_length - TCP_HEADER_BYTES);
	if (r.failed)
		return false;
	header->length = (uint32_t)reader_left(&r);
	header->payload = r.at;
	return header->header_length == TCP_HEADER_BYTES || options_parse(header, options);
}

size_t tcp_header_write(const struct tcp_header *header, bool md5, uint8_t *bytes,
			size_t *md5_offset)
{
	put_u16(bytes, header->source_port);
	put_u16(bytes + 2, header->destination_port);
	put_u32(bytes + 4, header->sequence);
	put_u32(bytes + 8, header->acknowledgment);
	bytes[13] = header->flags;
	put_u16(bytes + 14, header->window);
	put_u32(bytes + 16, 0); /* checksum, urgent pointer */
	size_t used = TCP_HEADER_BYTES;
	*md5_offset = 0;
	if (md5) {
		put_u32(bytes + used, OPTION_NOP << 24 | OPTION_NOP << 16 | OPTION_MD5 << 8 |
					      (TCP_MD5_BYTES + 2));
		*md5_offset = used + 4;
		memset(bytes + *md5_offset, 0, TCP_MD5_BYTES);
		used += TCP_MD5_OPTION_BYTES;
	}
	if (header->mss) {
		put_u32(bytes + used, OPTION_MSS << 24 | 4 << 16 | header->mss);
		used += 4;
	}
	if (header->shift != TCP_NO_SHIFT) {
		put_u32(bytes + used, OPTION_NOP << 24 | OPTION_SHIFT << 16 | 3 << 8 |
					      header->shift);
		used += 4;
	}
	bytes[12] = (uint8_t)(used / 4 << 4);
	return used;
}

uint16_t tcp_checksum(struct ip_addr source, struct ip_addr destination, const uint8_t *bytes,
		      size_t length)
{
	size_t width = source.family == IP_V6 ? 16 : 4;
	uint8_t tail[8] = { 0, 0, 0, 0, 0, 0, 0, IP_PROTOCOL_TCP };
	put_u32(tail, (uint32_t)length);
	uint64_t sum = checksum_add(0, source.bytes, width);
	sum = checksum_add(sum, destination.bytes, width);
	sum = checksum_add(sum, tail, sizeof(tail));
	return checksum_fold(checksum_add(sum, bytes, length));
}
