/* SPDX-License-Identifier: MIT */
#include "image/decode-whole.h"

#include <errno.h>
#include <stdlib.h>

#include "image/decode.h"

static int grow(struct build *out, size_t max)
{
	size_t size = MIN(out->size * 2, max);
	void *longer;

	if (out->size >= max)
		return -EFBIG;
	longer = realloc(out->start, size);
	if (!longer)
		return -ENOMEM;
	out->start = longer;
	out->size = size;
	return 0;
}

static int run_decoder(const struct decoder *decoder, void *state,
		       struct view in, size_t max, struct build *out)
{
	for (;;) {
		int r;

		if (decoder->run(state, &in, true, out) != DECODE_GOOD)
			return -EBADMSG;
		if (out->len < out->size)
			return in.left == 0 && decoder->complete(state)
				       ? 0
				       : -EBADMSG;
		r = grow(out, max);
		if (r < 0)
			return r;
	}
}

int decode_whole(char **bytes, size_t *len, size_t max)
{
	struct view in = view_over(*bytes, *len);
	const struct decoder *decoder = decoder_of(kind_of(in));
	struct build out;
	void *state;
	int r;

	if (!decoder)
		return 0;
	state = decoder->open();
	out = build_over(malloc(*len * 4), *len * 4);
	r = state && out.start ? run_decoder(decoder, state, in, max, &out)
			       : -ENOMEM;
	if (state)
		decoder->close(state);
	if (r < 0) {
		free(out.start);
		return r;
	}
	free(*bytes);
	*bytes = (char *)out.start;
	*len = out.len;
	return 0;
}
