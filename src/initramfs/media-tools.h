/* SPDX-License-Identifier: MIT */
/* The programs that make images of file systems, run so that what they write
 * does not depend on the time, the place or the user. */
#pragma once

#include "base/failure.h"
#include "base/util.h"

/* Whether all of them are installed; says which package is missing. */
int media_tools_check(struct failure *failure) _must_check;

/* GRUB for BIOS at path, for a CD's boot record and behind the boot sector of
 * a disk. */
int media_tools_grub(const char *path, struct failure *failure) _must_check;

/* An empty FAT file system at path, and what goes into it. */
int media_tools_fat(const char *path, const char *label,
		    struct failure *failure) _must_check;
int media_tools_fat_mkdir(const char *path, const char *directory,
			  struct failure *failure) _must_check;
int media_tools_fat_put(const char *path, const char *name, const char *source,
			struct failure *failure) _must_check;

/* The names in a tree in the order in which their content is to lie on the
 * medium. */
struct media_order {
	const char *names[16];
	size_t count;
};

/*
 * The image at path, of all that is in tree, with the FAT file system at fat
 * behind it; media_tools_grub() has been put at MEDIA_TOOLS_GRUB in tree.
 */
#define MEDIA_TOOLS_GRUB "boot/grub/eltorito.img"
int media_tools_iso(const char *path, const char *label, const char *tree,
		    const char *fat, const struct media_order *order,
		    struct failure *failure) _must_check;
