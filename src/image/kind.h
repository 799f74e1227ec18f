/* SPDX-License-Identifier: MIT */
/* What a stream is, by its first bytes and nothing else. */
#pragma once

#include "base/failure.h"
#include "wire/view.h"

/* So many bytes decide: the farthest mark is that of an ISO, in sector 16. */
#define KIND_HEAD (33 * 1024)

enum image_kind {
	KIND_UNKNOWN,
	KIND_TAR,
	KIND_TAR_GZIP, /* the compressed ones are taken to hold a tar: the */
	KIND_TAR_ZSTD, /* unpacker finds out */
	KIND_TAR_XZ,
	KIND_TAR_LZ4,
	KIND_CPIO, /* newc: an initramfs (wire/newc.h) */
	KIND_SQUASHFS,
	KIND_EROFS,
	KIND_DISK,  /* raw: a partition table, or another file system */
	KIND_QCOW2, /* QEMU's docs/interop/qcow2.txt */
	KIND_ISO,   /* ISO 9660: no root; its own kernel makes one of it */
};

/* Whether it is a file that is kept as one (squashfs, erofs, disk, qcow2),
 * not an archive. */
bool kind_is_file(enum image_kind kind);

/* The kind of a stream that begins with these bytes (KIND_HEAD of them, or
 * all there are). */
enum image_kind kind_of(struct view head);

/* Whether bytes behind these would make no other kind of it, nor tell more
 * about its size: most streams need not be waited for as long as an ISO. */
bool kind_is_certain(struct view head);

/* "tar.gz", "squashfs", … */
const char *kind_name(enum image_kind kind);

/*
 * For a head that is KIND_UNKNOWN or KIND_ISO: fills *failure with a line that
 * begins with name and says what this is instead ("looks like a web page"), and
 * returns -EBADMSG.
 */
int kind_refuse(struct view head, const char *name, struct failure *failure);
