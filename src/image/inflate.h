/* SPDX-License-Identifier: MIT */
/* One block, compressed on its own, of which the size is known: as clusters of
 * qcow2 are. */
#pragma once

#include "wire/view.h"

struct inflate;

/* zstd, or raw deflate (RFC 1951). NULL: no memory. */
struct inflate *inflate_new(bool zstd);
void inflate_free(struct inflate *inflate); /* NULL: nothing */

/* -EBADMSG when it does not become exactly len bytes. What follows behind them
 * in packed is not looked at. */
int inflate_run(struct inflate *inflate, struct view packed, void *plain,
		size_t len) _must_check;
