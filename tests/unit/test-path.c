/* SPDX-License-Identifier: MIT */
/* Paths inside a root that an image has prepared against us. */
#include "base/path.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "tap.h"

static char top[] = "/tmp/boomerang-path-XXXXXX";

static bool is_inside(int root_fd, const char *path)
{
	_cleanup_fd int fd = path_open_in_root(root_fd, path, O_RDONLY, 0);
	char text[16];

	return fd >= 0 && fd_read_full(fd, text, 6) == 6 &&
	       memcmp(text, "inside", 6) == 0;
}

static void test_open(int root_fd)
{
	_cleanup_fd int magic = FD_NONE;

	ok(is_inside(root_fd, "/secret"), "an absolute name");
	ok(is_inside(root_fd, "../../secret"), "\"..\" stops at the root");
	ok(is_inside(root_fd, "absolute"), "an absolute symlink");
	ok(is_inside(root_fd, "climbing"), "a symlink that climbs");
	ok(is_inside(root_fd, "etc/link/../secret"), "through a linked dir");
	magic = path_open_in_root(root_fd, "magic", O_RDONLY, 0);
	ok(magic < 0, "a link to another process's descriptor");
}

static void test_mkdirs(int top_fd, int root_fd)
{
	struct stat st;

	ok_int(path_mkdirs_in_root(root_fd, "/out/a/b", 0755), 0,
	       "directories below a symlink that points outside");
	ok(fstatat(root_fd, "outside/a/b", &st, 0) == 0, "are made inside");
	ok(fstatat(top_fd, "outside/a", &st, 0) < 0, "and not outside");
	ok_int(path_mkdirs_in_root(root_fd, "../../up", 0755), 0, "\"..\"");
	ok(fstatat(top_fd, "up", &st, 0) < 0, "does not climb");
	ok_int(path_mkdirs_in_root(root_fd, "secret/x", 0755), -ENOTDIR,
	       "a file in the way");
	ok_int(path_mkdirs_in_root(root_fd, "", 0755), 0, "an empty path");
}

int main(void)
{
	_cleanup_fd int top_fd = FD_NONE, root_fd = FD_NONE;
	char path[64];

	if (!ok(mkdtemp(top) != NULL, "a directory"))
		return tap_done();
	top_fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mkdirat(top_fd, "root", 0755);
	mkdirat(top_fd, "root/etc", 0755);
	mkdirat(top_fd, "root/outside", 0755);
	mkdirat(top_fd, "outside", 0755);
	root_fd = openat(top_fd, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok(file_create(top_fd, "secret", "outside") == 0 &&
		   file_create(root_fd, "secret", "inside") == 0,
	   "a file outside and one of the same name inside");
	symlinkat("/secret", root_fd, "absolute");
	symlinkat("../../../secret", root_fd, "climbing");
	symlinkat("/etc", root_fd, "etc/link");
	symlinkat("../outside", root_fd, "out");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", top_fd);
	symlinkat(path, root_fd, "magic");
	test_open(root_fd);
	test_mkdirs(top_fd, root_fd);
	ok_int(path_remove_tree(AT_FDCWD, top), 0, "all of it is removed");
	ok(access(top, F_OK) < 0, "and gone");
	return tap_done();
}
