/* One speaker and a peer that is only bytes: what must reach the RIB, and what must wait for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/bgp.h"
#include "bgp/profile.h"
#include "bgp/route/table.h"
#include "bgp/wire/message.h"

struct lonely {
	struct bgp_table *table;
	struct bgp_peer_config peer;
	struct bgp_config config;
	struct bgp_speaker *speaker;
	struct instant now;
	uint32_t connection;
	bool answers;  /* next hops */
	char log[512]; /* "watch", "fib 1", "nofib", "recovered", "R0" ... "R2", "U", a word each */
};

static void note(struct lonely *lonely, const char *word, unsigned number)
{
	size_t used = strlen(lonely->log);
	snprintf(lonely->log + used, sizeof(lonely->log) - used, "%s%s%u", used ? " " : "", word,
		 number);
}

static void drain(struct lonely *lonely)
{
	struct bgp_effect effect;
	while (bgp_effect_next(lonely->speaker, &effect)) {
		switch (effect.kind) {
		case BGP_EFFECT_SEND:
			if (effect.slice->bytes[18] == BGP_ROUTE_REFRESH)
				note(lonely, "R", effect.slice->bytes[21]);
			if (effect.slice->bytes[18] == BGP_UPDATE)
				note(lonely, "U", effect.slice->length);
			break;
		case BGP_EFFECT_NEXT_HOP_WATCH:
			note(lonely, "watch", 0);
			if (lonely->answers)
				bgp_next_hop_changed(lonely->speaker, lonely->now, effect.next_hop,
						     (struct bgp_next_hop_state){
							     .reachable = true });
			break;
		case BGP_EFFECT_FIB_SET:
			note(lonely, "fib", effect.prefix.addr.bytes[2]);
			break;
		case BGP_EFFECT_FIB_REMOVE:
			note(lonely, "nofib", effect.prefix.addr.bytes[2]);
			break;
		case BGP_EFFECT_RECOVERED:
			note(lonely, "recovered", 0);
			break;
		default:
			break;
		}
	}
}

static const char *received(struct lonely *lonely, const uint8_t *bytes, size_t length)
{
	lonely->log[0] = '\0';
	bgp_bytes_received(lonely->speaker, lonely->now, lonely->connection, bytes, length);
	drain(lonely);
	return lonely->log;
}

static void up(struct lonely *lonely, bool restarting)
{
	*lonely = (struct lonely){
		.table = bgp_table_new(),
		.peer = { .name = "b", .remote = ip_addr_v4(0x0a000002), .remote_as = 64512,
			  .passive = true, .graceful_restart = true,
			  .families = BGP_IPV4_UNICAST },
		.config = { .name = "a", .profile = &bgp_profile_calico_bird,
			    .router_id = 0x0a000001, .local_as = 64512, .peer_count = 1,
			    .restarting = restarting },
		.answers = !restarting,
		.now = { 10 * NS_PER_S },
	};
	lonely->config.peers = &lonely->peer;
	lonely->speaker = bgp_speaker_new(lonely->table, &lonely->config,
					  random_stream_of(1, "a", "bgp"));
	bgp_started(lonely->speaker, INSTANT_ZERO);
	bgp_route_originated(lonely->speaker, INSTANT_ZERO,
			     &(struct bgp_local_route){ .prefix = { ip_addr_v4(0x14000900), 24 } });
	drain(lonely);
	lonely->connection = bgp_connection_arrived(lonely->speaker, lonely->now,
						    lonely->peer.remote, 40000,
						    ip_addr_v4(0x0a000001));
	assert_int_not_equal(lonely->connection, 0);
	drain(lonely);
	static const uint8_t order[] = { 1, 2, 64, 70, 0 };
	const struct bgp_open open = {
		.version = 4, .as_number = 64512, .hold_time_s = 90, .router_id = 0x0a000002,
		.capabilities = { .multiprotocol = true, .families = BGP_IPV4_UNICAST,
				  .route_refresh = true, .enhanced_refresh = true,
				  .graceful_restart = true, .restart_time_s = 120,
				  .restart_families = BGP_IPV4_UNICAST },
	};
	uint8_t bytes[512];
	struct writer out = writer_of(bytes, sizeof(bytes));
	bgp_open_encode(&open, order, false, &out);
	bgp_keepalive_encode(&out);
	received(lonely, bytes, writer_used(&out));
	assert_int_equal(bgp_peer_state(lonely->speaker, "b"), BGP_ESTABLISHED);
}

static void down(struct lonely *lonely)
{
	bgp_speaker_free(lonely->speaker);
	bgp_table_free(lonely->table);
}

static const char *announce(struct lonely *lonely, uint8_t third)
{
	uint8_t bytes[] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
			    255, 255, 0, 48, 2, 0, 0, 0, 21, 0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 3, 4,
			    10, 0, 0, 2, 0x40, 5, 4, 0, 0, 0, 100, 24, 20, 0, third };
	return received(lonely, bytes, sizeof(bytes));
}

static const char *refresh(struct lonely *lonely, uint8_t subtype)
{
	uint8_t bytes[32];
	struct writer out = writer_of(bytes, sizeof(bytes));
	const struct bgp_route_refresh message = { .family = BGP_IPV4_UNICAST, .subtype = subtype };
	bgp_route_refresh_encode(&message, &out);
	return received(lonely, bytes, writer_used(&out));
}

/* RFC 2918 4, RFC 7313 4: asked for everything again, it says it, between BoRR and EoRR. */
static void asked_again(void **state)
{
	(void)state;
	struct lonely lonely;
	up(&lonely, false);
	assert_string_equal(refresh(&lonely, 0), "R1 U48 R2");
	down(&lonely);
}

/* RFC 7313 4: what the peer did not say again until EoRR is gone. */
static void said_again(void **state)
{
	(void)state;
	struct lonely lonely;
	up(&lonely, false);
	assert_string_equal(announce(&lonely, 1), "watch0 fib1");
	assert_string_equal(announce(&lonely, 2), "fib2");
	assert_string_equal(refresh(&lonely, 1), "");
	assert_string_equal(announce(&lonely, 2), "");
	assert_string_equal(refresh(&lonely, 2), "nofib1");
	down(&lonely);
}

/* RFC 4724 4.1: a restarting speaker has recovered when its peers have spoken and it knows about
 * their next hops; before that nothing can have been selected. */
static void recovered_when_known(void **state)
{
	(void)state;
	struct lonely lonely;
	static const uint8_t end_of_rib[] = { 255, 255, 255, 255, 255, 255, 255, 255,
					      255, 255, 255, 255, 255, 255, 255, 255,
					      0, 23, 2, 0, 0, 0, 0 };
	up(&lonely, true);
	assert_string_equal(announce(&lonely, 1), "watch0");
	assert_null(strstr(received(&lonely, end_of_rib, sizeof(end_of_rib)), "recovered"));
	lonely.log[0] = '\0';
	bgp_next_hop_changed(lonely.speaker, lonely.now, ip_addr_v4(0x0a000002),
			     (struct bgp_next_hop_state){ .reachable = true });
	drain(&lonely);
	assert_string_equal(lonely.log, "fib1 recovered0");
	down(&lonely);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asked_again),
		cmocka_unit_test(said_again),
		cmocka_unit_test(recovered_when_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
