/* SPDX-License-Identifier: MIT */
/*
 * Everything in the tree is hostile: its paths are opened inside of it, and
 * what is read has a limit.
 */
#include "kernel/live-modules-read.h"

#include <fcntl.h>

#include "base/listing.h"
#include "base/path.h"
#include "base/text.h"
#include "base/whole-file.h"
#include "image/decode-whole.h"

#define TEXT_MAX   (16 * MIB)
#define MODULE_MAX (64 * MIB)

/* Alpine's modloop has but the modules. */
static const char *const places[] = { "usr/lib/modules", "lib/modules",
				      "modules" };

static int read_file(int root_fd, const char *path, size_t max,
		     char **ret_bytes, size_t *ret_len)
{
	_cleanup_fd int fd =
		path_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK, 0);

	return fd < 0 ? fd : whole_file_read(fd, max, ret_bytes, ret_len);
}

static int read_module(int root_fd, const char *dir, struct view relative,
		       void **ret_bytes, size_t *ret_len,
		       struct failure *failure)
{
	_cleanup_free char *bytes = NULL;
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));
	size_t len;
	int r;

	text_add(&text, "%s/%.*s", dir, (int)relative.left,
		 (const char *)relative.at);
	r = text.cut ? -ENAMETOOLONG
		     : read_file(root_fd, path, MODULE_MAX, &bytes, &len);
	if (r == 0)
		r = decode_whole(&bytes, &len, MODULE_MAX);
	if (r < 0) {
		failure_errno(failure, -r, "%s in the ISO cannot be read",
			      path);
		return -EBADMSG;
	}
	*ret_bytes = TAKE_PTR(bytes);
	*ret_len = len;
	return 0;
}

static int read_all(int root_fd, const char *dir,
		    const struct module_order *order,
		    struct live_modules *ret_modules, struct failure *failure)
{
	_cleanup_live_modules struct live_modules modules = { 0 };

	for (size_t i = 0; i < order->count; i++) {
		int r = read_module(root_fd, dir, order->list[i].path,
				    &modules.list[i].bytes,
				    &modules.list[i].len, failure);

		if (r < 0)
			return r;
		(void)str_copy(modules.list[i].name, MODULE_NAME_MAX,
			       order->list[i].name);
		modules.count++;
	}
	*ret_modules = modules;
	modules = (struct live_modules){ 0 };
	return 0;
}

static int read_text(int root_fd, const char *dir, const char *name,
		     char **ret_bytes, size_t *ret_len)
{
	char path[PATH_MAX];
	struct text text = text_over(path, sizeof(path));

	text_add(&text, "%s/%s", dir, name);
	return text.cut
		       ? -ENAMETOOLONG
		       : read_file(root_fd, path, TEXT_MAX, ret_bytes, ret_len);
}

/* As live_modules_read(), from this directory. */
static int read_from(int root_fd, const char *dir, const char *const *names,
		     struct live_modules *ret_modules, struct failure *failure)
{
	_cleanup_free char *dep = NULL, *builtin = NULL;
	size_t dep_len, builtin_len = 0;
	struct module_order order;
	const char *missing = NULL;
	int r = read_text(root_fd, dir, "modules.dep", &dep, &dep_len);

	if (r == -ENOENT || r == -ENOTDIR)
		return failure_set(failure, ENOENT, "no modules in %s", dir);
	if (r < 0)
		return failure_errno(failure, -r,
				     "%s/modules.dep in the ISO cannot be read",
				     dir);
	/* Without it, nothing is known to be built in. */
	if (read_text(root_fd, dir, "modules.builtin", &builtin, &builtin_len) <
	    0)
		builtin_len = 0;
	r = module_order_find(view_over(dep, dep_len),
			      view_over(builtin, builtin_len), names, &order,
			      &missing);
	if (r == -ENOENT)
		return failure_set(failure, ENOPKG,
				   "the ISO's kernel has no driver %s, neither "
				   "built in nor in %s",
				   missing, dir);
	if (r < 0)
		return failure_errno(failure, -r, "%s/modules.dep in the ISO",
				     dir);
	return read_all(root_fd, dir, &order, ret_modules, failure);
}

/* --- where they are --- */

struct search {
	int root_fd;
	const char *release;
	const char *const *names;
	struct live_modules *ret_modules;
	struct failure *failure;
	int r; /* -ENOENT until something better is known */
};

/* Of the failures, the one of the directory that came nearest is kept. */
static bool search_in(struct search *search, const char *dir)
{
	struct failure failure;
	int r = read_from(search->root_fd, dir, search->names,
			  search->ret_modules, &failure);

	if (r == 0 || (search->r == -ENOENT && r != -ENOENT)) {
		search->r = r;
		if (r < 0 && search->failure)
			*search->failure = failure;
	}
	return r == 0;
}

/* NixOS has each package in a directory of its own. */
static int search_package(const char *name, void *context)
{
	struct search *search = context;
	char dir[PATH_MAX];
	struct text text = text_over(dir, sizeof(dir));

	text_add(&text, "%s/lib/modules/%s", name, search->release);
	return !text.cut && search_in(search, dir);
}

int live_modules_read(int root_fd, const char *release,
		      const char *const *names,
		      struct live_modules *ret_modules, struct failure *failure)
{
	struct search search = {
		root_fd, release, names, ret_modules, failure, -ENOENT,
	};
	char dir[PATH_MAX];
	int r;

	if (*release == '\0' || strchr(release, '/'))
		return failure_set(failure, ENOENT,
				   "the kernel does not say its release, by "
				   "which its modules are found");
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct text text = text_over(dir, sizeof(dir));

		text_add(&text, "%s/%s", places[i], release);
		if (!text.cut && search_in(&search, dir))
			return 0;
	}
	r = listing_each(root_fd, ".", search_package, &search);
	if (r > 0)
		return 0;
	if (search.r == -ENOENT)
		failure_set(failure, ENOENT,
			    "the ISO has no modules of its kernel %s", release);
	return search.r;
}
