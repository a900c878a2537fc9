/* Bytes to messages: any segmentation, and every error of RFC 4271 6.1 with its data. */
#include "tests/bgp/rig.h"

static void established(struct rig *rig)
{
	struct bgp_profile profile = rig_textbook();
	rig_init(rig, &profile);
	rig_establish(rig, NULL);
}

/* The same stream cut in every way: one octet at a time, two, ... and all at once. */
static void any_segmentation(void **state)
{
	(void)state;
	uint8_t stream[512];
	size_t length = rig_make_open(stream, &(struct rig_open){ 0 });
	length += rig_header(stream + length, BGP_KEEPALIVE, 0);
	for (int i = 0; i < 3; i++) {
		memset(stream + length + 19, 0, 4);
		length += rig_header(stream + length, BGP_UPDATE, 4);
		length += rig_header(stream + length, BGP_KEEPALIVE, 0);
	}
	for (size_t step = 1; step <= length; step++) {
		struct bgp_profile profile = rig_textbook();
		struct rig rig;
		int updates = 0;
		rig_init(&rig, &profile);
		rig_event(&rig, SESSION_AUTOMATIC_START);
		rig_actions(&rig);
		rig_opened(&rig);
		rig_actions(&rig);
		for (size_t at = 0; at < length; at += step)
			updates += rig_bytes(&rig, rig.dialled, stream + at,
					     length - at < step ? length - at : step);
		assert_string_equal(rig_actions(&rig), "k,u");
		assert_int_equal(updates, 3);
		assert_int_equal(session_state(&rig.session), BGP_ESTABLISHED);
		rig_free(&rig);
	}
}

static void header_errors(void **state)
{
	(void)state;
	static const struct {
		uint8_t type;
		uint16_t length;
		bool bad_marker;
		const char *answer;
	} rows[] = {
		{ BGP_KEEPALIVE, 19, true, "n1.1,c,w0" },
		{ BGP_KEEPALIVE, 18, false, "n1.2,c,w0" },
		{ BGP_KEEPALIVE, 20, false, "n1.2,c,w0" },
		{ BGP_UPDATE, 22, false, "n1.2,c,w0" },
		{ BGP_UPDATE, 4097, false, "n1.2,c,w0" },
		{ BGP_NOTIFICATION, 20, false, "n1.2,c,w0" },
		{ BGP_OPEN, 28, false, "n1.2,c,w0" },
		{ 9, 19, false, "n1.3,c,w0" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig rig;
		uint8_t bytes[64] = { 0 };
		established(&rig);
		rig_header(bytes, rows[i].type, 0);
		put_u16(bytes + 16, rows[i].length);
		bytes[3] = rows[i].bad_marker ? 0 : 0xff;
		rig_bytes(&rig, rig.dialled, bytes, 40);
		assert_string_equal(rig_actions(&rig), rows[i].answer);
		rig_free(&rig);
	}
}

/* Nothing after a fatal message is looked at. */
static void rest_is_dropped(void **state)
{
	(void)state;
	struct rig rig;
	uint8_t bytes[64] = { 0 };
	established(&rig);
	size_t length = rig_header(bytes, BGP_NOTIFICATION, 2);
	bytes[19] = 6;
	bytes[20] = 2;
	length += rig_header(bytes + length, BGP_KEEPALIVE, 0);
	rig_bytes(&rig, rig.dialled, bytes, length);
	assert_string_equal(rig_actions(&rig), "c,w0");
	rig_bytes(&rig, rig.dialled, bytes, length);
	assert_string_equal(rig_actions(&rig), "");
	rig_free(&rig);
}

static void route_refresh(void **state)
{
	(void)state;
	static const struct {
		uint8_t body[4];
		size_t length;
		const char *answer;
	} rows[] = {
		{ { 0, 1, 0, 1 }, 4, "r1" },
		{ { 0, 2, 0, 1 }, 4, "" },      /* not negotiated */
		{ { 0, 1, 0, 128 }, 4, "" },    /* not ours */
		{ { 0, 1, 0, 1 }, 3, "n1.2,c,w0" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig rig;
		uint8_t bytes[32];
		established(&rig);
		memcpy(bytes + 19, rows[i].body, 4);
		rig_bytes(&rig, rig.dialled, bytes,
			  rig_header(bytes, BGP_ROUTE_REFRESH, rows[i].length));
		assert_string_equal(rig_actions(&rig), rows[i].answer);
		rig_free(&rig);
	}
}

/* RFC 8654: longer than 4096 octets only if both said so; then at once, and in pieces. */
static void extended_message(void **state)
{
	(void)state;
	static const uint8_t ours[] = { 1, 6, 65, 0 };
	static const char theirs[] = "\x01\x04\x00\x01\x00\x01\x41\x04\x00\x00\xfc\x00\x06";
	static uint8_t bytes[65535];
	for (int agreed = 0; agreed < 2; agreed++)
		for (size_t piece = 1500; piece <= sizeof(bytes); piece += 64035) {
			struct bgp_profile profile = rig_textbook();
			struct rig_open open = { .capabilities = theirs,
						 .length = agreed ? sizeof(theirs) : 12 };
			struct rig rig;
			int updates = 0;
			profile.capabilities = ours;
			rig_init(&rig, &profile);
			rig_establish(&rig, &open);
			rig_header(bytes, BGP_UPDATE, sizeof(bytes) - 19);
			for (size_t at = 0; at < sizeof(bytes); at += piece) {
				size_t left = sizeof(bytes) - at;
				updates += rig_bytes(&rig, rig.dialled, bytes + at,
						     left < piece ? left : piece);
			}
			assert_int_equal(updates, agreed);
			assert_string_equal(rig_actions(&rig), agreed ? "" : "n1.2,c,w0");
			rig_free(&rig);
		}
}

/* BIRD takes an UPDATE in OpenConfirm for the KEEPALIVE it waits for; the RFC does not. */
static void update_in_open_confirm(void **state)
{
	(void)state;
	for (int taken = 0; taken < 2; taken++) {
		struct bgp_profile profile = rig_textbook();
		struct rig rig;
		profile.update_confirms = taken;
		rig_init(&rig, &profile);
		rig_event(&rig, SESSION_AUTOMATIC_START);
		rig_actions(&rig);
		rig_opened(&rig);
		rig_peer_open(&rig, rig.dialled, NULL);
		rig_actions(&rig);
		rig_peer_end_of_rib(&rig, rig.dialled);
		assert_string_equal(rig_actions(&rig), taken ? "u" : "n5.2,c");
		rig_free(&rig);
	}
}

/* What the RIB made of an UPDATE: session reset with its error; too many prefixes. */
static void verdicts_on_updates(void **state)
{
	(void)state;
	struct rig rig;
	established(&rig);
	struct session_update update = { .outcome = BGP_OUTCOME_RESET,
					 .error = { .code = 3, .subcode = 10 } };
	session_update_done(&rig.session, &rig.context, rig.now, rig.dialled, &update);
	assert_string_equal(rig_actions(&rig), "n3.10,c,w0");
	rig_free(&rig);

	established(&rig);
	rig.peer.max_prefixes = 10;
	update = (struct session_update){ .prefixes = 10 };
	session_update_done(&rig.session, &rig.context, rig.now, rig.dialled, &update);
	assert_string_equal(rig_actions(&rig), "");
	update.prefixes = 11;
	session_update_done(&rig.session, &rig.context, rig.now, rig.dialled, &update);
	assert_string_equal(rig_actions(&rig), "n6.1,c,w0");
	/* It stays down, and lets nobody in, until somebody starts it. */
	assert_true(instant_is_never(session_deadline(&rig.session)));
	assert_int_equal(rig_arrived(&rig), 0);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_segmentation),
		cmocka_unit_test(header_errors),
		cmocka_unit_test(rest_is_dropped),
		cmocka_unit_test(route_refresh),
		cmocka_unit_test(extended_message),
		cmocka_unit_test(update_in_open_confirm),
		cmocka_unit_test(verdicts_on_updates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
