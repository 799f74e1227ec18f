/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/sys.h"
#include "root/become.h"
#include "takeover/stage-internal.h"
#include "takeover/storage.h"

/* STORAGE_OLD_ROOT as a directory of the new root itself, whatever the image
 * has there. */
static int make_old_root(int root_fd, struct failure *failure)
{
	const char *name = &STORAGE_OLD_ROOT[1];
	struct stat st;

	if (fstatat(root_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISDIR(st.st_mode))
		(void)unlinkat(root_fd, name, 0);
	if (mkdirat(root_fd, name, 0755) < 0 && errno != EEXIST)
		return failure_errno(failure, errno,
				     "cannot make %s in the new root",
				     STORAGE_OLD_ROOT);
	return 0;
}

static int open_root(const char *path, struct failure *failure)
{
	int fd;

	/* What is done to mounts from here on must not come back from, or go
	 * on to, another place. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return failure_errno(failure, errno,
				     "cannot make the mounts private");
	/* pivot_root(2) wants a mount point, and one whose parent is not what
	 * lies below it: the tmpfs shall be unmounted at its old place. */
	if (mount(path, path, NULL, MS_BIND, NULL) < 0)
		return failure_errno(failure, errno,
				     "cannot bind the new root %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? failure_errno(failure, errno,
				      "cannot open the new root %s", path)
		      : fd;
}

int stage_enter_root(const char *path, struct failure *failure)
{
	_cleanup_fd int root_fd = open_root(path, failure);
	int r = root_fd;

	if (r >= 0)
		r = make_old_root(root_fd, failure);
	if (r >= 0)
		r = become_mount_api(root_fd, failure);
	if (r < 0)
		return r;
	if (fchdir(root_fd) < 0 ||
	    sys_pivot_root(".", &STORAGE_OLD_ROOT[1]) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0)
		return failure_errno(failure, errno,
				     "cannot pivot into the new root");
	return 0;
}
