/* Blocks are built whole in a growing text, then written: total length stands at both ends. All
 * numbers are little-endian, whatever the machine; the byte-order magic says so. */
#include "reports/pcapng.h"

#include <string.h>

#include "base/text.h"

enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_NAMES = 4, BLOCK_PACKET = 6 };
enum { OPTION_END = 0, OPTION_COMMENT = 1 };
enum { SECTION_APPLICATION = 4 };
enum { INTERFACE_NAME = 2, INTERFACE_DESCRIPTION = 3, INTERFACE_RESOLUTION = 9 };
enum { PACKET_FLAGS = 2 };
enum { LINKTYPE_ETHERNET = 1 };
#define FLAG_OUTBOUND 2u

static void le16(struct text *block, uint16_t value)
{
	text_char(block, (char)(value & 0xff));
	text_char(block, (char)(value >> 8));
}

static void le32(struct text *block, uint32_t value)
{
	le16(block, (uint16_t)value);
	le16(block, (uint16_t)(value >> 16));
}

static void padded(struct text *block, const void *bytes, size_t length)
{
	text_add(block, bytes, length);
	while (length++ % 4)
		text_char(block, '\0');
}

static void option(struct text *block, uint16_t code, const void *bytes, size_t length)
{
	le16(block, code);
	le16(block, (uint16_t)length);
	padded(block, bytes, length);
}

static void option_text(struct text *block, uint16_t code, const char *string)
{
	size_t length = strlen(string);
	option(block, code, string, length < 65535 ? length : 65535);
}

static void write_block(FILE *file, uint32_t type, const struct text *body)
{
	struct text block;
	text_init(&block);
	uint32_t total = (uint32_t)body->length + 12;
	le32(&block, type);
	le32(&block, total);
	text_add(&block, body->data, body->length);
	le32(&block, total);
	fwrite(block.data, 1, block.length, file); /* the caller looks at ferror() at the end */
	text_free(&block);
}

void pcapng_section(FILE *file, const char *application, const char *comment)
{
	struct text body;
	text_init(&body);
	le32(&body, 0x1a2b3c4d); /* byte-order magic */
	le16(&body, 1);
	le16(&body, 0);
	le32(&body, UINT32_MAX); /* section length: not said */
	le32(&body, UINT32_MAX);
	option_text(&body, OPTION_COMMENT, comment);
	option_text(&body, SECTION_APPLICATION, application);
	option(&body, OPTION_END, "", 0);
	write_block(file, BLOCK_SECTION, &body);
	text_free(&body);
}

void pcapng_interface(FILE *file, const char *name, const char *description)
{
	struct text body;
	text_init(&body);
	le16(&body, LINKTYPE_ETHERNET);
	le16(&body, 0);
	le32(&body, 0); /* no limit of length */
	option_text(&body, INTERFACE_NAME, name);
	option_text(&body, INTERFACE_DESCRIPTION, description);
	uint8_t nanoseconds = 9;
	option(&body, INTERFACE_RESOLUTION, &nanoseconds, 1);
	option(&body, OPTION_END, "", 0);
	write_block(file, BLOCK_INTERFACE, &body);
	text_free(&body);
}

void pcapng_names(FILE *file, const struct pcapng_name *names, uint32_t count)
{
	struct text body;
	text_init(&body);
	for (uint32_t i = 0; i < count; i++) {
		size_t bytes = names[i].addr.family == IP_V4 ? 4 : 16;
		size_t length = bytes + strlen(names[i].name) + 1;
		struct text record;
		text_init(&record);
		text_add(&record, (const char *)names[i].addr.bytes, bytes);
		text_add(&record, names[i].name, strlen(names[i].name) + 1);
		le16(&body, names[i].addr.family == IP_V4 ? 1 : 2);
		le16(&body, (uint16_t)length);
		padded(&body, record.data, length);
		text_free(&record);
	}
	le32(&body, 0); /* end of records */
	write_block(file, BLOCK_NAMES, &body);
	text_free(&body);
}

void pcapng_packet(FILE *file, uint32_t interface, uint64_t time_ns, const uint8_t *bytes,
		   uint32_t length, const char *comment)
{
	struct text body;
	text_init(&body);
	le32(&body, interface);
	le32(&body, (uint32_t)(time_ns >> 32));
	le32(&body, (uint32_t)time_ns);
	le32(&body, length);
	le32(&body, length);
	padded(&body, bytes, length);
	if (comment)
		option_text(&body, OPTION_COMMENT, comment);
	uint8_t flags[4] = { FLAG_OUTBOUND, 0, 0, 0 };
	option(&body, PACKET_FLAGS, flags, 4);
	option(&body, OPTION_END, "", 0);
	write_block(file, BLOCK_PACKET, &body);
	text_free(&body);
}
