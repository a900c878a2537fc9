/* One expectation at work. A kind says which observations may change what it looks at, which of its
 * items they touch, whether an item is good, and why it is not; when things are looked at,
 * measured, counted and put into words is the same for all of them and lives in judge.c.
 *
 * Items are looked at when an instant is over: what comes and goes within one instant never was.
 * Private to the checker. */
#ifndef CHECKER_JUDGE_H
#define CHECKER_JUDGE_H

#include "checker/checker.h"
#include "checker/story.h"
#include "checker/watch.h"

struct judge;

struct expect_kind {
	uint32_t observes;     /* bits 1 << OBSERVE_... */
	uint32_t told_by;      /* those that may change the explanation of a bad item */
	const char *item, *items; /* "flow", "flows" */
	bool untold, uncounted;   /* no lines "2 of 4 flows: ..."; or such without "of 4" */
	void (*begin)(struct judge *judge);
	void (*observe)(struct judge *judge, const struct observation *o); /* touches items */
	void (*check)(struct judge *judge, uint32_t item);                 /* calls judge_set */
	/* Appends the item's name; its reason in few words, "" for none; the whole story. */
	void (*name)(const struct judge *judge, uint32_t item, struct text *out);
	const char *(*reason)(uint32_t reason);
	void (*explain)(struct judge *judge, uint32_t item, int64_t at_ns, struct story *story);
	/* That observation may change the item's story; NULL: each of told_by does. */
	bool (*concerns)(const struct judge *judge, uint32_t item, const struct observation *o);
	/* Result, measured and limit where the common words do not fit; NULL: they do. */
	void (*finish)(struct judge *judge, int64_t end_ns, struct verdict *verdict);
	void (*release)(struct judge *judge); /* NULL: all it has is in the arena */
};
extern const struct expect_kind *const expect_kinds[];
extern const struct expect_kind expect_established, expect_routes, expect_reachable, expect_source,
	expect_never, expect_converged;

struct judge {
	const struct model_expect *expect;
	const struct expect_kind *kind;
	const struct state *state;
	const struct model *model;
	struct arena arena;
	struct watch watch;
	void *own;                /* the kind's, in the arena */
	int64_t now_ns;           /* the instant being looked at */
	int64_t wake_ns;          /* touch everything then, though nothing is seen; INT64_MAX */
	bool open;                /* the instant at hand is (partly) in the window */
	const char *nothing;      /* why there is nothing to judge; NULL: there is */
	uint32_t *touched, touched_count;
	bool *is_touched;
	uint32_t teller;          /* item whose story is being followed; MODEL_NONE */
	bool story_old;
	struct story story, kept, worst; /* being told; of this bad time; of all */
	int64_t told_ns, kept_ns; /* when `story` was told; how long `kept` stood, -1: none */
	uint64_t told_key;        /* of what the story told of (explain_key) */
	int64_t worst_ns;         /* length of the bad time `worst` tells of; -1: none */
};

void judge_init(struct judge *judge, const struct model_expect *expect, const struct state *state);
void judge_free(struct judge *judge);
void judge_observe(struct judge *judge, const struct observation *o);
/* What is so now goes on until next_ns, not included. */
void judge_pass(struct judge *judge, int64_t now_ns, int64_t next_ns);
void judge_finish(struct judge *judge, int64_t end_ns, struct verdict *verdict);

/* For the kinds. */
void judge_items(struct judge *judge, uint32_t count, bool ok);
void judge_touch(struct judge *judge, uint32_t item);
void judge_touch_all(struct judge *judge);
/* evidence: the observation that shows it; 0 if none does. */
void judge_set(struct judge *judge, uint32_t item, bool ok, uint32_t reason, uint64_t evidence);
uint32_t judge_failed(const struct judge *judge, uint32_t *counted);

#endif
