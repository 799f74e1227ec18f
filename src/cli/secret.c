/* SPDX-License-Identifier: MIT */
/*
 * Read byte by byte from the descriptor: a stream would keep a copy in its
 * buffer, and take more than the line.
 */
#include "cli/secret.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>

#include "base/cleanup.h"

/* 1: a byte, 0: the end, -ECANCELED, or another negative errno. */
static int read_byte(int fd, struct interrupt *interrupt, char *ret_byte)
{
	struct pollfd pfd[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = interrupt ? interrupt->fd : FD_NONE, .events = POLLIN },
	};
	ssize_t n;

	if (poll(pfd, ARRAY_SIZE(pfd), -1) < 0)
		return -errno;
	if (pfd[1].revents)
		return -ECANCELED;
	n = read(fd, ret_byte, 1);
	return n < 0 ? -errno : (int)n;
}

/* Its length, or negative. A line is longer than size: all of it is taken. */
static int read_line(int fd, struct interrupt *interrupt, char *line,
		     size_t size)
{
	size_t len = 0;
	char byte;
	int r;

	while ((r = read_byte(fd, interrupt, &byte)) > 0 && byte != '\n') {
		if (len < size)
			line[len] = byte;
		len += len < size;
	}
	if (r < 0 || (r == 0 && len == 0))
		return r < 0 ? r : -ECANCELED;
	if (len > 0 && len < size && line[len - 1] == '\r')
		len--;
	if (len == size)
		return -ENOBUFS;
	line[len] = '\0';
	if (memchr(line, '\0', len))
		return -EBADMSG;
	return (int)len;
}

static int say_why(int r, const char *from, struct failure *failure)
{
	if (r == -ECANCELED)
		return failure_set(failure, ECANCELED, "nothing was given");
	if (r == -ENOBUFS)
		return failure_set(failure, ENOBUFS, "%s: that is too long",
				   from);
	return failure_errno(failure, -r, "%s", from);
}

int secret_ask(const char *question, struct interrupt *interrupt, char *secret,
	       size_t size, struct failure *failure)
{
	struct termios before, silent;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	int r;

	if (terminal) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		silent.c_lflag |= ICANON | ISIG;
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
		printf("%s", question);
		fflush(stdout);
	}
	r = read_line(STDIN_FILENO, interrupt, secret, size);
	if (terminal) {
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
		printf("\n");
		fflush(stdout);
	}
	if (r >= 0)
		return 0;
	explicit_bzero(secret, size);
	return say_why(r, "standard input", failure);
}

int secret_line(struct interrupt *interrupt, char *line, size_t size,
		struct failure *failure)
{
	int r = read_line(STDIN_FILENO, interrupt, line, size);

	return r < 0 ? say_why(r, "standard input", failure) : 0;
}

int secret_read(const char *path, char *secret, size_t size,
		struct failure *failure)
{
	_cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : read_line(fd, NULL, secret, size);

	if (r >= 0)
		return 0;
	explicit_bzero(secret, size);
	return say_why(r, path, failure);
}
