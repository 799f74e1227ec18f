/* SPDX-License-Identifier: MIT */
/* What --dhcp-server says: the addresses that are given away, and what goes
 * with them. Addresses in host order. */
#pragma once

#include "base/failure.h"
#include "wire/ipv4.h"

#define DHCP_RANGE_MAX	   65536 /* addresses */
#define DHCP_RANGE_DNS_MAX 4
#define DHCP_RANGE_PREFIX  24	/* when none is said */
#define DHCP_RANGE_LEASE_S 3600 /* the same */

struct dhcp_range {
	uint32_t first, last; /* both are in it */
	uint8_t prefix;
	uint32_t router; /* 0: none */
	uint32_t dns[DHCP_RANGE_DNS_MAX];
	size_t dns_count;
	uint32_t lease_s;
};

/*
 * FIRST-LAST[/PREFIX][,router=ADDRESS][,dns=ADDRESS]...[,lease=SECONDS], as in
 * "192.0.2.100-192.0.2.200/24,router=192.0.2.1,dns=192.0.2.1". -EINVAL with
 * *failure.
 */
int dhcp_range_parse(const char *text, struct dhcp_range *ret_range,
		     struct failure *failure) _must_check;

/* Whether an address is on the range's network. */
static inline bool dhcp_range_reaches(const struct dhcp_range *range,
				      uint32_t address)
{
	return ((address ^ range->first) & ipv4_mask(range->prefix)) == 0;
}

static inline size_t dhcp_range_size(const struct dhcp_range *range)
{
	return (size_t)(range->last - range->first) + 1;
}
