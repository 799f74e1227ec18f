/* SPDX-License-Identifier: MIT */
#include "fuzz-medium.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_menu(data, size, loader_entries_menu, "/d");
}
