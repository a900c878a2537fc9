#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

void text_init(struct text *text) { *text = (struct text){ 0 }; }

void text_free(struct text *text)
{
	free(text->data);
	text_init(text);
}

void text_clear(struct text *text)
{
	text->length = 0;
	if (text->data)
		text->data[0] = '\0';
}

static void text_reserve(struct text *text, size_t more)
{
	if (text->length + more + 1 > text->capacity)
		text->data =
			memory_grow(text->data, &text->capacity, text->length + more + 1, 1);
}

void text_add(struct text *text, const char *bytes, size_t length)
{
	text_reserve(text, length);
	if (length)
		memcpy(text->data + text->length, bytes, length);
	text->length += length;
	text->data[text->length] = '\0';
}

void text_put(struct text *text, const char *string) { text_add(text, string, strlen(string)); }
void text_char(struct text *text, char c) { text_add(text, &c, 1); }

void text_vprintf(struct text *text, const char *format, va_list list)
{
	va_list again;
	va_copy(again, list);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	ASSERT(length >= 0);
	text_reserve(text, (size_t)length);
	vsnprintf(text->data + text->length, (size_t)length + 1, format, list);
	text->length += (size_t)length;
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list list;
	va_start(list, format);
	text_vprintf(text, format, list);
	va_end(list);
}

const char *text_string(const struct text *text) { return text->data ? text->data : ""; }

size_t text_utf8(const char *p, const char *end, uint32_t *code)
{
	const unsigned char *b = (const unsigned char *)p;
	size_t left = (size_t)(end - p);
	ASSERT(left > 0);
	size_t length = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3
			: b[0] < 0xf5 ? 4 : 0;
	static const uint8_t lead[5] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	*code = 0xfffd;
	if (length == 0 || length > left)
		return 1;
	uint32_t value = b[0] & lead[length];
	for (size_t i = 1; i < length; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 1;
		value = value << 6 | (b[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
		return 1;
	*code = value;
	return length;
}

static void add_escaped(struct text *text, const char *string,
			void (*one)(struct text *text, uint32_t code, const char *p, size_t n))
{
	const char *end = string + strlen(string);
	for (const char *p = string; p < end;) {
		uint32_t code;
		size_t n = text_utf8(p, end, &code);
		if (code == 0xfffd && n == 1)
			text_put(text, "\xef\xbf\xbd");
		else
			one(text, code, p, n);
		p += n;
	}
}

static void json_one(struct text *text, uint32_t code, const char *p, size_t n)
{
	if (code == '"' || code == '\\')
		text_char(text, '\\');
	if (code == '\n')
		text_put(text, "\\n");
	else if (code == '\t')
		text_put(text, "\\t");
	else if (code == '\r')
		text_put(text, "\\r");
	else if (code < 0x20)
		text_printf(text, "\\u%04x", (unsigned)code);
	else
		text_add(text, p, n);
}

void text_json(struct text *text, const char *string)
{
	text_char(text, '"');
	add_escaped(text, string, json_one);
	text_char(text, '"');
}

static void xml_one(struct text *text, uint32_t code, const char *p, size_t n)
{
	switch (code) {
	case '<': text_put(text, "&lt;"); return;
	case '>': text_put(text, "&gt;"); return;
	case '&': text_put(text, "&amp;"); return;
	case '"': text_put(text, "&quot;"); return;
	case '\'': text_put(text, "&#39;"); return;
	default: break;
	}
	bool control = code < 0x20 && code != '\n' && code != '\t' && code != '\r';
	if (!control && code != 0xfffe && code != 0xffff)
		text_add(text, p, n);
}

void text_xml(struct text *text, const char *string) { add_escaped(text, string, xml_one); }

void text_seconds(struct text *text, int64_t ns)
{
	const char *sign = ns < 0 ? "-" : "";
	uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	text_printf(text, "%s%llu.%03llus", sign, (unsigned long long)(size / 1000000000u),
		    (unsigned long long)(size / 1000000u % 1000u));
}

/* The blocks East Asian text and emoji come from; enough for carets under a user's line. */
static int char_width(uint32_t c)
{
	static const uint32_t wide[][2] = {
		{ 0x1100, 0x115f }, { 0x2e80, 0x303e }, { 0x3041, 0x33ff }, { 0x3400, 0x4dbf },
		{ 0x4e00, 0x9fff }, { 0xa000, 0xa4cf }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff },
		{ 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f300, 0x1f64f },
		{ 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
	};
	if (c == 0 || (c >= 0x300 && c <= 0x36f) || (c >= 0x200b && c <= 0x200f) || c == 0xfeff)
		return 0;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (c >= wide[i][0] && c <= wide[i][1])
			return 2;
	return 1;
}

size_t text_width(const char *string, size_t length)
{
	size_t width = 0;
	for (const char *p = string, *end = string + length; p < end;) {
		uint32_t code;
		p += text_utf8(p, end, &code);
		width += (size_t)char_width(code);
	}
	return width;
}
