/* SPDX-License-Identifier: MIT */
/* What a tar says of a file besides its content; the reverse of attributes.h.
 */
#pragma once

#include <archive_entry.h>
#include <sys/stat.h>

#include "base/util.h"

/* A file of the tree. */
struct pack_file {
	int dir_fd;
	const char *name; /* in dir_fd; no slash */
	int fd;		  /* of a regular file or directory; else FD_NONE */
	struct stat st;
};

/* Type, mode, owner, time, device and the target of a symlink; of a regular
 * file its size and holes. 0 or a negative errno. */
int pack_entry_describe(struct archive_entry *entry,
			const struct pack_file *file) _must_check;

/* The extended attributes and ACLs that are kept. 0 or a negative errno. */
int pack_entry_attributes(struct archive_entry *entry,
			  const struct pack_file *file) _must_check;

/* Whether a directory of an overlayfs upper hides what is below it. */
bool pack_is_opaque(const struct pack_file *dir);

/* Whether it is an overlayfs whiteout (kernel: filesystems/overlayfs.rst). */
bool pack_is_whiteout(const struct stat *st);

/*
 * Adds an ACL in the form of system.posix_acl_* to the entry. -EBADMSG for what
 * has another form.
 */
int pack_entry_acl(struct archive_entry *entry, int type, const void *value,
		   size_t len) _must_check;
