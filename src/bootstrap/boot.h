/* SPDX-License-Identifier: MIT */
/* From the kernel's first exec to a system in which PID 1 can work. */
#pragma once

#include "base/failure.h"

/*
 * Mounts what Linux programs expect and moves the bootstrap from rootfs to a
 * tmpfs: pivot_root(2) refuses to leave rootfs, and a target could reach back
 * into it. What fails is logged and the rest goes on; only a failure without
 * which nothing can be typed any more is returned.
 */
int boot_prepare(struct failure *failure) _must_check;
