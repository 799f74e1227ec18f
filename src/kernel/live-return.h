/* SPDX-License-Identifier: MIT */
/* The bootstrap that waits for the end of a live system, as its wrapper finds
 * it. No allocation. */
#pragma once

#include "base/failure.h"
#include "wire/boot-plan.h"

/* The device's node, while nothing is mounted on /dev. */
#define LIVE_DEVICE LIVE_DIR "/device"

/* The plan's device, as soon as the kernel has it, for flags of open(2). */
int live_open_device(const struct live_plan *plan, int flags,
		     struct failure *failure) _must_check;

/*
 * Opens its kernel and its archive, regular files both: those below LIVE_DIR, or
 * copies of what the plan's device or memory has. On failure, with *failure,
 * neither.
 */
int live_open_bootstrap(const struct live_plan *plan, int *ret_kernel_fd,
			int *ret_archive_fd, struct failure *failure)
	_must_check;
