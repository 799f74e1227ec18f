/* SPDX-License-Identifier: MIT */
/* A manifest as the file the kernel unpacks: newc, compressed by zstd. */
#pragma once

#include "initramfs/manifest.h"

struct archive_sizes {
	uint64_t part[MANIFEST_PARTS];	 /* bytes of content, uncompressed */
	uint64_t packed[MANIFEST_PARTS]; /* what that became, with its names */
	uint64_t unpacked;		 /* bytes of the newc archive */
	uint64_t compressed;		 /* bytes written */
};

/* The smallest; level 9 takes a twentieth of the time for a fifteenth more. */
#define ARCHIVE_LEVEL_MAX 19

/*
 * Writes the archive to fd, compressed by zstd's level (1 to
 * ARCHIVE_LEVEL_MAX): first all that is no file, then the files by part, in the
 * manifest's order. The same manifest, level and content of its files give
 * the same bytes. A failure that the manifest kept is answered
 * before anything is written.
 */
int archive_write(const struct manifest *m, int fd, int level,
		  struct archive_sizes *ret_sizes, struct failure *failure)
	_must_check;
