/* SPDX-License-Identifier: MIT */
/*
 * What an initrd is to become: which entries of the one that it was stay, go or
 * change, and what is new. A segment in which nothing changes stays byte for
 * byte; another is written anew, with its own compression. What is new is a
 * segment of its own at the end; microcode and ACPI tables, which the kernel
 * looks for before it can decompress anything, one in front, not compressed.
 */
#pragma once

#include "initramfs/cpio-catalog.h"

/* Where data comes from. */
struct cpio_source {
	int dir_fd;  /* borrowed; path is relative to it */
	char *path;  /* of a file; NULL: bytes */
	char *bytes; /* NUL-terminated: of a symlink */
};

enum cpio_fate {
	CPIO_KEEP,
	CPIO_CHANGE,
	CPIO_DROP,
};

struct cpio_change {
	enum cpio_fate fate;
	bool alone;   /* leaves the other names of its inode, with data that
			 are its own */
	bool content; /* its data is source's */
	struct newc_entry entry; /* of CPIO_CHANGE; its name is the item's */
	struct cpio_source source;
};

struct cpio_addition {
	struct newc_entry entry; /* its name is path */
	char *path;
	struct cpio_source source;
	size_t link_to; /* another addition, or CPIO_ITEM_NONE */
	bool dropped;
};

struct cpio_plan {
	const struct cpio_catalog *catalog; /* NULL: nothing was before */
	struct cpio_change *changes;	    /* one for each item */
	struct cpio_addition *additions;
	size_t addition_count, addition_room;
	void *by_path; /* of additions: tsearch(3) */

	/* Of what is new. recompress: of all that is compressed, too. */
	enum compression compression;
	int level; /* 0: the default */
	bool recompress;
	uint32_t mtime;
};

/* catalog is borrowed, or NULL. The compression is that of its last segment,
 * or zstd. */
int cpio_plan_open(struct cpio_plan *ret_plan,
		   const struct cpio_catalog *catalog, struct failure *failure)
	_must_check;
void cpio_plan_close(struct cpio_plan *plan);
#define _cleanup_plan _cleanup(cpio_plan_close)

/*
 * At path, as struct cpio_item has it, there shall be this: entry without name,
 * inode, links and size, and source, of which path and bytes are copied. What is
 * there goes; directories above it that are missing are made. link_to: another
 * addition that it is a name of.
 */
int cpio_plan_set(struct cpio_plan *plan, const char *path,
		  const struct newc_entry *entry,
		  const struct cpio_source *source, size_t link_to,
		  struct failure *failure) _must_check;

/* Path and all below it goes. -ENOENT: there is nothing. */
int cpio_plan_remove(struct cpio_plan *plan, const char *path,
		     struct failure *failure) _must_check;

/* The entry that path has now, to be written to with cpio_plan_touch(); NULL:
 * there is none. */
const struct newc_entry *cpio_plan_entry(const struct cpio_plan *plan,
					 const char *path);

/* Its mode (without the type), owner and device become those of entry. */
void cpio_plan_touch(struct cpio_plan *plan, const char *path,
		     const struct newc_entry *entry);

/* Writes it to fd. file is what the catalog was read from, or NULL. */
int cpio_plan_write(const struct cpio_plan *plan, const struct reader *file,
		    int fd, struct failure *failure) _must_check;

/* SOURCE_DATE_EPOCH, or 0. */
uint32_t cpio_mtime(void);
