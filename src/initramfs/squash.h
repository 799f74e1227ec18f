/* SPDX-License-Identifier: MIT */
/* A part of the initramfs that stays compressed when the rest is unpacked. */
#pragma once

#include "initramfs/archive.h"
#include "initramfs/manifest.h"

/* What each part has in a squashfs. */
struct squash_sizes {
	uint64_t plain[MANIFEST_PARTS]; /* bytes of content */
	uint64_t quick[MANIFEST_PARTS]; /* the same compressed by itself, with
					   little effort */
};

/*
 * Replaces what the manifest has below the directory at path, a path without
 * symlinks, by a squashfs that is the file at file, of MANIFEST_SQUASHED. By
 * mksquashfs(1); level: of zstd. The same content gives the same bytes.
 * Directories that were asked for stay where they were, as well, for what
 * others add there. When the manifest fails, *ret_sizes is left alone.
 */
void squash_directory(struct manifest *m, const char *path, const char *file,
		      int level, struct squash_sizes *ret_sizes);

/* Counts what the squashfs takes in the archive under the parts of what is in
 * it, as much as each of them would take by itself. */
void squash_share_out(const struct squash_sizes *squashed,
		      struct archive_sizes *sizes);
