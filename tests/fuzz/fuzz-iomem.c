/* SPDX-License-Identifier: MIT */
/* A text that is taken for /proc/iomem and for a kernel command line. */
#include <stdlib.h>

#include "base/text.h"
#include "kernel/pmem.h"

#define RANGES_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void plan(const char *iomem, const struct pmem_range *given,
		 uint64_t wanted)
{
	struct pmem_range range, back;
	struct failure failure;
	char word[64];

	if (pmem_plan(iomem, given, wanted, &range, &failure) < 0)
		return;
	if (range.start % PMEM_UNIT || range.size % PMEM_UNIT ||
	    pmem_room(range.size) < wanted ||
	    range.start > UINT64_MAX - range.size)
		abort();
	if (pmem_word(&range, word, sizeof(word)) < 0 ||
	    pmem_words(word, &back, 1) != 1 || back.start != range.start ||
	    back.size != range.size)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t sizes[] = { 0, 1, 200 * MIB, 64 * GIB,
					  UINT64_MAX };
	static const struct pmem_range usual = { 0x60000000, 0x1fc00000 };
	struct pmem_range ranges[RANGES_MAX];
	char *text = malloc(size + 1);
	size_t count;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	count = pmem_words(text, ranges, RANGES_MAX);
	if (count > RANGES_MAX)
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		plan(text, count > 0 ? ranges : &usual, sizes[i]);
	for (size_t i = 0; i < count; i++)
		if (ranges[i].size == 0 ||
		    ranges[i].start > UINT64_MAX - ranges[i].size)
			abort();
	free(text);
	return 0;
}
