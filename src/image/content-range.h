/* SPDX-License-Identifier: MIT */
/* Which part of a file an HTTP response has (RFC 9110 section 14.4). Pure. */
#pragma once

#include "base/util.h"

struct content_range {
	uint64_t first, last; /* bytes of it, both counted */
	uint64_t size;	      /* of the whole file */
};

/*
 * Parses the field's value, "bytes 100-199/200", nothing in front or behind.
 * -EBADMSG: it is none, lies outside the file, or does not say the size
 * ("bytes 0-9/" and an asterisk; "bytes *" of a range that cannot be had).
 */
int content_range_parse(const char *value, struct content_range *ret_range)
	_must_check;
