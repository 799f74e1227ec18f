/* SPDX-License-Identifier: MIT */
/* What a tar says of a file besides its content; the reverse of attributes.h.
 */
#pragma once

#include <limits.h>
#include <sys/stat.h>

#include "image/tar-write.h"

/* A file of the tree. */
struct pack_file {
	int dir_fd;
	const char *name; /* in dir_fd; no slash */
	int fd;		  /* of a regular file or directory; else FD_NONE */
	struct stat st;
};

/* An entry and what it points at; zeroed before the first use. */
struct pack_entry {
	struct tar_entry tar; /* path and hard links are the caller's */
	char target[PATH_MAX];
	struct tar_piece *pieces;
	size_t piece_room;
	uint8_t *records;
	size_t record_room;
};

/* Type, mode, owner, time, device and the target of a symlink; of a regular
 * file its size and holes. 0 or a negative errno. */
int pack_entry_describe(struct pack_entry *entry, const struct pack_file *file)
	_must_check;

/* The extended attributes and ACLs that are kept; behind
 * pack_entry_describe(). 0 or a negative errno. */
int pack_entry_attributes(struct pack_entry *entry,
			  const struct pack_file *file) _must_check;

void pack_entry_free(struct pack_entry *entry);

/* Whether a directory of an overlayfs upper hides what is below it. */
bool pack_is_opaque(const struct pack_file *dir);

/* Whether it is an overlayfs whiteout (kernel: filesystems/overlayfs.rst). */
bool pack_is_whiteout(const struct stat *st);
