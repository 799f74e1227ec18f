/* SPDX-License-Identifier: MIT */
/* Files as a whole. Allocates, so it is not PID 1's. */
#pragma once

#include "base/util.h"

/* The whole of an open regular file, NUL-terminated, for the caller to free.
 * -EINVAL: it is no file, -EFBIG: it is longer than max. */
int whole_file_read(int fd, size_t max, char **ret_bytes, size_t *ret_len)
	_must_check;
