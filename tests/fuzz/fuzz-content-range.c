/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "image/content-range.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is understood lies within the file. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *value = malloc(size + 1);
	struct content_range range;

	if (!value)
		return 0;
	memcpy(value, data, size);
	value[size] = '\0';
	if (content_range_parse(value, &range) == 0 &&
	    (range.first > range.last || range.last >= range.size))
		abort();
	return 0;
}
