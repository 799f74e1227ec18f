/* SPDX-License-Identifier: MIT */
/* The place in memory where the new root is made (wire/swap.h). */
#pragma once

#include <limits.h>

#include "base/failure.h"
#include "wire/swap.h"

struct staging {
	int lock_fd;
	bool mounted;
	char root[PATH_MAX]; /* of the new system, once there is one */
	int root_fd;
	uint64_t device; /* st_dev */
};

#define STAGING_NONE ((struct staging){ .lock_fd = -EBADF, .root_fd = -EBADF })

/* Mounts the tmpfs at SWAP_DIR, for itself alone, with exec; staging is
 * STAGING_NONE before. What a swap that was killed left there goes. -EBUSY with
 * *failure: another one is under way. */
int staging_open(struct staging *staging, struct failure *failure) _must_check;

/* The root is the directory SWAP_DIR/tree. */
int staging_use_tree(struct staging *staging, struct failure *failure)
	_must_check;

/* The root is an overlay over the detached mount of a file system, or over the
 * directory subdirectory ("": none) in it. */
int staging_use_mount(struct staging *staging, int mount_fd,
		      const char *subdirectory, struct failure *failure)
	_must_check;

/* Of a bootstrap: its root, which is a tree, gets its /usr for as long as this
 * system lives. The kernel has then what it takes, and the bootstrap mounts it
 * by itself, as nothing else does so early. */
int staging_mount_usr(struct staging *staging, struct failure *failure)
	_must_check;

/* Writes the stage and the plan into the root. init: the path of the static
 * program. */
int staging_write(struct staging *staging, const char *init,
		  const struct swap_plan *plan, struct failure *failure)
	_must_check;

/* Unmounts and removes all of it; fine on STAGING_NONE and halfway. */
void staging_close(struct staging *staging);
#define _cleanup_staging _cleanup(staging_close)
