/* SPDX-License-Identifier: MIT */
/* The bytes of an initramfs, of which the rest may be compressed. */
#pragma once

#include "image/decode.h"
#include "image/tar.h"

struct cpio_source {
	const struct input *input;
	const char *label;
	struct view at; /* ready to be taken */

	/* From cpio_source_decode() on. */
	const struct decoder *decoder;
	void *state;
	struct view first, in; /* still compressed: first, then in */
	bool last;	       /* the input has no more */
	uint8_t *decoded;
	uint8_t first_bytes[16];
};

/*
 * Makes source->at hold something, unless it does. 1, 0 at the end, a negative
 * errno: the input's own with *failure untouched, else -EBADMSG or -ENOMEM.
 */
int cpio_source_fill(struct cpio_source *source, struct failure *failure)
	_must_check;

/* Takes len bytes, or as many as there are; returns how many, or as above. */
ssize_t cpio_source_take(struct cpio_source *source, uint8_t *buf, size_t len,
			 struct failure *failure) _must_check;

/* What follows is compressed; it begins with the bytes of head, which were
 * taken already, at most 16. */
int cpio_source_decode(struct cpio_source *source, const struct decoder *how,
		       struct view head, struct failure *failure) _must_check;

void cpio_source_close(struct cpio_source *source);
