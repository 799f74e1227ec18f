/* SPDX-License-Identifier: MIT */
/*
 * Makes another process execute a program, by ptrace(2), or leaves it exactly
 * as it was. Used on PID 1; works on any process that the caller may trace.
 * x86-64; elsewhere -EOPNOTSUPP (inject-none.c).
 */
#pragma once

#include <sys/types.h>

#include "base/failure.h"

/*
 * Stops pid wherever it is, has it call execve(path, argv, {NULL}), and lets it
 * go. path is one of pid's root and mount namespace. 0: it runs path now, as
 * execve(2) leaves it, with all signals blocked. Negative, with *failure: it
 * goes on with what it did, a system call that was interrupted is restarted,
 * and its memory, registers and signal mask are as before; what comes of its
 * being stopped at all is that the time-out of a call in which it waited may
 * begin anew. -EINPROGRESS is the exception: the kernel did not come back from
 * execve(2) in time, or the tracing process was killed amidst it, and nobody
 * can tell. Bounded in time (seconds).
 *
 * path and argv together at most INJECT_BYTES_MAX, argv INJECT_ARGS_MAX.
 */
int inject_exec(pid_t pid, const char *path, const char *const *argv,
		struct failure *failure) _must_check;

#define INJECT_BYTES_MAX 1024
#define INJECT_ARGS_MAX	 16

/*
 * The same with a path that cannot exist: 0 says that inject_exec() will get
 * as far as the kernel, and that pid is unhurt.
 */
int inject_probe(pid_t pid, struct failure *failure) _must_check;
