/* SPDX-License-Identifier: MIT */
/*
 * How the archives of an initrd are compressed: those ways of the kernel
 * (lib/decompress.c in Linux) that distributions use.
 */
#pragma once

#include "base/failure.h"
#include "image/decode.h"

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_XZ,
	COMPRESSION_ZSTD,
	COMPRESSION_LZ4, /* the old format, `lz4 -l` */
	COMPRESSION_LZMA,
};

/* "gzip", …, "none". */
const char *compression_name(enum compression compression);

/* -EINVAL: none has this name. */
int compression_by_name(const char *name, enum compression *ret_compression)
	_must_check;

/* NULL for COMPRESSION_NONE. */
const struct decoder *compression_decoder(enum compression compression);

#define COMPRESSION_HEAD 8 /* bytes that say which one it is */

/* Of something that is not plain and begins with these bytes. -EBADMSG: it is
 * none of these; *ret_what says what it is instead, or is NULL. */
int compression_of(struct view head, enum compression *ret_compression,
		   const char **ret_what) _must_check;

/* --- writing --- */

/* The level that is meant when none is said, and the highest; 0: it has none. */
int compression_default_level(enum compression compression);
int compression_highest_level(enum compression compression);

struct compressor;

/*
 * A stream of this compression, written by write() as it comes. The same bytes
 * in the same pieces and the same level give the same stream, everywhere. level:
 * 1 to the highest, 0: the default. NULL with *failure.
 */
struct compressor *
compressor_new(enum compression compression, int level,
	       int (*write)(void *context, const void *bytes, size_t len,
			    struct failure *failure),
	       void *context, struct failure *failure) _must_check;
int compressor_put(struct compressor *compressor, const void *bytes, size_t len,
		   struct failure *failure) _must_check;
/* Ends the stream. */
int compressor_finish(struct compressor *compressor, struct failure *failure)
	_must_check;
void compressor_free(struct compressor *compressor); /* NULL: nothing */
