/* SPDX-License-Identifier: MIT */
/*
 * One thread, one epoll, level-triggered. Sources, timers and children are
 * embedded in what they belong to; the loop never allocates. A callback may
 * remove any source, its own too: loop_remove() makes sure that no event of
 * the running batch reaches it, and the owner may free or reuse it at once.
 */
#pragma once

#include <signal.h>
#include <sys/epoll.h>

#include "base/util.h"

#define LOOP_BATCH 32
#define LOOP_NEVER INT64_MAX

struct loop;

/* A descriptor watched. The owner sets fd and ready, then loop_add(). */
struct source {
	int fd;
	uint32_t events; /* EPOLLIN | EPOLLOUT … as last set */
	void (*ready)(struct source *source, uint32_t events);
	bool added;
};

/* A moment waited for. The owner sets expired; the loop owns the rest. */
struct timer {
	void (*expired)(struct timer *timer);
	int64_t at_ms; /* clock_ms() */
	struct timer *prev, *next;
	bool armed;
};

/* A child waited for. The owner sets pid and exited, then loop_watch(). */
struct child {
	pid_t pid;
	void (*exited)(struct child *child, int wait_status);
	struct child *next;
};

struct loop {
	int epoll_fd;
	struct timer *timers; /* sorted, earliest first */
	struct source alarm;  /* a timerfd */
	int64_t alarm_ms;     /* when it rings; LOOP_NEVER */
	bool alarmed;	      /* it rang in the running batch */
	struct child *children;
	/* Children that nobody watches (PID 1 inherits orphans); may be
	 * NULL. */
	void (*orphan)(struct loop *loop, pid_t pid, int wait_status);
	struct source signals;
	void (*signalled)(struct loop *loop, int signal);
	struct epoll_event batch[LOOP_BATCH];
	int batch_at, batch_count;
	bool stop;
};

/*
 * Blocks the signals of mask (and SIGCHLD) for the process and takes them by
 * signalfd: SIGCHLD is reaped by the loop, the others go to signalled, which
 * may be NULL when mask is empty. With mask NULL it leaves signals and
 * children alone: for a further loop, on a thread of its own. Returns 0 or a
 * negative errno.
 */
int loop_init(struct loop *loop, const sigset_t *mask,
	      void (*signalled)(struct loop *loop, int signal)) _must_check;
void loop_done(struct loop *loop);

int loop_add(struct loop *loop, struct source *source, uint32_t events)
	_must_check;
int loop_change(struct loop *loop, struct source *source, uint32_t events)
	_must_check;
/* Not added is fine. Does not close fd. */
void loop_remove(struct loop *loop, struct source *source);

/* Arms or re-arms timer to expire once, delay_ms from now. */
void loop_timer(struct loop *loop, struct timer *timer, int64_t delay_ms);
void loop_timer_off(struct loop *loop, struct timer *timer);

void loop_watch(struct loop *loop, struct child *child);
void loop_unwatch(struct loop *loop, struct child *child);

/* Waits (at most limit_ms, -1: no limit) and handles one batch. Returns 0 or
 * a negative errno of epoll_wait(2), never -EINTR. */
int loop_turn(struct loop *loop, int limit_ms) _must_check;

/* loop_turn() until stop is set. */
int loop_run(struct loop *loop) _must_check;
