/* SPDX-License-Identifier: MIT */
/* An image as it is, unchanged, into an open file or device; checked on its
 * way as image_unpack() checks. */
#pragma once

#include "image/image.h"

/*
 * Writes what request names (a URL, a file, "-") to fd from its start on, at
 * most max bytes (-EFBIG before the download where the size is known), with
 * one copy in memory at no time. What the checks say is in *ret_verdict.
 * *ret_size: bytes that were written, also on failure, after which they are
 * worth nothing; with -EKEYREJECTED, when it is not 0, all of them were, and
 * are not what they should be.
 */
int image_write(const struct image_request *request, int fd, uint64_t max,
		uint64_t *ret_size, struct verify_verdict *ret_verdict,
		struct failure *failure) _must_check;
