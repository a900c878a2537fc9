/* RFC 4271 8.2.2: every state with every event. What must come of each pair stands here anew, cell
 * by cell: the state it leads to, what is done on the way (see rig.h), and ConnectRetryCounter (0
 * set to zero, + counted, = left alone). */
#include "tests/bgp/rig.h"

enum position {
	IDLE, CONNECT, CONNECT_DELAY, ACTIVE, ACTIVE_DELAY, OPEN_SENT, OPEN_CONFIRM, ESTABLISHED,
	POSITIONS,
};

static const char *const names[POSITIONS] = {
	"Idle", "Connect", "Connect, DelayOpen", "Active", "Active, DelayOpen",
	"OpenSent", "OpenConfirm", "Established",
};

static const char *const expected[POSITIONS][SESSION_EVENTS] = {
	[IDLE] = {
		[1] = "Connect d 0", [2] = "Idle  =", [3] = "Connect d 0", [4] = "Active  0",
		[5] = "Active  0", [6] = "Connect d 0", [7] = "Active  0", [8] = "Idle  =",
		[9] = "Idle  =", [10] = "Idle  =", [11] = "Idle  =", [12] = "Idle  =",
		[13] = "Connect d =", [14] = "Idle  =", [15] = "Idle  =", [16] = "Idle  =",
		[17] = "Idle  =", [18] = "Idle  =", [19] = "Idle  =", [20] = "Idle  =",
		[21] = "Idle  =", [22] = "Idle  =", [23] = "Idle  =", [24] = "Idle  =",
		[25] = "Idle  =", [26] = "Idle  =", [27] = "Idle  =", [28] = "Idle  =",
		[29] = "Idle  =",
	},
	[CONNECT] = {
		[1] = "Connect  =", [2] = "Idle c 0", [3] = "Connect  =", [4] = "Connect  =",
		[5] = "Connect  =", [6] = "Connect  =", [7] = "Connect  =", [8] = "Idle c +",
		[9] = "Connect c,d =", [10] = "Idle c +", [11] = "Idle c +", [12] = "Connect  =",
		[13] = "Idle c +", [14] = "Connect  =", [15] = "Connect  =", [16] = "OpenSent o =",
		[17] = "OpenSent o =", [18] = "Idle  =", [19] = "Idle c +",
		[20] = "OpenConfirm o,k =", [21] = "Idle c +", [22] = "Idle c +",
		[23] = "Idle c +", [24] = "Idle c +", [25] = "Idle c +", [26] = "Idle c +",
		[27] = "Idle c +", [28] = "Idle c +", [29] = "Connect  =",
	},
	[CONNECT_DELAY] = {
		[1] = "Connect  =", [2] = "Idle c 0", [3] = "Connect  =", [4] = "Connect  =",
		[5] = "Connect  =", [6] = "Connect  =", [7] = "Connect  =", [8] = "Idle c +",
		[9] = "Connect c,d =", [10] = "Idle c +", [11] = "Idle c +",
		[12] = "OpenSent o =", [13] = "Idle c +", [14] = "Connect  =",
		[15] = "Connect  =", [16] = "Connect  =", [17] = "Connect  =",
		[18] = "Active  =", [19] = "Idle c +", [20] = "OpenConfirm o,k =",
		[21] = "Idle c +", [22] = "Idle c +", [23] = "Idle c +", [24] = "Idle c =",
		[25] = "Idle c +", [26] = "Idle c +", [27] = "Idle c +", [28] = "Idle c +",
		[29] = "Connect  =",
	},
	[ACTIVE] = {
		[1] = "Active  =", [2] = "Idle  0", [3] = "Active  =", [4] = "Active  =",
		[5] = "Active  =", [6] = "Active  =", [7] = "Active  =", [8] = "Idle  +",
		[9] = "Connect d =", [10] = "Idle  +", [11] = "Idle  +", [12] = "Active  =",
		[13] = "Idle  +", [14] = "Active  =", [15] = "Active  =", [16] = "OpenSent o =",
		[17] = "OpenSent o =", [18] = "Idle  +", [19] = "Idle  +", [20] = "Idle  +",
		[21] = "Idle  +", [22] = "Idle  +", [23] = "Idle  +", [24] = "Idle  +",
		[25] = "Idle  +", [26] = "Idle  +", [27] = "Idle  +", [28] = "Idle  +",
		[29] = "Active  =",
	},
	[ACTIVE_DELAY] = {
		[1] = "Active  =", [2] = "Idle c 0", [3] = "Active  =", [4] = "Active  =",
		[5] = "Active  =", [6] = "Active  =", [7] = "Active  =", [8] = "Idle c +",
		[9] = "Connect d =", [10] = "Idle c +", [11] = "Idle c +",
		[12] = "OpenSent o =", [13] = "Idle c +", [14] = "Active  =", [15] = "Active  =",
		[16] = "Active  =", [17] = "Active  =", [18] = "Idle  +", [19] = "Idle c +",
		[20] = "OpenConfirm o,k =", [21] = "Idle c +", [22] = "Idle c +",
		[23] = "Idle c +", [24] = "Idle c =", [25] = "Idle c +", [26] = "Idle c +",
		[27] = "Idle c +", [28] = "Idle c +", [29] = "Active  =",
	},
	[OPEN_SENT] = {
		[1] = "OpenSent  =", [2] = "Idle n6.2,c 0", [3] = "OpenSent  =",
		[4] = "OpenSent  =", [5] = "OpenSent  =", [6] = "OpenSent  =",
		[7] = "OpenSent  =", [8] = "Idle n6.2,c +", [9] = "Idle n5.1,c +",
		[10] = "Idle n4.0,c +", [11] = "Idle n5.1,c +", [12] = "Idle n5.1,c +",
		[13] = "Idle n5.1,c +", [14] = "OpenSent  =", [15] = "OpenSent  =",
		[16] = "OpenSent  =", [17] = "OpenSent  =", [18] = "Active  =",
		[19] = "OpenConfirm k =", [20] = "Idle n5.1,c +", [21] = "Idle n1.1,c +",
		[22] = "Idle n2.2,c +", [23] = "Idle n6.7,c +", [24] = "Idle c =",
		[25] = "Idle n5.1,c +", [26] = "Idle n5.1,c +", [27] = "Idle n5.1,c +",
		[28] = "Idle n5.1,c +", [29] = "OpenSent  =",
	},
	[OPEN_CONFIRM] = {
		[1] = "OpenConfirm  =", [2] = "Idle n6.2,c 0", [3] = "OpenConfirm  =",
		[4] = "OpenConfirm  =", [5] = "OpenConfirm  =", [6] = "OpenConfirm  =",
		[7] = "OpenConfirm  =", [8] = "Idle n6.2,c +", [9] = "Idle n5.2,c +",
		[10] = "Idle n4.0,c +", [11] = "OpenConfirm k =", [12] = "Idle n5.2,c +",
		[13] = "Idle n5.2,c +", [14] = "OpenConfirm  =", [15] = "OpenConfirm  =",
		[16] = "OpenConfirm  =", [17] = "OpenConfirm  =", [18] = "Idle  +",
		[19] = "OpenConfirm  =", [20] = "Idle n5.2,c +", [21] = "Idle n1.1,c +",
		[22] = "Idle n2.2,c +", [23] = "Idle n6.7,c +", [24] = "Idle c =",
		[25] = "Idle c +", [26] = "Established u =", [27] = "Idle n5.2,c +",
		[28] = "Idle n5.2,c +", [29] = "OpenConfirm  =",
	},
	[ESTABLISHED] = {
		[1] = "Established  =", [2] = "Idle n6.2,c,w0 0", [3] = "Established  =",
		[4] = "Established  =", [5] = "Established  =", [6] = "Established  =",
		[7] = "Established  =", [8] = "Idle n6.2,c,w0 +", [9] = "Idle n5.3,c,w0 +",
		[10] = "Idle n4.0,c,w0 +", [11] = "Established k =", [12] = "Idle n5.3,c,w0 +",
		[13] = "Idle n5.3,c,w0 +", [14] = "Established  =", [15] = "Established  =",
		[16] = "Established  =", [17] = "Established  =", [18] = "Idle w0 +",
		[19] = "Idle n5.3,c,w0 +", [20] = "Idle n5.3,c,w0 +", [21] = "Idle n1.1,c,w0 +",
		[22] = "Idle n5.3,c,w0 +", [23] = "Idle n6.7,c,w0 +", [24] = "Idle c,w0 +",
		[25] = "Idle c,w0 +", [26] = "Established  =", [27] = "Established  =",
		[28] = "Idle n3.1,c,w0 +", [29] = "Idle C,w0 +",
	},
};

static void go_to(struct rig *rig, enum position position)
{
	struct bgp_profile profile = rig_textbook();
	if (position == CONNECT_DELAY || position == ACTIVE_DELAY)
		profile.timers[BGP_TIMER_DELAY_OPEN].value_ns = 5 * NS_PER_S;
	rig_init(rig, &profile);
	if (position == IDLE)
		return;
	bool active = position == ACTIVE || position == ACTIVE_DELAY;
	rig_event(rig, active ? SESSION_AUTOMATIC_START_PASSIVE : SESSION_AUTOMATIC_START);
	rig_actions(rig);
	if (position == ACTIVE_DELAY)
		assert_int_not_equal(rig_arrived(rig), 0);
	if (position == CONNECT_DELAY || position >= OPEN_SENT)
		rig_opened(rig);
	if (position >= OPEN_CONFIRM)
		rig_peer_open(rig, rig->dialled, NULL);
	if (position == ESTABLISHED)
		rig_peer_keepalive(rig, rig->dialled);
	rig_actions(rig);
}

static void happen(struct rig *rig, enum position position, enum session_event event)
{
	static const uint8_t codes[SESSION_EVENTS][2] = {
		[2] = { 6, 2 }, [8] = { 6, 2 }, [21] = { 1, 1 }, [22] = { 2, 2 },
		[23] = { 6, 7 }, [24] = { 2, 1 }, [25] = { 6, 4 }, [28] = { 3, 1 },
	};
	struct bgp_error error = { .code = codes[event][0], .subcode = codes[event][1] };
	struct bgp_open open = {
		.version = 4, .as_number = 64512, .hold_time_s = 90, .router_id = 0x0a000002,
		.capabilities = { .multiprotocol = true, .families = BGP_IPV4_UNICAST },
	};
	struct session_input input = {
		.error = error.code ? &error : NULL,
		.open = event == SESSION_OPEN || event == SESSION_OPEN_DELAYED ? &open : NULL,
		.close_reason = BGP_CLOSE_RESET,
	};
	struct session *session = &rig->session;
	if (position == ACTIVE && (event == SESSION_TCP_ACKED || event == SESSION_TCP_CONFIRMED))
		rig_arrived(rig); /* a connection has to come from somewhere */
	else
		session_event(session, &rig->context, rig->now, event, NULL, &input);
}

static void every_state_and_event(void **state)
{
	(void)state;
	int judged = 0, wrong = 0;
	for (int position = 0; position < POSITIONS; position++)
		for (int event = 1; event < SESSION_EVENTS; event++) {
			struct rig rig;
			char got[600];
			go_to(&rig, position);
			rig.session.retry_counter = 5;
			happen(&rig, position, event);
			const char *words = rig_actions(&rig);
			uint32_t counter = rig.session.retry_counter;
			snprintf(got, sizeof(got), "%s %s %s",
				 bgp_state_name(session_state(&rig.session)), words,
				 counter == 0 ? "0" : counter == 6 ? "+" : "=");
			assert_non_null(expected[position][event]);
			if (strcmp(got, expected[position][event]) != 0) {
				print_error("%s, event %d (%s): want \"%s\", got \"%s\"\n",
					    names[position], event, session_event_name(event),
					    expected[position][event], got);
				wrong++;
			}
			judged++;
			rig_free(&rig);
		}
	assert_int_equal(judged, 8 * 29);
	assert_int_equal(wrong, 0);
}

/* Idle means no timer but the pause; and each state runs the timers 8.2.2 gives it. */
static void timers_of_each_state(void **state)
{
	(void)state;
	static const struct {
		enum position position;
		int64_t deadline_s;
	} rows[] = {
		{ IDLE, -1 },      { CONNECT, 120 },  { CONNECT_DELAY, 5 }, { ACTIVE, -1 },
		{ ACTIVE_DELAY, 5 }, { OPEN_SENT, 240 }, { OPEN_CONFIRM, 30 }, { ESTABLISHED, 30 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig rig;
		go_to(&rig, rows[i].position);
		struct instant at = session_deadline(&rig.session);
		if (rows[i].deadline_s < 0)
			assert_true(instant_is_never(at));
		else
			assert_int_equal(at.ns, rows[i].deadline_s * NS_PER_S);
		rig_free(&rig);
	}
}

/* DampPeerOscillations: while the pause lasts an automatic start waits, one by hand does not. */
static void damped_start_waits(void **state)
{
	(void)state;
	struct rig rig;
	go_to(&rig, ESTABLISHED);
	session_closed(&rig.session, &rig.context, rig.now, rig.dialled, BGP_CLOSE_FIN);
	assert_string_equal(rig_actions(&rig), "w0");
	rig_event(&rig, SESSION_AUTOMATIC_START_DAMPED);
	assert_int_equal(session_state(&rig.session), BGP_IDLE);
	assert_int_equal(rig_wake(&rig), 10 * NS_PER_S);
	assert_string_equal(rig_actions(&rig), "d");
	rig_free(&rig);
}

/* What the trace is told: old and new state, and why. */
static void reasons(void **state)
{
	(void)state;
	struct rig rig;
	go_to(&rig, ESTABLISHED);
	assert_int_equal(rig.state.new_state, BGP_ESTABLISHED);
	assert_int_equal(rig.state.hold_s, 90);
	assert_int_equal(rig.state.keepalive_s, 30);
	session_closed(&rig.session, &rig.context, rig.now, rig.dialled, BGP_CLOSE_RESET);
	rig_actions(&rig);
	assert_int_equal(rig.state.old_state, BGP_ESTABLISHED);
	assert_int_equal(rig.state.new_state, BGP_IDLE);
	assert_true(rig.state.cause.has_close);
	assert_int_equal(rig.state.cause.close_reason, BGP_CLOSE_RESET);
	assert_int_equal(rig.state.cause.code, 0);
	rig_free(&rig);

	go_to(&rig, OPEN_CONFIRM);
	rig_peer_notification(&rig, rig.dialled, 2, 2);
	rig_actions(&rig);
	assert_int_equal(rig.state.cause.code, 2);
	assert_int_equal(rig.state.cause.subcode, 2);
	assert_false(rig.state.cause.sent);
	rig_free(&rig);

	go_to(&rig, ESTABLISHED);
	rig_until(&rig, (struct instant){ 90 * NS_PER_S });
	rig_actions(&rig);
	assert_string_equal(rig.state.cause.reason, "hold timer expired");
	assert_int_equal(rig.state.cause.code, 4);
	assert_true(rig.state.cause.sent);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_and_event),
		cmocka_unit_test(timers_of_each_state),
		cmocka_unit_test(damped_start_waits),
		cmocka_unit_test(reasons),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
