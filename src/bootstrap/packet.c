/* SPDX-License-Identifier: MIT */
#include "bootstrap/packet.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/packet-socket.h"
#include "wire/dhcp4.h"
#include "wire/udp4.h"

int packet_open(int link_index)
{
	return packet_socket_open(link_index, DHCP4_CLIENT_PORT);
}

int packet_broadcast(int fd, int link_index, uint32_t source,
		     const void *message, size_t len)
{
	const struct udp4_packet packet = {
		.source = source,
		.destination = INADDR_BROADCAST,
		.source_port = DHCP4_CLIENT_PORT,
		.destination_port = DHCP4_SERVER_PORT,
		.payload = view_over(message, len),
	};
	struct sockaddr_ll everyone = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = link_index,
		.sll_halen = ETH_ALEN,
	};
	uint8_t bytes[PACKET_MAX];
	struct build b = build_over(bytes, sizeof(bytes));

	memset(everyone.sll_addr, 0xff, ETH_ALEN);
	udp4_build(&b, &packet);
	if (b.bad)
		return -ENOBUFS;
	if (sendto(fd, bytes, b.len, 0, (const struct sockaddr *)&everyone,
		   sizeof(everyone)) < 0)
		return -errno;
	return 0;
}

int packet_receive(int fd, uint8_t buf[static PACKET_MAX],
		   struct view *ret_message)
{
	union {
		struct cmsghdr align;
		char bytes[PACKET_SOCKET_CONTROL];
	} control;
	struct iovec iov = { .iov_base = buf, .iov_len = PACKET_MAX };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct udp4_packet packet;
	ssize_t n = recvmsg(fd, &message, 0);
	int r;

	if (n < 0)
		return -errno;
	if (message.msg_flags & MSG_TRUNC)
		return -EBADMSG;
	r = udp4_parse(view_over(buf, (size_t)n),
		       packet_socket_is_partial(&message), &packet);
	if (r < 0)
		return r;
	if (packet.destination_port != DHCP4_CLIENT_PORT)
		return -EBADMSG;
	*ret_message = packet.payload;
	return 0;
}

int packet_unicast(const char *link_name, uint32_t source, uint32_t server,
		   const void *message, size_t len)
{
	const struct sockaddr_in from = {
		.sin_family = AF_INET,
		.sin_port = htons(DHCP4_CLIENT_PORT),
		.sin_addr.s_addr = htonl(source),
	};
	const struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(DHCP4_SERVER_PORT),
		.sin_addr.s_addr = htonl(server),
	};
	const int on = 1;
	_cleanup_fd int fd =
		socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link_name,
		       (socklen_t)strlen(link_name)) < 0 ||
	    bind(fd, (const struct sockaddr *)&from, sizeof(from)) < 0 ||
	    sendto(fd, message, len, 0, (const struct sockaddr *)&to,
		   sizeof(to)) < 0)
		return -errno;
	return TAKE_FD(fd);
}
