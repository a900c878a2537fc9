#include "bgp/wire/message.h"

#include "base/assert.h"

/* What RFC 4271 6.1 (and RFC 8654 4) ask of the length of each type, header included. */
static const struct message_row {
	const char *name;
	uint16_t least, most;
} messages[] = {
	[BGP_OPEN] = { "OPEN", 29, BGP_MESSAGE_MAX },
	[BGP_UPDATE] = { "UPDATE", 23, BGP_MESSAGE_MAX_EXTENDED },
	[BGP_NOTIFICATION] = { "NOTIFICATION", 21, BGP_MESSAGE_MAX_EXTENDED },
	[BGP_KEEPALIVE] = { "KEEPALIVE", BGP_HEADER_BYTES, BGP_HEADER_BYTES },
	[BGP_ROUTE_REFRESH] = { "ROUTE-REFRESH", BGP_HEADER_BYTES, BGP_MESSAGE_MAX_EXTENDED },
};

static const struct message_row *message_row(uint8_t type)
{
	bool known = type < sizeof(messages) / sizeof(messages[0]) && messages[type].name;
	return known ? &messages[type] : NULL;
}

const char *bgp_message_name(uint8_t type)
{
	const struct message_row *row = message_row(type);
	return row ? row->name : "unknown";
}

void bgp_error_set(struct bgp_error *error, uint8_t code, uint8_t subcode, const void *data,
		   size_t length)
{
	if (length > sizeof(error->data))
		length = sizeof(error->data);
	error->code = code;
	error->subcode = subcode;
	error->data_length = (uint16_t)length;
	if (length)
		memcpy(error->data, data, length);
}

static const uint8_t marker[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

enum bgp_frame_result bgp_frame_next_lenient(const uint8_t *bytes, size_t length,
					     size_t message_max, unsigned leniency,
					     struct bgp_frame *frame, struct bgp_error *error)
{
	if (length < BGP_HEADER_BYTES)
		return BGP_FRAME_MORE;
	if (!(leniency & BGP_FRAME_ANY_MARKER) && memcmp(bytes, marker, sizeof(marker)) != 0) {
		bgp_error_set(error, 1, 1, NULL, 0);
		return BGP_FRAME_BAD;
	}
	size_t total = (size_t)(bytes[16] << 8 | bytes[17]);
	uint8_t type = bytes[18];
	const struct message_row *row = message_row(type);
	bool longer = type == BGP_KEEPALIVE && leniency & BGP_FRAME_LONG_KEEPALIVE;
	bool fits = total >= BGP_HEADER_BYTES && total <= message_max;
	if (fits && !row) {
		bgp_error_set(error, 1, 3, &type, 1);
		return BGP_FRAME_BAD;
	}
	if (!fits || total < row->least || (total > row->most && !longer)) {
		bgp_error_set(error, 1, 2, bytes + 16, 2);
		return BGP_FRAME_BAD;
	}
	if (length < total)
		return BGP_FRAME_MORE;
	*frame = (struct bgp_frame){ type, bytes + BGP_HEADER_BYTES, total - BGP_HEADER_BYTES,
				     total };
	return BGP_FRAME_READY;
}

enum bgp_frame_result bgp_frame_next(const uint8_t *bytes, size_t length, size_t message_max,
				     struct bgp_frame *frame, struct bgp_error *error)
{
	return bgp_frame_next_lenient(bytes, length, message_max, 0, frame, error);
}

static uint8_t *header_put(uint8_t type, struct writer *out)
{
	writer_bytes(out, marker, sizeof(marker));
	uint8_t *length_at = writer_room(out, 2);
	writer_u8(out, type);
	return length_at;
}

void bgp_keepalive_encode(struct writer *out)
{
	uint8_t *length_at = header_put(BGP_KEEPALIVE, out);
	if (!out->failed)
		put_u16(length_at, BGP_HEADER_BYTES);
}

void bgp_notification_encode(const struct bgp_error *error, struct writer *out)
{
	ASSERT(error->data_length <= sizeof(error->data));
	uint8_t *length_at = header_put(BGP_NOTIFICATION, out);
	writer_u8(out, error->code);
	writer_u8(out, error->subcode);
	writer_bytes(out, error->data, error->data_length);
	if (!out->failed)
		put_u16(length_at, (uint16_t)(BGP_HEADER_BYTES + 2u + error->data_length));
}

bool bgp_notification_decode(const uint8_t *body, size_t length, struct bgp_error *error)
{
	if (length < 2)
		return false;
	bgp_error_set(error, body[0], body[1], body + 2, length - 2);
	return true;
}

static const struct family_row {
	uint16_t afi;
	uint8_t safi, family;
} families[BGP_FAMILIES] = {
	{ 1, 1, BGP_IPV4_UNICAST },
	{ 2, 1, BGP_IPV6_UNICAST },
};

uint8_t bgp_family_of(uint16_t afi, uint8_t safi)
{
	for (size_t i = 0; i < BGP_FAMILIES; i++)
		if (families[i].afi == afi && families[i].safi == safi)
			return families[i].family;
	return 0;
}

void bgp_family_codes(uint8_t family, uint16_t *afi, uint8_t *safi)
{
	for (size_t i = 0; i < BGP_FAMILIES; i++) {
		if (families[i].family != family)
			continue;
		*afi = families[i].afi;
		*safi = families[i].safi;
		return;
	}
	UNREACHABLE(); /* not one family's bit */
}

/* RFC 7313 5 wants the whole message back, header included. */
static void refresh_length_error(const uint8_t *body, size_t length, struct bgp_error *error)
{
	uint8_t whole[sizeof(error->data)];
	struct writer out = writer_of(whole, sizeof(whole));
	uint8_t *length_at = header_put(BGP_ROUTE_REFRESH, &out);
	size_t total = BGP_HEADER_BYTES + length;
	put_u16(length_at, (uint16_t)total);
	bool framed = length >= 3 && (body[2] == 1 || body[2] == 2);
	if (!framed) {
		bgp_error_set(error, 1, 2, length_at, 2);
		return;
	}
	writer_bytes(&out, body, length < writer_left(&out) ? length : writer_left(&out));
	bgp_error_set(error, 7, 1, whole, writer_used(&out));
}

bool bgp_route_refresh_decode(const uint8_t *body, size_t length, struct bgp_route_refresh *refresh,
			      struct bgp_error *error)
{
	if (length != 4) {
		refresh_length_error(body, length, error);
		return false;
	}
	struct reader in = reader_of(body, length);
	refresh->afi = reader_u16(&in);
	refresh->subtype = reader_u8(&in);
	refresh->safi = reader_u8(&in);
	refresh->family = bgp_family_of(refresh->afi, refresh->safi);
	return true;
}

void bgp_route_refresh_encode(const struct bgp_route_refresh *refresh, struct writer *out)
{
	uint16_t afi = refresh->afi;
	uint8_t safi = refresh->safi;
	if (afi == 0 && refresh->family)
		bgp_family_codes(refresh->family, &afi, &safi);
	uint8_t *length_at = header_put(BGP_ROUTE_REFRESH, out);
	writer_u16(out, afi);
	writer_u8(out, refresh->subtype);
	writer_u8(out, safi);
	if (!out->failed)
		put_u16(length_at, BGP_HEADER_BYTES + 4);
}
