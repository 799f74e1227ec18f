/* SPDX-License-Identifier: MIT */
/*
 * Kernel parameters: every file below /proc/sys that can be read and written.
 * Opening for both leaves out what only tells (the kernel checks the file's
 * mode even for root), which are nearly all statistics; the table below has
 * the rest of what must not be read or does not keep still.
 *
 * The clock and the kernel's time zone are no sysctls: a target that sets the
 * clock right leaves it right, so they are never put back.
 */
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>

#include "base/fd.h"
#include "root/audit-internal.h"
#include "root/audit-sysctl.h"

#define SYSCTL	  "/proc/sys"
#define DEPTH_MAX 8
#define VALUE_MAX 8192

/* '*' also matches a '/'. */
static const struct {
	const char *pattern;
	const char *reason;
} skipped[] = {
	{ "fs/binfmt_misc", "another file system, gone with the target" },
	{ "fs/xfs/stats_clear", "writing acts" },
	{ "kernel/hung_task_warnings", "counts down by itself" },
	{ "kernel/ns_last_pid", "changes with every process" },
	{ "kernel/perf_event_max_sample_rate", "the kernel lowers it" },
	{ "kernel/random/*", "changes by itself" },
	{ "kernel/tainted", "cannot be taken back" },
	{ "net/*/flush", "writing acts" },
	{ "net/ipv6/conf/*/hop_limit", "set by router advertisements" },
	{ "net/ipv6/conf/*/mtu", "set by router advertisements" },
	{ "net/ipv6/neigh/*/base_reachable_time*",
	  "set by router advertisements" },
	{ "net/ipv6/neigh/*/retrans_time*", "set by router advertisements" },
	{ "vm/compact_memory", "writing acts" },
	{ "vm/drop_caches", "writing acts" },
	{ "vm/stat_refresh", "reading acts" },
};

const char *sysctl_skip_reason(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(skipped); i++)
		if (fnmatch(skipped[i].pattern, path, 0) == 0)
			return skipped[i].reason;
	return NULL;
}

static int sysctl_add(struct facts *facts, int dir_fd, const char *name,
		      const char *path)
{
	_cleanup_fd int fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC);
	char value[VALUE_MAX];
	ssize_t n;

	if (fd < 0)
		return 0;
	/* One read is the whole value, or the first part of a long list,
	 * which is enough to see that it changed. Some cannot be read until
	 * they were set (net.ipv6.conf.*.stable_secret). */
	n = read(fd, value, sizeof(value));
	if (n < 0)
		return 0;
	return facts_add(facts, path, NULL, value, (size_t)n);
}

/* path is what leads to dir_fd, "" at the top. */
static int sysctl_walk(struct facts *facts, int parent_fd, const char *name,
		       const char *path, int depth)
{
	_cleanup_dir DIR *dir = NULL;
	struct dirent *entry;
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return 0; /* of a network link that went away */
	dir = fdopendir(fd);
	if (!dir) {
		fd_close(fd);
		return -ENOMEM;
	}
	while (r == 0 && depth < DEPTH_MAX && (entry = readdir(dir))) {
		char below[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s%s%s", path, *path ? "/" : "",
			 entry->d_name);
		if (sysctl_skip_reason(below))
			continue;
		if (entry->d_type == DT_DIR)
			r = sysctl_walk(facts, fd, entry->d_name, below,
					depth + 1);
		else if (entry->d_type == DT_REG)
			r = sysctl_add(facts, fd, entry->d_name, below);
	}
	return r;
}

static int sysctl_take(struct facts *facts)
{
	const char *dir = facts->scope->sysctl_dir;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), SYSCTL "/%s", dir);
	return sysctl_walk(facts, AT_FDCWD, path, dir, 0);
}

static int sysctl_undo(const struct audit_scope *scope,
		       const struct change *change)
{
	_cleanup_fd int fd = FD_NONE;
	char path[PATH_MAX];

	(void)scope;
	if (change->before->len == VALUE_MAX)
		return -E2BIG; /* only its beginning is known */
	snprintf(path, sizeof(path), SYSCTL "/%s", change->before->key);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, change->before->value, change->before->len) < 0)
		return -errno;
	return 0;
}

static void add_value(struct text *text, const struct fact *fact)
{
	char value[48];

	(void)fact_text(fact, value, sizeof(value));
	str_trim_end(value);
	text_add(text, *value ? "%s" : "empty%s", value);
}

/* sysctl(8) writes '.' for '/', and '/' for the dot in a link's name. */
static void sysctl_describe(const struct change *change, struct text *what,
			    struct text *cure)
{
	char name[128];

	(void)str_copy(name, sizeof(name), change->now->key);
	for (char *c = name; *c; c++)
		*c = *c == '/' ? '.' : *c == '.' ? '/' : *c;
	text_add(what, "sysctl %s was ", name);
	add_value(what, change->now);
	text_add(cure, "put back to ");
	add_value(cure, change->before);
}

/* Parameters appear with modules and links, and go with them. */
const struct probe probe_sysctl = {
	.name = "sysctl",
	.group = AUDIT_GROUP_NETWORK,
	.severity = 40,
	.changes = CHANGE_CHANGED,
	.take = sysctl_take,
	.undo = sysctl_undo,
	.describe = sysctl_describe,
};
