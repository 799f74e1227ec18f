/* SPDX-License-Identifier: MIT */
/* A stream that must be read here and there becomes a file. */
#pragma once

#include "base/failure.h"

enum spool_kind {
	SPOOL_ITSELF, /* the file was a plain one */
	SPOOL_COPY,   /* a temporary file without a name */
	SPOOL_ONCE,   /* the same, of a pipe: it cannot be made again */
};

/*
 * A plain regular file with the content of path: the file itself, or, when it
 * is compressed or a pipe, a temporary file in TMPDIR (or /tmp). Returns its
 * descriptor. name begins the messages.
 */
int spool_open(const char *path, const char *name, enum spool_kind *ret_kind,
	       struct failure *failure) _must_check;
