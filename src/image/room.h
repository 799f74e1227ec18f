/* SPDX-License-Identifier: MIT */
/*
 * How much an image may take where it goes. In RAM (tmpfs, ramfs) that is the
 * smaller of the file system's limit and of the machine's available memory
 * less what the bootstrap keeps; elsewhere, what is free on the disk.
 */
#pragma once

#include "base/cleanup.h"
#include "base/failure.h"

/* What an inode and its name take of memory, in tmpfs and in overlayfs. */
#define ROOM_ENTRY_BYTES 1024

/* Holds descriptors, so that it works on after a chroot. */
struct room {
	int dir_fd;	  /* where the image goes; borrowed */
	int meminfo_fd;	  /* FD_NONE: not in memory */
	uint64_t reserve; /* bytes of memory that no image may take */
	uint64_t used_before;
};

/* -errno with *failure when the file system cannot be asked. */
int room_open(struct room *room, int dir_fd, struct failure *failure)
	_must_check;
void room_close(struct room *room);

/* Bytes that can still be taken. */
uint64_t room_left(const struct room *room);

/*
 * Whether needed bytes fit now: 0, or -ENOSPC with a failure that says how
 * many are missing.
 */
int room_check(const struct room *room, const char *name, uint64_t needed,
	       struct failure *failure) _must_check;

/*
 * Says that the image did not fit in the end, and what it would have needed,
 * from the part of it that has been read so far: bytes read, of total (0: not
 * known). Always returns -ENOSPC.
 */
int room_exhausted(const struct room *room, const char *name, uint64_t read,
		   uint64_t total, struct failure *failure);

/* What an image of which read of total bytes took used bytes will take in
 * all; 0 when that cannot be said. Pure. */
uint64_t room_estimate(uint64_t used, uint64_t read, uint64_t total);
