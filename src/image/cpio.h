/* SPDX-License-Identifier: MIT */
/*
 * Reads what the kernel takes as an initramfs: newc archives (wire/newc.h), one
 * behind the other, with zeros between them, the last of which may be
 * compressed
 * (Documentation/driver-api/early-userspace/buffer-format.rst in Linux).
 */
#pragma once

#include "image/tar.h"

/*
 * As tar_read(). An archive must have its trailer: the kernel does without, but
 * then nobody could tell that the end is missing. The files that are one inode
 * are handed on as a file and hard links to it, whichever of them has the
 * content.
 */
int cpio_read(const struct input *input, const struct tar_sink *sink,
	      const char *label, struct failure *failure) _must_check;
