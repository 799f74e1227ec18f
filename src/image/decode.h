/* SPDX-License-Identifier: MIT */
/*
 * Decompressors as step machines: bytes in, bytes out, no input or output of
 * their own. Each follows its format to the end: concatenated members, frames
 * and streams, and every check sum in them.
 */
#pragma once

#include "image/kind.h"
#include "wire/build.h"
#include "wire/view.h"

enum decode_status {
	DECODE_GOOD,	 /* go on: give more input or more room */
	DECODE_DAMAGED,	 /* not a stream of this kind, or broken */
	DECODE_CHECKSUM, /* whole, but its check sum differs */
	DECODE_RUBBISH,	 /* something else follows the stream */
	DECODE_WINDOW,	 /* needs more memory than DECODE_MEMORY_MAX */
	DECODE_MEMORY,	 /* no memory */
};

/* What a stream may make its decoder allocate: that of zstd --long=27. */
#define DECODE_MEMORY_MAX (160 * MIB)

struct decoder {
	const char *name; /* "gzip" */
	/* A new stream; NULL when memory is out. The caller closes it. */
	void *(*open)(void);
	/* Before the first run(): the stream is one member (frame, stream) and
	 * no more. run() leaves what follows it in *in, and complete() tells
	 * that its end was met. */
	void (*one)(void *state);
	/*
	 * Takes what it can from *in and appends what it can to *out. last:
	 * nothing follows behind *in. It stops with DECODE_GOOD when *in is
	 * used up or *out is full; nothing is appended to an *out with room
	 * only when it needs more input.
	 */
	enum decode_status (*run)(void *state, struct view *in, bool last,
				  struct build *out);
	/* Whether the stream may end here. */
	bool (*complete)(const void *state);
	void (*close)(void *state);
};

extern const struct decoder decoder_gzip, decoder_zstd, decoder_xz, decoder_lz4;

/* Those of initramfs only: lzma as `xz --format=lzma` writes it, and the lz4
 * that the kernel reads, `lz4 -l`. Both are one() in any case. */
extern const struct decoder decoder_lzma, decoder_lz4_legacy;

/* The decoder of a kind, NULL for those that need none. */
const struct decoder *decoder_of(enum image_kind kind);

/* "the gzip stream is damaged" and so on, for what is not DECODE_GOOD. */
const char *decode_status_text(enum decode_status status);
