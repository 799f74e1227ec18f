/* SPDX-License-Identifier: MIT */
/*
 * The overlay has a mount of the squashfs of its own, so that the place where
 * it was taken from is free again, and nobody sees it.
 */
#include "root/usr.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "root/filemount.h"
#include "wire/usr-files.h"

#define ROOT_MAX 64 /* bytes of the path of a root */

struct paths {
	char boot[ROOT_MAX + sizeof(USR_BOOT)];
	char usr[ROOT_MAX + sizeof(USR)];
	char squashfs[ROOT_MAX + sizeof(USR_SQUASHFS)];
	char lower[ROOT_MAX + sizeof(USR_LOWER)];
	char work[ROOT_MAX + sizeof(USR_WORK)];
};

static int find_paths(const char *root, struct paths *ret_paths)
{
	struct paths *p = ret_paths;

	if (strlen(root) >= ROOT_MAX)
		return -ENAMETOOLONG;
	snprintf(p->boot, sizeof(p->boot), "%s" USR_BOOT, root);
	snprintf(p->usr, sizeof(p->usr), "%s" USR, root);
	snprintf(p->squashfs, sizeof(p->squashfs), "%s" USR_SQUASHFS, root);
	snprintf(p->lower, sizeof(p->lower), "%s" USR_LOWER, root);
	snprintf(p->work, sizeof(p->work), "%s" USR_WORK, root);
	return 0;
}

/* One that leads nowhere else: somebody else's root may have a symlink. */
static int make_directory(const char *path)
{
	struct stat st;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (lstat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

static int make_directories(const struct paths *paths, struct failure *failure)
{
	const char *const all[] = { paths->boot, paths->usr, paths->lower,
				    paths->work };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		int r = make_directory(all[i]);

		if (r < 0)
			return failure_errno(failure, -r, "%s", all[i]);
	}
	return 0;
}

static int mount_lower(int file, const struct paths *paths,
		       struct failure *failure)
{
	_cleanup_fd int fd = filemount_new(file, 0, 0, "squashfs",
					   MOUNT_ATTR_NODEV, failure);

	if (fd < 0)
		return fd;
	if (move_mount(fd, "", AT_FDCWD, paths->lower,
		       MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return failure_errno(failure, errno, "cannot mount on %s",
				     paths->lower);
	return 0;
}

static int mount_overlay(const struct paths *paths, struct failure *failure)
{
	char options[sizeof(*paths) + 64];

	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=%s,workdir=%s",
		 paths->lower, paths->usr, paths->work);
	if (mount("usr", paths->usr, "overlay", MS_NODEV, options) < 0)
		return failure_errno(failure, errno,
				     "cannot make an overlay of it (is "
				     "overlayfs in this kernel?)");
	return 0;
}

int usr_mount(const char *root, struct failure *failure)
{
	_cleanup_fd int file = FD_NONE;
	struct paths paths;
	int r = find_paths(root, &paths);

	if (r < 0)
		return failure_errno(failure, -r, "%s", root);
	file = open(paths.squashfs, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (file < 0 && errno == ENOENT)
		return 0;
	if (file < 0)
		return failure_errno(failure, errno, "%s", paths.squashfs);
	r = make_directories(&paths, failure);
	if (r == 0)
		r = mount_lower(file, &paths, failure);
	if (r < 0)
		return r;
	r = mount_overlay(&paths, failure);
	(void)umount2(paths.lower, MNT_DETACH | UMOUNT_NOFOLLOW);
	(void)rmdir(paths.lower);
	return r < 0 ? r : 1;
}
