/* Every message of ExaBGP's encoding and API cases: taken, or refused for a reason written down
 * here; and what a unicast command asked for is what we read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>

#include "tests/bgp/corpus.h"

#define COMMANDS_MAX 64
#define FILES_MAX 256

/* UPDATEs that a speaker would not take, by file. */
static const struct verdict {
	const char *file;
	enum bgp_outcome outcome;
	uint8_t attribute;
	size_t count;
	const char *why;
} verdicts[] = {
#define NEXT_HOP(file, count, why) { file, BGP_OUTCOME_WITHDRAW, BGP_ATTR_NEXT_HOP, count, why }
	NEXT_HOP("conf-attributes.ci", 1, "the next hop is 255.255.255.255"),
	NEXT_HOP("conf-ipself4.ci", 1, "the next hop is in 127.0.0.0/8"),
	NEXT_HOP("api-check.ci", 1, "the next hop is in 127.0.0.0/8"),
	NEXT_HOP("api-healthcheck-module.ci", 1, "the next hop is in 127.0.0.0/8"),
	NEXT_HOP("api-healthcheck-withdraw.ci", 1, "the next hop is in 127.0.0.0/8"),
	NEXT_HOP("api-multiple-api.ci", 2, "the next hop is in 127.0.0.0/8"),
	NEXT_HOP("api-nexthop-self.ci", 6, "the next hop is in 127.0.0.0/8"),
	{ "conf-ipself6.ci", BGP_OUTCOME_WITHDRAW, BGP_ATTR_MP_REACH, 1, "the next hop is ::1" },
	{ "api-check.ci", BGP_OUTCOME_WITHDRAW, BGP_ATTR_MP_REACH, 1, "the next hop is ::" },
	{ "conf-generic-attribute.ci", BGP_OUTCOME_RESET, 153, 2,
	  "RFC 4271 6.3: well-known, and not known" },
	{ "extended-nexthop.ci", BGP_OUTCOME_RESET, BGP_ATTR_MP_REACH, 2,
	  "RFC 8950 was not negotiated: a next hop of the other family" },
};

#define VERDICTS (sizeof(verdicts) / sizeof(verdicts[0]))

/* Cases whose sessions carry path identifiers, and those of old speakers. */

static const char *const add_path_files[] = { "api-attributes-path.ci", "conf-addpath.ci",
					      "conf-path-information.ci" };
static const char *const old_files[] = { "conf-no-asn4.ci" };

struct tally {
	size_t files, updates, others, foreign, ends, refused, commands;
	size_t refusals[VERDICTS];
};

struct reading {
	struct steady steady;
	const char *file;
	struct bgp_codec codec;
	char commands[COMMANDS_MAX][512];
	size_t command_count;
	struct tally tally;
	bool failed;
};

static bool listed(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* ---- commands -------------------------------------------------------------------------------- */

/* The word behind `name`, ended by a blank. */
static bool option_word(const char *command, const char *name, char *out, size_t room)
{
	char wanted[32];
	snprintf(wanted, sizeof(wanted), " %s ", name);
	const char *at = strstr(command, wanted);
	if (!at)
		return false;
	at += strlen(wanted);
	size_t length = *at == '[' ? strcspn(at, "]") : strcspn(at, " ");
	length -= *at == '[';
	at += *at == '[';
	assert_true(length < room);
	snprintf(out, room, "%.*s", (int)length, at + strspn(at, " "));
	while (out[0] && out[strlen(out) - 1] == ' ')
		out[strlen(out) - 1] = '\0';
	return true;
}

static bool number_is(const char *command, const char *name, const struct bgp_attrs *attrs,
		      enum bgp_attr_code code, uint32_t number)
{
	char word[64];
	if (!option_word(command, name, word, sizeof(word)))
		return true;
	return bgp_has(attrs, code) && strtoul(word, NULL, 10) == number;
}

static bool attrs_are(const char *command, const struct bgp_attrs *attrs)
{
	static const char *const origins[] = { "igp", "egp", "incomplete" };
	char word[256];
	struct ip_addr addr;
	if (option_word(command, "next-hop", word, sizeof(word)) &&
	    ip_addr_parse(word, strlen(word), &addr) && !ip_addr_equal(addr, attrs->next_hop))
		return false;
	if (option_word(command, "origin", word, sizeof(word)) &&
	    strcmp(word, origins[attrs->origin]) != 0)
		return false;
	if (option_word(command, "as-path", word, sizeof(word)) && !strchr(word, '(') &&
	    !strchr(word, ',')) {
		struct text path = { 0 };
		bgp_as_path_print(attrs, &path);
		bool same = strcmp(text_string(&path), word) == 0;
		text_free(&path);
		if (!same)
			return false;
	}
	return number_is(command, "med", attrs, BGP_ATTR_MED, attrs->med) &&
	       number_is(command, "local-preference", attrs, BGP_ATTR_LOCAL_PREF,
			 attrs->local_pref);
}

static bool nlri_has(const struct bgp_nlri *nlri, struct ip_prefix prefix)
{
	struct bgp_nlri_item item;
	for (uint32_t at = 0; bgp_nlri_next(nlri, &at, &item);)
		if (ip_prefix_equal(item.prefix, prefix))
			return true;
	return false;
}

/* True also for commands that are not of unicast. */
static bool command_met(struct reading *reading, const char *command,
			const struct bgp_update *update, const uint32_t ids[2])
{
	struct ip_prefix prefix;
	const char *at = command;
	bool withdraw = strncmp(at, "withdraw ", 9) == 0;
	at += strcspn(at, " ");
	if (strcmp(command, "announce eor ipv4 unicast") == 0)
		return update->end_of_rib == BGP_IPV4_UNICAST;
	if (strcmp(command, "announce eor ipv6 unicast") == 0)
		return update->end_of_rib == BGP_IPV6_UNICAST;
	if (strncmp(at, " route ", 7) == 0)
		at += 7;
	else if (strncmp(at, " ipv6 unicast ", 14) == 0 || strncmp(at, " ipv4 unicast ", 14) == 0)
		at += 14;
	else
		return true;
	if (strstr(at, " rd ") || strstr(at, " label ") ||
	    !ip_prefix_parse(at, strcspn(at, " "), false, &prefix))
		return true;
	reading->tally.commands++;
	prefix = ip_prefix_masked(prefix);
	for (int which = 0; which < 2; which++) {
		if (withdraw && nlri_has(&update->withdrawn[which], prefix))
			return true;
		if (!withdraw && ids[which] && nlri_has(&update->announced[which], prefix))
			return attrs_are(at, bgp_attrs_of(reading->steady.table, ids[which]));
	}
	return false;
}

/* ---- messages -------------------------------------------------------------------------------- */

static void refused(struct reading *reading, enum bgp_outcome outcome, uint8_t attribute,
		    const char *line)
{
	reading->tally.refused++;
	for (size_t i = 0; i < VERDICTS; i++)
		if (strcmp(verdicts[i].file, reading->file) == 0 &&
		    verdicts[i].outcome == outcome && verdicts[i].attribute == attribute) {
			reading->tally.refusals[i]++;
			return;
		}
	print_message("%s: %s, attribute %u: %.200s\n", reading->file, bgp_outcome_name(outcome),
		      attribute, line);
	reading->failed = true;
}

static void update_read(struct reading *reading, const struct bgp_frame *frame, const char *line)
{
	struct bgp_update update;
	uint32_t ids[2];
	uint8_t bad;
	struct bgp_codec codec = reading->codec;
	enum bgp_outcome outcome = steady_update(&reading->steady, frame->body, frame->body_length,
						 &codec, &update, ids, &bad);
	if (outcome == BGP_OUTCOME_WITHDRAW && bad == BGP_ATTR_LOCAL_PREF) {
		codec.external = true; /* a case does not say: without LOCAL_PREF it is eBGP */
		steady_done(&reading->steady, ids);
		outcome = steady_update(&reading->steady, frame->body, frame->body_length, &codec,
					&update, ids, &bad);
	}
	reading->tally.updates++;
	if (outcome > BGP_OUTCOME_DISCARD) {
		refused(reading, outcome, bad, line);
	} else {
		bool ours = update.withdrawn[0].count || update.withdrawn[1].count || ids[0] ||
			    ids[1] || update.end_of_rib;
		reading->tally.foreign += !ours;
		reading->tally.ends += update.end_of_rib != 0;
		for (size_t i = 0; i < reading->command_count; i++)
			if (!command_met(reading, reading->commands[i], &update, ids)) {
				print_message("%s: not so: %s\n   %.300s\n", reading->file,
					      reading->commands[i], line);
				reading->failed = true;
			}
	}
	steady_done(&reading->steady, ids);
}

static void message_read(struct reading *reading, const char *line, const char *hex)
{
	static uint8_t message[BGP_MESSAGE_MAX_EXTENDED];
	struct bgp_frame frame;
	struct bgp_error error;
	struct bgp_open open;
	size_t length = hex_bytes(hex, message, sizeof(message));
	assert_int_equal(bgp_frame_next(message, length, BGP_MESSAGE_MAX_EXTENDED, &frame, &error),
			 BGP_FRAME_READY);
	assert_int_equal(frame.total_length, length);
	if (frame.type == BGP_UPDATE) {
		update_read(reading, &frame, line);
	} else {
		reading->tally.others++;
		if (frame.type == BGP_OPEN)
			assert_true(bgp_open_decode(frame.body, frame.body_length, &open, &error));
		if (frame.type == BGP_NOTIFICATION)
			assert_true(bgp_notification_decode(frame.body, frame.body_length,
							    &error));
	}
	reading->command_count = 0;
}

static void case_read(struct reading *reading, const char *folder, const char *name)
{
	char path[512], *line = NULL;
	size_t room = 0;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *file = shared_open(path);
	assert_non_null(file);
	reading->file = name;
	reading->command_count = 0;
	reading->codec = (struct bgp_codec){
		.as4 = !listed(old_files, sizeof(old_files) / sizeof(old_files[0]), name),
		.families = BOTH_FAMILIES,
		.add_path_in = listed(add_path_files,
				      sizeof(add_path_files) / sizeof(add_path_files[0]), name)
				       ? BOTH_FAMILIES
				       : 0,
	};
	while (line_next(file, &line, &room)) {
		const char *raw = strstr(line, ":raw:"), *command = strstr(line, ":cmd:");
		if (raw)
			message_read(reading, line, raw + 5);
		else if (command) {
			assert_true(reading->command_count < COMMANDS_MAX);
			snprintf(reading->commands[reading->command_count++], 512, "%s",
				 command + 5);
		}
	}
	free(line);
	fclose(file);
	reading->tally.files++;
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

static void folder_read(struct reading *reading, const char *folder)
{
	static char names[FILES_MAX][64];
	char full[1024];
	size_t count = 0;
	snprintf(full, sizeof(full), "%s/bgp/data/%s", SIMRUN_SHARED, folder);
	DIR *dir = opendir(full);
	if (!dir) {
		print_message("shared data not here: %s\n", full);
		skip();
	}
	for (const struct dirent *entry; (entry = readdir(dir));) {
		size_t length = strlen(entry->d_name);
		if (length < 4 || strcmp(entry->d_name + length - 3, ".ci") != 0)
			continue;
		assert_true(count < FILES_MAX && length < 64);
		snprintf(names[count++], 64, "%.63s", entry->d_name);
	}
	closedir(dir);
	qsort(names, count, sizeof(names[0]), by_name);
	for (size_t i = 0; i < count; i++)
		case_read(reading, folder, names[i]);
}

static void cases_are_taken(void **state)
{
	(void)state;
	static struct reading reading;
	steady_init(&reading.steady);
	folder_read(&reading, "exabgp-qa/qa/encoding");
	folder_read(&reading, "exabgp-qa/qa/api");
	const struct tally *tally = &reading.tally;
	print_message("%zu cases: %zu UPDATEs (%zu of other families, %zu End-of-RIB, %zu "
		      "refused), %zu other messages; %zu commands as asked\n",
		      tally->files, tally->updates, tally->foreign, tally->ends, tally->refused,
		      tally->others, tally->commands);
	for (size_t i = 0; i < VERDICTS; i++)
		if (tally->refusals[i] != verdicts[i].count)
			fail_msg("%s: %zu refused, %zu written down", verdicts[i].file,
				 tally->refusals[i], verdicts[i].count);
	assert_false(reading.failed);
	assert_int_equal(tally->files, 80);
	assert_int_equal(tally->updates, 384);
	assert_int_equal(tally->foreign, 126);
	assert_int_equal(tally->commands, 153);
	steady_free(&reading.steady);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_are_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
