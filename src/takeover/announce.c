/* SPDX-License-Identifier: MIT */
#include "takeover/announce.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"
#include "takeover/machine.h"

#define LINE_MAX_BYTES 640
/* The kernel shows it in its log only: the consoles get it from us. */
#define KMSG_DEBUG "<7>"

/* A line of the longest, at 9600 bit/s, and more. */
#define DRAIN_LIMIT_MS 2000
#define DRAIN_POLL_MS  5

static const char *report;

void announce_report(const char *path)
{
	report = path;
}

/* The last close(2) of a serial line whose other end does not take anything
 * (CRTSCTS, and nobody there) waits half a minute for it, for each line. */
static void drop_what_is_stuck(int fd)
{
	const struct timespec pause = { .tv_nsec = DRAIN_POLL_MS * NS_PER_MS };
	int64_t deadline_ms = clock_awake_ms() + DRAIN_LIMIT_MS;
	int first, left;

	if (ioctl(fd, TIOCOUTQ, &first) < 0)
		return;
	left = first;
	while (left > 0 && clock_awake_ms() < deadline_ms) {
		(void)nanosleep(&pause, NULL);
		if (ioctl(fd, TIOCOUTQ, &left) < 0)
			return;
	}
	if (left > 0 && left >= first)
		(void)tcflush(fd, TCOFLUSH);
}

/* A terminal that takes nothing, or is not there, is passed over. */
static void tell(const char *path, int flags, const char *line)
{
	_cleanup_fd int fd =
		open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC | flags,
		     0644);

	if (fd < 0)
		return;
	(void)!write(fd, line, strlen(line));
	drop_what_is_stuck(fd);
}

/* Without /sys there is still the one that the kernel calls the console. */
static void tell_consoles(const char *line)
{
	char active[256], path[64];
	bool on_screen = false;
	char *save = NULL;

	if (file_read_line(AT_FDCWD, "/sys/class/tty/console/active", active,
			   sizeof(active)) <= 0)
		(void)str_copy(active, sizeof(active), "console");
	for (char *name = strtok_r(active, " ", &save); name;
	     name = strtok_r(NULL, " ", &save)) {
		snprintf(path, sizeof(path), "/dev/%s", name);
		tell(path, 0, line);
		on_screen |= str_eq(name, "tty0") || str_eq(name, "tty1");
	}
	if (!on_screen)
		tell("/dev/tty1", 0, line);
}

void announce(const char *format, ...)
{
	char words[LINE_MAX_BYTES - 32], line[LINE_MAX_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	str_make_printable(words);
	if (report) {
		snprintf(line, sizeof(line), "%s\n", words);
		tell(report, O_CREAT | O_APPEND, line);
	}
	if (!machine_is_ours())
		return;
	snprintf(line, sizeof(line), KMSG_DEBUG "boomerang: %s\n", words);
	tell("/dev/kmsg", 0, line);
	/* Whoever had the terminal may have left it raw. */
	snprintf(line, sizeof(line), "\rboomerang: %s\r\n", words);
	tell_consoles(line);
}
