#include "simbgpd/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void log_line(const char *format, ...)
{
	char line[512];
	va_list list;
	va_start(list, format);
	vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	fprintf(stderr, "simbgpd: %s\n", line);
}

void log_error(const char *what, int error) { log_line("%s: %s", what, strerror(-error)); }
