/* SPDX-License-Identifier: MIT */
/* A part of the initramfs that stays compressed when the rest is unpacked. */
#pragma once

#include "initramfs/manifest.h"

/* Replaces what the manifest has below the directory at path, a path without
 * symlinks, by a squashfs that is the file at file. By mksquashfs(1); level:
 * of zstd. The same content gives the same bytes. */
void squash_directory(struct manifest *m, const char *path, const char *file,
		      int level);
