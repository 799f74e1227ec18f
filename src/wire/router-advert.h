/* SPDX-License-Identifier: MIT */
/*
 * Router advertisements (RFC 4861 section 4.2; name servers and domains
 * RFC 8106). The kernel takes the addresses and routes of one by itself; read
 * here is what it leaves to us, and what tells one network from another.
 */
#pragma once

#include "wire/dns-name.h"
#include "wire/ipv6.h"

#define ROUTER_ADVERT_PREFIXES 8
#define ROUTER_ADVERT_DNS      3
#define ROUTER_ADVERT_DOMAINS  3
#define ROUTER_ADVERT_FOREVER  UINT32_MAX /* as a life time */

struct router_prefix {
	struct ipv6 address;
	uint8_t len; /* 0 .. 128 */
	bool autonomous;
	uint32_t valid_s;
};

struct router_dns {
	struct ipv6 address; /* of a host; may be link-local */
	uint32_t lifetime_s; /* 0: no longer to be used */
};

struct router_domain {
	char name[DNS_NAME_MAX];
	uint32_t lifetime_s;
};

struct router_advert {
	bool managed;	     /* addresses by DHCPv6 */
	bool other;	     /* all but addresses by DHCPv6 */
	uint16_t lifetime_s; /* as a default router; 0: is none */
	size_t prefix_count;
	struct router_prefix prefixes[ROUTER_ADVERT_PREFIXES];
	size_t dns_count;
	struct router_dns dns[ROUTER_ADVERT_DNS];
	size_t domain_count;
	struct router_domain domains[ROUTER_ADVERT_DOMAINS];
};

/*
 * Reads an ICMPv6 message whose checksum, hop limit and source were checked
 * before. More than fits is left out. -ENOMSG: another message, -EBADMSG:
 * malformed, which goes for all of it (section 6.1.2).
 */
int router_advert_parse(struct view message, struct router_advert *ret_advert)
	_must_check;
