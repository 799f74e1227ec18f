/* SPDX-License-Identifier: MIT */
/* What a DHCP server gives, as far as it can be used and is safe to use. */
#pragma once

#include "wire/dhcp4.h"

#define DHCP_LEASE_ROUTES 16
#define DHCP_LEASE_DNS	  3

/* Shorter leases are taken for hostile: they would keep us busy. */
#define DHCP_LEASE_MIN_S 4

/* Addresses in host order, 0: not given. Texts are safe to write to
 * resolv.conf(5) and sethostname(2); "": not given or not safe. */
struct dhcp_lease {
	uint32_t address;
	uint8_t prefix;
	uint32_t server;
	uint32_t lifetime_s; /* DHCP4_INFINITE: for ever */
	uint32_t renew_s;    /* T1, after the request was sent */
	uint32_t rebind_s;   /* T2 */
	uint32_t mtu;	     /* bytes */
	size_t dns_count;
	uint32_t dns[DHCP_LEASE_DNS];
	size_t route_count; /* the router (option 3) is a route, too */
	struct dhcp4_route routes[DHCP_LEASE_ROUTES];
	char domain[256];
	char hostname[65];
};

/*
 * Reads an OFFER or ACK. -EBADMSG: what a lease needs (address, server, life
 * time) is missing or cannot be; all the rest is left out when it is not
 * usable.
 */
int dhcp_lease_read(const struct dhcp4_message *message,
		    struct dhcp_lease *ret_lease) _must_check;
