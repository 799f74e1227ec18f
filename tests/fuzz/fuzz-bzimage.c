/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "wire/bzimage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char release[BZIMAGE_RELEASE_MAX];

	if (bzimage_release(view_over(data, size), release) == 0 &&
	    strnlen(release, sizeof(release)) == sizeof(release))
		abort();
	return 0;
}
