/* SPDX-License-Identifier: MIT */
/* Starting another program. */
#pragma once

#include "base/cleanup.h"
#include "base/failure.h"

struct spawn {
	const char *const *argv; /* NULL-terminated; argv[0] is looked up in
				    PATH when it has no slash */
	const char *const *env;	 /* NULL-terminated; NULL: ours */
	int fd[3];		 /* standard descriptors; FD_NONE: /dev/null */
	int extra_fd;		 /* becomes descriptor 3; FD_NONE: none */
	bool session;		 /* setsid(), so that a signal to its group
				    reaches all of it */
	bool tty;		 /* fd[0] becomes the controlling terminal;
				    needs session */
	bool foreground;   /* its own process group, in the foreground of the
				    terminal fd[0], which the caller takes back
				    with tcsetpgrp(), ignoring SIGTTOU */
	bool small_pages;  /* of memory only, as for one of many that wait */
	bool dies_with_us; /* killed when the thread that started it ends */
	int oom_score_adj; /* 0: inherited */
};

/*
 * Starts it with default signal handlers, nothing blocked and no other
 * descriptor of ours. An exec that fails is reported here, not as an exit
 * status. Returns the pid, which the caller reaps. Does not allocate.
 */
pid_t spawn(const struct spawn *what, struct failure *failure) _must_check;

/* spawn() and waits; returns the exit status (0..255), 128 + signal when it
 * was killed, or a negative errno. Only outside PID 1, which must not wait. */
int spawn_wait(const struct spawn *what, struct failure *failure) _must_check;
