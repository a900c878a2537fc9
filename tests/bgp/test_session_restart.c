/* Graceful restart: RFC 4724 in both roles, RFC 8538. */
#include "tests/bgp/rig.h"

/* Capability 64 of the peer: flags and time, then IPv4 unicast with `family_flags`. */
struct peer_restart {
	uint8_t flags; /* 0x80 R, 0x40 N */
	uint8_t time_s;
	bool lists_ipv4;
	uint8_t family_flags; /* 0x80 F */
};

static struct rig_open open_with(const struct peer_restart *restart, char *room)
{
	static const char before[] = "\x01\x04\x00\x01\x00\x01\x41\x04\x00\x00\xfc\x00";
	size_t length = sizeof(before) - 1;
	memcpy(room, before, length);
	if (restart) {
		char tail[] = { 0x40, restart->lists_ipv4 ? 6 : 2, (char)restart->flags,
				(char)restart->time_s, 0, 1, 1, (char)restart->family_flags };
		memcpy(room + length, tail, restart->lists_ipv4 ? 8 : 4);
		length += restart->lists_ipv4 ? 8 : 4;
	}
	return (struct rig_open){ .capabilities = room, .length = length };
}

static const struct peer_restart usual = { 0, 100, true, 0 };
static const struct peer_restart came_back = { 0x80, 100, true, 0x80 };

static void up(struct rig *rig, const struct bgp_profile *profile, const struct peer_restart *peer)
{
	char room[64];
	struct rig_open open = open_with(peer, room);
	rig_init(rig, profile);
	rig->peer.graceful_restart = true;
	session_start(&rig->session, &rig->context, rig->now);
	rig_actions(rig);
	if (!rig->dialled)
		rig_wake(rig);
	rig_establish(rig, &open);
}

/* What ends a session, and whether its routes are kept: with the peer's N bit clear, and set. */
static void what_keeps_routes(void **state)
{
	(void)state;
	static const struct {
		const char *how;
		enum { BY_FIN, BY_RESET, BY_NOTIFICATION, BY_HARD_RESET, BY_HOLD, BY_US } end;
		const char *plain, *with_n;
	} rows[] = {
		{ "FIN", BY_FIN, "w1", "w1" },
		{ "reset", BY_RESET, "w1", "w1" },
		{ "NOTIFICATION 6/4", BY_NOTIFICATION, "c,w0", "c,w1" },
		{ "NOTIFICATION 6/9", BY_HARD_RESET, "c,w0", "c,w0" },
		{ "hold timer", BY_HOLD, "n4.0,c,w0", "n4.0,c,w1" },
		{ "our own stop", BY_US, "n6.3,c,w0", "n6.9,c,w0" },
	};
	struct bgp_profile profile = rig_textbook();
	profile.restart_notification = true;
	for (int n_bit = 0; n_bit < 2; n_bit++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct peer_restart peer = usual;
			struct rig rig;
			peer.flags = n_bit ? 0x40 : 0;
			up(&rig, &profile, &peer);
			switch (rows[i].end) {
			case BY_FIN:
			case BY_RESET:
				session_closed(&rig.session, &rig.context, rig.now, rig.dialled,
					       rows[i].end == BY_FIN ? BGP_CLOSE_FIN
								     : BGP_CLOSE_RESET);
				break;
			case BY_NOTIFICATION:
				rig_peer_notification(&rig, rig.dialled, 6, 4);
				break;
			case BY_HARD_RESET:
				rig_peer_notification(&rig, rig.dialled, 6, 9);
				break;
			case BY_HOLD:
				rig_until(&rig, instant_add(rig.now, 90 * NS_PER_S - 1));
				rig_actions(&rig);
				rig_until(&rig, instant_add(rig.now, 1));
				break;
			case BY_US:
				session_stop(&rig.session, &rig.context, rig.now, 3, "removed");
				break;
			}
			const char *wanted = n_bit ? rows[i].with_n : rows[i].plain;
			const char *got = rig_actions(&rig);
			if (rows[i].end == BY_HOLD && strncmp(got, "k,", 2) == 0)
				got += 2; /* a KEEPALIVE of ours was due as well */
			if (strcmp(got, wanted) != 0)
				fail_msg("%s, N %d: %s", rows[i].how, n_bit, got);
			rig_free(&rig);
		}
}

static void needs_the_capability(void **state)
{
	(void)state;
	static const struct peer_restart no_family = { 0, 100, false, 0 };
	static const struct peer_restart no_time = { 0, 0, true, 0 };
	const struct peer_restart *peers[] = { NULL, &no_family, &no_time };
	struct bgp_profile profile = rig_textbook();
	for (size_t i = 0; i < 3; i++) {
		struct rig rig;
		up(&rig, &profile, peers[i]);
		session_closed(&rig.session, &rig.context, rig.now, rig.dialled, BGP_CLOSE_FIN);
		assert_string_equal(rig_actions(&rig), "w0");
		rig_free(&rig);
	}
}

static void goes_when_restart_time_is_over(void **state)
{
	(void)state;
	struct bgp_profile profile = rig_textbook();
	struct rig rig;
	up(&rig, &profile, &usual);
	session_closed(&rig.session, &rig.context, rig.now, rig.dialled, BGP_CLOSE_FIN);
	rig_actions(&rig);
	struct instant lost = rig.now;
	rig_until(&rig, instant_add(lost, 100 * NS_PER_S - 1));
	assert_null(strchr(rig_actions(&rig), 'f'));
	rig_until(&rig, instant_add(lost, 100 * NS_PER_S));
	assert_string_equal(rig_actions(&rig), "f1");
	rig_free(&rig);
}

/* Loses the session, waits out the pause, dials, and is back with that capability. */
static void back(struct rig *rig, const struct peer_restart *peer)
{
	char room[64];
	struct rig_open open = open_with(peer, room);
	session_closed(&rig->session, &rig->context, rig->now, rig->dialled, BGP_CLOSE_FIN);
	assert_string_equal(rig_actions(rig), "w1");
	rig_wake(rig);
	rig_actions(rig);
	rig_opened(rig);
	rig_peer_open(rig, rig->dialled, &open);
	rig_actions(rig);
	rig_peer_keepalive(rig, rig->dialled);
}

static void stale_until_end_of_rib(void **state)
{
	(void)state;
	struct bgp_profile profile = rig_textbook();
	struct rig rig;
	up(&rig, &profile, &usual);
	back(&rig, &came_back);
	assert_string_equal(rig_actions(&rig), "u");
	rig_peer_end_of_rib(&rig, rig.dialled);
	assert_string_equal(rig_actions(&rig), "f1");
	rig_peer_end_of_rib(&rig, rig.dialled);
	assert_string_equal(rig_actions(&rig), "");
	rig_free(&rig);
}

static void gone_at_once_without_f_bit(void **state)
{
	(void)state;
	static const struct peer_restart no_f = { 0x80, 100, true, 0 };
	static const struct peer_restart no_family = { 0x80, 100, false, 0 };
	const struct peer_restart *peers[] = { &no_f, &no_family, NULL };
	struct bgp_profile profile = rig_textbook();
	for (size_t i = 0; i < 3; i++) {
		struct rig rig;
		up(&rig, &profile, &usual);
		back(&rig, peers[i]);
		assert_string_equal(rig_actions(&rig), "u,f1");
		rig_free(&rig);
	}
}

/* A peer that never sends End-of-RIB: our own upper bound, or the rest of its Restart Time. */
static void stale_has_an_upper_bound(void **state)
{
	(void)state;
	for (int bound_s = 0; bound_s <= 360; bound_s += 360) {
		struct bgp_profile profile = rig_textbook();
		struct rig rig;
		profile.timers[BGP_TIMER_STALE_MAX].value_ns = bound_s * NS_PER_S;
		up(&rig, &profile, &usual);
		struct instant lost = rig.now;
		back(&rig, &came_back);
		rig_actions(&rig);
		int64_t wanted = bound_s ? rig.now.ns + bound_s * NS_PER_S
					 : lost.ns + 100 * NS_PER_S;
		while (!strchr(rig_actions(&rig), 'f')) {
			rig_peer_keepalive(&rig, rig.dialled);
			rig_wake(&rig);
		}
		assert_int_equal(rig.now.ns, wanted);
		assert_int_equal(session_state(&rig.session), BGP_ESTABLISHED);
		rig_free(&rig);
	}
}

/* RFC 4724 4.2: the peer connects anew while we think the old session is alive. */
static void new_connection_is_a_restart(void **state)
{
	(void)state;
	static const struct bgp_profile *const profiles[] = { &bgp_profile_calico_bird,
							      &bgp_profile_frr };
	for (size_t i = 0; i < 2; i++) {
		char room[64];
		struct rig_open open = open_with(&came_back, room);
		struct rig rig;
		up(&rig, profiles[i], &usual);
		uint32_t fresh = rig_arrived(&rig);
		assert_int_not_equal(fresh, 0);
		assert_string_equal(rig_actions(&rig), "c,w1,o");
		assert_int_equal(session_state(&rig.session), BGP_OPEN_SENT);
		rig_peer_open(&rig, fresh, &open);
		rig_peer_keepalive(&rig, fresh);
		assert_string_equal(rig_actions(&rig), "k,u");
		rig_peer_end_of_rib(&rig, fresh);
		assert_string_equal(rig_actions(&rig), "f1");
		rig_free(&rig);

		/* ... and then once more: still that way round on the other slot */
		up(&rig, profiles[i], &usual);
		fresh = rig_arrived(&rig);
		rig_peer_open(&rig, fresh, &open);
		rig_peer_keepalive(&rig, fresh);
		rig_actions(&rig);
		assert_int_not_equal(rig_arrived(&rig), 0);
		assert_string_equal(rig_actions(&rig), "c,w1,o");
		rig_free(&rig);

		/* Without the capability it is a collision with an Established session. */
		up(&rig, profiles[i], NULL);
		fresh = rig_arrived(&rig);
		assert_string_equal(rig_actions(&rig), "o");
		rig_peer_open(&rig, fresh, NULL);
		assert_string_equal(rig_actions(&rig), "n6.7,c");
		rig_free(&rig);
	}
}

/* Our own restart: R and F in the OPEN, and what is waited for. */
static void our_own_restart(void **state)
{
	(void)state;
	static const struct peer_restart restarting = { 0x80, 100, true, 0x80 };
	static const struct {
		const struct peer_restart *peer;
		bool over_when_up, over_at_end_of_rib;
	} rows[] = {
		{ &usual, false, true },
		{ NULL, true, true },        /* sends no End-of-RIB to wait for */
		{ &restarting, true, true }, /* waits for us as we do for it */
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char room[64];
		struct rig_open open = open_with(rows[i].peer, room);
		struct bgp_profile profile = rig_textbook();
		struct rig rig;
		profile.restart_waits_for_all = true;
		rig_init(&rig, &profile);
		rig.peer.graceful_restart = true;
		rig.context.restarting = true;
		session_start(&rig.session, &rig.context, rig.now);
		assert_false(session_restart_over(&rig.context));
		rig_establish(&rig, &open);
		const uint8_t f_bit_on[] = { 0x40, 6, 0x80, 0x78, 0, 1, 1, 0x80 };
		bool found = false;
		for (uint32_t at = 29; at + 8 <= rig.open_length; at++)
			found |= memcmp(rig.open + at, f_bit_on, 8) == 0;
		assert_true(found);
		assert_int_equal(session_restart_over(&rig.context), rows[i].over_when_up);
		rig_peer_end_of_rib(&rig, rig.dialled);
		assert_int_equal(session_restart_over(&rig.context), rows[i].over_at_end_of_rib);
		rig_free(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_keeps_routes),
		cmocka_unit_test(needs_the_capability),
		cmocka_unit_test(goes_when_restart_time_is_over),
		cmocka_unit_test(stale_until_end_of_rib),
		cmocka_unit_test(gone_at_once_without_f_bit),
		cmocka_unit_test(stale_has_an_upper_bound),
		cmocka_unit_test(new_connection_is_a_restart),
		cmocka_unit_test(our_own_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
