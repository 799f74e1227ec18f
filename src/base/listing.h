/* SPDX-License-Identifier: MIT */
/* The names in a directory, without allocating (as opendir(3) does). */
#pragma once

#include "base/util.h"

/*
 * Calls each() for every name in the directory at path (relative to dir_fd, or
 * AT_FDCWD) but "." and "..". Stops at and returns the first non-zero answer,
 * otherwise 0 or a negative errno. May nest: 4 KiB of stack each.
 */
int listing_each(int dir_fd, const char *path,
		 int (*each)(const char *name, void *context), void *context)
	_must_check;
