/* `established`: a session is good while both its sides say Established. It counts once, not once a
 * side, and only while the configuration in force has it. */
#include <string.h>

#include "checker/explain.h"
#include "checker/judge.h"
#include "checker/lookup.h"
#include "checker/words.h"

struct established {
	struct session_pair *pairs; /* of all revisions, each once: the items */
	bool *wanted;               /* now */
	uint32_t **of_revision;     /* items of each */
	uint32_t *of_revision_count;
	struct hash_index by_side;  /* (node, neighbour name) -> item */
	uint32_t revision;
};

static uint64_t side_hash(uint32_t node, const char *name)
{
	return hash_u64(hash_bytes(name, strlen(name)) ^ node);
}

static uint64_t first_side_hash(const void *context, uint32_t value)
{
	/* Both sides of a pair are in the index; the low bit says which this is. */
	const struct session_pair *pair = &((const struct session_pair *)context)[value >> 1];
	return side_hash(pair->node[value & 1], pair->name[value & 1]);
}

static uint32_t find_side(const struct established *own, uint32_t node, const char *name,
			  uint32_t *cursor)
{
	uint64_t hash = side_hash(node, name);
	uint32_t value;
	while ((value = hash_index_next(&own->by_side, hash, cursor)) != HASH_NONE) {
		const struct session_pair *pair = &own->pairs[value >> 1];
		if (pair->node[value & 1] == node && strcmp(pair->name[value & 1], name) == 0)
			return value >> 1;
	}
	return MODEL_NONE;
}

static uint32_t find_pair(const struct established *own, const struct session_pair *pair)
{
	uint32_t cursor = HASH_NONE, item;
	while ((item = find_side(own, pair->node[0], pair->name[0], &cursor)) != MODEL_NONE)
		if (own->pairs[item].node[1] == pair->node[1])
			return item;
	return MODEL_NONE;
}

static bool asked_for(const struct judge *judge, const struct session_pair *pair)
{
	const struct model_expect *expect = judge->expect;
	char room[IP_TEXT_MAX];
	if (pair->address.family == IP_V6) /* no world plays it; lint W046 says so */
		return false;
	if (expect->node == MODEL_NONE)
		return true;
	for (int side = 0; side < 2; side++) {
		if (pair->node[side] != expect->node)
			continue;
		if (!expect->neighbor || strcmp(pair->name[side], expect->neighbor) == 0)
			return true;
		if (side == 0 &&
		    strcmp(ip_addr_format(pair->address, room), expect->neighbor) == 0)
			return true;
		uint32_t other = pair->node[1 - side];
		if (other != MODEL_NONE &&
		    strcmp(judge->model->nodes[other].name, expect->neighbor) == 0)
			return true;
	}
	return false;
}

/* Items are all sessions of all revisions that were asked for; each revision lists its own. */
static uint32_t collect(struct judge *judge, struct established *own)
{
	uint32_t count = 0, capacity = 64, revisions = judge->model->revision_count;
	own->pairs = arena_alloc(&judge->arena, capacity * sizeof(*own->pairs));
	for (uint32_t revision = 0; revision < revisions; revision++) {
		uint32_t found, kept = 0;
		struct session_pair *pairs =
			session_pairs(judge->model, revision, &judge->arena, &found);
		uint32_t *items = arena_alloc(&judge->arena, (found + 1) * sizeof(*items));
		for (uint32_t i = 0; i < found; i++) {
			if (!asked_for(judge, &pairs[i]))
				continue;
			uint32_t item = find_pair(own, &pairs[i]);
			if (item == MODEL_NONE) {
				if (count == capacity) {
					struct session_pair *larger = arena_alloc(
						&judge->arena, 2 * capacity * sizeof(*larger));
					memcpy(larger, own->pairs, count * sizeof(*larger));
					own->pairs = larger;
					capacity *= 2;
				}
				item = count++;
				own->pairs[item] = pairs[i];
				for (uint32_t side = 0; side < 2; side++)
					if (pairs[i].node[side] != MODEL_NONE)
						hash_index_add(&own->by_side,
							       side_hash(pairs[i].node[side],
									 pairs[i].name[side]),
							       item << 1 | side, first_side_hash,
							       own->pairs);
			}
			items[kept++] = item;
		}
		own->of_revision[revision] = items;
		own->of_revision_count[revision] = kept;
	}
	return count;
}

static void enter_revision(struct established *own, uint32_t revision, uint32_t count)
{
	memset(own->wanted, 0, count * sizeof(*own->wanted));
	for (uint32_t i = 0; i < own->of_revision_count[revision]; i++)
		own->wanted[own->of_revision[revision][i]] = true;
	own->revision = revision;
}

static void begin(struct judge *judge)
{
	struct established *own = arena_alloc(&judge->arena, sizeof(*own));
	uint32_t revisions = judge->model->revision_count;
	judge->own = own;
	hash_index_init(&own->by_side);
	own->of_revision = arena_alloc(&judge->arena, (revisions + 1) * sizeof(*own->of_revision));
	own->of_revision_count =
		arena_alloc(&judge->arena, (revisions + 1) * sizeof(*own->of_revision_count));
	uint32_t count = collect(judge, own);
	if (count == 0)
		judge->nothing = "there are no sessions between IPv4 addresses";
	judge_items(judge, count, false);
	own->wanted = arena_alloc(&judge->arena, (count + 1) * sizeof(*own->wanted));
	for (uint32_t i = 0; i < count; i++)
		judge->watch.items[i].counted = false;
	if (revisions)
		enter_revision(own, 0, count);
}

static void observe(struct judge *judge, const struct observation *o)
{
	struct established *own = judge->own;
	uint32_t cursor = HASH_NONE, item;
	if (o->kind == OBSERVE_SESSION) {
		while ((item = find_side(own, o->node, o->session.neighbor, &cursor)) != MODEL_NONE)
			judge_touch(judge, item);
		return;
	}
	if (o->kind == OBSERVE_STEP) {
		if (state_revision(judge->state) != own->revision) {
			enter_revision(own, state_revision(judge->state), judge->watch.count);
			judge_touch_all(judge);
		}
		return;
	}
	for (uint32_t i = 0; i < judge->watch.count; i++)
		if (own->pairs[i].node[0] == o->node || own->pairs[i].node[1] == o->node)
			judge_touch(judge, i);
}

/* Takes note of what shows it: the last change of the side that is not up. */
static bool side_up(const struct judge *judge, const struct session_pair *pair, int side,
		    uint64_t *evidence)
{
	const struct state_session *session =
		state_session_find(judge->state, pair->node[side], pair->name[side]);
	bool up = session && strcmp(session->state, "Established") == 0;
	if (session && (!up || !*evidence))
		*evidence = session->sequence;
	return up;
}

static void check(struct judge *judge, uint32_t item)
{
	struct established *own = judge->own;
	const struct session_pair *pair = &own->pairs[item];
	if (own->wanted[item] && judge->open)
		judge->watch.items[item].counted = true;
	uint64_t evidence = 0;
	bool up = side_up(judge, pair, 0, &evidence) &&
		  (pair->node[1] == MODEL_NONE || side_up(judge, pair, 1, &evidence));
	judge_set(judge, item, up || !own->wanted[item], 0, evidence);
}

static void name(const struct judge *judge, uint32_t item, struct text *out)
{
	const struct session_pair *pair = &((const struct established *)judge->own)->pairs[item];
	text_put(out, judge->model->nodes[pair->node[0]].name);
	text_put(out, " " BOTH_WAYS " ");
	if (pair->node[1] != MODEL_NONE)
		text_put(out, judge->model->nodes[pair->node[1]].name);
	else
		words_addr(out, pair->address);
}

static void explain(struct judge *judge, uint32_t item, int64_t at_ns, struct story *story)
{
	const struct session_pair *pair = &((const struct established *)judge->own)->pairs[item];
	explain_session(judge->state, pair->node, pair->name, pair->address, at_ns, story);
}

static void release(struct judge *judge)
{
	hash_index_free(&((struct established *)judge->own)->by_side);
}

const struct expect_kind expect_established = {
	.observes = 1u << OBSERVE_SESSION | 1u << OBSERVE_NODE | 1u << OBSERVE_PROCESS |
		    1u << OBSERVE_STEP,
	.told_by = 1u << OBSERVE_SESSION | 1u << OBSERVE_NODE | 1u << OBSERVE_PROCESS |
		   1u << OBSERVE_LINK,
	.item = "session",
	.items = "sessions",
	.begin = begin,
	.observe = observe,
	.check = check,
	.name = name,
	.explain = explain,
	.release = release,
};
