/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "image/checksum-list.h"
#include "image/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is found is a digest. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char sha256[SHA256_HEX_MAX];
	struct digest digest;

	for (int alone = 0; alone < 2; alone++)
		if (checksum_list_find(view_over(data, size), "x", alone,
				       sha256) == 0 &&
		    digest_parse_sha256(sha256, &digest) < 0)
			abort();
	return 0;
}
