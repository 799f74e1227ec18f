/* SPDX-License-Identifier: MIT */
/* Extended attributes and POSIX ACLs of archive entries. */
#pragma once

#include <archive_entry.h>

#include "base/util.h"

struct attributes_rules {
	bool for_overlay;	  /* overlayfs's own are left out */
	bool capabilities_may_go; /* who unpacks may not set them */
};

/* A directory's default ACL, which comes last: what is made in the directory
 * would inherit it. Freed with free(value). */
struct attributes_late {
	void *value; /* NULL: none */
	size_t size;
};

/*
 * Sets those of the entry on fd (a file or directory), or, with fd negative,
 * on the name itself (a symlink or node). Those that this file system, this
 * kernel or an unprivileged unpacker cannot keep are left out and counted in
 * *lost; a security.capability must be kept unless the rules say otherwise.
 * ret_late may be NULL: there is none of a file. Returns how many were set, or
 * a negative errno.
 */
int attributes_set(struct archive_entry *entry, int fd, const char *name,
		   const struct attributes_rules *rules,
		   struct attributes_late *ret_late, uint64_t *lost)
	_must_check;

/* Sets what came late. 0 or a negative errno. */
int attributes_set_late(int fd, const struct attributes_late *late,
			uint64_t *lost) _must_check;

/* Removes all that there are; those that cannot be removed stay. 0 or a
 * negative errno. */
int attributes_clear(int fd) _must_check;

/*
 * An entry's ACL of ARCHIVE_ENTRY_ACL_TYPE_ACCESS or _DEFAULT in the form of
 * the extended attribute system.posix_acl_* (linux/posix_acl_xattr.h).
 * Returns its length, 0 when there is none or one that names users without
 * numbers, -ENOBUFS when it does not fit.
 */
ssize_t attributes_acl(struct archive_entry *entry, int type, void *buf,
		       size_t size) _must_check;

/*
 * Its permissions as chmod(2) wants and stat(2) shows them: with an ACL, those
 * of the group are the ACL's mask, where libarchive has the owning group's.
 */
mode_t attributes_mode(struct archive_entry *entry);
