/* SPDX-License-Identifier: MIT */
/*
 * Files of proc, sysfs and securityfs, also where nothing is mounted: before
 * anything is, and of securityfs, which few mount. No allocation.
 */
#pragma once

#include "base/util.h"

enum pseudo {
	PSEUDO_PROC,
	PSEUDO_SYS,
	PSEUDO_SECURITY,
};

/* The directory of one: the usual one, else an instance that nobody else
 * sees. */
int pseudo_open(enum pseudo which) _must_check;

/*
 * As file_read_line() of path below where the file system usually is mounted
 * ("cmdline"); without that (-ENOENT there), of an instance that nobody sees
 * (fsmount(2)), which only root can make. -ENOENT: neither has it.
 */
ssize_t pseudo_read_line(enum pseudo which, const char *path, char *buf,
			 size_t size) _must_check;
