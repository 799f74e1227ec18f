/* SPDX-License-Identifier: MIT */
/* A directory as what goes into an initrd. */
#pragma once

#include <sys/stat.h>

#include "base/failure.h"

struct cpio_found {
	const char *path; /* relative to the top; never the top itself */
	struct stat st;
	const char *target; /* of a symlink, or NULL */
};

/*
 * Calls found() for all below top_fd, a directory before what is in it, and the
 * names of each in the order of their bytes: always the same. No symlink is
 * followed. name begins the messages. Stops at the first negative answer.
 */
int cpio_tree_walk(int top_fd, const char *name,
		   int (*found)(void *context, const struct cpio_found *what,
				struct failure *failure),
		   void *context, struct failure *failure) _must_check;
