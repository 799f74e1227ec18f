/* SPDX-License-Identifier: MIT */
/*
 * Theory of operation
 *
 * One `boomerang swap` at a time: whoever holds the lock on CONTROL_DIR owns
 * SWAP_DIR, so what is mounted there when the lock is got was left by one that
 * was killed, and goes.
 *
 * The tmpfs hangs on a mount that is shared as a rule, so that it appears in
 * other mount namespaces, and disappears from them when it is unmounted here.
 * It is private itself: what is mounted inside of it is ours alone.
 *
 * Its size is the new system's for good. That of the machine, less what every
 * system keeps, bounds it; whoever unpacks looks at the memory that is free.
 */
#include "takeover/staging.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/text.h"
#include "root/copy.h"
#include "root/mount.h"
#include "root/usr.h"
#include "wire/usr-files.h"

#define TREE  SWAP_DIR "/tree"
#define LOWER SWAP_DIR "/lower"
#define UPPER SWAP_DIR "/upper"
#define WORK  SWAP_DIR "/work"
#define ROOT  SWAP_DIR "/root"

#define OPTIONS_MAX 512

/* Bounded: whatever keeps coming back is not ours. */
#define UNMOUNTS_MAX 16

/* 0: ours. -EWOULDBLOCK: another's, also one that just ends and has removed
 * the directory. */
static int lock_directory(int fd)
{
	struct stat st;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0)
		return -errno;
	return st.st_nlink > 0 ? 0 : -EWOULDBLOCK;
}

static int take_lock(struct staging *staging, struct failure *failure)
{
	_cleanup_fd int fd = FD_NONE;
	int r = path_mkdirs(CONTROL_DIR, 0755);

	if (r < 0)
		return failure_errno(failure, -r, "cannot make " CONTROL_DIR);
	fd = open(CONTROL_DIR, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : lock_directory(fd);
	if (r == -EWOULDBLOCK)
		return failure_set(failure, EBUSY,
				   "another boomerang swap is under way on "
				   "this machine");
	if (r < 0)
		return failure_errno(failure, -r, "cannot lock " CONTROL_DIR);
	staging->lock_fd = TAKE_FD(fd);
	return 0;
}

/* Innermost first: what is in the way of another is above it here. */
static void unmount_all(void)
{
	static const char *const points[] = { ROOT, LOWER, TREE USR, SWAP_DIR };

	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		struct stat st;
		int left = UNMOUNTS_MAX;

		/* Whoever looks around in it must not keep it: detached, it
		 * goes when they leave. */
		while (left-- > 0 && stat(points[i], &st) == 0 &&
		       umount2(points[i], UMOUNT_NOFOLLOW | MNT_DETACH) == 0)
			;
	}
}

static int mount_tmpfs(struct staging *staging, struct failure *failure)
{
	uint64_t size = memory_now().total - memory_reserve();
	char options[OPTIONS_MAX];
	struct stat st;

	snprintf(options, sizeof(options),
		 "mode=0700,size=%" PRIu64 ",nr_inodes=%" PRIu64, size,
		 size / MEMORY_PER_INODE);
	if (mount("boomerang", SWAP_DIR, "tmpfs", 0, options) < 0 ||
	    mount(NULL, SWAP_DIR, NULL, MS_PRIVATE, NULL) < 0 ||
	    stat(SWAP_DIR, &st) < 0)
		return failure_errno(failure, errno,
				     "cannot make a tmpfs at " SWAP_DIR);
	staging->device = st.st_dev;
	return 0;
}

int staging_open(struct staging *staging, struct failure *failure)
{
	int r = take_lock(staging, failure);

	if (r < 0)
		return r;
	unmount_all();
	staging->mounted = true;
	r = path_mkdirs(SWAP_DIR, 0700);
	if (r < 0)
		return failure_errno(failure, -r, "cannot make " SWAP_DIR);
	return mount_tmpfs(staging, failure);
}

static int open_root(struct staging *staging, const char *path,
		     struct failure *failure)
{
	staging->root_fd =
		open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (staging->root_fd < 0)
		return failure_errno(failure, errno, "cannot open %s", path);
	(void)str_copy(staging->root, sizeof(staging->root), path);
	return 0;
}

int staging_use_tree(struct staging *staging, struct failure *failure)
{
	return open_root(staging, TREE, failure);
}

int staging_mount_usr(struct staging *staging, struct failure *failure)
{
	struct failure why;
	int r = usr_mount(staging->root, &why);

	if (r < 0)
		return failure_set(failure, -r,
				   "the bootstrap's /usr cannot be mounted by "
				   "this kernel: %s",
				   why.text);
	return 0;
}

/* A merged root shows the upper's mode and owner. */
static int make_upper(const char *lower)
{
	struct stat st;

	if (stat(lower, &st) < 0 || mkdir(UPPER, 0755) < 0 ||
	    chown(UPPER, st.st_uid, st.st_gid) < 0 ||
	    chmod(UPPER, st.st_mode & 07777) < 0 || mkdir(WORK, 0700) < 0 ||
	    mkdir(ROOT, 0755) < 0)
		return -errno;
	return 0;
}

int staging_use_mount(struct staging *staging, int mount_fd,
		      const char *subdirectory, struct failure *failure)
{
	_cleanup_fd int dir = open(SWAP_DIR, O_PATH | O_CLOEXEC);
	char lower[PATH_MAX], options[OPTIONS_MAX];
	int r;

	/* It becomes part of a mount's options. */
	if (strpbrk(subdirectory, "/.:,\\"))
		return failure_set(failure, EBADMSG,
				   "the image's root is in a directory with a "
				   "name that cannot be mounted");
	if (mkdir(LOWER, 0700) < 0)
		return failure_errno(failure, errno, "cannot make " LOWER);
	r = mount_attach(mount_fd, dir, "/lower", failure);
	if (r < 0)
		return r;
	snprintf(lower, sizeof(lower), LOWER "%s%s", *subdirectory ? "/" : "",
		 subdirectory);
	r = make_upper(lower);
	if (r < 0)
		return failure_errno(failure, -r, "cannot make " UPPER);
	snprintf(options, sizeof(options),
		 "lowerdir=%.256s,upperdir=" UPPER ",workdir=" WORK, lower);
	if (mount("overlay", ROOT, "overlay", 0, options) < 0)
		return failure_errno(failure, errno,
				     "cannot lay a writable overlay over the "
				     "image (is overlayfs in this kernel?)");
	return open_root(staging, ROOT, failure);
}

static int create(int root_fd, const char *path, mode_t mode)
{
	return path_open_in_root(
		root_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
}

static int copy_init(int root_fd, const char *init)
{
	_cleanup_fd int from = open(init, O_RDONLY | O_CLOEXEC);
	_cleanup_fd int to = FD_NONE;

	if (from < 0)
		return -errno;
	to = create(root_fd, SWAP_INIT, 0755);
	return to < 0 ? to : copy_bytes(from, to);
}

static int write_plan(int root_fd, const struct swap_plan *plan)
{
	_cleanup_fd int to = create(root_fd, SWAP_PLAN, 0600);

	return to < 0 ? to : fd_write_all(to, plan, sizeof(*plan));
}

/*
 * `boomerang swap --confirm` for those who log in to the new system, unless it
 * has a boomerang of its own, which knows the same.
 */
static int offer_command(int root_fd)
{
	static const char *const places[] = { "/usr/bin", "/bin" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_fd int dir = path_open_in_root(
			root_fd, places[i], O_PATH | O_DIRECTORY, 0);

		if (dir >= 0)
			return symlinkat(SWAP_INIT, dir, "boomerang") < 0 &&
					       errno != EEXIST
				       ? -errno
				       : 0;
	}
	return 0;
}

int staging_write(struct staging *staging, const char *init,
		  const struct swap_plan *plan, struct failure *failure)
{
	int root = staging->root_fd;
	/* Whatever the image has there. */
	int r = path_remove_tree(root, &SWAP_OURS[1]);

	if (r == 0)
		r = path_mkdirs_in_root(root, SWAP_OURS, 0700);
	if (r == 0)
		r = copy_init(root, init);
	if (r == 0)
		r = write_plan(root, plan);
	if (r == 0)
		r = offer_command(root);
	if (r < 0)
		return failure_errno(failure, -r, "cannot write %s%s",
				     staging->root, SWAP_OURS);
	return 0;
}

void staging_close(struct staging *staging)
{
	staging->root_fd = fd_close(staging->root_fd);
	if (staging->mounted) {
		unmount_all();
		(void)rmdir(SWAP_DIR);
	}
	staging->mounted = false;
	/* Fails when there is more in it than what was ours. */
	if (staging->lock_fd >= 0)
		(void)rmdir(CONTROL_DIR);
	staging->lock_fd = fd_close(staging->lock_fd);
}
