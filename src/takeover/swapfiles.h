/* SPDX-License-Identifier: MIT */
/* The running system's swap (proc_swaps(5)), off and on again. */
#pragma once

#include <limits.h>

#include "base/failure.h"

#define SWAPFILES_MAX 32

struct swapfile {
	char path[PATH_MAX];
	int priority;
};

struct swapfiles {
	struct swapfile list[SWAPFILES_MAX];
	size_t count;
};

/* Turns all of it off, remembering it as far as it got, also on failure. May
 * take long: what is swapped out is read back. */
int swapfiles_off(struct swapfiles *ret_off, struct failure *failure)
	_must_check;

/* Turns it on again as it was. Goes on after a failure and tells the first. */
int swapfiles_on(const struct swapfiles *off, struct failure *failure)
	_must_check;
