/* ROUTE-REFRESH as received: RFC 2918, and RFC 7313's BoRR and EoRR. */
#include "tests/bgp/rig.h"

static void up(struct rig *rig, bool enhanced, int64_t longest_s)
{
	static const uint8_t capabilities[] = { 1, 2, 65, 70, 0 };
	static const char theirs[] = "\x01\x04\x00\x01\x00\x01\x02\x00\x41\x04\x00\x00\xfc\x00\x46";
	char room[sizeof(theirs) + 1];
	memcpy(room, theirs, sizeof(theirs)); /* with the 0 that ends it: capability 70's length */
	struct rig_open open = { .capabilities = room,
				 .length = enhanced ? sizeof(theirs) : sizeof(theirs) - 2 };
	struct bgp_profile profile = rig_textbook();
	profile.capabilities = capabilities;
	profile.timers[BGP_TIMER_STALE_MAX].value_ns = longest_s * NS_PER_S;
	rig_init(rig, &profile);
	rig_establish(rig, &open);
	assert_int_equal(rig->session.outgoing.terms.enhanced_refresh, enhanced);
}

static const char *refresh(struct rig *rig, uint8_t afi, uint8_t subtype)
{
	uint8_t bytes[32];
	const uint8_t body[4] = { 0, afi, subtype, 1 };
	memcpy(bytes + 19, body, 4);
	rig_bytes(rig, rig->dialled, bytes, rig_header(bytes, BGP_ROUTE_REFRESH, 4));
	return rig_actions(rig);
}

static void framed(void **state)
{
	(void)state;
	struct rig rig;
	up(&rig, true, 0);
	assert_string_equal(refresh(&rig, 1, 0), "r1e");
	assert_string_equal(refresh(&rig, 1, 2), "");   /* an end without a beginning */
	assert_string_equal(refresh(&rig, 1, 1), "b1");
	assert_string_equal(refresh(&rig, 1, 1), "b1"); /* once more from the start */
	assert_string_equal(refresh(&rig, 2, 2), "");   /* a family we do not share */
	assert_string_equal(refresh(&rig, 1, 2), "e1");
	assert_string_equal(refresh(&rig, 1, 2), "");
	assert_string_equal(refresh(&rig, 1, 3), "");   /* unknown subtypes: passed over */
	assert_string_equal(refresh(&rig, 1, 255), "");
	/* Without an upper bound in the profile it waits as long as the session holds. */
	assert_string_equal(refresh(&rig, 1, 1), "b1");
	assert_true(instant_is_never(rig.session.repeat_until));
	rig_free(&rig);
}

/* RFC 7313 4: the subtypes mean something only if both have sent capability 70. */
static void only_if_agreed(void **state)
{
	(void)state;
	struct rig rig;
	up(&rig, false, 0);
	assert_string_equal(refresh(&rig, 1, 0), "r1");
	assert_string_equal(refresh(&rig, 1, 1), "");
	assert_string_equal(refresh(&rig, 1, 2), "");
	rig_free(&rig);
}

/* RFC 7313 5: a wrong length is an error of its own, 7/1, and only for who has agreed. */
static void wrong_length(void **state)
{
	(void)state;
	for (int enhanced = 0; enhanced < 2; enhanced++) {
		struct rig rig;
		uint8_t bytes[32] = { 0 };
		up(&rig, enhanced, 0);
		bytes[20] = 1;
		bytes[21] = 1;
		rig_bytes(&rig, rig.dialled, bytes, rig_header(bytes, BGP_ROUTE_REFRESH, 5));
		assert_string_equal(rig_actions(&rig), enhanced ? "n7.1,c,w0" : "n1.2,c,w0");
		rig_free(&rig);
	}
}

static void not_for_ever(void **state)
{
	(void)state;
	struct rig rig;
	struct instant end;
	up(&rig, true, 40);
	end = instant_add(rig.now, 40 * NS_PER_S);
	assert_string_equal(refresh(&rig, 1, 1), "b1");
	rig_until(&rig, instant_add(end, -1));
	assert_null(strchr(rig_actions(&rig), 'e'));
	rig_until(&rig, end);
	assert_string_equal(rig_actions(&rig), "e1");
	assert_string_equal(refresh(&rig, 1, 2), "");
	/* The end of the session is the end of it too. */
	assert_string_equal(refresh(&rig, 1, 1), "b1");
	session_closed(&rig.session, &rig.context, rig.now, rig.dialled, BGP_CLOSE_FIN);
	assert_string_equal(rig_actions(&rig), "w0");
	assert_true(instant_is_never(rig.session.repeat_until));
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(framed),
		cmocka_unit_test(only_if_agreed),
		cmocka_unit_test(wrong_length),
		cmocka_unit_test(not_for_ever),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
