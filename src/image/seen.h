/* SPDX-License-Identifier: MIT */
/*
 * A set of places in a tree, each a directory's inode and a name in it: eight
 * bytes each, however long the names are. Two places that share a key, one
 * pair in 2^64, are taken for one.
 */
#pragma once

#include "base/util.h"

struct seen {
	uint64_t *slots; /* size of them, a power of two; 0: empty */
	size_t size, count;
};

uint64_t seen_key(uint64_t inode, const char *name);
bool seen_has(const struct seen *seen, uint64_t key);
/* 1: added, 0: it was there, -ENOMEM. */
int seen_add(struct seen *seen, uint64_t key) _must_check;
void seen_free(struct seen *seen);
