/* SPDX-License-Identifier: MIT */
#include "bootstrap/router.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "base/cleanup.h"

#define ADVERT_MAX 2048
/* What no router forwards: it comes from this link (section 6.1.2). */
#define HOPS 255

int router_open(void)
{
	_cleanup_fd int fd =
		socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       IPPROTO_ICMPV6);
	const int on = 1, hops = HOPS;
	struct icmp6_filter filter;

	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ND_ROUTER_ADVERT, &filter);
	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter,
		       sizeof(filter)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on)) <
		    0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof(on)) <
		    0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops,
		       sizeof(hops)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int router_solicit(int fd, int link_index)
{
	const struct sockaddr_in6 routers = {
		.sin6_family = AF_INET6,
		.sin6_addr.s6_addr = { 0xff, 0x02, [15] = 0x02 },
		.sin6_scope_id = (uint32_t)link_index,
	};
	const struct nd_router_solicit message = {
		.nd_rs_type = ND_ROUTER_SOLICIT,
	};

	return sendto(fd, &message, sizeof(message), 0,
		      (const struct sockaddr *)&routers, sizeof(routers)) < 0
		       ? -errno
		       : 0;
}

/* Which interface it came in by; -EBADMSG: not of its link. */
static int read_origin(struct msghdr *message, int *ret_link_index)
{
	struct in6_pktinfo info = { 0 };
	int hops = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c;
	     c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != IPPROTO_IPV6)
			continue;
		if (c->cmsg_type == IPV6_PKTINFO)
			memcpy(&info, CMSG_DATA(c), sizeof(info));
		else if (c->cmsg_type == IPV6_HOPLIMIT)
			memcpy(&hops, CMSG_DATA(c), sizeof(hops));
	}
	if (hops != HOPS || info.ipi6_ifindex == 0)
		return -EBADMSG;
	*ret_link_index = (int)info.ipi6_ifindex;
	return 0;
}

int router_receive(int fd, int *ret_link_index, struct ipv6 *ret_router,
		   struct router_advert *ret_advert)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
			   CMSG_SPACE(sizeof(int))];
	} control;
	uint8_t bytes[ADVERT_MAX];
	struct iovec iov = { .iov_base = bytes, .iov_len = sizeof(bytes) };
	struct sockaddr_in6 from = { 0 };
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &message, 0);
	struct ipv6 router;
	int r, index;

	if (n < 0)
		return -errno;
	memcpy(router.bytes, &from.sin6_addr, sizeof(router.bytes));
	if (message.msg_flags & MSG_TRUNC || !ipv6_is_link_local(&router))
		return -EBADMSG;
	r = read_origin(&message, &index);
	if (r == 0)
		r = router_advert_parse(view_over(bytes, (size_t)n),
					ret_advert);
	if (r < 0)
		return -EBADMSG;
	*ret_link_index = index;
	*ret_router = router;
	return 0;
}
