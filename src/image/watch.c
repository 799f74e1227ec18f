/* SPDX-License-Identifier: MIT */
#include "image/watch.h"

#include <errno.h>
#include <time.h>

#define LOOK_BYTES (16 * MIB)
#define WAIT_MS	   5000
#define POLL_MS	   20

int watch_take(struct watch *watch, uint64_t bytes)
{
	watch->unwatched += bytes;
	if (watch->unwatched < LOOK_BYTES)
		return 0;
	watch->unwatched = 0;
	if (room_left(watch->room) > 0 || watch_wait(watch))
		return 0;
	return -ENOSPC;
}

bool watch_wait(struct watch *watch)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * NS_PER_MS };
	bool found = false;

	if (!watch->starved)
		return false;
	atomic_store(watch->starved, 1);
	for (int waited = 0; waited < WAIT_MS && !found; waited += POLL_MS) {
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
		found = room_left(watch->room) > 0;
	}
	atomic_store(watch->starved, 0);
	return found;
}
