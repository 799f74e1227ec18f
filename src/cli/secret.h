/* SPDX-License-Identifier: MIT */
/* A secret that a person types. It never is an argument, which other programs
 * can see. */
#pragma once

#include "base/failure.h"
#include "cli/interrupt.h"

/*
 * Reads a line from standard input into secret of size bytes; at a terminal
 * behind the question, and without showing what is typed. -ECANCELED: Ctrl+C,
 * Ctrl+D or nothing more to read, -ENOBUFS: longer than size - 1 bytes.
 */
int secret_ask(const char *question, struct interrupt *interrupt, char *secret,
	       size_t size, struct failure *failure) _must_check;

/* A line that is none: as it is typed on standard input, and shown. */
int secret_line(struct interrupt *interrupt, char *line, size_t size,
		struct failure *failure) _must_check;

/* The first line of the file. */
int secret_read(const char *path, char *secret, size_t size,
		struct failure *failure) _must_check;
