/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "image/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool has_dot_dot(const char *name)
{
	for (const char *at = name; (at = strstr(at, "..")); at++)
		if ((at == name || at[-1] == '/') &&
		    (at[2] == '\0' || at[2] == '/'))
			return true;
	return false;
}

/* A name that is good is relative and stays inside. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free char *text = malloc(size + 1);
	const char *name;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (name_clean(text, &name) == NAME_GOOD &&
	    (name[0] == '/' || name[0] == '\0' || has_dot_dot(name)))
		abort();
	return 0;
}
