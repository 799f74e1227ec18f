/* SPDX-License-Identifier: MIT */
/*
 * The guard: a process beside PID 1 that reboots the machine into its disk when
 * nothing better happens in time. First it bounds the release of storage, where
 * a system call may hang for ever; then it is the dead-man timer of the new
 * system, until somebody confirms; and it feeds hardware watchdogs. It runs
 * from the new root, holds nothing of the old system, and shares nothing with
 * PID 1 but a socket: the exec of the new init must not end it.
 */
#pragma once

#include "base/failure.h"
#include "takeover/watchdog.h"

struct guard {
	pid_t pid;
	int fd; /* SOCK_SEQPACKET to it, close-on-exec */
};

#define GUARD_NONE ((struct guard){ .fd = -EBADF })

/*
 * Forks it, from PID 1, single-threaded. Unless guard_release() comes within
 * release_s it says so on the consoles and reboots. The caller's end being
 * closed without a word (PID 1 executed something, or died) is a failure, too.
 */
int guard_start(uint32_t release_s, struct guard *ret_guard,
		struct failure *failure) _must_check;

/*
 * The release is over: from now on it waits watchdog_s for guard_confirm(),
 * with hardware watchdogs armed, and then reboots; 0: it does not wait. It
 * lives on only to wait, or to feed watchdogs that cannot be stopped.
 */
int guard_release(struct guard *guard, uint32_t watchdog_s) _must_check;

/* Ends it, in every state. */
void guard_stop(struct guard *guard);

/*
 * From any process of the new system, as root: the timer is off. Returns the
 * seconds that were left. -ENOENT: nothing waits for it; both with *failure.
 */
int guard_confirm(struct failure *failure) _must_check;

/* The whole of `boomerang swap --confirm`, without anything but libc; an exit
 * status. */
int guard_confirm_command(void);
