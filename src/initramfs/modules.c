/* SPDX-License-Identifier: MIT */
/*
 * The files keep their bytes: a module that was stripped or compressed again
 * would lose its signature.
 */
#include "initramfs/modules.h"

#include "base/text.h"
#include "root/module-set.h"

const char modules_default[] =
#include "modules-list.h"
	;

const char modules_wifi[] =
#include "wifi-list.h"
	;

struct modules {
	struct manifest *m;
	const struct module_set *set;
};

static void add_files(const struct modules *modules)
{
	const struct module_set *set = modules->set;
	char path[PATH_MAX], source[PATH_MAX];

	for (size_t i = 0; i < set->count; i++) {
		struct text text = text_over(path, sizeof(path));

		text_add(&text, "/lib/modules/%s%s", set->release,
			 set->paths[i]);
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

	text_add(&text, "/lib/modules/%s/%s", modules->set->release, name);
	manifest_bytes(modules->m, path, 0644, bytes, len);
	return 0;
}

void modules_add(struct manifest *m, const char *dir, const char *list)
{
	static const char *const no_names[] = { NULL };
	_cleanup_module_set struct module_set set = { 0 };
	struct modules modules = { m, &set };
	struct failure failure;
	int r;

	if (manifest_failed(m))
		return;
	r = module_set_choose(&set, dir, list, no_names, &failure);
	if (r == 0) {
		add_files(&modules);
		r = module_set_index(&set, add_index, &modules, &failure);
	}
	if (r < 0)
		manifest_fail(m, &failure);
}
