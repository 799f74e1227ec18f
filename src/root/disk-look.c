/* SPDX-License-Identifier: MIT */
/*
 * A child, because the kernel reads here what nobody has checked: one that
 * hangs in it is killed, and takes the mount and the loop device with it.
 */
#include "root/disk-look.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/text.h"
#include "root/filemount.h"

#define PATIENCE_MS 30000

struct answer {
	int32_t r;
	char subdirectory[IMAGE_SUBDIRECTORY_MAX];
};

static const char *const marks[] = {
	"etc/os-release", "usr/lib/os-release", "sbin/init",
	"usr/sbin/init",  "bin/init",		"usr/lib/systemd/systemd",
	"init",
};

/* Subvolumes of btrfs that distributions put their root into, when it is not
 * the default one: Fedora, Ubuntu, Debian. */
static const char *const subvolumes[] = { "root", "@", "@rootfs" };

static bool is_root(int dir_fd)
{
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		_cleanup_fd int fd =
			path_open_in_root(dir_fd, marks[i], O_PATH, 0);

		if (fd >= 0)
			return true;
	}
	return false;
}

static bool look_below(int mount_fd, struct answer *answer)
{
	for (size_t i = 0; i < ARRAY_SIZE(subvolumes); i++) {
		_cleanup_fd int fd =
			path_open_in_root(mount_fd, subvolumes[i],
					  O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);

		if (fd < 0 || !is_root(fd))
			continue;
		(void)str_copy(answer->subdirectory,
			       sizeof(answer->subdirectory), subvolumes[i]);
		return true;
	}
	return false;
}

static struct answer look(int fd, const struct disk_part *part)
{
	struct answer answer = { 0 };
	_cleanup_fd int mount_fd = filemount_new(
		fd, part->offset, part->length, part->fstype,
		MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, NULL);

	if (mount_fd < 0)
		answer.r = mount_fd;
	else if (is_root(mount_fd))
		answer.r = 1;
	else if (str_eq(part->fstype, "btrfs"))
		answer.r = look_below(mount_fd, &answer);
	return answer;
}

static int wait_answer(int pipe_fd, struct answer *ret_answer)
{
	struct pollfd wait = { .fd = pipe_fd, .events = POLLIN };
	int r;

	do
		r = poll(&wait, 1, PATIENCE_MS);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	if (r == 0)
		return -ETIMEDOUT;
	return fd_read_full(pipe_fd, ret_answer, sizeof(*ret_answer)) ==
			       (ssize_t)sizeof(*ret_answer)
		       ? 0
		       : -EIO;
}

int disk_look(int fd, struct disk_part *part)
{
	_cleanup_fd int ours = FD_NONE, theirs = FD_NONE;
	struct answer answer = { 0 };
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	ours = ends[0];
	theirs = ends[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		answer = look(fd, part);
		_exit(fd_write_all(theirs, &answer, sizeof(answer)) < 0);
	}
	theirs = fd_close(theirs);
	r = wait_answer(ours, &answer);
	if (r < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (r == 0 && answer.r > 0)
		(void)str_copy(part->subdirectory, sizeof(part->subdirectory),
			       answer.subdirectory);
	return r < 0 ? r : answer.r;
}
