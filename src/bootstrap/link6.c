/* SPDX-License-Identifier: MIT */
#include "bootstrap/link6.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define UNUSABLE (IFA_F_TENTATIVE | IFA_F_DADFAILED)

static uint32_t read_flags(const struct ifaddrmsg *info, const void *attrs,
			   size_t len)
{
	size_t flags_len;
	const void *value = netlink_find(attrs, len, IFA_FLAGS, &flags_len);
	uint32_t flags = info->ifa_flags;

	if (value && flags_len == sizeof(flags))
		memcpy(&flags, value, sizeof(flags));
	return flags;
}

int link_read_address6(const struct nlmsghdr *message,
		       struct link_address6 *ret_address)
{
	const size_t skip = NLMSG_LENGTH(sizeof(struct ifaddrmsg));
	const char *attrs = (const char *)message + skip;
	struct link_address6 address = {
		.removed = message->nlmsg_type == RTM_DELADDR,
	};
	size_t value_len;
	const void *value;
	struct ifaddrmsg info;
	uint32_t flags;

	if (message->nlmsg_type != RTM_NEWADDR && !address.removed)
		return -ENOMSG;
	if (message->nlmsg_len < skip)
		return -EBADMSG;
	memcpy(&info, NLMSG_DATA(message), sizeof(info));
	if (info.ifa_family != AF_INET6)
		return -ENOMSG;
	value = netlink_find(attrs, message->nlmsg_len - skip, IFA_LOCAL,
			     &value_len);
	if (!value)
		value = netlink_find(attrs, message->nlmsg_len - skip,
				     IFA_ADDRESS, &value_len);
	if (!value || value_len != sizeof(address.address))
		return -EBADMSG;
	memcpy(&address.address, value, sizeof(address.address));
	flags = read_flags(&info, attrs, message->nlmsg_len - skip);
	address.link_index = (int)info.ifa_index;
	address.prefix = info.ifa_prefixlen;
	address.usable = !(flags & UNUSABLE) || flags & IFA_F_OPTIMISTIC;
	address.lasting = flags & IFA_F_PERMANENT;
	address.temporary = flags & IFA_F_TEMPORARY;
	address.outdated = flags & IFA_F_DEPRECATED;
	*ret_address = address;
	return 0;
}

int link_list_addresses6(int fd, netlink_each each, void *context)
{
	const struct ifaddrmsg all = { .ifa_family = AF_INET6 };
	struct netlink_request request;

	netlink_begin(&request, RTM_GETADDR, 0, &all, sizeof(all));
	return netlink_dump(fd, &request, each, context);
}

static void begin_address(struct netlink_request *request, uint16_t type,
			  uint16_t flags, int index, const struct ipv6 *address,
			  uint8_t prefix)
{
	const struct ifaddrmsg info = {
		.ifa_family = AF_INET6,
		.ifa_prefixlen = prefix,
		.ifa_index = (uint32_t)index,
	};

	netlink_begin(request, type, flags, &info, sizeof(info));
	netlink_attr(request, IFA_LOCAL, address, sizeof(*address));
	netlink_attr(request, IFA_ADDRESS, address, sizeof(*address));
}

int link_add_address6(int fd, int index, const struct ipv6 *address,
		      uint8_t prefix)
{
	struct netlink_request request;

	begin_address(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE,
		      index, address, prefix);
	return netlink_talk(fd, &request);
}

int link_remove_address6(int fd, int index, const struct ipv6 *address,
			 uint8_t prefix)
{
	struct netlink_request request;
	int r;

	begin_address(&request, RTM_DELADDR, 0, index, address, prefix);
	r = netlink_talk(fd, &request);
	return r == -EADDRNOTAVAIL || r == -ENODEV ? 0 : r;
}

static void begin_router(struct netlink_request *request, uint16_t type,
			 uint16_t flags, uint8_t protocol, int index,
			 const struct ipv6 *gateway)
{
	const struct rtmsg info = {
		.rtm_family = AF_INET6,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = protocol,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
		/* Some give a router outside of the address's network. */
		.rtm_flags = type == RTM_NEWROUTE ? RTNH_F_ONLINK : 0,
	};

	netlink_begin(request, type, flags, &info, sizeof(info));
	netlink_attr(request, RTA_GATEWAY, gateway, sizeof(*gateway));
	netlink_attr(request, RTA_OIF, &index, sizeof(index));
}

int link_add_router6(int fd, int index, const struct ipv6 *gateway,
		     uint32_t metric)
{
	struct netlink_request request;

	begin_router(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE,
		     RTPROT_STATIC, index, gateway);
	netlink_attr(&request, RTA_PRIORITY, &metric, sizeof(metric));
	return netlink_talk(fd, &request);
}

int link_remove_router6(int fd, int index, const struct ipv6 *gateway)
{
	struct netlink_request request;
	int r;

	begin_router(&request, RTM_DELROUTE, 0, RTPROT_RA, index, gateway);
	r = netlink_talk(fd, &request);
	return r == -ESRCH || r == -ENODEV ? 0 : r;
}
