/* SPDX-License-Identifier: MIT */
/* The machine's memory, as /proc/meminfo tells it. Bytes; no allocation. */
#pragma once

#include "base/util.h"

struct memory {
	uint64_t total;
	uint64_t available; /* could be had without swapping */
};

/* A tmpfs inode with its directory entry costs about 1 KiB of memory that the
 * file system's size does not count; one inode for so many bytes of its size
 * can at most add a quarter. */
#define MEMORY_PER_INODE 4096

/* Zeros when /proc is not there. */
struct memory memory_now(void);

/* The same from an open /proc/meminfo, for a process that has left /proc
 * behind. */
struct memory memory_from(int meminfo_fd);

/* What the files of the tmpfs at path hold, with their inodes; 0 when it cannot
 * be asked. */
uint64_t memory_of_tmpfs(const char *path);

/* What no image may take: the bootstrap's own share of this machine. */
uint64_t memory_reserve(void);
