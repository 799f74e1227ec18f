/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "image/credentials.h"

#include <ctype.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is found can be put into a header. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *basic = NULL;

	if (credentials_parse(view_over(data, size), "host.example:5000",
			      "group/image", &basic) < 0)
		return 0;
	for (const char *at = basic; *at; at++)
		if (!isgraph((unsigned char)*at))
			abort();
	return 0;
}
