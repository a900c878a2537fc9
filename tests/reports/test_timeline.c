#include "tests/reports/fake_run.h"

#include "reports/terminal.h"
#include "reports/timeline.h"

static void lost(struct timeline *timeline, int64_t at_ms, uint32_t node, uint8_t peer,
		 const char *reason)
{
	char neighbor[16];
	snprintf(neighbor, sizeof(neighbor), "to-%u", peer);
	struct observation seen = { .at_ns = at_ms * 1000000 - 1,
				    .kind = OBSERVE_SESSION,
				    .node = node };
	seen.session.neighbor = neighbor;
	seen.session.peer = ip_addr_v4(0x0a000000u + peer);
	seen.session.old_state = "OpenConfirm";
	seen.session.new_state = "Established";
	seen.session.reason = seen.session.error = seen.session.last_error = "";
	timeline_sink(timeline)->observe(timeline_sink(timeline), &seen);
	seen.at_ns++;
	seen.session.new_state = "Idle";
	seen.session.reason = reason;
	timeline_sink(timeline)->observe(timeline_sink(timeline), &seen);
}

static void expect(struct timeline *timeline, uint32_t index, const char *name, const char *text)
{
	uint32_t count;
	const struct run_event *events = timeline_events(timeline, &count);
	assert_true(index < count);
	assert_string_equal(events[index].name, name);
	assert_string_equal(events[index].text, text);
}

static void alike_is_one_line(void **state)
{
	struct fake fake;
	(void)state;
	fake_init(&fake);
	uint32_t count, tor = model_node_find(&fake.model, "tor");
	uint32_t k8s = model_node_find(&fake.model, "k8s-1");
	uint32_t client = model_node_find(&fake.model, "client");
	struct timeline *timeline = timeline_new(&fake.model, NULL, NULL);
	lost(timeline, 1000, tor, 1, "one"); /* three of one node */
	lost(timeline, 1000, tor, 2, "one");
	lost(timeline, 1001, tor, 3, "one");
	lost(timeline, 1001, k8s, 4, "one"); /* three with one neighbour */
	lost(timeline, 1002, client, 4, "one");
	lost(timeline, 1002, tor, 4, "one");
	lost(timeline, 1003, tor, 5, "two"); /* another reason */
	lost(timeline, 2000, tor, 5, "two"); /* later */
	lost(timeline, 2000, k8s, 6, "two"); /* neither node nor neighbour in common */
	lost(timeline, 3000, tor, 1, "the daemon is gone"); /* its step has said so */
	timeline_add(timeline, 4, "end", "");
	expect(timeline, 0, "tor: 3 peers", "one");
	expect(timeline, 1, "3 with 10.0.0.4", "one: k8s-1, client, tor");
	expect(timeline, 2, "tor: 10.0.0.5", "two");
	expect(timeline, 3, "tor: 10.0.0.5", "two");
	expect(timeline, 4, "k8s-1: 10.0.0.6", "two");
	expect(timeline, 5, "end", "");
	timeline_events(timeline, &count);
	assert_int_equal(count, 6);
	timeline_free(timeline);
	fake_free(&fake);
}

static void count_told(void *context, const struct run_event *event)
{
	(void)event;
	++*(uint32_t *)context;
}

/* A storm ends in a line that says where the rest is. */
static void storms_end(void **state)
{
	struct fake fake;
	uint32_t told = 0, count;
	(void)state;
	fake_init(&fake);
	struct timeline *timeline = timeline_new(&fake.model, count_told, &told);
	for (int i = 0; i < 5000; i++)
		lost(timeline, 1000 * i, 0, 1, "again");
	timeline_add(timeline, 5000, "end", "");
	const struct run_event *events = timeline_events(timeline, &count);
	assert_int_equal(count, told);
	assert_true(count > 100 && count < 1000);
	assert_string_equal(events[count - 1].text, "more is in run.db");
	timeline_free(timeline);
	fake_free(&fake);
}

/* What `for:` ends is said to be over, not to happen again. */
static void an_end_is_no_second_beginning(void **state)
{
	struct fake fake;
	(void)state;
	fake_init(&fake);
	struct timeline *timeline = timeline_new(&fake.model, NULL, NULL);
	struct observation seen = { .at_ns = 1, .kind = OBSERVE_STEP, .node = MODEL_NONE };
	seen.step.name = "unplugged";
	seen.step.text = "wire cut";
	timeline_sink(timeline)->observe(timeline_sink(timeline), &seen);
	seen.at_ns = 2;
	seen.step.undone = true;
	timeline_sink(timeline)->observe(timeline_sink(timeline), &seen);
	expect(timeline, 0, "unplugged", "wire cut");
	expect(timeline, 1, "unplugged", "wire cut: over");
	timeline_free(timeline);
	fake_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alike_is_one_line),
		cmocka_unit_test(storms_end),
		cmocka_unit_test(an_end_is_no_second_beginning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
