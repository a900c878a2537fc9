/* Things that are good or bad over time (flows, sessions, routes), looked at through one window:
 * the arithmetic of within, at, after, during and max-outage, once for every kind of expectation.
 *
 *   at T          window [T, T]                       bad there: failed
 *   within W      window [base, next step], zone [base + W, next step]  bad in the zone: failed
 *   during, after window = zone                       bad for longer than allowed: failed
 *
 * What was expected "within 30s" must hold at 30s and go on until somebody touches the network: the
 * zone ends with the first step at or after the deadline. Private to the checker. */
#ifndef CHECKER_WATCH_H
#define CHECKER_WATCH_H

#include "base/memory.h"
#include "checker/state.h"

struct watch_item {
	bool ok, seen;        /* seen: something was ever observed of it */
	bool counted;         /* it is one of the "n of m" */
	int64_t since_ns;     /* ok, or not, since */
	uint64_t began;       /* observation that made it so */
	uint32_t reason;      /* the kind's own code for why it is bad, */
	int64_t reason_since_ns;
	uint32_t main_reason; /* the one that held longest in this bad time, */
	int64_t main_reason_ns;
	int64_t bad_until_ns; /* end of its last bad time in the window; MODEL_NO_TIME */
	uint32_t bad_times;   /* in the zone */
	/* Its longest bad time within the zone. */
	int64_t longest_from_ns, longest_until_ns, longest_since_ns; /* since: before clipping */
	uint64_t longest_began, longest_ended; /* observations; ended 0: never */
	uint32_t longest_reason;
	int64_t last_ns;      /* length of its last bad time within the zone */
};

enum watch_mode { WATCH_AT, WATCH_WITHIN, WATCH_ALWAYS };

struct watch {
	enum watch_mode mode;
	int64_t base_ns, from_ns, zone_ns, until_ns; /* until: not included; INT64_MAX: the end */
	int64_t needed_ns;    /* the run must have come this far for a verdict */
	int64_t allowed_ns;
	bool measures_outage; /* max-outage was written */
	struct watch_item *items;
	uint32_t count, bad;
};

/* The window an expectation asks for. */
void watch_window(struct watch *watch, const struct model *model,
		  const struct model_expect *expect);
void watch_items(struct watch *watch, struct arena *arena, uint32_t count, bool ok);
void watch_set(struct watch *watch, uint32_t item, bool ok, uint32_t reason, int64_t at_ns,
	       uint64_t sequence);
/* Ends the window at the run's end. */
void watch_close(struct watch *watch, int64_t end_ns);
bool watch_failed(const struct watch *watch, uint32_t item);
bool watch_open(const struct watch *watch, int64_t from_ns, int64_t until_ns); /* overlaps it */
bool watch_in_zone(const struct watch *watch, int64_t from_ns, int64_t until_ns);
/* First step (or end of a step's `for`) at or after an instant; INT64_MAX if none. */
int64_t next_step_ns(const struct model *model, int64_t at_ns);

#endif
