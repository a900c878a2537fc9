#include "reports/flows.h"

#include <stdlib.h>

struct flow_row {
	uint32_t flow, outage_count;
	const struct outage *outages;
	int64_t silent_ns;
};

static int compare_outages(const struct flow_row *a, const struct flow_row *b)
{
	if (a->outage_count != b->outage_count)
		return a->outage_count < b->outage_count ? -1 : 1;
	for (uint32_t i = 0; i < a->outage_count; i++) {
		const struct outage *x = &a->outages[i], *y = &b->outages[i];
		if (x->from_ns != y->from_ns)
			return x->from_ns < y->from_ns ? -1 : 1;
		if (x->until_ns != y->until_ns)
			return x->until_ns < y->until_ns ? -1 : 1;
		if (x->disposition != y->disposition)
			return x->disposition < y->disposition ? -1 : 1;
		if (x->back != y->back)
			return x->back ? 1 : -1;
	}
	return 0;
}

/* Equal ones side by side; flow numbers make the order total. */
static int compare_rows(const void *left, const void *right)
{
	const struct flow_row *a = left, *b = right;
	if (a->silent_ns != b->silent_ns)
		return a->silent_ns > b->silent_ns ? -1 : 1;
	int order = compare_outages(a, b);
	if (order)
		return order;
	return (a->flow > b->flow) - (a->flow < b->flow);
}

static int compare_groups(const void *left, const void *right)
{
	const struct flow_group *a = left, *b = right;
	if (a->silent_ns != b->silent_ns)
		return a->silent_ns > b->silent_ns ? -1 : 1;
	return (a->flows[0] > b->flows[0]) - (a->flows[0] < b->flows[0]);
}

static struct flow_row *rows_of(const struct run *run, struct arena *arena)
{
	uint32_t count = run->model->flow_count, at = 0;
	struct flow_row *rows = arena_alloc(arena, (count + 1) * sizeof(*rows));
	for (uint32_t i = 0; i < count; i++) {
		struct flow_row *row = &rows[i];
		row->flow = i;
		while (at < run->outage_count && run->outages[at].flow < i)
			at++;
		row->outages = &run->outages[at];
		for (; at < run->outage_count && run->outages[at].flow == i; at++) {
			row->outage_count++;
			row->silent_ns += run->outages[at].until_ns - run->outages[at].from_ns;
		}
	}
	qsort(rows, count, sizeof(*rows), compare_rows);
	return rows;
}

struct flow_group *flow_groups(const struct run *run, bool fold, struct arena *arena,
			       uint32_t *count)
{
	uint32_t flow_count = run->model->flow_count;
	const struct flow_row *rows = rows_of(run, arena);
	uint32_t *flows = arena_alloc(arena, (flow_count + 1) * sizeof(*flows));
	struct flow_group *groups = arena_alloc(arena, (flow_count + 1) * sizeof(*groups));
	*count = 0;
	for (uint32_t i = 0; i < flow_count; i++) {
		flows[i] = rows[i].flow;
		if (fold && i && compare_outages(&rows[i - 1], &rows[i]) == 0) {
			groups[*count - 1].count++;
			continue;
		}
		groups[(*count)++] = (struct flow_group){ &flows[i], 1, rows[i].outages,
							  rows[i].outage_count,
							  rows[i].silent_ns };
	}
	qsort(groups, *count, sizeof(*groups), compare_groups);
	return groups;
}

void flow_group_name(const struct run *run, const struct flow_group *group, struct text *out)
{
	text_put(out, run->model->flows[group->flows[0]].name);
	if (group->count > 1)
		text_printf(out, " and %u more", group->count - 1);
}
