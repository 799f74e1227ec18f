/* SPDX-License-Identifier: MIT */
/*
 * xz, and lzma, the format before it ("LZMA_alone", which has no check sum), by
 * liblzma. An xz file of several blocks that name their sizes (xz -T, and
 * xz 5.6 by default) is decoded by two threads as long as that stays within
 * the memory allowed; others by one.
 */
#include <lzma.h>
#include <stdlib.h>

#include "image/decode.h"

#define THREADS	       2
#define THREADS_MEMORY (96 * MIB)

struct xz {
	lzma_stream stream;
	bool ended;
	bool one;    /* whatever follows is not for us */
	bool failed; /* no memory for a new start */
};

static void xz_close(void *state)
{
	struct xz *xz = state;

	lzma_end(&xz->stream);
	free(xz);
}

static bool xz_start(struct xz *xz, uint32_t flags)
{
	const lzma_mt options = {
		.flags = flags,
		.threads = THREADS,
		.memlimit_threading = THREADS_MEMORY,
		.memlimit_stop = DECODE_MEMORY_MAX,
	};

	return lzma_stream_decoder_mt(&xz->stream, &options) == LZMA_OK;
}

static struct xz *xz_new(void)
{
	static const lzma_stream fresh = LZMA_STREAM_INIT;
	struct xz *xz = calloc(1, sizeof(*xz));

	if (xz)
		xz->stream = fresh;
	return xz;
}

static void *xz_open(void)
{
	struct xz *xz = xz_new();

	if (xz && !xz_start(xz, LZMA_CONCATENATED)) {
		xz_close(xz);
		return NULL;
	}
	return xz;
}

static void *lzma_open(void)
{
	struct xz *xz = xz_new();

	if (xz &&
	    lzma_alone_decoder(&xz->stream, DECODE_MEMORY_MAX) != LZMA_OK) {
		xz_close(xz);
		return NULL;
	}
	if (xz)
		xz->one = true;
	return xz;
}

static void xz_one(void *state)
{
	struct xz *xz = state;

	xz->one = true;
	xz->failed = !xz_start(xz, 0);
}

/* It has no second one. */
static void lzma_one(void *state _unused)
{
}

static enum decode_status xz_run(void *state, struct view *in, bool last,
				 struct build *out)
{
	struct xz *xz = state;
	lzma_ret r;

	if (xz->failed)
		return DECODE_MEMORY;
	if (xz->ended)
		return in->left > 0 && !xz->one ? DECODE_RUBBISH : DECODE_GOOD;
	xz->stream.next_in = in->at;
	xz->stream.avail_in = in->left;
	xz->stream.next_out = out->start + out->len;
	xz->stream.avail_out = out->size - out->len;
	r = lzma_code(&xz->stream, last ? LZMA_FINISH : LZMA_RUN);
	view_skip(in, in->left - xz->stream.avail_in);
	out->len = out->size - xz->stream.avail_out;
	switch (r) {
	case LZMA_STREAM_END:
		xz->ended = true;
		return DECODE_GOOD;
	case LZMA_OK:
	case LZMA_BUF_ERROR: /* no progress without more input */
		return DECODE_GOOD;
	case LZMA_MEMLIMIT_ERROR:
		return DECODE_WINDOW;
	case LZMA_MEM_ERROR:
		return DECODE_MEMORY;
	default: /* the library's own enumeration, which grows */
		return DECODE_DAMAGED;
	}
}

static bool xz_complete(const void *state)
{
	const struct xz *xz = state;

	return xz->ended;
}

const struct decoder decoder_xz = {
	.name = "xz",
	.open = xz_open,
	.one = xz_one,
	.run = xz_run,
	.complete = xz_complete,
	.close = xz_close,
};

const struct decoder decoder_lzma = {
	.name = "lzma",
	.open = lzma_open,
	.one = lzma_one,
	.run = xz_run,
	.complete = xz_complete,
	.close = xz_close,
};
