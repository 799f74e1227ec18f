/* SPDX-License-Identifier: MIT */
/* Where in a tar its files are, without reading them. */
#pragma once

#include "base/failure.h"
#include "base/util.h"

#define ARCHIVE_NAME_MAX    256
#define ARCHIVE_ENTRIES_MAX 16384

struct archive_file {
	char *name; /* relative, without "./", "..", "//" */
	char *link; /* the name of the file that this one is a link to; NULL */
	uint64_t offset, length;
};

struct archive_index {
	struct archive_file *files;
	size_t count, room;
};

/*
 * Reads the headers of a plain tar, a regular file. -EBADMSG with *failure for
 * what is none, is truncated, or has more than ARCHIVE_ENTRIES_MAX entries.
 * Files whose names are longer than ARCHIVE_NAME_MAX - 1 or lead outside, and
 * whatever is neither file nor link, are left out.
 */
int archive_index_read(int fd, const char *name,
		       struct archive_index *ret_index, struct failure *failure)
	_must_check;
void archive_index_free(struct archive_index *index);

/* The file of that name, the last one, one link followed; NULL. */
const struct archive_file *archive_index_find(const struct archive_index *index,
					      const char *name);

/*
 * For a tar that is being unpacked as a root: whether it is an image's archive
 * instead. Told the names at its top, one after another; starts as zeros.
 */
struct archive_guess {
	unsigned int seen;
};
void archive_guess_add(struct archive_guess *guess, const char *name);
/* "oci-archive", "docker-archive", NULL: neither. */
const char *archive_guess_transport(const struct archive_guess *guess);
