/* SPDX-License-Identifier: MIT */
/* Mounting a file system that lies in a file, read-only. */
#pragma once

#include "root/mount.h"

/*
 * A detached mount (mount.h) of the file system at offset in the file, length
 * bytes long (0: to the end), by a loop device that the kernel frees with the
 * mount. Nothing is written to it: no journal is replayed. attributes are
 * MOUNT_ATTR_*; MOUNT_ATTR_RDONLY is added. Returns its descriptor. May block.
 */
int filemount_new(int file_fd, uint64_t offset, uint64_t length,
		  const char *fstype, unsigned int attributes,
		  struct failure *failure) _must_check;
