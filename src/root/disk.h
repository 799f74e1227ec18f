/* SPDX-License-Identifier: MIT */
/*
 * Disk images: which part of one is the root file system. By libblkid; not for
 * PID 1's program, which has no libraries. The kernel mounts what is found,
 * read-only.
 */
#pragma once

#include "base/failure.h"
#include "wire/control.h"

/* Where in a file a file system is, and where in that the root. */
struct disk_part {
	uint64_t offset, length; /* bytes; length 0: to its end */
	char fstype[IMAGE_FSTYPE_MAX];
	char subdirectory[IMAGE_SUBDIRECTORY_MAX]; /* "": its top */
	bool guessed; /* the largest of several: none could be mounted */
};

/*
 * Finds the root file system in an open file: the whole of it, or the partition
 * whose type (UAPI discoverable partitions) says so for this machine, or the
 * one that holds an os-release or an init when it is mounted, which needs root
 * and happens in a child, at no place that has a name. name begins the
 * messages, which say what there is when there is no root (LVM, LUKS, an empty
 * disk, several). -ENODATA: no root, -ENOTUNIQ: several, -EBADMSG: cut short.
 */
int disk_find_root(int fd, const char *name, struct disk_part *ret_part,
		   struct failure *failure) _must_check;
