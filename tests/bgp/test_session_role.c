/* Roles in OPEN: RFC 9234 section 4. */
#include "tests/bgp/rig.h"

/* What comes of our role and the values the peer says (-1: none). */
static const char *meet(struct rig *rig, enum bgp_role ours, bool strict, int theirs, int again)
{
	struct bgp_profile profile = rig_textbook();
	char room[64] = "\x01\x04\x00\x01\x00\x01\x41\x04\x00\x00\xfc\x00";
	size_t length = 12;
	for (int i = 0; i < 2; i++) {
		int value = i ? again : theirs;
		if (value < 0)
			continue;
		room[length++] = 9;
		room[length++] = 1;
		room[length++] = (char)value;
	}
	rig_init(rig, &profile);
	rig->context.local_as = 65000;
	rig->peer.role = ours;
	rig->peer.role_strict = strict;
	rig_event(rig, SESSION_AUTOMATIC_START);
	rig_actions(rig);
	rig_opened(rig);
	rig_actions(rig);
	rig_peer_open(rig, rig->dialled, &(struct rig_open){ .capabilities = room,
							     .length = length });
	return rig_actions(rig);
}

static void every_pair(void **state)
{
	(void)state;
	/* Provider 0, RS 1, RS-client 2, customer 3, peer 4: who is whose counterpart. */
	static const int wanted[] = { 3, 2, 1, 0, 4 };
	for (int ours = 0; ours < 5; ours++)
		for (int theirs = 0; theirs < 256; theirs++) {
			struct rig rig;
			const char *answer = meet(&rig, (enum bgp_role)(ours + 1), false, theirs,
						  -1);
			assert_string_equal(answer, theirs == wanted[ours] ? "k" : "n2.11,c");
			rig_free(&rig);
		}
}

static void silent_and_contradicting_peers(void **state)
{
	(void)state;
	static const struct {
		enum bgp_role ours;
		bool strict;
		int theirs, again;
		const char *answer;
	} rows[] = {
		{ BGP_ROLE_PEER, false, -1, -1, "k" },
		{ BGP_ROLE_PEER, true, -1, -1, "n2.11,c" },
		{ BGP_ROLE_PEER, true, 4, -1, "k" },
		{ BGP_ROLE_PEER, false, 4, 4, "k" },
		{ BGP_ROLE_PEER, false, 4, 3, "n2.11,c" },
		{ BGP_ROLE_PEER, false, 3, 4, "n2.11,c" },
		{ BGP_ROLE_NONE, false, 3, -1, "k" },
		{ BGP_ROLE_NONE, true, 3, 4, "k" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig rig;
		assert_string_equal(meet(&rig, rows[i].ours, rows[i].strict, rows[i].theirs,
					 rows[i].again), rows[i].answer);
		rig_free(&rig);
	}
}

/* RFC 8950 4: capability 5 likewise, with the one triple we know; agreed only if both say it. */
static void extended_next_hop(void **state)
{
	(void)state;
	static const char theirs[] = "\x01\x04\x00\x01\x00\x01\x41\x04\x00\x00\xfc\x00"
				     "\x05\x0c\x00\x01\x00\x80\x00\x02\x00\x01\x00\x01\x00\x02";
	static const uint8_t wanted[] = { 5, 6, 0, 1, 0, 1, 0, 2 };
	for (int ours = 0; ours < 2; ours++)
		for (int said = 0; said < 3; said++) { /* none, another triple only, ours too */
			const struct rig_open open = { .capabilities = theirs,
						       .length = said == 0 ? 12 : 26 };
			char other[sizeof(theirs)];
			struct bgp_profile profile = rig_textbook();
			struct rig_open asked = open;
			struct rig rig;
			memcpy(other, theirs, sizeof(other));
			other[23] = (char)(said == 2 ? 1 : 4);
			asked.capabilities = other;
			rig_init(&rig, &profile);
			rig.peer.extended_next_hop = ours;
			rig_establish(&rig, &asked);
			const uint8_t *end = rig.open + rig.open_length;
			assert_int_equal(memcmp(end - 8, wanted, 8) == 0, ours);
			assert_int_equal(rig.session.outgoing.terms.extended_next_hop,
					 ours && said == 2);
			rig_free(&rig);
		}
}

/* Our capability goes last, only if a role was given, and only between autonomous systems. */
static void only_when_asked(void **state)
{
	(void)state;
	static const struct {
		enum bgp_role role;
		uint32_t local_as;
		bool said;
	} rows[] = {
		{ BGP_ROLE_CUSTOMER, 65000, true },
		{ BGP_ROLE_NONE, 65000, false },
		{ BGP_ROLE_CUSTOMER, 64512, false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bgp_profile profile = rig_textbook();
		struct rig rig;
		rig_init(&rig, &profile);
		rig.context.local_as = rows[i].local_as;
		rig.peer.role = rows[i].role;
		rig_event(&rig, SESSION_AUTOMATIC_START);
		rig_actions(&rig);
		rig_opened(&rig);
		rig_actions(&rig);
		const uint8_t *end = rig.open + rig.open_length;
		bool said = end[-3] == 9 && end[-2] == 1 && end[-1] == 3;
		assert_int_equal(said, rows[i].said);
		rig_free(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pair),
		cmocka_unit_test(silent_and_contradicting_peers),
		cmocka_unit_test(extended_next_hop),
		cmocka_unit_test(only_when_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
