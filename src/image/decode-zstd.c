/* SPDX-License-Identifier: MIT */
/* zstd (RFC 8878): any number of frames, skippable ones among them. */
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "image/decode.h"

#define WINDOW_LOG_MAX 27 /* 128 MiB */

struct zstd {
	ZSTD_DStream *stream;
	bool between; /* behind a frame */
	bool one;
};

static void zstd_close(void *state)
{
	struct zstd *zstd = state;

	ZSTD_freeDStream(zstd->stream);
	free(zstd);
}

static void *zstd_open(void)
{
	struct zstd *zstd = calloc(1, sizeof(*zstd));

	if (!zstd)
		return NULL;
	zstd->stream = ZSTD_createDStream();
	if (!zstd->stream ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(
		    zstd->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
		zstd_close(zstd);
		return NULL;
	}
	return zstd;
}

static void zstd_one(void *state)
{
	struct zstd *zstd = state;

	zstd->one = true;
}

static enum decode_status zstd_status(const struct zstd *zstd, size_t result)
{
	switch (ZSTD_getErrorCode(result)) {
	case ZSTD_error_no_error:
		return DECODE_GOOD;
	case ZSTD_error_checksum_wrong:
		return DECODE_CHECKSUM;
	case ZSTD_error_frameParameter_windowTooLarge:
		return DECODE_WINDOW;
	case ZSTD_error_memory_allocation:
		return DECODE_MEMORY;
	case ZSTD_error_prefix_unknown:
		return zstd->between ? DECODE_RUBBISH : DECODE_DAMAGED;
	default: /* the library's own enumeration, which grows */
		return DECODE_DAMAGED;
	}
}

static enum decode_status zstd_run(void *state, struct view *in,
				   bool last _unused, struct build *out)
{
	struct zstd *zstd = state;
	ZSTD_inBuffer input = { in->at, in->left, 0 };
	ZSTD_outBuffer output = { out->start, out->size, out->len };
	size_t r;

	do {
		size_t before = input.pos + output.pos;

		if (zstd->one && zstd->between)
			break;
		r = ZSTD_decompressStream(zstd->stream, &output, &input);
		if (ZSTD_isError(r))
			return zstd_status(zstd, r);
		/* Without input it only asks for the next frame's header. */
		if (input.pos + output.pos > before)
			zstd->between = r == 0;
	} while (input.pos < input.size && output.pos < output.size);
	view_skip(in, input.pos);
	out->len = output.pos;
	return DECODE_GOOD;
}

static bool zstd_complete(const void *state)
{
	const struct zstd *zstd = state;

	return zstd->between;
}

const struct decoder decoder_zstd = {
	.name = "zstd",
	.open = zstd_open,
	.one = zstd_one,
	.run = zstd_run,
	.complete = zstd_complete,
	.close = zstd_close,
};
