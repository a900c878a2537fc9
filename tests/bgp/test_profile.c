/* Profiles: what the timers draw, and that real daemons' measured times lie within it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "bgp/profile.h"

#define DRAWS 4000

struct bounds {
	const struct bgp_profile *profile;
	enum bgp_timer_kind kind;
	int64_t value_s;        /* -1: the profile's */
	int64_t low_ms, high_ms; /* what may come out, and does */
};

/* Restated from the sources named in docs/profiles.md. */
static const struct bounds table[] = {
	{ &bgp_profile_calico_bird, BGP_TIMER_START, -1, 2000, 2000 },
	{ &bgp_profile_calico_bird, BGP_TIMER_CONNECT_RETRY, -1, 4000, 5000 },
	{ &bgp_profile_calico_bird, BGP_TIMER_CONNECT_RETRY, 120, 90000, 120000 },
	{ &bgp_profile_calico_bird, BGP_TIMER_HOLD, -1, 180000, 240000 },
	{ &bgp_profile_calico_bird, BGP_TIMER_HOLD, 9, 7000, 9000 },
	{ &bgp_profile_calico_bird, BGP_TIMER_OPEN_HOLD, -1, 180000, 240000 },
	{ &bgp_profile_calico_bird, BGP_TIMER_KEEPALIVE, -1, 60000, 80000 },
	{ &bgp_profile_calico_bird, BGP_TIMER_KEEPALIVE, 3, 3000, 3000 },
	{ &bgp_profile_calico_bird, BGP_TIMER_IDLE_AFTER_LOSS, -1, 0, 0 },
	{ &bgp_profile_calico_bird, BGP_TIMER_IDLE_AFTER_ERROR, -1, 4000, 5000 },
	{ &bgp_profile_calico_bird, BGP_TIMER_IDLE_AFTER_ERROR, 30, 23000, 30000 },
	{ &bgp_profile_calico_bird, BGP_TIMER_RESTART_WAIT, -1, 240000, 240000 },
	{ &bgp_profile_calico_bird, BGP_TIMER_MRAI_EXTERNAL, -1, 0, 0 },
	{ &bgp_profile_bird, BGP_TIMER_START, -1, 4000, 5000 },
	{ &bgp_profile_bird, BGP_TIMER_CONNECT_RETRY, -1, 90000, 120000 },
	{ &bgp_profile_bird, BGP_TIMER_IDLE_AFTER_ERROR, -1, 45000, 60000 },
	{ &bgp_profile_bird2, BGP_TIMER_START, -1, 3750, 5000 },
	{ &bgp_profile_bird2, BGP_TIMER_HOLD, 9, 6750, 9000 },
	{ &bgp_profile_bird2, BGP_TIMER_KEEPALIVE, 3, 2250, 3000 },
	{ &bgp_profile_frr_datacenter, BGP_TIMER_HOLD, -1, 9000, 9000 },
	{ &bgp_profile_frr_datacenter, BGP_TIMER_CONNECT_RETRY, -1, 10000, 10000 },
	{ &bgp_profile_gobgp, BGP_TIMER_START, -1, 5000, 9000 },
	{ &bgp_profile_gobgp, BGP_TIMER_CONNECT_RETRY, -1, 120000, 239000 },
	{ &bgp_profile_openbgpd, BGP_TIMER_IDLE_AFTER_ERROR, -1, 30000, 30000 },
	{ &bgp_profile_frr, BGP_TIMER_START, -1, 1000, 1000 },
	{ &bgp_profile_frr, BGP_TIMER_CONNECT_RETRY, -1, 120000, 120000 },
	{ &bgp_profile_frr, BGP_TIMER_HOLD, -1, 180000, 180000 },
	{ &bgp_profile_frr, BGP_TIMER_KEEPALIVE, -1, 60000, 60000 },
	{ &bgp_profile_frr, BGP_TIMER_IDLE_AFTER_LOSS, -1, 1000, 1000 },
	{ &bgp_profile_frr, BGP_TIMER_IDLE_AFTER_ERROR, -1, 2000, 2000 },
	{ &bgp_profile_frr, BGP_TIMER_COALESCE, -1, 1000, 1000 },
	{ &bgp_profile_frr, BGP_TIMER_STALE_MAX, -1, 360000, 360000 },
	{ &bgp_profile_quagga, BGP_TIMER_START, -1, 500, 1500 },
	{ &bgp_profile_quagga, BGP_TIMER_CONNECT_RETRY, -1, 5000, 5000 },
	{ &bgp_profile_quagga, BGP_TIMER_HOLD, -1, 180000, 180000 },
	{ &bgp_profile_quagga, BGP_TIMER_KEEPALIVE, -1, 45000, 60000 },
	{ &bgp_profile_quagga, BGP_TIMER_MRAI_EXTERNAL, -1, 2250, 3000 },
	{ &bgp_profile_quagga, BGP_TIMER_MRAI_INTERNAL, -1, 750, 1000 },
};

static void draws_stay_within(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct bounds *row = &table[i];
		struct random_stream random = random_stream_of(i, "profile", "timers");
		int64_t value = row->value_s < 0 ? -1 : row->value_s * NS_PER_S;
		int64_t low = row->low_ms * NS_PER_MS, high = row->high_ms * NS_PER_MS;
		int64_t least = INT64_MAX, most = 0;
		for (int n = 0; n < DRAWS; n++) {
			int64_t drawn = bgp_timer_draw(row->profile, row->kind, value, &random);
			assert_true(drawn >= low && drawn <= high);
			if (row->profile->timers[row->kind].jitter == BGP_JITTER_WHOLE_SECONDS)
				assert_int_equal(drawn % NS_PER_S, 0);
			least = drawn < least ? drawn : least;
			most = drawn > most ? drawn : most;
		}
		/* The whole range is used: within a hundredth of it at both ends. */
		assert_true(least - low <= (high - low) / 100);
		assert_true(high - most <= (high - low) / 100);
	}
}

static void profiles_are_found(void **state)
{
	(void)state;
	size_t count = 0;
	for (; bgp_profile_at(count); count++) {
		const struct bgp_profile *profile = bgp_profile_at(count);
		assert_ptr_equal(bgp_profile_by_name(profile->name), profile);
		assert_non_null(profile->capabilities);
		assert_true(profile->timers[BGP_TIMER_HOLD].value_ns > 0);
		assert_int_not_equal(profile->decision[0], BGP_RULE_END);
		int stop = 0, end = 0;
		for (int i = 0; i < BGP_DECISION_STEPS_MAX; i++) {
			stop |= profile->decision[i] == profile->multipath_stop;
			end |= profile->decision[i] == BGP_RULE_END;
		}
		assert_true(stop && end);
	}
	assert_int_equal(count, 8);
	assert_null(bgp_profile_by_name("ios"));
	for (int kind = 0; kind < BGP_TIMER_KINDS; kind++)
		assert_non_null(bgp_timer_name(kind));
}

/* ---- observed: how long real daemons waited ---- */

/* From one kind of line to the next of another, in one log. */
struct observed {
	const char *file;
	const char *from, *to;   /* words to find in a line */
	int64_t low_ms, high_ms; /* what the profile may draw, all pauses of the way added up */
	int64_t grain_ms;        /* BIRD 1.6's clock ticks once a second; FRR's does not */
	int skip;                /* gaps before the one judged; -1: all are judged */
};

/* These BIRDs ran without Calico's values: connect delay 5, error wait 60 to 300. */
static const struct observed seen[] = {
	{ "res-B-bird16.log", "> 10.0.0.2:179 ttl", NULL, 4000, 5000, 1050, -1 },
	{ "res-C-bird16.log", " FIN ** FIN", " FIN ACCEPT", 4000, 5000, 1050, -1 },
	{ "res-C-bird16.log", " RST ** RST", " RST ACCEPT", 4000, 5000, 1050, -1 },
	{ "res-C-bird16.log", " NOTIF64 ** NOTIF", " NOTIF64 ACCEPT", 4000, 5000, 1050, -1 },
	{ "res-C-bird16.log", " NOTIF31 ** NOTIF", " NOTIF31 ACCEPT", 49000, 65000, 1050, 0 },
	{ "res-C-bird16.log", " NOTIF31 ** NOTIF", " NOTIF31 ACCEPT", 94000, 125000, 1050, 1 },
	{ "res-C-bird16.log", " NOTIF31 ** NOTIF", " NOTIF31 ACCEPT", 184000, 245000, 1050, 2 },
	{ "res-C-bird16.log", " HOLD NOTIFICATION 4/0", " HOLD ACCEPT", 49000, 65000, 1050, 0 },
	{ "res-B-frr.log", "> 10.0.0.2:179 ttl", NULL, 120000, 120000, 60, -1 },
	{ "res-C-frr.log", " FIN ** FIN", " FIN ACCEPT", 1000, 1000, 60, -1 },
	{ "res-C-frr.log", " RST ** RST", " RST ACCEPT", 1000, 1000, 60, -1 },
	{ "res-C-frr.log", " NOTIF64 ** NOTIF", " NOTIF64 ACCEPT", 2000, 2000, 60, -1 },
	{ "res-C-frr.log", " NOTIF31 ** NOTIF", " NOTIF31 ACCEPT", 2000, 2000, 60, -1 },
	{ "res-C-frr.log", " HOLD NOTIFICATION 4/0", " HOLD ACCEPT", 1000, 1000, 60, -1 },
	{ "res-C-frr.log", " BADOPEN OPEN rx", " BADOPEN ACCEPT", 2000, 2000, 60, 0 },
	{ "res-C-frr.log", " BADOPEN OPEN rx", " BADOPEN ACCEPT", 4000, 4000, 60, 1 },
	{ "res-C-frr.log", " BADOPEN OPEN rx", " BADOPEN ACCEPT", 64000, 64000, 60, 5 },
	{ "res-C-frr.log", " BADOPEN OPEN rx", " BADOPEN ACCEPT", 120000, 120000, 60, 6 },
};

static int judge(const struct observed *row, FILE *file)
{
	static char line[65536];
	int64_t since = -1;
	int judged = 0, gaps = 0;
	while (fgets(line, sizeof(line), file)) {
		unsigned seconds, ms;
		if (sscanf(line, "%u.%3u", &seconds, &ms) != 2)
			continue;
		int64_t at = (int64_t)seconds * 1000 + ms;
		bool ends = strstr(line, row->to ? row->to : row->from) != NULL;
		if (ends && since >= 0) {
			if (row->skip < 0 || gaps == row->skip) {
				int64_t gap = at - since;
				if (gap < row->low_ms - row->grain_ms ||
				    gap > row->high_ms + row->grain_ms)
					fail_msg("%s,%s: %lld ms", row->file, row->from,
						 (long long)gap);
				judged++;
			}
			gaps++;
			since = -1;
		}
		if (strstr(line, row->from) && (row->to == NULL || since < 0))
			since = at;
	}
	return judged;
}

static void observed_times_fit(void **state)
{
	(void)state;
	int judged = 0, files = 0;
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
		char path[512];
		snprintf(path, sizeof(path), SIMRUN_SHARED "/bgp/data/observed/%s", seen[i].file);
		FILE *file = fopen(path, "r");
		if (!file)
			continue;
		files++;
		int here = judge(&seen[i], file);
		fclose(file);
		if (here == 0)
			fail_msg("%s,%s: nothing judged", seen[i].file, seen[i].from);
		judged += here;
	}
	if (files == 0) {
		print_message("shared data not here: " SIMRUN_SHARED "\n");
		skip();
	}
	print_message("%d gaps judged\n", judged);
	assert_true(judged > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_stay_within),
		cmocka_unit_test(profiles_are_found),
		cmocka_unit_test(observed_times_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
