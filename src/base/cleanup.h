/* SPDX-License-Identifier: MIT */
/*
 * Ownership by scope: a variable marked _cleanup_* is released when it goes
 * out of scope; TAKE_* hands it on and leaves the variable empty. An empty
 * descriptor is FD_NONE, never 0, so that a forgotten initialiser cannot
 * close standard input.
 */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/util.h"

#define FD_NONE (-EBADF)

/* Closes fd unless it is negative; keeps errno; returns FD_NONE. Never
 * retried on EINTR: Linux has released the descriptor by then (close(2)). */
static inline int fd_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return FD_NONE;
}

static inline void cleanup_fd(int *fd)
{
	fd_close(*fd);
}

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define _cleanup_fd   _cleanup(cleanup_fd)
#define _cleanup_free _cleanup(cleanup_free)
#define _cleanup_file _cleanup(cleanup_file)
#define _cleanup_dir  _cleanup(cleanup_dir)

#define TAKE_FD(fd)                \
	({                         \
		int *fd_ = &(fd);  \
		int taken_ = *fd_; \
		*fd_ = FD_NONE;    \
		taken_;            \
	})

#define TAKE_PTR(ptr)                           \
	({                                      \
		__typeof__(ptr) *ptr_ = &(ptr); \
		__typeof__(ptr) taken_ = *ptr_; \
		*ptr_ = NULL;                   \
		taken_;                         \
	})
