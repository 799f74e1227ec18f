/* SPDX-License-Identifier: MIT */
/* One line of /proc/swaps (proc_swaps(5)), and what is done with it. */
#pragma once

#include <limits.h>

#include "wire/view.h"

struct swap_area {
	char path[PATH_MAX]; /* in the root of who reads it */
	bool is_file;
	int priority; /* negative: given by the kernel, in order */
};

/*
 * Takes the next line from text, with its escapes resolved; the heading is
 * skipped. Returns 1, 0 at the end, -EBADMSG for a line that is none. Pure.
 */
int swaps_next(struct view *text, struct swap_area *ret_area) _must_check;

/* swapoff(2) by the path that /proc/swaps gives. Takes as long as reading it
 * back. */
int swaps_off(const char *path) _must_check;
