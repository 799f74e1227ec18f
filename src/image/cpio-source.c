/* SPDX-License-Identifier: MIT */
#include "image/cpio-source.h"

#include <errno.h>
#include <stdlib.h>

#define DECODED_BYTES (64 * KIB)

static int next_input(struct cpio_source *source, struct view *ret_bytes)
{
	int r = source->input->next(source->input->context, ret_bytes);

	source->last = r == 0;
	return r;
}

static int refuse(const struct cpio_source *source, enum decode_status status,
		  struct failure *failure)
{
	return failure_set(failure, status == DECODE_MEMORY ? ENOMEM : EBADMSG,
			   "%s: the %s stream in it %s", source->label,
			   source->decoder->name, decode_status_text(status));
}

/* What is to be decoded next. */
static int refill(struct cpio_source *source)
{
	int r;

	if (source->first.left > 0 || source->last)
		return 0;
	while (source->in.left == 0 && !source->last) {
		r = next_input(source, &source->in);
		if (r < 0)
			return r;
	}
	return 0;
}

static int decode(struct cpio_source *source, struct failure *failure)
{
	for (;;) {
		struct build out = build_over(source->decoded, DECODED_BYTES);
		struct view *in;
		enum decode_status status;
		size_t before;
		int r = refill(source);

		if (r < 0)
			return r;
		in = source->first.left > 0 ? &source->first : &source->in;
		before = in->left;
		status = source->decoder->run(source->state, in, source->last,
					      &out);
		if (status == DECODE_GOOD && out.len == 0 && in->left > 0 &&
		    in->left == before)
			status = DECODE_DAMAGED; /* it would never end */
		if (status != DECODE_GOOD)
			return refuse(source, status, failure);
		source->at = view_over(out.start, out.len);
		if (out.len > 0)
			return 1;
		if (!source->last || in->left > 0)
			continue;
		if (source->decoder->complete(source->state))
			return 0;
		return failure_set(failure, EBADMSG,
				   "%s: the %s stream in it ends early: image "
				   "is truncated",
				   source->label, source->decoder->name);
	}
}

int cpio_source_fill(struct cpio_source *source, struct failure *failure)
{
	int r = 1;

	while (source->at.left == 0 && r > 0)
		r = source->decoder ? decode(source, failure)
				    : next_input(source, &source->at);
	return r;
}

ssize_t cpio_source_take(struct cpio_source *source, uint8_t *buf, size_t len,
			 struct failure *failure)
{
	struct build taken = build_over(buf, len);

	while (taken.len < len) {
		int r = cpio_source_fill(source, failure);
		size_t n = MIN(source->at.left, len - taken.len);

		if (r < 0)
			return r;
		if (r == 0)
			break;
		build_bytes(&taken, view_take(&source->at, n), n);
	}
	return (ssize_t)taken.len;
}

int cpio_source_decode(struct cpio_source *source, const struct decoder *how,
		       struct view head, struct failure *failure)
{
	struct build first =
		build_over(source->first_bytes, sizeof(source->first_bytes));

	build_bytes(&first, head.at, head.left);
	source->first = view_over(first.start, first.len);
	source->in = source->at;
	source->at = view_over(first.start, 0);
	source->decoder = how;
	source->state = how->open();
	source->decoded = malloc(DECODED_BYTES);
	return source->state && source->decoded
		       ? 0
		       : refuse(source, DECODE_MEMORY, failure);
}

void cpio_source_close(struct cpio_source *source)
{
	if (source->state)
		source->decoder->close(source->state);
	free(source->decoded);
}
