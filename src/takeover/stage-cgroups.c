/* SPDX-License-Identifier: MIT */
/*
 * The old system's cgroups outlive it, and with those of a version 1 hierarchy
 * its controllers cannot be had by version 2. Nothing is in them but PID 1.
 *
 * Before that, what a freezer of version 1 has frozen (a container that is
 * paused) cannot even be killed. That of version 2 lets it die.
 */
#include <fcntl.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/listing.h"
#include "base/text.h"
#include "root/cgroup.h"
#include "root/mount.h"
#include "takeover/stage-internal.h"
#include "takeover/storage.h"

#define CGROUPS	  "/sys/fs/cgroup"
#define DEPTH_MAX 64

struct thawing {
	int fd; /* of a cgroup */
	unsigned depth;
};

/* The outer before the inner: one stays frozen as long as its parent is. */
static int thaw(const char *name, void *context)
{
	const struct thawing *outer = context;
	_cleanup_fd int fd =
		openat(outer->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct thawing inner = { fd, outer->depth + 1 };

	if (fd < 0 || inner.depth > DEPTH_MAX)
		return 0;
	(void)!file_write(fd, "freezer.state", "THAWED");
	(void)!listing_each(fd, ".", thaw, &inner);
	return 0;
}

/* /proc/cgroups, cgroups(7): NAME HIERARCHY …, which is 0 without one. */
static bool has_freezer(void)
{
	static const char name[] = "\nfreezer\t";
	char text[4096];
	const char *line;

	if (file_read(AT_FDCWD, "/proc/cgroups", text, sizeof(text)) < 0)
		return false;
	line = strstr(text, name);
	return line && line[strlen(name)] != '0';
}

void stage_thaw_cgroups(void)
{
	static const struct mount_option freezer[] = { { "freezer", NULL },
						       { NULL, NULL } };
	_cleanup_fd int fd =
		has_freezer() ? mount_new("cgroup", NULL, freezer, 0, NULL)
			      : FD_NONE;
	struct thawing top = { fd, 0 };

	if (fd >= 0)
		(void)!listing_each(fd, ".", thaw, &top);
}

static bool is_directory(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && !str_eq(entry->d_name, ".") &&
	       !str_eq(entry->d_name, "..");
}

/* Calls each() for each directory in the one at path. */
static void in_directory(const char *path,
			 void (*each)(const char *path, int dir_fd,
				      const char *name))
{
	_cleanup_dir DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (is_directory(entry))
			each(path, dirfd(dir), entry->d_name);
}

static void remove_one(_unused const char *path, int dir_fd, const char *name)
{
	(void)!cgroup_remove_tree(dir_fd, name);
}

static void empty_hierarchy(const char *path)
{
	char procs[PATH_MAX + sizeof("/cgroup.procs")];

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	if (file_write(AT_FDCWD, procs, "0") == 0)
		in_directory(path, remove_one);
}

static void empty_old(const char *path, _unused int dir_fd, const char *name)
{
	char hierarchy[PATH_MAX];

	snprintf(hierarchy, sizeof(hierarchy), "%s/%s", path, name);
	empty_hierarchy(hierarchy);
}

void stage_remove_cgroups(void)
{
	empty_hierarchy(CGROUPS);
	in_directory(STORAGE_OLD_ROOT CGROUPS, empty_old);
}
