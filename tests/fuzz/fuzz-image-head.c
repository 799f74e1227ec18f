/* SPDX-License-Identifier: MIT */
#include "image/hint.h"
#include "image/kind.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything that looks at the first and last bytes of a stream. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view bytes = view_over(data, size);
	struct failure failure = { 0 };

	if (kind_of(bytes) == KIND_UNKNOWN &&
	    (kind_refuse(bytes, "x", &failure) >= 0 || !failure.text[0]))
		abort();
	(void)hint_gzip_tail(bytes, size);
	(void)hint_xz_tail(bytes);
	(void)hint_zstd_head(bytes);
	(void)hint_lz4_head(bytes);
	(void)hint_squashfs_head(bytes);
	(void)hint_erofs_head(bytes);
	return 0;
}
