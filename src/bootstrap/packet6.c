/* SPDX-License-Identifier: MIT */
#include "bootstrap/packet6.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "wire/dhcp6.h"

int packet6_open(const char *link_name)
{
	const struct sockaddr_in6 here = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(DHCP6_CLIENT_PORT),
	};
	const int on = 1;
	_cleanup_fd int fd =
		socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link_name,
		       (socklen_t)strlen(link_name)) < 0 ||
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int packet6_send(int fd, int link_index, const void *message, size_t len)
{
	struct sockaddr_in6 servers = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(DHCP6_SERVER_PORT),
		.sin6_scope_id = (uint32_t)link_index,
	};

	(void)inet_pton(AF_INET6, DHCP6_SERVERS, &servers.sin6_addr);
	return sendto(fd, message, len, 0, (const struct sockaddr *)&servers,
		      sizeof(servers)) < 0
		       ? -errno
		       : 0;
}

int packet6_receive(int fd, uint8_t buf[static PACKET6_MAX],
		    struct view *ret_message)
{
	ssize_t n = recv(fd, buf, PACKET6_MAX, MSG_TRUNC);

	if (n < 0)
		return -errno;
	if (n > PACKET6_MAX)
		return -EBADMSG;
	*ret_message = view_over(buf, (size_t)n);
	return 0;
}
