/* SPDX-License-Identifier: MIT */
/* What is on a disk image, by its marks: partitions and what is in them. */
#pragma once

#include "root/disk.h"

#define DISK_ENTRIES_MAX 128

enum disk_content {
	DISK_NOTHING, /* no mark that is known */
	DISK_MOUNTABLE,
	DISK_OTHER, /* something that cannot be a root here: what */
};

struct disk_entry {
	int number; /* of the partition; 0: the whole file */
	enum disk_content content;
	bool is_root;	  /* its type says so, for this machine */
	const char *what; /* "ext4", "LVM", … in words */
	uint64_t size;	  /* bytes */
	struct disk_part part;
};

struct disk {
	bool partitioned;
	bool cut_short; /* the table is larger than the file */
	size_t count;
	struct disk_entry entries[DISK_ENTRIES_MAX];
};

/* Fills *ret_disk; what is not there is not an error. */
int disk_probe(int fd, struct disk *ret_disk) _must_check;
