/* SPDX-License-Identifier: MIT */
#include "image/inflate.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <zstd.h>

/* No block is larger than a cluster, and no window need be: 128 MiB. */
#define WINDOW_LOG_MAX 27

struct inflate {
	ZSTD_DCtx *zstd; /* NULL: deflate */
	struct inflate_state deflate;
};

struct inflate *inflate_new(bool zstd)
{
	struct inflate *inflate = calloc(1, sizeof(*inflate));

	if (!inflate || !zstd)
		return inflate;
	inflate->zstd = ZSTD_createDCtx();
	if (!inflate->zstd ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(
		    inflate->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
		inflate_free(inflate);
		return NULL;
	}
	return inflate;
}

void inflate_free(struct inflate *inflate)
{
	if (inflate)
		ZSTD_freeDCtx(inflate->zstd);
	free(inflate);
}

/* As a stream, since nothing says where in packed the frame ends. */
static int run_zstd(ZSTD_DCtx *zstd, struct view packed, void *plain,
		    size_t len)
{
	ZSTD_inBuffer in = { packed.at, packed.left, 0 };
	ZSTD_outBuffer out = { plain, len, 0 };

	(void)ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only);
	while (out.pos < out.size) {
		size_t before = in.pos + out.pos;
		size_t r = ZSTD_decompressStream(zstd, &out, &in);

		if (ZSTD_isError(r) || in.pos + out.pos == before)
			return -EBADMSG;
	}
	return 0;
}

static int run_deflate(struct inflate_state *deflate, struct view packed,
		       void *plain, size_t len)
{
	isal_inflate_reset(deflate);
	deflate->crc_flag = ISAL_DEFLATE;
	deflate->next_in = (uint8_t *)packed.at;
	deflate->avail_in = (uint32_t)packed.left;
	deflate->next_out = plain;
	deflate->avail_out = (uint32_t)len;
	/* With room for just the block it may stop before the mark of its
	 * end. */
	(void)isal_inflate_stateless(deflate);
	return deflate->total_out == len ? 0 : -EBADMSG;
}

int inflate_run(struct inflate *inflate, struct view packed, void *plain,
		size_t len)
{
	return inflate->zstd
		       ? run_zstd(inflate->zstd, packed, plain, len)
		       : run_deflate(&inflate->deflate, packed, plain, len);
}
