/* SPDX-License-Identifier: MIT */
/* Commands of the running system, within a time limit: what they ask may not
 * answer. Not for PID 1, which must not wait. */
#pragma once

#include "base/failure.h"

/*
 * Runs argv (NULL-terminated; argv[0] is looked up in PATH) with nothing as
 * its input, and its standard output in buf, NUL-terminated and cut to size;
 * buf NULL: it goes nowhere. Returns the exit status (128 + signal when it was
 * killed), or a negative errno with *failure; -ETIMEDOUT: it took longer than
 * limit_ms and was killed with all that it had started in its session's group.
 */
int command_run(const char *const *argv, int64_t limit_ms, char *buf,
		size_t size, struct failure *failure) _must_check;
