/* SPDX-License-Identifier: MIT */
/* Directories become initrds (cpio-plan.h). */
#pragma once

#include "initramfs/cpio-plan.h"

/* Who owns what is found in directories: as it is there, or this one. */
struct cpio_owner {
	bool keep;
	uint32_t uid, gid;
};

/* All below the directory dir_fd, under prefix ("" for the top), is to be in
 * the initrd. name begins the messages. dir_fd must stay open. */
int cpio_pack_tree(struct cpio_plan *plan, int dir_fd, const char *name,
		   const char *prefix, const struct cpio_owner *owner,
		   struct failure *failure) _must_check;

/*
 * What cpio_unpack() has made of an initrd, in dir_fd, and somebody has changed
 * since: plan is over the catalog of its original, which file is.
 */
int cpio_pack_unpacked(struct cpio_plan *plan, const struct reader *file,
		       int dir_fd, int tree_fd, const char *name,
		       struct failure *failure) _must_check;
