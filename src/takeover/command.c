/* SPDX-License-Identifier: MIT */
/*
 * Its output is read until it ends, or until the command itself does: what a
 * command left behind may hold its output open for ever.
 */
#include "takeover/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/spawn.h"

struct output {
	char *buf;
	size_t size;
	size_t len;
};

/* Reads what there is. Returns 0 at its end. */
static ssize_t take_output(int fd, struct output *output)
{
	char rest[4096];
	size_t room = output->size - 1 - output->len;
	ssize_t n = room ? read(fd, output->buf + output->len, room)
			 : read(fd, rest, sizeof(rest));

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 1 : 0;
	if (room)
		output->len += (size_t)n;
	return n;
}

/* Until the command is over; then what it wrote last is in the pipe. */
static int wait_until(int pid_fd, int *out_fd, int64_t deadline,
		      struct output *output)
{
	struct pollfd fds[] = {
		{ .fd = pid_fd, .events = POLLIN },
		{ .fd = *out_fd, .events = POLLIN },
	};

	for (;;) {
		int64_t left = deadline - clock_ms();
		int n;

		if (left <= 0)
			return -ETIMEDOUT;
		n = poll(fds, ARRAY_SIZE(fds), (int)MIN(left, 60 * MS_PER_S));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0)
			continue;
		if (fds[1].revents && take_output(*out_fd, output) == 0)
			fds[1].fd = *out_fd = fd_close(*out_fd);
		else if (fds[0].revents && !fds[1].revents)
			return 0;
	}
}

static int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* A daemon that a command starts keeps its output: nobody must wait for that,
 * and it must not break when we are gone. So there is a pipe only for whoever
 * wants to read. */
static int open_output(const char *buf, int *ret_read_fd, int *ret_write_fd)
{
	int fds[2];

	if (!buf)
		return 0;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	*ret_read_fd = fds[0];
	*ret_write_fd = fds[1];
	return fd_set_nonblocking(fds[0]);
}

int command_run(const char *const *argv, int64_t limit_ms, char *buf,
		size_t size, struct failure *failure)
{
	struct output output = { .buf = buf, .size = size };
	_cleanup_fd int read_fd = FD_NONE, write_fd = FD_NONE;
	_cleanup_fd int pid_fd = FD_NONE;
	int r = open_output(buf, &read_fd, &write_fd), status;
	pid_t pid;

	if (r < 0)
		return failure_errno(failure, -r, "%s: no pipe", argv[0]);
	pid = spawn(&(struct spawn){ .argv = argv,
				     .fd = { FD_NONE, write_fd, FD_NONE },
				     .extra_fd = FD_NONE,
				     .session = true },
		    failure);
	if (pid < 0)
		return (int)pid;
	write_fd = fd_close(write_fd);
	pid_fd = pidfd_open(pid, 0);
	r = pid_fd < 0 ? -errno
		       : wait_until(pid_fd, &read_fd, clock_ms() + limit_ms,
				    &output);
	if (r < 0)
		(void)kill(-pid, SIGKILL);
	status = reap(pid);
	if (buf)
		buf[output.len] = '\0';
	if (r == -ETIMEDOUT)
		return failure_set(failure, ETIMEDOUT,
				   "%s did not end within %lld s", argv[0],
				   (long long)(limit_ms / MS_PER_S));
	if (r < 0 || status < 0)
		return failure_errno(failure, r < 0 ? -r : -status,
				     "%s: cannot wait for it", argv[0]);
	return status;
}
