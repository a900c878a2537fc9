/* Cables and segments: delay, jitter, rate, queue, loss, cuts; and whose luck is whose. */
#include "tests/virtual/net_lab.h"

struct ear {
	struct link_receiver receiver; /* first */
	uint32_t heard, carrier_changes;
	bool carrier;
	int64_t at[64];
	uint16_t id[64];
};

static void heard(struct link_receiver *receiver, struct instant now, const struct packet *packet)
{
	struct ear *ear = (struct ear *)receiver;
	if (ear->heard < 64) {
		ear->at[ear->heard] = now.ns;
		ear->id[ear->heard] = packet->id;
	}
	ear->heard++;
}

static void carrier(struct link_receiver *receiver, struct instant now, bool up)
{
	(void)now;
	struct ear *ear = (struct ear *)receiver;
	ear->carrier_changes++;
	ear->carrier = up;
}

struct bench {
	struct network network;
	struct model_link model;
	struct model_link_end ends[8];
	struct link link;
	struct ear ears[8];
	struct mac_addr macs[8];
};

static struct bench *bench_new(uint32_t ends, struct model_impairment impairment)
{
	struct bench *b = calloc(1, sizeof(*b));
	network_init(&b->network, 1, NULL);
	b->model = (struct model_link){ .name = "l", .ends = b->ends, .end_count = ends,
					.impairment = impairment };
	for (uint32_t i = 0; i < ends; i++)
		b->ends[i].node = i;
	link_init(&b->link, &b->network.link_world, &b->model, 0);
	for (uint32_t i = 0; i < ends; i++) {
		b->ears[i].receiver = (struct link_receiver){ heard, carrier };
		b->ears[i].carrier = true;
		b->macs[i] = (struct mac_addr){ { 2, 0, 0, 0, 0, (uint8_t)i } };
		link_plug(&b->link, i, &b->ears[i].receiver, b->macs[i]);
	}
	return b;
}

static void bench_free(struct bench *b)
{
	link_free(&b->link);
	network_free(&b->network);
	free(b);
}

/* An IP packet of that size on the wire; its id counts. to UINT32_MAX: broadcast. */
static void say(struct bench *b, uint32_t from, uint32_t to, uint32_t length, uint16_t id)
{
	struct ipv4_fields fields = { .source = ip("10.0.0.1"), .destination = ip("10.0.0.2"),
				      .ttl = 64, .protocol = 17, .id = id };
	uint8_t *payload;
	struct frame *frame =
		frame_ipv4(&b->network.pool, &fields, length - 34, &payload);
	memset(payload, 0, length - 34);
	frame_set_macs(frame, to == UINT32_MAX ? mac_broadcast : b->macs[to], b->macs[from]);
	link_send(&b->link, from, frame);
}

static void run(struct bench *b, int64_t until)
{
	engine_run_until(&b->network.engine, (struct instant){ until });
}

static void test_unicast_and_broadcast(void **state)
{
	(void)state;
	struct bench *b = bench_new(8, (struct model_impairment){ .delay_ns = 5 * MS });
	say(b, 0, 3, 100, 1);
	run(b, 5 * MS - 1);
	assert_int_equal(b->ears[3].heard, 0);
	run(b, 5 * MS);
	assert_int_equal(b->ears[3].heard, 1);
	assert_int_equal(b->ears[3].at[0], 5 * MS);
	uint64_t events = b->network.engine.fired;
	say(b, 0, UINT32_MAX, 100, 2);
	run(b, 10 * MS);
	assert_int_equal(b->network.engine.fired, events + 1); /* one for all */
	for (uint32_t i = 1; i < 8; i++)
		assert_int_equal(b->ears[i].heard, 1 + (i == 3));
	assert_int_equal(b->ears[0].heard, 0);
	assert_int_equal(b->network.pool.live, 0);

	/* A MAC address nobody has is flooded, as an unknown one is. */
	b->macs[7].bytes[5] = 99;
	say(b, 0, 7, 100, 3);
	run(b, 20 * MS);
	assert_int_equal(b->ears[7].heard, 2);
	assert_int_equal(b->ears[1].heard, 2);
	bench_free(b);
}

static void test_rate_serializes_and_queue_drops(void **state)
{
	(void)state;
	struct model_impairment how = { .delay_ns = 1 * MS, .rate_bps = 8000000,
					.queue_frames = 10 };
	struct bench *b = bench_new(2, how);
	for (uint16_t i = 0; i < 15; i++)
		say(b, 0, 1, 1000, i); /* a millisecond each */
	run(b, 1 * S);
	assert_int_equal(b->ears[1].heard, 10);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(b->ears[1].at[i], (i + 2) * MS);
		assert_int_equal(b->ears[1].id[i], i); /* the tail was dropped */
	}
	assert_int_equal(b->network.link_world.frames_dropped, 5);
	/* The other direction has its own wire. */
	say(b, 1, 0, 1000, 0);
	run(b, 2 * S);
	assert_int_equal(b->ears[0].at[0], 1 * S + 2 * MS);
	bench_free(b);
}

static void test_jitter_never_reorders(void **state)
{
	(void)state;
	struct bench *b = bench_new(
		2, (struct model_impairment){ .delay_ns = 5 * MS, .jitter_ns = 4 * MS });
	for (uint16_t i = 0; i < 60; i++) {
		say(b, 0, 1, 100, i);
		run(b, (i + 1) * MS);
	}
	run(b, 1 * S);
	assert_int_equal(b->ears[1].heard, 60);
	int64_t least = INT64_MAX, most = 0;
	for (int i = 0; i < 60; i++) {
		assert_int_equal(b->ears[1].id[i], i);
		int64_t took = b->ears[1].at[i] - i * MS;
		assert_in_range(took, 1 * MS, 9 * MS);
		least = took < least ? took : least;
		most = took > most ? took : most;
	}
	assert_true(most - least > 3 * MS);
	bench_free(b);
}

static void test_loss_is_as_often_as_said(void **state)
{
	(void)state;
	struct bench *b = bench_new(2, (struct model_impairment){ .loss_ppm = 100000 });
	for (int i = 0; i < 20000; i++)
		say(b, 0, 1, 60, 0);
	run(b, 1 * S);
	assert_in_range(b->ears[1].heard, 17800, 18200);
	assert_int_equal(b->ears[1].heard + b->network.link_world.frames_dropped, 20000);
	bench_free(b);
}

/* Ends draw from streams of their own: more traffic elsewhere, or one end more, changes nothing. */
static void test_luck_is_ones_own(void **state)
{
	(void)state;
	uint16_t ids[2][64];
	for (int round = 0; round < 2; round++) {
		struct bench *b = bench_new(round ? 5 : 4,
					    (struct model_impairment){ .loss_ppm = 500000 });
		for (uint16_t i = 0; i < 64; i++) {
			say(b, 0, 1, 60, i);
			if (round)
				say(b, 2, 3, 60, i);
		}
		run(b, 1 * S);
		assert_in_range(b->ears[1].heard, 15, 50);
		memcpy(ids[round], b->ears[1].id, sizeof(ids[round]));
		bench_free(b);
	}
	assert_memory_equal(ids[0], ids[1], sizeof(ids[0]));
}

static void test_impaired_end(void **state)
{
	(void)state;
	struct bench *b = bench_new(4, (struct model_impairment){ .delay_ns = 1 * MS });
	struct model_impairment slow = { .delay_ns = 10 * MS };
	link_impair(&b->link, 2, MODEL_RECEIVE_ONLY, &slow);
	say(b, 0, UINT32_MAX, 60, 1);
	run(b, 1 * S);
	assert_int_equal(b->ears[1].at[0], 1 * MS);
	assert_int_equal(b->ears[2].at[0], 11 * MS);
	assert_int_equal(b->ears[3].at[0], 1 * MS);
	link_impair(&b->link, 2, MODEL_BOTH, &slow);
	say(b, 2, 1, 60, 1);
	run(b, 2 * S);
	assert_int_equal(b->ears[1].at[1], 1 * S + 10 * MS);
	bench_free(b);
}

static void test_cuts_of_a_cable(void **state)
{
	(void)state;
	struct bench *b = bench_new(2, (struct model_impairment){ .delay_ns = 1 * MS });
	say(b, 0, 1, 60, 1);
	link_cut(&b->link, LINK_ALL_ENDS, MODEL_BOTH); /* with a frame under way */
	assert_int_equal(b->ears[0].carrier_changes + b->ears[1].carrier_changes, 2);
	run(b, 10 * MS);
	assert_int_equal(b->ears[1].heard, 0);
	assert_false(link_carrier(&b->link, 0));
	link_mend(&b->link, LINK_ALL_ENDS, MODEL_BOTH);
	assert_true(b->ears[0].carrier && b->ears[1].carrier);
	say(b, 0, 1, 60, 1);
	run(b, 20 * MS);
	assert_int_equal(b->ears[1].heard, 1);

	link_cut(&b->link, 0, MODEL_BOTH); /* an end of a cable takes the carrier from both */
	assert_false(b->ears[0].carrier || b->ears[1].carrier);
	link_mend(&b->link, 0, MODEL_BOTH);
	link_cut(&b->link, 0, MODEL_RECEIVE_ONLY);
	assert_true(b->ears[0].carrier && b->ears[1].carrier);
	say(b, 1, 0, 60, 1);
	say(b, 0, 1, 60, 1);
	run(b, 30 * MS);
	assert_int_equal(b->ears[0].heard, 0);
	assert_int_equal(b->ears[1].heard, 2);
	assert_true(link_passes(&b->link, 0, 1));
	assert_false(link_passes(&b->link, 1, 0));
	assert_int_equal(b->network.pool.live, 0);
	bench_free(b);
}

static void test_cuts_of_a_segment(void **state)
{
	(void)state;
	struct bench *b = bench_new(4, (struct model_impairment){ .delay_ns = 1 * MS });
	link_cut(&b->link, 2, MODEL_BOTH);
	assert_int_equal(b->ears[2].carrier_changes, 1);
	assert_int_equal(b->ears[0].carrier_changes + b->ears[1].carrier_changes +
				 b->ears[3].carrier_changes,
			 0);
	say(b, 0, UINT32_MAX, 60, 1);
	say(b, 0, 2, 60, 1);
	say(b, 2, 0, 60, 1);
	run(b, 1 * S);
	assert_int_equal(b->ears[0].heard, 0);
	assert_int_equal(b->ears[1].heard, 1);
	assert_int_equal(b->ears[2].heard, 0);
	const uint32_t islands[] = { 0, 1, 0, 0 };
	b->network.link_world.island_of = islands;
	say(b, 0, UINT32_MAX, 60, 1);
	run(b, 2 * S);
	assert_int_equal(b->ears[1].heard, 1);
	assert_int_equal(b->ears[3].heard, 2);
	assert_true(b->ears[1].carrier);
	bench_free(b);
}

static bool below(const void *context, uint32_t end) { return end >= *(const uint32_t *)context; }

static void test_owners(void **state)
{
	(void)state;
	struct bench *b = bench_new(8, (struct model_impairment){ 0 });
	uint32_t from = 0;
	assert_int_equal(link_owner_find(&b->link, ip("10.0.0.1"), below, &from), UINT32_MAX);
	for (uint32_t end = 8; end-- > 0;) {
		link_owner_add(&b->link, ip("10.0.0.1"), end);
		link_owner_add(&b->link, ip_addr_v4(0x0a010000 + end), end);
	}
	assert_int_equal(link_owner_find(&b->link, ip("10.0.0.1"), below, &from), 0);
	from = 5;
	assert_int_equal(link_owner_find(&b->link, ip("10.0.0.1"), below, &from), 5);
	link_owner_remove(&b->link, ip("10.0.0.1"), 5);
	assert_int_equal(link_owner_find(&b->link, ip("10.0.0.1"), below, &from), 6);
	from = 0;
	for (uint32_t end = 0; end < 8; end++) {
		struct ip_addr own = ip_addr_v4(0x0a010000 + end);
		assert_int_equal(link_owner_find(&b->link, own, below, &from), end);
		link_owner_remove(&b->link, own, end);
		assert_int_equal(link_owner_find(&b->link, own, below, &from), UINT32_MAX);
	}
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unicast_and_broadcast),
		cmocka_unit_test(test_rate_serializes_and_queue_drops),
		cmocka_unit_test(test_jitter_never_reorders),
		cmocka_unit_test(test_loss_is_as_often_as_said),
		cmocka_unit_test(test_luck_is_ones_own),
		cmocka_unit_test(test_impaired_end),
		cmocka_unit_test(test_cuts_of_a_cable),
		cmocka_unit_test(test_cuts_of_a_segment),
		cmocka_unit_test(test_owners),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
