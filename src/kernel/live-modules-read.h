/* SPDX-License-Identifier: MIT */
/* Of live-modules.c: the modules out of a root that is mounted. */
#pragma once

#include "kernel/live-modules.h"

/*
 * Reads them from where root_fd's tree has the modules of the release, each
 * decompressed. With *failure, -ENOENT: it has none for the release; -ENOPKG:
 * it has, but not all of names; -EBADMSG: one of them cannot be read.
 */
int live_modules_read(int root_fd, const char *release,
		      const char *const *names,
		      struct live_modules *ret_modules, struct failure *failure)
	_must_check;
