/* `routes`: what one node has in BGP's table, or in the kernel's. Only what was written is
 * compared. */
#include <string.h>

#include "checker/explain.h"
#include "checker/judge.h"
#include "checker/lookup.h"
#include "checker/words.h"

/* An expected prefix as the node has it: both tables, either of which may lack it. */
struct found {
	const struct state_path *best;
	const struct state_route *route;
	bool there; /* in the table that was asked for */
};

static struct found find(const struct judge *judge, struct ip_prefix prefix)
{
	struct found found = { state_best_find(judge->state, judge->expect->node, prefix),
			       state_route_find(judge->state, judge->expect->node, prefix), false };
	found.there = judge->expect->fib ? found.route != NULL : found.best != NULL;
	return found;
}

static void begin(struct judge *judge)
{
	uint32_t count = judge->expect->route_count + judge->expect->exact;
	judge_items(judge, count, false);
	if (judge->expect->node >= judge->model->node_count)
		judge->nothing = "it names no node";
}

static void observe(struct judge *judge, const struct observation *o)
{
	const struct model_expect *expect = judge->expect;
	if (o->node != expect->node)
		return;
	bool all = o->kind == OBSERVE_NODE || o->kind == OBSERVE_PROCESS;
	struct ip_prefix prefix = o->kind == OBSERVE_FIB ? o->fib.prefix : o->path.prefix;
	for (uint32_t i = 0; i < expect->route_count; i++) {
		judge->watch.items[i].seen = true;
		if (all || ip_prefix_equal(expect->routes[i].prefix, prefix))
			judge_touch(judge, i);
	}
	if (expect->exact)
		judge_touch(judge, expect->route_count);
}

/* ---- comparing ------------------------------------------------------------------------------ */

static bool has_via(const struct model_expect_route *want, struct ip_addr via)
{
	for (uint32_t i = 0; i < want->via_count; i++)
		if (ip_addr_equal(want->vias[i], via))
			return true;
	return false;
}

static bool kernel_matches(const struct model_expect_route *want, const struct state_route *route)
{
	if (want->via_count && route->next_hop_count != want->via_count)
		return false;
	for (uint32_t i = 0; i < route->next_hop_count; i++) {
		const struct observed_next_hop *hop = &route->next_hops[i];
		if (want->via_count && !has_via(want, hop->via))
			return false;
		if (want->interface && strcmp(want->interface, hop->interface) != 0)
			return false;
	}
	return !want->interface || route->next_hop_count > 0;
}

/* In BGP's table the best path goes by one of the next hops; each of the others is some path's. */
static bool table_matches(const struct judge *judge, const struct model_expect_route *want,
			  const struct state_path *best)
{
	if (want->via_count == 0)
		return true;
	if (!has_via(want, best->attrs.next_hop))
		return false;
	for (uint32_t i = 0; i < want->via_count; i++) {
		const struct state_path *path;
		uint32_t cursor = 0;
		bool known = false;
		while (!known && (path = state_path_next(judge->state, best->node, &cursor)))
			known = ip_prefix_equal(path->prefix, best->prefix) &&
				ip_addr_equal(path->attrs.next_hop, want->vias[i]);
		if (!known)
			return false;
	}
	return true;
}

static void put_clusters(struct text *out, const struct model_expect_route *want)
{
	for (uint32_t i = 0; i < want->cluster_count; i++) {
		text_put(out, i ? " " : "");
		words_addr(out, ip_addr_v4(want->clusters[i]));
	}
}

static bool attrs_match(const struct model_expect_route *want, const struct state_path *best)
{
	if (!want->has_originator && !want->has_clusters && !want->has_as_path &&
	    !want->has_local_pref && !want->has_med)
		return true;
	if (!best)
		return false;
	const struct observed_attrs *seen = &best->attrs;
	if (want->has_clusters) {
		struct text clusters;
		text_init(&clusters);
		put_clusters(&clusters, want);
		bool same = strcmp(text_string(&clusters), seen->cluster_list) == 0;
		text_free(&clusters);
		if (!same)
			return false;
	}
	return (!want->has_originator ||
		(seen->has_originator && seen->originator_id == want->originator_id)) &&
	       (!want->has_as_path || strcmp(seen->as_path, want->as_path) == 0) &&
	       (!want->has_local_pref ||
		(seen->has_local_pref && seen->local_pref == want->local_pref)) &&
	       (!want->has_med || (seen->has_med && seen->med == want->med));
}

static bool matches(const struct judge *judge, const struct model_expect_route *want)
{
	struct found found = find(judge, want->prefix);
	if (want->absent)
		return !found.there;
	if (!found.there || !attrs_match(want, found.best))
		return false;
	return judge->expect->fib ? kernel_matches(want, found.route) :
				    table_matches(judge, want, found.best);
}

static bool expected(const struct judge *judge, struct ip_prefix prefix)
{
	for (uint32_t i = 0; i < judge->expect->route_count; i++)
		if (!judge->expect->routes[i].absent &&
		    ip_prefix_equal(judge->expect->routes[i].prefix, prefix))
			return true;
	return false;
}

/* The next BGP route nobody expects; for `exact`. */
static bool next_other(const struct judge *judge, uint32_t *cursor, struct ip_prefix *prefix)
{
	uint32_t node = judge->expect->node;
	if (judge->expect->fib) {
		const struct state_route *route;
		while ((route = state_route_next(judge->state, node, cursor)) != NULL) {
			*prefix = route->prefix;
			if (route->source == ROUTE_BGP && !expected(judge, *prefix))
				return true;
		}
		return false;
	}
	const struct state_path *path;
	while ((path = state_path_next(judge->state, node, cursor)) != NULL) {
		*prefix = path->prefix;
		if (path->best && !expected(judge, *prefix))
			return true;
	}
	return false;
}

static void check(struct judge *judge, uint32_t item)
{
	const struct model_expect *expect = judge->expect;
	uint32_t cursor = 0;
	struct ip_prefix prefix;
	uint64_t evidence = state_sequence(judge->state);
	if (!judge->open) /* whole tables are walked: not before it matters */
		return;
	if (item == expect->route_count) {
		judge_set(judge, item, !next_other(judge, &cursor, &prefix), 0, evidence);
		return;
	}
	struct found found = find(judge, expect->routes[item].prefix);
	if (found.there)
		evidence = expect->fib ? found.route->sequence : found.best->sequence;
	judge_set(judge, item, matches(judge, &expect->routes[item]), 0, evidence);
}

/* ---- words ---------------------------------------------------------------------------------- */

static void name(const struct judge *judge, uint32_t item, struct text *out)
{
	if (item < judge->expect->route_count)
		words_prefix(out, judge->expect->routes[item].prefix);
	else
		text_put(out, "no other BGP route");
}

static void put_wanted(struct text *out, const struct model_expect_route *want)
{
	if (want->absent) {
		text_put(out, " no route");
		return;
	}
	for (uint32_t i = 0; i < want->via_count; i++) {
		text_put(out, i ? ", via " : " via ");
		words_addr(out, want->vias[i]);
	}
	if (want->interface)
		text_printf(out, " dev %s", want->interface);
	if (want->has_as_path)
		text_printf(out, " AS path %s", want->as_path[0] ? want->as_path : "(empty)");
	if (want->has_local_pref)
		text_printf(out, " local-pref %u", want->local_pref);
	if (want->has_med)
		text_printf(out, " MED %u", want->med);
	if (want->has_originator) {
		text_put(out, " originator ");
		words_addr(out, ip_addr_v4(want->originator_id));
	}
	if (want->has_clusters) {
		text_put(out, " clusters ");
		put_clusters(out, want);
	}
}

/* What is there, in the words of what was asked for. */
static void put_seen(struct text *out, const struct judge *judge,
		     const struct model_expect_route *want)
{
	struct found found = find(judge, want->prefix);
	if (!found.there) {
		text_put(out, " no route");
		return;
	}
	if (judge->expect->fib && found.route->next_hop_count == 0)
		text_put(out, " blackhole");
	for (uint32_t i = 0; judge->expect->fib && i < found.route->next_hop_count; i++) {
		const struct observed_next_hop *hop = &found.route->next_hops[i];
		text_put(out, i ? ", " : " ");
		if (hop->via.family) {
			text_put(out, "via ");
			words_addr(out, hop->via);
			text_char(out, ' ');
		}
		text_printf(out, "dev %s", hop->interface);
	}
	if (!judge->expect->fib) {
		text_put(out, " via ");
		words_addr(out, found.best->attrs.next_hop);
	}
	if (!found.best)
		return;
	const struct observed_attrs *seen = &found.best->attrs;
	struct model_expect_route same = {
		.has_as_path = want->has_as_path, .as_path = seen->as_path,
		.has_local_pref = want->has_local_pref && seen->has_local_pref,
		.local_pref = seen->local_pref,
		.has_med = want->has_med && seen->has_med, .med = seen->med,
		.has_originator = want->has_originator && seen->has_originator,
		.originator_id = seen->originator_id,
	};
	put_wanted(out, &same);
	if (want->has_originator && !seen->has_originator)
		text_put(out, " no originator");
	if (want->has_clusters)
		text_printf(out, " clusters %s",
			    seen->cluster_list[0] ? seen->cluster_list : "(none)");
}

static void put_pair(struct judge *judge, const struct model_expect_route *want,
		     struct story *story)
{
	struct text *out = &story->text;
	text_put(out, "  ");
	words_prefix(out, want->prefix);
	words_place(out, judge->model, want->pos, "     ");
	text_put(out, "\n    expected");
	put_wanted(out, want);
	text_put(out, "\n    seen    ");
	put_seen(out, judge, want);
	text_char(out, '\n');
	story_place(story, want->pos, "expected otherwise on %s",
		    judge->model->nodes[judge->expect->node].name);
}

static void explain(struct judge *judge, uint32_t item, int64_t at_ns, struct story *story)
{
	enum { MOST = 8 };
	const struct model_expect *expect = judge->expect;
	uint32_t shown = 0, cursor = 0;
	bool missing = false;
	struct ip_prefix other;
	(void)item;
	text_printf(&story->text, "%s of %s at ", expect->fib ? "kernel routes" : "BGP routes",
		    judge->model->nodes[expect->node].name);
	text_seconds(&story->text, at_ns);
	text_char(&story->text, '\n');
	for (uint32_t i = 0; i < expect->route_count; i++) {
		if (judge->watch.items[i].ok)
			continue;
		if (shown++ < MOST)
			put_pair(judge, &expect->routes[i], story);
		missing |= !expect->routes[i].absent &&
			   !find(judge, expect->routes[i].prefix).there;
	}
	if (shown > MOST)
		text_printf(&story->text, "  and %u more\n", shown - MOST);
	for (shown = 0; expect->exact && next_other(judge, &cursor, &other); shown++) {
		if (shown >= MOST)
			continue;
		text_put(&story->text, shown ? ", " : "  not expected: ");
		words_prefix(&story->text, other);
	}
	if (shown)
		text_char(&story->text, '\n');
	if (!missing)
		return;
	size_t before = story->text.length;
	text_put(&story->text, "because\n");
	size_t after = story->text.length;
	explain_sessions_down(judge->state, expect->node, story);
	if (story->text.length == after)
		story->text.data[story->text.length = before] = '\0';
}

const struct expect_kind expect_routes = {
	.observes = 1u << OBSERVE_BEST | 1u << OBSERVE_PATH | 1u << OBSERVE_FIB |
		    1u << OBSERVE_NODE | 1u << OBSERVE_PROCESS,
	.told_by = 1u << OBSERVE_BEST | 1u << OBSERVE_PATH | 1u << OBSERVE_FIB |
		   1u << OBSERVE_NODE | 1u << OBSERVE_PROCESS | 1u << OBSERVE_SESSION,
	.item = "route",
	.items = "routes",
	.begin = begin,
	.observe = observe,
	.check = check,
	.name = name,
	.explain = explain,
};
