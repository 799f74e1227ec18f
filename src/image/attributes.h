/* SPDX-License-Identifier: MIT */
/* Extended attributes and POSIX ACLs of archive entries. */
#pragma once

#include <archive_entry.h>

#include "base/util.h"

/*
 * Sets those of the entry on fd (a file or directory), or, with fd negative,
 * on the name itself (a symlink or node). Those that this file system, this
 * kernel or an unprivileged unpacker cannot keep are left out and counted in
 * *lost; a security.capability must be kept. 0 or a negative errno.
 */
int attributes_set(struct archive_entry *entry, int fd, const char *name,
		   uint64_t *lost) _must_check;

/*
 * An entry's ACL of ARCHIVE_ENTRY_ACL_TYPE_ACCESS or _DEFAULT in the form of
 * the extended attribute system.posix_acl_* (linux/posix_acl_xattr.h).
 * Returns its length, 0 when there is none or one that names users without
 * numbers, -ENOBUFS when it does not fit.
 */
ssize_t attributes_acl(struct archive_entry *entry, int type, void *buf,
		       size_t size) _must_check;
