/* SPDX-License-Identifier: MIT */
/*
 * An initrd as files: DIR/tree has what a user can make, DIR/special what he
 * cannot (cpio-special.h), and DIR/original is a copy of the file, from which
 * cpio-pack.h takes all that was not changed.
 */
#pragma once

#include "base/failure.h"

#define CPIO_TREE     "tree"
#define CPIO_SPECIAL  "special"
#define CPIO_ORIGINAL "original"

struct cpio_unpacked {
	uint64_t entries, segments;
	uint64_t special; /* lines of DIR/special */
};

/*
 * file becomes dir, which must not exist or be empty. Whatever the archive
 * says, nothing outside of dir is touched: names with ".." are refused, symlinks
 * and hard links stay inside. After a failure dir is as it was before.
 */
int cpio_unpack(const char *file, const char *dir,
		struct cpio_unpacked *ret_unpacked, struct failure *failure)
	_must_check;

/* The permissions that a file of the tree gets for those in the archive: its
 * owner can read it, and nobody gets another's rights by it. */
mode_t cpio_tree_mode(uint32_t mode);
