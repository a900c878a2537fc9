/* What five daemons did with 44 malformed messages, on internal and on external sessions: each cell
 * of the two measured matrices, byte for byte the same stimulus, under the daemon's profile.
 *
 * As in the measurement there is the speaker (10.0.0.1), somebody who sends (10.0.0.100 + n, a
 * client where internal) and somebody who looks on (10.0.0.2, internal, no client). The sender has
 * announced 30.0.n.0/24 before. Outcomes: RESET c/s, a NOTIFICATION; TAW, the route was withdrawn
 * from the onlooker; ANNOUNCED, he was told a route; WD+ANN, both; KEPT, he heard nothing.
 *
 * Not imitated, see docs/profiles.md: */
static const struct exception {
	const char *daemon;
	int number;
	const char *seen, *ours, *why;
} exceptions[] = {
	{ "gobgp", 41, "CLOSED", "RESET 1/3", "the whole process ends: a bug" },
	{ "obgpd", 35, "RESET 6/2", "RESET 3/9", "the route engine ends, and the daemon: a bug" },
	{ "obgpd", 41, "noest", "RESET 1/3", "no observation: it lay dead since case 35" },
};

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/time.h"
#include "bgp/bgp.h"
#include "bgp/profile.h"
#include "bgp/route/table.h"

#define CASES 44
#define OBSERVED SIMRUN_SHARED "/bgp/data/observed/"

/* ---- the speaker and its two peers ---------------------------------------------------------- */

enum { ONLOOKER, SENDER, PEERS };

struct stage {
	struct bgp_table *table;
	struct bgp_speaker *speaker;
	struct bgp_config config;
	struct bgp_peer_config peers[PEERS];
	uint32_t connections[PEERS];
	struct instant now;
	struct ip_addr asked[8]; /* next hops not answered for yet */
	uint32_t asked_count;
	bool withdrawn, announced, closed;
	uint8_t code, subcode;   /* NOTIFICATION to the sender */
};

static void looked_on(struct stage *stage, const struct bgp_slice *slice)
{
	struct reader in = reader_of(slice->bytes + 19, slice->length - 19);
	if (slice->bytes[18] != 2)
		return;
	uint32_t withdrawn = reader_u16(&in);
	reader_bytes(&in, withdrawn);
	reader_bytes(&in, reader_u16(&in));
	stage->withdrawn |= withdrawn > 0;
	stage->announced |= reader_left(&in) > 0;
	assert_false(in.failed);
}

static void effects(struct stage *stage)
{
	struct bgp_effect effect;
	while (bgp_effect_next(stage->speaker, &effect)) {
		bool to_sender = effect.connection == stage->connections[SENDER];
		if (effect.kind == BGP_EFFECT_NEXT_HOP_WATCH) {
			assert_true(stage->asked_count < 8);
			stage->asked[stage->asked_count++] = effect.next_hop;
		} else if (effect.kind == BGP_EFFECT_CLOSE) {
			stage->closed |= to_sender;
		} else if (effect.kind == BGP_EFFECT_SEND) {
			size_t length = effect.slice->length;
			if (!to_sender)
				looked_on(stage, effect.slice);
			else if (effect.slice->bytes[18] == 3) {
				stage->code = effect.slice->bytes[19];
				stage->subcode = effect.slice->bytes[20];
			}
			bgp_bytes_sent(stage->speaker, stage->now, effect.connection, length);
		}
	}
}

/* Everything of the next while; next hops are answered after what they hold up was seen. */
static void pass(struct stage *stage, int64_t span_ns)
{
	const struct ip_prefix lan = { ip_addr_v4(0x0a000000), 24 };
	struct instant end = instant_add(stage->now, span_ns);
	for (;;) {
		effects(stage);
		while (stage->asked_count) {
			struct ip_addr hop = stage->asked[--stage->asked_count];
			bool here = ip_prefix_contains(lan, hop);
			bgp_next_hop_changed(stage->speaker, stage->now, hop,
					     (struct bgp_next_hop_state){
						     .reachable = here, .connected = here,
						     .local = ip_addr_v4(0x0a000001) });
			effects(stage);
		}
		struct instant at = bgp_next_wakeup(stage->speaker);
		if (instant_before(end, at))
			break;
		stage->now = at;
		bgp_time_reached(stage->speaker, at);
	}
	stage->now = end;
}

static void receive(struct stage *stage, int peer, const uint8_t *bytes, size_t length)
{
	bgp_bytes_received(stage->speaker, stage->now, stage->connections[peer], bytes, length);
}

static size_t header(uint8_t *bytes, uint8_t type, size_t length)
{
	memset(bytes, 0xff, 16);
	put_u16(bytes + 16, (uint16_t)length);
	bytes[18] = type;
	return length;
}

static void come_up(struct stage *stage, int peer)
{
	static const uint8_t tail[] = { 16, 2, 14, 1, 4, 0, 1, 0, 1, 2, 0, 65, 4, 0, 0 };
	const struct bgp_peer_config *config = &stage->peers[peer];
	uint8_t open[64];
	open[19] = 4;
	put_u16(open + 20, (uint16_t)config->remote_as);
	put_u16(open + 22, 90);
	memcpy(open + 24, config->remote.bytes, 4);
	memcpy(open + 28, tail, sizeof(tail));
	put_u16(open + 28 + sizeof(tail), (uint16_t)config->remote_as);
	stage->connections[peer] = bgp_connection_arrived(stage->speaker, stage->now,
							  config->remote, 40000,
							  ip_addr_v4(0x0a000001));
	assert_int_not_equal(stage->connections[peer], 0);
	effects(stage);
	receive(stage, peer, open, header(open, 1, 30 + sizeof(tail)));
	receive(stage, peer, open, header(open, 4, 19));
	pass(stage, 3 * NS_PER_S);
	assert_int_equal(bgp_peer_state(stage->speaker, config->name), BGP_ESTABLISHED);
}

/* What the sender announced beforehand. */
static void announce(struct stage *stage, int number, bool external)
{
	static const uint8_t path[] = { 0x40, 2, 6, 2, 1, 0, 0, 0xfe, 0x4c };
	static const uint8_t local_pref[] = { 0x40, 5, 4, 0, 0, 0, 100 };
	uint8_t bytes[128];
	struct writer out = writer_of(bytes, sizeof(bytes));
	writer_room(&out, 19);
	writer_u16(&out, 0);
	uint8_t *length_at = writer_room(&out, 2);
	writer_bytes(&out, (const uint8_t[]){ 0x40, 1, 1, 0 }, 4);
	if (external)
		writer_bytes(&out, path, sizeof(path));
	else
		writer_bytes(&out, (const uint8_t[]){ 0x40, 2, 0 }, 3);
	writer_bytes(&out, (const uint8_t[]){ 0x40, 3, 4, 10, 0, 0, (uint8_t)(100 + number) }, 7);
	if (!external)
		writer_bytes(&out, local_pref, sizeof(local_pref));
	put_u16(length_at, (uint16_t)(writer_used(&out) - 23));
	writer_bytes(&out, (const uint8_t[]){ 24, 30, 0, (uint8_t)number }, 4);
	receive(stage, SENDER, bytes, header(bytes, 2, writer_used(&out)));
	pass(stage, 2 * NS_PER_S);
	assert_true(stage->announced);
}

static void outcome_of(const struct stage *stage, char *out, size_t size)
{
	if (stage->code)
		snprintf(out, size, "RESET %u/%u", stage->code, stage->subcode);
	else if (stage->closed)
		snprintf(out, size, "CLOSED");
	else if (stage->withdrawn)
		snprintf(out, size, stage->announced ? "WD+ANN" : "TAW");
	else
		snprintf(out, size, stage->announced ? "ANNOUNCED" : "KEPT");
}

static void play(const struct bgp_profile *profile, int number, bool external, const uint8_t *bytes,
		 size_t length, char *outcome, size_t size)
{
	struct stage stage = { .now = { NS_PER_S } };
	struct bgp_peer_config base = { .families = BGP_IPV4_UNICAST, .passive = true };
	stage.peers[ONLOOKER] = stage.peers[SENDER] = base;
	stage.peers[ONLOOKER].name = "onlooker";
	stage.peers[ONLOOKER].remote = ip_addr_v4(0x0a000002);
	stage.peers[ONLOOKER].remote_as = 65000;
	stage.peers[SENDER].name = "sender";
	stage.peers[SENDER].remote = ip_addr_v4(0x0a000064u + (uint32_t)number);
	stage.peers[SENDER].remote_as = external ? 65100 : 65000;
	stage.peers[SENDER].rr_client = !external;
	stage.table = bgp_table_new();
	stage.config = (struct bgp_config){ .name = "dut", .profile = profile,
					    .router_id = 0x0a000001, .local_as = 65000,
					    .peers = stage.peers, .peer_count = PEERS };
	stage.speaker = bgp_speaker_new(stage.table, &stage.config,
					random_stream_of(1, "malformed", "speaker"));
	bgp_started(stage.speaker, stage.now);
	pass(&stage, 5 * NS_PER_S);
	come_up(&stage, ONLOOKER);
	come_up(&stage, SENDER);
	announce(&stage, number, external);
	stage.announced = stage.withdrawn = false;
	receive(&stage, SENDER, bytes, length);
	pass(&stage, 2 * NS_PER_S);
	outcome_of(&stage, outcome, size);
	bgp_speaker_free(stage.speaker);
	bgp_table_free(stage.table);
}

/* ---- the files ------------------------------------------------------------------------------ */

struct stimulus {
	uint8_t bytes[512];
	size_t length;
};

static size_t from_hex(const char *hex, uint8_t *bytes, size_t size)
{
	size_t length = 0;
	unsigned value;
	for (; sscanf(hex, "%2x", &value) == 1; hex += 2) {
		assert_true(length < size);
		bytes[length++] = (uint8_t)value;
	}
	return length;
}

static FILE *shared_file(const char *name)
{
	char path[512];
	snprintf(path, sizeof(path), OBSERVED "%s", name);
	FILE *file = fopen(path, "r");
	if (!file) {
		print_message("shared data not here: %s\n", path);
		skip();
	}
	return file;
}

/* "   4.002 ---- case 1 ORIGIN len 2 hex ffff..." */
static void stimuli_of(const char *log, struct stimulus stimuli[CASES + 1])
{
	static char line[65536];
	FILE *file = shared_file(log);
	int found = 0;
	while (fgets(line, sizeof(line), file)) {
		const char *at = strstr(line, "---- case "), *hex = strstr(line, " hex ");
		int number;
		if (!at || !hex || sscanf(at, "---- case %d", &number) != 1)
			continue;
		assert_in_range(number, 1, CASES);
		stimuli[number].length = from_hex(hex + 5, stimuli[number].bytes,
						  sizeof(stimuli[number].bytes));
		found++;
	}
	fclose(file);
	assert_int_equal(found, CASES);
}

static const struct column {
	const char *daemon;
	const struct bgp_profile *profiles[2];
} columns[] = {
	{ "bird16", { &bgp_profile_bird, &bgp_profile_calico_bird } },
	{ "bird2", { &bgp_profile_bird2 } },
	{ "frr", { &bgp_profile_frr, &bgp_profile_frr_datacenter } },
	{ "gobgp", { &bgp_profile_gobgp } },
	{ "obgpd", { &bgp_profile_openbgpd } },
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static const char *wanted_of(const char *daemon, int number, const char *seen)
{
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
		if (strcmp(exceptions[i].daemon, daemon) == 0 && exceptions[i].number == number &&
		    strcmp(exceptions[i].seen, seen) == 0)
			return exceptions[i].ours;
	return seen;
}

static size_t judge(const char *matrix, const char *log, bool external, size_t *wrong)
{
	static struct stimulus stimuli[CASES + 1];
	char line[512], outcome[32];
	size_t judged = 0;
	stimuli_of(log, stimuli);
	FILE *file = shared_file(matrix);
	while (fgets(line, sizeof(line), file)) {
		char *fields[2 + COLUMNS], *rest = line;
		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < 2 + COLUMNS; i++)
			fields[i] = strsep(&rest, "\t");
		if (line[0] == '#' || !fields[1 + COLUMNS])
			continue;
		int number = atoi(fields[0]);
		assert_in_range(number, 1, CASES);
		for (size_t i = 0; i < 2 * COLUMNS; i++) {
			const struct column *column = &columns[i / 2];
			const struct bgp_profile *profile = column->profiles[i % 2];
			if (!profile)
				continue;
			play(profile, number, external, stimuli[number].bytes,
			     stimuli[number].length, outcome, sizeof(outcome));
			const char *seen = fields[2 + i / 2];
			judged++;
			if (strcmp(outcome, wanted_of(column->daemon, number, seen)) == 0)
				continue;
			print_message("%s, %s: case %d %s: wanted %s, was %s\n", matrix,
				      profile->name, number, fields[1], seen, outcome);
			++*wrong;
		}
	}
	fclose(file);
	return judged;
}

static void as_measured(void **state)
{
	(void)state;
	size_t wrong = 0;
	size_t judged = judge("malformed-matrix-iBGP.tsv", "res-E-bird16.log", false, &wrong);
	judged += judge("malformed-matrix-eBGP.tsv", "res-F65100-bird16.log", true, &wrong);
	print_message("%zu cells judged, %zu wrong\n", judged, wrong);
	assert_int_equal(judged, 2 * CASES * 7);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(as_measured) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
