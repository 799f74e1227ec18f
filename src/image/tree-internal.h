/* SPDX-License-Identifier: MIT */
/* Between the files that make up the tree. All return 0 or a negative errno. */
#pragma once

#include "image/attributes.h"
#include "image/tree.h"

struct item {
	struct archive_entry *entry;
	const char *name;
	const char *link; /* the entry it is a hard link to, or NULL */
	int fd;		  /* of a regular file, once it is made */
	bool merged;	  /* a directory that was there already */
	bool in_place_of_whiteout;
};

/* --- tree.c --- */

/* Makes the directories above name that are missing. */
int tree_make_parents(struct tree *tree, const char *name) _must_check;

/* --- tree-finish.c: attributes --- */

/* Of an item that was just made. A regular file stays open in tree->fd until
 * its content is there. */
int tree_item_made(struct tree *tree, struct item *item) _must_check;
int tree_file_written(struct tree *tree) _must_check;

enum tree_dir_kind {
	TREE_DIR_ENTRY,	  /* gets the mode and time of its entry */
	TREE_DIR_TOUCHED, /* has no entry: gets back the time it had */
	TREE_DIR_IMPLIED, /* was made for what is in it */
};

struct tree_dir {
	char *name;
	enum tree_dir_kind kind;
	mode_t mode;		     /* TREE_DIR_ENTRY */
	struct timespec mtime;	     /* not of TREE_DIR_IMPLIED */
	ino_t inode;		     /* TREE_DIR_TOUCHED */
	struct attributes_late late; /* TREE_DIR_ENTRY */
};

/* Something is done to this directory at the end. Takes a copy of the name and
 * the ACL, also when it fails. */
int tree_remember_dir(struct tree *tree, const char *name, struct tree_dir dir)
	_must_check;

/* --- tree-layer.c: what sets OCI layers apart --- */

/* Whether the entry is a whiteout or of their kind, which is then done with:
 * 1; 0: an entry as any. */
int layer_whiteout(struct tree *tree, const char *name, struct failure *failure)
	_must_check;

/* Before something is made at, or removed from, name. */
int layer_touch(struct tree *tree, const char *name) _must_check;

/* After something was made at name. */
int layer_made(struct tree *tree, const struct item *item) _must_check;

/* Something else is at name, which the layer replaces. */
int layer_replace(struct tree *tree, const char *name, bool *ret_was_whiteout)
	_must_check;

/* The layers below show nothing in this directory. */
int layer_mark_opaque(struct tree *tree, const char *name) _must_check;
