/* SPDX-License-Identifier: MIT */
/*
 * The list's patterns choose from the kernel's modules.order, libkmod adds
 * what those depend on. The files keep their bytes: a module that was stripped
 * or compressed again would lose its signature.
 *
 * depmod then sees a temporary directory of symlinks to the chosen ones, and
 * its indexes are taken from there.
 */
#include "initramfs/modules.h"

#include <dirent.h>
#include <fnmatch.h>
#include <libkmod.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/text.h"
#include "initramfs/host.h"

#define FILE_MAX   (64 * MIB) /* of a text or an index of modules */
#define NAME_BYTES 128

const char modules_default[] =
#include "modules-list.h"
	;

struct selection {
	struct manifest *m;
	struct kmod_ctx *kmod;
	char dir[PATH_MAX]; /* absolute, so that libkmod's paths begin with it */
	const char *release; /* its last component */
};

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

static void fail(struct manifest *m, int err, const char *what,
		 const char *advice)
{
	struct failure failure;

	failure_set(&failure, err, "%s: %s%s", what, strerrordesc_np(err),
		    advice);
	manifest_fail(m, &failure);
}

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

static void add_module(struct selection *s, struct kmod_module *module);

static void add_list(struct selection *s, struct kmod_list *list)
{
	struct kmod_list *item;

	kmod_list_foreach(item, list)
	{
		_cleanup_module struct kmod_module *module =
			kmod_module_get_module(item);

		add_module(s, module);
	}
}

/* The module and its dependencies. It is in the manifest before these are
 * looked at, so a circle of soft dependencies ends. */
static void add_module(struct selection *s, struct kmod_module *module)
{
	_cleanup_list struct kmod_list *before = NULL, *after = NULL;
	_cleanup_list struct kmod_list *needed = NULL;
	const char *source = kmod_module_get_path(module);
	const char *relative = source ? str_after(source, s->dir) : NULL;
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));

	/* Without a path it is built into the kernel. */
	if (!relative || manifest_failed(s->m))
		return;
	text_add(&text, "/lib/modules/%s%s", s->release, relative);
	if (manifest_find(s->m, path))
		return;
	manifest_file(s->m, path, 0644, source);
	needed = kmod_module_get_dependencies(module);
	add_list(s, needed);
	if (kmod_module_get_softdeps(module, &before, &after) == 0) {
		add_list(s, before);
		add_list(s, after);
	}
}

static void add_chosen(struct selection *s, const char *list)
{
	_cleanup_free char *order = NULL;
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));
	size_t order_len;
	char *rest, *line;
	int r;

	text_add(&text, "%s/modules.order", s->dir);
	r = host_read(path, FILE_MAX, &order, &order_len);
	if (r < 0) {
		fail(s->m, -r, path, "");
		return;
	}
	rest = order;
	while ((line = strsep(&rest, "\n"))) {
		_cleanup_list struct kmod_list *found = NULL;
		char name[NAME_BYTES];

		name_of(line, strlen(line), name);
		if (name[0] == '\0' || !modules_list_chooses(list, line, name))
			continue;
		if (kmod_module_new_from_lookup(s->kmod, name, &found) == 0)
			add_list(s, found);
	}
}

/* Links the chosen modules and the kernel's own lists into tree. */
static int link_tree(const struct selection *s, const char *tree)
{
	static const char *const lists[] = {
		"modules.order",
		"modules.builtin",
		"modules.builtin.modinfo",
	};
	const struct manifest *m = s->m;
	char path[PATH_MAX], source[PATH_MAX];
	struct text text;
	int r;

	for (size_t i = 0; i < m->count; i++) {
		const char *from = m->entries[i].source;
		const char *relative = from ? str_after(from, s->dir) : NULL;
		char *slash;

		if (!relative)
			continue;
		text = text_over(path, sizeof(path));
		text_add(&text, "%s/lib/modules/%s%s", tree, s->release,
			 relative);
		slash = strrchr(path, '/');
		*slash = '\0';
		r = path_mkdirs(path, 0755);
		if (r < 0)
			return r;
		*slash = '/';
		if (symlink(from, path) < 0)
			return -errno;
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		text = text_over(path, sizeof(path));
		text_add(&text, "%s/lib/modules/%s/%s", tree, s->release,
			 lists[i]);
		text = text_over(source, sizeof(source));
		text_add(&text, "%s/%s", s->dir, lists[i]);
		if (symlink(source, path) < 0)
			return -errno;
	}
	return 0;
}

/* depmod with no configuration of this machine. */
static int run_depmod(const struct selection *s, const char *tree,
		      struct failure *failure)
{
	char depmod[PATH_MAX], empty[PATH_MAX];
	struct text text = text_over(empty, sizeof(empty));
	const char *const argv[] = { depmod, "-b",	 tree, "-C",
				     empty,  s->release, NULL };
	int r = host_find_program("depmod", depmod);

	if (r < 0)
		return failure_set(failure, -r,
				   "depmod is not installed; install kmod");
	text_add(&text, "%s/no-configuration", tree);
	if (mkdir(empty, 0755) < 0)
		return failure_errno(failure, errno, "%s", empty);
	return host_run(argv, failure);
}

/* Adds the files modules.* of the tree by their content. */
static int add_indexes(const struct selection *s, const char *tree)
{
	char in[PATH_MAX], path[PATH_MAX];
	struct text text = text_over(in, sizeof(in));
	_cleanup_dir DIR *dir = NULL;
	struct dirent *entry;

	text_add(&text, "%s/lib/modules/%s", tree, s->release);
	dir = opendir(in);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		_cleanup_free char *bytes = NULL;
		size_t len;
		int r;

		if (!str_after(entry->d_name, "modules."))
			continue;
		text = text_over(path, sizeof(path));
		text_add(&text, "%s/%s", in, entry->d_name);
		r = host_read(path, FILE_MAX, &bytes, &len);
		if (r < 0)
			return r;
		text = text_over(path, sizeof(path));
		text_add(&text, "/lib/modules/%s/%s", s->release,
			 entry->d_name);
		manifest_bytes(s->m, path, 0644, bytes, len);
	}
	return 0;
}

static void add_depmod(const struct selection *s)
{
	const char *tmp = getenv("TMPDIR");
	char tree[PATH_MAX];
	struct text text = text_over(tree, sizeof(tree));
	struct failure failure = { 0 };
	int r;

	text_add(&text, "%s/boomerang-build-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(tree)) {
		fail(s->m, errno, tree, "");
		return;
	}
	r = link_tree(s, tree);
	if (r == 0)
		r = run_depmod(s, tree, &failure);
	if (r == 0)
		r = add_indexes(s, tree);
	if (r < 0 && !failure.err)
		failure_errno(&failure, -r, "%s", tree);
	if (r < 0)
		manifest_fail(s->m, &failure);
	/* A directory left in /tmp is no reason to fail. */
	(void)!path_remove_tree(AT_FDCWD, tree);
}

void modules_add(struct manifest *m, const char *dir, const char *list)
{
	_cleanup(cleanup_kmod) struct kmod_ctx *kmod = NULL;
	static const char *const no_config[] = { NULL };
	struct selection s = { .m = m };
	int r;

	if (manifest_failed(m))
		return;
	if (!realpath(dir, s.dir)) {
		fail(m, errno, dir, "");
		return;
	}
	s.release = strrchr(s.dir, '/') + 1;
	s.kmod = kmod = kmod_new(s.dir, no_config);
	if (!kmod) {
		fail(m, ENOMEM, s.dir, "");
		return;
	}
	r = kmod_load_resources(kmod);
	if (r < 0) {
		fail(m, -r, s.dir, "; its indexes are missing, run depmod");
		return;
	}
	add_chosen(&s, list);
	if (!manifest_failed(m))
		add_depmod(&s);
}
