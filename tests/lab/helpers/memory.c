/* SPDX-License-Identifier: MIT */
/*
 * memory: prints each time what is in use is more than ever before, in use and
 * impossible to take back, and what a pmem device has besides; and "." now and
 * then. Looks fifty times a second, before anything else runs, so that it also
 * sees what is there for the moment of a kexec_file_load(2) alone.
 *
 * MemAvailable would count what the kernel holds in reserve, too, and MemFree
 * leaves out what waits on each processor's own lists.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS 20000000
#define DOT	  50

static char text[65536];

static const char *look(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	text[n < 0 ? 0 : n] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static long of(const char *info, const char *name)
{
	const char *found = strstr(info, name);

	return found ? atol(found + strlen(name)) : 0;
}

/* Pages on the lists of processors: "count: 12" of each. */
static long waiting_kb(void)
{
	const char *at = look("/proc/zoneinfo");
	long pages = 0;

	while ((at = strstr(at, " count: ")))
		pages += atol(at += strlen(" count: "));
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static long used_kb(void)
{
	const char *info = look("/proc/meminfo");
	long used = of(info, "MemTotal:") - of(info, "MemFree:") -
		    of(info, "Buffers:") - of(info, "\nCached:") -
		    of(info, "SReclaimable:") + of(info, "Shmem:");

	return used - waiting_kb();
}

int main(void)
{
	const struct sched_param first = { .sched_priority = 1 };
	const struct timespec period = { .tv_nsec = PERIOD_NS };
	long most = 0;

	(void)mlockall(MCL_CURRENT | MCL_FUTURE);
	if (sched_setscheduler(0, SCHED_FIFO, &first) < 0)
		perror("memory");
	for (unsigned i = 0;; i++) {
		long kept = atol(look("/sys/block/pmem0/size")) / 2;
		long used = used_kb();

		if (used + kept >= most + 256) {
			most = used + kept;
			printf("used %ld kB kept %ld kB\n", used, kept);
		} else if (i % DOT == 0) {
			printf(".\n");
		}
		fflush(stdout);
		nanosleep(&period, NULL);
	}
}
