/* SPDX-License-Identifier: MIT */
/* The parts of storage.h. No allocation in what PID 1 uses. */
#pragma once

#include "base/text.h"
#include "root/mountinfo.h"
#include "root/swaps.h"
#include "takeover/storage.h"

/*
 * The text of /proc/self/mountinfo or /proc/swaps in a buffer that the next
 * call overwrites; empty when it cannot be read. What is longer than the
 * buffer lacks its first lines: passes that begin with the last one come to
 * them later.
 */
struct view storage_read_mounts(void);
struct view storage_read_swaps(void);

/* Whether a mount is of a file system on block devices of ours. */
bool storage_mount_is_on_disk(const struct mountinfo *mount);

/*
 * Does work in a child process, which is left alone when it does not end in
 * some seconds (-ETIMEDOUT). Otherwise what work() returned: 0 or a negative
 * errno.
 */
int storage_in_child(int (*work)(const void *what), const void *what)
	_must_check;

/* Lets a frozen file system (FIFREEZE) go on: an unmount would wait for it. */
void storage_thaw(const struct mountinfo *mount);

/* The same for suspended devices of device mapper. */
void storage_dm_resume(void);

/* One pass each; return how many remain. */
unsigned storage_swaps_off(void);
unsigned storage_mounts_off(void);
unsigned storage_blocks_stop(const struct storage_keep *keep);

/* Calls each() for the disks that are judged: real ones, with a medium.
 * Returns 0 or a negative errno. */
int storage_disks(void (*each)(const char *name, uint64_t bytes, void *context),
		  void *context) _must_check;

/* Opens it for ourselves alone. -EBUSY: it is held; -ENXIO: there is nothing
 * to open. */
int storage_disk_open(const char *name) _must_check;

/*
 * Writes into uses what uses the disk, or what is made of it: "vda2: swap,
 * vda3: vg0-srv (dm-0): mounted at /srv (ext4)". Printable. Returns how many
 * there are.
 */
unsigned storage_uses(const char *disk, struct text *uses);
