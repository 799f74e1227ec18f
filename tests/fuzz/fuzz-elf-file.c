/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "wire/elf-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf elf;
	size_t longest = 0;

	if (elf_parse(view_over(data, size), &elf) < 0)
		return 0;
	if (elf.interpreter)
		longest = strlen(elf.interpreter);
	if (elf.runpath)
		longest = MAX(longest, strlen(elf.runpath));
	for (size_t i = 0; i < elf.needed_count; i++)
		longest = MAX(longest, strlen(elf.needed[i]));
	if (longest >= size) /* strings end within the file */
		abort();
	return 0;
}
