/* SPDX-License-Identifier: MIT */
/*
 * Makes another process execute a program, by ptrace(2), or leaves it exactly
 * as it was. Used on PID 1; works on any process that the caller may trace.
 * x86-64.
 */
#pragma once

#include <sys/types.h>

#include "base/failure.h"

/*
 * Stops pid wherever it is, has it call execve(path, argv, {NULL}), and lets it
 * go. 0: it runs path now. Negative, with *failure: it goes on with what it did,
 * a system call that was interrupted is restarted, and its memory and registers
 * are as before. Bounded in time. path and argv together at most
 * INJECT_BYTES_MAX.
 */
int inject_exec(pid_t pid, const char *path, const char *const *argv,
		struct failure *failure) _must_check;

#define INJECT_BYTES_MAX 1024

/*
 * The same with a path that does not exist: 0 says that inject_exec() will get
 * as far as the kernel, and that pid is unhurt.
 */
int inject_probe(pid_t pid, struct failure *failure) _must_check;
