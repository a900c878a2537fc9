#include "bgp/wire/communication.h"

#include "base/assert.h"

#define BAD_CHARACTER UINT32_C(0xfffd)

/* One whole character of well-formed UTF-8, or 0. */
static size_t character(const char *at, const char *end)
{
	static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD itself may be sent */
	uint32_t code;
	size_t length = text_utf8(at, end, &code);
	if (code != BAD_CHARACTER)
		return length;
	return length == 3 && memcmp(at, replacement, 3) == 0 ? 3 : 0;
}

void bgp_communication_put(struct bgp_error *error, const char *text)
{
	const char *end = text + strlen(text), *to = text;
	size_t room = sizeof(error->data) - error->data_length - 1;
	ASSERT(error->data_length < sizeof(error->data));
	if (room > BGP_COMMUNICATION_MAX)
		room = BGP_COMMUNICATION_MAX;
	while (to < end) {
		size_t length = character(to, end);
		if (length == 0 || (size_t)(to - text) + length > room)
			break;
		to += length;
	}
	uint8_t length = (uint8_t)(to - text);
	error->data[error->data_length++] = length;
	memcpy(error->data + error->data_length, text, length);
	error->data_length = (uint16_t)(error->data_length + length);
}

bool bgp_communication_get(const struct bgp_error *error, struct text *out)
{
	const uint8_t *data = error->data;
	size_t left = error->data_length;
	uint8_t code = error->code, subcode = error->subcode;
	if (code == 6 && subcode == 9 && left >= 2) {
		code = data[0];
		subcode = data[1];
		data += 2;
		left -= 2;
	}
	if (code != 6 || (subcode != 2 && subcode != 4) || left == 0 || data[0] == 0 ||
	    data[0] > left - 1)
		return false;
	const char *start = (const char *)data + 1, *end = start + data[0];
	for (const char *at = start; at < end;) {
		size_t length = character(at, end);
		if (length == 0)
			return false;
		at += length;
	}
	for (const char *at = start; at < end; at++)
		text_char(out, (unsigned char)*at < 0x20 || *at == 0x7f ? '?' : *at);
	return true;
}
