/* SPDX-License-Identifier: MIT */
/*
 * What is in an initrd, and what of it counts once the kernel has unpacked all
 * of it: an entry replaces those before it that have its path.
 */
#pragma once

#include "initramfs/cpio-read.h"

/* No initrd has more; each takes a few hundred bytes of memory. */
#define CPIO_ITEMS_MAX ((size_t)1 << 20)
#define CPIO_NAMES_MAX (256 * MIB)
#define CPIO_ITEM_NONE SIZE_MAX

struct cpio_item {
	struct newc_entry entry;
	char *path;   /* where it is unpacked to: relative, without symlinks
			 on the way; "." is the root */
	char *target; /* of a symlink, or NULL */
	size_t segment;
	size_t archive;	  /* of all archives: inodes are its own */
	size_t group;	  /* the first item of its inode; its own index, too */
	size_t next_link; /* the next item of its inode, or CPIO_ITEM_NONE */
	bool shadowed;	  /* a later one has its path */
};

struct cpio_catalog {
	struct cpio_segment *segments;
	size_t segment_count;
	struct cpio_item *items;
	size_t count;
	uint64_t limit; /* cpio_reader_limit() */
	uint64_t names; /* bytes of memory that names take */
	void *by_path;	/* tsearch(3) */
};

/* Reads all of file, which is checked by that as cpio-read.h says. A name that
 * leads out of the root is -EBADMSG. */
int cpio_catalog_read(struct cpio_catalog *ret_catalog,
		      const struct reader *file, struct failure *failure)
	_must_check;
void cpio_catalog_clear(struct cpio_catalog *catalog);
#define _cleanup_catalog _cleanup(cpio_catalog_clear)

/* The item that counts at this path, which is one of struct cpio_item, or
 * CPIO_ITEM_NONE. */
size_t cpio_catalog_find(const struct cpio_catalog *catalog, const char *path);

/* The path of a name in the unpacked root, its symlinks followed but for the
 * last part. -ELOOP, -ENAMETOOLONG, -EINVAL (it has ".." or is empty). */
int cpio_catalog_resolve(const struct cpio_catalog *catalog, const char *name,
			 char ret_path[static 4096]) _must_check;

/* Whether inode and data of this one may be shared by more names. */
bool cpio_entry_may_link(const struct newc_entry *entry);
