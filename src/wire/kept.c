/* SPDX-License-Identifier: MIT */
#include "wire/kept.h"

#include "base/text.h"

/* http://www.isthe.com/chongo/tech/comp/fnv/, 32 bits. */
static uint32_t sum_of(const struct kept_iso *kept)
{
	const uint8_t *bytes = (const uint8_t *)kept;
	uint32_t sum = 2166136261u;

	for (size_t i = offsetof(struct kept_iso, size); i < sizeof(*kept); i++)
		sum = (sum ^ bytes[i]) * 16777619u;
	return sum;
}

void kept_seal(struct kept_iso *kept)
{
	kept->magic = KEPT_MAGIC;
	kept->sum = sum_of(kept);
}

bool kept_is_sound(const struct kept_iso *kept)
{
	return kept->magic == KEPT_MAGIC && kept->sum == sum_of(kept) &&
	       kept->size > 0 &&
	       str_is_terminated(kept->sha256, sizeof(kept->sha256)) &&
	       control_sha256_valid(kept->sha256) &&
	       str_is_terminated(kept->reference, sizeof(kept->reference)) &&
	       str_is_terminated(kept->title, sizeof(kept->title)) &&
	       str_is_terminated(kept->checked, sizeof(kept->checked));
}
