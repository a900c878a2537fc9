/* Long-lived graceful restart, as helper: RFC 9494, to the nanosecond. */
#include "tests/bgp/rig.h"

struct theirs {
	uint8_t time_s;      /* of capability 64, IPv4 listed with F */
	uint16_t long_s;     /* of capability 71, IPv4; 0: no such capability */
	bool forwarding;     /* its F bit there */
};

static struct rig_open open_with(const struct theirs *theirs, char *room)
{
	const char all[] = { 1, 4, 0, 1, 0, 1, 65, 4, 0, 0, (char)0xfc, 0,
			     64, 6, 0, (char)theirs->time_s, 0, 1, 1, (char)0x80,
			     71, 7, 0, 1, 1, theirs->forwarding ? (char)0x80 : 0,
			     0, (char)(theirs->long_s >> 8), (char)theirs->long_s };
	memcpy(room, all, sizeof(all));
	return (struct rig_open){ .capabilities = room,
				  .length = theirs->long_s ? sizeof(all) : sizeof(all) - 9 };
}

static void up(struct rig *rig, const struct theirs *theirs, uint32_t most_s)
{
	struct bgp_profile profile = rig_textbook();
	char room[64];
	struct rig_open open = open_with(theirs, room);
	rig_init(rig, &profile);
	rig->peer.passive = true;
	rig->peer.graceful_restart = true;
	rig->peer.long_lived_max_s = most_s;
	rig_event(rig, SESSION_AUTOMATIC_START_PASSIVE);
	rig->dialled = rig_arrived(rig);
	rig_peer_open(rig, rig->dialled, &open);
	rig_peer_keepalive(rig, rig->dialled);
	rig_actions(rig);
	assert_int_equal(session_state(&rig->session), BGP_ESTABLISHED);
}

static struct instant lose(struct rig *rig, const char *wanted)
{
	session_closed(&rig->session, &rig->context, rig->now, rig->dialled, BGP_CLOSE_FIN);
	assert_string_equal(rig_actions(rig), wanted);
	return rig->now;
}

static void back(struct rig *rig, const struct theirs *theirs, const char *wanted)
{
	char room[64];
	struct rig_open open = open_with(theirs, room);
	rig->dialled = rig_arrived(rig);
	assert_int_not_equal(rig->dialled, 0);
	rig_peer_open(rig, rig->dialled, &open);
	rig_actions(rig);
	rig_peer_keepalive(rig, rig->dialled);
	assert_string_equal(rig_actions(rig), wanted);
}

static void at(struct rig *rig, struct instant since, int64_t after_s, const char *wanted)
{
	rig_until(rig, instant_add(since, after_s * NS_PER_S - 1));
	rig_actions(rig);
	rig_until(rig, instant_add(since, after_s * NS_PER_S));
	assert_string_equal(rig_actions(rig), wanted);
}

static const struct theirs usual = { 100, 1000, true };

/* 4.2: Restart Time, then the shorter of what the peer asks for and what we allow. */
static void two_times(void **state)
{
	(void)state;
	static const struct {
		struct theirs theirs;
		uint32_t most_s;
		const char *lost, *first, *second;
		int64_t first_s, second_s;
	} rows[] = {
		{ { 100, 1000, true }, 5000, "w1", "l1", "f1", 100, 1100 },
		{ { 100, 1000, true }, 300, "w1", "l1", "f1", 100, 400 },
		{ { 100, 1000, true }, 0, "w1", "f1", NULL, 100, 0 },  /* not allowed */
		{ { 100, 0, true }, 5000, "w1", "f1", NULL, 100, 0 },  /* not asked for */
		{ { 0, 1000, true }, 5000, "w1", "l1", "f1", 0, 1000 },/* no Restart Time: at once */
		{ { 0, 1000, true }, 0, "w0", NULL, NULL, 0, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig rig;
		up(&rig, &rows[i].theirs, rows[i].most_s);
		struct instant lost = lose(&rig, rows[i].lost);
		if (rows[i].first)
			at(&rig, lost, rows[i].first_s, rows[i].first);
		if (rows[i].second)
			at(&rig, lost, rows[i].second_s, rows[i].second);
		assert_true(instant_is_never(long_lived_deadline(&rig.session)));
		assert_int_equal(rig.session.stale_families, 0);
		rig_free(&rig);
	}
}

/* 4.2: back in the long-lived time, its F bit of capability 71 counts; End-of-RIB ends it. */
static void back_in_time(void **state)
{
	(void)state;
	static const struct theirs not_kept = { 100, 1000, false };
	for (int kept = 0; kept < 2; kept++) {
		struct theirs again = kept ? usual : not_kept;
		struct rig rig;
		up(&rig, &usual, 5000);
		struct instant lost = lose(&rig, "w1");
		at(&rig, lost, 100, "l1");
		rig_until(&rig, instant_add(lost, 500 * NS_PER_S));
		back(&rig, &again, kept ? "u" : "u,f1");
		rig_peer_end_of_rib(&rig, rig.dialled);
		assert_string_equal(rig_actions(&rig), kept ? "f1" : "");
		assert_true(instant_is_never(long_lived_deadline(&rig.session)));
		rig_free(&rig);
	}
}

/* 4.2: the long-lived time that runs is not started anew by another loss before End-of-RIB. */
static void lost_again(void **state)
{
	(void)state;
	struct rig rig;
	up(&rig, &usual, 5000);
	struct instant lost = lose(&rig, "w1");
	at(&rig, lost, 100, "l1");
	rig_until(&rig, instant_add(lost, 500 * NS_PER_S));
	back(&rig, &usual, "u");
	lose(&rig, "w1");
	at(&rig, lost, 600, "l1"); /* 100 s after the second loss */
	at(&rig, lost, 1100, "f1"); /* as if it had never been back */
	rig_free(&rig);

	/* After End-of-RIB it is. */
	up(&rig, &usual, 5000);
	lost = lose(&rig, "w1");
	at(&rig, lost, 100, "l1");
	back(&rig, &usual, "u");
	rig_peer_end_of_rib(&rig, rig.dialled);
	assert_string_equal(rig_actions(&rig), "f1");
	lost = lose(&rig, "w1");
	at(&rig, lost, 100, "l1");
	at(&rig, lost, 1100, "f1");
	rig_free(&rig);
}

/* Asked to help, it says capability 71, though the profile lists none; last, and empty. */
static void said_when_asked(void **state)
{
	(void)state;
	for (uint32_t most_s = 0; most_s < 2; most_s++) {
		struct rig rig;
		up(&rig, &usual, most_s);
		const uint8_t *end = rig.open + rig.open_length;
		assert_int_equal(end[-2] == 71 && end[-1] == 0, most_s);
		rig_free(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_times),
		cmocka_unit_test(back_in_time),
		cmocka_unit_test(lost_again),
		cmocka_unit_test(said_when_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
