/* SPDX-License-Identifier: MIT */
#include "bootstrap/link.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/text.h"
#include "wire/ipv4.h"

static bool has_attr(const void *attrs, size_t len, uint16_t type)
{
	size_t value_len;

	return netlink_find(attrs, len, type, &value_len);
}

static bool is_virtual(const void *attrs, size_t len)
{
	size_t info_len;
	const void *info = netlink_find(attrs, len, IFLA_LINKINFO, &info_len);

	return info && has_attr(info, info_len, IFLA_INFO_KIND);
}

int link_read(const struct nlmsghdr *message, struct link *ret_link)
{
	struct link link = { .removed = message->nlmsg_type == RTM_DELLINK };
	const size_t skip = NLMSG_LENGTH(sizeof(struct ifinfomsg));
	const char *attrs = (const char *)message + skip;
	size_t len, name_len, mac_len;
	const void *name, *mac;
	struct ifinfomsg info;

	if (message->nlmsg_type != RTM_NEWLINK && !link.removed)
		return -ENOMSG;
	if (message->nlmsg_len < skip)
		return -EBADMSG;
	memcpy(&info, NLMSG_DATA(message), sizeof(info));
	/* AF_BRIDGE tells about a port, whose end is not the interface's. */
	if (info.ifi_family != AF_UNSPEC)
		return -ENOMSG;
	len = message->nlmsg_len - skip;
	name = netlink_find(attrs, len, IFLA_IFNAME, &name_len);
	if (!name || name_len > sizeof(link.name) || !memchr(name, 0, name_len))
		return -EBADMSG;
	memcpy(link.name, name, name_len);
	mac = netlink_find(attrs, len, IFLA_ADDRESS, &mac_len);
	if (mac && mac_len == sizeof(link.mac))
		memcpy(link.mac, mac, sizeof(link.mac));
	link.index = info.ifi_index;
	link.loopback = info.ifi_flags & IFF_LOOPBACK;
	link.ethernet = info.ifi_type == ARPHRD_ETHER && mac &&
			mac_len == sizeof(link.mac);
	link.virtual = is_virtual(attrs, len);
	link.enslaved = has_attr(attrs, len, IFLA_MASTER);
	link.up = info.ifi_flags & IFF_UP;
	/* IFF_RUNNING alone is also set while the kernel does not know yet. */
	link.running = link.up && info.ifi_flags & IFF_RUNNING &&
		       info.ifi_flags & IFF_LOWER_UP;
	*ret_link = link;
	return 0;
}

bool link_is_wireless(const char *name)
{
	char path[64], event[256];
	struct text text = text_over(path, sizeof(path));

	/* Said when the interface is announced; the symlink phy80211 comes
	 * only after that. */
	text_add(&text, "/sys/class/net/%s/uevent", name);
	return file_read(AT_FDCWD, path, event, sizeof(event)) > 0 &&
	       strstr(event, "DEVTYPE=wlan\n");
}

int link_watch(void)
{
	const struct sockaddr_nl here = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV6_IFADDR,
	};
	_cleanup_fd int fd = netlink_open(NETLINK_ROUTE);
	int r;

	if (fd < 0)
		return fd;
	if (bind(fd, (const struct sockaddr *)&here, sizeof(here)) < 0)
		return -errno;
	r = fd_set_nonblocking(fd);
	return r < 0 ? r : TAKE_FD(fd);
}

int link_list(int fd, netlink_each each, void *context)
{
	const struct ifinfomsg all = { .ifi_family = AF_UNSPEC };
	struct netlink_request request;

	netlink_begin(&request, RTM_GETLINK, 0, &all, sizeof(all));
	return netlink_dump(fd, &request, each, context);
}

int link_set_up(int fd, int index)
{
	const struct ifinfomsg info = {
		.ifi_index = index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, 0, &info, sizeof(info));
	return netlink_talk(fd, &request);
}

int link_set_mtu(int fd, int index, uint32_t mtu)
{
	const struct ifinfomsg info = { .ifi_index = index };
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_attr(&request, IFLA_MTU, &mtu, sizeof(mtu));
	return netlink_talk(fd, &request);
}

static void add_address(struct netlink_request *request, uint16_t type,
			uint32_t address)
{
	const uint32_t wire = htonl(address);

	netlink_attr(request, type, &wire, sizeof(wire));
}

static void begin_address(struct netlink_request *request, uint16_t type,
			  uint16_t flags, int index,
			  const struct dhcp_lease *lease)
{
	const struct ifaddrmsg info = {
		.ifa_family = AF_INET,
		.ifa_prefixlen = lease->prefix,
		.ifa_index = (uint32_t)index,
	};

	netlink_begin(request, type, flags, &info, sizeof(info));
	add_address(request, IFA_LOCAL, lease->address);
	add_address(request, IFA_ADDRESS, lease->address);
}

int link_add_address(int fd, int index, const struct dhcp_lease *lease,
		     uint32_t metric)
{
	struct netlink_request request;

	begin_address(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
		      index, lease);
	/* A network of two or one has no broadcast address (RFC 3021). */
	if (lease->prefix < 31)
		add_address(&request, IFA_BROADCAST,
			    lease->address | ~ipv4_mask(lease->prefix));
	netlink_attr(&request, IFA_RT_PRIORITY, &metric, sizeof(metric));
	return netlink_talk(fd, &request);
}

int link_remove_address(int fd, int index, const struct dhcp_lease *lease)
{
	struct netlink_request request;
	int r;

	begin_address(&request, RTM_DELADDR, 0, index, lease);
	r = netlink_talk(fd, &request);
	return r == -EADDRNOTAVAIL || r == -ENODEV ? 0 : r;
}

int link_add_route(int fd, int index, const struct dhcp_lease *lease,
		   const struct dhcp4_route *route, uint32_t metric)
{
	uint32_t mask = ipv4_mask(lease->prefix);
	struct rtmsg info = {
		.rtm_family = AF_INET,
		.rtm_dst_len = route->prefix,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_DHCP,
		.rtm_scope = route->gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
		.rtm_type = RTN_UNICAST,
	};
	struct netlink_request request;

	/* Some servers give a /32 and a router outside of it. */
	if (route->gateway && (route->gateway ^ lease->address) & mask)
		info.rtm_flags = RTNH_F_ONLINK;
	netlink_begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
		      &info, sizeof(info));
	if (route->prefix > 0)
		add_address(&request, RTA_DST, route->destination);
	if (route->gateway)
		add_address(&request, RTA_GATEWAY, route->gateway);
	/* With the address as the source, the route goes when it does. */
	add_address(&request, RTA_PREFSRC, lease->address);
	netlink_attr(&request, RTA_OIF, &index, sizeof(index));
	netlink_attr(&request, RTA_PRIORITY, &metric, sizeof(metric));
	return netlink_talk(fd, &request);
}
