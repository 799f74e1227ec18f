/* SPDX-License-Identifier: MIT */
/*
 * For media that keep their configuration where nobody else does
 * (/slax/boot/isolinux.cfg): all directories near the root are looked into. A
 * name with a dot is taken for a file's.
 */
#include <errno.h>
#include <strings.h>

#include "base/text.h"
#include "iso/boot-search.h"

#define DEPTH_MAX	3
#define DIRECTORIES_MAX 256

struct search {
	const struct boot_files *files;
	struct boot_found *found;
	unsigned *directories; /* looked into so far */
	const char *directory;
	unsigned depth;
};

static bool is_configuration(const char *name)
{
	static const char *const names[] = {
		"grub.cfg",
		"isolinux.cfg",
		"syslinux.cfg",
		"extlinux.conf",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static int look_into(const struct search *search);

static int look_at(const char *name, void *context)
{
	const struct search *search = context;
	struct boot_found *found = search->found;
	struct search below = *search;
	char path[BOOT_FOUND_PATH_MAX];

	if (boot_path_join(search->directory, name, path, sizeof(path)) < 0)
		return 0;
	if (is_configuration(name) && found->count < BOOT_FOUND_MAX)
		str_copy(found->paths[found->count++], sizeof(path), path);
	if (strchr(name, '.') || search->depth == DEPTH_MAX)
		return 0;
	below.directory = path;
	below.depth++;
	return look_into(&below);
}

static int look_into(const struct search *search)
{
	const struct boot_files *files = search->files;
	int r;

	if (++*search->directories > DIRECTORIES_MAX)
		return 0;
	r = files->list(files->context, search->directory, look_at,
			(void *)(uintptr_t)search);
	return r == -ENOENT ? 0 : r;
}

int boot_search(const struct boot_files *files, struct boot_found *ret_found)
{
	unsigned directories = 0;
	const struct search search = {
		.files = files,
		.found = ret_found,
		.directories = &directories,
		.directory = "/",
	};

	ret_found->count = 0;
	return look_into(&search);
}
