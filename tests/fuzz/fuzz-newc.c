/* SPDX-License-Identifier: MIT */
/* A whole archive; each entry that parses must be rebuilt to itself. */
#include <stdlib.h>

#include "wire/newc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = view_over(data, size);
	struct newc_entry entry;

	while (newc_parse_entry(&v, &entry) > 0) {
		static uint8_t bytes[NEWC_ENTRY_MAX];
		struct build b = build_over(bytes, sizeof(bytes));
		struct newc_entry again;
		struct view rebuilt;

		newc_build_entry(&b, &entry);
		rebuilt = view_over(bytes, b.len);
		if (b.bad || newc_parse_entry(&rebuilt, &again) != 1 ||
		    rebuilt.left != 0 || again.mode != entry.mode ||
		    again.size != entry.size ||
		    again.name_len != entry.name_len ||
		    again.name_zeros != entry.name_zeros ||
		    again.checked != entry.checked ||
		    (entry.checked && again.checksum != entry.checksum) ||
		    memcmp(again.name, entry.name, entry.name_len) != 0)
			abort();
		view_skip(&v, entry.size);
		view_skip(&v, newc_padding(entry.size));
	}
	return 0;
}
