/* SPDX-License-Identifier: MIT */
#include "root/copy.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"

#define DEPTH_MAX 64 /* of the bootstrap's own tree */

int copy_bytes(int from, int to)
{
	ssize_t n;

	do
		n = sendfile(to, from, NULL, 16 * MIB);
	while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

static int copy_file(int from_dir, int to_dir, const char *name,
		     const struct stat *st)
{
	_cleanup_fd int from =
		openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_fd int to = openat(
		to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r;

	if (from < 0 || to < 0)
		return -errno;
	r = copy_bytes(from, to);
	if (r == 0 && (fchown(to, st->st_uid, st->st_gid) < 0 ||
		       fchmod(to, st->st_mode & 07777) < 0))
		r = -errno;
	return r;
}

static int copy_link(int from_dir, int to_dir, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from_dir, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	return symlinkat(target, to_dir, name) < 0 ? -errno : 0;
}

static int move_below(int from_fd, int to_fd, dev_t dev, int depth);

static int move_directory(int from_dir, int to_dir, const char *name,
			  const struct stat *st, dev_t dev, int depth)
{
	_cleanup_fd int from = FD_NONE, to = FD_NONE;
	int r;

	if (mkdirat(to_dir, name, 0700) < 0)
		return -errno;
	from = openat(from_dir, name,
		      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0 || to < 0)
		return -errno;
	r = move_below(from, to, dev, depth);
	if (r == 0 && (fchown(to, st->st_uid, st->st_gid) < 0 ||
		       fchmod(to, st->st_mode & 07777) < 0))
		r = -errno;
	return r;
}

static int move_entry(int from_dir, int to_dir, const char *name, dev_t dev,
		      int depth)
{
	struct stat st;
	int r;

	if (fstatat(from_dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (st.st_dev != dev)
		return 0;
	if (S_ISDIR(st.st_mode)) {
		r = move_directory(from_dir, to_dir, name, &st, dev, depth);
		if (r == 0)
			(void)unlinkat(from_dir, name, AT_REMOVEDIR);
		return r;
	}
	if (S_ISREG(st.st_mode))
		r = copy_file(from_dir, to_dir, name, &st);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(from_dir, to_dir, name);
	else
		r = mknodat(to_dir, name, st.st_mode, st.st_rdev) < 0 ? -errno
								      : 0;
	if (r == 0 && unlinkat(from_dir, name, 0) < 0)
		r = -errno;
	return r;
}

static int move_below(int from_fd, int to_fd, dev_t dev, int depth)
{
	int fd = fcntl(from_fd, F_DUPFD_CLOEXEC, 0);
	_cleanup_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir || depth > DEPTH_MAX) {
		if (!dir)
			fd_close(fd);
		return -ELOOP;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			r = move_entry(from_fd, to_fd, entry->d_name, dev,
				       depth + 1);
	return r;
}

int copy_move_tree(int from_fd, int to_fd)
{
	struct stat st;

	if (fstat(from_fd, &st) < 0)
		return -errno;
	return move_below(from_fd, to_fd, st.st_dev, 0);
}
