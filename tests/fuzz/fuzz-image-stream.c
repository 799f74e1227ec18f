/* SPDX-License-Identifier: MIT */
/*
 * Decoder and archive reader together, as in the unpacker, without a thread
 * and without making files.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "image/cpio.h"
#include "image/decode.h"
#include "image/tar.h"

#define PIECE	 4096
#define MADE_MAX (8 * MIB) /* a bomb is not what is looked for here */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct stream {
	const struct decoder *decoder;
	void *state;
	struct view in;
	size_t made;
	uint8_t out[PIECE];
};

static int next(void *context, struct view *ret_bytes)
{
	struct stream *stream = context;
	struct build out = build_over(stream->out, sizeof(stream->out));

	if (!stream->decoder) {
		size_t n = MIN(stream->in.left, (size_t)PIECE);

		*ret_bytes = view_sub(&stream->in, n);
		return n > 0;
	}
	if (stream->decoder->run(stream->state, &stream->in, true, &out) !=
		    DECODE_GOOD ||
	    stream->made > MADE_MAX)
		return -EBADMSG;
	stream->made += out.len;
	*ret_bytes = view_over(out.start, out.len);
	return out.len > 0;
}

static int entry(void *context _unused, struct archive_entry *e,
		 const char *name, const char *link,
		 struct failure *failure _unused)
{
	if (!e || name[0] == '/' || (link && link[0] == '/'))
		abort();
	return 0;
}

static int data(void *context _unused, struct view bytes,
		uint64_t offset _unused, struct failure *failure _unused)
{
	static volatile uint8_t sum;

	/* Every byte can be read. */
	while (bytes.left > 0)
		sum = sum ^ view_u8(&bytes);
	return 0;
}

static int end(void *context _unused, struct failure *failure _unused)
{
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct view whole = view_over(bytes, size);
	struct stream stream = { .decoder = decoder_of(kind_of(whole)),
				 .in = whole };
	const struct input input = { next, &stream };
	const struct tar_sink sink = { .entry = entry,
				       .data = data,
				       .end = end };
	struct failure failure = { 0 };
	int (*read_archive)(const struct input *, const struct tar_sink *,
			    const char *, struct failure *) =
		kind_of(whole) == KIND_CPIO ? cpio_read : tar_read;

	if (stream.decoder && !(stream.state = stream.decoder->open()))
		return 0;
	if (read_archive(&input, &sink, "x", &failure) == 0 && failure.err)
		abort();
	if (stream.decoder)
		stream.decoder->close(stream.state);
	return 0;
}
