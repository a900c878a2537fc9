#include "reports/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "topo/topo.h"

struct side { /* one end of a session */
	uint32_t node;
	const char *neighbor;
	bool up;
};

struct lost { /* a session that went down */
	int64_t at_ns;
	uint32_t node;
	const char *peer, *text; /* the arena's */
};

struct timeline {
	struct trace_sink sink; /* embedded first */
	const struct model *model;
	void (*told)(void *context, const struct run_event *event);
	void *context;
	struct arena arena;
	struct run_event *events;
	size_t event_count, event_capacity;
	struct side *sides;
	size_t side_count, side_capacity;
	struct hash_index by_name;
	uint32_t sides_up, configured, last_told_up;
	struct lost *lost; /* held back, to be told as one line if they are alike */
	size_t lost_count, lost_capacity;
};

#define EVENTS_MAX 400 /* a storm of lines helps nobody; run.db has all */
#define ALIKE_NS INT64_C(10000000) /* what happens within 10 ms happens together, to a reader */

static void tell(struct timeline *timeline, int64_t at_ns, const char *name, const char *text)
{
	bool last = timeline->event_count == EVENTS_MAX;
	struct run_event event = {
		at_ns,
		arena_strdup(&timeline->arena, last ? "..." : name),
		arena_strdup(&timeline->arena, last ? "more is in run.db" : text),
	};
	if (timeline->event_count > EVENTS_MAX)
		return;
	ARRAY_PUSH(timeline->events, timeline->event_count, timeline->event_capacity, event);
	if (timeline->told)
		timeline->told(timeline->context, &event);
}

#define NODES_NAMED 6

/* All of one node: "k8s-2: 3 peers". All of one neighbour: "3 with 172.31.13.27", and whose ends. */
static void tell_group(struct timeline *timeline, const struct lost *lost, size_t count,
		       bool same_node)
{
	const struct model_node *nodes = timeline->model->nodes;
	struct text name, text;
	text_init(&name);
	text_init(&text);
	text_put(&text, lost->text);
	if (count == 1) {
		text_printf(&name, "%s: %s", nodes[lost->node].name, lost->peer);
	} else if (same_node) {
		text_printf(&name, "%s: %zu peers", nodes[lost->node].name, count);
	} else {
		text_printf(&name, "%zu with %s", count, lost->peer);
		for (size_t i = 0; i < count && i < NODES_NAMED; i++)
			text_printf(&text, "%s %s", i ? "," : ":", nodes[lost[i].node].name);
		if (count > NODES_NAMED)
			text_printf(&text, " and %zu more", count - NODES_NAMED);
	}
	tell(timeline, lost->at_ns, text_string(&name), text_string(&text));
	text_free(&name);
	text_free(&text);
}

static void tell_lost(struct timeline *timeline)
{
	const struct lost *lost = timeline->lost;
	for (size_t i = 0, end; i < timeline->lost_count; i = end) {
		bool same_node = true, same_peer = true;
		for (end = i + 1; end < timeline->lost_count; end++) {
			bool node = same_node && lost[end].node == lost[i].node;
			bool peer = same_peer && strcmp(lost[end].peer, lost[i].peer) == 0;
			if (strcmp(lost[end].text, lost[i].text) != 0 || (!node && !peer))
				break;
			same_node = node;
			same_peer = peer;
		}
		tell_group(timeline, &lost[i], end - i, same_node);
	}
	timeline->lost_count = 0;
}

void timeline_add(struct timeline *timeline, int64_t at_ns, const char *name, const char *text)
{
	tell_lost(timeline);
	tell(timeline, at_ns, name, text);
}

static uint64_t side_hash(uint32_t node, const char *neighbor)
{
	return hash_u64(hash_bytes(neighbor, strlen(neighbor)) + node);
}

static uint64_t rehash(const void *context, uint32_t value)
{
	const struct timeline *timeline = context;
	return side_hash(timeline->sides[value].node, timeline->sides[value].neighbor);
}

static struct side *side_of(struct timeline *timeline, uint32_t node, const char *neighbor)
{
	uint32_t cursor = HASH_NONE, place;
	uint64_t hash = side_hash(node, neighbor);
	while ((place = hash_index_next(&timeline->by_name, hash, &cursor)) != HASH_NONE)
		if (timeline->sides[place].node == node &&
		    strcmp(timeline->sides[place].neighbor, neighbor) == 0)
			return &timeline->sides[place];
	struct side side = { node, arena_strdup(&timeline->arena, neighbor), false };
	place = (uint32_t)timeline->side_count;
	ARRAY_PUSH(timeline->sides, timeline->side_count, timeline->side_capacity, side);
	hash_index_add(&timeline->by_name, hash, place, rehash, timeline);
	return &timeline->sides[place];
}

void timeline_sessions(const struct timeline *timeline, uint32_t *up, uint32_t *configured)
{
	*up = timeline->sides_up / 2;
	*configured = timeline->configured;
}

static void tell_count(struct timeline *timeline, int64_t at_ns)
{
	uint32_t up = timeline->sides_up / 2;
	if (up != timeline->configured || up == timeline->last_told_up ||
	    timeline->sides_up % 2 != 0)
		return;
	timeline->last_told_up = up;
	struct text text;
	text_init(&text);
	text_printf(&text, "sessions %u/%u", up, timeline->configured);
	timeline_add(timeline, at_ns, text_string(&text), "");
	text_free(&text);
}

static void session_lost(struct timeline *timeline, const struct observation *seen)
{
	struct text text;
	char buffer[IP_TEXT_MAX];
	/* The step that took the daemon away has said so already. */
	if (strcmp(seen->session.reason, "the daemon is gone") == 0)
		return;
	text_init(&text);
	if (seen->session.error_code)
		text_printf(&text, "Notification %s (%s)",
			    seen->session.error_sent ? "sent" : "received", seen->session.error);
	else
		text_put(&text, seen->session.reason);
	if (seen->session.graceful)
		text_put(&text, "; its routes are kept (graceful restart)");
	if (timeline->lost_count && seen->at_ns - timeline->lost[0].at_ns > ALIKE_NS)
		tell_lost(timeline);
	struct lost lost = {
		seen->at_ns,
		seen->node,
		arena_strdup(&timeline->arena, ip_addr_format(seen->session.peer, buffer)),
		arena_strdup(&timeline->arena, text_string(&text)),
	};
	ARRAY_PUSH(timeline->lost, timeline->lost_count, timeline->lost_capacity, lost);
	text_free(&text);
}

static void session_seen(struct timeline *timeline, const struct observation *seen)
{
	struct side *side = side_of(timeline, seen->node, seen->session.neighbor);
	bool up = strcmp(seen->session.new_state, "Established") == 0;
	if (up == side->up)
		return;
	side->up = up;
	if (up) {
		timeline->sides_up++;
		tell_count(timeline, seen->at_ns);
	} else {
		timeline->sides_up--;
		timeline->last_told_up = UINT32_MAX;
		session_lost(timeline, seen);
	}
}

static void observe(struct trace_sink *sink, const struct observation *seen)
{
	struct timeline *timeline = (struct timeline *)(void *)sink;
	switch (seen->kind) {
	case OBSERVE_STEP:
		if (timeline->model->steps[seen->step.index].kind == MODEL_STEP_END)
			break;
		timeline_add(timeline, seen->at_ns, seen->step.name,
			     seen->step.undone ? arena_printf(&timeline->arena, "%s: over",
							      seen->step.text) :
						 seen->step.text);
		break;
	case OBSERVE_SESSION: session_seen(timeline, seen); break;
	case OBSERVE_NOTE: timeline_add(timeline, seen->at_ns, "note", seen->note.text); break;
	case OBSERVE_NODE:
		/* A machine without power says no goodbye; its side of each session is gone. */
		for (size_t i = 0; !seen->node_state.up && i < timeline->side_count; i++)
			if (timeline->sides[i].node == seen->node && timeline->sides[i].up) {
				timeline->sides[i].up = false;
				timeline->sides_up--;
				timeline->last_told_up = UINT32_MAX;
			}
		break;
	default: break;
	}
}

struct timeline *timeline_new(const struct model *model,
			      void (*told)(void *context, const struct run_event *event),
			      void *context)
{
	struct timeline *timeline = memory_zalloc(sizeof(*timeline));
	timeline->sink.observe = observe;
	timeline->model = model;
	timeline->told = told;
	timeline->context = context;
	timeline->last_told_up = UINT32_MAX;
	arena_init(&timeline->arena);
	hash_index_init(&timeline->by_name);
	struct arena scratch;
	arena_init(&scratch);
	uint32_t count;
	struct topo_session *sessions = topo_sessions(model, 0, &scratch, &count);
	uint32_t matched = 0;
	for (uint32_t i = 0; i < count; i++)
		matched += sessions[i].status == TOPO_SESSION_UNIQUE_MATCH;
	timeline->configured = matched / 2;
	arena_free(&scratch);
	return timeline;
}

void timeline_free(struct timeline *timeline)
{
	free(timeline->events);
	free(timeline->lost);
	free(timeline->sides);
	hash_index_free(&timeline->by_name);
	arena_free(&timeline->arena);
	free(timeline);
}

struct trace_sink *timeline_sink(struct timeline *timeline) { return &timeline->sink; }

const struct run_event *timeline_events(struct timeline *timeline, uint32_t *count)
{
	tell_lost(timeline);
	*count = (uint32_t)timeline->event_count;
	return timeline->events;
}
