#include "reports/style.h"

#include <stddef.h>
#include <string.h>

const char *style_mark(const struct style *style, bool good)
{
	if (style->unicode)
		return good ? "\xe2\x9c\x93" : "\xe2\x9c\x97";
	return good ? "ok  " : "FAIL";
}

const char *style_on(const struct style *style, const char *colour)
{
	static const char *const codes[][2] = {
		{ "red", "\033[31m" }, { "green", "\033[32m" },	 { "yellow", "\033[33m" },
		{ "dim", "\033[2m" },  { "bold", "\033[1m" },
	};
	if (!style->colour)
		return "";
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(codes[i][0], colour) == 0)
			return codes[i][1];
	return "";
}

const char *style_off(const struct style *style) { return style->colour ? "\033[0m" : ""; }
