/* SPDX-License-Identifier: MIT */
#include "base/path.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/sys.h"
#include "base/text.h"

int path_open_in_root(int root_fd, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = mode,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	/* EAGAIN: a rename raced with the resolution (openat2(2)). */
	do
		fd = sys_openat2(root_fd, path, &how);
	while (fd < 0 && errno == EAGAIN);
	return fd < 0 ? -errno : fd;
}

int path_mkdirs_in_root(int root_fd, const char *path, mode_t mode)
{
	_cleanup_fd int at =
		path_open_in_root(root_fd, "/", O_PATH | O_DIRECTORY, 0);
	char prefix[PATH_MAX];
	size_t len = 0;

	if (at < 0)
		return at;
	if (!str_copy(prefix, sizeof(prefix), path))
		return -ENAMETOOLONG;
	while (prefix[len]) {
		char *name = prefix + len + strspn(prefix + len, "/");
		size_t name_len = strcspn(name, "/");
		char rest = name[name_len];
		int next;

		if (name_len == 0)
			break;
		name[name_len] = '\0';
		if (mkdirat(at, name, mode) < 0 && errno != EEXIST)
			return -errno;
		/* From the top, so that a symlink met on the way is resolved
		 * inside the root and ".." cannot climb. */
		next = path_open_in_root(root_fd, prefix, O_PATH | O_DIRECTORY,
					 0);
		if (next < 0)
			return next;
		fd_close(at);
		at = next;
		name[name_len] = rest;
		len = (size_t)(name - prefix) + name_len;
	}
	return 0;
}

int path_mkdirs(const char *path, mode_t mode)
{
	_cleanup_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char here[PATH_MAX] = "", absolute[PATH_MAX];
	struct text text = text_over(absolute, sizeof(absolute));

	if (root < 0 || (path[0] != '/' && !getcwd(here, sizeof(here))))
		return -errno;
	text_add(&text, "%s/%s", here, path);
	return text.cut ? -ENAMETOOLONG
			: path_mkdirs_in_root(root, absolute, mode);
}

/*
 * Recursion holds a descriptor for each level. Where it gets too deep, what is
 * further down is moved up to the top and has its turn there.
 */
#define REMOVE_DEPTH_MAX 256

struct removal {
	dev_t dev;
	int top_fd;
	unsigned int moved;
};

static int remove_in(struct removal *removal, int dir_fd, const char *name,
		     int depth);

static int move_up(struct removal *removal, int dir_fd, const char *name)
{
	char to[32];

	for (;;) {
		snprintf(to, sizeof(to), ".deep-%u", removal->moved++);
		if (renameat(dir_fd, name, removal->top_fd, to) == 0)
			return 0;
		/* A name that the tree has too. */
		if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
			return -errno;
	}
}

static int remove_children(struct removal *removal, int fd, int depth)
{
	_cleanup_dir DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		fd_close(fd);
		return -errno;
	}
	while ((entry = readdir(dir))) {
		int one;

		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, ".."))
			continue;
		one = remove_in(removal, fd, entry->d_name, depth);
		if (one < 0)
			r = one;
	}
	return r;
}

/* Who is not root cannot empty a directory of its own that is closed to it. */
static int open_to_empty(int dir_fd, const char *name)
{
	const int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_fd int there = openat(dir_fd, name, O_PATH | flags);
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", there);
	if (there >= 0 && geteuid() != 0)
		(void)!chmod(path, 0700);
	return openat(dir_fd, name, O_RDONLY | flags);
}

static int remove_in(struct removal *removal, int dir_fd, const char *name,
		     int depth)
{
	struct stat st;
	int fd;

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (depth > REMOVE_DEPTH_MAX)
		return move_up(removal, dir_fd, name);
	fd = open_to_empty(dir_fd, name);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || (depth > 0 && st.st_dev != removal->dev)) {
		fd_close(fd);
		return -EXDEV;
	}
	if (depth == 0) {
		removal->dev = st.st_dev;
		removal->top_fd = fd;
	}
	(void)remove_children(removal, fd, depth + 1);
	return unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int path_remove_tree(int dir_fd, const char *path)
{
	struct removal removal = { .top_fd = FD_NONE };
	unsigned int moved;
	int r;

	do {
		moved = removal.moved;
		r = remove_in(&removal, dir_fd, path, 0);
	} while (r == -ENOTEMPTY && removal.moved != moved);
	return r;
}
