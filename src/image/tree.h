/* SPDX-License-Identifier: MIT */
/*
 * The writing half of unpacking: entries of an archive become files below
 * "/", which is the new root: the process is confined to it (confine.h), so
 * that no symlink in it leads anywhere else. Names are relative to the working
 * directory, which is "/" too.
 */
#pragma once

#include <stdatomic.h>
#include <time.h>

#include "image/room.h"
#include "image/tar.h"

struct tree_dir;

struct tree {
	const char *label; /* begins every message */
	const struct room *room;
	_Atomic uint64_t *unpacked; /* bytes of content, counted up */
	_Atomic uint64_t *entries;
	uint64_t lost_attributes; /* extended attributes not kept */
	uint64_t devices;	  /* device nodes made */

	int fd;			     /* the file being written, or FD_NONE */
	struct archive_entry *entry; /* of fd */
	uint64_t end;		     /* behind the last byte written to fd */
	uint64_t unwatched;	     /* bytes since the room was looked at */
	struct tree_dir *dirs;	     /* their times are set last */
	size_t dir_count, dir_room;
};

/* The counters start at what they are. */
void tree_init(struct tree *tree, const char *label, const struct room *room,
	       _Atomic uint64_t *unpacked, _Atomic uint64_t *entries);
void tree_free(struct tree *tree);

/* Writes what tar_read() hands on. -ENOSPC, with *failure untouched, when the
 * room is used up. */
struct tar_sink tree_sink(struct tree *tree);

/* When all is written: gives directories their times. */
int tree_finish(struct tree *tree, struct failure *failure) _must_check;
