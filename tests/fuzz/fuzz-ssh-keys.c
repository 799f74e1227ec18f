/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/ssh-keys.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken is taken again, unchanged. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *file = malloc(size + 1);
	_cleanup_free char *once = malloc(size + 2);
	_cleanup_free char *twice = malloc(size + 2);
	struct text all, again;

	if (!file || !once || !twice)
		return 0;
	memcpy(file, data, size);
	file[size] = '\0';
	all = text_over(once, size + 2);
	if (ssh_keys_add(&all, file) < 0)
		return 0;
	again = text_over(twice, size + 2);
	if (all.cut || ssh_keys_add(&again, once) < 0 || !str_eq(once, twice))
		abort();
	return 0;
}
