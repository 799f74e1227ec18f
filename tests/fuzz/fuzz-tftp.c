/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "wire/tftp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct tftp_options *a, const struct tftp_options *b)
{
	return a->blksize == b->blksize && a->windowsize == b->windowsize &&
	       a->timeout_s == b->timeout_s && a->has_tsize == b->has_tsize &&
	       a->tsize == b->tsize;
}

/* What is refused has a reason; what is accepted can be built again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free uint8_t *copy = malloc(size + 1);
	uint8_t *out = malloc(size + TFTP_REPLY_MAX);
	struct build b = build_over(out, size + TFTP_REPLY_MAX);
	_cleanup_free void *free_out = out;
	struct tftp_packet p, back;
	const char *why = NULL;

	if (!copy || !out)
		return 0;
	/* Of this very size, so that a read past its end is seen. */
	copy = realloc(copy, size > 0 ? size : 1);
	memcpy(copy, data, size);
	if (tftp_parse(view_over(copy, size), &p, &why) < 0) {
		if (!why)
			abort();
		return 0;
	}
	if (p.opcode != TFTP_RRQ && p.opcode != TFTP_WRQ &&
	    p.opcode != TFTP_OACK)
		return 0;
	if (p.opcode == TFTP_OACK)
		tftp_build_oack(&b, &p.options);
	else
		tftp_build_request(&b, p.opcode, p.name, &p.options);
	if (b.bad || tftp_parse(view_over(out, b.len), &back, &why) < 0 ||
	    back.opcode != p.opcode || !same(&back.options, &p.options))
		abort();
	if (p.opcode != TFTP_OACK && strcmp(back.name, p.name) != 0)
		abort();
	return 0;
}
