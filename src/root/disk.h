/* SPDX-License-Identifier: MIT */
/*
 * Disk images: which part of one is the root file system. By libblkid; not for
 * PID 1's program, which has no libraries. The kernel mounts what is found,
 * read-only.
 */
#pragma once

#include "base/failure.h"
#include "wire/control.h"

/* Where in a file a file system is. */
struct disk_part {
	uint64_t offset, length; /* bytes; length 0: to its end */
	char fstype[IMAGE_FSTYPE_MAX];
};

/*
 * Finds the root file system in an open file: the whole of it, or the partition
 * whose type (UAPI discoverable partitions) says so for this machine, or the
 * one that holds an os-release or an init when it is mounted, which needs root
 * and happens in a mount namespace of a child. name begins the messages, which
 * say what there is when there is no root (LVM, LUKS, an empty disk, several).
 */
int disk_find_root(int fd, const char *name, struct disk_part *ret_part,
		   struct failure *failure) _must_check;
