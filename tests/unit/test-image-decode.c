/* SPDX-License-Identifier: MIT */
/*
 * The decoders: streams as their own libraries make them, fed whole, cut at
 * every byte, twice in a row, truncated everywhere and with each bit wrong.
 */
#include <isa-l/igzip_lib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <zstd.h>

#include "image/decode.h"
#include "tap.h"

#define CONTENT 3000
#define ROOM	20000

struct sample {
	const struct decoder *decoder;
	uint8_t content[CONTENT];
	uint8_t stream[ROOM];
	size_t len;
};

static void fill(uint8_t *content)
{
	uint32_t x = 1;

	for (size_t i = 0; i < CONTENT; i++) {
		x = x * 1103515245 + 12345;
		content[i] = i < CONTENT / 2 ? "boomerang"[i % 9]
					     : (uint8_t)(x >> 24);
	}
}

static size_t make_gzip(const uint8_t *in, uint8_t *out)
{
	struct isal_zstream stream;

	isal_deflate_init(&stream);
	stream.gzip_flag = IGZIP_GZIP;
	stream.end_of_stream = 1;
	stream.next_in = (uint8_t *)in;
	stream.avail_in = CONTENT;
	stream.next_out = out;
	stream.avail_out = ROOM;
	return isal_deflate(&stream) == COMP_OK ? stream.total_out : 0;
}

static size_t make_zstd(const uint8_t *in, uint8_t *out)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	size_t len;

	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
	len = ZSTD_compress2(context, out, ROOM, in, CONTENT);
	ZSTD_freeCCtx(context);
	return len;
}

static size_t make_xz(const uint8_t *in, uint8_t *out)
{
	size_t len = 0;

	return lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, NULL, in, CONTENT,
				       out, &len, ROOM) == LZMA_OK
		       ? len
		       : 0;
}

static size_t make_lz4(const uint8_t *in, uint8_t *out)
{
	const LZ4F_preferences_t preferences = {
		.frameInfo = { .contentChecksumFlag =
				       LZ4F_contentChecksumEnabled },
	};

	return LZ4F_compressFrame(out, ROOM, in, CONTENT, &preferences);
}

struct result {
	enum decode_status status;
	bool complete;
	size_t len;
	uint8_t bytes[4 * CONTENT];
};

/* Decodes as the pump does, in pieces of at most piece bytes into room bytes
 * at a time. */
static void decode(const struct decoder *decoder, const uint8_t *bytes,
		   size_t len, size_t piece, size_t room, struct result *result)
{
	void *state = decoder->open();
	struct view rest = view_over(bytes, len), in = { 0 };
	bool last = false;

	memset(result, 0, sizeof(*result));
	in = view_over(bytes, 0);
	while (state) {
		size_t left = sizeof(result->bytes) - result->len;
		struct build out = build_over(result->bytes + result->len,
					      MIN(room, left));

		if (in.left == 0 && !last) {
			last = rest.left == 0;
			in = view_sub(&rest, MIN(piece, rest.left));
		}
		result->status = decoder->run(state, &in, last, &out);
		result->len += out.len;
		if (result->status != DECODE_GOOD ||
		    (last && out.len == 0 && in.left == 0))
			break;
	}
	result->complete = decoder->complete(state);
	decoder->close(state);
}

static bool is_content(const struct sample *sample, const struct result *result,
		       size_t times)
{
	if (result->status != DECODE_GOOD || !result->complete ||
	    result->len != times * CONTENT)
		return false;
	for (size_t i = 0; i < times; i++)
		if (memcmp(result->bytes + i * CONTENT, sample->content,
			   CONTENT) != 0)
			return false;
	return true;
}

static struct result result;

static void test_pieces(const struct sample *sample)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 64, ROOM };
	static const size_t rooms[] = { 1, 13, 1000, ROOM };
	bool good = true;

	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		for (size_t n = 0; n < ARRAY_SIZE(rooms); n++) {
			decode(sample->decoder, sample->stream, sample->len,
			       pieces[i], rooms[n], &result);
			good = good && is_content(sample, &result, 1);
		}
	ok(good, "pieces of every size");
}

static void test_twice(const struct sample *sample)
{
	uint8_t twice[2 * ROOM];
	bool good = true;

	memcpy(twice, sample->stream, sample->len);
	memcpy(twice + sample->len, sample->stream, sample->len);
	for (size_t piece = 1; piece <= 2 * sample->len; piece++) {
		decode(sample->decoder, twice, 2 * sample->len, piece, ROOM,
		       &result);
		good = good && is_content(sample, &result, 2);
	}
	ok(good, "two streams in a row, cut everywhere");
	memset(twice + sample->len, 'x', 64);
	decode(sample->decoder, twice, sample->len + 64, ROOM, ROOM, &result);
	ok(result.status == DECODE_RUBBISH || result.status == DECODE_DAMAGED,
	   "rubbish behind the stream is refused");
}

static void test_truncated(const struct sample *sample)
{
	bool good = true;

	for (size_t len = 1; len < sample->len; len++) {
		decode(sample->decoder, sample->stream, len, ROOM, ROOM,
		       &result);
		good = good &&
		       (result.status != DECODE_GOOD || !result.complete);
	}
	ok(good, "truncated anywhere, it is not complete");
}

/* A flip in a field that no check covers (a time, a flag) may go unnoticed,
 * but never in what comes out. */
static void test_flipped(const struct sample *sample)
{
	uint8_t copy[ROOM];
	bool good = true;

	memcpy(copy, sample->stream, sample->len);
	for (size_t bit = 0; bit < 8 * sample->len; bit++) {
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		decode(sample->decoder, copy, sample->len, ROOM, ROOM, &result);
		good = good &&
		       (result.status != DECODE_GOOD || !result.complete ||
			result.len == 0 || is_content(sample, &result, 1));
		copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ok(good, "a flipped bit never changes what comes out unnoticed");
}

static void test_checksum(const struct sample *sample, size_t from_end)
{
	uint8_t copy[ROOM];

	memcpy(copy, sample->stream, sample->len);
	copy[sample->len - from_end] ^= 1;
	decode(sample->decoder, copy, sample->len, ROOM, ROOM, &result);
	ok_int(result.status, DECODE_CHECKSUM, "a wrong check sum is named");
}

static void test_padding(const struct sample *gzip)
{
	uint8_t copy[ROOM];

	memcpy(copy, gzip->stream, gzip->len);
	memset(copy + gzip->len, 0, 1024);
	decode(gzip->decoder, copy, gzip->len + 1024, 100, ROOM, &result);
	ok(is_content(gzip, &result, 1), "gzip: zeros behind it are padding");
	copy[gzip->len + 1000] = 0x1f;
	decode(gzip->decoder, copy, gzip->len + 1024, 100, ROOM, &result);
	ok_int(result.status, DECODE_RUBBISH, "gzip: but nothing behind them");
}

static void test_window(void)
{
	/* A window of 256 MiB: the exponent is 10 + 18. */
	static const uint8_t zstd[] = { 0x28,	 0xb5, 0x2f, 0xfd, 0x00,
					18 << 3, 0x01, 0,    0 };

	decode(&decoder_zstd, zstd, sizeof(zstd), ROOM, ROOM, &result);
	ok_int(result.status, DECODE_WINDOW, "zstd: too large a window");
}

int main(void)
{
	static struct sample samples[] = {
		{ .decoder = &decoder_gzip },
		{ .decoder = &decoder_zstd },
		{ .decoder = &decoder_xz },
		{ .decoder = &decoder_lz4 },
	};
	size_t (*const makers[])(const uint8_t *,
				 uint8_t *) = { make_gzip, make_zstd, make_xz,
						make_lz4 };

	for (size_t i = 0; i < ARRAY_SIZE(samples); i++) {
		fill(samples[i].content);
		samples[i].len =
			makers[i](samples[i].content, samples[i].stream);
		printf("# %s, %zu bytes\n", samples[i].decoder->name,
		       samples[i].len);
		test_pieces(&samples[i]);
		test_twice(&samples[i]);
		test_truncated(&samples[i]);
		test_flipped(&samples[i]);
	}
	test_checksum(&samples[0], 8);
	test_checksum(&samples[1], 1);
	test_checksum(&samples[3], 1);
	test_padding(&samples[0]);
	test_window();
	return tap_done();
}
