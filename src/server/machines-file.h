/* SPDX-License-Identifier: MIT */
/*
 * The machines file, boomerang-machines(5): INI with a section for a machine
 * ("52:54:00:12:34:56"), for a pattern ("52:54:00:*") or for all others
 * ("default").
 */
#pragma once

#include "server/client.h"
#include "server/policy-bootstrap.h"

#define MACHINES_FILE_MAX     ((size_t)4 * 1024 * 1024)
#define MACHINES_LINE_MAX     4096
#define MACHINES_SECTIONS_MAX 65536
#define MACHINES_PATTERNS_MAX 1024

struct machines_file;

struct machines_context {
	const char *name; /* of the file, for messages */
	const char *dir;  /* that paths are relative to, absolute */
	const struct bootstrap *bootstrap; /* for "image" */
};

/*
 * From the text of a file, len bytes with a NUL behind them. Opens nothing.
 * -EBADMSG with *failure: "machines.ini:7: kernal: there is no such key; did
 * you mean kernel?"
 */
int machines_file_parse(const struct machines_context *context,
			const char *text, size_t len,
			struct machines_file **ret_file,
			struct failure *failure) _must_check;

/* Reads the file name in dir_fd, parses it, reads the scripts it names and
 * looks whether its other files can be read. */
int machines_file_load(const struct machines_context *context, int dir_fd,
		       struct machines_file **ret_file, struct failure *failure)
	_must_check;

/* Looks again whether the files it names can be read. */
int machines_file_check(const struct machines_context *context,
			const struct machines_file *file,
			struct failure *failure) _must_check;

struct machines_file *machines_file_free(struct machines_file *file);

/* That of the machine's own section, else of the first pattern that matches,
 * else the default; NULL: no section is for it. Borrowed. */
struct plan *machines_file_find(const struct machines_file *file,
				const struct mac *mac);
