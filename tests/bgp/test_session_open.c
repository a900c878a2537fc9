/* OPEN: what daemons were seen to send, byte for byte; what is refused; what two agree on. */
#include "tests/bgp/rig.h"

static size_t from_hex(const char *hex, uint8_t *bytes)
{
	size_t length = 0;
	for (; hex[0] && hex[1]; hex += 2) {
		unsigned value;
		assert_int_equal(sscanf(hex, "%2x", &value), 1);
		bytes[length++] = (uint8_t)value;
	}
	return length;
}

#define MARKER "ffffffffffffffffffffffffffffffff"

/* AS 65000, identifier 10.0.0.1; written down from captures of the daemons named. */
static const struct {
	const char *what;
	const struct bgp_profile *profile;
	bool calico; /* graceful restart and add-path on */
	bool fresh;  /* within restart_time_s of its start */
	const char *host;
	const char *hex;
} opens[] = {
	{ "BIRD 1.6.8 with Calico's options", &bgp_profile_calico_bird, true, false, "node",
	  MARKER "003f0104fde800f00a0000012202200104000100010200400600780001010041040000fde8"
		 "45040001010346004700" },
	{ "FRR 8.4.4", &bgp_profile_frr, false, true, "frr",
	  MARKER "005f0104fde800b40a000001420206010400010001020280000202020002024600"
		 "020641040000fde802020600020645040001010102074905036672720002044002c078"
		 "0209470700010180000000" },
	{ "BIRD 1.6.8", &bgp_profile_bird, false, true, "node",
	  MARKER "00350104fde800f00a00000118021601040001000102004002000041040000fde846004700" },
	{ "BIRD 2.0.12", &bgp_profile_bird2, false, true, "node",
	  MARKER "00350104fde800f00a00000118021601040001000102004002007841040000fde846004700" },
	{ "GoBGP 3.10.0", &bgp_profile_gobgp, false, true, "vm",
	  MARKER "003b0104fde8005a0a0000011e021c0200490402766d0001040001000141040000fde80506"
		 "000100010002" },
	{ "OpenBGPD 7.7", &bgp_profile_openbgpd, false, true, "node",
	  MARKER "00310104fde8005a0a00000114021201040001000102004002800041040000fde8" },
};

static void openings_as_observed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]); i++) {
		struct rig rig;
		uint8_t wanted[256];
		size_t length = from_hex(opens[i].hex, wanted);
		rig_init(&rig, opens[i].profile);
		rig.context.local_as = rig.peer.remote_as = 65000;
		rig.context.host_name = opens[i].host;
		rig.peer.graceful_restart = opens[i].calico;
		rig.peer.add_path_send = rig.peer.add_path_receive = opens[i].calico;
		rig.context.restart_bit_until.ns = opens[i].fresh ? 120 * NS_PER_S : 0;
		rig_event(&rig, SESSION_AUTOMATIC_START);
		rig_actions(&rig);
		if (!rig.dialled) { /* BIRD waits in Active first */
			rig_wake(&rig);
			rig_actions(&rig);
		}
		rig_opened(&rig);
		assert_string_equal(rig_actions(&rig), "o");
		if (rig.open_length != length || memcmp(rig.open, wanted, length) != 0) {
			for (uint32_t at = 0; at < rig.open_length; at++)
				print_error("%02x", rig.open[at]);
			fail_msg("%s: other bytes", opens[i].what);
		}
		rig_free(&rig);
	}
}

/* The captures themselves, where they are at hand. */
static void openings_of_the_logs(void **state)
{
	(void)state;
	static const struct {
		const char *file;
		size_t row;
	} logs[] = {
		{ "res-L-calico-addpath.log", 0 }, { "res-open-frr.log", 1 },
		{ "res-open-bird16.log", 2 },      { "res-open-bird2.log", 3 },
		{ "res-open-gobgp.log", 4 },       { "res-open-obgpd.log", 5 },
	};
	int judged = 0, files = 0;
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		static char line[8192];
		snprintf(line, sizeof(line), SIMRUN_SHARED "/bgp/data/observed/%s", logs[i].file);
		FILE *file = fopen(line, "r");
		if (!file)
			continue;
		files++;
		while (fgets(line, sizeof(line), file))
			if (strstr(line, " OPEN {")) {
				const char *raw = strstr(line, " raw ");
				assert_non_null(raw);
				const char *hex = opens[logs[i].row].hex;
				assert_memory_equal(raw + 5, hex, strlen(hex));
				judged++;
			}
		fclose(file);
	}
	if (files == 0) {
		print_message("shared data not here: " SIMRUN_SHARED "\n");
		skip();
	}
	assert_true(judged >= 12);
}

static const char *answer_to(const struct rig_open *open, struct rig *rig)
{
	struct bgp_profile profile = rig_textbook();
	rig_init(rig, &profile);
	rig_event(rig, SESSION_AUTOMATIC_START);
	rig_actions(rig);
	rig_opened(rig);
	rig_actions(rig);
	rig_peer_open(rig, rig->dialled, open);
	return rig_actions(rig);
}

static void refused_openings(void **state)
{
	(void)state;
	static const struct {
		struct rig_open open;
		const char *answer;
	} rows[] = {
		{ { 0 }, "k" },
		{ { .as_number = 64513, .capabilities = "", .length = 0 }, "n2.2,c" },
		{ { .router_id = 0x0a000001 }, "n2.3,c" }, /* ours, on iBGP */
		{ { .hold_s = 2 }, "n2.6,c" },
		/* IPv6 alone, and we have IPv4 alone: 2/7 */
		{ { .capabilities = "\x01\x04\x00\x02\x00\x01", .length = 6 }, "n2.7,c" },
		{ { .capabilities = "\x01\x04\x00", .length = 3 }, "n2.0,c" },
		/* AS_TRANS with four-octet number 64512 */
		{ { .as_number = 23456, .capabilities = "\x41\x04\x00\x00\xfc\x00", .length = 6 },
		  "k" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig rig;
		assert_string_equal(answer_to(&rows[i].open, &rig), rows[i].answer);
		rig_free(&rig);
	}
}

/* RFC 6286: on eBGP the same identifier is nothing to object to. */
static void same_identifier_elsewhere(void **state)
{
	(void)state;
	struct bgp_profile profile = rig_textbook();
	const struct rig_open open = { .router_id = 0x0a000001 };
	struct rig rig;
	rig_init(&rig, &profile);
	rig.context.local_as = 64999;
	rig_event(&rig, SESSION_AUTOMATIC_START);
	rig_actions(&rig);
	rig_opened(&rig);
	rig_actions(&rig);
	rig_peer_open(&rig, rig.dialled, &open);
	assert_string_equal(rig_actions(&rig), "k");
	rig_free(&rig);
}

static void hold_time_is_the_smaller(void **state)
{
	(void)state;
	static const struct {
		uint16_t ours, theirs, hold, keepalive;
	} rows[] = {
		{ 0, 180, 90, 30 }, { 0, 30, 30, 10 },  { 9, 90, 9, 3 },
		{ BGP_HOLD_TIME_OFF, 90, 0, 0 },        { 3, 3, 3, 1 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bgp_profile profile = rig_textbook();
		const struct rig_open open = { .hold_s = rows[i].theirs };
		struct rig rig;
		rig_init(&rig, &profile);
		rig.peer.hold_time_s = rows[i].ours;
		rig_establish(&rig, &open);
		assert_int_equal(rig.session.outgoing.terms.hold_s, rows[i].hold);
		assert_int_equal(rig.session.outgoing.terms.keepalive_s, rows[i].keepalive);
		if (rows[i].hold == 0)
			assert_true(instant_is_never(session_deadline(&rig.session)));
		rig_free(&rig);
	}
}

/* FRR: the smaller of 60 s and a third; BIRD: a third. */
static void keepalive_rules(void **state)
{
	(void)state;
	const struct rig_open open = { .hold_s = 240 };
	struct rig rig;
	rig_init(&rig, &bgp_profile_frr);
	rig.peer.hold_time_s = 240;
	rig_establish(&rig, &open);
	assert_int_equal(rig.session.outgoing.terms.keepalive_s, 60);
	rig_free(&rig);
	rig_init(&rig, &bgp_profile_calico_bird);
	rig_event(&rig, SESSION_AUTOMATIC_START);
	rig_wake(&rig);
	rig_establish(&rig, &open);
	assert_int_equal(rig.session.outgoing.terms.keepalive_s, 80);
	rig_free(&rig);
}

static void capabilities_of_both(void **state)
{
	(void)state;
	struct bgp_profile profile = rig_textbook();
	/* 1/1, 1/2, refresh, GR (R, 90 s, IPv4 with F, IPv6 not), AS4, add-path IPv4, ERR */
	static const char capabilities[] =
		"\x01\x04\x00\x01\x00\x01\x01\x04\x00\x02\x00\x01\x02\x00"
		"\x40\x0a\x80\x5a\x00\x01\x01\x80\x00\x02\x01\x00"
		"\x41\x04\x00\x00\xfc\x00\x45\x04\x00\x01\x01\x03\x46\x00";
	const struct rig_open open = { .capabilities = capabilities,
				       .length = sizeof(capabilities) - 1 };
	struct rig rig;
	rig_init(&rig, &profile);
	rig.peer.families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST;
	rig.peer.add_path_receive = true;
	rig_establish(&rig, &open);
	const struct session_terms *terms = &rig.session.outgoing.terms;
	assert_int_equal(terms->families, BGP_IPV4_UNICAST | BGP_IPV6_UNICAST);
	assert_true(terms->as4 && terms->route_refresh && terms->enhanced_refresh);
	assert_int_equal(terms->add_path_in, BGP_IPV4_UNICAST);
	assert_int_equal(terms->add_path_out, 0);
	assert_true(terms->restart && terms->restarting);
	assert_int_equal(terms->restart_time_s, 90);
	assert_int_equal(terms->restart_families, BGP_IPV4_UNICAST | BGP_IPV6_UNICAST);
	assert_int_equal(terms->forwarding_families, BGP_IPV4_UNICAST);
	rig_free(&rig);

	/* A peer without any: IPv4 unicast, two-octet AS numbers. */
	const struct rig_open bare = { .capabilities = "", .length = 0 };
	rig_init(&rig, &profile);
	rig.peer.families = BGP_IPV4_UNICAST | BGP_IPV6_UNICAST;
	rig_establish(&rig, &bare);
	terms = &rig.session.outgoing.terms;
	assert_int_equal(terms->families, BGP_IPV4_UNICAST);
	assert_false(terms->as4 || terms->route_refresh || terms->restart);
	rig_free(&rig);
}

/* RFC 7911 4: what one receives the other must send, each way by itself; modes are the speaker's own
 * (1 receives, 2 sends, 3 both; others count as none). */
static void add_path_by_direction(void **state)
{
	(void)state;
	for (unsigned ours = 0; ours < 4; ours++)
		for (unsigned theirs = 0; theirs < 6; theirs++) {
			struct bgp_profile profile = rig_textbook();
			char capabilities[] = "\x41\x04\x00\x00\xfc\x00\x45\x04\x00\x01\x01\x00";
			const struct rig_open open = { .capabilities = capabilities,
						       .length = sizeof(capabilities) - 1 };
			struct rig rig;
			unsigned known = theirs > 3 ? 0 : theirs;
			capabilities[11] = (char)theirs;
			rig_init(&rig, &profile);
			rig.peer.add_path_receive = ours & 1;
			rig.peer.add_path_send = ours & 2;
			rig_establish(&rig, &open);
			const struct session_terms *terms = &rig.session.outgoing.terms;
			assert_int_equal(terms->add_path_in, (ours & 1) && (known & 2));
			assert_int_equal(terms->add_path_out, (ours & 2) && (known & 1));
			rig_free(&rig);
		}
}

/* RFC 5492 4: told "unsupported optional parameter", it tries once more without. */
static void second_try_without_capabilities(void **state)
{
	(void)state;
	struct bgp_profile profile = rig_textbook();
	struct rig rig;
	rig_init(&rig, &profile);
	rig_event(&rig, SESSION_AUTOMATIC_START);
	rig_actions(&rig);
	rig_opened(&rig);
	rig_actions(&rig);
	assert_int_not_equal(rig.open[28], 0);
	profile.notification_answered = rig.profile.notification_answered = false;
	rig_peer_notification(&rig, rig.dialled, 2, 4);
	assert_string_equal(rig_actions(&rig), "c");
	rig_wake(&rig);
	rig_actions(&rig);
	rig_opened(&rig);
	assert_string_equal(rig_actions(&rig), "o");
	assert_int_equal(rig.open_length, 29);
	assert_int_equal(rig.open[28], 0);
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openings_as_observed),
		cmocka_unit_test(openings_of_the_logs),
		cmocka_unit_test(refused_openings),
		cmocka_unit_test(same_identifier_elsewhere),
		cmocka_unit_test(hold_time_is_the_smaller),
		cmocka_unit_test(keepalive_rules),
		cmocka_unit_test(capabilities_of_both),
		cmocka_unit_test(add_path_by_direction),
		cmocka_unit_test(second_try_without_capabilities),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
