/* SPDX-License-Identifier: MIT */
/*
 * Parts of the kernel that hold files open for nobody's process. Each of their
 * control file systems is one, however often it is mounted: it is reached by a
 * mount of our own that is attached nowhere. So it does not matter where the
 * old system has it, and nothing trips over an automount whose server (the old
 * PID 1) is no more.
 */
#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/listing.h"
#include "base/text.h"
#include "root/attribute.h"
#include "root/mount.h"
#include "takeover/storage-internal.h"

/* Whether the kernel has it now; asking it to mount one would load it. */
static bool has_filesystem(const char *type)
{
	static char known[16 * KIB];
	const char *at = known;
	size_t len = strlen(type);

	if (file_read(AT_FDCWD, "/proc/filesystems", known, sizeof(known)) < 0)
		return false;
	while ((at = strstr(at, type))) {
		if (at > known && at[-1] == '\t' && at[len] == '\n')
			return true;
		at += len;
	}
	return false;
}

static int open_filesystem(const char *type)
{
	return has_filesystem(type) ? mount_new(type, NULL, NULL, 0, NULL)
				    : -ENODEV;
}

/* Interpreters with the flag F are open as long as they are registered. */
static void detach_binfmt(void)
{
	_cleanup_fd int fd = open_filesystem("binfmt_misc");

	if (fd >= 0)
		(void)!file_write(fd, "status", "-1");
}

/* The threads first, then what is exported is forgotten: an entry that is as
 * old as the time of the flush is not used any more (exports(5)). */
static void detach_nfsd(void)
{
	static const char *const caches[] = {
		"auth.unix.ip",
		"auth.unix.gid",
		"nfsd.fh",
		"nfsd.export",
	};
	_cleanup_fd int fd = open_filesystem("nfsd");
	char now[24];

	if (fd < 0)
		return;
	(void)!file_write(fd, "threads", "0\n");
	snprintf(now, sizeof(now), "%lld\n", (long long)time(NULL) + 1);
	for (size_t i = 0; i < ARRAY_SIZE(caches); i++)
		(void)!attribute_write("/proc/net/rpc", caches[i], "flush",
				       now);
}

static int disable_instance(const char *name, void *context)
{
	char path[NAME_MAX + sizeof("instances//events/uprobes/enable")];

	snprintf(path, sizeof(path), "instances/%s/events/uprobes/enable",
		 name);
	(void)!file_write(*(const int *)context, path, "0");
	return 0;
}

/* A probe in a program holds its file; one that is enabled cannot be
 * removed. Opening the list for writing anew removes all. */
static void detach_uprobes(void)
{
	_cleanup_fd int fd = open_filesystem("tracefs");
	_cleanup_fd int list = FD_NONE;

	if (fd < 0)
		return;
	(void)!file_write(fd, "events/uprobes/enable", "0");
	(void)!listing_each(fd, "instances", disable_instance, &fd);
	list = openat(fd, "uprobe_events", O_WRONLY | O_TRUNC | O_CLOEXEC);
}

/* Who waits in a write to what is frozen cannot be killed. */
static void thaw_all(void)
{
	static struct mountinfo mount;
	struct view text = storage_read_mounts();
	int r;

	storage_dm_resume();
	while ((r = mountinfo_next(&text, &mount)) != 0) {
		if (r > 0)
			storage_thaw(&mount);
	}
}

void storage_detach_kernel(void)
{
	detach_binfmt();
	/* The file of process accounting. */
	(void)acct(NULL);
	detach_nfsd();
	detach_uprobes();
	thaw_all();
}
