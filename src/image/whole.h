/* SPDX-License-Identifier: MIT */
/* An image as it is, unchanged, into an open file or device; checked on its
 * way as image_unpack() checks. */
#pragma once

#include "image/image.h"

/*
 * Writes what request names (a URL, a file, "-") to fd from its start on, at
 * most max bytes (-EFBIG before the download where the size is known), with
 * one copy in memory at no time. What the checks say is in *ret_verdict; on
 * any failure the content of fd is worth nothing.
 */
int image_write(const struct image_request *request, int fd, uint64_t max,
		uint64_t *ret_size, struct verify_verdict *ret_verdict,
		struct failure *failure) _must_check;
