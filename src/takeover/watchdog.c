/* SPDX-License-Identifier: MIT */
/*
 * A watchdog starts to count when it is opened, and stops when it is closed
 * after a 'V', unless it was built or loaded to ignore that (nowayout). So none
 * is opened that does not count already, except to arm it. Whether it counts is
 * in sysfs (CONFIG_WATCHDOG_SYSFS); a kernel without that gets the 'V' for all
 * of them on suspicion.
 */
#include "takeover/watchdog.h"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "base/fd.h"
#include "base/text.h"
#include "takeover/machine.h"

/* For one that does not tell its own: the least that drivers have. */
#define TIMEOUT_UNKNOWN_S 10
/* Feedings within one time-out: two may be late. */
#define FEEDINGS 3

static const char stop_word[] = "V";
static const char feed_word[] = ""; /* its NUL: anything but a 'V' */

enum counting {
	COUNTING_NO,
	COUNTING_YES,
	COUNTING_UNKNOWN,
};

static enum counting is_counting(unsigned number)
{
	char path[64], state[16];

	snprintf(path, sizeof(path), "/sys/class/watchdog/watchdog%u/state",
		 number);
	if (file_read_line(AT_FDCWD, path, state, sizeof(state)) < 0)
		return COUNTING_UNKNOWN;
	return str_eq(state, "active") ? COUNTING_YES : COUNTING_NO;
}

static int open_watchdog(unsigned number)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/watchdog%u", number);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	/* Drivers older than the common code have but the one name. */
	if (fd < 0 && errno == ENOENT && number == 0)
		fd = open("/dev/watchdog", O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void keep(struct watchdogs *watchdogs, int fd)
{
	if (fd >= 0)
		watchdogs->fd[watchdogs->count++] = fd;
}

void watchdogs_disarm(struct watchdogs *ret_kept)
{
	struct watchdogs kept = { .count = 0 };

	for (unsigned i = 0; machine_is_ours() && i < WATCHDOGS_MAX; i++) {
		int fd;

		if (is_counting(i) == COUNTING_NO)
			continue;
		fd = open_watchdog(i);
		if (fd < 0)
			continue;
		(void)!write(fd, stop_word, 1);
		fd_close(fd);
		if (is_counting(i) == COUNTING_YES)
			keep(&kept, open_watchdog(i));
	}
	*ret_kept = kept;
}

void watchdogs_arm(struct watchdogs *watchdogs, uint32_t timeout_s)
{
	/* Each can be open once only. Without a 'V' it counts on. */
	for (size_t i = 0; i < watchdogs->count; i++)
		fd_close(watchdogs->fd[i]);
	watchdogs->count = 0;
	for (unsigned i = 0; machine_is_ours() && i < WATCHDOGS_MAX; i++) {
		int fd = open_watchdog(i), seconds = (int)timeout_s;

		/* Out of its range, its own time-out stays. */
		if (fd >= 0)
			(void)ioctl(fd, WDIOC_SETTIMEOUT, &seconds);
		keep(watchdogs, fd);
	}
}

void watchdogs_feed(const struct watchdogs *watchdogs)
{
	for (size_t i = 0; i < watchdogs->count; i++)
		(void)!write(watchdogs->fd[i], feed_word, 1);
}

void watchdogs_stop(struct watchdogs *watchdogs)
{
	for (size_t i = 0; i < watchdogs->count; i++) {
		(void)!write(watchdogs->fd[i], stop_word, 1);
		fd_close(watchdogs->fd[i]);
	}
	watchdogs_disarm(watchdogs);
}

uint32_t watchdogs_interval(const struct watchdogs *watchdogs)
{
	uint32_t interval_s = 0;

	for (size_t i = 0; i < watchdogs->count; i++) {
		int seconds = 0;
		uint32_t own_s;

		if (ioctl(watchdogs->fd[i], WDIOC_GETTIMEOUT, &seconds) < 0 ||
		    seconds <= 0)
			seconds = TIMEOUT_UNKNOWN_S;
		own_s = MAX((uint32_t)seconds / FEEDINGS, 1u);
		interval_s = interval_s ? MIN(interval_s, own_s) : own_s;
	}
	return interval_s;
}
