/* SPDX-License-Identifier: MIT */
/* Files and programs of this machine. Allocates, so it is not PID 1's. */
#pragma once

#include <limits.h>

#include "base/failure.h"
#include "base/util.h"

/* The whole file, allocated, with a NUL behind it that is not counted.
 * -EFBIG: larger than max bytes. */
int host_read(const char *path, size_t max, char **ret_bytes, size_t *ret_len)
	_must_check;

/* Where the program is: in PATH, or where administrators' programs are, which
 * PATH may lack. -ENOENT. */
int host_find_program(const char *name, char ret_path[static PATH_MAX])
	_must_check;

/* Runs argv (argv[0] a path) and returns what it wrote to standard output,
 * allocated and NUL-terminated, at most max bytes. A status that is not 0 is
 * a failure. */
int host_output(const char *const *argv, size_t max, char **ret_output,
		struct failure *failure) _must_check;

/* Runs argv (argv[0] a path) with our standard error for its output. A status
 * that is not 0 is a failure. */
int host_run(const char *const *argv, struct failure *failure) _must_check;
