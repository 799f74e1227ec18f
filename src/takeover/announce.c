/* SPDX-License-Identifier: MIT */
#include "takeover/announce.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "takeover/machine.h"

#define LINE_MAX_BYTES 640
/* The kernel shows it in its log only: the consoles get it from us. */
#define KMSG_DEBUG "<7>"

static const char *report;

void announce_report(const char *path)
{
	report = path;
}

/* A terminal that takes nothing, or is not there, is passed over. */
static void tell(const char *path, int flags, const char *line)
{
	_cleanup_fd int fd =
		open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC | flags,
		     0644);

	if (fd >= 0)
		(void)!write(fd, line, strlen(line));
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
