/* tcpdump's expected decode (tests/<x>.out of `tcpdump -v`) read back: messages by packet, and of
 * each what we compare, as text. Included after cmocka. */
#ifndef TESTS_BGP_TCPDUMP_H
#define TESTS_BGP_TCPDUMP_H

#include "tests/bgp/corpus.h"

#define MESSAGES_MAX 1024

enum field {
	F_WITHDRAWN, F_ANNOUNCED, F_REACH, F_UNREACH, F_END, F_ORIGIN, F_PATH, F_NEXT_HOP, F_MED,
	F_LOCAL_PREF, F_ORIGINATOR, F_CLUSTERS, F_LARGE, F_OTC,
	F_OPEN, F_MP, F_AS4, F_RESTART, F_ADD_PATH, F_BARE, F_ROLE,
	F_ERROR, F_REFRESH,
	F_AS4_PATH, /* tcpdump's only: it does not merge */
	FIELDS,
};
__attribute__((unused)) static const char *const field_names[FIELDS] = {
	"withdrawn", "announced", "reach", "unreach", "end of rib", "origin", "as path", "next hop",
	"med", "local pref", "originator", "clusters", "large communities", "otc",
	"open", "families", "as4", "restart", "add path", "capabilities", "role",
	"error", "refresh", "as4 path",
};

struct message {
	unsigned packet, type, length;
	size_t order;
	bool damaged;      /* tcpdump could not read it to its end */
	bool bad_frame;
	enum bgp_outcome outcome;
	uint8_t attribute;
	struct bgp_error error;
	struct text fields[FIELDS];
};

struct messages {
	struct message items[MESSAGES_MAX];
	size_t count;
};

CORPUS struct message *message_add(struct messages *list, unsigned packet, unsigned type,
				   unsigned length)
{
	assert_true(list->count < MESSAGES_MAX);
	struct message *message = &list->items[list->count++];
	*message = (struct message){ .packet = packet, .type = type, .length = length,
				     .order = list->count };
	return message;
}

CORPUS void messages_free(struct messages *list)
{
	for (size_t i = 0; i < list->count; i++)
		for (int f = 0; f < FIELDS; f++)
			text_free(&list->items[i].fields[f]);
	list->count = 0;
}

CORPUS void word_put(struct text *text, const char *word)
{
	if (text->length)
		text_char(text, ' ');
	text_put(text, word);
}
/* ---- tcpdump's side -------------------------------------------------------------------------- */

struct listing {
	struct messages *list;
	struct message *message; /* the one being read, NULL: none */
	unsigned packet;
	unsigned attribute;      /* whose lines these are; 0: the prefixes after the attributes */
	enum field prefixes;
	unsigned capability;
	bool unicast, bare[6];
};

/* The number in parentheses behind a name: "Update Message (2), length: 95". */
CORPUS unsigned parenthesis(const char *line)
{
	const char *at = strchr(line, '(');
	return at ? (unsigned)strtoul(at + 1, NULL, 10) : 0;
}

CORPUS void header_read(struct listing *listing, const char *line)
{
	const char *length = strstr(line, "length: ");
	assert_non_null(length);
	listing->message = message_add(listing->list, listing->packet, parenthesis(line),
				       (unsigned)strtoul(length + 8, NULL, 10));
	listing->attribute = 0;
	listing->capability = 0;
	memset(listing->bare, 0, sizeof(listing->bare));
	listing->unicast = false;
	if (listing->message->type != BGP_NOTIFICATION)
		return;
	const char *name = strchr(length, ',') + 1, *sub = strstr(name, "subcode");
	text_printf(&listing->message->fields[F_ERROR], "%u/%u", parenthesis(name),
		    parenthesis(sub));
}

CORPUS void prefix_read(struct listing *listing, const char *line, enum field field)
{
	struct ip_prefix prefix;
	char buffer[IP_TEXT_MAX];
	struct text *text = &listing->message->fields[field];
	size_t length = strcspn(line, " ,");
	if (!ip_prefix_parse(line, length, false, &prefix))
		return;
	word_put(text, ip_prefix_format(prefix, buffer));
	const char *id = strstr(line, "Path Id: ");
	if (id)
		text_printf(text, "#%lu", strtoul(id + 9, NULL, 10));
}

/* Up to the comma or the end. */
CORPUS void address_read(const char *line, struct text *text)
{
	struct ip_addr addr;
	char buffer[IP_TEXT_MAX];
	if (ip_addr_parse(line, strcspn(line, ", "), &addr))
		word_put(text, ip_addr_format(addr, buffer));
}

CORPUS void attribute_read(struct listing *listing, const char *line)
{
	static const enum field fields[64] = {
		[1] = F_ORIGIN, [2] = F_PATH, [3] = F_NEXT_HOP, [4] = F_MED, [5] = F_LOCAL_PREF,
		[9] = F_ORIGINATOR, [10] = F_CLUSTERS, [17] = F_AS4_PATH,
	};
	listing->attribute = strstr(line, "OTC") ? 35 : parenthesis(line);
	listing->unicast = false;
	const char *flags = strstr(line, "]: ");
	if (!flags || listing->attribute >= 64 || !fields[listing->attribute])
		return;
	struct text *text = &listing->message->fields[fields[listing->attribute]];
	for (const char *at = flags + 3; *at; at++)
		if (*at != ',' && !(*at == ' ' && at[1] == '\0'))
			text_char(text, *at);
}

CORPUS void attribute_line_read(struct listing *listing, const char *line)
{
	struct text *fields = listing->message->fields;
	if (listing->attribute == 14 || listing->attribute == 15) {
		if (strncmp(line, "AFI: ", 5) == 0)
			listing->unicast = strstr(line, "SAFI: Unicast") &&
					   strstr(line, "AFI: IPv");
		else if (!listing->unicast)
			return;
		else if (strncmp(line, "nexthop: ", 9) == 0) {
			address_read(line + 9, &fields[F_REACH]);
			const char *next = strchr(line, ',');
			if (next && next[1] == ' ')
				address_read(next + 2, &fields[F_REACH]);
		} else if (strstr(line, "End-of-Rib"))
			text_put(&fields[F_END], "yes");
		else
			prefix_read(listing, line,
				    listing->attribute == 14 ? F_REACH : F_UNREACH);
	} else if (listing->attribute == 32) {
		for (const char *at = line; *at; at++)
			if (*at != ',')
				text_char(&fields[F_LARGE], *at);
	} else if (listing->attribute == 35) {
		text_put(&fields[F_OTC], line + 4);
	}
}

CORPUS void update_line_read(struct listing *listing, const char *line, size_t indent)
{
	if (indent == 2 && strncmp(line, "Withdrawn routes", 16) == 0)
		listing->attribute = 0, listing->prefixes = F_WITHDRAWN;
	else if (indent == 2 && strncmp(line, "Updated routes", 14) == 0)
		listing->attribute = 0, listing->prefixes = F_ANNOUNCED;
	else if (indent == 2 && strncmp(line, "End-of-Rib", 10) == 0)
		text_put(&listing->message->fields[F_END], "yes");
	else if (indent == 2)
		attribute_read(listing, line);
	else if (listing->attribute == 0)
		prefix_read(listing, line, listing->prefixes);
	else
		attribute_line_read(listing, line);
}

CORPUS void open_line_read(struct listing *listing, const char *line, size_t indent)
{
	struct text *fields = listing->message->fields;
	unsigned as_number, hold;
	char router_id[32];
	const char *restart;
	if (sscanf(line, "Version 4, my AS %u, Holdtime %us, ID %31s", &as_number, &hold,
		   router_id) == 3) {
		text_printf(&fields[F_OPEN], "%us %s", hold, router_id);
		text_printf(&fields[F_AS4], "%u", as_number);
	} else if (indent == 6 && strstr(line, ", length: ")) {
		listing->capability = parenthesis(line);
		const char *cisco = strstr(line, "(Cisco) (");
		if (cisco)
			listing->capability = parenthesis(cisco + 8);
		static const unsigned bare[] = { 2, 6, 64, 65, 70, 128 };
		text_clear(&fields[F_BARE]);
		for (size_t i = 0; i < 6; i++) {
			listing->bare[i] |= listing->capability == bare[i];
			if (listing->bare[i])
				text_printf(&fields[F_BARE], "%s%u",
					    fields[F_BARE].length ? " " : "", bare[i]);
		}
	} else if (strncmp(line, "4 Byte AS ", 10) == 0) {
		text_clear(&fields[F_AS4]);
		text_put(&fields[F_AS4], line + 10);
	} else if ((restart = strstr(line, "Restart Time "))) {
		text_printf(&fields[F_RESTART], "%s%s%us", strstr(line, "[R") ? "R" : "",
			    strstr(line, "N]") ? "N" : "",
			    (unsigned)strtoul(restart + 13, NULL, 10));
	} else if (strncmp(line, "Role name", 9) == 0) {
		text_printf(&fields[F_ROLE], "%u", parenthesis(line));
	} else if (strstr(line, "SAFI Unicast (1)") && strncmp(line, "AFI IPv", 7) == 0) {
		char family[5] = { 'I', 'P', 'v', line[7], '\0' };
		if (listing->capability == 1)
			word_put(&fields[F_MP], family);
		else if (listing->capability == 69)
			word_put(&fields[F_ADD_PATH], family);
	}
}

CORPUS void refresh_line_read(struct listing *listing, const char *line)
{
	const char *safi = strstr(line, "SAFI"), *sub = strstr(line, "Subtype");
	if (sub)
		text_printf(&listing->message->fields[F_REFRESH], "%u %u %u", parenthesis(line),
			    parenthesis(safi), parenthesis(sub));
}

CORPUS void line_read(struct listing *listing, const char *line)
{
	size_t indent = strspn(line + 1, " ");
	bool header = line[0] == '\t' && indent == 0 && strstr(line, " Message (");
	if (line[0] != '\t') {
		char *end;
		unsigned long packet = strtoul(line, &end, 10);
		if (packet && end[0] == ' ' && end[1] == ' ') /* "   14  2019-..." */
			listing->packet = (unsigned)packet;
		return;
	}
	if (header) {
		header_read(listing, line + 1);
		return;
	}
	if (!listing->message)
		return;
	static const char *const damage[] = { "[|", "illegal", "invalid len", "too short" };
	for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++)
		listing->message->damaged |= strstr(line, damage[i]) != NULL;
	if (listing->message->type == BGP_UPDATE)
		update_line_read(listing, line + 1 + indent, indent);
	else if (listing->message->type == BGP_OPEN)
		open_line_read(listing, line + 1 + strspn(line + 1, " \t"), indent);
	else if (listing->message->type == BGP_ROUTE_REFRESH)
		refresh_line_read(listing, line + 1 + indent);
}

CORPUS bool listing_read(struct messages *list, const char *path)
{
	FILE *file = shared_open(path);
	if (!file)
		return false;
	struct listing listing = { .list = list };
	char *line = NULL;
	size_t room = 0;
	while (line_next(file, &line, &room))
		line_read(&listing, line);
	free(line);
	fclose(file);
	return true;
}

#endif
