/* ARP's states and their times, as Linux has them. */
#include "tests/virtual/net_lab.h"

static struct lab *two_nodes(void)
{
	struct lab *lab = lab_new();
	uint32_t a = lab_node(lab, "a", MODEL_FRR), b = lab_node(lab, "b", MODEL_FRR);
	uint32_t rack = lab_link(lab, "rack", 100 * NS_PER_US);
	lab_plug(lab, rack, a, "eth0", "10.0.0.1/24");
	lab_plug(lab, rack, b, "eth0", "10.0.0.2/24");
	uint32_t c = lab_node(lab, "c", MODEL_FRR);
	lab_plug(lab, rack, c, "eth0", "10.0.0.3/24");
	lab_build(lab, 1);
	return lab;
}

static void test_resolution(void **state)
{
	(void)state;
	struct lab *lab = two_nodes();
	assert_int_equal(lab_send(lab, 0, NULL, "10.0.0.2"), 0);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "INCOMPLETE");
	lab_run(lab, 1 * MS);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "REACHABLE");
	assert_string_equal(lab_arp(lab, 1, "10.0.0.1"), "STALE"); /* learned from the request */
	assert_string_equal(lab_arp(lab, 2, "10.0.0.1"), "");      /* not asked: learns nothing */
	assert_int_equal(lab->tcp[1].segments, 1);
	/* Request to two ends, answer and segment to one. */
	assert_int_equal(lab->seen_sent, 3);
	assert_int_equal(lab->seen_received, 4);
	assert_int_equal(lab->network.link_world.frames_flying, 0);
	lab_free(lab);
}

/* The measured path of a silent death: REACHABLE for 15 to 45 s, STALE; used: DELAY 5 s, PROBE three
 * times a second apart, FAILED. */
static void test_silent_death(void **state)
{
	(void)state;
	struct lab *lab = two_nodes();
	lab_send(lab, 0, NULL, "10.0.0.2");
	lab_run(lab, 1 * MS);
	lab_off(lab, 1);
	lab_run(lab, 60 * S); /* nothing is sent: it grows stale, and stays so */
	int64_t stale = lab_last(lab, "neighbor a 10.0.0.2 STALE");
	assert_in_range(stale, 15 * S, 46 * S);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "STALE");
	lab_run(lab, 100 * S);
	uint32_t sent = lab->seen_sent;
	lab_send(lab, 0, NULL, "10.0.0.2");
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "DELAY");
	lab_run(lab, 105 * S);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "PROBE");
	lab_run(lab, 108 * S - 1);
	assert_int_equal(lab->seen_sent - sent, 1 + 3);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "PROBE");
	lab_run(lab, 108 * S);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "FAILED");
	assert_int_equal(lab->tcp[0].errors, 0); /* the frame left: nobody was told */

	/* Used again: three broadcasts, and the sender is told "host unreachable". */
	lab_send(lab, 0, NULL, "10.0.0.2");
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "INCOMPLETE");
	lab_run(lab, 111 * S - 1);
	assert_int_equal(lab->tcp[0].errors, 0);
	lab_run(lab, 111 * S);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "FAILED");
	assert_int_equal(lab->tcp[0].errors, 1);
	assert_false(lab->tcp[0].port);

	/* Back on, it asks for somebody else by broadcast: an entry that failed learns from it. */
	lab_on(lab, 1);
	lab_send(lab, 1, NULL, "10.0.0.3");
	lab_run(lab, 112 * S);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "STALE");
	lab_free(lab);
}

static void test_tcp_progress_confirms(void **state)
{
	(void)state;
	struct lab *lab = two_nodes();
	lab_send(lab, 0, NULL, "10.0.0.2");
	lab_run(lab, 1 * MS);
	lab_run(lab, 50 * S);
	uint32_t sent = lab->seen_sent;
	lab_send(lab, 0, NULL, "10.0.0.2");
	lab_run(lab, 51 * S);
	stack_confirm(&lab->stacks[0], ip("10.0.0.2"));
	lab_run(lab, 55 * S);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "REACHABLE"); /* and no probe was sent */
	assert_int_equal(lab->seen_sent - sent, 1);
	/* Counted from the confirmation at 51 s. */
	lab_run(lab, 51 * S + 15 * S);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "REACHABLE");
	lab_run(lab, 51 * S + 45 * S);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "STALE");
	lab_free(lab);
}

static void test_probe_answered(void **state)
{
	(void)state;
	struct lab *lab = two_nodes();
	lab_send(lab, 0, NULL, "10.0.0.2");
	lab_run(lab, 60 * S);
	lab_send(lab, 0, NULL, "10.0.0.2");
	lab_run(lab, 65 * S - 1);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "DELAY");
	lab_run(lab, 65 * S + 1 * MS);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "REACHABLE");
	lab_free(lab);
}

static void test_queue_keeps_the_newest(void **state)
{
	(void)state;
	struct lab *lab = two_nodes();
	link_cut(&lab->links[0], 1, MODEL_SEND_ONLY); /* b hears and cannot answer */
	for (int i = 0; i < 150; i++)
		lab_send(lab, 0, NULL, "10.0.0.2");
	lab_run(lab, 500 * MS);
	link_mend(&lab->links[0], 1, MODEL_SEND_ONLY);
	lab_run(lab, 2 * S); /* the second request is answered */
	assert_int_equal(lab->tcp[1].segments, 101);
	assert_int_equal(lab->network.pool.live, 0);
	lab_free(lab);
}

static void test_carrier_loss_forgets(void **state)
{
	(void)state;
	struct lab *lab = two_nodes();
	lab_send(lab, 0, NULL, "10.0.0.2");
	lab_send(lab, 2, NULL, "10.0.0.2");
	lab_run(lab, 1 * MS);
	link_cut(&lab->links[0], 0, MODEL_BOTH);
	assert_int_equal(lab->tcp[0].carrier_changes, 1);
	assert_int_equal(lab->tcp[1].carrier_changes, 0);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "");
	assert_string_equal(lab_arp(lab, 2, "10.0.0.2"), "REACHABLE");
	lab_send(lab, 0, NULL, "10.0.0.2");
	lab_run(lab, 3 * S + 1 * MS);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "FAILED");
	assert_int_equal(lab->tcp[0].errors, 1);
	lab_free(lab);
}

static void test_reachable_time_is_drawn_per_interface(void **state)
{
	(void)state;
	int64_t first[2];
	for (int round = 0; round < 2; round++) {
		struct lab *lab = two_nodes();
		lab_send(lab, 0, NULL, "10.0.0.2");
		if (round)
			lab_send(lab, 2, NULL, "10.0.0.2"); /* must not change a's luck */
		lab_run(lab, 60 * S);
		first[round] = lab_last(lab, "neighbor a 10.0.0.2 STALE");
		lab_free(lab);
	}
	assert_int_equal(first[0], first[1]);
}


/* Without a capture an ARP request is handed only to whom it concerns; nobody must notice. */
static void test_the_unconcerned_learn_nothing(void **state)
{
	(void)state;
	struct lab *labs[2];
	for (int round = 0; round < 2; round++) {
		struct lab *lab = labs[round] = lab_new();
		uint32_t rack = lab_link(lab, "rack", 100 * NS_PER_US);
		static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
		for (uint32_t i = 0; i < 6; i++) {
			char address[IP_TEXT_MAX];
			snprintf(address, sizeof(address), "10.0.0.%u/24", i + 1);
			lab_plug(lab, rack, lab_node(lab, names[i], MODEL_FRR), "eth0", address);
		}
		lab_build(lab, 7);
		if (round)
			lab->network.link_world.sink = NULL;
		struct random_stream random = random_stream_of(1, "arp", "test");
		for (int i = 1; i <= 400; i++) {
			uint32_t from = (uint32_t)random_below(&random, 6);
			uint32_t to = (uint32_t)random_below(&random, 6);
			uint32_t other = (uint32_t)random_below(&random, 30);
			char address[IP_TEXT_MAX];
			snprintf(address, sizeof(address), "10.0.0.%u", to + 1);
			if (from != to && lab->stacks[from].up)
				lab_send(lab, from, NULL, address);
			if (other < 6 && lab->stacks[other].up)
				lab_off(lab, other);
			else if (other >= 6 && other < 12 && !lab->stacks[other - 6].up)
				lab_on(lab, other - 6);
			lab_run(lab, i * (1500 * MS));
		}
	}
	assert_true(labs[0]->line_count > 500);
	assert_true(lab_lines(labs[0], "FAILED") > 20);
	assert_int_equal(labs[0]->line_count, labs[1]->line_count);
	for (uint32_t i = 0; i < labs[0]->line_count; i++)
		assert_string_equal(labs[0]->lines[i], labs[1]->lines[i]);
	assert_int_equal(labs[0]->network.link_world.frames_sent,
			 labs[1]->network.link_world.frames_sent);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(labs[0]->tcp[i].segments, labs[1]->tcp[i].segments);
	lab_free(labs[0]);
	lab_free(labs[1]);
}

static void test_news_that_are_none(void **state)
{
	(void)state;
	struct lab *lab = two_nodes();
	lab_send(lab, 0, NULL, "10.0.0.2");
	lab_run(lab, 10 * S);
	/* b starts anew and asks for a, who goes on thinking it reachable: the same MAC address. */
	lab_off(lab, 1);
	lab_on(lab, 1);
	lab_send(lab, 1, NULL, "10.0.0.1");
	lab_run(lab, 11 * S);
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "REACHABLE");
	assert_int_equal(lab_lines(lab, "neighbor a 10.0.0.2 STALE"), 0);

	/* Packets to a reachable neighbour leave no trace of their time: used a moment ago or not, it
	 * goes stale, and the next packet starts the delay. */
	for (int i = 0; i < 80 && lab_lines(lab, "neighbor a 10.0.0.2 STALE") == 0; i++) {
		lab_send(lab, 0, NULL, "10.0.0.2");
		lab_run(lab, 11 * S + (i + 1) * (S / 2));
	}
	assert_int_equal(lab_lines(lab, "neighbor a 10.0.0.2 STALE"), 1);
	assert_int_equal(lab_lines(lab, "neighbor a 10.0.0.2 DELAY"), 0);
	lab_free(lab);
}

/* Two hosts with one address: within a second of the first answer the other is not believed. */
static void test_locktime(void **state)
{
	(void)state;
	struct lab *lab = lab_new();
	uint32_t rack = lab_link(lab, "rack", 100 * NS_PER_US);
	lab_plug(lab, rack, lab_node(lab, "a", MODEL_FRR), "eth0", "10.0.0.1/24");
	lab_plug(lab, rack, lab_node(lab, "b", MODEL_FRR), "eth0", "10.0.0.2/24");
	lab_plug(lab, rack, lab_node(lab, "b2", MODEL_FRR), "eth0", "10.0.0.2/24");
	lab_build(lab, 1);
	lab_send(lab, 0, NULL, "10.0.0.2");
	lab_run(lab, 1 * MS);
	const struct neighbor *neighbor = arp_find(&lab->stacks[0], 0, ip("10.0.0.2"));
	assert_true(mac_addr_equal(neighbor->mac, lab->stacks[1].interfaces[0].mac));
	assert_int_equal(lab->tcp[1].segments, 1);
	lab_run(lab, 2 * S); /* later a question from the other changes it */
	lab_send(lab, 2, "10.0.0.2", "10.0.0.1");
	lab_run(lab, 10 * S);
	assert_true(mac_addr_equal(neighbor->mac, lab->stacks[2].interfaces[0].mac));
	assert_string_equal(lab_arp(lab, 0, "10.0.0.2"), "STALE");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolution),
		cmocka_unit_test(test_silent_death),
		cmocka_unit_test(test_tcp_progress_confirms),
		cmocka_unit_test(test_probe_answered),
		cmocka_unit_test(test_queue_keeps_the_newest),
		cmocka_unit_test(test_carrier_loss_forgets),
		cmocka_unit_test(test_reachable_time_is_drawn_per_interface),
		cmocka_unit_test(test_the_unconcerned_learn_nothing),
		cmocka_unit_test(test_news_that_are_none),
		cmocka_unit_test(test_locktime),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
