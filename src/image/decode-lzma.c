/* SPDX-License-Identifier: MIT */
/* lzma, the format before xz ("LZMA_alone"), by liblzma. It has no check sum. */
#include <lzma.h>
#include <stdlib.h>

#include "image/decode.h"

struct lzma {
	lzma_stream stream;
	bool ended;
};

static void lzma_close(void *state)
{
	struct lzma *lzma = state;

	lzma_end(&lzma->stream);
	free(lzma);
}

static void *lzma_open(void)
{
	static const lzma_stream fresh = LZMA_STREAM_INIT;
	struct lzma *lzma = calloc(1, sizeof(*lzma));

	if (!lzma)
		return NULL;
	lzma->stream = fresh;
	if (lzma_alone_decoder(&lzma->stream, DECODE_MEMORY_MAX) != LZMA_OK) {
		lzma_close(lzma);
		return NULL;
	}
	return lzma;
}

static void lzma_one(void *state _unused)
{
}

static enum decode_status lzma_run(void *state, struct view *in,
				   bool last _unused, struct build *out)
{
	struct lzma *lzma = state;
	lzma_ret r;

	if (lzma->ended)
		return DECODE_GOOD;
	lzma->stream.next_in = in->at;
	lzma->stream.avail_in = in->left;
	lzma->stream.next_out = out->start + out->len;
	lzma->stream.avail_out = out->size - out->len;
	r = lzma_code(&lzma->stream, LZMA_RUN);
	view_skip(in, in->left - lzma->stream.avail_in);
	out->len = out->size - lzma->stream.avail_out;
	switch (r) {
	case LZMA_STREAM_END:
		lzma->ended = true;
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

static bool lzma_complete(const void *state)
{
	const struct lzma *lzma = state;

	return lzma->ended;
}

const struct decoder decoder_lzma = {
	.name = "lzma",
	.open = lzma_open,
	.one = lzma_one,
	.run = lzma_run,
	.complete = lzma_complete,
	.close = lzma_close,
};
