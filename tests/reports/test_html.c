#include "tests/reports/fake_run.h"

#include "reports/html.h"
#include "reports/topology.h"

static struct text page(const struct fake *fake, const char *reach)
{
	struct text out;
	struct state *state = state_new(&fake->model);
	const struct html_pictures pictures = { .reach = reach };
	text_init(&out);
	html_write(&fake->run, state, &pictures, &out);
	state_free(state);
	return out;
}

static void count(const struct text *out, const char *string, int wanted)
{
	int found = 0;
	for (const char *p = text_string(out); (p = strstr(p, string)); p++)
		found++;
	if (found != wanted)
		fail_msg("%s: %d times, not %d", string, found, wanted);
}

static void well_formed_and_harmless(void **state)
{
	(void)state;
	for (int hostile = 0; hostile < 2; hostile++) {
		struct fake fake;
		fake_init(&fake);
		struct run_event event = { 5, "name", "text" };
		struct outage outage = { 0, 5, INT64_C(9000000000), DISPOSITION_LOOP, true };
		if (hostile) {
			fake_make_hostile(&fake);
			event.name = event.text = HOSTILE;
		}
		fake.run.timeline = &event;
		fake.run.timeline_count = 1;
		fake.run.outages = &outage;
		fake.run.outage_count = 1;
		struct text out = page(&fake, "<?xml version=\"1.0\"?>\n<svg id=\"reach\"/>");
		assert_int_equal(xmllint(NULL, NULL, &out), 0); /* stricter than --html */
		count(&out, "<script", 0);
		count(&out, "src=", 0);
		count(&out, "url(", 0);
		count(&out, "http://www.w3.org/2000/svg", 1);
		count(&out, "http", 1 + 1); /* the name space, and http-equiv */
		count(&out, "default-src 'none'", 1);
		count(&out, "<svg id=\"reach\"/>", 1);
		count(&out, "<?xml", 0);
		text_free(&out);
		fake_free(&fake);
	}
}

/* Fifty flows, each silent at its own times: the page stays below half a megabyte. */
static void small(void **state)
{
	enum { FLOWS = 50, TIMES = 20 };
	struct fake fake;
	(void)state;
	fake_init(&fake);
	struct model_flow *flows = arena_alloc(fake.model.arena, FLOWS * sizeof(*flows));
	struct outage *outages =
		arena_alloc(fake.model.arena, FLOWS * TIMES * sizeof(*outages));
	for (uint32_t i = 0; i < FLOWS; i++) {
		flows[i] = fake.model.flows[0];
		for (uint32_t j = 0; j < TIMES; j++)
			outages[i * TIMES + j] =
				(struct outage){ i, 1000 * j + i, 1000 * j + 500 + i,
						 DISPOSITION_NO_ROUTE, false };
	}
	fake.model.flows = flows;
	fake.model.flow_count = FLOWS;
	fake.run.outages = outages;
	fake.run.outage_count = FLOWS * TIMES;
	char *big = memory_zalloc(400001); /* a picture too big to be put into the page */
	memset(big, ' ', 400000);
	memcpy(big, "<svg", 4);
	struct text out = page(&fake, big);
	assert_true(out.length < 500000);
	count(&out, "<a href=\"plots/reach.svg\">", 1);
	free(big);
	text_free(&out);
	fake_free(&fake);
}

static void dead_nodes_are_hatched(void **unused)
{
	struct fake fake;
	struct text out;
	(void)unused;
	fake_init(&fake);
	struct state *state = state_new(&fake.model);
	text_init(&out);
	uint32_t node = model_node_find(&fake.model, "k8s-1");
	struct observation seen = { .at_ns = 1, .sequence = 1, .kind = OBSERVE_NODE, .node = node };
	for (uint32_t i = 0; i < fake.model.node_count; i++) {
		seen.node = i;
		seen.node_state.up = true;
		state_sink(state)->observe(state_sink(state), &seen);
		seen.sequence++;
	}
	topology_svg(state, &out);
	assert_int_equal(xmllint(NULL, NULL, &out), 0);
	count(&out, "url(#off)", 0);
	seen.node = node;
	seen.node_state.up = false;
	seen.at_ns = 2;
	state_sink(state)->observe(state_sink(state), &seen);
	text_clear(&out);
	topology_svg(state, &out);
	assert_int_equal(xmllint(NULL, NULL, &out), 0);
	count(&out, "url(#off)", 1);
	count(&out, "no power", 1 + 1 + 1); /* the box, its title, the session's */
	count(&out, "style=", 0);
	text_free(&out);
	state_free(state);
	fake_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_formed_and_harmless),
		cmocka_unit_test(small),
		cmocka_unit_test(dead_nodes_are_hatched),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
