/* SPDX-License-Identifier: MIT */
/* The lines of /proc/mounts, /proc/swaps and their like, whose words have no
 * white space in them: the kernel escapes it as octal ("\040"). Pure. */
#pragma once

#include "wire/view.h"

/* What comes before separator, which is skipped; all of it without one. */
struct view proc_text_until(struct view *v, char separator);

/* The line's next word, up to one blank, which is skipped, into dst with its
 * escapes resolved. -EBADMSG: it is empty, too long, or has a NUL in it. */
int proc_text_word(struct view *line, char *dst, size_t size) _must_check;

/* "MAJOR:MINOR", as in mountinfo and in sysfs's dev. -EBADMSG. */
int proc_text_device(const char *text, dev_t *ret_device) _must_check;
