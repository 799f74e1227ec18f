/* SPDX-License-Identifier: MIT */
#include "takeover/swapfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/swap.h>

#include "base/fd.h"
#include "base/text.h"
#include "root/swaps.h"

#define SWAPS "/proc/swaps"

/* By priority, the highest first: those that the kernel gives go down in the
 * order in which areas are turned on. */
static void insert(struct swapfiles *swaps, const struct swap_area *area)
{
	size_t at = swaps->count;

	while (at > 0 && swaps->list[at - 1].priority < area->priority)
		at--;
	memmove(&swaps->list[at + 1], &swaps->list[at],
		(swaps->count - at) * sizeof(swaps->list[0]));
	(void)str_copy(swaps->list[at].path, sizeof(swaps->list[at].path),
		       area->path);
	swaps->list[at].priority = area->priority;
	swaps->count++;
}

static int read_swaps(struct swapfiles *swaps, struct failure *failure)
{
	char text[64 * KIB];
	struct swap_area area;
	struct view lines;
	ssize_t n = file_read(AT_FDCWD, SWAPS, text, sizeof(text));
	int r;

	if (n == -ENOENT) /* a kernel without swap */
		return 0;
	if (n < 0)
		return failure_errno(failure, (int)-n, "cannot read " SWAPS);
	lines = view_over(text, (size_t)n);
	while ((r = swaps_next(&lines, &area)) != 0) {
		if (r < 0)
			return failure_set(failure, -r,
					   "cannot understand a line of " SWAPS
					   ": turn swap off by hand "
					   "(swapoff -a), then try again");
		if (swaps->count == SWAPFILES_MAX)
			return failure_set(failure, ENOBUFS,
					   "more than %d swap areas are on: "
					   "turn swap off by hand "
					   "(swapoff -a), then try again",
					   SWAPFILES_MAX);
		insert(swaps, &area);
	}
	return 0;
}

int swapfiles_off(struct swapfiles *ret_off, struct failure *failure)
{
	static struct swapfiles on;
	int r;

	ret_off->count = 0;
	on.count = 0;
	r = read_swaps(&on, failure);
	for (size_t i = 0; r == 0 && i < on.count; i++) {
		r = swaps_off(on.list[i].path);
		if (r == -ENOMEM)
			return failure_errno(failure, -r,
					     "cannot turn swap on %s off; "
					     "stop what takes memory",
					     on.list[i].path);
		if (r < 0)
			return failure_errno(failure, -r,
					     "cannot turn swap on %s off",
					     on.list[i].path);
		ret_off->list[ret_off->count++] = on.list[i];
	}
	return r;
}

int swapfiles_on(const struct swapfiles *off, struct failure *failure)
{
	int r = 0;

	for (size_t i = 0; i < off->count; i++) {
		const struct swapfile *area = &off->list[i];
		int flags = 0;

		if (area->priority >= 0)
			flags = SWAP_FLAG_PREFER |
				(area->priority & SWAP_FLAG_PRIO_MASK);
		if (swapon(area->path, flags) < 0 && errno != EBUSY && r == 0)
			r = failure_errno(failure, errno,
					  "cannot turn swap on %s on again; "
					  "run: swapon %s",
					  area->path, area->path);
	}
	return r;
}
