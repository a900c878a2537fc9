/* Rules of sessions that only some profiles have. */
#include "tests/bgp/rig.h"

/* OpenBGPD and GoBGP: one connection at a time, and no collision is ever resolved. */
static void single_connection(void **state)
{
	(void)state;
	struct bgp_profile profile = rig_textbook();
	profile.single_connection = true;
	struct rig rig;
	rig_init(&rig, &profile);
	rig_event(&rig, SESSION_AUTOMATIC_START);
	assert_string_equal(rig_actions(&rig), "d");
	assert_int_not_equal(rig_arrived(&rig), 0); /* in place of the dial */
	assert_string_equal(rig_actions(&rig), "c,o");
	assert_int_equal(rig_arrived(&rig), 0);
	rig_free(&rig);

	rig_init(&rig, &profile);
	rig_event(&rig, SESSION_AUTOMATIC_START);
	rig_actions(&rig);
	rig_opened(&rig); /* OpenSent: too late */
	rig_actions(&rig);
	assert_int_equal(rig_arrived(&rig), 0);
	rig_free(&rig);
}

static void lose(struct rig *rig)
{
	session_closed(&rig->session, &rig->context, rig->now, rig->dialled, BGP_CLOSE_FIN);
	rig_actions(rig);
	assert_int_equal(session_state(&rig->session), BGP_IDLE);
}

/* Up to the second error a connection is welcome in Idle. */
static void idle_accepts_below(void **state)
{
	(void)state;
	struct rig rig;
	rig_init(&rig, &bgp_profile_openbgpd);
	rig_establish(&rig, NULL);
	lose(&rig);
	uint32_t number = rig_arrived(&rig);
	assert_int_not_equal(number, 0);
	rig_actions(&rig);
	session_closed(&rig.session, &rig.context, rig.now, number, BGP_CLOSE_FIN);
	rig_actions(&rig);
	while (session_state(&rig.session) != BGP_CONNECT)
		rig_wake(&rig);
	rig_actions(&rig);
	rig_opened(&rig);
	rig_peer_notification(&rig, rig.dialled, 2, 2);
	rig_actions(&rig);
	assert_int_equal(session_state(&rig.session), BGP_IDLE);
	assert_int_equal(rig_arrived(&rig), 0);
	rig_free(&rig);
}

static int64_t pause_after(struct rig *rig, int64_t stands_s)
{
	static const struct rig_open open = { .hold_s = 30 };
	rig_establish(rig, &open);
	for (struct instant end = instant_add(rig->now, stands_s * NS_PER_S);;) {
		struct instant next = instant_add(rig->now, 10 * NS_PER_S);
		rig_until(rig, instant_before(end, next) ? end : next);
		rig_actions(rig);
		session_sent(&rig->session, &rig->context, rig->now, rig->dialled, 4096);
		if (rig->now.ns == end.ns)
			break;
		rig_peer_keepalive(rig, rig->dialled);
	}
	lose(rig);
	int64_t span_s = instant_since(session_deadline(&rig->session), rig->now) / NS_PER_S;
	rig_wake(rig);
	return span_s;
}

/* OpenBGPD's pause doubles with each end, and halves while the session stands. */
static void pause_halves(void **state)
{
	(void)state;
	struct rig rig;
	rig_init(&rig, &bgp_profile_openbgpd);
	assert_int_equal(pause_after(&rig, 4), 30);
	assert_int_equal(pause_after(&rig, 4), 60);
	assert_int_equal(pause_after(&rig, 4), 120);
	assert_int_equal(pause_after(&rig, 239), 240);
	assert_int_equal(pause_after(&rig, 480), 240); /* 480 halved once */
	assert_int_equal(pause_after(&rig, 480 + 240 + 119), 120);
	assert_int_equal(pause_after(&rig, 4000), 30);
	rig_free(&rig);
}

/* Taken message by message: any marker, a KEEPALIVE that is too long, 7/1 for a bad refresh. */
static void lenient_about_frames(void **state)
{
	(void)state;
	static const struct {
		bool lenient;
		uint8_t type, first;
		size_t body;
		const char *answer;
	} rows[] = {
		{ true, BGP_KEEPALIVE, 0xff, 1, "" },
		{ false, BGP_KEEPALIVE, 0xff, 1, "n1.2,c,w0" },
		{ true, BGP_KEEPALIVE, 0xfe, 0, "" },
		{ false, BGP_KEEPALIVE, 0xfe, 0, "n1.1,c,w0" },
		{ true, BGP_ROUTE_REFRESH, 0xff, 3, "n7.1,c,w0" },
		{ false, BGP_ROUTE_REFRESH, 0xff, 3, "n1.2,c,w0" },
		{ true, BGP_UPDATE, 0xff, 3, "n1.2,c,w0" }, /* all else is as ever */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bgp_profile profile = rig_textbook();
		struct rig rig;
		uint8_t bytes[64] = { 0 };
		profile.any_marker = profile.long_keepalive = rows[i].lenient;
		profile.refresh_error_own = rows[i].lenient;
		rig_init(&rig, &profile);
		rig_establish(&rig, NULL);
		size_t length = rig_header(bytes, rows[i].type, rows[i].body);
		bytes[0] = rows[i].first;
		rig_bytes(&rig, rig.dialled, bytes, length);
		assert_string_equal(rig_actions(&rig), rows[i].answer);
		rig_free(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(single_connection),
		cmocka_unit_test(idle_accepts_below),
		cmocka_unit_test(pause_halves),
		cmocka_unit_test(lenient_about_frames),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
