/* SPDX-License-Identifier: MIT */
/*
 * The initrd of the next kernel, put together in a memfd: archives one behind
 * the other, as the kernel unpacks them
 * (Documentation/driver-api/early-userspace/buffer-format.rst), the last one
 * ours, uncompressed.
 */
#pragma once

#include "base/reader.h"
#include "kernel/iso.h"

struct payload {
	int fd; /* a memfd; owned */
	uint64_t size;
	uint32_t inodes;
	bool open_archive; /* ours has begun and not ended */
};

int payload_open(struct payload *payload, const char *name,
		 struct failure *failure) _must_check;
void payload_close(struct payload *payload);
#define _cleanup_payload _cleanup(payload_close)

/* A whole archive; before any of our own files. */
int payload_add_iso_file(struct payload *payload, const struct iso *iso,
			 const char *path, struct failure *failure) _must_check;
int payload_add_archive(struct payload *payload, int fd, const char *name,
			struct failure *failure) _must_check;

/* Files of ours; missing parents become directories. */
int payload_add_bytes(struct payload *payload, const char *path, mode_t mode,
		      const void *bytes, size_t len, struct failure *failure)
	_must_check;
int payload_add_fd(struct payload *payload, const char *path, mode_t mode,
		   int fd, const char *name, struct failure *failure)
	_must_check;
int payload_add_reader(struct payload *payload, const char *path, mode_t mode,
		       const struct reader *reader, struct failure *failure)
	_must_check;

/* Ends it: the trailer. */
int payload_finish(struct payload *payload, struct failure *failure)
	_must_check;
