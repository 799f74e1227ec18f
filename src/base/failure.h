/* SPDX-License-Identifier: MIT */
/*
 * What went wrong, for a person. Functions return a negative errno for the
 * program; those that know something a person needs also fill a struct
 * failure. It has a fixed size and no pointers, so that it crosses process
 * boundaries in one message and PID 1 can keep it without allocating.
 */
#pragma once

#include "base/util.h"

struct failure {
	int32_t err;	/* positive errno, 0: no failure */
	char text[380]; /* one line: what, on what, why, what to do */
};

/*
 * Fills *failure with one line and returns -err. Control characters in the
 * result are replaced, so names from images and servers can be passed as they
 * are. failure may be NULL. Does not append strerror(err): say it with %m or
 * failure_errno().
 */
int failure_set(struct failure *failure, int err, const char *format, ...)
	_printf(3, 4);

/*
 * As failure_set(), and appends ": " and the words for err (a positive
 * errno).
 */
int failure_errno(struct failure *failure, int err, const char *format, ...)
	_printf(3, 4);
