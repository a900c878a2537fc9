#include "simbgpd/command.h"

#include <string.h>

#include "bgp/config.h"

/* Words; [word]: may be left out; <name>, <prefix>: a value, may be left out. */
struct row {
	const char *pattern;
	enum command_kind kind;
	uint8_t families;
};

#define BOTH (BGP_IPV4_UNICAST | BGP_IPV6_UNICAST)
static const struct row rows[] = {
	{ "show bgp summary", COMMAND_BGP_SUMMARY, BOTH },
	{ "show bgp neighbors <name>", COMMAND_BGP_NEIGHBORS, BOTH },
	{ "show bgp ipv4 [unicast] summary", COMMAND_BGP_SUMMARY, BGP_IPV4_UNICAST },
	{ "show bgp ipv6 [unicast] summary", COMMAND_BGP_SUMMARY, BGP_IPV6_UNICAST },
	{ "show bgp ipv4 [unicast] neighbors <name>", COMMAND_BGP_NEIGHBORS, BGP_IPV4_UNICAST },
	{ "show bgp ipv6 [unicast] neighbors <name>", COMMAND_BGP_NEIGHBORS, BGP_IPV6_UNICAST },
	{ "show bgp ipv4 [unicast] <prefix>", COMMAND_BGP_TABLE, BGP_IPV4_UNICAST },
	{ "show bgp ipv6 [unicast] <prefix>", COMMAND_BGP_TABLE, BGP_IPV6_UNICAST },
	{ "show bgp <prefix>", COMMAND_BGP_TABLE, BOTH },
	{ "show ip bgp summary", COMMAND_BGP_SUMMARY, BGP_IPV4_UNICAST },
	{ "show ip bgp neighbors <name>", COMMAND_BGP_NEIGHBORS, BOTH },
	{ "show ip bgp <prefix>", COMMAND_BGP_TABLE, BGP_IPV4_UNICAST },
	{ "show protocols [all] <name>", COMMAND_BIRD_PROTOCOLS, BOTH },
	{ "show route <prefix>", COMMAND_BIRD_ROUTE, BOTH },
	{ "show status", COMMAND_STATUS, BOTH },
};

struct word {
	const char *text;
	size_t length;
};

/* False: too many words, or a byte that no command has. */
static bool split(const char *line, size_t length, struct word *words, size_t *count)
{
	*count = 0;
	for (size_t at = 0; at < length;) {
		if (line[at] == ' ' || line[at] == '\t' || line[at] == '\r') {
			at++;
			continue;
		}
		if (*count == COMMAND_WORDS_MAX)
			return false;
		struct word *word = &words[(*count)++];
		word->text = line + at;
		while (at < length && line[at] > ' ' && line[at] < 127)
			at++;
		word->length = (size_t)(line + at - word->text);
		if (word->length == 0)
			return false;
	}
	return true;
}

static bool shortens(struct word word, const char *full, size_t length)
{
	return word.length <= length && memcmp(word.text, full, word.length) == 0;
}

static bool take_name(struct word word, struct command *command)
{
	if (word.length >= sizeof(command->name))
		return false;
	memcpy(command->name, word.text, word.length);
	command->name[word.length] = '\0';
	return true;
}

/* One part of a pattern against the word at hand; *used says whether it took it. */
static bool match_part(const char *part, size_t length, const struct word *word,
		       struct command *command, bool *used)
{
	*used = word != NULL;
	if (part[0] == '<') {
		if (!word)
			return true;
		return part[1] == 'n' ? take_name(*word, command)
				      : ip_prefix_parse(word->text, word->length, true,
							&command->prefix);
	}
	if (part[0] == '[') {
		*used = word && shortens(*word, part + 1, length - 2);
		command->all |= *used && part[1] == 'a';
		return true;
	}
	return word && shortens(*word, part, length);
}

static bool match(const char *pattern, const struct word *words, size_t count,
		  struct command *command)
{
	size_t at = 0;
	while (*pattern) {
		size_t length = strcspn(pattern, " ");
		bool used;
		if (!match_part(pattern, length, at < count ? &words[at] : NULL, command, &used))
			return false;
		at += used;
		pattern += length + (pattern[length] == ' ');
	}
	return at == count;
}

bool command_parse(const char *line, size_t length, struct command *command, struct text *error)
{
	struct word words[COMMAND_WORDS_MAX];
	size_t count;
	if (length > COMMAND_BYTES_MAX || !split(line, length, words, &count)) {
		text_put(error, "no command looks like that");
		return false;
	}
	bool json = count > 1 && words[count - 1].length == 4 &&
		    memcmp(words[count - 1].text, "json", 4) == 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		*command = (struct command){ .kind = rows[i].kind, .families = rows[i].families,
					     .json = json };
		if (match(rows[i].pattern, words, count - json, command))
			return true;
	}
	text_put(error, "unknown command; there are:");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		text_printf(error, "\n  %s", rows[i].pattern);
	text_put(error, "\nand `json` after each");
	return false;
}
