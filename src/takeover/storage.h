/* SPDX-License-Identifier: MIT */
/*
 * Letting go of the old system's disks, as PID 1, when all other processes are
 * dead and the old root is mounted at STORAGE_OLD_ROOT. What holds what is not
 * worked out: passes over all kinds go on until one changes nothing.
 */
#pragma once

#include "base/failure.h"
#include "base/util.h"

#define STORAGE_OLD_ROOT "/oldroot"

struct storage_keep {
	uint64_t device; /* st_dev of the tmpfs with the new system: it, and
			    loop devices with their file on it, stay */
};

/*
 * What lets go of files while the old system's mounts are still where they
 * were: binfmt_misc's interpreters, process accounting, NFS exports, uprobes.
 * Nothing of it being there is fine.
 */
void storage_detach_kernel(void);

/*
 * Swap, mounts (innermost first), loop, dm, md, nbd, zram, in passes. Says
 * nothing; storage_prove() tells what is left. Waits a bounded time for what
 * the kernel frees by itself.
 */
void storage_release(const struct storage_keep *keep);

/*
 * As a last resort detaches (MNT_DETACH) what is still mounted below
 * STORAGE_OLD_ROOT, so that the new system does not see it. Returns how many
 * mounts there were.
 */
unsigned storage_detach_rest(void);

/* A whole disk, judged. */
struct storage_disk {
	char name[32]; /* "vda" */
	uint64_t bytes;
	bool released;	  /* opened exclusively, and its partition table
			      was read anew */
	char holder[256]; /* what uses it: "vda2: swap, vda3: vg0-srv
			      (dm-0): mounted at /oldroot/srv (ext4)" */
};

/*
 * Judges each disk of /sys/block that has a medium; not what is made of disks,
 * files or memory (dm, md, loop, zram). Calls
 * each() for it; returns how many are not released, or a negative errno when
 * they cannot be listed.
 */
int storage_prove(const struct storage_keep *keep,
		  void (*each)(const struct storage_disk *disk, void *context),
		  void *context) _must_check;

/*
 * Before anything is done, on the running system: what uses each disk now.
 * Changes nothing. As above; released: nothing uses it.
 */
int storage_survey(void (*each)(const struct storage_disk *disk, void *context),
		   void *context) _must_check;

/*
 * In the image at root_fd: keeps its udev, LVM, md, systemd's generators, boot
 * scripts and tables (fstab, crypttab) from taking the disks again. What the
 * image has in such a place is moved aside, to NAME.boomerang; what it has not
 * is not made.
 */
int storage_mask(int root_fd, struct failure *failure) _must_check;
