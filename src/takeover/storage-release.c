/* SPDX-License-Identifier: MIT */
/*
 * Swap areas, mounts and devices hold one another in any order: a swap file is
 * on a file system, on a logical volume, on an array, of which a loop device
 * on another file system is a part. A pass tries all of them; passes go on
 * while the number of those that remain falls.
 *
 * Some of it ends late: a mount namespace whose last process was killed, or
 * whose file was unmounted, takes its mounts down from a kernel thread. So
 * when nothing falls any more, but something remains or a disk cannot be
 * opened exclusively, passes go on for STUCK_MS after the last progress.
 */
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "takeover/storage-internal.h"

#define STUCK_MS 5000
#define PAUSE_MS 50
/* However often something falls: the bound of all. */
#define PASSES_MAX 2000

unsigned storage_swaps_off(void)
{
	static struct swap_area area;
	struct view text = storage_read_swaps();
	unsigned left = 0;
	int r;

	while ((r = swaps_next(&text, &area)) != 0) {
		if (r > 0 && swaps_off(area.path) < 0)
			left++;
	}
	return left;
}

static void count_held(const char *name, uint64_t bytes, void *context)
{
	unsigned *held = context;
	int fd = storage_disk_open(name);

	(void)bytes;
	if (fd == -EBUSY)
		(*held)++;
	fd_close(fd);
}

/* Returns how much is left: things that did not go, and disks that are held. */
static unsigned pass(const struct storage_keep *keep)
{
	unsigned left;

	/* An unmount of what is suspended would wait for ever. */
	storage_dm_resume();
	left = storage_swaps_off();
	left += storage_mounts_off();
	left += storage_blocks_stop(keep);
	(void)!storage_disks(count_held, &left);
	return left;
}

void storage_release(const struct storage_keep *keep)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * NS_PER_MS };
	int64_t deadline = clock_ms() + STUCK_MS;
	unsigned least = UINT32_MAX;

	for (int i = 0; i < PASSES_MAX; i++) {
		unsigned left = pass(keep);

		if (left == 0)
			return;
		if (left < least) {
			least = left;
			deadline = clock_ms() + STUCK_MS;
			continue;
		}
		if (clock_ms() >= deadline)
			return;
		(void)nanosleep(&pause, NULL);
	}
}
