/* SPDX-License-Identifier: MIT */
/*
 * /dev. There is one devtmpfs for all, so links and directories that a
 * target's udev or init made stay there. The kernel's own directories hold
 * device nodes and are none of our business, whenever they came; a directory
 * without any, however deep, goes with all that is in it.
 *
 * Nor are nodes that came or went with their device. But the kernel makes a
 * node once: one that a target removed, or put a file in the place of, is
 * missing until somebody makes it again, as long as there is such a device.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/path.h"
#include "root/audit-internal.h"

#define DEPTH_MAX     16
#define HOLDS_DEVICES "devices" /* the value of such a directory */

/* The value of a device node, without padding as it is compared. */
struct node {
	uint32_t mode; /* st_mode: the type and the permissions */
	uint32_t uid;
	uint32_t gid;
	uint32_t major;
	uint32_t minor;
};

struct walk {
	struct facts *facts;
	int dev_fd;
	dev_t dev;
};

static int walk_dir(struct walk *walk, const char *path, int depth,
		    bool *ret_has_device);

static int add_node(struct facts *facts, const char *path,
		    const struct stat *st)
{
	const struct node node = {
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.major = major(st->st_rdev),
		.minor = minor(st->st_rdev),
	};

	/* The screens of virtual terminals, which come and go with them. */
	if (str_after(path, "vcs"))
		return 0;
	return facts_add(facts, path, NULL, &node, sizeof(node));
}

/* Whether a fact, which may be NULL, is a device node. */
static bool node_of(const struct fact *fact, struct node *ret_node)
{
	if (!fact || fact->len != sizeof(*ret_node))
		return false;
	memcpy(ret_node, fact->value, sizeof(*ret_node));
	return true;
}

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
		return add_node(walk->facts, path, &st);
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

static bool device_exists(const struct node *node)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/dev/%s/%" PRIu32 ":%" PRIu32,
		 S_ISBLK(node->mode) ? "block" : "char", node->major,
		 node->minor);
	return access(path, F_OK) == 0;
}

static bool dev_matters(const struct change *change)
{
	struct node before, now;

	if (!change->before)
		return change->now->len == 0;
	if (!node_of(change->before, &before) || !device_exists(&before))
		return false;
	/* A name that the kernel gave to another device. */
	return !node_of(change->now, &now) ||
	       (before.major == now.major && before.minor == now.minor);
}

static int node_own(int dir_fd, const char *name, const struct node *node)
{
	if (fchownat(dir_fd, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) <
		    0 ||
	    fchmodat(dir_fd, name, node->mode & ~(mode_t)S_IFMT, 0) < 0)
		return -errno;
	return 0;
}

/* Opens the directory that path is in, made if need be, and never one that a
 * link leads to outside of /dev. */
static int open_parent(int dev_fd, const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_MAX];
	int r;

	*ret_name = slash ? slash + 1 : path;
	snprintf(parent, sizeof(parent), "%.*s",
		 slash ? (int)(slash - path) : 1, slash ? path : "/");
	r = path_mkdirs_in_root(dev_fd, parent, 0755);
	return r < 0 ? r
		     : path_open_in_root(dev_fd, parent, O_RDONLY | O_DIRECTORY,
					 0);
}

static int node_restore(int dev_fd, const struct change *change,
			const struct node *node)
{
	const char *name;
	_cleanup_fd int dir_fd =
		open_parent(dev_fd, change->before->key, &name);
	struct node now;
	int r;

	if (dir_fd < 0)
		return dir_fd;
	if (node_of(change->now, &now) &&
	    (now.mode & S_IFMT) == (node->mode & S_IFMT)) {
		r = node_own(dir_fd, name, node);
		/* As each udev does, with nearly all of them. */
		return r < 0 ? r : AUDIT_UNTOLD;
	}
	r = path_remove_tree(dir_fd, name);
	if (r < 0)
		return r;
	if (mknodat(dir_fd, name, node->mode,
		    makedev(node->major, node->minor)) < 0)
		return -errno;
	return node_own(dir_fd, name, node);
}

static int dev_undo(const struct audit_scope *scope,
		    const struct change *change)
{
	_cleanup_fd int dev_fd =
		open(scope->dev_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct node node;

	if (dev_fd < 0)
		return -errno;
	if (node_of(change->before, &node))
		return node_restore(dev_fd, change, &node);
	return path_remove_tree(dev_fd, change->now->key);
}

static void dev_describe(const struct change *change, struct text *what,
			 struct text *cure)
{
	struct node now;

	text_add(what, "/dev/%s was ", change_fact(change)->key);
	if (!change->before)
		text_add(what, "left");
	else if (!change->now)
		text_add(what, "missing");
	else if (node_of(change->now, &now))
		text_add(what, "given another owner or mode");
	else
		text_add(what, "replaced");
	text_add(cure, change->before ? "restored" : "removed");
}

const struct probe probe_dev = {
	.name = "/dev",
	.group = AUDIT_GROUP_CONSOLE,
	.severity = 10,
	.changes = CHANGE_ANY,
	.tree = true,
	.matters = dev_matters,
	.take = dev_take,
	.undo = dev_undo,
	.describe = dev_describe,
};
