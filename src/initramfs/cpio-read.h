/* SPDX-License-Identifier: MIT */
/*
 * An initrd as the kernel reads it (init/initramfs.c in Linux): segments, each
 * a newc archive as it is (microcode must be), or a compressed stream of such
 * archives, with zeros between; behind them there may be a boot configuration
 * (Documentation/admin-guide/bootconfig.rst).
 *
 * Everything is streamed: whatever an archive claims, memory stays the same.
 */
#pragma once

#include "base/reader.h"
#include "initramfs/compression.h"
#include "wire/newc.h"

/* What all segments may unpack to. No machine boots more, and a few kilobytes
 * can claim to be any number of terabytes. */
#define CPIO_UNPACKED_MAX (16 * GIB)

struct cpio_segment {
	uint64_t offset, size; /* in the file, bytes */
	enum compression compression;
	uint64_t unpacked; /* bytes, once the segment has ended */
};

enum cpio_event {
	CPIO_END,
	CPIO_SEGMENT, /* one begins: all but its sizes is known */
	CPIO_ENTRY,
	CPIO_TRAILER, /* an archive ends: inodes begin anew */
	CPIO_SEGMENT_END,
};

struct cpio_reader;

/* Over file, which is borrowed and begins every message with its name. NULL
 * with *failure. */
struct cpio_reader *cpio_reader_new(const struct reader *file,
				    struct failure *failure) _must_check;
void cpio_reader_free(struct cpio_reader *reader); /* NULL: nothing */

/*
 * What comes next; data of the entry before that was not read is passed over.
 * What the kernel would pass over or stop at, damage and what is cut off, is
 * -EBADMSG with *failure.
 */
int cpio_reader_next(struct cpio_reader *reader, enum cpio_event *ret_event,
		     struct failure *failure) _must_check;

/* Goes to a segment, as cpio_reader_segment() told it: it is what comes next. */
void cpio_reader_seek(struct cpio_reader *reader,
		      const struct cpio_segment *segment);

/* The segment that is read, or was read last. */
const struct cpio_segment *cpio_reader_segment(const struct cpio_reader *r);

/* After CPIO_ENTRY; its name is NUL-terminated, as it is in the archive. Stays
 * until the next call of cpio_reader_next(). */
const struct newc_entry *cpio_reader_entry(const struct cpio_reader *reader);

/* More data of the entry: 1, or 0 at its end, or -EBADMSG with *failure. */
int cpio_reader_data(struct cpio_reader *reader, struct view *ret_bytes,
		     struct failure *failure) _must_check;

/* The target of a symlink. -EBADMSG: it is empty, too long or has a NUL. */
int cpio_reader_target(struct cpio_reader *reader, char target[static 4096],
		       struct failure *failure) _must_check;

/* Where the segments and zeros end and a boot configuration begins, or the
 * file's end. */
uint64_t cpio_reader_limit(const struct cpio_reader *reader);
