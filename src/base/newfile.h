/* SPDX-License-Identifier: MIT */
/*
 * A file that appears complete or not at all: written as PATH.new, then renamed
 * to PATH. A lock keeps two writers apart; what one that was killed left is
 * written over by the next.
 */
#pragma once

#include <limits.h>

#include "base/failure.h"
#include "base/util.h"

struct newfile {
	int fd; /* write here */
	char temporary[PATH_MAX];
	char path[PATH_MAX];
};

#define NEWFILE_NONE ((struct newfile){ .fd = -EBADF })

/* Begins path with this mode. -EBUSY: somebody else writes it. */
int newfile_begin(const char *path, mode_t mode, struct newfile *ret_file,
		  struct failure *failure) _must_check;

/* Puts it in place. */
int newfile_finish(struct newfile *file, struct failure *failure) _must_check;

/* Ends file; removes what was not finished. */
void newfile_clear(struct newfile *file);
#define _cleanup_newfile _cleanup(newfile_clear)

/* All of it for len bytes, and for the content of another file. */
int newfile_write(const char *path, mode_t mode, const void *bytes, size_t len,
		  struct failure *failure) _must_check;
int newfile_copy(const char *path, mode_t mode, const char *source,
		 uint64_t *ret_size, struct failure *failure) _must_check;
