/* SPDX-License-Identifier: MIT */
/* Header fields of HTTP as clients send them (RFC 9110). Pure. */
#pragma once

#include "base/util.h"

enum http_range_kind {
	HTTP_RANGE_WHOLE, /* none, several, or none that we understand */
	HTTP_RANGE_PART,
	HTTP_RANGE_OUTSIDE, /* 416 */
};

struct http_range {
	uint64_t first, last; /* the bytes, both included */
};

/*
 * A Range field (NULL: there was none) for something of size bytes. A range
 * that is not understood is no error, it is as if it had not been asked for
 * (RFC 9110 section 14.2); so are several, which would need an answer in parts.
 */
enum http_range_kind http_range_parse(const char *field, uint64_t size,
				      struct http_range *ret_range);

/* "bytes=N-" and "bytes=N-M" of something whose size is not known yet: true,
 * and *ret_range with last UINT64_MAX when it is open. */
bool http_range_open(const char *field, struct http_range *ret_range);

#define HTTP_DATE_MAX 32
/* "Sun, 06 Nov 1994 08:49:37 GMT"; writes into buf and returns it. */
const char *http_date_text(int64_t seconds, char buf[static HTTP_DATE_MAX]);
/* The one form that RFC 9110 section 5.6.7 lets clients send. -EINVAL. */
int http_date_parse(const char *text, int64_t *ret_seconds) _must_check;

/*
 * Whether a Host field may become part of a URL in a script: a name or an
 * address, with or without a port, and nothing that would mean something to
 * iPXE or GRUB.
 */
bool http_host_is_plain(const char *host);

/* What a file's name says of its content; never NULL. */
const char *http_content_type(const char *name);
