#include "base/assert.h"
#include "bgp/wire/attr.h"
#include "bgp/wire/capability.h"

#define PARAMETER_CAPABILITIES 2u
#define PARAMETER_EXTENDED 255u /* RFC 9072 */

static bool bad_open(struct bgp_error *error, uint8_t subcode)
{
	bgp_error_set(error, 2, subcode, NULL, 0);
	return false;
}

static bool capabilities_decode(struct reader *in, struct bgp_open *open)
{
	while (reader_left(in) > 0) {
		uint8_t code = reader_u8(in);
		uint8_t length = reader_u8(in);
		struct reader value = reader_sub(in, length);
		if (in->failed)
			return false;
		const struct capability_row *row = capability_row(code);
		if (!row)
			continue;
		size_t over = (size_t)length - row->least;
		if (length < row->least || (row->step ? over % row->step != 0 : over != 0))
			return false;
		row->decode(open, &value);
		ASSERT(!value.failed);
	}
	return true;
}

static bool parameters_decode(struct reader *in, bool extended, struct bgp_open *open,
			      struct bgp_error *error)
{
	while (reader_left(in) > 0) {
		uint8_t type = reader_u8(in);
		size_t length = extended ? reader_u16(in) : reader_u8(in);
		struct reader value = reader_sub(in, length);
		if (in->failed)
			return bad_open(error, 0);
		if (type != PARAMETER_CAPABILITIES)
			return bad_open(error, 4);
		if (!capabilities_decode(&value, open))
			return bad_open(error, 0);
	}
	return true;
}

/* The block of optional parameters: RFC 9072's form is told by its first parameter type, and then
 * the one-octet length before it means nothing. */
static bool block_decode(struct reader *in, struct bgp_open *open, struct bgp_error *error)
{
	size_t length = reader_u8(in);
	bool extended = length > 0 && reader_left(in) > 0 && in->at[0] == PARAMETER_EXTENDED;
	if (extended) {
		reader_u8(in);
		length = reader_u16(in);
	}
	if (in->failed || length != reader_left(in))
		return bad_open(error, 0);
	return parameters_decode(in, extended, open, error);
}

bool bgp_open_decode(const uint8_t *body, size_t length, struct bgp_open *open,
		     struct bgp_error *error)
{
	*open = (struct bgp_open){ 0 };
	struct reader in = reader_of(body, length);
	open->version = reader_u8(&in);
	uint16_t as_field = reader_u16(&in);
	open->hold_time_s = reader_u16(&in);
	open->router_id = reader_u32(&in);
	if (length > 0 && open->version != 4) {
		bgp_error_set(error, 2, 1, (const uint8_t[]){ 0, 4 }, 2);
		return false;
	}
	if (in.failed || reader_left(&in) == 0) {
		uint8_t total[2];
		put_u16(total, (uint16_t)(BGP_HEADER_BYTES + length));
		bgp_error_set(error, 1, 2, total, sizeof(total));
		return false;
	}
	if (!block_decode(&in, open, error))
		return false;
	struct bgp_capabilities *capabilities = &open->capabilities;
	open->as_number = capabilities->as4 ? capabilities->as4_number : as_field;
	bool trans_alone = !capabilities->as4 && as_field == BGP_AS_TRANS;
	if (as_field == 0 || open->as_number == 0 || trans_alone)
		return bad_open(error, 2);
	if (open->hold_time_s == 1 || open->hold_time_s == 2)
		return bad_open(error, 6);
	if (open->router_id == 0)
		return bad_open(error, 3);
	if (!capabilities->multiprotocol)
		capabilities->families = BGP_IPV4_UNICAST;
	if (!capabilities->graceful_restart)
		capabilities->long_lived = false; /* RFC 9494 4.5 */
	return true;
}

static void capabilities_encode(const struct bgp_open *open, const uint8_t *order, bool one_each,
				struct writer *out)
{
	for (; *order; order++) {
		const struct capability_row *row = capability_row(*order);
		if (!row)
			continue;
		for (unsigned instance = 0;; instance++) {
			struct writer mark = *out;
			uint8_t *head = writer_room(out, one_each ? 4 : 2);
			uint8_t *value = out->at;
			if (!row->encode(open, instance, out)) {
				*out = mark;
				break;
			}
			if (out->failed)
				return;
			uint8_t length = (uint8_t)(out->at - value);
			if (one_each) {
				*head++ = PARAMETER_CAPABILITIES;
				*head++ = (uint8_t)(length + 2);
			}
			head[0] = *order;
			head[1] = length;
		}
	}
}

void bgp_open_encode(const struct bgp_open *open, const uint8_t *order, bool one_each,
		     struct writer *out)
{
	uint8_t block[255]; /* RFC 9072's form would be for more; what we know of is far less */
	struct writer parameters = writer_of(block, sizeof(block));
	uint8_t *head = one_each ? NULL : writer_room(&parameters, 2);
	capabilities_encode(open, order, one_each, &parameters);
	ASSERT(!parameters.failed);
	size_t used = writer_used(&parameters);
	if (head) {
		head[0] = PARAMETER_CAPABILITIES;
		head[1] = (uint8_t)(used - 2);
		used = used == 2 ? 0 : used; /* no empty parameter */
	}
	static const uint8_t ones[4] = { 0xff, 0xff, 0xff, 0xff };
	for (int i = 0; i < 4; i++)
		writer_bytes(out, ones, sizeof(ones));
	writer_u16(out, (uint16_t)(BGP_HEADER_BYTES + 10 + used));
	writer_u8(out, BGP_OPEN);
	writer_u8(out, open->version);
	writer_u16(out, (uint16_t)(open->as_number > UINT16_MAX ? BGP_AS_TRANS : open->as_number));
	writer_u16(out, open->hold_time_s);
	writer_u32(out, open->router_id);
	writer_u8(out, (uint8_t)used);
	writer_bytes(out, block, used);
}
