/* Timers to the nanosecond: what starts, restarts and ends them, and how long the pauses are. */
#include "tests/bgp/rig.h"

static void hold_and_keepalive(void **state)
{
	(void)state;
	struct bgp_profile profile = rig_textbook();
	struct rig rig;
	rig_init(&rig, &profile);
	rig_establish(&rig, NULL);
	struct instant start = rig.now;
	/* A KEEPALIVE a third through, another just before the end: each starts the 90 s anew. */
	rig_until(&rig, instant_add(start, 30 * NS_PER_S));
	assert_string_equal(rig_actions(&rig), "k");
	rig_until(&rig, instant_add(start, 89 * NS_PER_S));
	rig_peer_keepalive(&rig, rig.dialled);
	assert_string_equal(rig_actions(&rig), "k");
	rig_until(&rig, instant_add(start, 179 * NS_PER_S - 1));
	assert_int_equal(session_state(&rig.session), BGP_ESTABLISHED);
	assert_string_equal(rig_actions(&rig), "k,k,k");
	rig_until(&rig, instant_add(start, 179 * NS_PER_S));
	assert_string_equal(rig_actions(&rig), "n4.0,c,w0");
	rig_free(&rig);
}

/* Any whole message counts, an UPDATE too; half a message does not. */
static void what_feeds_the_hold_timer(void **state)
{
	(void)state;
	struct bgp_profile profile = rig_textbook();
	struct rig rig;
	uint8_t bytes[19];
	rig_init(&rig, &profile);
	rig_establish(&rig, NULL);
	rig_until(&rig, instant_add(rig.now, 50 * NS_PER_S));
	rig_peer_end_of_rib(&rig, rig.dialled);
	assert_int_equal(rig.session.outgoing.hold_at.ns, rig.now.ns + 90 * NS_PER_S);
	struct instant fed = rig.now;
	rig_until(&rig, instant_add(rig.now, 50 * NS_PER_S));
	rig_bytes(&rig, rig.dialled, bytes, rig_header(bytes, BGP_KEEPALIVE, 0) - 1);
	assert_int_equal(rig.session.outgoing.hold_at.ns, fed.ns + 90 * NS_PER_S);
	rig_bytes(&rig, rig.dialled, bytes + 18, 1);
	assert_int_equal(rig.session.outgoing.hold_at.ns, rig.now.ns + 90 * NS_PER_S);
	rig_free(&rig);
}

static void refused_dials(void **state)
{
	(void)state;
	static const struct {
		const struct bgp_profile *profile;
		int64_t start_ns, again_low_ns, again_high_ns;
	} rows[] = {
		{ &bgp_profile_calico_bird, 2 * NS_PER_S, 2 * NS_PER_S, 2 * NS_PER_S },
		{ &bgp_profile_frr, 1 * NS_PER_S, 120 * NS_PER_S, 120 * NS_PER_S },
		{ &bgp_profile_quagga, -1, 5 * NS_PER_S, 5 * NS_PER_S },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig rig;
		rig_init(&rig, rows[i].profile);
		session_start(&rig.session, &rig.context, rig.now);
		int64_t first = rig_wake(&rig);
		if (rows[i].start_ns >= 0)
			assert_int_equal(first, rows[i].start_ns);
		for (int n = 0; n < 5; n++) {
			assert_string_equal(rig_actions(&rig), "d");
			session_closed(&rig.session, &rig.context, rig.now, rig.dialled,
				       BGP_CLOSE_REFUSED);
			assert_string_equal(rig_actions(&rig), "");
			assert_int_equal(session_state(&rig.session), BGP_ACTIVE);
			int64_t again = rig_wake(&rig);
			assert_in_range(again, rows[i].again_low_ns, rows[i].again_high_ns);
		}
		rig_free(&rig);
	}
}

/* Nobody answers: the dial is dropped and made again when ConnectRetryTimer says so. */
static void unanswered_dials(void **state)
{
	(void)state;
	static const struct {
		const struct bgp_profile *profile;
		int64_t low_s, high_s;
	} rows[] = { { &bgp_profile_calico_bird, 4, 5 }, { &bgp_profile_frr, 120, 120 } };
	for (size_t i = 0; i < 2; i++) {
		struct rig rig;
		rig_init(&rig, rows[i].profile);
		session_start(&rig.session, &rig.context, rig.now);
		rig_wake(&rig);
		rig_actions(&rig);
		for (int n = 0; n < 5; n++) {
			uint32_t before = rig.dialled;
			assert_in_range(rig_wake(&rig), rows[i].low_s * NS_PER_S,
					rows[i].high_s * NS_PER_S);
			assert_string_equal(rig_actions(&rig), "c,d");
			assert_true(rig.dialled > before);
		}
		rig_free(&rig);
	}
}

/* Pauses after NOTIFICATION 2/2 to our OPEN, again and again. */
static void pauses_after_errors(void **state)
{
	(void)state;
	static const struct {
		const struct bgp_profile *profile;
		int64_t low_s[7], high_s[7];
	} rows[] = {
		/* the pause in Idle, then 2 s in Active */
		{ &bgp_profile_calico_bird, { 6, 10, 17, 25, 25, 25, 25 },
		  { 7, 12, 22, 32, 32, 32, 32 } },
		{ &bgp_profile_frr, { 2, 4, 8, 16, 32, 64, 120 }, { 2, 4, 8, 16, 32, 64, 120 } },
	};
	for (size_t i = 0; i < 2; i++) {
		struct rig rig;
		rig_init(&rig, rows[i].profile);
		session_start(&rig.session, &rig.context, rig.now);
		rig_wake(&rig);
		rig_actions(&rig);
		for (int n = 0; n < 7; n++) {
			rig_opened(&rig);
			rig_peer_notification(&rig, rig.dialled, 2, 2);
			assert_int_equal(session_state(&rig.session), BGP_IDLE);
			/* BIRD refuses whoever connects meanwhile, FRR does not */
			if (rows[i].profile->idle_refuses)
				assert_int_equal(rig_arrived(&rig), 0);
			rig_actions(&rig);
			struct instant since = rig.now;
			uint32_t before = rig.dialled;
			while (rig.dialled == before) {
				rig_wake(&rig);
				rig_actions(&rig);
			}
			assert_in_range(instant_since(rig.now, since), rows[i].low_s[n] * NS_PER_S,
					rows[i].high_s[n] * NS_PER_S);
		}
		rig_free(&rig);
	}
}

/* BIRD forgets errors after 300 s of quiet, FRR when it gets to Established. */
static void errors_are_forgotten(void **state)
{
	(void)state;
	struct rig rig;
	rig_init(&rig, &bgp_profile_calico_bird);
	rig.session.error_pause_ns = 20 * NS_PER_S;
	rig.session.last_error = INSTANT_ZERO;
	rig.now.ns = 299 * NS_PER_S;
	session_start(&rig.session, &rig.context, rig.now);
	rig_wake(&rig);
	rig_establish(&rig, NULL);
	rig_peer_notification(&rig, rig.dialled, 3, 1);
	assert_int_equal(rig.session.error_pause_ns, 5 * NS_PER_S);
	rig_free(&rig);

	rig_init(&rig, &bgp_profile_frr);
	rig.session.error_pause_ns = 64 * NS_PER_S;
	rig_establish(&rig, NULL);
	rig_peer_notification(&rig, rig.dialled, 6, 4);
	assert_int_equal(rig.session.error_pause_ns, 2 * NS_PER_S);
	rig_free(&rig);
}

/* After a lost session: BIRD at once into Active for 2 s, FRR 1 s in Idle. */
static void pauses_after_loss(void **state)
{
	(void)state;
	static const struct {
		const struct bgp_profile *profile;
		enum bgp_state state;
		int64_t pause_ns;
	} rows[] = { { &bgp_profile_calico_bird, BGP_ACTIVE, 2 * NS_PER_S },
		     { &bgp_profile_frr, BGP_IDLE, 1 * NS_PER_S } };
	for (size_t i = 0; i < 2; i++) {
		struct rig rig;
		rig_init(&rig, rows[i].profile);
		session_start(&rig.session, &rig.context, rig.now);
		rig_wake(&rig);
		rig_establish(&rig, NULL);
		int before = rig.states;
		session_closed(&rig.session, &rig.context, rig.now, rig.dialled, BGP_CLOSE_FIN);
		assert_string_equal(rig_actions(&rig), "w0");
		assert_int_equal(session_state(&rig.session), rows[i].state);
		assert_int_equal(rig.states - before, rows[i].state == BGP_IDLE ? 1 : 2);
		assert_int_equal(rig_wake(&rig), rows[i].pause_ns);
		assert_string_equal(rig_actions(&rig), "d");
		rig_free(&rig);
	}
}

/* RFC 9687: bytes handed over do not leave; FRR gives up after two hold times and resets. */
static void send_hold(void **state)
{
	(void)state;
	struct rig rig;
	rig_init(&rig, &bgp_profile_frr);
	rig_establish(&rig, NULL);
	struct session_connection *connection = &rig.session.outgoing;
	session_sent(&rig.session, &rig.context, rig.now, rig.dialled, connection->unsent);
	assert_true(instant_is_never(connection->send_hold_at));
	assert_int_equal(rig_wake(&rig), 30 * NS_PER_S); /* a KEEPALIVE that will not leave */
	int64_t since = rig.now.ns;
	while (session_state(&rig.session) == BGP_ESTABLISHED) {
		rig_peer_keepalive(&rig, rig.dialled);
		rig_wake(&rig);
	}
	assert_int_equal(rig.now.ns - since, 180 * NS_PER_S);
	rig_actions(&rig);
	assert_string_equal(rig.state.cause.reason, "send hold timer expired");
	rig_free(&rig);
}

/* Woken late, it does what it would have done in time, in the same order. */
static void late_wake_up(void **state)
{
	(void)state;
	struct bgp_profile profile = rig_textbook();
	struct rig rig;
	rig_init(&rig, &profile);
	rig_establish(&rig, NULL);
	rig.now = instant_add(rig.now, 1000 * NS_PER_S);
	session_time(&rig.session, &rig.context, rig.now);
	/* keepalive due first, then hold */
	assert_memory_equal(rig_actions(&rig), "k,n4.0,c,w0", 11);
	rig_free(&rig);
}

/* MRAI, the wait before the first dump, FRR's work queue. */
static void pace_of_updates(void **state)
{
	(void)state;
	struct rig rig;
	rig_init(&rig, &bgp_profile_quagga);
	rig.context.local_as = 64999; /* eBGP: 3 s, spread to 2.25 */
	rig_establish(&rig, NULL);
	assert_true(session_pending(&rig.session, &rig.context, rig.now));
	rig.session.pace.begun = true;
	session_drained(&rig.session, &rig.context, rig.now);
	struct instant since = rig.now;
	assert_false(session_pending(&rig.session, &rig.context, rig.now));
	assert_int_equal(session_room(&rig.session), 0);
	rig_wake(&rig);
	assert_string_equal(rig_actions(&rig), "s");
	assert_in_range(instant_since(rig.now, since), 2250 * NS_PER_MS, 3 * NS_PER_S);
	assert_true(session_room(&rig.session) > 0);
	rig_free(&rig);

	rig_init(&rig, &bgp_profile_frr);
	rig_establish(&rig, NULL);
	assert_false(session_pending(&rig.session, &rig.context, rig.now));
	assert_int_equal(rig_wake(&rig), NS_PER_S); /* coalesce-time */
	assert_string_equal(rig_actions(&rig), "s");
	session_drained(&rig.session, &rig.context, rig.now);
	assert_false(session_pending(&rig.session, &rig.context, rig.now));
	assert_int_equal(rig_wake(&rig), 50 * NS_PER_MS);
	rig_free(&rig);

	rig_init(&rig, &bgp_profile_calico_bird);
	session_start(&rig.session, &rig.context, rig.now);
	rig_wake(&rig);
	rig_establish(&rig, NULL);
	assert_true(session_pending(&rig.session, &rig.context, rig.now));
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hold_and_keepalive),
		cmocka_unit_test(what_feeds_the_hold_timer),
		cmocka_unit_test(refused_dials),
		cmocka_unit_test(unanswered_dials),
		cmocka_unit_test(pauses_after_errors),
		cmocka_unit_test(errors_are_forgotten),
		cmocka_unit_test(pauses_after_loss),
		cmocka_unit_test(send_hold),
		cmocka_unit_test(late_wake_up),
		cmocka_unit_test(pace_of_updates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
