/* SPDX-License-Identifier: MIT */
/*
 * Finds a string in a stream of bytes, one byte at a time, without holding
 * any back: Knuth, Morris and Pratt's automaton, so that "RERETURN" finds
 * "RETURN".
 */
#pragma once

#include "base/util.h"

#define MATCHER_MAX 32

struct matcher {
	const char *pattern;
	uint8_t len;
	uint8_t at;		     /* bytes of the pattern seen */
	uint8_t border[MATCHER_MAX]; /* where to go on after a mismatch */
};

/* pattern has 1 to MATCHER_MAX bytes and outlives the matcher. */
void matcher_init(struct matcher *matcher, const char *pattern);

/* Whether the pattern ends somewhere in these bytes (with what came before
 * them). */
bool matcher_feed(struct matcher *matcher, const void *bytes, size_t len);
