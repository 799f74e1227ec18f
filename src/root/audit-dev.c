/* SPDX-License-Identifier: MIT */
/*
 * What is in /dev beside devices. There is one devtmpfs for all, so links and
 * directories that a target's udev or init made stay there. The kernel's own
 * directories hold device nodes and are none of our business, whenever they
 * came; a directory without any, however deep, goes with all that is in it.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/path.h"
#include "root/audit-internal.h"

#define DEPTH_MAX     16
#define HOLDS_DEVICES "devices" /* the value of such a directory */

struct walk {
	struct facts *facts;
	int dev_fd;
	dev_t dev;
};

static int walk_dir(struct walk *walk, const char *path, int depth,
		    bool *ret_has_device);

static int walk_entry(struct walk *walk, const char *path, int depth,
		      bool *has_device)
{
	bool device_below = false;
	struct stat st;
	int r;

	if (fstatat(walk->dev_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* gone meanwhile */
	/* A mount that is not the target's, as those are in its namespace. */
	if (st.st_dev != walk->dev)
		return 0;
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		*has_device = true;
		return 0;
	}
	if (!S_ISDIR(st.st_mode))
		return facts_add_text(walk->facts, path, "");
	r = walk_dir(walk, path, depth + 1, &device_below);
	if (r < 0)
		return r;
	*has_device |= device_below;
	return facts_add_text(walk->facts, path,
			      device_below ? HOLDS_DEVICES : "");
}

static int walk_dir(struct walk *walk, const char *path, int depth,
		    bool *ret_has_device)
{
	_cleanup_dir DIR *dir = NULL;
	struct dirent *entry;
	bool has_device = false;
	int fd = openat(walk->dev_fd, *path ? path : ".",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return 0;
	dir = fdopendir(fd);
	if (!dir) {
		fd_close(fd);
		return -ENOMEM;
	}
	/* Too deep to look into: let it be. */
	if (depth > DEPTH_MAX)
		has_device = true;
	while (r == 0 && depth <= DEPTH_MAX && (entry = readdir(dir))) {
		char below[PATH_MAX];

		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		snprintf(below, sizeof(below), "%s%s%s", path, *path ? "/" : "",
			 entry->d_name);
		r = walk_entry(walk, below, depth, &has_device);
	}
	*ret_has_device = has_device;
	return r;
}

static int dev_take(struct facts *facts)
{
	_cleanup_fd int dev_fd = open(facts->scope->dev_root,
				      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct walk walk = { .facts = facts, .dev_fd = dev_fd };
	struct stat st;
	bool has_device;

	if (dev_fd < 0 || fstat(dev_fd, &st) < 0)
		return -errno;
	walk.dev = st.st_dev;
	return walk_dir(&walk, "", 0, &has_device);
}

static bool dev_matters(const struct change *change)
{
	return change->now->len == 0;
}

static int dev_undo(const struct audit_scope *scope,
		    const struct change *change)
{
	_cleanup_fd int dev_fd =
		open(scope->dev_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dev_fd < 0 ? -errno : path_remove_tree(dev_fd, change->now->key);
}

static void dev_describe(const struct change *change, struct text *what,
			 struct text *cure)
{
	text_add(what, "/dev/%s was left", change->now->key);
	text_add(cure, "removed");
}

const struct probe probe_dev = {
	.name = "/dev",
	.group = AUDIT_GROUP_CONSOLE,
	.severity = 10,
	.changes = CHANGE_ADDED,
	.tree = true,
	.matters = dev_matters,
	.take = dev_take,
	.undo = dev_undo,
	.describe = dev_describe,
};
