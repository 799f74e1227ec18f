/* SPDX-License-Identifier: MIT */
/* Chains through arrays; things are numbered from 1 in them, so that zeroed
 * memory means none. */
#include "server/timeline-address.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static uint32_t *bucket(const struct address_index *index, uint32_t address)
{
	/* As in mac-table.c. */
	uint64_t hash = address * index->factor;

	hash = (hash ^ hash >> 32) * index->factor;
	return &index->buckets[hash >> index->shift];
}

int address_index_init(struct address_index *index, uint32_t capacity)
{
	unsigned int bits = 1;
	ssize_t n;

	while (1u << bits < capacity)
		bits++;
	*index = (struct address_index){ .capacity = capacity,
					 .shift = 64 - bits };
	n = getrandom(&index->factor, sizeof(index->factor), 0);
	if (n != (ssize_t)sizeof(index->factor))
		return n < 0 ? -errno : -EIO;
	index->factor |= 1;
	index->addresses = calloc(capacity, sizeof(uint32_t));
	index->next = calloc(capacity, sizeof(uint32_t));
	index->buckets = calloc((size_t)1 << bits, sizeof(uint32_t));
	if (!index->addresses || !index->next || !index->buckets) {
		address_index_done(index);
		return -ENOMEM;
	}
	return 0;
}

void address_index_done(struct address_index *index)
{
	free(index->addresses);
	free(index->next);
	free(index->buckets);
	*index = (struct address_index){ 0 };
}

static void take_out(struct address_index *index, uint32_t thing)
{
	uint32_t *link = bucket(index, index->addresses[thing]);

	while (*link != thing + 1)
		link = &index->next[*link - 1];
	*link = index->next[thing];
	index->addresses[thing] = 0;
}

int64_t address_index_find(const struct address_index *index, uint32_t address)
{
	uint32_t number = *bucket(index, address);

	while (number && index->addresses[number - 1] != address)
		number = index->next[number - 1];
	return number ? (int64_t)number - 1 : -ENOENT;
}

void address_index_set(struct address_index *index, uint32_t thing,
		       uint32_t address)
{
	int64_t before = address ? address_index_find(index, address) : -ENOENT;
	uint32_t *head;

	if (before == (int64_t)thing)
		return;
	if (before >= 0)
		take_out(index, (uint32_t)before);
	if (index->addresses[thing])
		take_out(index, thing);
	if (!address)
		return;
	head = bucket(index, address);
	index->addresses[thing] = address;
	index->next[thing] = *head;
	*head = thing + 1;
}
