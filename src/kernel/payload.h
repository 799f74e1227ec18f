/* SPDX-License-Identifier: MIT */
/*
 * The initrd of the next kernel, put together in a memfd, or on a device that
 * has most of it already (device-files.h): archives one behind the other, as
 * the kernel unpacks them
 * (Documentation/driver-api/early-userspace/buffer-format.rst), with files of
 * ours in an uncompressed one behind them. A file replaces one of the same
 * path in an archive that stands before it.
 */
#pragma once

#include "base/cleanup.h"
#include "base/reader.h"
#include "iso/iso.h"
#include "kernel/device-files.h"

#define PAYLOAD_PATH_MAX 128

struct payload_late; /* an archive that must be the last */

struct payload {
	int fd;			 /* owned */
	struct device_file file; /* into which it goes, instead of a memfd; */
	bool on_device;		 /* if it does */
	const char *name;	 /* begins the messages; borrowed */
	uint64_t size;		 /* bytes so far */
	uint32_t inodes;
	bool open_archive;		  /* ours has begun and not ended */
	char directory[PAYLOAD_PATH_MAX]; /* in which the last file went */
	struct payload_late *late;
};

/* Nothing, which payload_close() may be given. */
#define PAYLOAD_NONE          \
	{                     \
		.fd = FD_NONE \
	}

/* Begins an empty one. Also after a failure it may be closed. */
int payload_open(struct payload *ret_payload, const char *name,
		 struct failure *failure) _must_check;
/* The same behind the whole archives that a memfd has, which is written to. */
int payload_open_behind(struct payload *ret_payload, int memfd,
			const char *name, struct failure *failure) _must_check;
/* The same as DEVICE_FILE_INITRD of these, which are borrowed. An ISO of which
 * files are added begins with the device's first byte. */
void payload_open_on(struct payload *ret_payload, const char *name,
		     struct device_files *files);
void payload_close(struct payload *payload);
#define _cleanup_payload _cleanup(payload_close)

/*
 * A whole archive, or several, as they are. iso, path and name are borrowed
 * until payload_finish(): an archive behind which the kernel finds nothing more
 * (lz4 has no end) is only then put behind all others, ours too.
 */
int payload_add_iso_file(struct payload *payload, const struct iso *iso,
			 const char *path, struct failure *failure) _must_check;
int payload_add_archive(struct payload *payload, int fd, const char *name,
			struct failure *failure) _must_check;

/*
 * Files of ours, at most 4 GiB each (-EFBIG). Parents become directories of
 * mode 0755, also those that an archive has with another mode; none of them may
 * be a symlink there. The path has less than PAYLOAD_PATH_MAX bytes.
 */
int payload_add_bytes(struct payload *payload, const char *path, mode_t mode,
		      const void *bytes, size_t len, struct failure *failure)
	_must_check;
int payload_add_fd(struct payload *payload, const char *path, mode_t mode,
		   int fd, const char *name, struct failure *failure)
	_must_check;
int payload_add_reader(struct payload *payload, const char *path, mode_t mode,
		       const struct reader *reader, struct failure *failure)
	_must_check;

/* Ends it, and mounts the files when it is one of them. From now on fd is for
 * reading only: the kernel takes no initrd that somebody could still write to. */
int payload_finish(struct payload *payload, struct failure *failure)
	_must_check;
