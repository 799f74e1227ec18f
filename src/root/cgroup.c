/* SPDX-License-Identifier: MIT */
#include "root/cgroup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/text.h"

#define DEPTH_MAX 64 /* of cgroups below ours; the recursion's bound */

static const char *const part_path[] = {
	[CGROUP_LOAD] = CGROUP_TREE "/load",
	[CGROUP_TARGET] = CGROUP_TREE "/target",
};

/* Offers each controller by itself, as one that is refused would spoil a
 * common write. */
static void offer_controllers(const char *cgroup)
{
	char path[128], list[256], *at = list, *name;

	snprintf(path, sizeof(path), "%s/cgroup.controllers", cgroup);
	if (file_read_line(AT_FDCWD, path, list, sizeof(list)) < 0)
		return;
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", cgroup);
	while ((name = strsep(&at, " "))) {
		char word[64];

		snprintf(word, sizeof(word), "+%s", name);
		(void)!file_write(AT_FDCWD, path, word);
	}
}

/* A kernel without the controller has no such file; that bound is then
 * missing, which is no reason not to load. */
static void set_limit(const char *file, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	(void)!file_write(AT_FDCWD, file, text);
}

void cgroup_prepare(void)
{
	offer_controllers(CGROUP_ROOT);
}

void cgroup_bound_memory(uint64_t memory_max)
{
	set_limit(CGROUP_TREE "/memory.max", memory_max);
}

uint64_t cgroup_shared_memory(void)
{
	char stat[8192];
	const char *at;

	if (file_read(AT_FDCWD, CGROUP_TREE "/memory.stat", stat,
		      sizeof(stat)) < 0)
		return 0;
	at = strstr(stat, "\nshmem ");
	return at ? strtoull(at + strlen("\nshmem "), NULL, 10) : 0;
}

int cgroup_create(uint64_t memory_max, uint64_t pids_max,
		  struct failure *failure)
{
	if (mkdir(CGROUP_TREE, 0755) < 0 && errno != EEXIST)
		return failure_errno(failure, errno,
				     "cannot make the cgroup " CGROUP_TREE);
	cgroup_bound_memory(memory_max);
	set_limit(CGROUP_TREE "/pids.max", pids_max);
	offer_controllers(CGROUP_TREE);
	for (size_t i = 0; i < ARRAY_SIZE(part_path); i++)
		if (mkdir(part_path[i], 0755) < 0 && errno != EEXIST)
			return failure_errno(failure, errno,
					     "cannot make the cgroup %s",
					     part_path[i]);
	return 0;
}

int cgroup_join(enum cgroup_part part, pid_t pid, struct failure *failure)
{
	char path[128], text[16];
	int r;

	snprintf(path, sizeof(path), "%s/cgroup.procs", part_path[part]);
	snprintf(text, sizeof(text), "%d", pid);
	r = file_write(AT_FDCWD, path, text);
	if (r < 0)
		return failure_errno(failure, -r, "cannot join the cgroup %s",
				     part_path[part]);
	return 0;
}

void cgroup_kill(void)
{
	(void)!file_write(AT_FDCWD, CGROUP_TREE "/cgroup.kill", "1");
}

/* cgroup.events says "populated 0" when nothing lives in or below it, and
 * wakes poll(2) when that changes. */
static int wait_empty(int limit_ms)
{
	_cleanup_fd int fd =
		open(CGROUP_TREE "/cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t deadline = clock_ms() + limit_ms;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLPRI };
		int64_t left = deadline - clock_ms();
		char text[128];
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

		if (n < 0)
			return -errno;
		text[n] = '\0';
		if (strstr(text, "populated 0"))
			return 0;
		if (left <= 0)
			return -EBUSY;
		(void)poll(&wait, 1, (int)left);
	}
}

static int remove_below(int dir_fd, const char *name, int depth)
{
	_cleanup_dir DIR *dir = NULL;
	struct dirent *entry;
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	dir = fdopendir(fd);
	if (!dir || depth > DEPTH_MAX)
		return -ELOOP;
	while ((entry = readdir(dir)))
		if (entry->d_type == DT_DIR && !str_eq(entry->d_name, ".") &&
		    !str_eq(entry->d_name, ".."))
			(void)!remove_below(fd, entry->d_name, depth + 1);
	return unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int cgroup_remove_tree(int dir_fd, const char *path)
{
	return remove_below(dir_fd, path, 0);
}

int cgroup_remove(int limit_ms)
{
	int r = wait_empty(limit_ms);

	return r < 0 ? r : remove_below(AT_FDCWD, CGROUP_TREE, 0);
}
