/* SPDX-License-Identifier: MIT */
/* One-line files of things that have a directory each, as in /sys and /proc.
 * No allocation. */
#pragma once

#include "base/util.h"

/* Reads "DIR/NAME/FILE" without white space at its end; -errno, or the
 * length. */
ssize_t attribute_read(const char *dir, const char *name, const char *file,
		       char *buf, size_t size) _must_check;
int attribute_write(const char *dir, const char *name, const char *file,
		    const char *text) _must_check;
