/* SPDX-License-Identifier: MIT */
/* The last block of a device that any program may have written, as it is and
 * with the sum put right. */
#include <stdlib.h>

#include "base/text.h"
#include "wire/kept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct kept_iso *kept)
{
	if (!kept_is_sound(kept))
		return;
	if (kept->size == 0 || strlen(kept->sha256) != 64 ||
	    !str_is_terminated(kept->reference, sizeof(kept->reference)) ||
	    !str_is_terminated(kept->title, sizeof(kept->title)) ||
	    !str_is_terminated(kept->checked, sizeof(kept->checked)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kept_iso kept = { 0 };

	memcpy(&kept, data, MIN(size, sizeof(kept)));
	check(&kept);
	kept_seal(&kept);
	check(&kept);
	return 0;
}
