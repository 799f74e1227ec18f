/* SPDX-License-Identifier: MIT */
/* One line of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
#pragma once

#include <limits.h>

#include "wire/view.h"

struct mountinfo {
	dev_t device;	      /* st_dev of the files in it */
	char root[PATH_MAX];  /* of the mount, within its file system */
	char point[PATH_MAX]; /* where it is mounted */
	char type[64];
	char source[PATH_MAX];
};

/*
 * Takes the next line from text into *ret_mount, with the kernel's octal
 * escapes ("\040") resolved. Returns 1, 0 at the end of text, -EBADMSG for a
 * line that is none (or one too long), which is then skipped.
 */
int mountinfo_next(struct view *text, struct mountinfo *ret_mount) _must_check;

/* As mountinfo_next(), from the end of text: innermost mounts first. */
int mountinfo_last(struct view *text, struct mountinfo *ret_mount) _must_check;
