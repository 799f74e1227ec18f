/* SPDX-License-Identifier: MIT */
#include "bootstrap/packet.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "wire/dhcp4.h"
#include "wire/udp4.h"

/* UDP, no later fragment, to the client's port. Offsets are from the IP
 * header on. A target's traffic must not wake us for every packet. */
static const struct sock_filter filter[] = {
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 9),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 6),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 4, 0),
	BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
	BPF_STMT(BPF_LD | BPF_H | BPF_IND, 2),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, DHCP4_CLIENT_PORT, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	BPF_STMT(BPF_RET | BPF_K, 0),
};

int packet_open(int link_index)
{
	const struct sock_fprog program = {
		.len = ARRAY_SIZE(filter),
		.filter = (struct sock_filter *)filter,
	};
	const struct sockaddr_ll here = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = link_index,
	};
	const int on = 1;
	/* Protocol 0 receives nothing until the filter is in place. */
	_cleanup_fd int fd =
		socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
		       sizeof(program)) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0)
		return -errno;
	return TAKE_FD(fd);
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

/* Whether the sender's kernel left the checksum to hardware that the packet
 * never met, as between virtual machines. */
static bool is_checksum_partial(struct msghdr *message)
{
	struct tpacket_auxdata aux;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c;
	     c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_PACKET ||
		    c->cmsg_type != PACKET_AUXDATA ||
		    c->cmsg_len < CMSG_LEN(sizeof(aux)))
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_status & TP_STATUS_CSUMNOTREADY;
	}
	return false;
}

int packet_receive(int fd, uint8_t buf[static PACKET_MAX],
		   struct view *ret_message)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
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
	r = udp4_parse(view_over(buf, (size_t)n), is_checksum_partial(&message),
		       &packet);
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
