/* SPDX-License-Identifier: MIT */
#include "server/dhcp-socket.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>

#include "base/cleanup.h"
#include "base/packet-socket.h"

static void init_slots(struct mmsghdr *headers, struct dhcp_slot *slots,
		       uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < DHCP_BATCH; i++) {
		slots[i].iov = (struct iovec){
			.iov_base = bytes + i * size,
			.iov_len = size,
		};
		headers[i].msg_hdr = (struct msghdr){
			.msg_name = &slots[i].address,
			.msg_iov = &slots[i].iov,
			.msg_iovlen = 1,
			.msg_control = slots[i].control,
		};
	}
}

int dhcp_socket_init(struct dhcp_socket *s, int fd, int raw_fd, uint16_t port)
{
	const int on = 1;

	s->fd = fd;
	s->raw = raw_fd >= 0;
	s->send_fd = s->raw ? raw_fd : fd;
	s->port = port;
	s->out_count = 0;
	s->unsent = 0;
	init_slots(s->in, s->in_slots, s->in_bytes[0], DHCP_RECEIVE_MAX);
	init_slots(s->out, s->out_slots, s->out_bytes[0], DHCP_SEND_MAX);
	if (setsockopt(s->send_fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) <
	    0)
		return -errno;
	return 0;
}

size_t dhcp_socket_receive(struct dhcp_socket *s)
{
	int n;

	for (size_t i = 0; i < DHCP_BATCH; i++) {
		s->in[i].msg_hdr.msg_namelen = sizeof(s->in_slots[i].address);
		s->in[i].msg_hdr.msg_controllen = DHCP_CONTROL_MAX;
	}
	n = recvmmsg(s->fd, s->in, DHCP_BATCH, MSG_DONTWAIT, NULL);
	return n > 0 ? (size_t)n : 0;
}

static int get_bound(struct msghdr *header, struct dhcp_datagram *datagram)
{
	const struct sockaddr_in *from = header->msg_name;
	struct in_pktinfo info;

	datagram->from = ntohl(from->sin_addr.s_addr);
	datagram->from_port = ntohs(from->sin_port);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c;
	     c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		datagram->link = info.ipi_ifindex;
		/* The kernel gives us nothing but what is for one of our
		 * addresses, or for all: any kind of broadcast. */
		datagram->destination =
			info.ipi_addr.s_addr == info.ipi_spec_dst.s_addr
				? ntohl(info.ipi_addr.s_addr)
				: UINT32_MAX;
		return 0;
	}
	return -ENODATA;
}

static int get_raw(struct dhcp_socket *s, struct msghdr *header,
		   struct dhcp_datagram *datagram, const char **ret_reason)
{
	const struct sockaddr_ll *link = header->msg_name;
	struct udp4_packet packet;
	int r;

	if (link->sll_pkttype == PACKET_OUTGOING ||
	    link->sll_pkttype == PACKET_OTHERHOST)
		return -ENODATA;
	*ret_reason = "broken IP or UDP header";
	r = udp4_parse(datagram->payload, packet_socket_is_partial(header),
		       &packet);
	if (r < 0)
		return r;
	if (packet.destination_port != s->port)
		return -ENODATA;
	datagram->link = link->sll_ifindex;
	datagram->from = packet.source;
	datagram->from_port = packet.source_port;
	datagram->destination = link->sll_pkttype == PACKET_BROADCAST
					? UINT32_MAX
					: packet.destination;
	datagram->payload = packet.payload;
	return 0;
}

int dhcp_socket_get(struct dhcp_socket *s, size_t number,
		    struct dhcp_datagram *ret_datagram, const char **ret_reason)
{
	struct msghdr *header = &s->in[number].msg_hdr;

	*ret_datagram = (struct dhcp_datagram){
		.payload =
			view_over(s->in_bytes[number], s->in[number].msg_len),
	};
	*ret_reason = "longer than any DHCP packet";
	if (header->msg_flags & MSG_TRUNC)
		return -EBADMSG;
	if (s->raw)
		return get_raw(s, header, ret_datagram, ret_reason);
	return get_bound(header, ret_datagram);
}

static void set_address(struct msghdr *header, const struct pxe_destination *to,
			uint32_t source, int link)
{
	const struct in_pktinfo info = {
		/* Elsewhere routing knows better than the way it came. */
		.ipi_ifindex = to->broadcast ? link : 0,
		.ipi_spec_dst.s_addr = htonl(source),
	};
	struct sockaddr_in *address = header->msg_name;
	struct cmsghdr *c;

	*address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(to->port),
		.sin_addr.s_addr =
			htonl(to->broadcast ? INADDR_BROADCAST : to->address),
	};
	header->msg_namelen = sizeof(*address);
	header->msg_controllen = CMSG_SPACE(sizeof(info));
	c = CMSG_FIRSTHDR(header);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
}

void dhcp_socket_send(struct dhcp_socket *s, struct view payload,
		      const struct pxe_destination *to, uint32_t source,
		      int link)
{
	const struct udp4_packet packet = {
		.source = source,
		.destination = to->broadcast ? INADDR_BROADCAST : to->address,
		.source_port = to->from_port,
		.destination_port = to->port,
		.payload = payload,
	};
	size_t number = s->out_count;
	struct build b = build_over(s->out_bytes[number], DHCP_SEND_MAX);

	if (s->raw)
		udp4_build(&b, &packet);
	else
		build_bytes(&b, payload.at, payload.left);
	if (b.bad)
		return;
	s->out_slots[number].iov.iov_len = b.len;
	set_address(&s->out[number].msg_hdr, to, source, link);
	/* Of a raw IP socket the port would be the protocol. */
	if (s->raw)
		((struct sockaddr_in *)(void *)&s->out_slots[number].address)
			->sin_port = 0;
	if (++s->out_count == DHCP_BATCH)
		dhcp_socket_flush(s);
}

void dhcp_socket_flush(struct dhcp_socket *s)
{
	size_t sent = 0;

	while (sent < s->out_count) {
		int n = sendmmsg(s->send_fd, s->out + sent,
				 (unsigned int)(s->out_count - sent),
				 MSG_DONTWAIT);

		if (n > 0) {
			sent += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		/* This one cannot be sent; the next may be for somebody
		 * else. */
		s->unsent_err = errno;
		s->unsent++;
		sent++;
	}
	s->out_count = 0;
}
