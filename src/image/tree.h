/* SPDX-License-Identifier: MIT */
/*
 * The writing half of unpacking: entries of an archive become files below
 * "/", which is the new root: the process is confined to it (confine.h), so
 * that no symlink in it leads anywhere else. Names are relative to the working
 * directory, which is "/" too.
 */
#pragma once

#include <stdatomic.h>

#include "image/seen.h"
#include "image/tar.h"
#include "image/unpacker.h"
#include "image/watch.h"

struct tree_dir;

struct tree {
	const char *label; /* begins every message */
	enum unpack_mode mode;
	enum unpack_depth depth;
	bool lowest;	   /* nothing is below it that it could hide */
	bool unprivileged; /* owners and devices cannot be had */
	int marks_fd;	   /* UNPACK_LAYER: as the unpacker's */
	struct watch watch;
	_Atomic uint64_t *unpacked; /* bytes of content, counted up */
	_Atomic uint64_t *entries;

	/* Found out. */
	struct {
		uint64_t attributes; /* extended ones */
		uint64_t owners;
		uint64_t devices;
	} lost;
	uint64_t devices; /* device nodes made */
	bool leans_on_lower;

	/* The file that is being written. */
	int fd; /* FD_NONE: none */
	struct archive_entry *entry;
	uint64_t end; /* behind the last byte written to fd */

	/* New entries may get a group or an ACL from the directory that they
	 * are made in. */
	bool inherits;
	struct tree_dir *dirs; /* what is done to them last */
	size_t dir_count, dir_room;
	struct seen seen; /* see tree-layer.c */
	uint64_t marked;  /* bytes in marks_fd */
};

/* The caller has set the fields above the lines. */
void tree_init(struct tree *tree);
void tree_free(struct tree *tree);

/* Writes what tar_read() hands on. -ENOSPC, with *failure untouched, when the
 * room is used up. */
struct tar_sink tree_sink(struct tree *tree);

/* When all is written: gives directories their modes and times. */
int tree_finish(struct tree *tree, struct failure *failure) _must_check;
