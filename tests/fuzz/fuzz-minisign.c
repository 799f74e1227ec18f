/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "image/minisign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The comment ends, and nothing is a signature of what nobody signed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct digest unsigned_file = {
		.algorithm = DIGEST_BLAKE2B,
	};
	static struct minisign_signature signature;
	struct minisign_key key = { 0 };
	bool is_key = minisign_parse_key(view_over(data, size), &key) == 0;

	if (minisign_parse_signature(view_over(data, size), &signature) < 0)
		return 0;
	if (is_key || !memchr(signature.comment, '\0', MINISIGN_COMMENT_MAX) ||
	    minisign_check(&signature, &key, &unsigned_file) == 0)
		abort();
	return 0;
}
