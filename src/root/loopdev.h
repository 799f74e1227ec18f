/* SPDX-License-Identifier: MIT */
/* Loop devices (loop(4)): a file as a block device. */
#pragma once

#include "base/failure.h"

#define LOOPDEV_NAME_MAX 16 /* "loop1048575" */
#define LOOPDEV_PATH_MAX 24 /* "/dev/loop1048575" */

/*
 * Attaches the file to a free loop device, read-only and to be freed by the
 * kernel at its last close or unmount (LO_FLAGS_AUTOCLEAR): whoever dies with
 * it leaves nothing. Returns a descriptor of the device, which the caller
 * keeps until it is mounted, and its path. Of the file it is length bytes from
 * offset on; 0: to its end. May block.
 */
int loopdev_attach(int file_fd, uint64_t offset, uint64_t length,
		   char ret_path[static LOOPDEV_PATH_MAX],
		   struct failure *failure) _must_check;

/*
 * Calls each() for every loop device that is attached, with its name
 * ("loop0") and what it is attached to, as the kernel prints it. Stops at and
 * returns the first non-zero answer, otherwise 0 or a negative errno.
 */
int loopdev_list(int (*each)(const char *name, const char *file, void *context),
		 void *context) _must_check;

/* Where a loop device's file is. */
struct loopdev_backing {
	uint64_t device;  /* st_dev of the file */
	uint64_t special; /* st_rdev of a block device, otherwise 0 */
};

/* -ENXIO: it is not attached. */
int loopdev_backing(const char *name, struct loopdev_backing *ret_backing)
	_must_check;

/*
 * Detaches a device by name. While something still holds it open, the kernel
 * remembers the wish and detaches at the last close: 0 means asked for. 0
 * also when it is not attached.
 */
int loopdev_detach(const char *name) _must_check;
