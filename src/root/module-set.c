/* SPDX-License-Identifier: MIT */
/*
 * The list's patterns choose from the kernel's modules.order, libkmod adds
 * what those depend on.
 *
 * depmod then sees a temporary directory of symlinks to the chosen ones, and
 * its indexes are taken from there.
 */
#include "root/module-set.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <libkmod.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "base/path.h"
#include "base/text.h"

#define FILE_MAX   (64 * MIB) /* of a text or an index of modules */
#define NAME_BYTES 128

static void cleanup_kmod(struct kmod_ctx **kmod)
{
	kmod_unref(*kmod);
}

static void cleanup_module(struct kmod_module **module)
{
	kmod_module_unref(*module);
}
#define _cleanup_module _cleanup(cleanup_module)

static void cleanup_list(struct kmod_list **list)
{
	kmod_module_unref_list(*list);
}
#define _cleanup_list _cleanup(cleanup_list)

/* A module's name from its path: no directory, no ".ko…", "_" for "-". */
static void name_of(const char *path, size_t len,
		    char ret_name[static NAME_BYTES])
{
	struct text text = text_over(ret_name, NAME_BYTES);
	const char *base = memrchr(path, '/', len);
	const char *end;

	base = base ? base + 1 : path;
	len -= (size_t)(base - path);
	end = memmem(base, len, ".ko", 3);
	text_add(&text, "%.*s", (int)(end ? end - base : (ptrdiff_t)len), base);
	for (char *p = ret_name; *p; p++)
		if (*p == '-')
			*p = '_';
}

/* Whether the pattern (len bytes, without "!") chooses the module. */
static bool pattern_matches(const char *pattern, size_t len, const char *path,
			    const char *name)
{
	char text[PATH_MAX];
	struct text copy = text_over(text, sizeof(text));

	text_add(&copy, "%.*s", (int)len, pattern);
	if (strchr(text, '/'))
		return fnmatch(text, path, 0) == 0;
	for (char *p = text; *p; p++)
		if (*p == '-')
			*p = '_';
	return fnmatch(text, name, 0) == 0;
}

/* Its last pattern that matches says. */
bool modules_list_chooses(const char *list, const char *path, const char *name)
{
	bool chosen = false;

	for (const char *line = list; *line;) {
		size_t len = strcspn(line, "\n");
		bool without = line[0] == '!';

		if (len > 0 && line[0] != '#' && chosen == without &&
		    pattern_matches(line + without, len - without, path, name))
			chosen = !without;
		line += len + (line[len] == '\n');
	}
	return chosen;
}

static bool has_path(const struct module_set *set, const char *path)
{
	for (size_t i = 0; i < set->count; i++)
		if (str_eq(set->paths[i], path))
			return true;
	return false;
}

static int add_path(struct module_set *set, const char *path)
{
	if (set->count == set->room) {
		size_t room = MAX(set->room * 2, (size_t)256);
		char **paths = realloc(set->paths, room * sizeof(*paths));

		if (!paths)
			return -ENOMEM;
		set->paths = paths;
		set->room = room;
	}
	set->paths[set->count] = strdup(path);
	if (!set->paths[set->count])
		return -ENOMEM;
	set->count++;
	return 0;
}

static int add_each(struct module_set *set, struct kmod_list *list,
		    int (*add)(struct module_set *set,
			       struct kmod_module *module))
{
	struct kmod_list *item;
	int r = 0;

	kmod_list_foreach(item, list)
	{
		_cleanup_module struct kmod_module *module =
			kmod_module_get_module(item);

		if (r == 0)
			r = add(set, module);
	}
	return r;
}

/* The module and its dependencies. It is in the set before these are looked
 * at, so a circle of soft dependencies ends. */
static int add_module(struct module_set *set, struct kmod_module *module)
{
	_cleanup_list struct kmod_list *before = NULL, *after = NULL;
	_cleanup_list struct kmod_list *needed = NULL;
	const char *source = kmod_module_get_path(module);
	const char *path = source ? str_after(source, set->dir) : NULL;
	int r;

	/* Without a path it is built into the kernel. */
	if (!path || has_path(set, path))
		return 0;
	r = add_path(set, path);
	if (r < 0)
		return r;
	needed = kmod_module_get_dependencies(module);
	r = add_each(set, needed, add_module);
	if (r == 0 && kmod_module_get_softdeps(module, &before, &after) == 0)
		r = add_each(set, before, add_module);
	return r == 0 ? add_each(set, after, add_module) : r;
}

static int add_name(struct module_set *set, struct kmod_ctx *kmod,
		    const char *name)
{
	_cleanup_list struct kmod_list *found = NULL;

	if (kmod_module_new_from_lookup(kmod, name, &found) < 0)
		return 0;
	return add_each(set, found, add_module);
}

static int add_chosen(struct module_set *set, struct kmod_ctx *kmod,
		      const char *list, struct failure *failure)
{
	_cleanup_free char *order = NULL;
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));
	size_t order_len;
	char *rest, *line;
	int r;

	text_add(&text, "%s/modules.order", set->dir);
	r = host_read(path, FILE_MAX, &order, &order_len);
	if (r < 0)
		return failure_errno(failure, -r, "%s", path);
	rest = order;
	while (r == 0 && (line = strsep(&rest, "\n"))) {
		char name[NAME_BYTES];

		name_of(line, strlen(line), name);
		if (name[0] != '\0' && modules_list_chooses(list, line, name))
			r = add_name(set, kmod, name);
	}
	return r < 0 ? failure_errno(failure, -r, "%s", path) : 0;
}

/* The set is empty, and knows its directory. */
static int open_kmod(struct module_set *set, const char *dir,
		     struct kmod_ctx **ret_kmod, struct failure *failure)
{
	_cleanup(cleanup_kmod) struct kmod_ctx *kmod = NULL;
	static const char *const no_config[] = { NULL };
	int r;

	*set = (struct module_set){ 0 };
	if (!realpath(dir, set->dir))
		return failure_errno(failure, errno, "%s", dir);
	set->release = strrchr(set->dir, '/') + 1;
	kmod = kmod_new(set->dir, no_config);
	if (!kmod)
		return failure_errno(failure, ENOMEM, "%s", set->dir);
	r = kmod_load_resources(kmod);
	if (r < 0)
		return failure_set(failure, -r,
				   "%s: %s; its indexes are missing, run "
				   "depmod",
				   set->dir, strerrordesc_np(-r));
	*ret_kmod = TAKE_PTR(kmod);
	return 0;
}

int module_set_choose(struct module_set *ret_set, const char *dir,
		      const char *list, const char *const *names,
		      struct failure *failure)
{
	_cleanup(cleanup_kmod) struct kmod_ctx *kmod = NULL;
	struct module_set *set = ret_set;
	int r = open_kmod(set, dir, &kmod, failure);

	if (r < 0)
		return r;
	r = add_chosen(set, kmod, list, failure);
	for (; r == 0 && *names; names++) {
		r = add_name(set, kmod, *names);
		if (r < 0)
			failure_errno(failure, -r, "%s", set->dir);
	}
	return r;
}

static int add_once(struct module_set *set, struct kmod_module *module)
{
	const char *source = kmod_module_get_path(module);
	const char *path = source ? str_after(source, set->dir) : NULL;

	return path && !has_path(set, path) ? add_path(set, path) : 0;
}

/* libkmod lists what a module needs, directly or not, the deepest first. */
static int add_behind_needed(struct module_set *set, struct kmod_module *module)
{
	_cleanup_list struct kmod_list *needed =
		kmod_module_get_dependencies(module);
	int r = add_each(set, needed, add_once);

	return r == 0 ? add_once(set, module) : r;
}

static int add_name_in_order(struct module_set *set, struct kmod_ctx *kmod,
			     const char *name)
{
	_cleanup_list struct kmod_list *found = NULL;
	int r = kmod_module_new_from_lookup(kmod, name, &found);

	if (r == 0 && !found)
		return -ENOENT;
	return r < 0 ? r : add_each(set, found, add_behind_needed);
}

int module_set_order(struct module_set *ret_set, const char *dir,
		     const char *const *names, struct failure *failure)
{
	_cleanup(cleanup_kmod) struct kmod_ctx *kmod = NULL;
	struct module_set *set = ret_set;
	int r = open_kmod(set, dir, &kmod, failure);

	for (; r == 0 && *names; names++) {
		r = add_name_in_order(set, kmod, *names);
		if (r == -ENOENT)
			failure_set(failure, -r, "%s has no module %s",
				    set->dir, *names);
		else if (r < 0)
			failure_errno(failure, -r, "%s", set->dir);
	}
	return r;
}

static void cleanup_info(struct kmod_list **list)
{
	kmod_module_info_free_list(*list);
}

static int each_firmware(struct kmod_ctx *kmod, const char *path,
			 int (*each)(const char *name, void *context),
			 void *context)
{
	_cleanup_module struct kmod_module *module = NULL;
	_cleanup(cleanup_info) struct kmod_list *info = NULL;
	struct kmod_list *item;
	int r = kmod_module_new_from_path(kmod, path, &module);

	if (r == 0)
		r = kmod_module_get_info(module, &info);
	if (r < 0)
		return r;
	r = 0;
	kmod_list_foreach(item, info)
	{
		if (r == 0 &&
		    str_eq(kmod_module_info_get_key(item), "firmware"))
			r = each(kmod_module_info_get_value(item), context);
	}
	return r;
}

int module_set_firmware(const struct module_set *set,
			int (*each)(const char *name, void *context),
			void *context, struct failure *failure)
{
	_cleanup(cleanup_kmod) struct kmod_ctx *kmod = NULL;
	static const char *const no_config[] = { NULL };
	int r = 0;

	kmod = kmod_new(set->dir, no_config);
	if (!kmod)
		return failure_errno(failure, ENOMEM, "%s", set->dir);
	for (size_t i = 0; i < set->count && r == 0; i++) {
		char path[PATH_MAX];
		struct text text = text_over(path, sizeof(path));

		text_add(&text, "%s%s", set->dir, set->paths[i]);
		r = each_firmware(kmod, path, each, context);
		if (r < 0)
			failure_errno(failure, -r, "%s", path);
	}
	return r;
}

void module_set_clear(struct module_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->paths[i]);
	free(set->paths);
	*set = (struct module_set){ 0 };
}

static int link_one(const struct module_set *set, const char *tree,
		    const char *relative)
{
	char path[PATH_MAX], source[PATH_MAX];
	struct text text = text_over(path, sizeof(path));
	char *slash;
	int r;

	text_add(&text, "%s/lib/modules/%s%s", tree, set->release, relative);
	slash = strrchr(path, '/');
	*slash = '\0';
	r = path_mkdirs(path, 0755);
	if (r < 0)
		return r;
	*slash = '/';
	text = text_over(source, sizeof(source));
	text_add(&text, "%s%s", set->dir, relative);
	return symlink(source, path) < 0 ? -errno : 0;
}

/* Links the chosen modules and the kernel's own lists into tree. */
static int link_tree(const struct module_set *set, const char *tree)
{
	static const char *const lists[] = {
		"/modules.order",
		"/modules.builtin",
		"/modules.builtin.modinfo",
	};
	int r = 0;

	for (size_t i = 0; i < set->count && r == 0; i++)
		r = link_one(set, tree, set->paths[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lists) && r == 0; i++)
		r = link_one(set, tree, lists[i]);
	return r;
}

/* depmod with no configuration of this machine. */
static int run_depmod(const struct module_set *set, const char *tree,
		      struct failure *failure)
{
	char depmod[PATH_MAX], empty[PATH_MAX];
	struct text text = text_over(empty, sizeof(empty));
	const char *const argv[] = { depmod, "-b",	   tree, "-C",
				     empty,  set->release, NULL };
	int r = host_find_program("depmod", depmod);

	if (r < 0)
		return failure_set(failure, -r,
				   "depmod is not installed; install kmod");
	text_add(&text, "%s/no-configuration", tree);
	if (mkdir(empty, 0755) < 0)
		return failure_errno(failure, errno, "%s", empty);
	return host_run(argv, failure);
}

static int each_index(const struct module_set *set, const char *tree,
		      int (*each)(const char *name, const void *bytes,
				  size_t len, void *context),
		      void *context)
{
	char in[PATH_MAX], path[PATH_MAX];
	struct text text = text_over(in, sizeof(in));
	_cleanup_dir DIR *dir = NULL;
	struct dirent *entry;
	int r = 0;

	text_add(&text, "%s/lib/modules/%s", tree, set->release);
	dir = opendir(in);
	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir))) {
		_cleanup_free char *bytes = NULL;
		size_t len;

		if (!str_after(entry->d_name, "modules."))
			continue;
		text = text_over(path, sizeof(path));
		text_add(&text, "%s/%s", in, entry->d_name);
		r = host_read(path, FILE_MAX, &bytes, &len);
		if (r == 0)
			r = each(entry->d_name, bytes, len, context);
	}
	return r;
}

int module_set_index(const struct module_set *set,
		     int (*each)(const char *name, const void *bytes,
				 size_t len, void *context),
		     void *context, struct failure *failure)
{
	const char *tmp = getenv("TMPDIR");
	struct failure found = { 0 };
	char tree[PATH_MAX];
	struct text text = text_over(tree, sizeof(tree));
	int r;

	text_add(&text, "%s/boomerang-modules-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(tree))
		return failure_errno(failure, errno, "%s", tree);
	r = link_tree(set, tree);
	if (r == 0)
		r = run_depmod(set, tree, &found);
	if (r == 0)
		r = each_index(set, tree, each, context);
	if (r < 0 && !found.err)
		failure_errno(&found, -r, "%s", tree);
	if (r < 0 && failure)
		*failure = found;
	/* A directory left in /tmp is no reason to fail. */
	(void)!path_remove_tree(AT_FDCWD, tree);
	return r;
}
