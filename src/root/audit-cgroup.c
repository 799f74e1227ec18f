/* SPDX-License-Identifier: MIT */
/*
 * Control groups: the directories of cgroup2, and which controllers its root
 * hands on. One directory with all below it is one leak.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "root/audit-internal.h"
#include "root/cgroup.h"

#define DEPTH_MAX 64

static int cgroups_walk(struct facts *facts, int dir_fd, const char *path,
			int depth)
{
	_cleanup_dir DIR *dir = NULL;
	struct dirent *entry;
	int fd = openat(dir_fd, *path ? path + 1 : ".",
			O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno; /* gone meanwhile */
	dir = fdopendir(fd);
	if (!dir) {
		fd_close(fd);
		return -ENOMEM;
	}
	while (r == 0 && depth < DEPTH_MAX && (entry = readdir(dir))) {
		char below[PATH_MAX];

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		if ((size_t)snprintf(below, sizeof(below), "%s/%s", path,
				     entry->d_name) >= sizeof(below))
			continue;
		r = facts_add_text(facts, below, "");
		if (r == 0)
			r = cgroups_walk(facts, dir_fd, below, depth + 1);
	}
	return r;
}

static int cgroups_take(struct facts *facts)
{
	_cleanup_fd int root_fd = open(facts->scope->cgroup_root,
				       O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root_fd < 0)
		return errno == ENOENT ? 0 : -errno;
	return cgroups_walk(facts, root_fd, "", 0);
}

static int cgroups_undo(const struct audit_scope *scope,
			const struct change *change)
{
	_cleanup_fd int root_fd =
		open(scope->cgroup_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root_fd < 0)
		return -errno;
	return cgroup_remove_tree(root_fd, change->now->key + 1);
}

static void cgroups_describe(const struct change *change, struct text *what,
			     struct text *cure)
{
	text_add(what, "cgroup %s was left", change->now->key);
	text_add(cure, "removed");
}

const struct probe probe_cgroups = {
	.name = "cgroups",
	.group = AUDIT_GROUP_DEVICES,
	.severity = 30,
	.changes = CHANGE_ADDED,
	.tree = true,
	.take = cgroups_take,
	.undo = cgroups_undo,
	.describe = cgroups_describe,
};

#define SUBTREE_CONTROL "cgroup.subtree_control"

/* One fact for each controller that the root hands on. */
static int controllers_take(struct facts *facts)
{
	char list[256], *at = list, *name;
	ssize_t n = attribute_read(facts->scope->cgroup_root, ".",
				   SUBTREE_CONTROL, list, sizeof(list));
	int r = 0;

	if (n < 0)
		return n == -ENOENT ? 0 : (int)n;
	while (r == 0 && (name = strsep(&at, " ")))
		if (*name)
			r = facts_add_text(facts, name, "");
	return r;
}

static int controllers_undo(const struct audit_scope *scope,
			    const struct change *change)
{
	char word[64];

	snprintf(word, sizeof(word), "%c%s", change->now ? '-' : '+',
		 change_fact(change)->key);
	return attribute_write(scope->cgroup_root, ".", SUBTREE_CONTROL, word);
}

static void controllers_describe(const struct change *change, struct text *what,
				 struct text *cure)
{
	text_add(what, "cgroup controller %s was turned %s",
		 change_fact(change)->key, change->now ? "on" : "off");
	text_add(cure, "turned %s", change->now ? "off" : "on");
}

const struct probe probe_controllers = {
	.name = "cgroup controllers",
	.group = AUDIT_GROUP_DEVICES,
	.severity = 20,
	.changes = CHANGE_ANY,
	.take = controllers_take,
	.undo = controllers_undo,
	.describe = controllers_describe,
};
