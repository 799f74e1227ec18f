/* SPDX-License-Identifier: MIT */
/*
 * Each message that the kernel lists is sent back as the order to remove it.
 * A dump that is changed while it is read skips some, so it is asked again
 * until nothing more can be removed. Links that are taken down last take with
 * them what hung on them.
 */
#include <net/if.h>

#include "root/replay.h"
#include "takeover/network-file.h"
#include "takeover/network.h"

#define ROUNDS_MAX 64

struct flushing {
	int netlink; /* another one than that of the dump */
	uint32_t loopback;
	enum network_thing thing;
	size_t removed;
};

static int remove_message(const struct flushing *flushing,
			  const struct nlmsghdr *message)
{
	const struct network_kind *kind = &network_kinds[flushing->thing];
	_Alignas(struct nlmsghdr) char copy[NETLINK_REQUEST_MAX];
	struct netlink_request request;
	size_t len;
	int r = replay_copy(kind->replay, message, copy, sizeof(copy), &len);

	if (r < 0)
		return r;
	replay_begin(&request, kind->replay->header_len, kind->remove, 0, copy,
		     len);
	return netlink_talk(flushing->netlink, &request);
}

static int take_down(const struct flushing *flushing,
		     const struct ifinfomsg *link)
{
	const struct ifinfomsg down = { .ifi_index = link->ifi_index,
					.ifi_change = IFF_UP };
	struct netlink_request request;

	if (!(link->ifi_flags & IFF_UP))
		return 0;
	netlink_begin(&request, RTM_NEWLINK, 0, &down, sizeof(down));
	return netlink_talk(flushing->netlink, &request);
}

static bool is_of_the_kernel(const struct nlmsghdr *message)
{
	const struct rtmsg *route = NLMSG_DATA(message);
	size_t attrs_len;
	const void *attrs = message_attrs(message, sizeof(*route), &attrs_len);

	return !attrs || (route->rtm_flags & RTM_F_CLONED) ||
	       attr_u32(attrs, attrs_len, RTA_TABLE, route->rtm_table) ==
		       RT_TABLE_LOCAL ||
	       (route->rtm_family != AF_INET && route->rtm_family != AF_INET6);
}

/* Errors are no reason to stop: what can be removed is. */
static int flush_one(const struct nlmsghdr *message, void *context)
{
	struct flushing *flushing = context;
	const struct network_kind *kind = &network_kinds[flushing->thing];
	const struct ifinfomsg *link = NLMSG_DATA(message);
	const struct ifaddrmsg *address = NLMSG_DATA(message);
	int r = -ENOENT;

	if (message->nlmsg_len <
	    NLMSG_HDRLEN + NLMSG_ALIGN(kind->replay->header_len))
		return 0;
	if (flushing->thing == NETWORK_LINKS) {
		if ((uint32_t)link->ifi_index != flushing->loopback)
			(void)!take_down(flushing, link);
		return 0;
	}
	if (flushing->thing == NETWORK_ADDRESSES &&
	    address->ifa_index != flushing->loopback)
		r = remove_message(flushing, message);
	if (flushing->thing == NETWORK_ROUTES && !is_of_the_kernel(message))
		r = remove_message(flushing, message);
	if (r == 0)
		flushing->removed++;
	return 0;
}

static void flush(struct flushing *flushing, enum network_thing thing)
{
	static const char header[sizeof(struct ifinfomsg)];
	const struct network_kind *kind = &network_kinds[thing];

	flushing->thing = thing;
	for (int i = 0; i < ROUNDS_MAX; i++) {
		_cleanup_fd int fd = netlink_open(NETLINK_ROUTE);
		struct netlink_request request;

		if (fd < 0)
			return;
		flushing->removed = 0;
		netlink_begin(&request, kind->get, 0, header,
			      kind->replay->header_len);
		(void)!netlink_dump(fd, &request, flush_one, flushing);
		if (flushing->removed == 0)
			return;
	}
}

void network_flush(void)
{
	struct flushing flushing = {
		.netlink = netlink_open(NETLINK_ROUTE),
		.loopback = if_nametoindex("lo"),
	};

	if (flushing.netlink < 0)
		return;
	flush(&flushing, NETWORK_ROUTES);
	flush(&flushing, NETWORK_ADDRESSES);
	flush(&flushing, NETWORK_LINKS);
	fd_close(flushing.netlink);
}
