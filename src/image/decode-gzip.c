/* SPDX-License-Identifier: MIT */
/* gzip (RFC 1952) by ISA-L, the fastest well-kept inflate there is. */
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#include "image/decode.h"

enum gzip_place {
	GZIP_MEMBER,  /* in a member, its header and trailer included */
	GZIP_BETWEEN, /* behind a member: another, padding or the end */
	GZIP_PADDING, /* in zeros, which tapes and blocks add */
};

struct gzip {
	enum gzip_place place;
	bool one;
	struct inflate_state inflate;
};

static void *gzip_open(void)
{
	struct gzip *gzip = malloc(sizeof(*gzip));

	if (!gzip)
		return NULL;
	gzip->place = GZIP_MEMBER;
	gzip->one = false;
	isal_inflate_init(&gzip->inflate);
	gzip->inflate.crc_flag = ISAL_GZIP;
	return gzip;
}

static void gzip_one(void *state)
{
	struct gzip *gzip = state;

	gzip->one = true;
}

static enum decode_status gzip_between(struct gzip *gzip, struct view *in)
{
	while (in->left > 0 && in->at[0] == 0) {
		gzip->place = GZIP_PADDING;
		view_skip(in, 1);
	}
	if (in->left == 0)
		return DECODE_GOOD;
	if (gzip->place == GZIP_PADDING || in->at[0] != 0x1f)
		return DECODE_RUBBISH;
	gzip->place = GZIP_MEMBER;
	isal_inflate_reset(&gzip->inflate);
	gzip->inflate.crc_flag = ISAL_GZIP;
	return DECODE_GOOD;
}

static enum decode_status gzip_member(struct gzip *gzip, struct view *in,
				      struct build *out)
{
	struct inflate_state *inflate = &gzip->inflate;
	int r;

	/* ISA-L counts in 32 bits; the views here are far smaller. */
	inflate->next_in = (uint8_t *)in->at;
	inflate->avail_in = (uint32_t)MIN(in->left, (size_t)INT32_MAX);
	inflate->next_out = out->start + out->len;
	inflate->avail_out =
		(uint32_t)MIN(out->size - out->len, (size_t)INT32_MAX);
	r = isal_inflate(inflate);
	in->left -= (size_t)(inflate->next_in - in->at);
	in->at = inflate->next_in;
	out->len = (size_t)(inflate->next_out - out->start);
	if (r == ISAL_INCORRECT_CHECKSUM)
		return DECODE_CHECKSUM;
	if (r < 0)
		return DECODE_DAMAGED;
	if (inflate->block_state == ISAL_BLOCK_FINISH)
		gzip->place = GZIP_BETWEEN;
	return DECODE_GOOD;
}

static enum decode_status gzip_run(void *state, struct view *in,
				   bool last _unused, struct build *out)
{
	struct gzip *gzip = state;
	enum decode_status status = DECODE_GOOD;

	do {
		if (gzip->one && gzip->place != GZIP_MEMBER)
			break;
		status = gzip->place == GZIP_MEMBER ? gzip_member(gzip, in, out)
						    : gzip_between(gzip, in);
	} while (status == DECODE_GOOD && in->left > 0 && out->len < out->size);
	return status;
}

static bool gzip_complete(const void *state)
{
	const struct gzip *gzip = state;

	return gzip->place != GZIP_MEMBER;
}

const struct decoder decoder_gzip = {
	.name = "gzip",
	.open = gzip_open,
	.one = gzip_one,
	.run = gzip_run,
	.complete = gzip_complete,
	.close = free,
};
