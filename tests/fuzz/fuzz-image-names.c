/* SPDX-License-Identifier: MIT */
#include "base/cleanup.h"
#include "base/text.h"
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

/* What it hides or empties is not further up, and always has a name. */
static void check_whiteout(const char *name)
{
	char target[PATH_MAX];
	enum name_whiteout whiteout = name_whiteout(name, target);

	if (whiteout != NAME_WHITEOUT && whiteout != NAME_OPAQUE)
		return;
	if (strlen(target) >= strlen(name) || target[0] == '/' ||
	    has_dot_dot(target))
		abort();
	if (whiteout == NAME_WHITEOUT &&
	    (target[0] == '\0' || str_eq(target, ".")))
		abort();
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
	if (name_clean(text, &name) != NAME_GOOD)
		return 0;
	if (name[0] == '/' || name[0] == '\0' || has_dot_dot(name))
		abort();
	check_whiteout(name);
	return 0;
}
