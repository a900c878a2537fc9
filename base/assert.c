#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void assert_failed(const char *expression, const char *file, int line)
{
	fprintf(stderr, "simrun broke: %s:%d: assertion failed: %s\n", file, line, expression);
	abort();
}
