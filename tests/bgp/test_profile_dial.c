/* When sessions are dialled, and dialled again: what five daemons did on an idle machine must lie
 * inside what their profiles do. Each scenario is played many times against the state machine, with
 * another random stream each time; the n-th wait of the log is held against the least and the most
 * of the n-th waits that came out. */
#include "tests/bgp/rig.h"

#include <stdlib.h>

#define RUNS 400
#define WAITS 12 /* of a run; later ones of a log are compared with the last */

enum end { FIN, RST, NOTIF64, NOTIF31, HOLD, BADOPEN, REFUSED, BLACK_HOLE };

struct range {
	int64_t least_ms, most_ms;
};

static const struct daemon {
	const char *name;
	const struct bgp_profile *profile;
	int64_t grain_ms; /* BIRD 1.6's clock ticks once a second; the others' do not */
} daemons[] = {
	{ "bird16", &bgp_profile_bird, 1050 },  { "bird2", &bgp_profile_bird2, 60 },
	{ "frr", &bgp_profile_frr, 60 },        { "gobgp", &bgp_profile_gobgp, 60 },
	{ "obgpd", &bgp_profile_openbgpd, 500 },
};
#define DAEMONS (sizeof(daemons) / sizeof(daemons[0]))

/* ---- what a profile does -------------------------------------------------------------------- */

/* Wakes the session until it dials, or until `deadline`; a dial nobody answers times out in the
 * kernel after `gives_up`. */
static void until_dialled(struct rig *rig, struct instant gives_up)
{
	static const struct instant never = { INT64_MAX };
	uint32_t before = rig->dialled;
	for (int i = 0; i < 1000 && rig->dialled == before; i++) {
		if (instant_before(gives_up, session_deadline(&rig->session))) {
			rig->now = gives_up;
			gives_up = never;
			session_closed(&rig->session, &rig->context, rig->now, rig->dialled,
				       BGP_CLOSE_TIMED_OUT);
		} else {
			rig_wake(rig);
		}
		rig_actions(rig);
	}
	assert_int_not_equal(rig->dialled, before);
}

/* Established for four seconds, as in the measurements, with a hold time of nine; then the end. */
static void stand_and_end(struct rig *rig, enum end end)
{
	static const struct rig_open open = { .hold_s = 9 };
	static const uint8_t codes[][2] = { [NOTIF64] = { 6, 4 }, [NOTIF31] = { 3, 1 } };
	rig_opened(rig);
	if (end == BADOPEN) {
		rig_peer_notification(rig, rig->dialled, 2, 2);
		return;
	}
	rig_peer_open(rig, rig->dialled, &open);
	rig_peer_keepalive(rig, rig->dialled);
	assert_int_equal(session_state(&rig->session), BGP_ESTABLISHED);
	if (end == HOLD) {
		while (session_state(&rig->session) == BGP_ESTABLISHED)
			rig_wake(rig);
		return;
	}
	rig_until(rig, instant_add(rig->now, 4 * NS_PER_S));
	if (end == FIN || end == RST)
		session_closed(&rig->session, &rig->context, rig->now, rig->dialled,
			       end == FIN ? BGP_CLOSE_FIN : BGP_CLOSE_RESET);
	else
		rig_peer_notification(rig, rig->dialled, codes[end][0], codes[end][1]);
}

static void play(struct rig *rig, enum end end, int64_t waits_ms[WAITS])
{
	static const struct instant never = { INT64_MAX };
	session_start(&rig->session, &rig->context, rig->now);
	rig_actions(rig);
	if (!rig->dialled)
		until_dialled(rig, never);
	for (int i = 0; i < WAITS; i++) {
		struct instant gives_up = never, since = rig->now;
		/* Linux: its last SYN some 66 s after the first, and as long again to wait. */
		if (end == BLACK_HOLE)
			gives_up = instant_add(rig->now, random_between(&rig->context.random, 131,
									137) * NS_PER_S);
		else if (end == REFUSED)
			session_closed(&rig->session, &rig->context, rig->now, rig->dialled,
				       BGP_CLOSE_REFUSED);
		else
			stand_and_end(rig, end);
		if (end != BLACK_HOLE && end != REFUSED)
			since = rig->now;
		uint32_t before = rig->dialled;
		rig_actions(rig);
		if (rig->dialled == before)
			until_dialled(rig, gives_up);
		waits_ms[i] = instant_since(rig->now, since) / NS_PER_MS;
	}
}

static void ranges_of(const struct bgp_profile *profile, enum end end, struct range ranges[WAITS])
{
	for (int i = 0; i < WAITS; i++)
		ranges[i] = (struct range){ INT64_MAX, 0 };
	for (uint64_t run = 0; run < RUNS; run++) {
		struct rig rig;
		int64_t waits_ms[WAITS];
		rig_init(&rig, profile);
		rig.context.random = random_stream_of(run, "rig", "dial");
		play(&rig, end, waits_ms);
		rig_free(&rig);
		for (int i = 0; i < WAITS; i++) {
			struct range *range = &ranges[i];
			if (waits_ms[i] < range->least_ms)
				range->least_ms = waits_ms[i];
			if (waits_ms[i] > range->most_ms)
				range->most_ms = waits_ms[i];
		}
	}
}

/* ---- what was seen -------------------------------------------------------------------------- */

static FILE *log_open(const char *letter, const char *daemon)
{
	char path[512];
	snprintf(path, sizeof(path), SIMRUN_SHARED "/bgp/data/observed/res-%s-%s.log", letter,
		 daemon);
	FILE *file = fopen(path, "r");
	if (!file) {
		print_message("shared data not here: %s\n", path);
		skip();
	}
	return file;
}

static bool time_of(const char *line, int64_t *ms)
{
	unsigned seconds, thousandths;
	if (sscanf(line, "%u.%3u", &seconds, &thousandths) != 2)
		return false;
	*ms = (int64_t)seconds * 1000 + thousandths;
	return true;
}

static void judge_wait(const struct daemon *daemon, const char *what, int n, int64_t wait_ms,
		       const struct range ranges[WAITS])
{
	const struct range *range = &ranges[n < WAITS ? n : WAITS - 1];
	if (wait_ms < range->least_ms - daemon->grain_ms ||
	    wait_ms > range->most_ms + daemon->grain_ms)
		fail_msg("%s, %s, wait %d: %lld ms, the profile's are %lld to %lld", daemon->name,
			 what, n, (long long)wait_ms, (long long)range->least_ms,
			 (long long)range->most_ms);
}

/* From a line with `from` to the next with `to`. */
static int judge_log(const struct daemon *daemon, const char *from, const char *to, enum end end)
{
	static char line[65536];
	struct range ranges[WAITS];
	int64_t since = -1, at;
	int n = 0;
	FILE *file = log_open("C", daemon->name);
	ranges_of(daemon->profile, end, ranges);
	while (fgets(line, sizeof(line), file)) {
		if (!time_of(line, &at))
			continue;
		if (since >= 0 && strstr(line, to)) {
			judge_wait(daemon, from, n++, at - since, ranges);
			since = -1;
		} else if (strstr(line, from)) {
			since = at;
		}
	}
	fclose(file);
	if (n == 0)
		fail_msg("%s, %s: nothing judged", daemon->name, from);
	return n;
}

static void reconnects_as_observed(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
		enum end end;
	} rows[] = {
		{ " FIN ** FIN", " FIN ACCEPT", FIN },
		{ " RST ** RST", " RST ACCEPT", RST },
		{ " NOTIF64 ** NOTIF", " NOTIF64 ACCEPT", NOTIF64 },
		{ " NOTIF31 ** NOTIF", " NOTIF31 ACCEPT", NOTIF31 },
		{ " HOLD NOTIFICATION 4/0", " HOLD ACCEPT", HOLD },
		{ " BADOPEN OPEN rx", " BADOPEN ACCEPT", BADOPEN },
	};
	int judged = 0;
	for (size_t d = 0; d < DAEMONS; d++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
			judged += judge_log(&daemons[d], rows[i].from, rows[i].to, rows[i].end);
	print_message("%d waits judged\n", judged);
	assert_true(judged > 200);
}

/* SYNs to one address; a SYN from the port of the one before is the kernel's own repetition. */
static int judge_dials(const struct daemon *daemon, const char *target, enum end end)
{
	char line[512], wanted[64];
	struct range ranges[WAITS];
	int64_t since = -1, at;
	unsigned port, last = 0;
	int n = 0;
	FILE *file = log_open("B", daemon->name);
	ranges_of(daemon->profile, end, ranges);
	snprintf(wanted, sizeof(wanted), " > %s:179 ttl", target);
	while (fgets(line, sizeof(line), file)) {
		const char *from = strstr(line, "SYN 10.0.0.1:");
		if (!time_of(line, &at) || !from || !strstr(line, wanted) ||
		    sscanf(from, "SYN 10.0.0.1:%u", &port) != 1 || port == last)
			continue;
		if (since >= 0)
			judge_wait(daemon, target, n++, at - since, ranges);
		since = at;
		last = port;
	}
	fclose(file);
	if (n == 0)
		fail_msg("%s, %s: nothing judged", daemon->name, target);
	return n;
}

static void dials_as_observed(void **state)
{
	(void)state;
	int judged = 0;
	for (size_t d = 0; d < DAEMONS; d++) {
		judged += judge_dials(&daemons[d], "10.0.0.2", REFUSED);
		judged += judge_dials(&daemons[d], "10.0.0.5", REFUSED);
		judged += judge_dials(&daemons[d], "10.0.0.6", BLACK_HOLE);
	}
	print_message("%d dials judged\n", judged);
	assert_true(judged > 150);
}

/* The peer said nothing more up to one second before the line, its keepalives being that regular. */
static void hold_expires_as_observed(void **state)
{
	(void)state;
	static char line[65536];
	int judged = 0;
	for (size_t d = 0; d < DAEMONS; d++) {
		const struct bgp_profile *profile = daemons[d].profile;
		struct random_stream random = random_stream_of(1, "rig", "hold");
		int64_t least_ms = INT64_MAX, most_ms = 0, since = -1, at;
		for (int i = 0; i < 2000; i++) {
			int64_t ms = bgp_timer_draw(profile, BGP_TIMER_HOLD, 9 * NS_PER_S,
						    &random) / NS_PER_MS;
			least_ms = ms < least_ms ? ms : least_ms;
			most_ms = ms > most_ms ? ms : most_ms;
		}
		FILE *file = log_open("C", daemons[d].name);
		while (fgets(line, sizeof(line), file)) {
			if (!time_of(line, &at))
				continue;
			if (strstr(line, " HOLD ** silent"))
				since = at;
			if (!strstr(line, " HOLD NOTIFICATION 4/0") || since < 0)
				continue;
			int64_t wait_ms = at - since;
			judged++;
			if (wait_ms < least_ms - 1050 - daemons[d].grain_ms ||
			    wait_ms > most_ms + daemons[d].grain_ms)
				fail_msg("%s: held for %lld ms", daemons[d].name,
					 (long long)wait_ms);
			since = -1;
		}
		fclose(file);
	}
	assert_true(judged >= 15);
}

/* Keepalives of a session with hold time 9, between one and the next. */
static void keepalives_as_observed(void **state)
{
	(void)state;
	static char line[65536];
	int judged = 0;
	for (size_t d = 0; d < DAEMONS; d++) {
		FILE *file = log_open("open", daemons[d].name);
		int64_t since = -1, at;
		struct random_stream random = random_stream_of(1, "rig", "keepalive");
		int64_t least_ms = INT64_MAX, most_ms = 0;
		for (int i = 0; i < 2000; i++) {
			int64_t ms = bgp_timer_draw(daemons[d].profile, BGP_TIMER_KEEPALIVE,
						    3 * NS_PER_S, &random) / NS_PER_MS;
			least_ms = ms < least_ms ? ms : least_ms;
			most_ms = ms > most_ms ? ms : most_ms;
		}
		while (fgets(line, sizeof(line), file)) {
			if (!time_of(line, &at) || !strstr(line, " ibgp KEEPALIVE"))
				continue;
			if (since >= 0) {
				int64_t wait_ms = at - since;
				judged++;
				if (wait_ms < least_ms - 20 || wait_ms > most_ms + 20)
					fail_msg("%s: keepalive after %lld ms", daemons[d].name,
						 (long long)wait_ms);
			}
			since = at;
		}
		fclose(file);
	}
	assert_true(judged > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reconnects_as_observed),
		cmocka_unit_test(dials_as_observed),
		cmocka_unit_test(hold_expires_as_observed),
		cmocka_unit_test(keepalives_as_observed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
