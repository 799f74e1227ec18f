/* SPDX-License-Identifier: MIT */
/*
 * Interfaces over rtnetlink(7): what the kernel tells about them, and the
 * requests that configure them. fd is one of netlink_open(NETLINK_ROUTE); all
 * return 0 or the kernel's negative errno.
 */
#pragma once

#include <net/if.h>

#include "base/netlink.h"
#include "bootstrap/dhcp-lease.h"

struct link {
	int index;
	char name[IF_NAMESIZE];
	uint8_t mac[6];
	bool removed;
	bool loopback;
	bool ethernet; /* ARPHRD_ETHER */
	/* Made by software (veth, bridge, …). Those are the ones that the
	 * kernel names a kind for; hardware has none. */
	bool virtual;
	bool enslaved; /* part of a bridge or bond, which has the address */
	bool up;       /* set up by an administrator */
	bool running;  /* up, and there is a carrier */
};

/* Reads a RTM_NEWLINK or RTM_DELLINK. -ENOMSG: another message or not about
 * an interface as a whole, -EBADMSG: malformed. */
int link_read(const struct nlmsghdr *message, struct link *ret_link)
	_must_check;

/* Whether it is a radio's, which is in sysfs and not in the message. */
bool link_is_wireless(const char *name);

/* A socket, not blocking, on which every change of an interface and of an
 * IPv6 address is announced. */
int link_watch(void) _must_check;

/* Asks for all interfaces as they are. */
int link_list(int fd, netlink_each each, void *context) _must_check;

int link_set_up(int fd, int index) _must_check;
int link_set_mtu(int fd, int index, uint32_t mtu) _must_check;

/* Adds or replaces the address of a lease; the route to its network gets the
 * metric. */
int link_add_address(int fd, int index, const struct dhcp_lease *lease,
		     uint32_t metric) _must_check;
/* It not being there is fine. */
int link_remove_address(int fd, int index, const struct dhcp_lease *lease)
	_must_check;

/* Adds or replaces one of a lease's routes. */
int link_add_route(int fd, int index, const struct dhcp_lease *lease,
		   const struct dhcp4_route *route, uint32_t metric)
	_must_check;
