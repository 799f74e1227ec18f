/* SPDX-License-Identifier: MIT */
/* What a DHCPv6 server gives, as far as it can be used and is safe to use. */
#pragma once

#include "wire/dhcp6.h"
#include "wire/dns-name.h"
#include "wire/ipv6.h"

#define DHCP6_LEASE_DNS	    3
#define DHCP6_LEASE_DOMAINS 3

/* Shorter leases are taken for hostile: they would keep us busy. */
#define DHCP6_LEASE_MIN_S 4

struct dhcp6_lease {
	struct ipv6 address; /* "::": none, configuration only */
	uint32_t valid_s;    /* DHCP6_INFINITE: for ever */
	uint32_t renew_s;    /* T1, after the request was sent */
	uint32_t rebind_s;   /* T2 */
	size_t server_len;
	uint8_t server[DHCP6_DUID_MAX]; /* the server's DUID */
	size_t dns_count;
	struct ipv6 dns[DHCP6_LEASE_DNS];
	size_t domain_count;
	char domains[DHCP6_LEASE_DOMAINS][DNS_NAME_MAX];
	uint32_t refresh_s; /* without an address: when to ask again */
};

/*
 * Reads an ADVERTISE or REPLY that gives an address for our IA_NA: the first
 * one that is still valid. -EBADMSG: what a lease needs (server, address, life
 * time) is missing or cannot be; all the rest is left out when it is not
 * usable. -EADDRNOTAVAIL: the server has no address for us, or no longer.
 */
int dhcp6_lease_read(const struct dhcp6_message *message, uint32_t iaid,
		     struct dhcp6_lease *ret_lease) _must_check;

/* Reads a REPLY to an INFORMATION-REQUEST. -EBADMSG: no server. */
int dhcp6_lease_read_information(const struct dhcp6_message *message,
				 struct dhcp6_lease *ret_lease) _must_check;
