/* SPDX-License-Identifier: MIT */
/* The bootstrap's /usr (wire/usr-files.h). */
#pragma once

#include "base/failure.h"

/*
 * Mounts it in the bootstrap's root, which is at root ("": the one we are in).
 * Returns 1, or 0 when it has no such squashfs. The kernel must have loop,
 * squashfs and overlay, or a modprobe(8) that it finds. Waits for the kernel
 * only.
 */
int usr_mount(const char *root, struct failure *failure) _must_check;
