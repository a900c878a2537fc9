/* The daemon's event loop: epoll, one timerfd, one signalfd. The only place that reads a clock: all
 * that happens in one turn happens at the same instant, `now`. */
#ifndef SIMBGPD_LOOP_H
#define SIMBGPD_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

/* A descriptor and what to do when epoll reports it. Embedded first in its owner, who keeps it alive
 * until loop_remove; what was reported together may still be in hand, so memory goes by loop_bury. */
struct loop_watch {
	int fd;
	void (*ready)(struct loop_watch *watch, uint32_t events); /* EPOLL* */
};

struct loop {
	int epoll, timer, signals;
	int64_t origin_ns;      /* of the monotonic clock, at loop_init */
	struct instant now;     /* since loop_init; set by loop_turn */
	struct instant armed;   /* what the timerfd is set to */
	uint32_t signalled;     /* 1u << number, of the signals that came; the owner clears it */
	struct loop_watch timer_watch, signal_watch;
	void **buried;          /* freed at the end of the turn */
	uint32_t buried_count, buried_capacity;
};

/* All return 0 or a negative errno. loop_init blocks SIGTERM, SIGINT and SIGHUP and ignores SIGPIPE. */
int loop_init(struct loop *loop);
void loop_free(struct loop *loop);
int loop_add(struct loop *loop, struct loop_watch *watch, uint32_t events);
int loop_change(struct loop *loop, struct loop_watch *watch, uint32_t events);
void loop_remove(struct loop *loop, struct loop_watch *watch);
/* free(), but not before every report of this turn has been dealt with. */
void loop_bury(struct loop *loop, void *memory);
/* Waits until something is ready or the deadline has come (`at_once`: does not wait), and deals with
 * what is ready. */
int loop_turn(struct loop *loop, struct instant deadline, bool at_once);

#endif
