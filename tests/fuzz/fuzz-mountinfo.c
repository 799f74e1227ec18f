/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "root/mountinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_all(struct view text,
		     int (*take)(struct view *text, struct mountinfo *mount))
{
	static struct mountinfo mount;
	size_t left = text.left;

	while (take(&text, &mount) != 0) {
		/* Each call takes a line, or a caller would never end. */
		if (text.left >= left)
			abort();
		left = text.left;
		if (strnlen(mount.point, sizeof(mount.point)) ==
		    sizeof(mount.point))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	take_all(view_over(data, size), mountinfo_next);
	take_all(view_over(data, size), mountinfo_last);
	return 0;
}
