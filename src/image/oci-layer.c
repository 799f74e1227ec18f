/* SPDX-License-Identifier: MIT */
/*
 * gzip, which everything that reads images can read; by ISA-L, since zlib
 * would take ten times as long as everything else together.
 */
#include "image/oci-layer.h"

#include <errno.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#include "base/fd.h"

#define OUT_BYTES (256 * KIB)
#define LEVEL	  1 /* higher ones gain some percent for twice the time */

struct oci_layer {
	int fd;
	struct hasher *tar, *file;
	uint64_t size;
	struct isal_zstream deflate;
	uint8_t level_buf[ISAL_DEF_LVL1_DEFAULT];
	uint8_t out[OUT_BYTES];
};

struct oci_layer *oci_layer_free(struct oci_layer *layer)
{
	if (!layer)
		return NULL;
	hasher_free(layer->tar);
	hasher_free(layer->file);
	free(layer);
	return NULL;
}

struct oci_layer *oci_layer_new(int fd)
{
	struct oci_layer *layer = calloc(1, sizeof(*layer));

	if (!layer)
		return NULL;
	layer->fd = fd;
	layer->tar = hasher_new(DIGEST_SHA256);
	layer->file = hasher_new(DIGEST_SHA256);
	if (!layer->tar || !layer->file)
		return oci_layer_free(layer);
	isal_deflate_init(&layer->deflate);
	layer->deflate.gzip_flag = IGZIP_GZIP;
	layer->deflate.level = LEVEL;
	layer->deflate.level_buf = layer->level_buf;
	layer->deflate.level_buf_size = sizeof(layer->level_buf);
	return layer;
}

/* Takes all that is in the stream and writes what comes of it. */
static int deflate(struct oci_layer *layer)
{
	struct isal_zstream *stream = &layer->deflate;

	do {
		size_t len;
		int r;

		stream->next_out = layer->out;
		stream->avail_out = sizeof(layer->out);
		if (isal_deflate(stream) != COMP_OK)
			return -EIO;
		len = sizeof(layer->out) - stream->avail_out;
		hasher_add(layer->file, view_over(layer->out, len));
		layer->size += len;
		r = fd_write_all(layer->fd, layer->out, len);
		if (r < 0)
			return r;
	} while (stream->avail_out == 0 || stream->avail_in > 0);
	return 0;
}

int oci_layer_add(struct oci_layer *layer, const void *bytes, size_t len)
{
	struct view left = view_over(bytes, len);
	int r = 0;

	hasher_add(layer->tar, left);
	while (left.left > 0 && r == 0) {
		/* ISA-L counts in 32 bits. */
		size_t n = MIN(left.left, (size_t)GIB);

		layer->deflate.next_in = (uint8_t *)view_take(&left, n);
		layer->deflate.avail_in = (uint32_t)n;
		r = deflate(layer);
	}
	return r;
}

int oci_layer_finish(struct oci_layer *layer, struct oci_layer_made *ret_made)
{
	int r;

	layer->deflate.end_of_stream = 1;
	layer->deflate.avail_in = 0;
	r = deflate(layer);
	if (r < 0)
		return r;
	if (layer->deflate.internal_state.state != ZSTATE_END)
		return -EIO;
	hasher_finish(layer->tar, &ret_made->diff_id);
	hasher_finish(layer->file, &ret_made->digest);
	ret_made->size = layer->size;
	return 0;
}
