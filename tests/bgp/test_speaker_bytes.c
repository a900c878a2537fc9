/* One speaker, and a peer that is only bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "bgp/bgp.h"
#include "bgp/profile.h"
#include "bgp/route/table.h"
#include "bgp/wire/message.h"

static void drain(struct bgp_speaker *speaker)
{
	struct bgp_effect effect;
	while (bgp_effect_next(speaker, &effect))
		;
}

/* A session that comes up and ends within the same bytes: KEEPALIVE and NOTIFICATION in one segment.
 * The RIB must hear of neither, or of both. */
static void up_and_down_in_one_segment(void **state)
{
	(void)state;
	struct bgp_table *table = bgp_table_new();
	const struct bgp_peer_config peer = { .name = "b",
					      .remote = ip_addr_v4(0x0a000002),
					      .remote_as = 64512,
					      .passive = true,
					      .graceful_restart = true,
					      .families = BGP_IPV4_UNICAST };
	const struct bgp_config config = { .name = "a",
					   .profile = &bgp_profile_calico_bird,
					   .router_id = 0x0a000001,
					   .local_as = 64512,
					   .peers = &peer,
					   .peer_count = 1 };
	struct bgp_speaker *speaker =
		bgp_speaker_new(table, &config, random_stream_of(1, "a", "bgp"));
	bgp_started(speaker, INSTANT_ZERO);
	drain(speaker);
	for (int round = 0; round < 3; round++) {
		struct instant now = { (10 + round * 400) * NS_PER_S };
		bgp_time_reached(speaker, now);
		uint32_t connection = bgp_connection_arrived(speaker, now, peer.remote, 40000,
							     ip_addr_v4(0x0a000001));
		assert_int_not_equal(connection, 0);
		drain(speaker);
		uint8_t bytes[512];
		struct writer out = writer_of(bytes, sizeof(bytes));
		const struct bgp_open open = { .version = 4,
					       .as_number = 64512,
					       .hold_time_s = 90,
					       .router_id = 0x0a000002,
					       .capabilities = { .multiprotocol = true,
								 .families = BGP_IPV4_UNICAST,
								 .graceful_restart = true,
								 .restart_time_s = 120,
								 .restart_families =
									 BGP_IPV4_UNICAST } };
		static const uint8_t order[] = { BGP_CAP_MULTIPROTOCOL, BGP_CAP_GRACEFUL_RESTART,
						 0 };
		bgp_open_encode(&open, order, false, &out);
		bgp_bytes_received(speaker, now, connection, bytes, writer_used(&out));
		drain(speaker);
		assert_int_equal(bgp_peer_state(speaker, "b"), BGP_OPEN_CONFIRM);
		const struct bgp_error cease = { .code = 6, .subcode = 2 };
		out = writer_of(bytes, sizeof(bytes));
		bgp_keepalive_encode(&out);
		bgp_notification_encode(&cease, &out);
		bgp_bytes_received(speaker, now, connection, bytes, writer_used(&out));
		drain(speaker);
		assert_int_not_equal(bgp_peer_state(speaker, "b"), BGP_ESTABLISHED);
		bgp_transport_closed(speaker, now, connection, BGP_CLOSE_FIN);
		drain(speaker);
	}
	bgp_speaker_free(speaker);
	assert_int_equal(bgp_attrs_live(table), 0);
	bgp_table_free(table);
}

/* BIRD 1.6 counts whole seconds of its own clock: a timer ends with a tick, up to a second early. */
static void timers_end_with_the_clock(void **state)
{
	(void)state;
	struct bgp_table *table = bgp_table_new();
	const struct bgp_peer_config peer = { .name = "b",
					      .remote = ip_addr_v4(0x0a000002),
					      .remote_as = 64512,
					      .families = BGP_IPV4_UNICAST };
	struct bgp_config config = { .name = "a",
				     .profile = &bgp_profile_calico_bird,
				     .router_id = 0x0a000001,
				     .local_as = 64512,
				     .clock_phase_ns = 250 * NS_PER_MS,
				     .peers = &peer,
				     .peer_count = 1 };
	for (int ticking = 0; ticking < 2; ticking++) {
		config.clock_phase_ns = ticking ? 250 * NS_PER_MS : 0;
		struct bgp_speaker *speaker =
			bgp_speaker_new(table, &config, random_stream_of(1, "a", "bgp"));
		bgp_started(speaker, INSTANT_ZERO);
		drain(speaker);
		int64_t connect_delay_ns = bgp_next_wakeup(speaker).ns;
		assert_int_equal(connect_delay_ns, ticking ? 1750 * NS_PER_MS : 2 * NS_PER_S);
		bgp_speaker_free(speaker);
	}
	bgp_table_free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(up_and_down_in_one_segment),
					    cmocka_unit_test(timers_end_with_the_clock) };
	return cmocka_run_group_tests_name("bgp/speaker_bytes", tests, NULL, NULL);
}
