/* SPDX-License-Identifier: MIT */
/*
 * Memory that did not come back. Namespaces and file systems are torn down in
 * the background, so it is waited for. Caches that can be dropped count as
 * available, but only in part (si_mem_available()), so on a small machine
 * they can look like a leak; before one is reported they are dropped, once:
 * what is missing then is really held. Free pages that wait on a processor's
 * own list are in no line of /proc/meminfo, and are up to 4 % of a small
 * machine from one moment to the next: they are added. What the store of images
 * holds is known and wanted: it counts as if it were free, or every load of an
 * image that is not in it yet would look like a leak.
 */
#include <fcntl.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/memory.h"
#include "root/audit-internal.h"

#define NOISE_BYTES   (8 * MIB)
#define NOISE_PERCENT 1

#define POLL_MS	 20
#define DROP_MS	 300 /* without caches being touched */
#define LIMIT_MS 2000

bool memory_is_less(uint64_t before, uint64_t now)
{
	uint64_t noise = NOISE_BYTES + before / 100 * NOISE_PERCENT;

	return now < before && before - now > noise;
}

/* "              count: 12" of each zone and processor. */
static uint64_t listed_pages(const char *zoneinfo)
{
	static const char count[] = " count: ";
	uint64_t pages = 0;

	for (const char *at = strstr(zoneinfo, count); at;
	     at = strstr(at, count)) {
		at += strlen(count);
		pages += strtoull(at, NULL, 10);
	}
	return pages;
}

uint64_t memory_reachable(void)
{
	uint64_t available =
		memory_now().available + memory_of_tmpfs(STORE_DIR);
	uint64_t pages = 0;
	_cleanup_free char *zoneinfo = NULL;
	size_t len;

	if (file_slurp("/proc/zoneinfo", &zoneinfo, &len) == 0)
		pages = listed_pages(zoneinfo);
	return available + pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t memory_settle(uint64_t before)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * NS_PER_MS };
	int64_t start = clock_ms(), waited = 0;
	bool dropped = false;

	for (;;) {
		uint64_t now = memory_reachable();

		waited = clock_ms() - start;
		if (!memory_is_less(before, now) || waited >= LIMIT_MS)
			return now;
		if (waited >= DROP_MS && !dropped) {
			(void)!file_write(AT_FDCWD, "/proc/sys/vm/drop_caches",
					  "3");
			dropped = true;
		}
		(void)nanosleep(&pause, NULL);
	}
}
