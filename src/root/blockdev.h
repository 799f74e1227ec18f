/* SPDX-License-Identifier: MIT */
/*
 * Block devices as /sys/block has them, and how those that are made of others
 * are taken apart: device mapper, md, zram, nbd, bcache. Loop devices are in
 * root/loopdev.h, swap is in root/swaps.h. Who names a device gives its name
 * in /sys/block. No allocation. Each answers 0 or a negative errno, -EBUSY
 * while somebody holds it.
 */
#pragma once

#include "base/util.h"

#define BLOCKDEV_DIR	  "/sys/block"
#define BLOCKDEV_NAME_MAX 64
#define BLOCKDEV_PATH_MAX (BLOCKDEV_NAME_MAX + 8)
#define BLOCKDEV_DM_MAX	  128 /* DM_NAME_LEN */

/* Calls each() for every device whose name begins with prefix. Stops at and
 * returns the first non-zero answer, otherwise 0; without /sys/block, too. */
int blockdev_each(const char *prefix,
		  int (*each)(const char *name, void *context), void *context)
	_must_check;

/* "/dev/NAME"; a '!' in sysfs stands for a '/' (cciss!c0d0). */
void blockdev_path(const char *name, char path[static BLOCKDEV_PATH_MAX]);

/* By the name that device mapper gives it ("vg0-srv"). */
int blockdev_dm_remove(const char *dm_name) _must_check;
/* Lets I/O of a suspended one go on, without which nothing else ends. */
int blockdev_dm_resume(const char *dm_name) _must_check;

int blockdev_md_stop(const char *name) _must_check;
int blockdev_zram_reset(const char *name) _must_check;
int blockdev_bcache_stop(const char *name) _must_check;

/* Only while nobody uses it: what is written would be lost. */
int blockdev_nbd_disconnect(const char *name) _must_check;
