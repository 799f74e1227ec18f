/* SPDX-License-Identifier: MIT */
#include "image/seen.h"

#include <errno.h>
#include <stdlib.h>

#define SIZE_AT_FIRST 1024

/* Every bit of n to every bit of the result (David Stafford's variant 13 of
 * MurmurHash3's finalizer). */
static uint64_t mix(uint64_t n)
{
	n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9u;
	n = (n ^ n >> 27) * 0x94d049bb133111ebu;
	return n ^ n >> 31;
}

uint64_t seen_key(uint64_t inode, const char *name)
{
	uint64_t key = mix(inode);

	for (; *name; name++)
		key = (key ^ (uint8_t)*name) * 0x100000001b3u; /* FNV-1a */
	key = mix(key);
	return key ? key : 1;
}

/* Where key is, or where it would go. */
static uint64_t *find(const struct seen *seen, uint64_t key)
{
	size_t at = key & (seen->size - 1);

	while (seen->slots[at] && seen->slots[at] != key)
		at = (at + 1) & (seen->size - 1);
	return &seen->slots[at];
}

bool seen_has(const struct seen *seen, uint64_t key)
{
	return seen->count > 0 && *find(seen, key) == key;
}

static int grow(struct seen *seen)
{
	struct seen larger = { .size = seen->size ? seen->size * 2
						  : SIZE_AT_FIRST,
			       .count = seen->count };

	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < seen->size; i++)
		if (seen->slots[i])
			*find(&larger, seen->slots[i]) = seen->slots[i];
	free(seen->slots);
	*seen = larger;
	return 0;
}

int seen_add(struct seen *seen, uint64_t key)
{
	uint64_t *slot;

	if (seen->count >= seen->size / 2 && grow(seen) < 0)
		return -ENOMEM;
	slot = find(seen, key);
	if (*slot == key)
		return 0;
	*slot = key;
	seen->count++;
	return 1;
}

void seen_free(struct seen *seen)
{
	free(seen->slots);
	*seen = (struct seen){ 0 };
}
