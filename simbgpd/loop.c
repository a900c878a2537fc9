#include "simbgpd/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

#define REPORTS_A_TURN 256

static int64_t clock_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void tick(struct loop *loop) { loop->now.ns = clock_ns() - loop->origin_ns; }

static void timer_ready(struct loop_watch *watch, uint32_t events)
{
	uint64_t times;
	(void)events;
	(void)!read(watch->fd, &times, sizeof(times));
}

static void signal_ready(struct loop_watch *watch, uint32_t events)
{
	struct loop *loop =
		(struct loop *)(void *)((char *)watch - offsetof(struct loop, signal_watch));
	struct signalfd_siginfo info;
	(void)events;
	while (read(watch->fd, &info, sizeof(info)) == sizeof(info))
		loop->signalled |= 1u << info.ssi_signo;
}

static int open_signals(struct loop *loop)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	signal(SIGPIPE, SIG_IGN);
	loop->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return loop->signals < 0 ? -errno : 0;
}

int loop_init(struct loop *loop)
{
	*loop = (struct loop){ .epoll = -1, .timer = -1, .signals = -1, .armed = INSTANT_NEVER };
	loop->origin_ns = clock_ns();
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return -errno;
	loop->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->timer < 0)
		return -errno;
	int error = open_signals(loop);
	if (error)
		return error;
	loop->timer_watch = (struct loop_watch){ loop->timer, timer_ready };
	loop->signal_watch = (struct loop_watch){ loop->signals, signal_ready };
	error = loop_add(loop, &loop->timer_watch, EPOLLIN);
	return error ? error : loop_add(loop, &loop->signal_watch, EPOLLIN);
}

static void burial(struct loop *loop)
{
	for (uint32_t i = 0; i < loop->buried_count; i++)
		free(loop->buried[i]);
	loop->buried_count = 0;
}

void loop_free(struct loop *loop)
{
	burial(loop);
	free(loop->buried);
	const int fds[] = { loop->epoll, loop->timer, loop->signals };
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static int control(struct loop *loop, int how, struct loop_watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };
	return epoll_ctl(loop->epoll, how, watch->fd, &event) < 0 ? -errno : 0;
}

int loop_add(struct loop *loop, struct loop_watch *watch, uint32_t events)
{
	return control(loop, EPOLL_CTL_ADD, watch, events);
}

int loop_change(struct loop *loop, struct loop_watch *watch, uint32_t events)
{
	return control(loop, EPOLL_CTL_MOD, watch, events);
}

void loop_remove(struct loop *loop, struct loop_watch *watch)
{
	control(loop, EPOLL_CTL_DEL, watch, 0);
	watch->ready = NULL; /* a report already in hand is let go */
}

void loop_bury(struct loop *loop, void *memory)
{
	ARRAY_PUSH(loop->buried, loop->buried_count, loop->buried_capacity, memory);
}

static int arm(struct loop *loop, struct instant deadline)
{
	if (deadline.ns == loop->armed.ns)
		return 0;
	struct itimerspec when = { 0 };
	if (!instant_is_never(deadline)) {
		int64_t at_ns = loop->origin_ns + (deadline.ns > 0 ? deadline.ns : 1);
		when.it_value.tv_sec = at_ns / NS_PER_S;
		when.it_value.tv_nsec = at_ns % NS_PER_S;
	}
	if (timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		return -errno;
	loop->armed = deadline;
	return 0;
}

int loop_turn(struct loop *loop, struct instant deadline, bool at_once)
{
	struct epoll_event reports[REPORTS_A_TURN];
	tick(loop);
	at_once = at_once || !instant_before(loop->now, deadline);
	int error = at_once ? 0 : arm(loop, deadline);
	if (error)
		return error;
	int count = epoll_wait(loop->epoll, reports, REPORTS_A_TURN, at_once ? 0 : -1);
	if (count < 0 && errno != EINTR)
		return -errno;
	tick(loop);
	if (!instant_before(loop->now, loop->armed))
		loop->armed = INSTANT_NEVER; /* it has gone off */
	for (int i = 0; i < count; i++) {
		struct loop_watch *watch = reports[i].data.ptr;
		if (watch->ready)
			watch->ready(watch, reports[i].events);
	}
	burial(loop);
	return 0;
}
