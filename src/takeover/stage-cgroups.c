/* SPDX-License-Identifier: MIT */
/*
 * The old system's cgroups outlive it, and with those of a version 1 hierarchy
 * its controllers cannot be had by version 2. Nothing is in them but PID 1.
 */
#include <fcntl.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/text.h"
#include "root/cgroup.h"
#include "takeover/stage-internal.h"
#include "takeover/storage.h"

#define CGROUPS "/sys/fs/cgroup"

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
