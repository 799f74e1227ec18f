/* SPDX-License-Identifier: MIT */
/*
 * Streams as the kernel takes them: one member, and no check that it has not
 * got (of xz: CRC32 at most, Documentation/staging/xz.rst). Nothing of the
 * machine, the time or the number of processors is in them.
 */
#include <errno.h>
#include <lz4.h>
#include <lz4hc.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "initramfs/compression.h"

#define OUT_BYTES (256 * KIB)
#define LZ4_BLOCK ((size_t)8 * MIB) /* lib/decompress_unlz4.c in Linux */
#define LZ4_MAGIC 0x184c2102u
/* A constant: the output depends on whether there are workers. */
#define ZSTD_WORKERS 4

struct compressor {
	enum compression compression;
	int level;
	int (*write)(void *context, const void *bytes, size_t len,
		     struct failure *failure);
	void *context;
	z_stream gzip;
	lzma_stream lzma; /* xz too */
	ZSTD_CCtx *zstd;
	uint8_t *block, *packed; /* of lz4 */
	size_t block_len;
	uint8_t out[OUT_BYTES];
};

static int failed(const struct compressor *c, const char *why,
		  struct failure *failure)
{
	return failure_set(failure, EIO, "compressing by %s failed: %s",
			   compression_name(c->compression),
			   why ? why : "no memory");
}

/* --- gzip --- */

static int gzip_begin(struct compressor *c, struct failure *failure)
{
	/* 15 + 16: the largest window, in gzip's framing; the header then has
	 * no name and no time. */
	if (deflateInit2(&c->gzip, c->level, Z_DEFLATED, 15 + 16, 9,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return failed(c, c->gzip.msg, failure);
	return 0;
}

static int gzip_run(struct compressor *c, const void *bytes, size_t len,
		    bool finish, struct failure *failure)
{
	int code;

	c->gzip.next_in = (Bytef *)(uintptr_t)bytes;
	c->gzip.avail_in = (uInt)len;
	do {
		int r;

		c->gzip.next_out = c->out;
		c->gzip.avail_out = OUT_BYTES;
		code = deflate(&c->gzip, finish ? Z_FINISH : Z_NO_FLUSH);
		if (code == Z_STREAM_ERROR)
			return failed(c, c->gzip.msg, failure);
		r = c->write(c->context, c->out,
			     (size_t)(c->gzip.next_out - c->out), failure);
		if (r < 0)
			return r;
	} while (c->gzip.avail_out == 0 || (finish && code != Z_STREAM_END));
	return 0;
}

/* --- xz, lzma --- */

static int lzma_begin(struct compressor *c, struct failure *failure)
{
	lzma_options_lzma options;
	lzma_ret code;

	if (c->compression == COMPRESSION_XZ)
		code = lzma_easy_encoder(&c->lzma, (uint32_t)c->level,
					 LZMA_CHECK_CRC32);
	else if (lzma_lzma_preset(&options, (uint32_t)c->level))
		code = LZMA_OPTIONS_ERROR;
	else
		code = lzma_alone_encoder(&c->lzma, &options);
	return code == LZMA_OK ? 0 : failed(c, NULL, failure);
}

static int lzma_run(struct compressor *c, const void *bytes, size_t len,
		    bool finish, struct failure *failure)
{
	lzma_ret code;

	c->lzma.next_in = bytes;
	c->lzma.avail_in = len;
	do {
		int r;

		c->lzma.next_out = c->out;
		c->lzma.avail_out = OUT_BYTES;
		code = lzma_code(&c->lzma, finish ? LZMA_FINISH : LZMA_RUN);
		if (code != LZMA_OK && code != LZMA_STREAM_END)
			return failed(c, NULL, failure);
		r = c->write(c->context, c->out, OUT_BYTES - c->lzma.avail_out,
			     failure);
		if (r < 0)
			return r;
	} while (finish ? code != LZMA_STREAM_END : c->lzma.avail_in > 0);
	return 0;
}

/* --- zstd --- */

static int zstd_begin(struct compressor *c, struct failure *failure)
{
	/* The window stays the level's, at most 8 MB, which the kernel
	 * allocates to unpack; 32 MB save 1 %. */
	const struct {
		ZSTD_cParameter parameter;
		int value;
	} parameters[] = {
		{ ZSTD_c_compressionLevel, c->level },
		{ ZSTD_c_nbWorkers, ZSTD_WORKERS },
		{ ZSTD_c_checksumFlag, 1 },
	};

	c->zstd = ZSTD_createCCtx();
	if (!c->zstd)
		return failed(c, NULL, failure);
	for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
		size_t code = ZSTD_CCtx_setParameter(
			c->zstd, parameters[i].parameter, parameters[i].value);

		if (ZSTD_isError(code))
			return failed(c, ZSTD_getErrorName(code), failure);
	}
	return 0;
}

static int zstd_run(struct compressor *c, const void *bytes, size_t len,
		    bool finish, struct failure *failure)
{
	ZSTD_inBuffer in = { .src = bytes, .size = len };
	size_t left;

	do {
		ZSTD_outBuffer out = { .dst = c->out, .size = OUT_BYTES };
		int r;

		left = ZSTD_compressStream2(c->zstd, &out, &in,
					    finish ? ZSTD_e_end
						   : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return failed(c, ZSTD_getErrorName(left), failure);
		r = c->write(c->context, c->out, out.pos, failure);
		if (r < 0)
			return r;
	} while (in.pos < in.size || (finish && left > 0));
	return 0;
}

/* --- lz4 --- */

static int write_word(struct compressor *c, uint32_t word,
		      struct failure *failure)
{
	const uint8_t bytes[] = { (uint8_t)word, (uint8_t)(word >> 8),
				  (uint8_t)(word >> 16),
				  (uint8_t)(word >> 24) };

	return c->write(c->context, bytes, sizeof(bytes), failure);
}

static int lz4_begin(struct compressor *c, struct failure *failure)
{
	c->block = malloc(LZ4_BLOCK);
	c->packed = malloc((size_t)LZ4_COMPRESSBOUND((int)LZ4_BLOCK));
	if (!c->block || !c->packed)
		return failed(c, NULL, failure);
	return write_word(c, LZ4_MAGIC, failure);
}

static int lz4_block(struct compressor *c, struct failure *failure)
{
	int room = LZ4_compressBound((int)c->block_len), n, r;

	/* As lz4(1) has it. */
	if (c->level < LZ4HC_CLEVEL_MIN)
		n = LZ4_compress_default((char *)c->block, (char *)c->packed,
					 (int)c->block_len, room);
	else
		n = LZ4_compress_HC((char *)c->block, (char *)c->packed,
				    (int)c->block_len, room, c->level);
	if (n <= 0)
		return failed(c, "the library's error", failure);
	c->block_len = 0;
	r = write_word(c, (uint32_t)n, failure);
	return r == 0 ? c->write(c->context, c->packed, (size_t)n, failure) : r;
}

static int lz4_run(struct compressor *c, const void *bytes, size_t len,
		   bool finish, struct failure *failure)
{
	const uint8_t *at = bytes;
	int r = 0;

	while (r == 0 && len > 0) {
		size_t n = MIN(len, LZ4_BLOCK - c->block_len);

		memcpy(c->block + c->block_len, at, n);
		c->block_len += n;
		at += n;
		len -= n;
		if (c->block_len == LZ4_BLOCK)
			r = lz4_block(c, failure);
	}
	if (r == 0 && finish && c->block_len > 0)
		r = lz4_block(c, failure);
	return r;
}

/* --- all --- */

static int none_begin(struct compressor *c _unused,
		      struct failure *failure _unused)
{
	return 0;
}

static int none_run(struct compressor *c, const void *bytes, size_t len,
		    bool finish _unused, struct failure *failure)
{
	return len > 0 ? c->write(c->context, bytes, len, failure) : 0;
}

static const struct {
	int (*begin)(struct compressor *c, struct failure *failure);
	int (*run)(struct compressor *c, const void *bytes, size_t len,
		   bool finish, struct failure *failure);
} ways[] = {
	[COMPRESSION_NONE] = { none_begin, none_run },
	[COMPRESSION_GZIP] = { gzip_begin, gzip_run },
	[COMPRESSION_XZ] = { lzma_begin, lzma_run },
	[COMPRESSION_ZSTD] = { zstd_begin, zstd_run },
	[COMPRESSION_LZ4] = { lz4_begin, lz4_run },
	[COMPRESSION_LZMA] = { lzma_begin, lzma_run },
};

struct compressor *compressor_new(enum compression compression, int level,
				  int (*write)(void *context, const void *bytes,
					       size_t len,
					       struct failure *failure),
				  void *context, struct failure *failure)
{
	static const lzma_stream fresh = LZMA_STREAM_INIT;
	struct compressor *c = calloc(1, sizeof(*c));

	if (!c) {
		(void)failure_errno(failure, ENOMEM, "compressing");
		return NULL;
	}
	c->compression = compression;
	c->level = level > 0 ? level : compression_default_level(compression);
	c->write = write;
	c->context = context;
	c->lzma = fresh;
	if (ways[compression].begin(c, failure) < 0) {
		compressor_free(c);
		return NULL;
	}
	return c;
}

int compressor_put(struct compressor *c, const void *bytes, size_t len,
		   struct failure *failure)
{
	return ways[c->compression].run(c, bytes, len, false, failure);
}

int compressor_finish(struct compressor *c, struct failure *failure)
{
	return ways[c->compression].run(c, NULL, 0, true, failure);
}

void compressor_free(struct compressor *c)
{
	if (!c)
		return;
	(void)deflateEnd(&c->gzip);
	lzma_end(&c->lzma);
	ZSTD_freeCCtx(c->zstd);
	free(c->block);
	free(c->packed);
	free(c);
}
