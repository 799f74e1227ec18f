/* SPDX-License-Identifier: MIT */
/* Which entries of a newc archive are one inode. */
#pragma once

#include "wire/newc.h"

#define CPIO_LINKS_BUCKETS 1024

struct cpio_inode {
	struct cpio_inode *next;
	uint32_t inode, major, minor, type;
	bool filled; /* its content came */
	char *name;  /* the one that others are linked to */
	char *empty; /* those that came before its content, each with its NUL */
	size_t empty_len;
};

struct cpio_links {
	struct cpio_inode *buckets[CPIO_LINKS_BUCKETS];
};

/* The inode of an entry, which was seen before, or NULL. */
struct cpio_inode *cpio_links_find(const struct cpio_links *links,
				   const struct newc_entry *entry);
/* Remembers it under this name; NULL when memory is out. */
struct cpio_inode *cpio_links_add(struct cpio_links *links,
				  const struct newc_entry *entry,
				  const char *name);
/* Another name of it without content. */
int cpio_inode_add(struct cpio_inode *inode, const char *name) _must_check;
/* Its name is this one from now on. */
int cpio_inode_rename(struct cpio_inode *inode, const char *name) _must_check;

/* Inodes are an archive's own: forgets all. */
void cpio_links_clear(struct cpio_links *links);
