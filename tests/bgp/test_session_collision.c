/* Two connections with one peer: RFC 4271 6.8, RFC 6286.
 *
 *      we, 10.0.0.1 --- dialled --->  peer
 *                   <-- came in ----                      */
#include "tests/bgp/rig.h"

static void who_wins(void **state)
{
	(void)state;
	assert_true(collision_keeps_outgoing(2, 1, 1, 1));
	assert_false(collision_keeps_outgoing(1, 1, 2, 1));
	/* unsigned, in network order: 200.0.0.1 is above 10.0.0.1 */
	assert_true(collision_keeps_outgoing(0xc8000001, 1, 0x0a000001, 1));
	/* RFC 6286 2.3: the same identifier, so the higher AS */
	assert_true(collision_keeps_outgoing(7, 65001, 7, 65000));
	assert_false(collision_keeps_outgoing(7, 65000, 7, 65001));
}

/* Both connections open, OPENs sent on both. Returns the incoming one's number. */
static uint32_t both_open(struct rig *rig, bool eager)
{
	struct bgp_profile profile = rig_textbook();
	profile.collision_in_open_sent = eager;
	rig_init(rig, &profile);
	rig_event(rig, SESSION_AUTOMATIC_START);
	rig_actions(rig);
	rig_opened(rig);
	uint32_t incoming = rig_arrived(rig);
	assert_int_not_equal(incoming, 0);
	assert_string_equal(rig_actions(rig), "o,o");
	assert_int_equal(session_state(&rig->session), BGP_OPEN_SENT);
	return incoming;
}

/* Peer's identifier, which connection hears its OPEN first, and which stays. */
static void resolved_in_open_confirm(void **state)
{
	(void)state;
	for (int row = 0; row < 8; row++) {
		bool peer_is_higher = row & 1, incoming_first = row & 2, eager = row & 4;
		uint32_t id = peer_is_higher ? 0x0a000002 : 0x09000002;
		const struct rig_open open = { .router_id = id };
		struct rig rig;
		uint32_t incoming = both_open(&rig, eager), outgoing = rig.dialled;
		uint32_t first = incoming_first ? incoming : outgoing;
		uint32_t second = incoming_first ? outgoing : incoming;
		uint32_t stays = peer_is_higher ? incoming : outgoing;
		rig_peer_open(&rig, first, &open);
		if (!eager) {
			assert_string_equal(rig_actions(&rig), "k");
			rig_peer_open(&rig, second, &open);
			assert_string_equal(rig_actions(&rig),
					    stays == first ? "n6.7,c" : "n6.7,c,k");
		} else {
			/* decided with the first OPEN, for the other one need not be known */
			assert_string_equal(rig_actions(&rig),
					    stays == first ? "n6.7,c,k" : "n6.7,c");
			if (stays == second) {
				rig_peer_open(&rig, second, &open);
				assert_string_equal(rig_actions(&rig), "k");
			}
		}
		rig_peer_keepalive(&rig, stays);
		assert_string_equal(rig_actions(&rig), "u");
		assert_int_equal(session_established(&rig.session)->number, stays);
		assert_int_equal(!rig.session.outgoing.number, stays == incoming);
		rig_free(&rig);
	}
}

/* 6.8: one that is Established wins over any new one, whose OPEN is heard before it goes. */
static void established_stays(void **state)
{
	(void)state;
	struct bgp_profile profile = rig_textbook();
	struct rig rig;
	rig_init(&rig, &profile);
	rig_establish(&rig, NULL);
	uint32_t incoming = rig_arrived(&rig);
	assert_int_not_equal(incoming, 0);
	assert_string_equal(rig_actions(&rig), "o");
	rig_peer_open(&rig, incoming, NULL);
	assert_string_equal(rig_actions(&rig), "n6.7,c");
	assert_int_equal(session_state(&rig.session), BGP_ESTABLISHED);
	rig_free(&rig);
}

/* A dial still under way is given up when the peer's OPEN comes on its own connection. */
static void dial_is_given_up(void **state)
{
	(void)state;
	struct bgp_profile profile = rig_textbook();
	struct rig rig;
	rig_init(&rig, &profile);
	rig_event(&rig, SESSION_AUTOMATIC_START);
	rig_actions(&rig);
	uint32_t incoming = rig_arrived(&rig);
	assert_string_equal(rig_actions(&rig), "o");
	rig_peer_open(&rig, incoming, NULL);
	assert_string_equal(rig_actions(&rig), "c,k");
	assert_int_equal(rig.session.outgoing.number, 0);
	rig_free(&rig);
}

/* Of two connections one may die without the session noticing. */
static void one_of_two_dies(void **state)
{
	(void)state;
	struct rig rig;
	uint32_t incoming = both_open(&rig, false);
	session_closed(&rig.session, &rig.context, rig.now, incoming, BGP_CLOSE_RESET);
	assert_string_equal(rig_actions(&rig), "");
	assert_int_equal(session_state(&rig.session), BGP_OPEN_SENT);
	session_closed(&rig.session, &rig.context, rig.now, rig.dialled, BGP_CLOSE_RESET);
	assert_int_equal(session_state(&rig.session), BGP_ACTIVE);
	rig_free(&rig);
}

/* A second one that comes in: BIRD refuses it, FRR lets it take the first one's place. */
static void second_incoming(void **state)
{
	(void)state;
	struct rig rig;
	uint32_t incoming = both_open(&rig, false);
	assert_int_equal(rig_arrived(&rig), 0);
	rig.profile.newer_incoming_replaces = true;
	uint32_t newer = rig_arrived(&rig);
	assert_true(newer > incoming);
	assert_string_equal(rig_actions(&rig), "c,o");
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_wins),
		cmocka_unit_test(resolved_in_open_confirm),
		cmocka_unit_test(established_stays),
		cmocka_unit_test(dial_is_given_up),
		cmocka_unit_test(one_of_two_dies),
		cmocka_unit_test(second_incoming),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
