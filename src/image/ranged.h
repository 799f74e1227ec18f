/* SPDX-License-Identifier: MIT */
/* A file on an HTTP server, read at any place (RFC 9110 section 14), in
 * blocks of which some are kept. */
#pragma once

#include "base/reader.h"

struct ranged;

/*
 * Asks for the size and whether the server has ranges. name, borrowed, begins
 * the messages. -EOPNOTSUPP with *failure: it has none, or does not say the
 * size; *ret_size is then what it says, 0: nothing. Redirects are followed
 * once, here.
 */
int ranged_open(const char *url, const char *name, struct ranged **ret_ranged,
		uint64_t *ret_size, struct failure *failure) _must_check;
struct ranged *ranged_close(struct ranged *ranged); /* NULL; NULL is fine */

/* Its bytes; valid until it is closed. */
const struct reader *ranged_reader(struct ranged *ranged);
