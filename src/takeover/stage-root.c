/* SPDX-License-Identifier: MIT */
/*
 * Going over to the new root, with the old one at STORAGE_OLD_ROOT in it. From
 * where the way leads differs:
 *
 *  - An ordinary root: pivot_root(2).
 *  - The kernel's rootfs (a system that stayed in its initramfs), which is the
 *    bottom of all mounts and cannot be pivoted away: the new root is moved
 *    over it. Everything that is mounted on rootfs is moved to where rootfs
 *    shows in the new root first; mustn't be left below, where no path leads
 *    to it any more and its disk would be held for ever.
 *  - The exitrd: systemd-shutdown(8) has pivoted, and moved the old /dev,
 *    /proc, /sys and /run along. They go back to the old root, with what is
 *    mounted on them (an autofs whose daemon is dead, old cgroup hierarchies,
 *    the tmpfs that the new root was made on), and fresh ones come.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/sys.h"
#include "base/text.h"
#include "root/become.h"
#include "root/mountinfo.h"
#include "takeover/stage-internal.h"
#include "takeover/storage.h"

/* Where the new root waits in rootfs. */
#define WAITING_ROOT "/.boomerang-root"

#define MOVES_MAX 10000

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

/* What is done to mounts from here on must not come back from, or go on to,
 * another place. */
static int make_private(struct failure *failure)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return failure_errno(failure, errno,
				     "cannot make the mounts private");
	return 0;
}

/* pivot_root(2) wants a mount point; and the tmpfs below it shall be
 * unmounted at its old place. */
static int bind_root(const char *path, struct failure *failure)
{
	int fd;

	if (mount(path, path, NULL, MS_BIND, NULL) < 0)
		return failure_errno(failure, errno,
				     "cannot bind the new root %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? failure_errno(failure, errno,
				      "cannot open the new root %s", path)
		      : fd;
}

static bool is_below(const char *path, const char *top)
{
	const char *rest = str_after(path, top);

	return rest && (*rest == '\0' || *rest == '/');
}

/*
 * The mount on rootfs that is next to be moved. The shortest path cannot be
 * below another one. 1: there is one, 0: none.
 */
static int find_outermost(int root_fd, char ret_point[static PATH_MAX])
{
	static char text[MIB];
	static struct mountinfo mount;
	ssize_t n =
		file_read(root_fd, "proc/self/mountinfo", text, sizeof(text));
	struct view lines = view_over(text, n < 0 ? 0 : (size_t)n);
	size_t shortest = PATH_MAX;
	int r;

	if (n < 0)
		return (int)n;
	while ((r = mountinfo_next(&lines, &mount)) != 0) {
		size_t len = strlen(mount.point);

		if (r < 0 || str_eq(mount.point, "/") ||
		    is_below(mount.point, WAITING_ROOT) || len >= shortest)
			continue;
		shortest = len;
		(void)str_copy(ret_point, PATH_MAX, mount.point);
	}
	return shortest < PATH_MAX;
}

static int move_mounts(int root_fd)
{
	static char point[PATH_MAX];
	static char to[PATH_MAX + sizeof(WAITING_ROOT STORAGE_OLD_ROOT)];

	for (int i = 0; i < MOVES_MAX; i++) {
		int r = find_outermost(root_fd, point);

		if (r <= 0)
			return r;
		snprintf(to, sizeof(to), WAITING_ROOT STORAGE_OLD_ROOT "%s",
			 point);
		/* Its directory may be gone; then it is at least not here. */
		if (mount(point, to, NULL, MS_MOVE, NULL) < 0 &&
		    umount2(point, UMOUNT_NOFOLLOW | MNT_DETACH) < 0)
			return -errno;
	}
	return -ELOOP;
}

/* The memory of an initramfs comes free only file by file. What is mounted on
 * it now stays, as does all that is on another file system. */
static void empty_rootfs(void)
{
	struct statfs fs;

	if (statfs(STORAGE_OLD_ROOT, &fs) == 0 &&
	    (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC))
		(void)!path_remove_tree(AT_FDCWD, STORAGE_OLD_ROOT);
}

static int leave_rootfs(int root_fd, const char *path)
{
	int r;

	if (mkdir(WAITING_ROOT, 0700) < 0 && errno != EEXIST)
		return -errno;
	if (mount(path, WAITING_ROOT, NULL, MS_MOVE, NULL) < 0 ||
	    mount("/", WAITING_ROOT STORAGE_OLD_ROOT, NULL, MS_BIND, NULL) < 0)
		return -errno;
	r = move_mounts(root_fd);
	if (r < 0)
		return r;
	if (chdir(WAITING_ROOT) < 0 ||
	    mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0)
		return -errno;
	empty_rootfs();
	return 0;
}

static int pivot(int root_fd)
{
	if (fchdir(root_fd) < 0 ||
	    sys_pivot_root(".", &STORAGE_OLD_ROOT[1]) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0)
		return -errno;
	return 0;
}

/*
 * The new system lives on it, by mounts of its own. Where it is an image in a
 * file, a loop device holds that, and with it the mount, for good; mustn't hold
 * /run, and the old root, below it.
 */
static void detach_staging(void)
{
	(void)umount2(STORAGE_OLD_ROOT SWAP_DIR, UMOUNT_NOFOLLOW | MNT_DETACH);
}

int stage_enter_root(const char *path, struct failure *failure)
{
	_cleanup_fd int root_fd = FD_NONE;
	int r = make_private(failure);

	if (r == 0)
		r = root_fd = bind_root(path, failure);
	if (r >= 0)
		r = make_old_root(root_fd, failure);
	if (r >= 0)
		r = become_mount_api(root_fd, failure);
	if (r < 0)
		return r;
	r = pivot(root_fd);
	if (r == -EINVAL) /* on rootfs, pivot_root(2) */
		r = leave_rootfs(root_fd, path);
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot go over to the new root");
	detach_staging();
	return 0;
}

/* False: what is there is no mount. */
static bool give_back(const char *path)
{
	char to[64];

	snprintf(to, sizeof(to), STORAGE_OLD_ROOT "%s", path);
	return mount(path, to, NULL, MS_MOVE, NULL) == 0 ||
	       umount2(path, UMOUNT_NOFOLLOW | MNT_DETACH) == 0;
}

int stage_make_writable(struct failure *failure)
{
	struct statvfs fs;

	if (statvfs("/", &fs) == 0 && !(fs.f_flag & ST_RDONLY))
		return 0;
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_RELATIME, NULL) < 0)
		return failure_errno(failure, errno,
				     "cannot make the new root writable again");
	return 0;
}

int stage_settle_exitrd(struct failure *failure)
{
	static const char *const moved[] = { "/run", "/sys", "/proc", "/dev" };
	_cleanup_fd int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = make_private(failure);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(moved); i++)
		while (give_back(moved[i]))
			continue;
	detach_staging();
	/* The name under which systemd-shutdown(8) found us. */
	(void)unlinkat(root_fd, "shutdown", 0);
	return become_mount_api(root_fd, failure);
}
