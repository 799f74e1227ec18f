/* SPDX-License-Identifier: MIT */
/* IPv6 addresses and routes over rtnetlink(7), as link.h has IPv4's. */
#pragma once

#include "base/netlink.h"
#include "wire/ipv6.h"

/* An address as the kernel tells of it. */
struct link_address6 {
	int link_index;
	bool removed;
	struct ipv6 address;
	uint8_t prefix;
	bool usable;	/* no longer looked for a second user, and none found */
	bool lasting;	/* nobody but who gave it takes it away */
	bool temporary; /* a privacy address beside another one (RFC 8981) */
	bool outdated;	/* not for new connections */
};

/* Reads a RTM_NEWADDR or RTM_DELADDR. -ENOMSG: another message, or of another
 * family, -EBADMSG: malformed. */
int link_read_address6(const struct nlmsghdr *message,
		       struct link_address6 *ret_address) _must_check;

/* Asks for all addresses as they are. */
int link_list_addresses6(int fd, netlink_each each, void *context) _must_check;

/* Adds or replaces an address without end. */
int link_add_address6(int fd, int index, const struct ipv6 *address,
		      uint8_t prefix) _must_check;
/* It not being there is fine. */
int link_remove_address6(int fd, int index, const struct ipv6 *address,
			 uint8_t prefix) _must_check;

/* Adds or replaces a default route. */
int link_add_router6(int fd, int index, const struct ipv6 *gateway,
		     uint32_t metric) _must_check;
/* Removes the one that the kernel made of a router's advertisement. It not
 * being there is fine. */
int link_remove_router6(int fd, int index, const struct ipv6 *gateway)
	_must_check;
