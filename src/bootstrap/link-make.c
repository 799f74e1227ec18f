/* SPDX-License-Identifier: MIT */
#include "bootstrap/link-make.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/netlink.h"

static void begin_link(struct netlink_request *request, uint16_t flags,
		       int index)
{
	const struct ifinfomsg info = { .ifi_index = index };

	netlink_begin(request, RTM_NEWLINK, flags, &info, sizeof(info));
}

static size_t begin_kind(struct netlink_request *request, const char *kind)
{
	size_t nest = netlink_begin_nest(request, IFLA_LINKINFO);

	netlink_attr(request, IFLA_INFO_KIND, kind, strlen(kind));
	return nest;
}

int link_make_vlan(int fd, const struct vlanparam *vlan, int device_index)
{
	struct netlink_request request;
	size_t info, data;

	begin_link(&request, NLM_F_CREATE, 0);
	netlink_attr(&request, IFLA_IFNAME, vlan->name, strlen(vlan->name) + 1);
	netlink_attr(&request, IFLA_LINK, &device_index, sizeof(device_index));
	info = begin_kind(&request, "vlan");
	data = netlink_begin_nest(&request, IFLA_INFO_DATA);
	netlink_attr(&request, IFLA_VLAN_ID, &vlan->id, sizeof(vlan->id));
	netlink_end_nest(&request, data);
	netlink_end_nest(&request, info);
	return netlink_talk(fd, &request);
}

/* The mode first: the driver refuses options that the mode has not. */
static void add_bond_options(struct netlink_request *request,
			     const struct bondparam *bond)
{
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < bond->option_count; i++) {
			const struct bondparam_option *o = &bond->options[i];
			uint8_t byte = (uint8_t)o->value;

			if ((o->attr != IFLA_BOND_MODE) != pass)
				continue;
			if (o->bytes == 1)
				netlink_attr(request, o->attr, &byte, 1);
			else
				netlink_attr(request, o->attr, &o->value,
					     sizeof(o->value));
		}
	}
}

static void add_arp_targets(struct netlink_request *request,
			    const struct bondparam *bond)
{
	size_t targets;

	if (bond->arp_target_count == 0)
		return;
	targets = netlink_begin_nest(request, IFLA_BOND_ARP_IP_TARGET);
	for (uint16_t i = 0; i < bond->arp_target_count; i++) {
		uint32_t wire = htonl(bond->arp_targets[i]);

		netlink_attr(request, i, &wire, sizeof(wire));
	}
	netlink_end_nest(request, targets);
}

int link_make_bond(int fd, const struct bondparam *bond)
{
	struct netlink_request request;
	size_t info, data;

	begin_link(&request, NLM_F_CREATE, 0);
	netlink_attr(&request, IFLA_IFNAME, bond->name, strlen(bond->name) + 1);
	if (bond->mtu)
		netlink_attr(&request, IFLA_MTU, &bond->mtu, sizeof(bond->mtu));
	info = begin_kind(&request, "bond");
	data = netlink_begin_nest(&request, IFLA_INFO_DATA);
	add_bond_options(&request, bond);
	add_arp_targets(&request, bond);
	netlink_end_nest(&request, data);
	netlink_end_nest(&request, info);
	return netlink_talk(fd, &request);
}

int link_set_primary(int fd, int bond_index, int member_index)
{
	struct netlink_request request;
	size_t info, data;

	begin_link(&request, 0, bond_index);
	info = begin_kind(&request, "bond");
	data = netlink_begin_nest(&request, IFLA_INFO_DATA);
	netlink_attr(&request, IFLA_BOND_PRIMARY, &member_index,
		     sizeof(member_index));
	netlink_end_nest(&request, data);
	netlink_end_nest(&request, info);
	return netlink_talk(fd, &request);
}

static int set_down(int fd, int index)
{
	const struct ifinfomsg info = {
		.ifi_index = index,
		.ifi_change = IFF_UP,
	};
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, 0, &info, sizeof(info));
	return netlink_talk(fd, &request);
}

int link_enslave(int fd, int index, int bond_index)
{
	struct netlink_request request;
	/* The driver takes no link that is up, and sets it up itself. */
	int r = set_down(fd, index);

	if (r < 0)
		return r;
	begin_link(&request, 0, index);
	netlink_attr(&request, IFLA_MASTER, &bond_index, sizeof(bond_index));
	return netlink_talk(fd, &request);
}
