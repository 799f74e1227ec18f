/* SPDX-License-Identifier: MIT */
/*
 * A connected socket costs no look at the routes for each packet, and hears
 * of a client that closed its port. What does not come from its client never
 * reaches it; the kernel gives that to a second socket, which has the same
 * address but no client, and so a worse match.
 */
#include "server/tftp-socket.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "wire/tftp.h"

static int open_bound(const struct sockaddr_in *here, bool shared)
{
	const int on = 1;
	_cleanup_fd int fd =
		socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 ||
	    (shared &&
	     setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) ||
	    bind(fd, (const struct sockaddr *)here, sizeof(*here)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int tftp_socket_open(struct in_addr local, const struct sockaddr_in *peer,
		     int *ret_fd, int *ret_strangers_fd)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr = local };
	socklen_t len = sizeof(here);
	const int on = 1;
	/* Shared only afterwards, so that the port is new. */
	_cleanup_fd int fd = open_bound(&here, false);
	int strangers_fd;

	if (fd < 0)
		return fd;
	if (getsockname(fd, (struct sockaddr *)&here, &len) < 0 ||
	    connect(fd, (const struct sockaddr *)peer, sizeof(*peer)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -errno;
	strangers_fd = open_bound(&here, true);
	if (strangers_fd < 0)
		return strangers_fd;
	*ret_strangers_fd = strangers_fd;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

void tftp_socket_refuse(int strangers_fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t bytes[TFTP_REPLY_MAX];
	ssize_t n = recvfrom(strangers_fd, bytes, sizeof(bytes), 0,
			     (struct sockaddr *)&from, &len);
	struct build b = build_over(bytes, sizeof(bytes));
	struct tftp_packet packet;
	const char *why;

	/* Two that answer each other's errors would never end. */
	if (n < 0 ||
	    tftp_parse(view_over(bytes, (size_t)n), &packet, &why) < 0 ||
	    packet.opcode == TFTP_ERROR)
		return;
	tftp_build_error(&b, TFTP_UNKNOWN_TID, "this transfer is another's");
	(void)!sendto(strangers_fd, b.start, b.len, MSG_NOSIGNAL,
		      (const struct sockaddr *)&from, len);
}
