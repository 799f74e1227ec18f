/* SPDX-License-Identifier: MIT */
/*
 * Lines for the person at the machine, wherever that is: on every console that
 * the kernel has (/sys/class/tty/console/active), on the first VT, and in the
 * kernel's log. Opens and closes what it writes to each time, waits for none,
 * and holds nothing. No allocation.
 */
#pragma once

#include "base/util.h"

void announce(const char *format, ...) _printf(1, 2);

/* Also from now on into the file at path (created, appended to), in which the
 * new system's owner finds them. path is kept; NULL: no file. */
void announce_report(const char *path);
