/* SPDX-License-Identifier: MIT */
#include "base/pseudo.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define USUAL_MAX 128

static const struct {
	const char *type, *point;
} kinds[] = {
	[PSEUDO_PROC] = { "proc", "/proc" },
	[PSEUDO_SYS] = { "sysfs", "/sys" },
	[PSEUDO_SECURITY] = { "securityfs", "/sys/kernel/security" },
};

/* Gone with its descriptor. */
static int make_instance(const char *type)
{
	_cleanup_fd int context = fsopen(type, FSOPEN_CLOEXEC);
	int fd;

	if (context < 0 ||
	    fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOEXEC);
	return fd < 0 ? -errno : fd;
}

int pseudo_open(enum pseudo which)
{
	/* By which a mounted one is told from the directory below. */
	static const char *const inside[] = {
		[PSEUDO_PROC] = "self",
		[PSEUDO_SYS] = "bus",
		[PSEUDO_SECURITY] = "lsm",
	};
	_cleanup_fd int fd =
		open(kinds[which].point, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && faccessat(fd, inside[which], F_OK, 0) == 0)
		return TAKE_FD(fd);
	return make_instance(kinds[which].type);
}

ssize_t pseudo_read_line(enum pseudo which, const char *path, char *buf,
			 size_t size)
{
	_cleanup_fd int instance = FD_NONE;
	char usual[USUAL_MAX];
	ssize_t n;

	snprintf(usual, sizeof(usual), "%s/%s", kinds[which].point, path);
	n = file_read_line(AT_FDCWD, usual, buf, size);
	if (n != -ENOENT)
		return n;
	instance = make_instance(kinds[which].type);
	return instance < 0 ? -ENOENT
			    : file_read_line(instance, path, buf, size);
}
