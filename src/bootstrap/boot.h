/* SPDX-License-Identifier: MIT */
/*
 * From the first exec, the kernel's or that of a swap, to a system in which
 * PID 1 can work.
 */
#pragma once

#include "base/failure.h"

/* Words for the kernel command line that came with the bootstrap. */
#define BOOT_CMDLINE "/etc/boomerang/cmdline"

/*
 * Mounts what Linux programs expect and moves the bootstrap from rootfs to a
 * tmpfs: pivot_root(2) refuses to leave rootfs, and a target could reach back
 * into it. What fails is logged and the rest goes on; only a failure without
 * which nothing can be typed any more is returned.
 */
int boot_prepare(struct failure *failure) _must_check;

/* Afterwards: what this boot was told, by the kernel and by BOOT_CMDLINE. */
void boot_cmdline(char *buf, size_t size);
