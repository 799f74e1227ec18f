/* SPDX-License-Identifier: MIT */
/*
 * The last steps of becoming another system's PID 1, for a target
 * (root/enter.h) and for a swap (takeover/stage.h). No allocation.
 */
#pragma once

#include "base/failure.h"
#include "root/program.h"

/* /proc, /sys, /sys/fs/cgroup, /dev, /dev/pts and /dev/shm, fresh ones, in the
 * root at root_fd. Missing directories are made. */
int become_mount_api(int root_fd, struct failure *failure) _must_check;

/* Signal handlers and mask, umask, session, resource limits and the OOM
 * killer's score as the kernel gives them to its init. */
void become_reset(void);

/* /dev/console, or /dev/null without one, on the standard descriptors. */
int become_open_console(struct failure *failure) _must_check;

/* Working directory and user of a program that is no init, with the console,
 * which is given to the user when give_console, as its controlling terminal. */
int become_user(const struct program *program, bool give_console,
		struct failure *failure) _must_check;

/* Executes it, with no other descriptor open than the standard ones. Returns
 * only with a failure. */
int become_exec(const struct program *program, struct failure *failure)
	_must_check;
