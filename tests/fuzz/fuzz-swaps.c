/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "root/swaps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct swap_area area;
	struct view text = view_over(data, size);
	size_t left = size;

	while (swaps_next(&text, &area) != 0) {
		/* Each call takes a line, or a caller would never end. */
		if (text.left >= left)
			abort();
		left = text.left;
		if (strnlen(area.path, sizeof(area.path)) == sizeof(area.path))
			abort();
	}
	return 0;
}
