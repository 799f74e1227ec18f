/* SPDX-License-Identifier: MIT */
#include "base/wpa-control.h"

#include <poll.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/text.h"

/* An interface is added only after its firmware was loaded. */
#define PATIENCE_MS 10000
#define REQUEST_MAX 1024

int wpa_control_open(const char *path)
{
	/* Without a path the kernel chooses a name that no file has, so that
	 * none is left behind (unix(7), autobind). */
	const struct sockaddr_un ours = { .sun_family = AF_UNIX };
	struct sockaddr_un theirs = { .sun_family = AF_UNIX };
	_cleanup_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (!str_copy(theirs.sun_path, sizeof(theirs.sun_path), path))
		return -ENAMETOOLONG;
	if (bind(fd, (const struct sockaddr *)&ours, sizeof(ours.sun_family)) <
		    0 ||
	    connect(fd, (const struct sockaddr *)&theirs, sizeof(theirs)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static ssize_t receive(int fd, char *reply, size_t size, int64_t until_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int64_t left_ms = until_ms - clock_ms();
	ssize_t n;
	int r = left_ms > 0 ? poll(&pfd, 1, (int)left_ms) : 0;

	if (r <= 0)
		return r == 0 ? -ETIMEDOUT : -errno;
	n = recv(fd, reply, size - 1, 0);
	if (n < 0)
		return -errno;
	reply[n] = '\0';
	return n;
}

ssize_t wpa_control_ask(int fd, const char *request, char *reply, size_t size)
{
	int64_t until_ms = clock_ms() + PATIENCE_MS;
	ssize_t n;

	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		return -errno;
	/* What begins with a priority answers nothing. */
	do
		n = receive(fd, reply, size, until_ms);
	while (n == -EINTR || (n > 0 && reply[0] == '<'));
	return n;
}

int wpa_control_order(int fd, const char *format, ...)
{
	char request[REQUEST_MAX], reply[64];
	struct text text = text_over(request, sizeof(request));
	ssize_t n = -E2BIG;
	va_list args;

	va_start(args, format);
	text_vadd(&text, format, args);
	va_end(args);
	if (!text.cut)
		n = wpa_control_ask(fd, request, reply, sizeof(reply));
	explicit_bzero(request, sizeof(request));
	if (n < 0)
		return (int)n;
	return str_eq(reply, "OK\n") ? 0 : -EREMOTEIO;
}
