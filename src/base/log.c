/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define LOG_LINE_MAX 1000 /* the kernel cuts a kmsg record at about 1 KiB */

static struct {
	int fd;
	bool kmsg;
	const char *prefix;
	enum log_level highest;
} logger = { .fd = STDERR_FILENO, .prefix = "", .highest = LOG_LEVEL_INFO };

void log_setup(int fd, bool kmsg, const char *prefix, enum log_level highest)
{
	logger.fd = fd;
	logger.kmsg = kmsg;
	logger.prefix = prefix;
	logger.highest = highest;
}

/* syslog(2) priorities, facility daemon */
static const char *const kmsg_level[] = {
	[LOG_LEVEL_ERROR] = "<27>",
	[LOG_LEVEL_WARNING] = "<28>",
	[LOG_LEVEL_INFO] = "<30>",
	[LOG_LEVEL_DEBUG] = "<31>",
};

void log_line(enum log_level level, const char *format, ...)
{
	char line[LOG_LINE_MAX];
	int saved = errno;
	struct text text;
	va_list args;

	if (level > logger.highest)
		return;
	/* One byte is kept for the line end. */
	text = text_over(line, sizeof(line) - 1);
	text_add(&text, "%s%s", logger.kmsg ? kmsg_level[level] : "",
		 logger.prefix);
	va_start(args, format);
	text_vadd(&text, format, args);
	va_end(args);
	str_make_printable(line);
	line[text.len] = '\n';
	/* A log line that cannot be written has nowhere else to go. */
	if (write(logger.fd, line, text.len + 1) < 0)
		errno = saved;
	errno = saved;
}
