/* SPDX-License-Identifier: MIT */
#include <elf.h>

#include "root/init.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char interpreter[PATH_MAX];
	uint16_t machine;

	(void)!init_examine(data, size, EM_X86_64, interpreter, &machine);
	return 0;
}
