/* SPDX-License-Identifier: MIT */
/*
 * The files keep their bytes: a module that was stripped or compressed again
 * would lose its signature.
 */
#include "initramfs/modules.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "initramfs/squash.h"
#include "root/module-set.h"
#include "wire/module-files.h"

const char modules_default[] =
#include "modules-list.h"
	;

const char modules_minimal[] =
#include "modules-minimal-list.h"
	;

const char modules_wifi[] =
#include "wifi-list.h"
	;

struct modules {
	struct manifest *m;
	const struct module_set *set;
	const char *root; /* of the tree that gets lib/modules; "": the
			     initramfs itself */
};

static void add_files(const struct modules *modules)
{
	const struct module_set *set = modules->set;
	char path[PATH_MAX], source[PATH_MAX];

	for (size_t i = 0; i < set->count; i++) {
		struct text text = text_over(path, sizeof(path));

		text_add(&text, "%s" MODULES_DIR "/%s%s", modules->root,
			 set->release, set->paths[i]);
		text = text_over(source, sizeof(source));
		text_add(&text, "%s%s", set->dir, set->paths[i]);
		manifest_file(modules->m, path, 0644, source);
	}
}

static int add_index(const char *name, const void *bytes, size_t len,
		     void *context)
{
	const struct modules *modules = context;
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));

	text_add(&text, "%s" MODULES_DIR "/%s/%s", modules->root,
		 modules->set->release, name);
	manifest_bytes(modules->m, path, 0644, bytes, len);
	return 0;
}

static void add_set(struct manifest *m, const char *root, const char *dir,
		    const char *list, const char *const *names)
{
	_cleanup_module_set struct module_set set = { 0 };
	struct modules modules = { m, &set, root };
	struct failure failure;
	int r;

	if (manifest_failed(m))
		return;
	r = module_set_choose(&set, dir, list, names, &failure);
	if (r == 0) {
		add_files(&modules);
		r = module_set_index(&set, add_index, &modules, &failure);
	}
	if (r < 0)
		manifest_fail(m, &failure);
}

void modules_add(struct manifest *m, const char *dir, const char *list)
{
	static const char *const no_names[] = { NULL };

	add_set(m, "", dir, list, no_names);
}

void modules_squash(struct manifest *m, const char *dir, int level)
{
	static const char *const early[] = { "loop", "squashfs", NULL };
	char path[PATH_MAX], file[PATH_MAX];
	struct text text = text_over(path, sizeof(path));

	/* What the links of the initramfs make of MODULES_DIR. */
	text_add(&text, "/usr" MODULES_DIR "/%s", strrchr(dir, '/') + 1);
	text = text_over(file, sizeof(file));
	text_add(&text, "%s" MODULES_SQUASHFS, path);
	squash_directory(m, path, file, level);
	add_set(m, MODULES_EARLY, dir, "", early);
}
