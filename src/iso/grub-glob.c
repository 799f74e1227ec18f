/* SPDX-License-Identifier: MIT */
/*
 * A pattern is followed through the directories, one component after the
 * other: those without "*" and "?" are taken as they are, for others the
 * directory is listed.
 */
#include <errno.h>

#include "base/text.h"
#include "iso/grub-internal.h"

#define LEVELS_MAX 6 /* components that are patterns */

struct search {
	struct grub *grub;
	int (*each)(const char *path, void *context);
	void *context;
	unsigned level;
	const char *directory;
	const char *component; /* a pattern, */
	const char *rest;      /* and what is behind it: "", "/more" */
};

static int follow(const struct search *from, const char *directory,
		  const char *pattern);

static int try_name(const char *name, void *context)
{
	const struct search *search = context;
	char path[PATH_MAX];

	if (++search->grub->steps > GRUB_STEPS_MAX)
		return -E2BIG;
	if (!boot_name_matches(search->component, name) ||
	    boot_path_join(search->directory, name, path, sizeof(path)) < 0)
		return 0;
	if (*search->rest)
		return follow(search, path, search->rest);
	return search->each(path, search->context);
}

static int list(const struct search *from, const char *directory,
		const char *component, const char *rest)
{
	const struct boot_files *files = from->grub->files;
	struct search search = *from;
	int r;

	if (++search.level > LEVELS_MAX)
		return 0;
	search.directory = directory;
	search.component = component;
	search.rest = rest;
	r = files->list(files->context, directory, try_name, &search);
	return r == -ENOENT ? 0 : r;
}

/* pattern begins with "/". */
static int follow(const struct search *from, const char *directory,
		  const char *pattern)
{
	char path[PATH_MAX], component[NAME_MAX + 1];
	struct text text = text_over(path, sizeof(path));

	text_put(&text, directory);
	while (*pattern) {
		size_t len = strcspn(++pattern, "/");

		if (len >= sizeof(component))
			return 0;
		memcpy(component, pattern, len);
		component[len] = '\0';
		pattern += len;
		if (strpbrk(component, "*?"))
			return list(from, *path ? path : "/", component,
				    pattern);
		text_add(&text, "/%s", component);
	}
	if (text.cut ||
	    !from->grub->files->exists(from->grub->files->context, path))
		return 0;
	return from->each(path, from->context);
}

int grub_glob(struct grub *grub, const char *pattern,
	      int (*each)(const char *path, void *context), void *context)
{
	const struct search search = { .grub = grub,
				       .each = each,
				       .context = context };
	char path[PATH_MAX];

	if (grub_path(grub, pattern, path, sizeof(path)) < 0)
		return 0;
	return follow(&search, "", path);
}
