/* SPDX-License-Identifier: MIT */
/*
 * The files keep their bytes: a module that was stripped or compressed again
 * would lose its signature.
 */
#include "initramfs/modules.h"

#include <errno.h>
#include <limits.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/text.h"
#include "image/decode-whole.h"
#include "root/module-load.h"
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

#define MODULE_MAX (64 * MIB)

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

		text_add(&text, MODULES_DIR "/%s%s", set->release,
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

	text_add(&text, MODULES_DIR "/%s/%s", modules->set->release, name);
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

/* Without the compression of its file, which not every kernel undoes; its
 * signature is inside. */
static int add_early(struct manifest *m, const struct module_set *set,
		     unsigned int number, struct failure *failure)
{
	_cleanup_free char *bytes = NULL;
	char dir[PATH_MAX], path[PATH_MAX], source[PATH_MAX];
	struct text text = text_over(dir, sizeof(dir));
	size_t len;
	int r;

	text_add(&text, MODULES_EARLY "/%s", set->release);
	module_path(dir, number, path, sizeof(path));
	text = text_over(source, sizeof(source));
	text_add(&text, "%s%s", set->dir, set->paths[number]);
	r = host_read(source, MODULE_MAX, &bytes, &len);
	if (r == 0)
		r = decode_whole(&bytes, &len, MODULE_MAX);
	if (r < 0)
		return failure_errno(failure, -r, "%s", source);
	manifest_bytes(m, path, 0644, bytes, len);
	return 0;
}

void modules_add_early(struct manifest *m, const char *dir)
{
	static const char *const names[] = { "loop", "squashfs", "overlay",
					     NULL };
	_cleanup_module_set struct module_set set = { 0 };
	struct failure failure;
	int r;

	if (manifest_failed(m))
		return;
	r = module_set_order(&set, dir, names, &failure);
	if (r == 0 && set.count > MODULE_NUMBERS)
		r = failure_set(&failure, E2BIG,
				"%s: too many modules for /usr", dir);
	for (unsigned int i = 0; r == 0 && i < set.count; i++)
		r = add_early(m, &set, i, &failure);
	if (r < 0)
		manifest_fail(m, &failure);
}
