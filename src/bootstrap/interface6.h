/* SPDX-License-Identifier: MIT */
/*
 * IPv6 of one interface that the network worker configures. The kernel makes
 * addresses and routes of router advertisements; here are name servers, DHCPv6
 * where a router or ip= asks for it, fixed addresses, and what a cable that is
 * plugged in elsewhere leaves behind.
 */
#pragma once

#include "bootstrap/dhcp6-client.h"
#include "bootstrap/link6.h"
#include "loop/loop.h"
#include "wire/ipparam.h"
#include "wire/router-advert.h"

#define INTERFACE6_ADDRESSES 8

struct interface6_dns {
	struct ipv6 address;
	int64_t until_ms;
};

struct interface6_domain {
	char name[DNS_NAME_MAX];
	int64_t until_ms;
};

struct interface6 {
	/* What ip= says of IPv6; NULL: as routers advertise it. */
	const struct ipparam *param;
	bool started; /* since the link came up */
	bool moved;   /* it was down, and may be on another network */
	/* As the kernel has them. */
	size_t address_count;
	struct link_address6 addresses[INTERFACE6_ADDRESSES];
	/* What routers advertise. */
	bool has_router;
	struct ipv6 router; /* the first one of them */
	size_t dns_count;
	struct interface6_dns dns[ROUTER_ADVERT_DNS];
	size_t domain_count;
	struct interface6_domain domains[ROUTER_ADVERT_DOMAINS];
	unsigned int solicits; /* since the link came up, unanswered */
	struct timer solicit, expiry;
	/* DHCPv6 */
	struct dhcp6_client client;
	struct ipv6 leased; /* the address as it was added; "::": none */
	struct source socket;
	struct timer timer;
};

/* These are for the interface (interface.h) that it is part of. */
struct interface;

void interface6_init(struct interface6 *ipv6, const uint8_t mac[static 6]);
void interface6_start(struct interface6 *ipv6);
void interface6_stop(struct interface6 *ipv6);
void interface6_done(struct interface6 *ipv6);

/* The kernel told about an address. */
void interface6_take_address(struct interface6 *ipv6,
			     const struct link_address6 *address);

/* A router told about its network. */
void interface6_take_advert(struct interface6 *ipv6, const struct ipv6 *router,
			    const struct router_advert *advert);

/* The address that says best where the interface is; NULL: it has none that
 * others could reach. */
const struct link_address6 *interface6_address(const struct interface6 *ipv6);

/* What it knows of name servers, from whomever. Those of a lease first. i
 * counts from 0; NULL: there are no more. */
const struct ipv6 *interface6_dns(const struct interface6 *ipv6, size_t i);
const char *interface6_domain(const struct interface6 *ipv6, size_t i);
