/* What the tests of bgp/wire share: bytes written as hexadecimal text, and the files of conformance
 * data. Included after cmocka. */
#ifndef TESTS_BGP_WIRE_BYTES_H
#define TESTS_BGP_WIRE_BYTES_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARKER "ffffffffffffffffffffffffffffffff"

static inline int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* Blanks and colons between digits do not count; anything else ends the text. */
static inline size_t hex_bytes(const char *hex, uint8_t *out, size_t room)
{
	size_t digits = 0;
	for (; *hex == ' ' || *hex == ':' || hex_digit(*hex) >= 0; hex++) {
		if (hex_digit(*hex) < 0)
			continue;
		assert_true(digits / 2 < room);
		if (digits % 2 == 0)
			out[digits / 2] = (uint8_t)(hex_digit(*hex) << 4);
		else
			out[digits / 2] |= (uint8_t)hex_digit(*hex);
		digits++;
	}
	assert_int_equal(digits % 2, 0);
	return digits / 2;
}

static inline const char *hex_text(const uint8_t *bytes, size_t length, char *out, size_t room)
{
	assert_true(2 * length < room);
	for (size_t i = 0; i < length; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	out[2 * length] = '\0';
	return out;
}

static inline void assert_bytes(const uint8_t *bytes, size_t length, const char *hex)
{
	static uint8_t wanted[70000];
	static char got_text[140001], wanted_text[140001];
	size_t wanted_length = hex_bytes(hex, wanted, sizeof(wanted));
	assert_string_equal(hex_text(bytes, length, got_text, sizeof(got_text)),
			    hex_text(wanted, wanted_length, wanted_text, sizeof(wanted_text)));
}

/* A file of the shared conformance data; NULL (and a line that says so) when there is none. */
static inline FILE *shared_open(const char *path)
{
	char full[4096];
	snprintf(full, sizeof(full), "%s/bgp/data/%s", SIMRUN_SHARED, path);
	FILE *file = fopen(full, "r");
	if (!file)
		print_message("shared data not here: %s\n", full);
	return file;
}

/* The next line without its newline; false at the end. */
static inline bool line_next(FILE *file, char **line, size_t *room)
{
	ssize_t length = getline(line, room, file);
	if (length < 0)
		return false;
	if (length > 0 && (*line)[length - 1] == '\n')
		(*line)[length - 1] = '\0';
	return true;
}

/* Splits at tabs, in place; missing columns are "". */
static inline void columns_split(char *line, char **columns, size_t count)
{
	static char empty[1];
	for (size_t i = 0; i < count; i++)
		columns[i] = line ? strsep(&line, "\t") : empty;
}

#endif
