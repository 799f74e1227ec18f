/* SPDX-License-Identifier: MIT */
/*
 * Which of numbered things was last seen with an IPv4 address. At most one
 * for an address, at most one address for a thing. Under its owner's lock.
 */
#pragma once

#include "base/util.h"

struct address_index {
	uint32_t capacity;   /* things 0 .. capacity - 1 */
	uint32_t *addresses; /* of each thing, host order; 0: none */
	uint32_t *next;	     /* in its bucket, number + 1 */
	uint32_t *buckets;
	unsigned int shift;
	uint64_t factor; /* so that nobody can choose the buckets */
};

int address_index_init(struct address_index *index, uint32_t capacity)
	_must_check;
void address_index_done(struct address_index *index);

/* address 0: it has none any more. Who had it before, has none. */
void address_index_set(struct address_index *index, uint32_t thing,
		       uint32_t address);

static inline uint32_t address_index_of(const struct address_index *index,
					uint32_t thing)
{
	return index->addresses[thing];
}

/* Returns the thing, or -ENOENT. */
int64_t address_index_find(const struct address_index *index, uint32_t address)
	_must_check;
