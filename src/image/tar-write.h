/* SPDX-License-Identifier: MIT */
/*
 * Writes tar archives in the pax interchange format (POSIX.1-2001, pax(1)).
 * What a ustar header can say, it says; extended headers are only for the rest,
 * by the keywords that star, GNU tar and libarchive share. The same entries
 * give the same bytes.
 */
#pragma once

#include <time.h>

#include "base/failure.h"
#include "wire/build.h"
#include "wire/view.h"

/* pax(1), typeflag */
enum tar_type {
	TAR_FILE = '0',
	TAR_HARD_LINK = '1',
	TAR_SYMLINK = '2',
	TAR_CHARACTER = '3',
	TAR_BLOCK = '4',
	TAR_DIRECTORY = '5',
	TAR_FIFO = '6',
};

/* A part of a file that is no hole. */
struct tar_piece {
	uint64_t at, len; /* bytes */
};

struct tar_entry {
	enum tar_type type;
	const char *path; /* without a slash at its end; any bytes */
	const char *link; /* of a link, what it leads to */
	uint32_t mode;	  /* permissions */
	uint32_t uid, gid;
	uint32_t major, minor; /* of a device */
	uint64_t size;	       /* of a file; otherwise 0 */
	struct timespec mtime;
	/* Of a file with holes (GNU.sparse 1.0) its pieces, in order. GNU tar
	 * wants each to begin and end at a multiple of TAR_BLOCK_BYTES, but at
	 * the end of the file. */
	bool sparse;
	const struct tar_piece *pieces;
	size_t piece_count;
	struct view records; /* more of them, as tar_record() makes them */
};

#define TAR_BLOCK_BYTES 512

/* Adds "LENGTH PREFIXkeyword=value\n" (pax(1), Extended Header). */
void tar_record(struct build *records, const char *prefix, const char *keyword,
		const void *value, size_t len);

/* The most that tar_header() writes. */
size_t tar_header_max(const struct tar_entry *entry);

/* All that stands in front of the entry's content. Pure. */
void tar_header(const struct tar_entry *entry, struct build *header);

struct tar_write {
	/* Takes the bytes; a negative errno, with its failure, ends it. */
	int (*write)(void *context, const void *bytes, size_t len,
		     struct failure *failure);
	void *context;
	const char *name; /* begins every message */
	struct failure *failure;
	uint64_t len; /* of the archive so far */
	uint8_t *buf; /* what write has not got yet */
	size_t buf_len;
};

/*
 * The entry; its content follows by tar_write_content(), all of it, without
 * holes. 0 or a negative errno with the failure.
 */
int tar_write_entry(struct tar_write *tar, const struct tar_entry *entry)
	_must_check;
int tar_write_content(struct tar_write *tar, const void *bytes, size_t len)
	_must_check;

/* Nothing follows: the end of the archive, and the last of it to write. */
int tar_write_end(struct tar_write *tar) _must_check;

/* What is not written yet is lost. */
void tar_write_free(struct tar_write *tar);
