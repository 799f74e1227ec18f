/* SPDX-License-Identifier: MIT */
/*
 * A window is gathered from a small header for each block and the pages of
 * the file, which are copied once, by the kernel, into the packets. With
 * UDP_SEGMENT (udp(7)) all of it passes the stack as one packet, which the
 * device, or the kernel behind it, cuts into datagrams of the header's and a
 * block's size: all but the last are equal, as it has to be. Where that does
 * not work (blocks larger than a packet; devices that cannot sum up) one
 * sendmmsg(2) sends datagrams.
 */
#include "server/tftp-send.h"

#include <errno.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "wire/tftp.h"

struct gathered {
	size_t blocks;
	uint8_t headers[TFTP_WINDOW_BLOCKS][TFTP_HEADER];
	struct iovec pieces[2 * TFTP_WINDOW_BLOCKS];
};

void tftp_path_init(struct tftp_path *path, int fd,
		    const struct tftp_window *window)
{
	int size = (int)(TFTP_HEADER + window->blksize);

	path->fd = fd;
	path->segments =
		window->count > 1 &&
		setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof(size)) == 0;
}

static void gather(struct gathered *all, const struct tftp_window *window,
		   const char *bytes)
{
	uint64_t last = tftp_window_last(window);

	all->blocks = 0;
	for (uint64_t n = tftp_window_next(window); n <= last; n++) {
		size_t i = all->blocks++;

		tftp_header(all->headers[i], TFTP_DATA, (uint16_t)n);
		all->pieces[2 * i] = (struct iovec){
			.iov_base = all->headers[i],
			.iov_len = TFTP_HEADER,
		};
		all->pieces[2 * i + 1] = (struct iovec){
			.iov_base =
				(char *)bytes + tftp_window_offset(window, n),
			.iov_len = tftp_window_bytes(window, n),
		};
	}
}

static int send_whole(int fd, struct gathered *all)
{
	struct msghdr message = {
		.msg_iov = all->pieces,
		.msg_iovlen = 2 * all->blocks,
	};

	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int send_each(int fd, struct gathered *all)
{
	struct mmsghdr messages[TFTP_WINDOW_BLOCKS];

	for (size_t i = 0; i < all->blocks; i++)
		messages[i].msg_hdr = (struct msghdr){
			.msg_iov = &all->pieces[2 * i],
			.msg_iovlen = 2,
		};
	return sendmmsg(fd, messages, (unsigned int)all->blocks, MSG_NOSIGNAL) <
			       0
		       ? -errno
		       : 0;
}

/* The kernel's ways to say that it cannot cut on this route: a datagram that
 * does not fit a packet (EINVAL, newer ones EMSGSIZE), no checksums by the
 * device (EIO), and others of drivers and filters. */
static bool cannot_cut(int r)
{
	return r == -EINVAL || r == -EMSGSIZE || r == -EIO ||
	       r == -EOPNOTSUPP || r == -ENOPROTOOPT;
}

static void stop_cutting(struct tftp_path *path)
{
	int none = 0;

	path->segments = false;
	(void)setsockopt(path->fd, SOL_UDP, UDP_SEGMENT, &none, sizeof(none));
}

int tftp_path_send(struct tftp_path *path, struct tftp_window *window,
		   const char *bytes)
{
	struct gathered all;
	int r;

	gather(&all, window, bytes);
	if (path->segments || all.blocks == 1)
		r = send_whole(path->fd, &all);
	else
		r = send_each(path->fd, &all);
	if (path->segments && cannot_cut(r)) {
		stop_cutting(path);
		r = send_each(path->fd, &all);
	}
	window->sent = tftp_window_last(window);
	return r == -EFAULT ? r : 0;
}
