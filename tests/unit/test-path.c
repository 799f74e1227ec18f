/* SPDX-License-Identifier: MIT */
/* Paths inside a root that an image has prepared against us. */
#include "base/path.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

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

/* Deeper than descriptors go, and than a path can be written. */
#define DEEP 3000

static int make_deep(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < DEEP && fd >= 0; i++) {
		int next = mkdirat(fd, "deep-0", 0700) < 0
				   ? -1
				   : openat(fd, "deep-0",
					    O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		fd_close(fd);
		fd = next;
	}
	fd_close(fd);
	return fd;
}

static void test_remove_deep(void)
{
	char dir[] = "/tmp/test-path-deep-XXXXXX";

	ok(mkdtemp(dir) && make_deep(dir) >= 0, "a tree that is very deep");
	ok_int(path_remove_tree(AT_FDCWD, dir), 0, "is removed");
}

/* As one who is not root: the directory of another mode is its own. */
static void test_remove_locked(void)
{
	char dir[] = "/tmp/test-path-locked-XXXXXX", path[64];
	int status = -1;
	pid_t pid;

	ok(mkdtemp(dir) != NULL, "a directory");
	snprintf(path, sizeof(path), "%s/in", dir);
	pid = fork();
	if (pid == 0) {
		/* What is above must be its own, too. */
		if (geteuid() == 0 && (chown(dir, 64321, 64321) < 0 ||
				       setresuid(64321, 64321, 64321) < 0))
			_exit(2);
		if (mkdir(path, 0700) < 0 || chdir(path) < 0 ||
		    mkdir("below", 0) < 0 || chmod(path, 0) < 0)
			_exit(3);
		_exit(path_remove_tree(AT_FDCWD, path) < 0);
	}
	waitpid(pid, &status, 0);
	ok_int(status, 0, "its owner removes what is locked");
	ok_int(path_remove_tree(AT_FDCWD, dir), 0, "nothing is left");
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
	test_remove_deep();
	test_remove_locked();
	return tap_done();
}
