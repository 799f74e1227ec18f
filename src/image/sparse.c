/* SPDX-License-Identifier: MIT */
#include "image/sparse.h"

#include <errno.h>
#include <unistd.h>

/* How many of left bytes lie in the block that offset is in. */
static size_t within_block(uint64_t offset, size_t left)
{
	return MIN(left, (size_t)(SPARSE_BLOCK - offset % SPARSE_BLOCK));
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0;
}

/* The bytes from the start on whose blocks are all zero, or all not. A piece
 * of a block counts by itself: what it leaves out reads as zero as well. */
static size_t run_length(uint64_t offset, struct view bytes, bool *ret_zero)
{
	size_t len = within_block(offset, bytes.left);

	*ret_zero = is_zero(bytes.at, len);
	while (len < bytes.left) {
		size_t piece = within_block(offset + len, bytes.left - len);

		if (is_zero(bytes.at + len, piece) != *ret_zero)
			break;
		len += piece;
	}
	return len;
}

int sparse_write(struct sparse *sparse, struct view *bytes)
{
	while (bytes->left > 0) {
		bool zero = false;
		size_t len = sparse->solid ? bytes->left
					   : run_length(sparse->length, *bytes,
							&zero);

		if (!zero) {
			ssize_t n = pwrite(sparse->fd, bytes->at, len,
					   (off_t)sparse->length);

			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				return -errno;
			len = (size_t)n;
			sparse->written += len;
		}
		sparse->length += len;
		view_skip(bytes, len);
	}
	return 0;
}

int sparse_finish(const struct sparse *sparse)
{
	return ftruncate(sparse->fd, (off_t)sparse->length) < 0 ? -errno : 0;
}
