/* SPDX-License-Identifier: MIT */
/* The lz4 frame format: any number of frames, skippable ones among them. */
#include <lz4frame.h>
#include <stdlib.h>

#include "image/decode.h"

struct lz4 {
	LZ4F_dctx *context;
	bool between; /* behind a frame */
	bool one;
};

static void lz4_close(void *state)
{
	struct lz4 *lz4 = state;

	LZ4F_freeDecompressionContext(lz4->context);
	free(lz4);
}

static void *lz4_open(void)
{
	struct lz4 *lz4 = calloc(1, sizeof(*lz4));

	if (!lz4)
		return NULL;
	if (LZ4F_isError(LZ4F_createDecompressionContext(&lz4->context,
							 LZ4F_VERSION))) {
		free(lz4);
		return NULL;
	}
	return lz4;
}

static void lz4_one(void *state)
{
	struct lz4 *lz4 = state;

	lz4->one = true;
}

/* The library tells its errors apart by name only. */
static enum decode_status lz4_status(const struct lz4 *lz4, size_t result)
{
	const char *name = LZ4F_getErrorName(result);

	if (strstr(name, "hecksum_invalid"))
		return DECODE_CHECKSUM;
	if (strstr(name, "frameType_unknown") && lz4->between)
		return DECODE_RUBBISH;
	if (strstr(name, "allocation_failed"))
		return DECODE_MEMORY;
	return DECODE_DAMAGED;
}

static enum decode_status lz4_run(void *state, struct view *in,
				  bool last _unused, struct build *out)
{
	struct lz4 *lz4 = state;
	size_t taken, made;

	do {
		size_t r;

		if (lz4->one && lz4->between)
			break;
		taken = in->left;
		made = out->size - out->len;
		r = LZ4F_decompress(lz4->context, out->start + out->len, &made,
				    in->at, &taken, NULL);
		if (LZ4F_isError(r))
			return lz4_status(lz4, r);
		view_skip(in, taken);
		out->len += made;
		if (taken > 0 || made > 0)
			lz4->between = r == 0;
	} while ((taken > 0 || made > 0) && in->left > 0 &&
		 out->len < out->size);
	return DECODE_GOOD;
}

static bool lz4_complete(const void *state)
{
	const struct lz4 *lz4 = state;

	return lz4->between;
}

const struct decoder decoder_lz4 = {
	.name = "lz4",
	.open = lz4_open,
	.one = lz4_one,
	.run = lz4_run,
	.complete = lz4_complete,
	.close = lz4_close,
};
