/* SPDX-License-Identifier: MIT */
#include "root/adapt.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"

#define UNITS	      "/etc/systemd/system"
#define INITTAB_MAX   (64 * 1024)
#define UNIT_NAME_MAX 128

/* The first line of a file that is written anew at each load. */
#define OURS "# by boomerang, at every load; without this line yours\n"

/* What registries' images leave to who runs them. */
#define HOSTS "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"

static bool is_there(int root_fd, const char *path)
{
	_cleanup_fd int fd = path_open_in_root(root_fd, path, O_PATH, 0);

	return fd >= 0;
}

/* Makes dir/name a symlink to target; one that is there already was the
 * image's own wish and stays. */
static int link_in_root(int root_fd, const char *dir, const char *name,
			const char *target, struct failure *failure)
{
	_cleanup_fd int dir_fd = FD_NONE;
	int r = path_mkdirs_in_root(root_fd, dir, 0755);

	if (r == 0)
		r = dir_fd = path_open_in_root(root_fd, dir,
					       O_PATH | O_DIRECTORY, 0);
	if (r >= 0 && symlinkat(target, dir_fd, name) < 0 && errno != EEXIST)
		r = -errno;
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot prepare %s/%s in the image", dir,
				     name);
	return 0;
}

static int adapt_systemd(int root_fd, const struct adapt *what,
			 struct failure *failure)
{
	char unit[UNIT_NAME_MAX];
	int r = 0;

	if (*what->serial) {
		snprintf(unit, sizeof(unit), "serial-getty@%s.service",
			 what->serial);
		r = link_in_root(root_fd, UNITS "/getty.target.wants", unit,
				 "/lib/systemd/system/serial-getty@.service",
				 failure);
		if (r == 0)
			r = link_in_root(root_fd, UNITS,
					 "console-getty.service", "/dev/null",
					 failure);
	}
	for (size_t i = 0; r == 0 && what->hidden[i]; i++) {
		snprintf(unit, sizeof(unit), "serial-getty@%s.service",
			 what->hidden[i]);
		r = link_in_root(root_fd, UNITS, unit, "/dev/null", failure);
	}
	return r;
}

/*
 * Whether an active line of the inittab serves this tty. In busybox's an
 * empty first field stands for /dev/console, which is the same line.
 */
static bool inittab_serves(const char *inittab, const char *tty, bool busybox)
{
	for (const char *line = inittab; *line;) {
		size_t len = strcspn(line, "\n");

		if (*line != '#' && memmem(line, len, tty, strlen(tty)))
			return true;
		if (busybox && line[0] == ':' &&
		    (memmem(line, len, ":respawn:", 9) ||
		     memmem(line, len, ":askfirst:", 10)))
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

static bool is_busybox(int root_fd, const char *init)
{
	_cleanup_fd int fd = path_open_in_root(root_fd, init, O_PATH, 0);
	char link[32], path[PATH_MAX];
	ssize_t n;

	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return false;
	path[n] = '\0';
	return strstr(path, "busybox") != NULL;
}

static int adapt_inittab(int root_fd, const struct adapt *what,
			 struct failure *failure)
{
	static char inittab[INITTAB_MAX];
	bool busybox = is_busybox(root_fd, what->init);
	_cleanup_fd int fd = path_open_in_root(root_fd, "/etc/inittab",
					       O_RDWR | O_NONBLOCK, 0);
	char line[128];
	ssize_t n;
	int r;

	if (fd < 0 || !*what->serial)
		return 0;
	n = fd_read_full(fd, inittab, sizeof(inittab) - 1);
	if (n < 0 || n == sizeof(inittab) - 1)
		return 0;
	inittab[n] = '\0';
	if (inittab_serves(inittab, what->serial, busybox))
		return 0;
	if (busybox)
		snprintf(line, sizeof(line),
			 "\n%s::respawn:/sbin/getty -L 115200 %s vt220\n",
			 what->serial, what->serial);
	else
		snprintf(line, sizeof(line),
			 "\nboom:2345:respawn:/sbin/getty -L %s 115200 "
			 "vt220\n",
			 what->serial);
	r = fd_write_all(fd, line, strlen(line));
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot add a getty to the image's "
				     "/etc/inittab");
	return 0;
}

/* Whether what is there is the image's: a dangling link (systemd-resolved's,
 * say) is its own plan; an empty file, or one that was ours at a load before
 * this one (--keep), is not. */
static bool is_the_images(int etc, const char *name)
{
	_cleanup_fd int fd = FD_NONE;
	char head[sizeof(OURS)];
	struct stat st;

	if (fstatat(etc, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno != ENOENT;
	if (!S_ISREG(st.st_mode))
		return true;
	fd = openat(etc, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fd_read_full(fd, head, sizeof(head) - 1) < 0)
		return true;
	return st.st_size > 0 && memcmp(head, OURS, sizeof(OURS) - 1) != 0;
}

/* A file in /etc that the image has not, or only empty. */
static int fill_in(int root_fd, const char *name, const char *text,
		   struct failure *failure)
{
	_cleanup_fd int etc =
		path_open_in_root(root_fd, "/etc", O_PATH | O_DIRECTORY, 0);
	_cleanup_fd int fd = FD_NONE;
	int r;

	if (etc < 0 || !*text || is_the_images(etc, name))
		return 0;
	fd = openat(etc, name,
		    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0644);
	r = fd < 0 ? -errno : fd_write_all(fd, OURS, sizeof(OURS) - 1);
	if (r == 0)
		r = fd_write_all(fd, text, strlen(text));
	if (r < 0)
		return failure_errno(failure, -r,
				     "cannot write the image's /etc/%s", name);
	return 0;
}

int adapt_image(int root_fd, const struct adapt *what, struct failure *failure)
{
	int r = 0;

	if (*what->init &&
	    is_there(root_fd, "/lib/systemd/system/serial-getty@.service"))
		r = adapt_systemd(root_fd, what, failure);
	if (r == 0 && *what->init)
		r = adapt_inittab(root_fd, what, failure);
	if (r == 0)
		r = fill_in(root_fd, "resolv.conf", what->resolv_conf, failure);
	if (r == 0)
		r = fill_in(root_fd, "hosts", HOSTS, failure);
	return r;
}
