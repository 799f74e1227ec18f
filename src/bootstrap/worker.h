/* SPDX-License-Identifier: MIT */
/*
 * Work that blocks, allocates or may crash, done in a child forked from PID 1
 * without an exec. It talks back in records over a SOCK_SEQPACKET socket.
 */
#pragma once

#include "loop/loop.h"

#define WORKER_RECORD_MAX (16 * 1024)

struct worker {
	/* Set by the owner. record: one message came, with a descriptor that
	 * the callback then owns, or FD_NONE. ended: the worker is gone and
	 * all of its records were handed over; reusing it is fine. */
	void (*record)(struct worker *worker, const void *bytes, size_t len,
		       int passed_fd);
	void (*ended)(struct worker *worker, int wait_status);
	/* The worker's own. */
	struct loop *loop;
	struct child child;
	struct source link;
	bool running;
};

/* What the child does; what it returns is its exit status. link is for
 * worker_send(). */
typedef int (*worker_body)(void *argument, int link);

/*
 * Forks. The child has default signals, no other descriptor than link and
 * the standard ones, dies with PID 1's order only, and is a likelier victim
 * of the OOM killer than PID 1. Returns 0 or a negative errno.
 */
int worker_start(struct worker *worker, struct loop *loop, worker_body body,
		 void *argument) _must_check;

/* SIGKILL; ended() follows. Not running is fine. */
void worker_kill(struct worker *worker);

/* worker_kill() for one that hangs in the kernel: it is forgotten, ended() does
 * not follow, and the worker can be started again. */
void worker_abandon(struct worker *worker);

/* Hands over what the worker has said so far, before its end is known. */
void worker_drain(struct worker *worker);

/* In the child: sends one record, with a descriptor or FD_NONE. */
int worker_send(int link, const void *bytes, size_t len, int pass_fd)
	_must_check;
