/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "root/os-release.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The value, in the least memory that it may use. */
static void find(const char *file, const char *variable, size_t room)
{
	_cleanup_free char *value = malloc(room);

	if (!value || !os_release_find(file, variable, value, room))
		return;
	if (strnlen(value, room) == room || !str_is_printable(value))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const variables[] = { "ID", "PRETTY_NAME", "" };
	_cleanup_free char *file = malloc(size + 1);

	if (!file)
		return 0;
	if (size > 0)
		memcpy(file, data, size);
	file[size] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
		for (size_t room = 1; room <= 64; room *= 4)
			find(file, variables[i], room);
	return 0;
}
