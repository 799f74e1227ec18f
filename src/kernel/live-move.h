/* SPDX-License-Identifier: MIT */
/* An ISO that came in the initrd goes where it is found, and stays. No
 * allocation. */
#pragma once

#include "base/failure.h"
#include "wire/boot-plan.h"

/*
 * Moves LIVE_ISO to the plan's device, and the record LIVE_KEPT to its last
 * block. From its end on, so that no more than a piece of it is there twice, on
 * ramfs either. On failure, with *failure, what is left of it is of no use.
 */
int live_move(const struct live_plan *plan, struct failure *failure)
	_must_check;
