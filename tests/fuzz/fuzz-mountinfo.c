/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "root/mountinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mountinfo mount;
	struct view text = view_over(data, size);
	size_t left = size;

	while (mountinfo_next(&text, &mount) != 0) {
		/* Each call takes a line, or a caller would never end. */
		if (text.left >= left)
			abort();
		left = text.left;
		if (strnlen(mount.point, sizeof(mount.point)) ==
		    sizeof(mount.point))
			abort();
	}
	return 0;
}
