/* SPDX-License-Identifier: MIT */
/*
 * Log lines. Code below bootstrap/, server/ and cli/ logs at debug only: who
 * handles a failure logs it, once. Arguments may come from images and the
 * network: lines are made printable before they are written.
 */
#pragma once

#include "base/util.h"

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

/*
 * Where lines go: fd, each with prefix before it and a line end behind it
 * (stderr and "" until called). With kmsg, fd is /dev/kmsg and lines carry
 * the kernel's <level>. prefix is kept, not copied.
 */
void log_setup(int fd, bool kmsg, const char *prefix, enum log_level highest);

/* errno is kept. No allocation. */
void log_line(enum log_level level, const char *format, ...) _printf(2, 3);

#define log_error(...)	 log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)	 log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)	 log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
