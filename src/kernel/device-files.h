/* SPDX-License-Identifier: MIT */
/*
 * Regular files made of pieces of a block device, without a copy of them:
 * kexec_file_load(2) takes nothing else, and what it is to load lies in memory
 * already, in an ISO in a pmem device. What is not there is written behind it.
 */
#pragma once

#include "base/failure.h"
#include "iso/iso-out.h"
#include "iso/iso.h"

enum device_file_id {
	DEVICE_FILE_INITRD,
	DEVICE_FILE_KERNEL,
	DEVICE_FILE_COUNT,
};

struct device_files {
	int fd;		  /* of the device, for writing; borrowed */
	const char *path; /* of the device; borrowed */
	/* Bytes of the device that are free; in front of start are those that
	 * may be referred to. */
	uint64_t start, end;
	uint64_t next; /* the first byte that is not written yet */
	struct iso_out_file files[DEVICE_FILE_COUNT];
	int mount_fd; /* owned */
};

/* A file that grows; of several, one after the other. */
struct device_file {
	struct device_files *on; /* borrowed */
	struct iso_out_file *out;
	uint64_t size; /* bytes so far */
};

#define DEVICE_FILES_NONE           \
	{                           \
		.mount_fd = FD_NONE \
	}

/* Begins with empty files. Nothing of it is written yet. start and end are
 * rounded to whole blocks. */
void device_files_begin(struct device_files *ret_files, int fd,
			const char *path, uint64_t start, uint64_t end);

/* What was opened of them stays open. */
void device_files_close(struct device_files *files);
#define _cleanup_device_files _cleanup(device_files_close)

struct device_file device_file_begin(struct device_files *files,
				     enum device_file_id id);

/* Writes len bytes, struct device_file's, at its end. -ENOSPC, -EFBIG,
 * -ENOBUFS: it is in too many pieces; all with *failure. */
int device_file_put(void *device_file, const void *bytes, size_t len,
		    struct failure *failure) _must_check;

/*
 * All of a file in an ISO that begins with the device's first byte: as much as
 * can be is referred to, namely whole blocks, when the file so far has whole
 * blocks only.
 */
int device_file_put_iso(struct device_file *file, const struct iso_reader *from,
			struct failure *failure) _must_check;

/* Ends them: they are on the device, and not in the page cache besides. A
 * negative errno with *failure. */
int device_files_write(const struct device_files *files,
		       struct failure *failure) _must_check;

/* Makes files of what was written. Needs root, and a kernel with iso9660. A
 * negative errno with *failure. */
int device_files_mount(struct device_files *files, struct failure *failure)
	_must_check;

/* One of those, for reading; the descriptor. */
int device_files_open(const struct device_files *files, enum device_file_id id,
		      struct failure *failure) _must_check;
