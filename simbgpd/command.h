/* What can be asked over the control socket: a line of words, each of which may be shortened as in
 * vtysh and birdc. Parsing touches nothing but the line: it is fuzzed. */
#ifndef SIMBGPD_COMMAND_H
#define SIMBGPD_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/text.h"

#define COMMAND_BYTES_MAX 512u
#define COMMAND_WORDS_MAX 8u

enum command_kind {
	COMMAND_BGP_SUMMARY,
	COMMAND_BGP_TABLE,
	COMMAND_BGP_NEIGHBORS,
	COMMAND_BIRD_PROTOCOLS,
	COMMAND_BIRD_ROUTE,
	COMMAND_STATUS,
};

struct command {
	enum command_kind kind;
	bool json;
	bool all;                /* `show protocols all` */
	uint8_t families;        /* BGP_IPV4_UNICAST | ...: those asked for */
	struct ip_prefix prefix; /* of the table; no family: all */
	char name[64];           /* of the neighbor or protocol; "": all */
};

/* False: *error says what is wrong, as one line without its end. The line is any bytes. */
bool command_parse(const char *line, size_t length, struct command *command, struct text *error);

#endif
