/* SPDX-License-Identifier: MIT */
#include "cli/architecture.h"

#include "base/text.h"

/* What is not here has one name. */
static const struct {
	const char *ours, *go;
} names[] = {
	{ "x86-64", "amd64" },
	{ "i386", "386" },
	{ "mipsel", "mipsle" },
};

const char *architecture_here(void)
{
#if defined(__x86_64__)
	return "x86-64";
#elif defined(__aarch64__)
	return "arm64";
#else
#error "boomerang runs on x86-64 and arm64"
#endif
}

const char *architecture_from_go(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(names[i].go, name))
			return names[i].ours;
	return name;
}

const char *architecture_to_go(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(names[i].ours, name))
			return names[i].go;
	return name;
}
