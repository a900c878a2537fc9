/* Growing text, and the few conversions every report needs. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *data; /* owned; always ends in NUL once something was added; NULL before */
	size_t length, capacity;
};

void text_init(struct text *text);
void text_free(struct text *text);
void text_clear(struct text *text); /* keeps the room */
void text_add(struct text *text, const char *bytes, size_t length);
void text_put(struct text *text, const char *string);
void text_char(struct text *text, char c);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *text, const char *format, va_list list)
	__attribute__((format(printf, 2, 0)));
const char *text_string(const struct text *text); /* never NULL */

/* A JSON string with its quotes; XML/HTML text, which also escapes quotes and drops the C0
 * controls XML 1.0 forbids. Both take any bytes: bad UTF-8 becomes U+FFFD. */
void text_json(struct text *text, const char *string);
void text_xml(struct text *text, const char *string);

/* "2.214s" (three decimals, rounded down), for times and spans people read. */
void text_seconds(struct text *text, int64_t ns);

/* Columns a terminal needs for a UTF-8 string: wide characters count two, combining ones none. */
size_t text_width(const char *string, size_t length);

/* Decodes one UTF-8 character at p < end; returns its length in bytes (1 for a bad byte, whose
 * *code is then 0xFFFD). */
size_t text_utf8(const char *p, const char *end, uint32_t *code);

#endif
