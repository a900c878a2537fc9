/* Every message recorded from real daemons, of all their suites: OPENs and NOTIFICATIONs say what
 * the log says of them, UPDATEs are taken and are the same after they were written and read again.
 * Byte-exact packing of some suites is test_wire_shared.c's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>

#include "tests/bgp/corpus.h"

#define FILES_MAX 128

struct tally {
	size_t files, opens, updates, ends, notifications, refreshes, keepalives, refused;
};

struct reading {
	struct steady steady;
	const char *file;
	struct tally tally;
};

static void open_read(struct reading *reading, const struct bgp_frame *frame, const char *line)
{
	struct bgp_open open;
	struct bgp_error error;
	char buffer[IP_TEXT_MAX], wanted[128];
	if (!bgp_open_decode(frame->body, frame->body_length, &open, &error))
		fail_msg("%s: %s", reading->file, line);
	snprintf(wanted, sizeof(wanted), "'hold': %u, 'id': '%s'", open.hold_time_s,
		 ip_addr_format(ip_addr_v4(open.router_id), buffer));
	if (!strstr(line, wanted))
		fail_msg("%s: %s\nwe: %s", reading->file, line, wanted);
	snprintf(wanted, sizeof(wanted), "(65, '%08lx')", (unsigned long)open.as_number);
	assert_int_equal(open.capabilities.as4, strstr(line, "(65, ") != NULL);
	assert_true(!open.capabilities.as4 || strstr(line, wanted));
	reading->tally.opens++;
}

/* Suites E and F fed the daemons malformed messages, and some passed on what they had got. */
static bool after_malformed(const char *file)
{
	return strstr(file, "res-E") || strstr(file, "res-F");
}

static void update_read(struct reading *reading, const struct bgp_frame *frame, const char *line)
{
	struct bgp_codec codec = { .as4 = true, .families = BOTH_FAMILIES };
	struct bgp_update update;
	uint32_t ids[2];
	uint8_t bad;
	const char *id = strchr(line, '#');
	codec.external = !strstr(line, "LOCAL_PREF");
	if (id && id < strstr(line, " raw "))
		codec.add_path_in = BGP_IPV4_UNICAST;
	enum bgp_outcome outcome = steady_update(&reading->steady, frame->body, frame->body_length,
						 &codec, &update, ids, &bad);
	steady_done(&reading->steady, ids);
	reading->tally.updates++;
	reading->tally.ends += update.end_of_rib != 0;
	if (outcome <= BGP_OUTCOME_DISCARD)
		return;
	reading->tally.refused++;
	if (!after_malformed(reading->file))
		fail_msg("%s: %s for attribute %u: %s", reading->file, bgp_outcome_name(outcome),
			 bad, line);
}

static void message_read(struct reading *reading, const char *line, const char *hex)
{
	static uint8_t message[BGP_MESSAGE_MAX];
	struct bgp_frame frame;
	struct bgp_error error;
	struct bgp_route_refresh refresh;
	char wanted[32];
	size_t length = hex_bytes(hex, message, sizeof(message));
	if (bgp_frame_next(message, length, sizeof(message), &frame, &error) != BGP_FRAME_READY ||
	    frame.total_length != length)
		fail_msg("%s: %s", reading->file, line);
	switch (frame.type) {
	case BGP_OPEN:
		open_read(reading, &frame, line);
		break;
	case BGP_UPDATE:
		update_read(reading, &frame, line);
		break;
	case BGP_NOTIFICATION:
		assert_true(bgp_notification_decode(frame.body, frame.body_length, &error));
		snprintf(wanted, sizeof(wanted), " %u/%u ", error.code, error.subcode);
		assert_non_null(strstr(line, wanted));
		reading->tally.notifications++;
		break;
	case BGP_ROUTE_REFRESH:
		assert_true(bgp_route_refresh_decode(frame.body, frame.body_length, &refresh,
						     &error));
		reading->tally.refreshes++;
		break;
	default:
		reading->tally.keepalives++;
	}
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

static void recorded_messages(void **state)
{
	(void)state;
	static struct reading reading;
	static char names[FILES_MAX][64];
	char path[1024], *line = NULL;
	size_t count = 0, room = 0;
	snprintf(path, sizeof(path), "%s/bgp/data/observed", SIMRUN_SHARED);
	DIR *dir = opendir(path);
	if (!dir) {
		print_message("shared data not here: %s\n", path);
		skip();
	}
	for (const struct dirent *entry; (entry = readdir(dir));)
		if (strstr(entry->d_name, ".log")) {
			assert_true(count < FILES_MAX);
			snprintf(names[count++], sizeof(names[0]), "%.63s", entry->d_name);
		}
	closedir(dir);
	qsort(names, count, sizeof(names[0]), by_name);
	steady_init(&reading.steady);
	for (size_t i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "observed/%s", names[i]);
		FILE *file = shared_open(path);
		reading.file = names[i];
		while (line_next(file, &line, &room)) {
			const char *raw = strstr(line, " raw ");
			if (raw)
				message_read(&reading, line, raw + 5);
		}
		fclose(file);
		reading.tally.files++;
	}
	free(line);
	const struct tally *tally = &reading.tally;
	print_message("%zu logs: %zu OPENs, %zu UPDATEs (%zu End-of-RIB, %zu refused), %zu "
		      "NOTIFICATIONs, %zu ROUTE-REFRESHes, %zu KEEPALIVEs\n",
		      tally->files, tally->opens, tally->updates, tally->ends, tally->refused,
		      tally->notifications, tally->refreshes, tally->keepalives);
	assert_int_equal(tally->opens, 1507);
	assert_int_equal(tally->updates, 3094);
	assert_int_equal(tally->notifications, 295);
	assert_int_equal(tally->refused, 11);
	steady_free(&reading.steady);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
