/* SPDX-License-Identifier: MIT */
/*
 * The few blocks that make an ISO 9660 file system (ECMA-119) of bytes that lie
 * on a device already: volume descriptors, path tables and one directory, whose
 * files are made of pieces of the device, wherever they are. The kernel's driver
 * (fs/isofs) looks for descriptors where its option sbsector= says. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

#define ISO_OUT_BLOCK 2048 /* bytes */

/* The kernel reads no file of more pieces (isofs_read_level3_size()). */
#define ISO_OUT_PIECES_MAX 100
/* The number of a file's bytes has 32 bits; of whole blocks, so that a piece
 * is never too long. */
#define ISO_OUT_FILE_MAX ((uint64_t)UINT32_MAX - ISO_OUT_BLOCK + 1)

#define ISO_OUT_FILES_MAX 2
#define ISO_OUT_NAME_MAX  8

/* Descriptors in front of which so many blocks are left out. */
#define ISO_OUT_SYSTEM_AREA 16

/* The directory with as many records as there can be. */
#define ISO_OUT_DIRECTORY_BLOCKS 5
#define ISO_OUT_SIZE		 ((size_t)(4 + ISO_OUT_DIRECTORY_BLOCKS) * ISO_OUT_BLOCK)

/* On the device, in bytes; at is a multiple of ISO_OUT_BLOCK, and so is the
 * size of each piece but a file's last. */
struct iso_out_piece {
	uint64_t at, size;
};

struct iso_out_file {
	const char *name; /* A-Z alone, sorted; shorter than ISO_OUT_NAME_MAX */
	size_t count;	  /* 0: it is empty */
	struct iso_out_piece pieces[ISO_OUT_PIECES_MAX];
};

/*
 * Builds what belongs at the byte "at" of a device, a multiple of
 * ISO_OUT_BLOCK, not in its first ISO_OUT_SYSTEM_AREA blocks; end is the first
 * byte behind all pieces. -ENOBUFS: more or longer names than there can be; or
 * a number too large for ISO 9660.
 */
int iso_out_build(uint64_t at, uint64_t end, const struct iso_out_file *files,
		  size_t count, uint8_t ret[static ISO_OUT_SIZE]) _must_check;
