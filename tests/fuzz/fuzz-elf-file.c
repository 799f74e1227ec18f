/* SPDX-License-Identifier: MIT */
#include "wire/elf-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf elf;
	volatile size_t total = 0; /* every string is read to its end */

	if (elf_parse(view_over(data, size), &elf) < 0)
		return 0;
	if (elf.interpreter)
		total += strlen(elf.interpreter);
	if (elf.runpath)
		total += strlen(elf.runpath);
	for (size_t i = 0; i < elf.needed_count; i++)
		total += strlen(elf.needed[i]);
	return 0;
}
